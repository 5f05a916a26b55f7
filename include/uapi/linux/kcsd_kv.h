/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * The file of the objects of a drive (kv_file): a log of segments. Version 0.
 *
 * Numbers are little-endian, checksums CRC-32C. A block has KCSD_KV_BLOCK_LEN bytes, a segment a
 * power of two of them. The first segment has the superblock, in two copies; then come the others,
 * of the log; behind them the index, if the file was closed cleanly. The file is sparse; from the
 * beginning it reaches to the end of the log.
 *
 * A segment of the log:
 *
 *	block 0		struct kcsd_kv_segment_header
 *	from block 1	records, in the order in which they were appended: a header, a payload,
 *			zeroes up to KCSD_KV_ALIGN
 *	before the last	slots: the header of each record once more, downwards. So a damaged block
 *			never hides a record. No block has both records and slots
 *	last block	struct kcsd_kv_segment_header once more. When the segment has been filled,
 *			this one has KCSD_KV_SEGMENT_CLOSED and the number of slots
 *
 * A value of more than KCSD_KV_PIECE bytes is in PIECE_OF records; a VALUE record without payload,
 * written after them, makes it an object. Of the VALUE and DELETED records of a key the one with
 * the highest version counts. Compaction moves records: the same may be there twice.
 *
 * Which records count after a crash: `begun` and `completed` are the syncs of the file that had
 * begun and completed when the record was appended. Let C be the highest `completed` in the file. A
 * record with begun < C was durable: if it is bad now, it is damaged, and so is its object. Another
 * record that is bad was never promised, and never happened: the next power on makes it a VOID
 * slot. One case cannot be told apart: a bit that flips in what the very last sync wrote, if power
 * fails before anything is written after that.
 *
 * Order of writes: a segment is emptied by appending its live records elsewhere, a sync, zeroing
 * both of its headers, a sync; only then are the DELETED records dropped that hid records in it.
 * The superblock is marked clean after the index and all else, and marked unclean, in both copies,
 * before anything else is written.
 */
#ifndef _UAPI_LINUX_KCSD_KV_H
#define _UAPI_LINUX_KCSD_KV_H

#include <linux/types.h>

#define KCSD_KV_BLOCK_LEN	4096
#define KCSD_KV_ALIGN		64
#define KCSD_KV_PIECE		131072		/* bytes of a value in one record */
#define KCSD_KV_FILE_VERSION	0

#define KCSD_KV_SUPER_MAGIC	"kcsd kv"	/* 8 bytes with the zero */
#define KCSD_KV_SUPER_COPY	(128 * 1024)	/* position of the second copy */

struct kcsd_kv_super {
	__u8	magic[8];
	__le32	version;
	__le32	shift;		/* log2 of the bytes of a segment, 20 to 23 */
	__u8	uuid[16];
	__le64	generation;	/* the copy with the higher one counts */
	__le64	size;		/* bytes of keys and values */
	__le32	nr_segments;	/* of the log */
	__le32	clean;		/* 1: the index counts */
	__le64	index_len;	/* bytes; it is behind the segments of the log */
	__le64	record_version;	/* clean: highest of all records */
	__le64	begun;		/* clean: syncs */
	__le64	nonce;		/* clean: seeds the checksums of the index */
	__le64	hash_seed;	/* of the shards, in whose order the index is */
	__le64	segment_generation;	/* clean: highest of all segments */
	__le32	reaches;	/* the file had so many segments at least: a shorter one was cut */
	__le32	crc;		/* of the bytes before */
};

#define KCSD_KV_SEGMENT_MAGIC	0x53564b43	/* "CKVS" */
#define KCSD_KV_SEGMENT_CLOSED		0x1

struct kcsd_kv_segment_header {
	__le32	magic;
	__le32	index;		/* of the segment */
	__u8	uuid[16];	/* of the superblock */
	__le64	generation;	/* rises with each segment that is opened; the higher copy counts */
	__le64	nonce;		/* random */
	/* checksum of the bytes before; checksums of records begin with it */
	__le32	seed;
	__le32	flags;		/* KCSD_KV_SEGMENT_CLOSED, in the last block */
	__le32	nr_slots;	/* closed: slots */
	__le32	end;		/* closed: of the last record */
	__le64	begun;		/* syncs when it was opened; closed: then */
	__le64	completed;
	__le32	rsvd;
	__le32	crc;		/* of the bytes before */
};

#define KCSD_KV_RECORD_MAGIC	0x5243
#define KCSD_KV_VALUE		1
#define KCSD_KV_PIECE_OF	2
#define KCSD_KV_DELETED		3
#define KCSD_KV_VOID		4	/* in a slot only */

struct kcsd_kv_record {
	__le32	crc;		/* of the rest of this header; begins with the seed */
	__le32	payload_crc;
	__le16	magic;
	__u8	kind;
	__u8	key_len;
	__le32	len;		/* bytes of payload */
	__u8	key[16];
	/* VALUE, DELETED: of the key; PIECE_OF: of the pieces of this value */
	__le64	version;
	__le32	value_len;	/* VALUE, PIECE_OF */
	/* PIECE_OF: of this one. VALUE in pieces: version - that of the pieces */
	__le32	index;
	__le64	begun;
	__le32	lag;		/* begun - completed; KCSD_KV_LAG_MAX: or more */
	__le32	offset;		/* of the record in the segment */
};

#define KCSD_KV_LAG_MAX		0xffffffffu

/*
 * The index: blocks of KCSD_KV_INDEX_LEN bytes. Each has KCSD_KV_INDEX_UNITS units, and the CRC-32C
 * of these and of its number (__le64), which begins with the low half of the nonce. Units: one
 * struct kcsd_kv_index_head; as many struct kcsd_kv_index_segment and then kcsd_kv_index_entry as
 * it says: objects of each shard in the order of their keys. An entry of a value in pieces is
 * followed by units of 6 numbers (__le64): the version of the pieces, then their positions, then
 * zeroes.
 */
#define KCSD_KV_INDEX_LEN	65536
#define KCSD_KV_INDEX_UNIT	48
#define KCSD_KV_INDEX_UNITS	1365

struct kcsd_kv_index_head {
	__le64	segments;
	__le64	entries;
	__u8	rsvd[32];
};

struct kcsd_kv_index_segment {
	__le32	index;
	__le32	seed;
	__le32	nr_slots;
	__le32	end;
	__le64	generation;
	__u8	rsvd[24];
};

struct kcsd_kv_index_entry {
	__u8	key[16];
	__le64	version;
	__le64	place;		/* of the head, in the file */
	__le32	len;
	__le32	stale;		/* older heads of the key in the log */
	__u8	key_len;
	__u8	deleted;
	__u8	rsvd[6];
};

#endif
