// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: a map, as programs for the kernel have them. */
#include <kcsd_helpers.h>

struct {
	int (*type)[2];
	int (*max_entries)[4];
	__u32 *key;
	__u64 *value;
} table SEC(".maps");

SEC("kcsd")
__u64 map(struct kcsd_ctx *ctx)
{
	return (__u64)&table + ctx->cparam1;
}
