/* SPDX-License-Identifier: GPL-2.0 */
/* One run of a program: its input and its output. */
#ifndef KST_RUN_H
#define KST_RUN_H

#include "prog.h"

#define RUN_ARGS_MAX	512
#define RUN_OUT_MAX	4096

struct run {
	/* input */
	__u8 opcode;		/* 0: Execute Program if there are ranges, else on LBAs */
	__u16 pind;
	__u16 nr_grants;
	__u16 nr_ranges;	/* sent with the command; if not 0, there are no grants */
	__u16 rsid;
	__u32 args_len;
	__u64 cparam1;
	__u64 cparam2;
	__u64 budget;
	__u32 timeout_ms;
	/* output */
	__u64 result;
	/* buffers of the command; args follow the grants or ranges */
	struct {
		struct kcsd_run_record rec;
		__u8 bytes[RUN_OUT_MAX];
	} out;
	__u8 data[KCSD_MAX_GRANTS * sizeof(struct kcsd_lba_grant) + RUN_ARGS_MAX]
		__attribute__((aligned(8)));
};

void run_grant(struct run *r, __u64 slba, __u32 nlb, __u8 access);
void run_range(struct run *r, __u64 start, __u32 len);

/* Append arguments. Call it after the last run_grant() or run_range(). */
void run_args(struct run *r, const void *args, __u32 len);

/* Returns the command. Its buffers belong to the run, which must outlive it. */
struct nvme_uring_cmd run_cmd(struct run *r);

int run_way(int way, int fd, struct run *r);
int run_exec(int fd, struct run *r);

/* True if the drive can run program pind, which must be prog_seven. */
bool run_works(int fd, __u16 pind);

#endif
