// SPDX-License-Identifier: GPL-2.0
/* Find the state of the drive after power on: zones, their data, programs, UUID. */
#include <ctype.h>
#include <errno.h>
#include <linux/nvme_ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/kcsd.h>

#include "load.h"

#define SECTORS_PER_LBA	(LBA_SIZE / 512)
#define PROGRAMS	64
#define GET_LOG		0x02

static struct blk_zone_report *report(struct load *l)
{
	struct blk_zone_report *r;

	r = calloc(1, sizeof(*r) + MAX_ZONES * sizeof(struct blk_zone));
	r->nr_zones = MAX_ZONES;
	if (ioctl(l->block, BLKREPORTZONE, r))
		say_bad("report zones: %d", errno);
	return r;
}

/*
 * Read a zone by the drive: it must have complete LBAs below the write pointer, zeroes from there
 * on. Return the generation of the data, 0 if there is none.
 */
static uint64_t read_zone(struct load *l, uint32_t zone, const struct blk_zone *z)
{
	size_t len = (size_t)l->zone_lbas * LBA_SIZE;
	struct content *c = aligned_alloc(4096, len);
	uint32_t wp = z->cond == BLK_ZONE_COND_FULL ? 0 : (z->wp - z->start) / SECTORS_PER_LBA;
	uint64_t gen;
	uint32_t i;

	if (pread(l->block, c, len, (off_t)zone * len) != (ssize_t)len)
		say_bad("zone %u cannot be read: %d", zone, errno);
	gen = content_kind(c) == CONTENT_WHOLE ? c->version : 0;
	for (i = 0; i < l->zone_lbas && content_kind(&c[i]) == CONTENT_WHOLE; i++)
		;
	/* The write pointer of a full zone does not tell how much data it has. */
	if (z->cond != BLK_ZONE_COND_FULL && i != wp)
		say_bad("zone %u has %u LBAs with data, its write pointer is %u", zone, i, wp);
	l->zones[zone].wp = i;
	for (; i < l->zone_lbas; i++)
		if (content_kind(&c[i]) != CONTENT_ZERO)
			say_bad("LBA %u of zone %u reads as something, past the data", i, zone);
	free(c);
	return gen;
}

/* Begin a new generation in a zone without data, which needs no reset. */
static void zone_begin(struct load *l, uint32_t zone)
{
	l->zones[zone].gen = ++l->version;
	say("resetting %u %llu", zone, (unsigned long long)l->zones[zone].gen);
}

static void find_zones(struct load *l)
{
	struct blk_zone_report *r = report(l);

	l->nr_zones = r->nr_zones;
	l->zone_lbas = r->zones[0].len / SECTORS_PER_LBA;
	for (uint32_t i = 0; i < l->nr_zones; i++) {
		const struct blk_zone *z = &r->zones[i];

		if (z->type == BLK_ZONE_TYPE_CONVENTIONAL) {
			l->conventional++;
			continue;
		}
		l->capacity = z->capacity / SECTORS_PER_LBA;
		l->zones[i].cond = z->cond;
		l->zones[i].gen = read_zone(l, i, z);
		say("found %u %u %u %llu", i, z->cond, l->zones[i].wp,
		    (unsigned long long)l->zones[i].gen);
		if (!l->zones[i].wp)
			zone_begin(l, i);
	}
	free(r);
}

static void find_programs(struct load *l)
{
	struct {
		struct kcsd_program_list head;
		struct kcsd_program_desc descs[PROGRAMS];
	} *list = aligned_alloc(4096, sizeof(*list));
	struct nvme_passthru_cmd64 c = {
		.opcode = GET_LOG, .nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)list, .data_len = sizeof(*list),
		.cdw10 = KCSD_LOG_PROGRAM_LIST | (sizeof(*list) / 4 - 1) << 16,
	};
	int ret = ioctl(l->ctrl, NVME_IOCTL_ADMIN64_CMD, &c);

	if (ret)
		say_bad("program list: %d", ret);
	for (uint32_t i = 0; i < PROGRAMS; i++) {
		const struct kcsd_program_desc *d = &list->descs[i];
		bool there = KCSD_PROGRAM_PEOCC(d->state) == KCSD_PROGRAM_PEOCC_DOWNLOADED;

		struct program p = { 0, 2 };

		if (there)
			p = (struct program){ d->puid, !!(d->state & KCSD_PROGRAM_ACT) };
		say("program %u %llu %d", i, (unsigned long long)p.puid, p.state);
		if (i < LOAD_PROGRAMS)
			l->programs[i] = p;
	}
	free(list);
}

static void find_uuid(struct load *l)
{
	char path[64], text[64] = "", hex[33] = "";
	FILE *file;
	int n = 0;

	snprintf(path, sizeof(path), "/sys/class/kcsd/kcsd%u/uuid", l->index);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		say_bad("no %s", path);
	fclose(file);
	for (const char *p = text; *p && n < 32; p++)
		if (isxdigit(*p))
			hex[n++] = *p;
	say("uuid %s", hex);
}

void drive_find(struct load *l)
{
	find_zones(l);
	find_programs(l);
	find_uuid(l);
}
