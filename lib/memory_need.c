// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Describe the memory that a program needs on a compute unit. */
#include "engine.h"
#include "private.h"

void kcsd_memory_describe(const void *image, size_t len, uint64_t have, struct kcsd_error *err)
{
	struct kcsd_image_view view = {};
	struct kcsd_layout layout;
	uint64_t need;

	if (kcsd_image_parse(image, len, &view))
		return;
	need = kcsd_layout_init(&layout, &view, KCSD_MAX_ARGS);
	kcsd_error_set(err, 0, "%s: %llu bytes (data %llu, heap %u, the rest stack and "
		       "arguments), and there are %llu (arena_size)",
		       kcsd_verdict_text(KCSD_VERDICT_MEMORY), (unsigned long long)need,
		       (unsigned long long)view.data_len + view.bss_len, view.heap_len,
		       (unsigned long long)have);
}
