// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Signatures of helpers, from the list in signatures.h. */
#include "helper.h"
#include "signatures.h"

#define ONE(...) + 1
static_assert(0 KCSD_HELPERS(ONE) == __KCSD_HELPER_END - KCSD_HELPER_BASE - 1,
	      "a helper has no signature");
#undef ONE

static const struct kcsd_signature signatures[] = {
#define SIGNATURE(name, nr, a, b, c, d, e) \
	[KCSD_HELPER_##name - KCSD_HELPER_BASE] = { #name, nr, { a, b, c, d, e } },
	KCSD_HELPERS(SIGNATURE)
#undef SIGNATURE
};

const struct kcsd_signature *kcsd_signature(u32 id)
{
	u64 i = (u64)id - KCSD_HELPER_BASE;

	if (i >= ARRAY_SIZE(signatures))
		return NULL;
	/* If the CPU mis-speculates a dispatch, id can be any number. */
	i = kcsd_index_nospec(i, ARRAY_SIZE(signatures));
	return signatures[i].name ? &signatures[i] : NULL;
}

const char *kcsd_signature_name(u32 id)
{
	const struct kcsd_signature *sig = kcsd_signature(id);

	return sig ? sig->name : NULL;
}
