/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects that a run reads: the values of its sources of type KCSD_SOURCE_OBJECT, as they were
 * when the run was created, whatever happens to the objects meanwhile.
 */
#ifndef KCSD_RUN_OBJECTS_H
#define KCSD_RUN_OBJECTS_H

#include <linux/types.h>

#include "kv/kv.h"

struct kcsd_objects;
struct kcsd_source;
struct kcsd_source_lists;
struct kcsd_stream;

/* Owned by one run; no lock needed. Inside objects->gate. */
struct kcsd_run_objects {
	struct kcsd_objects *objects;	/* of the drive */
	struct kcsd_source_lists *lists;	/* of the tenant: memory is reserved there */
	const struct kcsd_source *source;	/* of the list of the run */
	u64 memory;			/* bytes that are reserved */
	u32 nr;				/* sources that were looked up */
	struct kcsd_kv_value value[];	/* one for each source; valid for objects */
};

/*
 * Get the values of all objects of a stream, a copy of that of a list, and set the copy to their
 * lengths. Returns 0, a status or -errno. If a source causes it, *bad is its index. Sets *out also
 * then; NULL: nothing to release. The caller puts *out while it still has the list. Sleeps.
 */
int kcsd_run_objects_get(struct kcsd_objects *objects, struct kcsd_source_lists *lists,
			 struct kcsd_stream *stream, struct kcsd_run_objects **out, u32 *bad);
/* Release the values. NULL: nothing. Sleeps. */
void kcsd_run_objects_put(struct kcsd_run_objects *objects);

#endif
