/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* kcsd - the interface of programs: memory, context, helpers. */
#ifndef _UAPI_LINUX_KCSD_BPF_H
#define _UAPI_LINUX_KCSD_BPF_H

#include <linux/types.h>

/*
 * Guest memory: one linear space of small addresses, zero except where noted, fresh for every run.
 *
 *	0				unmapped
 *	KCSD_GUEST_CTX			struct kcsd_ctx, grants at + KCSD_GUEST_GRANTS_OFF,
 *					table of memory ranges at + KCSD_GUEST_RANGES_OFF;
 *					read-only up to KCSD_GUEST_DATA
 *	KCSD_GUEST_DATA			.rodata, .data, .bss
 *	then, each aligned to 64	stack: KCSD_MAX_CALL_DEPTH frames
 *					heap
 *					arguments
 *	and, in a run with ranges, at the next multiple of KCSD_GUEST_PAGE
 *					range 0, range 1, ... without gaps
 *
 * The memory ends with the last byte of the arguments or of the last range, always below 4 GiB.
 * Bytes between the arguments and range 0 also belong to the run.
 *
 * Memory ranges are not copies: they are the SLM of the drive, shared with the host and with all
 * runs that were given the same bytes. The others see a write at once. Accesses are not ordered,
 * except by atomic instructions, which are atomic across all runs and engines. A range may change
 * between two loads of the same byte.
 *
 * Registers: at entry r1 is KCSD_GUEST_CTX, r10 the end of the frame of the function, all others 0.
 * A called function finds its arguments in r1 to r5 and 0 in r0 and r6 to r9; its caller finds the
 * result in r0, r6 to r9 unchanged, and 0 in r1 to r5. After a helper, too, r1 to r5 are 0. The
 * stack grows down.
 */
#define KCSD_GUEST_CTX		0x1000
#define KCSD_GUEST_GRANTS_OFF	0x400
#define KCSD_GUEST_RANGES_OFF	0xc00
#define KCSD_GUEST_DATA		0x2000
#define KCSD_GUEST_ALIGN	64
#define KCSD_GUEST_PAGE		4096	/* ranges begin and end at multiples of it */
#define KCSD_GUEST_MAX_RANGES	64	/* in a run */

#define KCSD_FRAME_SIZE		512	/* bytes of stack of one function */
#define KCSD_MAX_CALL_DEPTH	8	/* the entry function is the first */
#define KCSD_MAX_INSNS		65536	/* units of 8 bytes */

/* r1 at entry. Addresses are guest addresses. */
struct kcsd_ctx {
	__u64	cparam1;
	__u64	cparam2;
	__u64	args;		/* data of the command after grants, ranges and length */
	__u64	args_len;	/* bytes */
	__u64	grants;		/* struct kcsd_lba_grant[nr_grants] */
	__u32	nr_grants;
	__u32	lba_size;	/* bytes */
	__u64	heap;
	__u64	heap_len;	/* bytes */
	__u64	out_max;	/* bytes that can be emitted */
	__u64	ranges;		/* struct kcsd_mem_range[nr_ranges] */
	__u32	nr_ranges;
	__u32	rsvd;
	__u64	stream_len;	/* bytes of the stream: KCSD_EXEC_LEN of <linux/kcsd.h> */
};

/* Place of a memory range, in the order in which the command or the set names them. */
struct kcsd_mem_range {
	__u64	addr;		/* of its first byte */
	__u64	len;		/* bytes */
};

/* Filled in by kcsd_geometry(). */
struct kcsd_geometry {
	__u64	nsze;		/* LBAs of namespace 1 */
	__u32	lba_size;	/* bytes */
	__u32	cus;		/* compute units of the drive */
	__u64	zone_size;	/* LBAs, a power of two; 0: the drive is not zoned */
	__u32	max_append;	/* bytes of one append; 0: the drive is not zoned */
	__u32	rsvd;
};

/* Conditions of zones: the numbers of <linux/blkzoned.h>, which are those of the standard. */
enum kcsd_zone_cond {
	KCSD_ZONE_COND_NOT_WP	= 0x0,
	KCSD_ZONE_COND_EMPTY	= 0x1,
	KCSD_ZONE_COND_IMP_OPEN	= 0x2,
	KCSD_ZONE_COND_EXP_OPEN	= 0x3,
	KCSD_ZONE_COND_CLOSED	= 0x4,
	KCSD_ZONE_COND_READONLY	= 0xd,
	KCSD_ZONE_COND_FULL	= 0xe,
	KCSD_ZONE_COND_OFFLINE	= 0xf,
};

/* Filled in by kcsd_zone(): the zone as it was at one moment. In LBAs. */
struct kcsd_zone_info {
	__u64	start;		/* first LBA */
	__u64	size;		/* from its start to that of the next zone */
	__u64	cap;		/* LBAs that can be written, from its start on */
	__u64	wp;		/* next LBA to write, in conditions EMPTY to CLOSED; */
				/* in others all ones */
	__u32	cond;		/* KCSD_ZONE_COND_* */
	__u32	rsvd;
};

/* State of a SHA-256 in progress; all zero: no bytes so far. The drive defines the contents. */
struct kcsd_sha256 {
	__u32	state[8];
	__u64	len;		/* bytes so far */
	__u8	block[64];
};

#define KCSD_SHA256_LEN	32	/* bytes of a digest */

/*
 * Helpers are numbered from KCSD_HELPER_BASE + 1. Linux numbers its helpers from 1 on, 211 so far,
 * and adds a few each year. A program that was compiled for Linux must not run with helpers other
 * than those it means: it is refused (KCSD_VERDICT_LINUX_HELPER).
 */
#define KCSD_HELPER_BASE	0x10000

/*
 * Helpers. Arguments are numbers and addresses in the memory of the program.
 *
 * A buffer that is not wholly in the memory of the program, or an output below KCSD_GUEST_DATA,
 * fails the run with KCSD_FAULT_MEMORY. A length of 0 is allowed at any address. Any two buffers
 * may overlap or be the same. Every helper returns a 64-bit number; negative numbers are errors
 * (KCSD_E*).
 *
 * read(slba, dst, len)	 Read LBAs of namespace 1 to memory. An LBA that was not
 *			 granted fails the run. -EINVAL: len is no multiple of the
 *			 LBA size. -EIO: the medium failed. -ENXIO: the zone is
 *			 offline. LBAs at or above the write pointer of a zone read as
 *			 zeroes. If the helper fails, or the run is stopped (time,
 *			 cancelled) within it, some of the LBAs, from the first on, may
 *			 have been moved.
 * write(slba, src, len) Write memory to LBAs; otherwise as read. -ENOSPC: the medium is
 *			 full, or the rest of the zone is too short. In a zone with a
 *			 write pointer also: -ESPIPE: slba is not the write pointer.
 *			 -EBUSY: too many zones are open or active. -EROFS: the zone is
 *			 read-only. If a zone refuses the write before the first LBA is
 *			 written, nothing changes.
 * emit(src, len)	 Append to the output. -ENOSPC: it does not fit, and nothing was
 *			 appended.
 * log(line, len)	 Append a line to the program log (log page C0h); cut to
 *			 KCSD_LOG_TEXT_LEN.
 * geometry(dst, len)	 Get struct kcsd_geometry, as much of it as fits in len. Returns
 *			 the bytes written.
 * time()		 Get nanoseconds since an arbitrary start; never goes back.
 * memcpy(dst, src, len) Copy; overlapping buffers as with memmove() of C.
 * memset(dst, byte, len) Fill with the lowest 8 bits of byte.
 * memcmp(a, b, len)	 Compare byte by byte. Returns -1, 0 or 1 as a is less than,
 *			 equal to or greater than b.
 * memchr(src, byte, len) Find a byte (the lowest 8 bits). Returns the address of the
 *			 first one, 0 if there is none.
 * memmem(src, src_len, what, what_len)
 *			 Find a byte string. Returns the address of the first occurrence
 *			 of what in src, 0 if there is none; src if what_len is 0. The
 *			 time is proportional to the lengths, for any bytes.
 * crc32c(crc, src, len) Compute the CRC-32C of the bytes of which crc is the CRC-32C (0:
 *			 no bytes), followed by src.
 * sha256_add(hash, src, len) Add bytes to a SHA-256. Returns 0.
 * sha256_end(hash, digest) Write the digest and reset the hash. Returns 0.
 * append(zslba, src, len) Write at the write pointer of the zone that begins at zslba, in
 *			 one piece, even if others append there at the same time.
 *			 Returns the first LBA written. A zone that was not wholly
 *			 granted for this (KCSD_GRANT_APPEND) fails the run. -EINVAL:
 *			 the drive is not zoned, no zone with a write pointer begins
 *			 there, or len is 0, no multiple of the LBA size, or too much
 *			 for one append. Other errors as for write.
 * zone(lba, dst, len)	 Get struct kcsd_zone_info of the zone that contains lba, as much
 *			 of it as fits in len. Returns the bytes written. An LBA that
 *			 was not granted for any access fails the run. -EINVAL: the
 *			 drive is not zoned.
 * stream_read(offset, dst, len)
 *			 Read bytes of the stream of the run, from offset on, to memory:
 *			 any offset, any length. Returns the number of bytes read: len,
 *			 or less where the stream ends (ctx.stream_len); 0 at or after
 *			 its end. What is in the stream needs no grant. -EIO: the medium
 *			 failed. -ENXIO: the zone is offline. LBAs are read whole, and
 *			 count so; the bytes of one that are not asked for do not reach
 *			 the memory. Otherwise as read.
 * stream_write(offset, src, len)
 *			 Write memory to the stream of the run, in place, from offset
 *			 on: any offset, any length. Returns 0. Where the stream is that
 *			 of a source list: only where its sources allow it, in a file
 *			 that was opened for that. Else: only where the grants to read
 *			 also allow to write. -ENOSPC: the stream ends before. -EROFS:
 *			 one of the bytes may not be written (a hole, bytes of the host,
 *			 a file that is only read, memory ranges, any stream of a zoned
 *			 drive). Then nothing was written. LBAs are written whole, and
 *			 count so; an LBA of which only a part is given keeps the rest.
 *			 If somebody else has changed a source since the list was
 *			 watched, the run ends with KCSD_FAULT_CHANGED, and from then on
 *			 nothing is written. Otherwise as write.
 * zone_reset(zslba)	 Reset the zone that begins at zslba: it is empty, its data gone,
 *			 and that is durable. Returns 0. A zone that was not wholly
 *			 granted for this (KCSD_GRANT_MANAGE) fails the run. -EINVAL: the
 *			 drive is not zoned, or no zone with a write pointer begins
 *			 there. -EROFS: the zone is read-only or offline. -EIO: the medium
 *			 failed. Call flush() before, if what was copied from the zone
 *			 must outlive a power cut.
 * zone_finish(zslba)	 Make the zone full: it takes no more data. Otherwise as
 *			 zone_reset.
 * flush()		 Make all data durable whose writes have completed, of this run
 *			 and of others, as the command Flush. Returns 0. -EIO: the medium
 *			 failed, and data may be lost.
 * kv_store(key, key_len, value, len, flags)
 *			 Store an object of namespace 4: a new one, or instead of its old
 *			 value; all or nothing, also if the run ends meanwhile. Its key
 *			 must begin with a prefix that was granted (struct
 *			 kcsd_key_grant). Returns 0. -EACCES: it does not. -EINVAL: the
 *			 key has no bytes or more than 16, the value is longer than the
 *			 drive takes, flags are unknown or both. -ENOENT: there is no such
 *			 object, with KCSD_STORE_MUST_EXIST. -EEXIST: there is one, with
 *			 KCSD_STORE_MUST_NOT_EXIST. -ENOSPC: no room, or too many objects.
 *			 -EIO: the medium failed.
 * positions(src, len, bytes, dst, dst_len)
 *			 Find all bytes that equal one of the 8 bytes of the number "bytes",
 *			 the lowest first. Writes a 32-bit number for each, in their order:
 *			 the offset from src, and from bit KCSD_POSITION_SHIFT on the index
 *			 of the byte in "bytes", the first one of equal ones. Returns how many
 *			 it wrote; stops when dst is full: dst_len / 4 of them. One more number
 *			 may be written, which means nothing. At most
 *			 KCSD_POSITION_MAX bytes are searched.
 * decompress(codec, src, src_len, dst, dst_len)
 *			 Decompress all of src, which is in the format codec, to dst.
 *			 Returns the number of bytes written. -EINVAL: no such codec.
 *			 -EBADMSG: src is damaged, cut short, followed by something else,
 *			 or needs a dictionary. -ENOSPC: there are more than dst_len
 *			 bytes. -ENOMEM: a frame of zstd needs a window of more than
 *			 KCSD_MAX_WINDOW bytes. After an error, dst holds any bytes, of
 *			 src decompressed or of dst before; also where dst and src
 *			 overlap.
 *
 * The time limit and cancellation of the run hold during each helper, however long it takes. The
 * instruction budget counts each call as one instruction.
 */
enum kcsd_helper {
	KCSD_HELPER_read	= KCSD_HELPER_BASE + 1,
	KCSD_HELPER_write	= KCSD_HELPER_BASE + 2,
	KCSD_HELPER_emit	= KCSD_HELPER_BASE + 3,
	KCSD_HELPER_log		= KCSD_HELPER_BASE + 4,
	KCSD_HELPER_geometry	= KCSD_HELPER_BASE + 5,
	KCSD_HELPER_time	= KCSD_HELPER_BASE + 6,
	KCSD_HELPER_memcpy	= KCSD_HELPER_BASE + 7,
	KCSD_HELPER_memset	= KCSD_HELPER_BASE + 8,
	KCSD_HELPER_memcmp	= KCSD_HELPER_BASE + 9,
	KCSD_HELPER_memchr	= KCSD_HELPER_BASE + 10,
	KCSD_HELPER_memmem	= KCSD_HELPER_BASE + 11,
	KCSD_HELPER_crc32c	= KCSD_HELPER_BASE + 12,
	KCSD_HELPER_sha256_add	= KCSD_HELPER_BASE + 13,
	KCSD_HELPER_sha256_end	= KCSD_HELPER_BASE + 14,
	KCSD_HELPER_append	= KCSD_HELPER_BASE + 15,
	KCSD_HELPER_zone	= KCSD_HELPER_BASE + 16,
	KCSD_HELPER_stream_read	= KCSD_HELPER_BASE + 17,
	KCSD_HELPER_stream_write	= KCSD_HELPER_BASE + 18,
	KCSD_HELPER_zone_reset	= KCSD_HELPER_BASE + 19,
	KCSD_HELPER_zone_finish	= KCSD_HELPER_BASE + 20,
	KCSD_HELPER_flush	= KCSD_HELPER_BASE + 21,
	KCSD_HELPER_kv_store	= KCSD_HELPER_BASE + 22,
	KCSD_HELPER_positions	= KCSD_HELPER_BASE + 23,
	KCSD_HELPER_decompress	= KCSD_HELPER_BASE + 24,
	__KCSD_HELPER_END	/* the first unused number */
};

/* What positions() writes: offset, and index of the byte above it. */
#define KCSD_POSITION_SHIFT	29
#define KCSD_POSITION_MAX	(1u << KCSD_POSITION_SHIFT)

/* Flags of kv_store. */
#define KCSD_STORE_MUST_EXIST		0x1
#define KCSD_STORE_MUST_NOT_EXIST	0x2

/* Formats of decompress. */
enum kcsd_codec {
	KCSD_CODEC_ZSTD		= 1,	/* frames of RFC 8878, one or more */
	KCSD_CODEC_GZIP		= 2,	/* members of RFC 1952, one or more */
	KCSD_CODEC_ZLIB		= 3,	/* RFC 1950 */
	KCSD_CODEC_DEFLATE	= 4,	/* RFC 1951: neither header nor checksum */
	KCSD_CODEC_SNAPPY	= 5,	/* without the framing format */
};

#define KCSD_MAX_WINDOW	(8 << 20)	/* bytes; what RFC 8878 wants each decoder to support */

/* Errors of helpers, returned negative; the numbers are those of Linux. */
#define KCSD_ENOENT	2
#define KCSD_EIO	5
#define KCSD_ENXIO	6
#define KCSD_ENOMEM	12
#define KCSD_EACCES	13
#define KCSD_EBUSY	16
#define KCSD_EEXIST	17
#define KCSD_EINVAL	22
#define KCSD_ENOSPC	28
#define KCSD_ESPIPE	29
#define KCSD_EROFS	30
#define KCSD_EBADMSG	74

#endif
