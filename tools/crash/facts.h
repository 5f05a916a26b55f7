/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the load said before the crash, and what follows from it: one line each,
 *
 *	conv LBA NLB VERSION	conventional LBAs have this version or a later one
 *	zeroing, zeroed LBA NLB VERSION
 *	wp ZONE GEN WP		a zone has data of this generation up to WP
 *	at LBA GEN WRITER SEQ COUNT	what was appended is here
 *	resetting, reset ZONE GEN	nothing older than this generation is in the zone
 *	finishing, finished ZONE GEN	the zone is full
 *	loading, loaded PIND PUID ACTIVE	a program; ACTIVE 2: none
 *	found ZONE COND WP GEN	the drive says, after power on
 *	program PIND PUID ACTIVE	likewise
 *	uuid HEX
 *	bad TEXT		what must not be was seen
 *
 * A line in -ing is said before the command is sent; the others when what they say was
 * acknowledged, and writes when they were also flushed, or had FUA. A zone's data
 * is of one generation, greater than any before.
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
	uint64_t version;	/* conventional: this or later */
	uint64_t zero_tried;	/* newest version that would be zeroes */
	struct append_fact append;
};

struct zone_facts {
	uint64_t gen;		/* it has data of this generation .. */
	uint64_t wp;		/* .. up to here */
	uint64_t reset;		/* nothing older is there */
	uint64_t reset_tried;
	uint64_t finished;	/* generation that was finished, 0: none */
	uint64_t finish_tried;
};

struct program_facts {
	uint64_t puid, puid_tried;
	int active, active_tried;	/* 2: not there */
};

struct facts {
	uint64_t lines;
	uint64_t claims;	/* lines that promise something */
	uint64_t bad;
	char uuid[33];
	uint32_t zone_lbas;
	uint32_t capacity;	/* LBAs of a zone that can be written */
	struct lba_facts lbas[FACTS_MAX_LBAS];
	struct zone_facts zones[FACTS_MAX_ZONES];
	struct program_facts programs[FACTS_MAX_PROGRAMS];
};

/* A zone as somebody sees it. gen: of its data, 0 if it has none. */
struct zone_seen {
	uint8_t cond;
	uint64_t wp;
	uint64_t gen;
};

void facts_init(struct facts *f, uint32_t zone_lbas, uint32_t capacity);
/* The lines of one boot, in their order; call it for every boot in order. 0 or -1. */
int facts_read(struct facts *f, const char *path);

/* Is this what was promised? If not, says so on standard output. */
bool facts_allow_zone(const struct facts *f, uint32_t zone, const struct zone_seen *seen);
bool facts_allow_program(const struct facts *f, uint32_t pind, uint64_t puid, int active);

#endif
