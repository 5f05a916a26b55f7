// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Build the state of a drive from records, and records from the state. */
#include "state.h"

#define ZONES_PER_RECORD	4096u

static_assert(sizeof(struct kcsd_sidecar_drive) == 48, "on disk");
static_assert(sizeof(struct kcsd_sidecar_header) == 128, "on disk");
static_assert(sizeof(struct kcsd_sidecar_record) == 48, "on disk");
static_assert(sizeof(struct kcsd_sidecar_zone) == 16, "on disk");
static_assert(sizeof(struct kcsd_sidecar_program) == 16, "on disk");
static_assert(sizeof(struct kcsd_sidecar_change) == 8, "on disk");

u32 kcsd_sidecar_crc(const void *p, size_t len)
{
	return ~kcsd_crc32c(~0u, p, len);
}

/* ---- drafts ---- */

u32 kcsd_sidecar_sectors(u32 len)
{
	return ((u64)len + sizeof(struct kcsd_sidecar_record) + KCSD_SIDECAR_SECTOR - 1) /
	       KCSD_SIDECAR_SECTOR;
}

struct kcsd_sidecar_draft *kcsd_sidecar_draft_alloc(u32 kind, u32 len)
{
	u32 sectors = kcsd_sidecar_sectors(len);
	size_t size = sizeof(struct kcsd_sidecar_draft) + (size_t)sectors * KCSD_SIDECAR_SECTOR;
	struct kcsd_sidecar_draft *d;

	/* A program stays in memory: charge it to the cgroup that loads it. */
	d = kind == KCSD_SIDECAR_PROGRAM ? kcsd_alloc(size) : kcsd_alloc_own(size);
	if (!d)
		return NULL;
	d->sectors = sectors;
	d->record->kind = cpu_to_le32(kind);
	d->record->len = cpu_to_le32(len);
	return d;
}

void kcsd_sidecar_draft_trim(struct kcsd_sidecar_draft *d, u32 len)
{
	u32 old = le32_to_cpu(d->record->len);

	memset((u8 *)kcsd_sidecar_payload(d) + len, 0, old - len);
	d->sectors = kcsd_sidecar_sectors(len);
	d->record->len = cpu_to_le32(len);
}

static bool is_zero(const u8 *p, size_t len)
{
	while (len && !*p) {
		p++;
		len--;
	}
	return !len;
}

/* ---- the whole state ---- */

static bool is_drive(const struct kcsd_sidecar_drive *drive)
{
	u32 block_size = le32_to_cpu(drive->block_size);
	u64 size = le64_to_cpu(drive->size), zone_size = le64_to_cpu(drive->zone_size);
	u64 capacity = le64_to_cpu(drive->zone_capacity);

	if ((block_size != 512 && block_size != 4096) || size % block_size)
		return false;
	if (!zone_size)
		return !capacity && !drive->conventional;
	if (zone_size & (zone_size - 1) || zone_size < block_size || size % zone_size ||
	    size / zone_size > KCSD_SIDECAR_MAX_ZONES)
		return false;
	return capacity && capacity <= zone_size && !(capacity % block_size) &&
	       le32_to_cpu(drive->conventional) <= size / zone_size;
}

static u64 pack(u8 cond, u64 wp)
{
	return (u64)cond << 56 | wp;
}

int kcsd_sidecar_state_init(struct kcsd_sidecar_state *s, const struct kcsd_sidecar_drive *drive)
{
	u64 zone_size = le64_to_cpu(drive->zone_size);
	u32 i;

	*s = (struct kcsd_sidecar_state){ .drive = *drive };
	if (!is_drive(drive))
		return -EINVAL;
	if (!zone_size)
		return 0;
	s->nr_zones = le64_to_cpu(drive->size) / zone_size;
	s->capacity = le64_to_cpu(drive->zone_capacity) / le32_to_cpu(drive->block_size);
	s->zones = kcsd_alloc_own(s->nr_zones * sizeof(*s->zones));
	if (!s->zones)
		return -ENOMEM;
	for (i = 0; i < s->nr_zones; i++)
		s->zones[i] = pack(KCSD_SIDECAR_EMPTY, 0);
	return 0;
}

void kcsd_sidecar_state_destroy(struct kcsd_sidecar_state *s)
{
	struct kcsd_sidecar_draft *d;

	while ((d = s->programs)) {
		s->programs = d->next;
		kcsd_free(d);
	}
	kcsd_free(s->zones);
	s->zones = NULL;
}

/* ---- programs ---- */

static u16 pind_of(struct kcsd_sidecar_draft *d)
{
	const struct kcsd_sidecar_program *p = kcsd_sidecar_payload(d);

	return le16_to_cpu(p->pind);
}

/* Return the link to the program of that index, or the place in the list where it belongs. */
static struct kcsd_sidecar_draft **find_program(struct kcsd_sidecar_draft **at, u16 pind)
{
	while (*at && pind_of(*at) < pind)
		at = &(*at)->next;
	return at;
}

static bool has_program(const struct kcsd_sidecar_state *s, u16 pind)
{
	struct kcsd_sidecar_draft *first = s->programs, **at = find_program(&first, pind);

	return *at && pind_of(*at) == pind;
}

static void drop_program(struct kcsd_sidecar_draft **at)
{
	struct kcsd_sidecar_draft *d = *at;

	*at = d->next;
	kcsd_free(d);
}

static void put_program(struct kcsd_sidecar_state *s, struct kcsd_sidecar_draft *d)
{
	struct kcsd_sidecar_draft **at = find_program(&s->programs, pind_of(d));

	if (*at && pind_of(*at) == pind_of(d))
		drop_program(at);
	d->next = *at;
	*at = d;
}

static void change_program(struct kcsd_sidecar_state *s, const struct kcsd_sidecar_change *c)
{
	struct kcsd_sidecar_draft **at = find_program(&s->programs, le16_to_cpu(c->pind));
	struct kcsd_sidecar_program *p = kcsd_sidecar_payload(*at);

	if (c->what == KCSD_SIDECAR_UNLOAD)
		drop_program(at);
	else
		p->active = c->what == KCSD_SIDECAR_ACTIVATE;
}

static bool is_program(const struct kcsd_sidecar_program *p, u32 len)
{
	return len > sizeof(*p) && p->active <= 1 && is_zero(p->rsvd5, sizeof(p->rsvd5));
}

static bool is_change(const struct kcsd_sidecar_state *s, const struct kcsd_sidecar_change *c,
		      u32 len)
{
	return len == sizeof(*c) && c->what <= KCSD_SIDECAR_UNLOAD &&
	       is_zero(c->rsvd3, sizeof(c->rsvd3)) && has_program(s, le16_to_cpu(c->pind));
}

/* ---- zones ---- */

static bool is_zone(const struct kcsd_sidecar_state *s, const struct kcsd_sidecar_zone *z)
{
	u32 zone = le32_to_cpu(z->zone);
	u64 wp = le64_to_cpu(z->wp);

	if (zone >= s->nr_zones || zone < le32_to_cpu(s->drive.conventional) ||
	    wp > s->capacity || !is_zero(z->rsvd5, sizeof(z->rsvd5)))
		return false;
	switch (z->cond) {
	case KCSD_SIDECAR_EMPTY:
		return !wp;
	case KCSD_SIDECAR_CLOSED:
		return wp && wp < s->capacity;
	case KCSD_SIDECAR_READONLY:
	case KCSD_SIDECAR_FULL:
	case KCSD_SIDECAR_OFFLINE:
		return true;
	default:
		return false;
	}
}

static bool are_zones(const struct kcsd_sidecar_state *s, const struct kcsd_sidecar_zone *z,
		      u32 len)
{
	u32 i;

	if (!len || len % sizeof(*z))
		return false;
	for (i = 0; i < len / sizeof(*z); i++)
		if (!is_zone(s, &z[i]))
			return false;
	return true;
}

static void put_zones(struct kcsd_sidecar_state *s, const struct kcsd_sidecar_zone *z, u32 nr)
{
	for (; nr; nr--, z++)
		s->zones[le32_to_cpu(z->zone)] = pack(z->cond, le64_to_cpu(z->wp));
}

/* ---- records ---- */

bool kcsd_sidecar_state_allows(const struct kcsd_sidecar_state *s, struct kcsd_sidecar_draft *d)
{
	u32 len = le32_to_cpu(d->record->len);

	if (!is_zero(d->record->rsvd32, sizeof(d->record->rsvd32)))
		return false;
	switch (le32_to_cpu(d->record->kind)) {
	case KCSD_SIDECAR_ZONES:
		return are_zones(s, kcsd_sidecar_payload(d), len);
	case KCSD_SIDECAR_PROGRAM:
		return is_program(kcsd_sidecar_payload(d), len);
	case KCSD_SIDECAR_PROGRAM_CHANGE:
		return is_change(s, kcsd_sidecar_payload(d), len);
	default:
		return false;
	}
}

void kcsd_sidecar_state_apply(struct kcsd_sidecar_state *s, struct kcsd_sidecar_draft *d)
{
	switch (le32_to_cpu(d->record->kind)) {
	case KCSD_SIDECAR_ZONES:
		put_zones(s, kcsd_sidecar_payload(d),
			  le32_to_cpu(d->record->len) / sizeof(struct kcsd_sidecar_zone));
		break;
	case KCSD_SIDECAR_PROGRAM:
		put_program(s, d);
		return;
	case KCSD_SIDECAR_PROGRAM_CHANGE:
		change_program(s, kcsd_sidecar_payload(d));
		break;
	}
	kcsd_free(d);
}

/*
 * Collect zones from *zone on whose state needs a record, at most max, and move *zone on. z may be
 * NULL, to count. Return their number.
 */
static u32 collect_zones(const struct kcsd_sidecar_state *s, u32 *zone, struct kcsd_sidecar_zone *z,
			 u32 max)
{
	u32 nr = 0;

	for (; *zone < s->nr_zones && nr < max; ++*zone) {
		if (s->zones[*zone] == pack(KCSD_SIDECAR_EMPTY, 0))
			continue;
		if (z)
			z[nr] = (struct kcsd_sidecar_zone){
				.zone = cpu_to_le32(*zone),
				.cond = kcsd_sidecar_zone_cond(s, *zone),
				.wp = cpu_to_le64(kcsd_sidecar_zone_wp(s, *zone)),
			};
		nr++;
	}
	return nr;
}

u64 kcsd_sidecar_programs_len(const struct kcsd_sidecar_state *s)
{
	const struct kcsd_sidecar_draft *d;
	u64 len = 0;

	for (d = s->programs; d; d = d->next)
		len += 2ULL * KCSD_SIDECAR_SECTOR * d->sectors;
	return len;
}

static int each_zones(struct kcsd_sidecar_state *s,
		      int (*fn)(void *arg, struct kcsd_sidecar_draft *d), void *arg)
{
	u32 nr, from = 0, to = 0;
	struct kcsd_sidecar_draft *d;
	int ret = 0;

	while (!ret && (nr = collect_zones(s, &to, NULL, ZONES_PER_RECORD))) {
		d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_ZONES,
					     nr * sizeof(struct kcsd_sidecar_zone));
		if (!d)
			return -ENOMEM;
		collect_zones(s, &from, kcsd_sidecar_payload(d), nr);
		ret = fn(arg, d);
		kcsd_free(d);
	}
	return ret;
}

int kcsd_sidecar_state_each(struct kcsd_sidecar_state *s,
			    int (*fn)(void *arg, struct kcsd_sidecar_draft *d), void *arg)
{
	struct kcsd_sidecar_draft *d;
	int ret = each_zones(s, fn, arg);

	for (d = s->programs; d && !ret; d = d->next)
		ret = fn(arg, d);
	return ret;
}
