/* SPDX-License-Identifier: GPL-2.0 */
/* Counters: per CPU, written without locks, folded when read. */
#ifndef KCSD_COUNTERS_H
#define KCSD_COUNTERS_H

#include <linux/percpu.h>
#include <linux/types.h>

/* X(name): file /sys/class/kcsd/kcsdN/stats/<name>; see Documentation/ABI. */
#define KCSD_DRIVE_COUNTERS(X) \
	X(host_read_bytes)	/* moved from drive to host, over the link */ \
	X(host_write_bytes)	/* moved from host to drive, over the link */ \
	X(media_read_bytes)	/* read from LBAs, for hosts and programs */ \
	X(media_write_bytes) \
	X(runs)		/* runs that completed, also those cancelled before they started */ \
	X(runs_failed)	/* of runs: that did not reach the end of the program */ \
	X(runs_jit)		/* of runs: those that started, by engine */ \
	X(runs_interp) \
	X(runs_quick)		/* of runs: quick runs, executed by their submitters */ \
	X(runs_restarted)	/* quick runs that a unit had to start over */ \
	X(range_maps)		/* mappings that units created for runs */ \
	X(insns)		/* executed by runs that count them */ \
	X(faults_memory) \
	X(faults_lba_read) \
	X(faults_lba_write) \
	X(faults_budget) \
	X(faults_time) \
	X(faults_cancelled) \
	X(faults_internal) \
	X(faults_injected) \
	X(faults_changed) \
	X(media_errors)		/* reads, writes and flushes failed by store or bad blocks */

/* X(name): file /sys/class/kcsd/kcsdN/ns1/<name>; commands of the host to namespace 1. */
#define KCSD_NS_COUNTERS(X) \
	X(read_commands) \
	X(read_bytes) \
	X(write_commands) \
	X(write_bytes) \
	X(flush_commands) \
	X(discard_commands) \
	X(discard_bytes) \
	X(write_zeroes_commands) \
	X(write_zeroes_bytes) \
	X(write_uncor_commands) \
	X(compare_commands) \
	X(compare_bytes) \
	X(verify_commands) \
	X(verify_bytes) \
	X(copy_commands) \
	X(copy_bytes)		/* within the drive */ \
	X(zone_commands)	/* commands that change states of zones; an append is a write */

/* X(name): file /sys/class/kcsd/kcsdN/ns2/<name>; commands of the host to namespace 2. */
#define KCSD_SLM_COUNTERS(X) \
	X(read_commands) \
	X(read_bytes) \
	X(write_commands) \
	X(write_bytes) \
	X(fill_commands) \
	X(fill_bytes) \
	X(copy_commands) \
	X(copy_bytes)

/* X(name): file /sys/class/kcsd/kcsdN/ns4/<name>; commands of the host to namespace 4. */
#define KCSD_KV_COUNTERS(X) \
	X(store_commands) \
	X(store_bytes)		/* of values */ \
	X(retrieve_commands) \
	X(retrieve_bytes)	/* that were moved */ \
	X(list_commands) \
	X(list_keys)		/* that were returned */ \
	X(delete_commands) \
	X(exist_commands)	/* also of objects that do not exist */ \
	X(flush_commands)

struct kcsd_stats {
#define KCSD_COUNTER_FIELD(name) u64 name;
	KCSD_DRIVE_COUNTERS(KCSD_COUNTER_FIELD)
	KCSD_NS_COUNTERS(KCSD_COUNTER_FIELD)
#undef KCSD_COUNTER_FIELD
#define KCSD_SLM_COUNTER_FIELD(name) u64 slm_##name;
	KCSD_SLM_COUNTERS(KCSD_SLM_COUNTER_FIELD)
#undef KCSD_SLM_COUNTER_FIELD
#define KCSD_KV_COUNTER_FIELD(name) u64 kv_##name;
	KCSD_KV_COUNTERS(KCSD_KV_COUNTER_FIELD)
#undef KCSD_KV_COUNTER_FIELD
};

/* Return a counter: the sum over all CPUs of the u64 at an offset in struct kcsd_stats. */
u64 kcsd_stats_sum(struct kcsd_stats __percpu *stats, size_t offset);

#define kcsd_stat_add(drive, name, n)	this_cpu_add((drive)->stats->name, n)
#define kcsd_stat_inc(drive, name)	this_cpu_inc((drive)->stats->name)

#endif
