/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The sidecar of a drive: what survives power off besides the LBAs, which are in the backing
 * file, byte for byte. It is called as the backing file with KCSD_SIDECAR_SUFFIX behind.
 *
 * All numbers are little-endian, CRCs are CRC-32C (as iSCSI's), a sector is 512 bytes.
 *
 * The file is two halves of the same length, of which one is in use:
 *
 *	header, 4096 bytes: struct kcsd_sidecar_header at 0, and again at 2048
 *	records, one behind the other: what they say together is the drive's state
 *
 * A record is a struct kcsd_sidecar_record and its payload, filled up to whole sectors with
 * zeroes. It is written twice: its first sector, the same once more, the other sectors, the same
 * once more. So one damaged sector is never a loss, and the place of neither copy is
 * known by the other's contents only. A record is valid if a first sector and other sectors,
 * of whichever copies, fit together: magic, id of the half, the sequence number that is next
 * (the first is 1), and both CRCs. Behind the last record there may be anything
 * that is not valid: the rest of a record that was being written when power failed. A half
 * with a valid header of a later sequence number behind an invalid record is damaged.
 *
 * Appending: all sectors of the record are written, then the file is synchronised. When a
 * half is full: the state, as records, into the other half; synchronise; its header, with a
 * generation one higher; synchronise; the old header is zeroed; synchronise. Of two
 * valid headers the one of higher generation counts.
 */
#ifndef _UAPI_LINUX_KCSD_SIDE_H
#define _UAPI_LINUX_KCSD_SIDE_H

#include <linux/types.h>

#define KCSD_SIDECAR_SUFFIX	".kcsd"
#define KCSD_SIDECAR_MAGIC		"kcsdside"
#define KCSD_SIDECAR_VERSION	1
#define KCSD_SIDECAR_SECTOR	512u
#define KCSD_SIDECAR_HEADER_LEN	4096u	/* bytes before the first record */
#define KCSD_SIDECAR_HEADER_COPY	2048u	/* where the header's second copy is */

/* Which drive this is, and which backing file fits. */
struct kcsd_sidecar_drive {
	__u8	uuid[16];
	__le64	size;		/* bytes of namespace 1 */
	__le64	zone_size;	/* bytes; 0: the drive is not zoned */
	__le64	zone_capacity;	/* bytes that can be written to a zone */
	__le32	block_size;	/* bytes of an LBA */
	__le32	conventional;	/* the first so many zones are conventional */
};

struct kcsd_sidecar_header {
	__u8	magic[8];	/* KCSD_SIDECAR_MAGIC */
	__le32	version;	/* KCSD_SIDECAR_VERSION: of another one nothing else is known */
	__le32	rsvd12;
	__le64	generation;
	__le64	id;		/* random, anew for each generation */
	__le64	file_size;	/* bytes of both halves */
	struct kcsd_sidecar_drive drive;
	__u8	rsvd88[36];
	__le32	crc;		/* of all before */
};

#define KCSD_SIDECAR_RECORD_MAGIC	0x7263736bu	/* "kscr" */

struct kcsd_sidecar_record {
	__le32	magic;		/* KCSD_SIDECAR_RECORD_MAGIC */
	__le32	kind;		/* KCSD_SIDECAR_* */
	__le64	id;		/* the header's */
	__le64	seq;
	__le32	len;		/* bytes of the payload */
	__le32	payload_crc;
	__u8	rsvd32[12];
	__le32	crc;		/* of all before */
};

/*
 * Kinds of records, by their payload. Reserved fields are zero; a record that is valid but says
 * what cannot be is damage, too.
 *	ZONES		struct kcsd_sidecar_zone, one or more: replaces what was known of these
 *	PROGRAM		struct kcsd_sidecar_program, then the image as it was loaded: is at that index
 *			now, whatever was there
 *	PROGRAM_CHANGE	struct kcsd_sidecar_change, of a program that is there
 */
#define KCSD_SIDECAR_ZONES			1
#define KCSD_SIDECAR_PROGRAM		2
#define KCSD_SIDECAR_PROGRAM_CHANGE	3

/* What cond can be: as of ZNS, but an open zone is recorded as closed. */
#define KCSD_SIDECAR_EMPTY		0x1	/* as is every zone that no record names; wp is 0 */
#define KCSD_SIDECAR_CLOSED	0x4	/* wp is neither 0 nor the capacity */
#define KCSD_SIDECAR_READONLY	0xd
#define KCSD_SIDECAR_FULL		0xe
#define KCSD_SIDECAR_OFFLINE	0xf

struct kcsd_sidecar_zone {
	__le32	zone;		/* its number, from the drive's first zone on */
	__u8	cond;		/* KCSD_SIDECAR_EMPTY.. */
	__u8	rsvd5[3];
	__le64	wp;		/* LBAs from the zone's start that hold data, up to its capacity */
};

struct kcsd_sidecar_program {
	__le16	pind;
	__u8	ptype;		/* KCSD_PTYPE_EBPF */
	__u8	pit;		/* KCSD_PIT_* */
	__u8	active;		/* 0 or 1 */
	__u8	rsvd5[3];
	__le64	puid;
};

#define KCSD_SIDECAR_DEACTIVATE	0
#define KCSD_SIDECAR_ACTIVATE	1
#define KCSD_SIDECAR_UNLOAD	2

struct kcsd_sidecar_change {
	__le16	pind;
	__u8	what;		/* KCSD_SIDECAR_DEACTIVATE.. */
	__u8	rsvd3[5];
};

#endif
