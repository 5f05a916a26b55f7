/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Histograms of latencies: log page C5h. By <libkcsd.h>. */
#ifndef LIBKCSD_HISTOGRAM_H
#define LIBKCSD_HISTOGRAM_H

#include <libkcsd/drive.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kcsd_histogram_bucket {
	uint64_t last;		/* ns: the greatest value in it; UINT64_MAX: no limit */
	uint64_t count;		/* not 0 */
};

#define KCSD_HISTOGRAM_ALL	UINT32_MAX	/* op or depth: merged */

struct kcsd_histogram {
	uint32_t what;		/* KCSD_LATENCY_* */
	uint32_t op;		/* enum kcsd_time_op */
	uint32_t depth;		/* class: from 2^depth commands in flight on */
	uint32_t nr;		/* buckets, at least 1 */
	uint64_t count;		/* values */
	uint64_t sum;		/* ns */
	uint64_t max;		/* ns; of a difference: at most 1/16 too large */
	const struct kcsd_histogram_bucket *bucket;	/* ascending */
};

/* A set of histograms that the caller owns: one for each what, op and depth that has values. */
struct kcsd_histograms;

/*
 * Read those of a drive, since power on. Free them by kcsd_histograms_free(), which takes NULL.
 * -EPROTO: the drive sent malformed data. -EAGAIN: they are longer than a command can read, and
 * changed between two commands again and again.
 */
KCSD_API int kcsd_histograms_get(struct kcsd_drive *drv, struct kcsd_histograms **histograms);
/* Make them of a log page that was read before. -EPROTO: it is malformed. */
KCSD_API int kcsd_histograms_parse(const void *page, size_t len,
				   struct kcsd_histograms **histograms);
KCSD_API void kcsd_histograms_free(struct kcsd_histograms *histograms);
/* Return the ns for which they counted: since power on, or between two readings. */
KCSD_API uint64_t kcsd_histograms_ns(const struct kcsd_histograms *histograms);
/*
 * Call fn for each histogram. A value other than 0 from fn ends the walk and is returned.
 */
KCSD_API int kcsd_histograms_each(const struct kcsd_histograms *histograms,
				  int (*fn)(const struct kcsd_histogram *h, void *arg), void *arg);
/*
 * Make the histograms of what came between two readings of a drive. -ESTALE: they count from
 * different moments, as the drive was powered off between them.
 */
KCSD_API int kcsd_histograms_subtract(const struct kcsd_histograms *now,
				      const struct kcsd_histograms *before,
				      struct kcsd_histograms **difference);
/* Merge those of different ops or depths, except what keep names. -EINVAL: no such bit. */
#define KCSD_HISTOGRAMS_OP	1u	/* one for each op */
#define KCSD_HISTOGRAMS_DEPTH	2u	/* one for each depth */
KCSD_API int kcsd_histograms_merge(const struct kcsd_histograms *histograms, uint32_t keep,
				   struct kcsd_histograms **merged);
/*
 * Return a value, ns, that is not exceeded by this many of a million values: 990000 is p99. At most
 * 1/16 larger than the least such value.
 */
KCSD_API uint64_t kcsd_histogram_percentile(const struct kcsd_histogram *h, uint32_t ppm);
/*
 * Return how many values are at most ns, without those of the bucket that ns is in the middle of;
 * none is if ns is 2^n - 1.
 */
KCSD_API uint64_t kcsd_histogram_count(const struct kcsd_histogram *h, uint64_t ns);

#ifdef __cplusplus
}
#endif

#endif
