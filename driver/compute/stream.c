// SPDX-License-Identifier: GPL-2.0
/*
 * Read the stream of a run by offset.
 *
 * A program chooses offset and length. All that is computed from them is masked: a CPU that
 * mis-speculates neither reads beyond a source nor moves its bytes that are beyond the stream, such
 * as the rest of the last LBA of a file, to the program.
 */
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include "compute/compute.h"
#include "compute/move.h"
#include "compute/run.h"
#include "compute/source_list.h"
#include "compute/stream.h"
#include "compute/unit.h"
#include "engine/helper.h"
#include "media/lbas.h"

/* Returns the lesser of two lengths, also if the CPU mis-speculates. */
static u64 len_min(u64 len, u64 room)
{
	return kcsd_index_nospec(min(len, room), room + 1);
}

void kcsd_stream_add_grants(struct kcsd_stream *s, const struct kcsd_lba_grant *grants, u32 nr,
			    u32 lba_shift)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!(grants[i].access & KCSD_GRANT_READ))
			continue;
		kcsd_stream_add(s, &(struct kcsd_source){
			.start = grants[i].slba,
			.len = cpu_to_le64((u64)le32_to_cpu(grants[i].nlb) << lba_shift),
			.type = KCSD_SOURCE_LBAS,
			.access = grants[i].access & (KCSD_GRANT_READ | KCSD_GRANT_WRITE),
		});
	}
}

/* ---- find ---- */

/* True if source i exists and has the byte at offset. */
static bool source_has(const struct kcsd_stream *s, u32 i, u64 offset)
{
	if (i >= s->nr)
		return false;
	i = array_index_nospec(i, s->nr);
	return offset >= s->begin[i] && offset < s->begin[i + 1];
}

/* Returns the source that has the byte at offset. The last one ends after it. */
static u32 stream_search(const struct kcsd_stream *s, u64 offset)
{
	u32 low = 0, high = s->nr - 1, mid;

	while (low < high) {
		mid = array_index_nospec(low + (high - low) / 2, s->nr);
		if (offset < s->begin[mid + 1])
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

/* The same; a program that reads on from where it was is in the source of then or in the next. */
u32 kcsd_stream_find(struct kcsd_stream *s, u64 offset)
{
	u32 i = s->at;

	if (!source_has(s, i, offset))
		i = source_has(s, i + 1, offset) ? i + 1 : stream_search(s, offset);
	s->at = array_index_nospec(i, s->nr);
	return s->at;
}

/* ---- read ---- */

/*
 * Read whole LBAs of a source. All LBAs of all streams are read here. Returns 0, a status or
 * -errno, as kcsd_run_move(): what was read may be used only if run->vm.end has no reason, too.
 */
static int source_move(struct kcsd_run *run, u64 slba, void *buf, u64 len)
{
	int ret = kcsd_run_move(run, slba, buf, len, KCSD_GRANT_READ);

	if (run->list && kcsd_watch_tripped(&run->list->watch)) {
		memset(buf, 0, len);
		kcsd_vm_fault(&run->vm, KCSD_FAULT_CHANGED, 0);
	}
	/* A CPU that mispredicts this branch must not run on with the bytes. */
	barrier_nospec();
	return ret;
}

/*
 * Read a part of an LBA, from byte head on. *len: at most so many bytes; becomes what was read. The
 * buffer is zero again when this returns: runs of others use it, too.
 */
static int source_read_part(struct kcsd_run *run, u64 lba, u32 head, void *buf, u64 *len)
{
	u32 size = 1U << run->compute->lbas->lba_shift;
	int ret = source_move(run, lba, run->unit->bounce, size);

	*len = len_min(*len, size - head);
	if (!ret && !run->vm.end.reason)
		memcpy(buf, run->unit->bounce + head, *len);
	memset(run->unit->bounce, 0, size);
	return ret;
}

/*
 * Read LBAs, from byte `from` of the source on, up to *len bytes, which end in the source. *len
 * becomes what was read: whole LBAs, or part of one.
 */
static int source_read_lbas(struct kcsd_run *run, const struct kcsd_source *source, u64 from,
			    void *buf, u64 *len)
{
	/* READ_ONCE: the compiler, too, must not conclude the type from the branch before. */
	u64 mask = array_index_mask_nospec(READ_ONCE(source->type), KCSD_SOURCE_LBAS + 1);
	u32 shift = run->compute->lbas->lba_shift, size = 1U << shift;
	u64 lba = (le64_to_cpu(source->start) + (from >> shift)) & mask;
	u32 head = from & (size - 1);

	if (head || *len < size)
		return source_read_part(run, lba, head, buf, len);
	*len &= ~(u64)(size - 1) & mask;
	return source_move(run, lba, buf, *len);
}

/* Copy bytes that came with the sources. */
static void source_copy(const struct kcsd_stream *s, const struct kcsd_source *source, u64 from,
			void *buf, u64 len)
{
	u64 at = kcsd_index_nospec(le64_to_cpu(source->start) + from, s->bytes_len);

	memcpy(buf, s->bytes + at, kcsd_index_nospec(len, s->bytes_len - at + 1));
}

/*
 * Read bytes from the source that has the byte at offset: up to *len, which becomes what was read.
 * Returns as source_move().
 */
static int stream_read_some(struct kcsd_run *run, u64 offset, void *buf, u64 *len)
{
	struct kcsd_stream *s = &run->stream;
	u32 i = kcsd_stream_find(s, offset);
	const struct kcsd_source *source = &s->source[i];
	u64 size = s->begin[i + 1] - s->begin[i];
	u64 from = kcsd_index_nospec(offset - s->begin[i], size);

	*len = len_min(*len, size - from);
	if (source->type == KCSD_SOURCE_LBAS)
		return source_read_lbas(run, source, from, buf, len);
	*len = min(*len, (u64)KCSD_MOVE_BYTES);
	if (source->type == KCSD_SOURCE_OBJECT)
		return kcsd_run_read_object(run, i, from, buf, *len);
	if (source->type == KCSD_SOURCE_BYTES)
		source_copy(s, source, from, buf, *len);
	else
		memset(buf, 0, *len);
	return 0;
}

/* Read from all sources that have some of these bytes. */
static s64 stream_read_sources(struct kcsd_run *run, u64 offset, void *buf, u64 len)
{
	s64 ret = kcsd_stream_move(run, offset, buf, len, KCSD_INJECT_READ, stream_read_some);

	return ret ? ret : len;
}

/*
 * Read from the memory ranges, which are contiguous and end the memory of the program. A CPU that
 * mis-speculates that there are some stays in that memory, or in the page of zeroes before it.
 */
static s64 stream_read_ranges(struct kcsd_run *run, u64 offset, void *buf, u64 len)
{
	struct kcsd_vm *vm = &run->vm;
	u64 room = KCSD_GUEST_CTX + vm->mem_len - vm->layout.ranges;
	u64 at = kcsd_index_nospec(offset, room);
	u8 *src = vm->mem + (vm->layout.ranges + at - KCSD_GUEST_CTX);
	const struct kcsd_helper_args args = {
		.val = { (uintptr_t)buf, (uintptr_t)src, kcsd_index_nospec(len, room - at + 1) },
		.ptr = { buf, src },
	};

	kcsd_helper_memcpy(vm, &args);
	return len;
}

s64 kcsd_run_stream_read(struct kcsd_run *run, u64 offset, void *buf, u64 len)
{
	if (offset >= run->stream_len || !len)
		return 0;
	offset = kcsd_index_nospec(offset, run->stream_len);
	len = len_min(len, run->stream_len - offset);
	if (run->stream.nr)
		return stream_read_sources(run, offset, buf, len);
	return stream_read_ranges(run, offset, buf, len);
}
