/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stream of a run: its sources one after another, as bytes. struct kcsd_source is in
 * <linux/kcsd.h>. The sources are what the run may read, and write where their access
 * says so: no grant is looked up for them.
 */
#ifndef KCSD_STREAM_H
#define KCSD_STREAM_H

#include "compute/source.h"

struct kcsd_run;

/* stream.c */
/* Append the LBAs of all grants to read. There is room for nr sources. */
void kcsd_stream_add_grants(struct kcsd_stream *s, const struct kcsd_lba_grant *grants, u32 nr,
			    u32 lba_shift);

static inline u64 kcsd_source_begin(const struct kcsd_stream *s, u32 i)
{
	return s->end[i] - le64_to_cpu(s->source[i].len);
}

/* Returns the source that has the byte at offset, which the stream has. */
u32 kcsd_stream_find(struct kcsd_stream *s, u64 offset);

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
s64 kcsd_run_stream_write(struct kcsd_run *run, u64 offset, const void *buf, u64 len);

#endif
