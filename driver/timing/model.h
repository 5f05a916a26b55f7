/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long a real drive would take: device time in nanoseconds, computed from the parameters and
 * the commands before. A pure model: no clock, no lock, no data, no allocation after creation,
 * integers only. The same calls in the same order give the same times, bit for bit.
 *
 * A command reserves what it needs (core, link, dies, channels, ...) when it is submitted, each
 * from the earliest time that fits: also in a gap before a reservation that exists. Submit in the
 * order of arrival, also across host commands and programs: each resource remembers a bounded
 * number of gaps, and forgets those before the latest arrival first, so a command that arrives far
 * earlier than one before it may wait longer than it would.
 *
 * The caller owns the model and serialises all calls. model.c, model_run.c, model_stats.c.
 */
#ifndef KCSD_TIMING_MODEL_H
#define KCSD_TIMING_MODEL_H

#include "../engine/costs.h"
#include "params.h"

struct kcsd_timing;

/* Bytes of one command; the caller splits what is longer. */
#define KCSD_TIMING_MAX_BYTES	(16ULL << 20)
/* The latest arrival: later than any drive lives. */
#define KCSD_TIMING_MAX_TIME	(1ULL << 62)

enum kcsd_timing_op {
	KCSD_TIMING_READ,
	KCSD_TIMING_WRITE,
	KCSD_TIMING_TRIM,		/* also Write Zeroes: no data moves */
	KCSD_TIMING_FLUSH,		/* has no range */
	KCSD_TIMING_ZONE_RESET,		/* the zone that offset is in */
	KCSD_TIMING_ZONE_FINISH,	/* the same */
	KCSD_TIMING_MEM_READ,		/* memory of the drive to the host; offset is not used */
	KCSD_TIMING_MEM_WRITE,
	KCSD_TIMING_OTHER,		/* bytes to the host, from the controller: Identify, logs */
	KCSD_TIMING_NR_OPS
};

/* READ and WRITE stay in the drive: the link is not used (Copy, Verify). */
#define KCSD_TIMING_INSIDE	0x01
/* A write ends when it is programmed, unless the buffer is safe. */
#define KCSD_TIMING_FUA		0x02
/* A piece of a command that arrived before: other commands may arrive earlier than this piece. */
#define KCSD_TIMING_LATER	0x04

struct kcsd_timing_cmd {
	u64 arrival;		/* ns */
	u64 offset;		/* bytes from the begin of the namespace */
	u64 bytes;
	u8 op;			/* enum kcsd_timing_op */
	u8 flags;		/* KCSD_TIMING_INSIDE, ... */
};

/* Where the time went, ns, along the part of the command that ended last. Adds up to its time. */
struct kcsd_timing_parts {
	u64 link;
	u64 controller;		/* cores, firmware delays */
	u64 media;		/* pages, channels, lanes, memory of the drive */
	u64 compute;
	u64 waiting;		/* for resources in use, also by itself; for room in the buffer */
};

struct kcsd_timing_done {
	u64 start;		/* ns: a core of the controller takes the command */
	u64 end;
	struct kcsd_timing_parts parts;		/* sum: end - arrival */
};

/*
 * Make a model. The parameters are copied. Return 0; -EINVAL: the sentence in why says what
 * contradicts what; -ENOMEM. kcsd_timing_destroy() takes NULL.
 */
int kcsd_timing_create(const struct kcsd_timing_params *p, const struct kcsd_timing_shape *shape,
		       struct kcsd_timing **model, char *why, size_t room);
void kcsd_timing_destroy(struct kcsd_timing *t);

/*
 * Return the bytes of memory that a model would take, about, and set *largest to those of its
 * largest table. The parameters are in bounds. For a caller that looks before it creates it.
 */
u64 kcsd_timing_need(const struct kcsd_timing_params *p, const struct kcsd_timing_shape *shape,
		     u64 *largest);
/* Return the bytes of memory that the model has. */
u64 kcsd_timing_memory(const struct kcsd_timing *t);
/* The parameters as they are used: block_pages computed. */
const struct kcsd_timing_params *kcsd_timing_get_params(const struct kcsd_timing *t);

/*
 * Submit a command. Return 0; -EINVAL: no such op, or more than KCSD_TIMING_MAX_BYTES; -ERANGE: out
 * of the capacity, or arrives after KCSD_TIMING_MAX_TIME. An error changes nothing. A range without
 * bytes takes the time of the controller.
 */
int kcsd_timing_submit(struct kcsd_timing *t, const struct kcsd_timing_cmd *cmd,
		       struct kcsd_timing_done *done);

/* Let each write end when it is programmed, unless the buffer is safe: the write cache is off. */
void kcsd_timing_set_through(struct kcsd_timing *t, bool through);
/* True if a ZONE_RESET or ZONE_FINISH (op) of all zones changes the zone that offset is in. */
bool kcsd_timing_zone_changes(const struct kcsd_timing *t, u8 op, u64 offset);
/*
 * Set how many bytes of the zone that offset is in are written: for a drive that kept its zones.
 * Takes no time.
 */
void kcsd_timing_set_zone(struct kcsd_timing *t, u64 offset, u64 written);
/*
 * Program what writes have gathered in the buffers, at the latest end of a command: for a caller
 * that counts what was programmed for all writes. No command waits for it.
 */
void kcsd_timing_settle(struct kcsd_timing *t);
/*
 * Purge: nothing in this range is written any more, and its zones are erased. Takes no time; it is
 * for what the drive did in the background. The range is in the capacity, at most
 * KCSD_TIMING_MAX_BYTES.
 */
void kcsd_timing_purge(struct kcsd_timing *t, u64 offset, u32 bytes);

/*
 * A run of a program. The caller owns it; nothing is left in the model after
 * kcsd_timing_run_end(), which must follow each begin that succeeded.
 */
struct kcsd_timing_run {
	u64 arrival;
	u64 start;
	u64 now;		/* of the run: the caller steps the earliest run first */
	u64 on_unit;		/* since then */
	u64 rest;		/* of a nanosecond: hundredths of cycles times 10, below unit_mhz */
	u32 unit;
	struct kcsd_timing_parts parts;
};

/* What a program did since it was charged last. */
struct kcsd_timing_work {
	u64 cycles;		/* hundredths, as the engine counts them; at most 2^59 count */
	u64 slm_bytes;		/* moved between the program and the memory of the drive */
};

/* Set what the engine shall count for runs on the compute units of a drive. */
void kcsd_timing_get_costs(const struct kcsd_timing_params *p, struct kcsd_costs *costs);

#define KCSD_TIMING_ANY_UNIT	U32_MAX

/*
 * Begin a run that arrives at the drive: a core of the controller, then the compute unit, or the
 * one that is free first. Return 0; -EBUSY: the unit, or every unit, has a run that has not ended;
 * -EINVAL: no such unit; -ERANGE: as for kcsd_timing_submit().
 */
int kcsd_timing_run_begin(struct kcsd_timing *t, struct kcsd_timing_run *run, u64 arrival,
			  u32 unit);
/* Charge work; the run goes on after it. */
void kcsd_timing_run_charge(struct kcsd_timing *t, struct kcsd_timing_run *run,
			    const struct kcsd_timing_work *work);
/*
 * Let the run submit READ, WRITE, TRIM, FLUSH, ZONE_RESET or ZONE_FINISH at run->now: like a host
 * command, but without link and controller; what is read or written moves through the memory of the
 * drive. Sets *done; the run does not wait, so it can read ahead. Return as kcsd_timing_submit().
 */
int kcsd_timing_run_media(struct kcsd_timing *t, struct kcsd_timing_run *run, u8 op, u64 offset,
			  u64 bytes, struct kcsd_timing_done *done);
/* Let the run wait for what it submitted. Waiting counts as media and as waiting, as in *done. */
void kcsd_timing_run_wait(struct kcsd_timing *t, struct kcsd_timing_run *run,
			  const struct kcsd_timing_done *done);
/* Send bytes to the host. The run waits; at most KCSD_TIMING_MAX_BYTES, else -EINVAL. */
int kcsd_timing_run_output(struct kcsd_timing *t, struct kcsd_timing_run *run, u64 bytes);
/*
 * Let the run leave its unit, and take the one that is free first, not before a time: for a run
 * that waits for something outside of the drive. Resume only with a unit free.
 */
void kcsd_timing_run_pause(struct kcsd_timing *t, struct kcsd_timing_run *run);
void kcsd_timing_run_resume(struct kcsd_timing *t, struct kcsd_timing_run *run, u64 at);
/* End the run: its unit is free from run->now. done may be NULL. */
void kcsd_timing_run_end(struct kcsd_timing *t, struct kcsd_timing_run *run,
			 struct kcsd_timing_done *done);

/* Resources, for kcsd_timing_busy(). */
enum kcsd_timing_kind {
	KCSD_TIMING_CORES,
	KCSD_TIMING_LINK_OUT,		/* drive to host; both directions if link_duplex is 0 */
	KCSD_TIMING_LINK_IN,		/* none if link_duplex is 0 */
	KCSD_TIMING_CHANNELS,
	KCSD_TIMING_DIES,		/* planes, if plane_reads is 1 */
	KCSD_TIMING_LANES,		/* media=array */
	KCSD_TIMING_SLM,
	KCSD_TIMING_UNITS,		/* runs that have ended */
	KCSD_TIMING_NR_KINDS
};

/* "core", "link out", ... */
const char *kcsd_timing_kind_text(unsigned int kind);
/* Return how many resources of a kind there are; 0: none, or no such kind. */
u32 kcsd_timing_count(const struct kcsd_timing *t, unsigned int kind);
/* Return for how many ns a resource has been reserved since creation; 0: no such resource. */
u64 kcsd_timing_busy(const struct kcsd_timing *t, unsigned int kind, u32 index);

/* All counters since creation: subtract two of them. Bytes of the media are those of flash. */
struct kcsd_timing_stats {
	u64 commands[KCSD_TIMING_NR_OPS];	/* of the host */
	u64 host_read;			/* bytes on the link, to the host */
	u64 host_written;		/* bytes on the link, from the host */
	u64 user_read;			/* bytes of READs, of the host and of programs */
	u64 user_written;		/* bytes of WRITEs */
	u64 media_read;			/* bytes over the channels, collection included */
	u64 media_written;		/* bytes programmed, collection and padding included */
	u64 buffer_read;		/* bytes read from the write buffer */
	u64 moved;			/* bytes that collection programmed again */
	u64 padded;			/* bytes programmed without data */
	u64 programs;
	u64 page_reads;
	u64 erases;			/* of blocks of a die, all planes */
	u64 trimmed;			/* bytes */
	u64 runs;			/* that have ended */
	u64 busy_until;			/* ns: the latest end of a command */
	/* State, not counters. */
	u64 wear_min;			/* erases of a block */
	u64 wear_max;
	u64 wear_avg_milli;		/* thousandths */
	u64 mapped;			/* bytes */
	u64 free_lines;
};

void kcsd_timing_get_stats(const struct kcsd_timing *t, struct kcsd_timing_stats *s);
/*
 * The two halves of it: what is quick, and wear_* and free_lines, which walk all lines or zones.
 * The second may run beside commands: each value is then one of that time.
 */
void kcsd_timing_get_counters(const struct kcsd_timing *t, struct kcsd_timing_stats *s);
void kcsd_timing_get_wear(const struct kcsd_timing *t, struct kcsd_timing_stats *s);
/* Return thousandths of media_written / user_written between two, 0 if nothing was written. */
u64 kcsd_timing_amplification(const struct kcsd_timing_stats *from,
			      const struct kcsd_timing_stats *to);

#endif
