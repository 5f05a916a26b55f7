// SPDX-License-Identifier: GPL-2.0
/* Write the stream of a run in place, by offset. */
#include <linux/minmax.h>
#include <linux/nospec.h>

#include "compute/audit.h"
#include "compute/compute.h"
#include "compute/move.h"
#include "compute/run.h"
#include "compute/source_list.h"
#include "compute/stream.h"
#include "compute/unit.h"
#include "media/lba_io.h"
#include "media/lbas.h"

/* True if all these bytes of the stream, which has them, are in sources that may be written. */
static bool stream_may_write(struct kcsd_run *run, u64 offset, u64 len)
{
	struct kcsd_stream *s = &run->stream;
	u32 i = s->nr ? kcsd_stream_find(s, offset) : 0;

	for (; i < s->nr; i++) {
		i = array_index_nospec(i, s->nr);
		if (s->source[i].type != KCSD_SOURCE_LBAS ||
		    !(s->source[i].access & KCSD_GRANT_WRITE))
			return false;
		if (offset + len <= s->begin[i + 1])
			return true;
	}
	return false;
}

/* Write what `edit` says. Returns 0, a status or -errno; a watch that has tripped ends the run. */
static int run_edit(struct kcsd_run *run, const struct kcsd_lba_edit *edit)
{
	u32 shift = run->compute->lbas->lba_shift;
	u64 nlb = DIV_ROUND_UP(edit->head + edit->len, 1U << shift);
	int ret = kcsd_run_inject(run, KCSD_INJECT_WRITE, edit->slba, nlb);

	if (!ret)
		ret = kcsd_lba_io_edit(run->compute->lbas, edit);
	if (ret == KCSD_SC_PROGRAM_CHANGED) {
		kcsd_vm_fault(&run->vm, KCSD_FAULT_CHANGED, 0);
		return 0;
	}
	kcsd_run_note_failure(run, edit->slba, ret, KCSD_SC_WRITE_FAULT);
	/* Also of a failed write a part may have been moved. */
	kcsd_audit_add(run->audit, edit->slba, nlb, KCSD_GRANT_WRITE);
	if (!ret)
		run->written_bytes += nlb << shift;
	return ret;
}

/*
 * Write bytes to the source that has the byte at offset: up to *len, which becomes what was
 * written. Returns as run_edit().
 */
static int stream_write_some(struct kcsd_run *run, u64 offset, void *buf, u64 *len)
{
	const struct kcsd_lbas *lbas = run->compute->lbas;
	u64 max = lbas->store.ops->blocking ? KCSD_EDIT_BYTES_BLOCKING : KCSD_EDIT_BYTES;
	u32 size = 1U << lbas->lba_shift;
	struct kcsd_stream *s = &run->stream;
	u32 i = kcsd_stream_find(s, offset);
	u64 from = offset - s->begin[i];
	struct kcsd_lba_edit edit = {
		.slba = le64_to_cpu(s->source[i].start) + (from >> lbas->lba_shift),
		.head = from & (size - 1),
		.buf = buf,
		.bounce = run->unit->bounce,
		.watch = run->list ? &run->list->watch : NULL,
	};

	*len = min(*len, s->begin[i + 1] - offset);
	if (edit.head || *len < size)
		*len = min(*len, (u64)size - edit.head);
	else
		*len = min(round_down(*len, size), max);
	edit.len = *len;
	return run_edit(run, &edit);
}

s64 kcsd_run_stream_write(struct kcsd_run *run, u64 offset, void *buf, u64 len)
{
	bool may;

	if (!len)
		return 0;
	if (offset >= run->stream_len || len > run->stream_len - offset)
		return -KCSD_ENOSPC;
	may = !run->compute->lbas->zones.nr && stream_may_write(run, offset, len);
	/* A CPU that mispredicts a branch up to here must not go on to LBAs, and read them. */
	barrier_nospec();
	return may ? kcsd_stream_move(run, offset, buf, len, KCSD_INJECT_WRITE, stream_write_some) :
	       -KCSD_EROFS;
}
