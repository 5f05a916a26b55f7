/* SPDX-License-Identifier: GPL-2.0 */
/* Drop and regain CAP_SYS_ADMIN: root has it, and with it more rights than the mode of a file. */
#ifndef KST_CAPABILITY_H
#define KST_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Set it for this thread and for threads that it creates later. Returns 0, or -1 with errno. */
static inline int admin_set(bool on)
{
	struct __user_cap_header_struct hdr = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	__u32 bit = CAP_TO_MASK(CAP_SYS_ADMIN);

	if (syscall(SYS_capget, &hdr, data))
		return -1;
	if (on)
		data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective |= bit;
	else
		data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &= ~bit;
	return syscall(SYS_capset, &hdr, data);
}

#endif
