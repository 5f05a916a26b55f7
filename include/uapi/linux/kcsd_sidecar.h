/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The sidecar of a drive: the data that survives power off, besides the LBAs, which are in the
 * backing file, byte for byte. Its name is that of the backing file followed by
 * KCSD_SIDECAR_SUFFIX.
 *
 * All numbers are little-endian, CRCs are CRC-32C (as in iSCSI), a sector is 512 bytes.
 *
 * The file has two halves of the same length, of which one is in use:
 *
 *	header, 4096 bytes: struct kcsd_sidecar_header at 0, and again at 2048
 *	records, one after another: together they give the state of the drive
 *
 * A record is a struct kcsd_sidecar_record and its payload, padded to whole sectors with zeroes. It
 * is written twice: its first sector, the same sector again, the other sectors, the same sectors
 * again. So one damaged sector never loses data, and the place of each copy can be found without
 * the contents of the other. A record is valid if a first sector and other sectors, of whichever
 * copies, fit together: magic, id of the half, the next sequence number (the first is 1), and both
 * CRCs. Any data that is not valid may follow the last record: the rest of a record that was being
 * written when power failed. A half is damaged if a valid header with a later sequence number
 * follows an invalid record.
 *
 * To append: write all sectors of the record, then synchronise the file. When a half is full: write
 * the state, as records, into the other half; synchronise; write its header, with a generation one
 * higher; synchronise; zero the old header; synchronise. Of two valid headers, the one with the
 * higher generation counts.
 */
#ifndef _UAPI_LINUX_KCSD_SIDECAR_H
#define _UAPI_LINUX_KCSD_SIDECAR_H

#include <linux/types.h>

#define KCSD_SIDECAR_SUFFIX		".kcsd"
#define KCSD_SIDECAR_MAGIC		"kcsdside"	/* 8 bytes, without a NUL */
#define KCSD_SIDECAR_VERSION		1
#define KCSD_SIDECAR_SECTOR		512u
#define KCSD_SIDECAR_HEADER_LEN		4096u	/* bytes before the first record */
#define KCSD_SIDECAR_HEADER_COPY	2048u	/* place of the second copy of the header */

/* UUID of the drive, and the properties that its backing file must fit. */
struct kcsd_sidecar_drive {
	__u8	uuid[16];
	__le64	size;		/* bytes of namespace 1 */
	__le64	zone_size;	/* bytes; 0: the drive is not zoned */
	__le64	zone_capacity;	/* bytes that can be written to a zone */
	__le32	block_size;	/* bytes of an LBA */
	__le32	conventional;	/* number of zones, from the first, that are conventional */
};

struct kcsd_sidecar_header {
	__u8	magic[8];	/* KCSD_SIDECAR_MAGIC */
	__le32	version;	/* KCSD_SIDECAR_VERSION; in others all the rest may differ */
	__le32	rsvd12;
	__le64	generation;
	__le64	id;		/* random, new for each generation */
	__le64	file_size;	/* bytes of both halves */
	struct kcsd_sidecar_drive drive;
	__u8	rsvd88[36];
	__le32	crc;		/* of all bytes before */
};

#define KCSD_SIDECAR_RECORD_MAGIC	0x7263736bu	/* "kscr" */

struct kcsd_sidecar_record {
	__le32	magic;		/* KCSD_SIDECAR_RECORD_MAGIC */
	__le32	kind;		/* KCSD_SIDECAR_* */
	__le64	id;		/* of the header */
	__le64	seq;
	__le32	len;		/* bytes of the payload */
	__le32	payload_crc;
	__u8	rsvd32[12];
	__le32	crc;		/* of all bytes before */
};

/*
 * Kinds of records, by their payload. Reserved fields are zero. A record that is valid but has
 * impossible contents is damage, too.
 *	ZONES		struct kcsd_sidecar_zone, one or more: replaces their earlier states
 *	PROGRAM		struct kcsd_sidecar_program, then the image as it was loaded: replaces any
 *			program at that index
 *	PROGRAM_CHANGE	struct kcsd_sidecar_change, of a program that exists
 */
#define KCSD_SIDECAR_ZONES		1
#define KCSD_SIDECAR_PROGRAM		2
#define KCSD_SIDECAR_PROGRAM_CHANGE	3

/* Values of cond: as in ZNS, but an open zone is recorded as closed. */
#define KCSD_SIDECAR_EMPTY		0x1	/* default of zones without a record; wp is 0 */
#define KCSD_SIDECAR_CLOSED		0x4	/* wp is neither 0 nor the capacity */
#define KCSD_SIDECAR_READONLY		0xd
#define KCSD_SIDECAR_FULL		0xe
#define KCSD_SIDECAR_OFFLINE		0xf

struct kcsd_sidecar_zone {
	__le32	zone;		/* its number, counted from the first zone of the drive */
	__u8	cond;		/* KCSD_SIDECAR_EMPTY.. */
	__u8	rsvd5[3];
	__le64	wp;		/* LBAs from its start that hold data, up to its capacity */
};

struct kcsd_sidecar_program {
	__le16	pind;
	__u8	ptype;		/* KCSD_PTYPE_EBPF */
	__u8	pit;		/* KCSD_PIT_* */
	__u8	active;		/* 0 or 1 */
	__u8	rsvd5[3];
	__le64	puid;
};

#define KCSD_SIDECAR_DEACTIVATE		0
#define KCSD_SIDECAR_ACTIVATE		1
#define KCSD_SIDECAR_UNLOAD		2

struct kcsd_sidecar_change {
	__le16	pind;
	__u8	what;		/* KCSD_SIDECAR_DEACTIVATE.. */
	__u8	rsvd3[5];
};

#endif
