// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The helpers' signatures, from the one list in <linux/kcsd_bpf.h>. */
#include "helper.h"

static const struct kcsd_signature signatures[] = {
#define SIGNATURE(id, name, nr, a, b, c, d, e) [id] = { #name, nr, { a, b, c, d, e } },
	KCSD_HELPERS(SIGNATURE)
#undef SIGNATURE
};

const struct kcsd_signature *kcsd_signature(u32 id)
{
	return id < ARRAY_SIZE(signatures) && signatures[id].name ? &signatures[id] : NULL;
}

const char *kcsd_signature_name(u32 id)
{
	const struct kcsd_signature *sig = kcsd_signature(id);

	return sig ? sig->name : NULL;
}
