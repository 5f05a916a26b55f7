/* SPDX-License-Identifier: GPL-2.0 */
/* Source lists, and runs on them. */
#ifndef KST_SOURCE_H
#define KST_SOURCE_H

#include "cmd.h"
#include "prog.h"

#define SOURCE_RUN_ARGS	64
#define SOURCE_RUN_OUT	(256u << 10)

/* One run on a source list: its input and its output. */
struct source_run {
	/* input */
	__u16 pind;
	__u16 slid;
	__u32 args_len;
	__u64 cparam1;
	__u64 cparam2;
	/* output */
	__u64 result;
	/* buffers of the command */
	struct {
		struct kcsd_run_header header;
		__u8 args[SOURCE_RUN_ARGS];
	} data;
	struct {
		struct kcsd_run_record rec;
		__u8 bytes[SOURCE_RUN_OUT];
	} out;
};

struct kcsd_source source_lbas(__u64 slba, __u64 len);
struct kcsd_source source_zeroes(__u64 len);
struct kcsd_source source_bytes(__u64 at, __u64 len);

struct kcsd_source source_object(__u64 at, __u64 len);
/* A key in the bytes of a list. */
struct kcsd_kv_key source_key(const void *key, __u8 len);

/* Commands: sources first to first + nr of a list of all, with bytes_len bytes; bytes; the rest. */
struct nvme_uring_cmd source_add_cmd(__u16 slid, const struct kcsd_source *source, __u32 nr,
				     __u32 first, __u32 all, __u32 bytes_len);
struct nvme_uring_cmd source_bytes_cmd(__u16 slid, const void *bytes, __u32 len, __u32 first);
struct nvme_uring_cmd source_sel_cmd(__u16 slid, __u32 sel);

/* All that follow send by ioctl, so that threads may call them. */
/* Send a list without bytes, in as many commands as it needs. */
int source_send(int fd, __u16 slid, const struct kcsd_source *source, __u32 nr);
/* The same with bytes. */
int source_send_with(int fd, __u16 slid, const struct kcsd_source *source, __u32 nr,
		     const void *bytes, __u32 len);
int source_watch(int fd, __u16 slid);
int source_delete(int fd, __u16 slid);

/* Returns the command. Its buffers belong to the run, which must outlive it. */
struct nvme_uring_cmd source_run_cmd(struct source_run *r);
int source_run(int fd, struct source_run *r);

/* A program that emits cparam2 bytes of its stream from cparam1 on, and returns their number. */
int source_install_reader(int ctrl, __u16 pind);

#endif
