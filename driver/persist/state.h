/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The contents of a sidecar in memory, and the records that make them up. Like driver/engine,
 * state.c, journal.c, replay.c and dirty.c compile into the module and into user space: no globals,
 * no locks, no printing, no headers except env.h of the engine and those of the uAPI.
 */
#ifndef KCSD_SIDECAR_STATE_H
#define KCSD_SIDECAR_STATE_H

#include "../engine/env.h"
#include <linux/kcsd_sidecar.h>

#define KCSD_SIDECAR_MAX_ZONES	(1u << 24)

/* A record on its way to or from the file. */
struct kcsd_sidecar_draft {
	struct kcsd_sidecar_draft *next;	/* in kcsd_sidecar_state.programs */
	u32 sectors;			/* of record[], at least 1 */
	struct kcsd_sidecar_record record[];	/* one, then the payload */
};

/* Allocate a draft, payload of len bytes zeroed. NULL without memory. Free with kcsd_free(). */
struct kcsd_sidecar_draft *kcsd_sidecar_draft_alloc(u32 kind, u32 len);
/* Return the sectors of one copy of a record with len bytes of payload. */
u32 kcsd_sidecar_sectors(u32 len);

/* Make the payload shorter. */
void kcsd_sidecar_draft_trim(struct kcsd_sidecar_draft *d, u32 len);

static inline void *kcsd_sidecar_payload(struct kcsd_sidecar_draft *d)
{
	return d->record + 1;
}

/* Return the CRC-32C, as in iSCSI. */
u32 kcsd_sidecar_crc(const void *p, size_t len);

struct kcsd_sidecar_state {
	struct kcsd_sidecar_drive drive;
	u32 nr_zones;		/* conventional ones included; 0: not zoned */
	u64 capacity;		/* LBAs of a zone */
	u64 *zones;		/* packed: kcsd_sidecar_zone_cond(), _wp() */
	struct kcsd_sidecar_draft *programs;	/* by index, owned */
};

/*
 * Initialise the state of a drive whose zones are all empty. Return 0; -ENOMEM; -EINVAL: no such
 * drive is possible.
 */
int kcsd_sidecar_state_init(struct kcsd_sidecar_state *s, const struct kcsd_sidecar_drive *drive);
void kcsd_sidecar_state_destroy(struct kcsd_sidecar_state *s);

static inline u8 kcsd_sidecar_zone_cond(const struct kcsd_sidecar_state *s, u32 zone)
{
	return s->zones[zone] >> 56;
}

static inline u64 kcsd_sidecar_zone_wp(const struct kcsd_sidecar_state *s, u32 zone)
{
	return s->zones[zone] & ((1ULL << 56) - 1);
}

/* Return true if a record may change this state. The caller has validated the length in it. */
bool kcsd_sidecar_state_allows(const struct kcsd_sidecar_state *s, struct kcsd_sidecar_draft *d);
/* Apply a record that is allowed. Takes ownership of d. */
void kcsd_sidecar_state_apply(struct kcsd_sidecar_state *s, struct kcsd_sidecar_draft *d);

/* Return the bytes that all programs take in a half. */
u64 kcsd_sidecar_programs_len(const struct kcsd_sidecar_state *s);
/*
 * Call fn with each record that makes up this state; fn must not keep it. Stops at the first result
 * that is not 0, and returns it. Return 0 or -ENOMEM otherwise.
 */
int kcsd_sidecar_state_each(struct kcsd_sidecar_state *s,
			    int (*fn)(void *arg, struct kcsd_sidecar_draft *d), void *arg);

#endif
