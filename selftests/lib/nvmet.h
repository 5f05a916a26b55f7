/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The NVMe target of the kernel on a block device, and the NVMe host of the kernel connected to it:
 * commands then arrive at a kcsd drive by the block layer. Functions return 0 or -errno.
 */
#ifndef KST_NVMET_H
#define KST_NVMET_H

#include <stdbool.h>

struct nvmet {
	int controller;	/* number of the controller on the host; -1: none */
	int generic;	/* open generic node of the namespace; -1: none */
};

#define NVMET_INIT { -1, -1 }

/* True if this kernel has both the target and the host. */
bool nvmet_there(void);

void nvmet_remove(struct nvmet *t);

/*
 * Create a target on a block device and connect to it. Call the function that removes it also if
 * this fails.
 */
int nvmet_create(struct nvmet *t, const char *device);

#endif
