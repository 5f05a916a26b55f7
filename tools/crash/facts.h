/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Facts that the load reports before the crash, one line each, and what follows from them:
 *
 *	conv LBA NLB VERSION	conventional LBAs have this version or a later one
 *	zeroing, zeroed LBA NLB VERSION
 *	wp ZONE GEN WP		a zone has data of this generation up to WP
 *	at LBA GEN WRITER SEQ COUNT	an append was written here
 *	resetting, reset ZONE GEN	nothing older than this generation is in the zone
 *	finishing, finished ZONE GEN	the zone is full
 *	loading, loaded PIND PUID ACTIVE	a program; ACTIVE 2: none
 *	found ZONE COND WP GEN	state of a zone after power on
 *	program PIND PUID ACTIVE	state of a program after power on
 *	uuid HEX
 *	bad TEXT		an error of the drive
 *
 * A line in -ing is sent before its command. The other lines are sent once the drive has
 * acknowledged the command; those of writes only after a flush, too, or FUA. All data of a zone has
 * one generation, greater than any before.
 */
#ifndef CRASH_FACTS_H
#define CRASH_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#define FACTS_MAX_LBAS	65536
#define FACTS_MAX_ZONES	256
#define FACTS_MAX_PROGRAMS	64

struct append_fact {
	uint64_t gen;	/* 0: none */
	uint64_t seq;
	uint32_t writer;
	uint32_t index;
	uint32_t count;
};

struct lba_facts {
	uint64_t version;	/* conventional: it has this version or a later one */
	uint64_t zero_tried;	/* newest version that may be zeroes */
	struct append_fact append;
};

struct zone_facts {
	uint64_t gen;		/* the zone has data of this generation .. */
	uint64_t wp;		/* .. up to here */
	uint64_t reset;		/* the zone has no older data */
	uint64_t reset_tried;
	uint64_t finished;	/* generation that was finished, 0: none */
	uint64_t finish_tried;
};

struct program_facts {
	uint64_t puid, puid_tried;
	int active, active_tried;	/* 2: no program */
};

struct facts {
	uint64_t lines;
	uint64_t claims;	/* lines that are a promise */
	uint64_t bad;
	char uuid[33];
	uint32_t zone_lbas;
	uint32_t capacity;	/* writable LBAs of a zone */
	struct lba_facts lbas[FACTS_MAX_LBAS];
	struct zone_facts zones[FACTS_MAX_ZONES];
	struct program_facts programs[FACTS_MAX_PROGRAMS];
};

/* State of a zone, by the drive or by a reader. gen: generation of its data, 0 if it has none. */
struct zone_seen {
	uint8_t cond;
	uint64_t wp;
	uint64_t gen;
};

void facts_init(struct facts *f, uint32_t zone_lbas, uint32_t capacity);
/* Read the facts of one boot. Call it for all boots in order. Return 0 or -1. */
int facts_read(struct facts *f, const char *path);

/* True if the state keeps all promises. Else print an error to standard output. */
bool facts_allow_zone(const struct facts *f, uint32_t zone, const struct zone_seen *seen);
bool facts_allow_program(const struct facts *f, uint32_t pind, uint64_t puid, int active);

#endif
