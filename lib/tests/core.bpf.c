// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Refused: it asks for the layout that a kernel has. */
#include <kcsd_helpers.h>

struct of_a_kernel {
	int first;
	int second;
} __attribute__((preserve_access_index));

SEC("kcsd")
__u64 core(struct of_a_kernel *ctx)
{
	return ctx->second;
}
