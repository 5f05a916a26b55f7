/* SPDX-License-Identifier: GPL-2.0 */
/* A tenant: an open file of the compute node, and a ring deep enough for thousands of runs. */
#ifndef KST_TENANT_H
#define KST_TENANT_H

#include "drive.h"
#include "ring.h"
#include "run.h"

#define TENANT_RUNS	16384	/* runs in flight, at most */
#define TENANT_BATCH	256

/* Read the time, loop cparam1 times without reading it again, return it. */
extern const struct bpf_insn prog_when[6];

struct tenant {
	int fd;
	struct io_uring ring;
};

/* Completion of a run without output: tag, res as in the completion, r0. */
struct completion {
	__u64 tag;
	int res;
	__u64 r0;
};

int tenant_open_fd(struct tenant *t, int fd);
int tenant_open(struct tenant *t, const struct drive *d);
void tenant_close(struct tenant *t);

/* Command for a run without output. */
struct nvme_uring_cmd tenant_cmd(__u16 pind, __u64 cparam1, __u32 timeout_ms);

/* Send the command nr times, with tags first, first + 1, ... */
int tenant_send(struct tenant *t, const struct nvme_uring_cmd *c, int nr, __u64 first);

/* Wait for nr completions. If e is NULL, drop them. */
int tenant_reap(struct tenant *t, struct completion *e, int nr);

/* Returns the number in a line of the fdinfo of the file, or ~0. */
__u64 tenant_number(int fd, const char *key);

#endif
