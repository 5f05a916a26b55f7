/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What tools/crash writes into an LBA: it says itself where it belongs and whether it is whole.
 */
#ifndef CRASH_CONTENT_H
#define CRASH_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LBA_SIZE	4096u
#define LBA_UNKNOWN	UINT64_MAX	/* it was appended: the drive chose */

struct content {
	uint64_t magic;
	uint64_t lba;
	uint64_t version;	/* conventional: of the LBA; else the zone's generation */
	uint64_t seq;		/* of the writer's commands */
	uint32_t zone;
	uint32_t writer;
	uint32_t index;		/* of count LBAs of that command */
	uint32_t count;
	uint8_t fill[LBA_SIZE - 52];
	uint32_t crc;		/* CRC-32C of all before */
};

_Static_assert(sizeof(struct content) == LBA_SIZE, "one LBA");

enum content_kind { CONTENT_WHOLE, CONTENT_ZERO, CONTENT_OTHER };

/* Sets magic, fill and crc; the rest is set. */
void content_seal(struct content *c);
enum content_kind content_kind(const struct content *c);

/* CRC-32C of len bytes, going on from crc; begins with 0. */
uint32_t crc32c(uint32_t crc, const void *buf, size_t len);

#endif
