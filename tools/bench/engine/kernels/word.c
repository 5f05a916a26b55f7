// SPDX-License-Identifier: GPL-2.0
/* Count a word in text. */
#include "text.h"

static __u8 text[65536];
static __u8 needle[TEXT_WORD_LEN];
static __u64 needle_len;

static void setup(__u64 seed)
{
	/* Take "storage": "station" and "store" begin with the same letters. */
	needle_len = text_word(needle, seed & 1);
	text_fill(text, sizeof(text), &seed);
}

static inline bool is_word(const __u8 *p)
{
	__u64 i;

	for (i = 1; i < needle_len; i++)
		if (p[i] != needle[i])
			return false;
	return true;
}

static noinline __u64 kernel(void)
{
	const __u8 *p = text, *end = text + sizeof(text) - needle_len + 1;
	const __u8 first = needle[0];
	__u64 found = 0;

	for (; p < end; p++)
		if (*p == first && is_word(p))
			found++;
	return found;
}

BENCH(word)
