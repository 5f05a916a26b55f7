/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stream of a run: its sources one after another, as bytes. struct kcsd_source is in
 * <linux/kcsd.h>. The sources are what the run may read: no grant is looked up for them.
 */
#ifndef KCSD_STREAM_H
#define KCSD_STREAM_H

#include <linux/types.h>
#include <linux/kcsd.h>

struct kcsd_run;

/*
 * Sources and where they end. A copy of it shares the arrays, which are constant while a run has
 * it; each run has its own copy. The owner of a source has made sure that its LBAs are on the
 * drive, or its bytes within bytes.
 */
struct kcsd_stream {
	u32 nr;				/* sources */
	u32 at;				/* source that was read last: of this copy; below nr */
	struct kcsd_source *source;	/* nr of them */
	u64 *end;			/* bytes of the stream up to the end of each source */
	const u8 *bytes;		/* for KCSD_SOURCE_BYTES */
	u64 bytes_len;
};

/* Bytes of memory for the two arrays of a stream with nr sources. */
static inline size_t kcsd_stream_size(u32 nr)
{
	return nr * (sizeof(struct kcsd_source) + sizeof(u64));
}

/* Make an empty stream. memory: aligned to 8, kcsd_stream_size(nr); stays owned by the caller. */
static inline void kcsd_stream_init(struct kcsd_stream *s, void *memory, u32 nr)
{
	*s = (struct kcsd_stream){ .source = memory, .end = memory + nr * sizeof(*s->source) };
}

/* Append a source. There is room for it, and the sum of all lengths is below 2^63. */
static inline void kcsd_stream_add(struct kcsd_stream *s, const struct kcsd_source *source)
{
	s->end[s->nr] = (s->nr ? s->end[s->nr - 1] : 0) + le64_to_cpu(source->len);
	s->source[s->nr++] = *source;
}

/* Append the LBAs of all grants to read. There is room for nr sources. */
void kcsd_stream_add_grants(struct kcsd_stream *s, const struct kcsd_lba_grant *grants, u32 nr,
			    u32 lba_shift);

/*
 * Read bytes of the stream of a run, from offset on, to memory of its program: run->stream, or its
 * memory ranges if that has no sources; up to run->stream_len. Returns the value of the helper
 * stream_read. Called by the owner of the unit. A tick may end the run, in vm.end: its value then
 * does not matter.
 */
s64 kcsd_run_stream_read(struct kcsd_run *run, u64 offset, void *buf, u64 len);

#endif
