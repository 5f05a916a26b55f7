// SPDX-License-Identifier: GPL-2.0
#include <endian.h>

#include "model.h"

struct kcsd_sidecar_drive model_drive;

void model_setup(void)
{
	model_drive = (struct kcsd_sidecar_drive){
		.uuid = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
		.size = htole64(MODEL_ZONES * 128 * 4096),
		.zone_size = htole64(128 * 4096),
		.zone_capacity = htole64(MODEL_CAPACITY * 4096),
		.block_size = htole32(4096),
		.conventional = htole32(MODEL_CONVENTIONAL),
	};
}

void model_init(struct model *m)
{
	u32 i;

	memset(m, 0, sizeof(*m));
	for (i = 0; i < MODEL_ZONES; i++)
		m->zone[i].cond = KCSD_SIDECAR_EMPTY;
}

static void change_zone(struct model *m, u32 zone)
{
	static const u8 conds[] = {
		KCSD_SIDECAR_EMPTY, KCSD_SIDECAR_CLOSED, KCSD_SIDECAR_CLOSED, KCSD_SIDECAR_CLOSED,
		KCSD_SIDECAR_FULL, KCSD_SIDECAR_READONLY, KCSD_SIDECAR_OFFLINE,
	};
	u8 cond = conds[below(ARRAY_SIZE(conds))];

	m->zone[zone].cond = cond;
	if (cond == KCSD_SIDECAR_EMPTY)
		m->zone[zone].wp = 0;
	else if (cond == KCSD_SIDECAR_CLOSED)
		m->zone[zone].wp = 1 + below(MODEL_CAPACITY - 1);
	else
		m->zone[zone].wp = below(MODEL_CAPACITY + 1);
}

struct kcsd_sidecar_draft *model_change_zones(struct model *m)
{
	u32 i, nr = 1 + below(below(8) ? 3 : 35);
	struct kcsd_sidecar_draft *d =
		kcsd_sidecar_draft_alloc(KCSD_SIDECAR_ZONES, nr * sizeof(struct kcsd_sidecar_zone));
	struct kcsd_sidecar_zone *z = kcsd_sidecar_payload(d);

	for (i = 0; i < nr; i++) {
		u32 zone = MODEL_CONVENTIONAL + below(MODEL_ZONES - MODEL_CONVENTIONAL);

		change_zone(m, zone);
		z[i].zone = htole32(zone);
		z[i].cond = m->zone[zone].cond;
		z[i].wp = htole64(m->zone[zone].wp);
	}
	return d;
}

struct kcsd_sidecar_draft *model_load(struct model *m, u32 pind, u32 len)
{
	struct kcsd_sidecar_draft *d;
	struct kcsd_sidecar_program *p;
	u32 i;

	d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_PROGRAM, sizeof(*p) + len);
	p = kcsd_sidecar_payload(d);
	p->pind = htole16(pind);
	p->ptype = 0xc0;
	p->pit = 1;
	p->active = below(2);
	p->puid = htole64(below(1000));
	m->program[pind].len = len;
	m->program[pind].active = p->active;
	m->program[pind].puid = le64toh(p->puid);
	for (i = 0; i < len; i++)
		m->program[pind].image[i] = below(256);
	memcpy(p + 1, m->program[pind].image, len);
	return d;
}

static struct kcsd_sidecar_draft *change_program(struct model *m, u32 pind)
{
	struct kcsd_sidecar_draft *d;
	struct kcsd_sidecar_change *c;

	if (!m->program[pind].len)
		return model_load(m, pind, 1 + below(MODEL_IMAGE));
	d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_PROGRAM_CHANGE, sizeof(*c));
	c = kcsd_sidecar_payload(d);
	c->pind = htole16(pind);
	c->what = below(3);
	if (c->what == KCSD_SIDECAR_UNLOAD)
		m->program[pind].len = 0;
	else
		m->program[pind].active = c->what;
	return d;
}

struct kcsd_sidecar_draft *model_change(struct model *m)
{
	return below(3) ? model_change_zones(m) : change_program(m, below(MODEL_PROGRAMS));
}

static bool programs_are(const struct model *m, const struct kcsd_sidecar_state *s)
{
	struct kcsd_sidecar_draft *d = s->programs;
	u32 i;

	for (i = 0; i < MODEL_PROGRAMS; i++) {
		const struct kcsd_sidecar_program *p;

		if (!m->program[i].len)
			continue;
		if (!d)
			return false;
		p = kcsd_sidecar_payload(d);
		if (le16toh(p->pind) != i || p->active != m->program[i].active ||
		    le64toh(p->puid) != m->program[i].puid || p->ptype != 0xc0 || p->pit != 1 ||
		    le32toh(d->record->len) != sizeof(*p) + m->program[i].len ||
		    memcmp(p + 1, m->program[i].image, m->program[i].len))
			return false;
		d = d->next;
	}
	return !d;
}

bool model_is(const struct model *m, const struct kcsd_sidecar_state *s)
{
	u32 i;

	if (memcmp(&s->drive, &model_drive, sizeof(model_drive)) || s->nr_zones != MODEL_ZONES)
		return false;
	for (i = 0; i < MODEL_ZONES; i++)
		if (kcsd_sidecar_zone_cond(s, i) != m->zone[i].cond ||
		    kcsd_sidecar_zone_wp(s, i) != m->zone[i].wp)
			return false;
	return programs_are(m, s);
}

struct disk *model_use(struct model *m, u64 file_size, u32 changes)
{
	struct disk *d = disk_create(file_size);
	struct kcsd_sidecar_journal journal;

	model_init(m);
	if (kcsd_sidecar_journal_create(&journal, &d->io, file_size, &model_drive))
		abort();
	while (changes--)
		if (kcsd_sidecar_journal_append(&journal, model_change(m)))
			abort();
	kcsd_sidecar_journal_close(&journal);
	return d;
}
