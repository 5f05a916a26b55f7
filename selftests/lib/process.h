/* SPDX-License-Identifier: GPL-2.0 */
/* Other processes of a test. */
#ifndef KST_PROCESS_H
#define KST_PROCESS_H

#include <sys/types.h>

/* Wait until the state letter in /proc/PID/stat is one of these. Returns it, or 0 after 60 s. */
char process_becomes(pid_t pid, const char *states);

/* Returns the number of threads of the kernel with this in their names. */
int process_count_kthreads(const char *part);

#endif
