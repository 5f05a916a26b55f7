// SPDX-License-Identifier: GPL-2.0
#include "capability.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

int admin_set(bool on)
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
