/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stream of a run: its sources one after another, as bytes. struct kcsd_source is in
 * <linux/kcsd.h>. The sources are what the run may read, and write where their access
 * says so: no grant is looked up for them.
 */
#ifndef KCSD_STREAM_H
#define KCSD_STREAM_H

#include <linux/minmax.h>

#include "compute/compute.h"
#include "compute/move.h"
#include "compute/run.h"
#include "compute/source.h"
#include "media/lbas.h"
#include "media/store.h"

/* stream.c */
/* Append the LBAs of all grants to read. There is room for nr sources. */
void kcsd_stream_add_grants(struct kcsd_stream *s, const struct kcsd_lba_grant *grants, u32 nr,
			    u32 lba_shift);

/* Returns the source that has the byte at offset, which the stream has. */
u32 kcsd_stream_find(struct kcsd_stream *s, u64 offset);

/* stream_object.c */
/*
 * Read bytes of the object that is source i, no more than KCSD_MOVE_BYTES, all of them in its
 * value. Returns 0, a status or -errno, as kcsd_run_move().
 */
int kcsd_run_read_object(struct kcsd_run *run, u32 i, u64 from, void *buf, u64 len);
/* True if such a read may wait: for the medium, or as injected. */
bool kcsd_run_objects_may_wait(const struct kcsd_run *run);

/* Moves up to *len bytes, which become those moved. Returns 0, a status or -errno. */
typedef int (*kcsd_stream_move_fn)(struct kcsd_run *run, u64 offset, void *buf, u64 *len);

/*
 * Call move for all sources that have some of these bytes. With a tick after KCSD_MOVE_BYTES, or
 * after each move that may wait. Fewer bytes than one LBA count as one, so that there are not too
 * many small sources between two ticks. Returns 0 or the error of a helper. Inline: the CPU cannot
 * mispredict a direct call, and read where a program writes.
 */
static __always_inline s64 kcsd_stream_move(struct kcsd_run *run, u64 offset, void *buf, u64 len,
					    enum kcsd_inject_op op, kcsd_stream_move_fn move)
{
	const struct kcsd_lbas *lbas = run->compute->lbas;
	bool may_wait = lbas->store.ops->blocking || kcsd_inject_is_armed(lbas, op) ||
			kcsd_run_objects_may_wait(run);
	u64 done, piece, moved = 0;
	int ret;

	for (done = 0; done < len; done += piece) {
		if (moved >= KCSD_MOVE_BYTES || (done && may_wait)) {
			kcsd_vm_fault(&run->vm, kcsd_run_tick(run), 0);
			moved = 0;
		}
		if (run->vm.end.reason)
			return 0;
		piece = len - done;
		ret = move(run, offset + done, buf + done, &piece);
		if (ret)
			return kcsd_run_error(ret);
		moved += max(piece, 1ULL << lbas->lba_shift);
	}
	return 0;
}

/*
 * Read bytes of the stream of a run, from offset on, to memory of its program: run->stream, or its
 * memory ranges if that has no sources; up to run->stream_len. Returns the value of the helper
 * stream_read. Called by the owner of the unit. A tick may end the run, in vm.end: its value then
 * does not matter.
 */
s64 kcsd_run_stream_read(struct kcsd_run *run, u64 offset, void *buf, u64 len);

/* stream_write.c */
/*
 * Write memory of a program to its stream, from offset on. Returns the value of the helper
 * stream_write. Otherwise as kcsd_run_stream_read().
 */
s64 kcsd_run_stream_write(struct kcsd_run *run, u64 offset, void *buf, u64 len);

#endif
