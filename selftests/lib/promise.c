// SPDX-License-Identifier: GPL-2.0
#include "promise.h"

#include <errno.h>

#include "kselftest.h"

void promise_fill(__u64 *to, __u32 lba, __u32 version)
{
	stamp_fill(to, (__u64)lba << 32 | version);
}

__s64 promise_version(const __u64 *data, __u32 lba)
{
	__u64 tag;

	if (!stamp_read(data, &tag))
		return -1;
	return !tag || tag >> 32 == lba ? (__s64)(__u32)tag : -1;
}

void raise_to(atomic_uint *to, unsigned int version)
{
	unsigned int was = atomic_load(to);

	while (was < version && !atomic_compare_exchange_weak(to, &was, version))
		;
}

int promise_check(struct promise *p, const __u64 *data, __u32 lba, struct cut_count *count)
{
	__s64 version = promise_version(data, lba);

	if (version < p->durable || version > p->sent) {
		ksft_print_msg("LBA %u: got version %lld, expected %u (durable) to %u (sent)\n",
			       lba, (long long)version, p->durable, p->sent);
		return -EILSEQ;
	}
	count->lost += version < p->acked;
	count->kept += version > p->durable;
	p->sent = p->acked = p->durable = version;
	return 0;
}
