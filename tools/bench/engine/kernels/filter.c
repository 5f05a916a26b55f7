// SPDX-License-Identifier: GPL-2.0
/* Copy the lines that contain a word to the output. */
#include "text.h"

static __u8 text[65536];
static __u8 output[sizeof(text) + 8];
static __u8 needle[TEXT_WORD_LEN];
static __u64 needle_len;

static void setup(__u64 seed)
{
	needle_len = text_word(needle, seed & 1);
	text_fill(text, sizeof(text), &seed);
}

static inline const __u8 *line_end(const __u8 *p, const __u8 *end)
{
	while (p < end && *p != '\n')
		p++;
	return p;
}

static inline bool has_word(const __u8 *p, const __u8 *end)
{
	const __u8 *q;

	for (; p + needle_len <= end; p++) {
		if (*p != needle[0])
			continue;
		for (q = p + 1; q < p + needle_len && *q == needle[q - p]; q++)
			;
		if (q == p + needle_len)
			return true;
	}
	return false;
}

/* Append a line to the output, 8 bytes at a time, then the rest by bytes. Return the end. */
static inline __u8 *append(__u8 *to, const __u8 *from, __u64 len)
{
	__u64 i;

	for (i = 0; i + 8 <= len; i += 8)
		bench_store64(to + i, bench_load64(from + i));
	for (; i < len; i++) {
		to[i] = from[i];
		bench_barrier();	/* keeps the compiler from calling memcpy */
	}
	return to + len;
}

static noinline __u64 kernel(void)
{
	const __u8 *p = text, *end = text + sizeof(text), *eol;
	__u8 *out = output;
	__u64 lines = 0;

	for (; p < end; p = eol + 1) {
		eol = line_end(p, end);
		if (!has_word(p, eol))
			continue;
		out = append(out, p, eol - p);
		*out++ = '\n';
		lines++;
	}
	return lines << 32 | (out - output);
}

BENCH(filter)
