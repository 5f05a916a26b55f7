// SPDX-License-Identifier: GPL-2.0
/*
 * Count a word in the first SIZE bytes of a device, as bpf/word.bpf.c does on a drive: the best that
 * a host can do without one. Reads of 1 MiB past the page cache, no pipes.
 *
 *	demo-count DEVICE SIZE WORD
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK	(1 << 20)
#define CARRY	4096		/* in front of a chunk: what the one before left */

struct needle {
	const char *word;
	size_t len;
};

/* Counts the word between p and end. Returns how many bytes at the end may be the start of one. */
static size_t count(const struct needle *needle, const char *p, const char *end, uint64_t *found)
{
	const char *match;

	while ((match = memmem(p, end - p, needle->word, needle->len))) {
		++*found;
		p = match + needle->len;
	}
	return (size_t)(end - p) >= needle->len ? needle->len - 1 : (size_t)(end - p);
}

static uint64_t count_device(int fd, uint64_t left, const struct needle *needle)
{
	char *buf = aligned_alloc(CARRY, CARRY + CHUNK), *fresh = buf + CARRY;
	uint64_t found = 0;
	size_t keep = 0;
	ssize_t got;

	if (!buf)
		err(1, "memory");
	while (left && (got = read(fd, fresh, CHUNK))) {
		if (got < 0)
			err(1, "read");
		if ((uint64_t)got > left)
			got = left;
		left -= got;
		keep = count(needle, fresh - keep, fresh + got, &found);
		memmove(fresh - keep, fresh + got - keep, keep);
	}
	if (left)
		errx(1, "%llu bytes are missing", (unsigned long long)left);
	free(buf);
	return found;
}

int main(int argc, char **argv)
{
	struct needle needle;
	int fd;

	if (argc != 4 || !*argv[3] || strlen(argv[3]) > CARRY)
		errx(2, "usage: demo-count DEVICE SIZE WORD");
	needle = (struct needle){ argv[3], strlen(argv[3]) };
	fd = open(argv[1], O_RDONLY | O_DIRECT);
	if (fd < 0)
		err(1, "%s", argv[1]);
	printf("%llu\n", (unsigned long long)count_device(fd, strtoull(argv[2], NULL, 10), &needle));
	return 0;
}
