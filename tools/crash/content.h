/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Content of an LBA in tools/crash. It names its own place and has a checksum, so that a reader can
 * tell whether it is complete and in the right place.
 */
#ifndef CRASH_CONTENT_H
#define CRASH_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LBA_SIZE	4096u
#define LBA_UNKNOWN	UINT64_MAX	/* appended: the drive chose the LBA */

struct content {
	uint64_t magic;
	uint64_t lba;
	uint64_t version;	/* conventional: of the LBA; else generation of the zone */
	uint64_t seq;		/* number of the command of this writer */
	uint32_t zone;
	uint32_t writer;
	uint32_t index;		/* of count LBAs of this command */
	uint32_t count;
	uint8_t fill[LBA_SIZE - 52];
	uint32_t crc;		/* CRC-32C of all members before */
};

_Static_assert(sizeof(struct content) == LBA_SIZE, "one LBA");

enum content_kind { CONTENT_WHOLE, CONTENT_ZERO, CONTENT_OTHER };

/* Set magic, fill and crc. The caller has set the other members. */
void content_seal(struct content *c);
enum content_kind content_kind(const struct content *c);

/* Continue a CRC-32C with len bytes and return it. Start with crc 0. */
uint32_t crc32c(uint32_t crc, const void *buf, size_t len);

#endif
