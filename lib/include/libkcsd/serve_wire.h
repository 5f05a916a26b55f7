/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What clients of 'kcsd serve' and the service say to each other, for clients that do not use
 * kcsd_serve_run(). By <libkcsd.h>.
 *
 * A connection (AF_UNIX, SOCK_STREAM) carries one run. All numbers are little-endian.
 *
 * The client sends struct kcsd_serve_request in one sendmsg() with nr_files descriptors
 * (SCM_RIGHTS), then image_len bytes of program (kcsd_object_image(), or plain instructions), then
 * args_len bytes of argument. It then sends nothing, and does not shut its side down: a client that
 * does so, or closes the connection, cancels its run.
 *
 * The service answers with frames, each a struct kcsd_serve_frame and len bytes:
 *	RECORD	struct kcsd_serve_record: the run has ended, perhaps with a fault
 *	OUTPUT	a part of the output, in order; all parts have out_len bytes of the record
 *	LOG	a line that the program logged, KCSD_LOG_TEXT_LEN bytes at most: before RECORD, if
 *		the run failed or the program returned an error
 *	MESSAGE	a sentence without a NUL: there was no run
 *	END	struct kcsd_serve_end: the last frame
 * either RECORD, OUTPUT..., END with status 0; or MESSAGE, END with another status. With
 * KCSD_SERVE_STREAM, output of any size comes while the run emits it: OUTPUT..., then RECORD, END
 * or MESSAGE, END. Output that came is right even then, and never begins again.
 *
 * Reserved bytes and other flags are 0, else the request is refused. Another version is refused,
 * too.
 */
#ifndef LIBKCSD_SERVE_WIRE_H
#define LIBKCSD_SERVE_WIRE_H

#include <linux/types.h>

#define KCSD_SERVE_SOCKET	"/run/kcsd/serve.sock"

#define KCSD_SERVE_MAGIC	0x7673436bu	/* "kCsv" */
#define KCSD_SERVE_VERSION	1
#define KCSD_SERVE_MAX_FILES	128
#define KCSD_SERVE_MAX_IMAGE	(16u << 20)	/* bytes; arguments: KCSD_MAX_ARGS */
#define KCSD_SERVE_MAX_OUT	(16u << 20)	/* bytes */
#define KCSD_SERVE_MAX_FRAME	65536u		/* bytes of one frame, without its head */

/* Send output while the run emits it. */
#define KCSD_SERVE_STREAM	0x1u

struct kcsd_serve_request {
	__le32 magic;
	__le32 version;
	__le32 size;		/* bytes of this struct */
	__le32 flags;		/* KCSD_SERVE_STREAM */
	__le32 nr_files;	/* 1 to KCSD_SERVE_MAX_FILES */
	__le32 image_len;	/* bytes, not 0 */
	__le32 args_len;	/* bytes */
	__le32 out_len;		/* bytes of room for output; 0 with KCSD_SERVE_STREAM */
	__le64 cparam1;
	__le64 cparam2;
	__le64 budget;		/* instructions; 0: the limit of the drive */
	__le32 timeout_ms;	/* 0: the limit of the drive */
	__u8 rsvd[20];
};

enum kcsd_serve_type {
	KCSD_SERVE_RECORD	= 1,
	KCSD_SERVE_OUTPUT	= 2,
	KCSD_SERVE_MESSAGE	= 3,
	KCSD_SERVE_END		= 4,
	KCSD_SERVE_LOG		= 5,
};

struct kcsd_serve_frame {
	__le32 type;
	__le32 len;		/* bytes that follow, KCSD_SERVE_MAX_FRAME at most */
};

/* struct kcsd_run_result and struct kcsd_run_info. */
struct kcsd_serve_record {
	__le32 status;
	__le32 recorded;
	__le64 r0;
	__le64 out_len;
	__le32 flags;		/* KCSD_RESULT_* */
	__le32 reason;
	__le32 pc;
	__le32 helper;
	__le32 engine;
	__le32 rsvd;
	__le64 addr;
	__le64 lba;
	__le64 insns;
	__le64 run_ns;
	__le64 wait_ns;
	__le64 read_bytes;
	__le64 written_bytes;
};

struct kcsd_serve_end {
	__le32 status;		/* 0, -errno, or the status of a command */
	__le32 verdict;		/* why the drive refused the program, KCSD_VERDICT_*; or 0 */
	__le32 pc;		/* where */
	__le32 rsvd;
};

#endif
