// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* For tests: an object with code, but no program for a drive. */
#include <kcsd_helpers.h>

SEC("other")
__u64 not_for_a_drive(struct kcsd_ctx *ctx)
{
	return ctx->cparam1;
}
