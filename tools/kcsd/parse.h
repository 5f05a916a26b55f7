/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers, sizes, ranges of LBAs and hex, as people type them. */
#ifndef KCSD_PARSE_H
#define KCSD_PARSE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/kcsd.h>

/* All return NULL, or what is wrong, as the end of a sentence ("is not a number"). */

/* Decimal, or hex with 0x. */
const char *kcsd_parse_number(const char *text, uint64_t *value);
/* A number of bytes; K, M, G, T, P, E multiply by 1024 and so on. */
const char *kcsd_parse_size(const char *text, uint64_t *value);

/* START+LENGTH in bytes, both as sizes; the length is not 0. */
const char *kcsd_parse_bytes(const char *text, uint64_t *start, uint64_t *len);

/* The same, of SLM, for a program to work on. */
const char *kcsd_parse_slm_range(const char *text, uint64_t *start, uint64_t *len);

struct kcsd_range {
	uint64_t first;
	uint64_t count;		/* not 0 */
	uint32_t access;	/* KCSD_GRANT_* */
};

/*
 * FIRST+COUNT, FIRST-LAST, a single LBA or "all" (of nsze LBAs); with a z before it these are
 * zones, of zone_size LBAs each (0: there are none). Then optionally a colon and what is allowed:
 * r (the default), w, a, or several in this order. It must lie below nsze.
 */
const char *kcsd_parse_range(const char *text, uint64_t nsze, uint64_t zone_size,
			     struct kcsd_range *range);

/* Pairs of hex digits, white space and colons between them allowed; *len is at most strlen / 2. */
const char *kcsd_parse_hex(const char *text, uint8_t *bytes, size_t *len);

#endif
