/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a sidecar says, in memory; and the records of which it is made. As driver/engine,
 * this directory compiles into the module and into user space: no globals, no
 * locks, no printing, no headers but the engine's env.h and the uAPI's.
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

/* With room for a payload of len bytes, zeroed; NULL without memory. kcsd_free() it. */
struct kcsd_sidecar_draft *kcsd_sidecar_draft_alloc(u32 kind, u32 len);
/* Sectors of a record with len bytes of payload, one copy. */
u32 kcsd_sidecar_sectors(u32 len);

/* Make its payload shorter. */
void kcsd_sidecar_draft_trim(struct kcsd_sidecar_draft *d, u32 len);

static inline void *kcsd_sidecar_payload(struct kcsd_sidecar_draft *d)
{
	return d->record + 1;
}

/* CRC-32C as everyone computes it. */
u32 kcsd_sidecar_crc(const void *p, size_t len);

struct kcsd_sidecar_state {
	struct kcsd_sidecar_drive drive;
	u32 nr_zones;		/* conventional ones too; 0: not zoned */
	u64 capacity;		/* LBAs of a zone */
	u64 *zones;		/* packed; kcsd_sidecar_zone_cond() and _wp() */
	struct kcsd_sidecar_draft *programs;	/* by index, owned */
};

/* For this drive, all zones empty. 0, -ENOMEM, or -EINVAL for a drive that cannot be. */
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

/* Can a record say this of the drive? What d->record says of its length has been checked. */
bool kcsd_sidecar_state_allows(const struct kcsd_sidecar_state *s, struct kcsd_sidecar_draft *d);
/* Make the change of a record that is allowed. Takes d over. */
void kcsd_sidecar_state_apply(struct kcsd_sidecar_state *s, struct kcsd_sidecar_draft *d);

/* Bytes in a half of all its programs. */
u64 kcsd_sidecar_programs_len(const struct kcsd_sidecar_state *s);
/*
 * Call fn with each of the records that make this state, which are not fn's to keep. Ends with the
 * first result that is not 0, and returns it; -ENOMEM.
 */
int kcsd_sidecar_state_each(struct kcsd_sidecar_state *s,
			 int (*fn)(void *arg, struct kcsd_sidecar_draft *d), void *arg);

#endif
