/* SPDX-License-Identifier: GPL-2.0 */
/* Drop and regain CAP_SYS_ADMIN: root has it, and with it more rights than the mode of a file. */
#ifndef KST_CAPABILITY_H
#define KST_CAPABILITY_H

#include <stdbool.h>

/* Set it for this thread and for threads that it creates later. Returns 0, or -1 with errno. */
int admin_set(bool on);

#endif
