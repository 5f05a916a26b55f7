// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: made for Linux, by Linux's own header. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kcsd")
__u64 since_boot(const void *ctx)
{
	return ctx ? bpf_ktime_get_ns() : 0;
}
