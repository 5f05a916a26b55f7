// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The stream of a simulated run: like driver/compute/stream.c, on memory of the caller. */
#include <string.h>

#include "sim.h"

/* Position of a byte in the stream. */
struct place {
	u64 lba;
	u32 from;	/* byte in the LBA */
};

/* Find the byte at offset, which is in the stream. */
static struct place stream_place(const struct sim_run *run, u64 offset)
{
	const u32 lba_size = run->sim->opts.lba_size;
	const struct kcsd_lba_grant *g = run->grants;
	u64 len;

	for (;; g++) {
		len = g->access & KCSD_GRANT_READ ? (u64)le32_to_cpu(g->nlb) * lba_size : 0;
		if (offset < len)
			break;
		offset -= len;
	}
	return (struct place){ le64_to_cpu(g->slba) + offset / lba_size, offset % lba_size };
}

/* Read LBA by LBA. An LBA that is read in part counts whole, as on a drive. */
static void read_grants(struct sim_run *run, u64 offset, u8 *buf, u64 len)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;
	struct place place;
	u64 done;
	u32 piece;

	for (done = 0; done < len; done += piece) {
		place = stream_place(run, offset + done);
		piece = min(len - done, (u64)o->lba_size - place.from);
		kcsd_sim_read_lba(o, place.lba, place.from, buf + done, piece);
		run->read_bytes += o->lba_size;
	}
}

/* Write LBA by LBA, as read_grants(). */
static void write_grants(struct sim_run *run, u64 offset, const u8 *buf, u64 len)
{
	const struct kcsd_sim_opts *o = &run->sim->opts;
	struct place place;
	u64 done;
	u32 piece;

	for (done = 0; done < len; done += piece) {
		place = stream_place(run, offset + done);
		piece = min(len - done, (u64)o->lba_size - place.from);
		memcpy((u8 *)o->lbas + place.lba * o->lba_size + place.from, buf + done, piece);
		run->written_bytes += o->lba_size;
	}
}

/* True if all these bytes of the stream are in grants to read and write. */
static bool may_write(const struct sim_run *run, u64 offset, u64 len)
{
	const u32 lba_size = run->sim->opts.lba_size;
	const struct kcsd_lba_grant *g;
	u64 begin = 0, end;

	for (g = run->grants; g < run->grants + run->nr_grants; g++) {
		if (!(g->access & KCSD_GRANT_READ))
			continue;
		end = begin + (u64)le32_to_cpu(g->nlb) * lba_size;
		if (offset < end && offset + len > begin && !(g->access & KCSD_GRANT_WRITE))
			return false;
		begin = end;
	}
	return begin && !run->sim->opts.zone_size;
}

s64 kcsd_sim_stream_write(struct sim_run *run, u64 offset, const u8 *buf, u64 len)
{
	if (!len)
		return 0;
	if (offset >= run->stream_len || len > run->stream_len - offset)
		return -KCSD_ENOSPC;
	if (!may_write(run, offset, len))
		return -KCSD_EROFS;
	write_grants(run, offset, buf, len);
	return 0;
}

s64 kcsd_sim_stream_read(struct sim_run *run, u64 offset, u8 *buf, u64 len)
{
	const struct kcsd_vm *vm = &run->vm;

	if (offset >= run->stream_len || !len)
		return 0;
	len = min(len, run->stream_len - offset);
	if (run->file_end)
		return kcsd_sim_files_read(run, offset, buf, len);
	if (run->nr_grants)
		read_grants(run, offset, buf, len);
	else
		memmove(buf, vm->mem + (vm->layout.ranges - KCSD_GUEST_CTX) + offset, len);
	return len;
}
