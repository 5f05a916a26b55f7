/* SPDX-License-Identifier: GPL-2.0 */
/* A drive whose errors are injected; I/O of one LBA by each way that the drive offers. */
#ifndef KST_ERRORS_H
#define KST_ERRORS_H

#include "drive.h"
#include "run.h"

#define LBA		4096
#define SHORT_MS	150	/* an injected delay */
#define SHORT		"150"
#define PROMPT_MS	5000	/* limit for a wait that was cancelled, on a busy machine */

enum { READ, WRITE, SEVEN };	/* indexes of programs */

struct errors {
	struct drive d;
	char file[32];		/* the backing file; "": memory */
	__u8 *buf;		/* a MiB */
	int block;
};

int errors_up(struct errors *e, bool file);

/* Remove the drive. Succeeds also if its directory has been removed. */
int errors_down(struct errors *e);

int errors_power(struct errors *e, bool on);
int set_rule(const struct drive *d, const char *rule);
int nvm_io(const struct drive *d, __u8 opcode, __u64 slba, __u32 nlb, void *buf);

/* Returns 0 or -errno. */
int block_io(int fd, __u8 opcode, __u64 slba, __u32 nlb, void *buf);

/* Returns the result of the helper, or the status of the command. */
__s64 run_io(const struct drive *d, __u16 pind, __u64 lba);

#endif
