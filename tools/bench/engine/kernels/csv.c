// SPDX-License-Identifier: GPL-2.0
/* Compute sum, minimum and maximum of a column of decimal numbers in a CSV table. */
#include "text.h"

#define COLUMN		3
#define ROW_MAX		64

static __u8 table[65536];
static __u64 table_len;

/* Append a row: number,word,number,number,word. Return the end. */
static __u8 *add_row(__u8 *p, __u32 row, __u64 *random)
{
	p = text_decimal(p, row);
	*p++ = ',';
	p += text_word(p, bench_below(random, TEXT_WORDS));
	*p++ = ',';
	p = text_decimal(p, bench_below(random, 100000));
	*p++ = ',';
	p = text_decimal(p, bench_below(random, 1000000));
	*p++ = ',';
	p += text_word(p, bench_below(random, TEXT_WORDS));
	*p++ = '\n';
	return p;
}

static void setup(__u64 seed)
{
	__u8 *p = table, *last = table + sizeof(table) - ROW_MAX;
	__u32 row;

	for (row = 0; p < last; row++)
		p = add_row(p, row, &seed);
	table_len = p - table;
}

/* Return the position behind the next c, or end. */
static inline const __u8 *skip_past(const __u8 *p, const __u8 *end, __u8 c)
{
	while (p < end && *p++ != c)
		;
	return p;
}

static noinline __u64 kernel(void)
{
	const __u8 *p = table, *end = table + table_len;
	__u64 sum = 0, least = ~0ULL, most = 0, value;
	__u32 column;

	while (p < end) {
		for (column = 0; column < COLUMN; column++)
			p = skip_past(p, end, ',');
		for (value = 0; p < end && (__u8)(*p - '0') < 10; p++)
			value = value * 10 + (*p - '0');
		sum += value;
		least = value < least ? value : least;
		most = value > most ? value : most;
		p = skip_past(p, end, '\n');
	}
	return sum ^ least << 32 ^ most << 44;
}

BENCH(csv)
