// SPDX-License-Identifier: GPL-2.0
/* Probe a hash table with rows and add up the products of the rows that match. */
#include "kernel.h"

#define SLOTS	8192
#define KEYS	(SLOTS / 2)
#define ROWS	4096

struct slot {
	__u64 key;		/* 0: empty */
	__u64 value;
};

struct row {
	__u64 key;
	__u64 amount;
};

static struct slot slots[SLOTS];
static struct row rows[ROWS];

static void insert(__u64 key, __u64 value)
{
	__u64 i = bench_hash(key) % SLOTS;

	while (slots[i].key)
		i = (i + 1) % SLOTS;
	slots[i] = (struct slot){ key, value };
}

static void setup(__u64 seed)
{
	__u64 i, key;

	for (i = 0; i < SLOTS; i++) {	/* clear the table of an earlier run */
		slots[i].key = 0;
		bench_barrier();	/* keeps the compiler from calling memset */
	}
	for (i = 0; i < KEYS; i++) {
		key = bench_random(&seed);
		insert(key, bench_below(&seed, 1000));
		if (i < ROWS / 2)
			rows[i * 2].key = key;
	}
	for (i = 0; i < ROWS; i++) {	/* every second one matches */
		if (i % 2)
			rows[i].key = bench_random(&seed);
		rows[i].amount = bench_below(&seed, 1000);
	}
}

/* Return the slot of this key, or an empty slot. */
static inline const struct slot *find(__u64 key)
{
	__u64 i = bench_hash(key) % SLOTS;

	while (slots[i].key && slots[i].key != key)
		i = (i + 1) % SLOTS;
	return &slots[i];
}

static noinline __u64 kernel(void)
{
	const struct row *row = rows, *end = rows + ROWS;
	__u64 sum = 0, matches = 0;
	const struct slot *slot;

	for (; row < end; row++) {
		slot = find(row->key);
		if (!slot->key)
			continue;
		sum += slot->value * row->amount;
		matches++;
	}
	return matches << 48 ^ sum;
}

BENCH(join)
