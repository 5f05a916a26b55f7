/* SPDX-License-Identifier: GPL-2.0 */
/* Make text from a seed, with words as in prose and logs. */
#ifndef BENCH_TEXT_H
#define BENCH_TEXT_H

#include "kernel.h"

#define TEXT_WORD_LEN	12	/* bytes of the longest word and a space */
#define TEXT_WORDS	16

static const char text_words[TEXT_WORDS][TEXT_WORD_LEN] = {
	"the", "storage", "of", "and", "error", "a", "station", "in",
	"request", "store", "to", "timeout", "sector", "is", "reset", "that",
};

/* Copy word nr. Return its length. */
static inline __u64 text_word(__u8 *to, __u64 nr)
{
	__u64 i;

	for (i = 0; i < TEXT_WORD_LEN && text_words[nr][i]; i++)
		to[i] = text_words[nr][i];
	return i;
}

/* Fill buf with words and line ends; the last byte is a line end. */
static inline void text_fill(__u8 *buf, __u64 len, __u64 *random)
{
	__u8 *p = buf, *end = buf + len;

	while (p + TEXT_WORD_LEN < end) {
		p += text_word(p, bench_below(random, TEXT_WORDS));
		*p++ = bench_below(random, 12) ? ' ' : '\n';
	}
	while (p < end) {
		*p++ = '\n';
		bench_barrier();	/* keeps the compiler from calling memset */
	}
}

/* Append value in decimal digits. Return the end. */
static inline __u8 *text_decimal(__u8 *p, __u32 value)
{
	__u32 scale = 1;

	while (value / scale >= 10)
		scale *= 10;
	for (; scale; scale /= 10)
		*p++ = '0' + value / scale % 10;
	return p;
}

/* Append a string without its NUL. Return the end. */
static inline __u8 *text_string(__u8 *p, const char *s)
{
	while (*s)
		*p++ = *s++;
	return p;
}

#endif
