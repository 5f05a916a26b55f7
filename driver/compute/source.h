/* SPDX-License-Identifier: GPL-2.0 */
/* Sources one after another, as a stream of bytes. */
#ifndef KCSD_SOURCE_H
#define KCSD_SOURCE_H

#include <linux/types.h>
#include <linux/kcsd.h>

/*
 * Sources and where they begin. A copy of it shares the arrays, which are constant while a run has
 * it; each run has its own copy. The owner of a source has made sure that its LBAs are on the
 * drive, or its bytes within bytes.
 */
struct kcsd_stream {
	u32 nr;				/* sources */
	u32 at;				/* source that was read last: of this copy; below nr */
	struct kcsd_source *source;	/* nr of them */
	u64 *begin;			/* nr + 1: offset of each source, then of the end */
	const u8 *bytes;		/* for KCSD_SOURCE_BYTES and _OBJECT */
	u64 bytes_len;
};

/* Bytes of memory for the two arrays of a stream with nr sources. */
static inline size_t kcsd_stream_size(u32 nr)
{
	return nr * sizeof(struct kcsd_source) + (nr + 1) * sizeof(u64);
}

/* Make an empty stream. memory: aligned to 8, kcsd_stream_size(nr); stays owned by the caller. */
static inline void kcsd_stream_init(struct kcsd_stream *s, void *memory, u32 nr)
{
	*s = (struct kcsd_stream){ .source = memory, .begin = memory + nr * sizeof(*s->source) };
	s->begin[0] = 0;
}

/* Append a source. There is room for it, and the sum of all lengths is below 2^63. */
static inline void kcsd_stream_add(struct kcsd_stream *s, const struct kcsd_source *source)
{
	s->begin[s->nr + 1] = s->begin[s->nr] + le64_to_cpu(source->len);
	s->source[s->nr++] = *source;
}

#endif
