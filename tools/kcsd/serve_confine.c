// SPDX-License-Identifier: GPL-2.0
/* What the service may do: few capabilities, little memory and time for each client. */
#include <errno.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "serve.h"

/* Files, a clone of each, nodes, rings. */
#define MAX_FDS	(2 * KCSD_SERVE_MAX_FILES + 64)

static const int kept[] = {
	CAP_SYS_ADMIN,		/* the chunk tree of btrfs, to map a file */
	CAP_FOWNER,		/* cachestat(2) of a file that its client may only read */
	CAP_DAC_OVERRIDE,	/* the nodes; a clone beside the file, in a directory of any user */
	CAP_SETUID,		/* to act for a user: last, only of the process that accepts */
};

/* Keep the first nr of these capabilities, in effect, and no others. */
static int keep(size_t nr)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	uint32_t mask[_LINUX_CAPABILITY_U32S_3] = {};
	size_t i;

	for (i = 0; i < nr; i++)
		mask[CAP_TO_INDEX(kept[i])] |= CAP_TO_MASK(kept[i]);
	if (syscall(SYS_capget, &head, caps))
		return -errno;
	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		caps[i].permitted &= mask[i];
		caps[i].effective = caps[i].permitted;
		caps[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, caps) ? -errno : 0;
}

int kcsd_serve_confine(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : keep(ARRAY_SIZE(kept));
}

int kcsd_serve_become(uid_t uid)
{
	setfsuid(uid);
	if ((uid_t)setfsuid(-1) != uid)
		return -EPERM;
	/* That took capabilities on files out of effect: keep() puts them back. */
	return keep(ARRAY_SIZE(kept) - 1);
}

int kcsd_serve_set_limits(const struct serve_limits *limits)
{
	const struct {
		int what;
		rlim_t most;
	} all[] = {
		{ RLIMIT_AS, limits->memory },
		{ RLIMIT_CPU, limits->seconds },
		{ RLIMIT_NOFILE, MAX_FDS },
		{ RLIMIT_CORE, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		struct rlimit limit;

		if (getrlimit(all[i].what, &limit))
			return -errno;
		if (limit.rlim_max > all[i].most)
			limit.rlim_max = all[i].most;
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(all[i].what, &limit))
			return -errno;
	}
	return 0;
}
