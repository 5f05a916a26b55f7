/* SPDX-License-Identifier: GPL-2.0 */
/* Parse numbers, sizes, ranges of LBAs and hex, as users type them. */
#ifndef KCSD_PARSE_H
#define KCSD_PARSE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/kcsd.h>

/* All return NULL, or an error as the end of a sentence ("is not a number"). */

/* Parse a decimal number, or hex with 0x. */
const char *kcsd_parse_number(const char *text, uint64_t *value);
/* Parse a number of bytes. K, M, G, T, P, E multiply by powers of 1024. */
const char *kcsd_parse_size(const char *text, uint64_t *value);

/* Parse START+LENGTH in bytes, both as sizes. The length is not 0. */
const char *kcsd_parse_bytes(const char *text, uint64_t *start, uint64_t *len);

/* The same for a memory range of SLM that a program gets. */
const char *kcsd_parse_slm_range(const char *text, uint64_t *start, uint64_t *len);

struct kcsd_range {
	uint64_t first;
	uint64_t count;		/* not 0 */
	uint32_t access;	/* KCSD_GRANT_* */
};

/*
 * Parse FIRST+COUNT, FIRST-LAST, a single LBA or "all" (nsze LBAs). A leading z makes them zones of
 * zone_size LBAs each (0: not zoned). A colon and the access may follow: r (the default), w, a, or
 * several in this order. The range must lie below nsze.
 */
const char *kcsd_parse_range(const char *text, uint64_t nsze, uint64_t zone_size,
			     struct kcsd_range *range);

/*
 * Parse pairs of hex digits; white space and colons between them are allowed. *len is at most
 * strlen / 2.
 */
const char *kcsd_parse_hex(const char *text, uint8_t *bytes, size_t *len);

#endif
