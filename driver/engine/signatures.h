/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The helpers of <linux/kcsd_bpf.h>. H(name, number of arguments, their kinds):
 *
 *	VAL	a number
 *	IN	address of memory that the helper reads; a LEN follows
 *	OUT	address of memory that the helper writes; a LEN follows
 *	LEN	bytes at each IN and OUT before it that has no LEN yet
 *	HASH	address of a struct kcsd_sha256 that the helper reads and writes
 *	DIGEST	address of KCSD_SHA256_LEN bytes that the helper writes
 */
#ifndef KCSD_ENGINE_SIGNATURES_H
#define KCSD_ENGINE_SIGNATURES_H

#define KCSD_HELPERS(H) \
	H(read,		3, VAL, OUT, LEN, NONE, NONE) \
	H(write,	3, VAL, IN, LEN, NONE, NONE) \
	H(emit,		2, IN, LEN, NONE, NONE, NONE) \
	H(log,		2, IN, LEN, NONE, NONE, NONE) \
	H(geometry,	2, OUT, LEN, NONE, NONE, NONE) \
	H(time,		0, NONE, NONE, NONE, NONE, NONE) \
	H(memcpy,	3, OUT, IN, LEN, NONE, NONE) \
	H(memset,	3, OUT, VAL, LEN, NONE, NONE) \
	H(memcmp,	3, IN, IN, LEN, NONE, NONE) \
	H(memchr,	3, IN, VAL, LEN, NONE, NONE) \
	H(memmem,	4, IN, LEN, IN, LEN, NONE) \
	H(crc32c,	3, VAL, IN, LEN, NONE, NONE) \
	H(sha256_add,	3, HASH, IN, LEN, NONE, NONE) \
	H(sha256_end,	2, HASH, DIGEST, NONE, NONE, NONE) \
	H(append,	3, VAL, IN, LEN, NONE, NONE) \
	H(zone,		3, VAL, OUT, LEN, NONE, NONE) \
	H(stream_read,	3, VAL, OUT, LEN, NONE, NONE) \
	H(stream_write,	3, VAL, IN, LEN, NONE, NONE) \
	H(zone_reset,	1, VAL, NONE, NONE, NONE, NONE) \
	H(zone_finish,	1, VAL, NONE, NONE, NONE, NONE) \
	H(flush,	0, NONE, NONE, NONE, NONE, NONE) \
	H(kv_store,	5, IN, LEN, IN, LEN, VAL) \
	H(positions,	5, IN, LEN, VAL, OUT, LEN) \
	H(decompress,	5, VAL, IN, LEN, OUT, LEN)

#endif
