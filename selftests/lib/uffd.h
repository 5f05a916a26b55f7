/* SPDX-License-Identifier: GPL-2.0 */
/*
 * User memory with pages that are not present until uffd_let_go(): a task that touches one waits.
 */
#ifndef KST_UFFD_H
#define KST_UFFD_H

#include <stddef.h>

#include "timing.h"

#define UFFD_WAIT_MS	(60000 * time_slow())	/* limit that only a hang exceeds */

struct uffd {
	int fd;
	char *mem;
	size_t len;
};

#define UFFD_INIT { .fd = -1 }

/* Map len bytes, whole pages. Returns 0 or -errno. */
int uffd_open(struct uffd *u, size_t len);

/* Wait for the next access to a missing page. Returns its byte offset, or a negative number. */
long uffd_wait(struct uffd *u);

/* Give zeroes to all waiting tasks, and let them continue. */
void uffd_let_go(struct uffd *u);

void uffd_close(struct uffd *u);

#endif
