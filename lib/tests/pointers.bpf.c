// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: addresses in initialised data, to and from every kind of section. */
#include <kcsd_helpers.h>

struct node {
	const struct node *next;
	const char *name;
	__u64 value;
};

/* .rodata to .rodata.str1.1, and to itself */
static const char *const words[] = { "alpha", "beta", "gamma", "" };
static const struct node third = { 0, "three", 30 };
static const struct node second = { &third, "two", 20 };

/* .data to .bss, into the middle of an array, to .data and to .rodata */
static __u32 counts[8];
static __u32 *middle = &counts[3];
static __u64 numbers[] = { 1, 2, 3, 4 };
static __u64 *last = &numbers[3];
static struct node first = { &second, "one", 10 };

/* A section of its own, and one with an alignment beyond that of all sections. */
static const char *const *table SEC(".data.tables") = words + 1;
static __u8 page[4096] __attribute__((aligned(4096)));
static __u8 *page_end = page + sizeof(page);

static __attribute__((noinline)) __u64 length(const char *text)
{
	__u64 n = 0;

	while (((const volatile char *)text)[n])
		n++;
	return n;
}

/* The length of word cparam1, and 1000 for every byte of it that cparam2 is. */
SEC("kcsd")
__u64 words_of(struct kcsd_ctx *ctx)
{
	const char *word = words[ctx->cparam1 % 4];
	__u64 n = length(word), i, sum = n;

	for (i = 0; i < n; i++)
		sum += (__u64)(word[i] == (char)ctx->cparam2) * 1000;
	return sum;
}

/* 60 for the values, 11 for the names */
SEC("kcsd")
__u64 list(struct kcsd_ctx *ctx)
{
	const struct node *volatile node = &first;
	__u64 sum = 0;

	(void)ctx;
	for (; node; node = node->next)
		sum += node->value + length(node->name);
	return sum;
}

/* 4 + 100 * 1 in a run that finds fresh data; changed addresses are part of it. */
SEC("kcsd")
__u64 writes(struct kcsd_ctx *ctx)
{
	__u64 *volatile *at = (__u64 *volatile *)&last;
	__u32 *volatile *count = (__u32 *volatile *)&middle;
	__u64 sum = **at;

	(void)ctx;
	++**count;
	sum += ((volatile __u32 *)counts)[3] * 100;
	**at = 77;
	(*at)--;
	(*count)++;
	return sum;
}

/* 4 ("beta"), 1000000 if the page is not where it wants to be */
SEC("kcsd")
__u64 aligned(struct kcsd_ctx *ctx)
{
	const char *const *volatile *at = (const char *const *volatile *)&table;
	__u8 *volatile *end = (__u8 *volatile *)&page_end;
	__u8 *volatile start = page;

	(void)ctx;
	return length(**at) + ((__u64)start % 4096 + (*end - start != 4096)) * 1000000;
}
