// SPDX-License-Identifier: GPL-2.0
/* Reset and finish zones. Called by the owner; durable once the command is acknowledged. */
#include "load.h"

void zone_reset(struct load *l, uint32_t zone)
{
	struct zone *z = &l->zones[zone];
	unsigned long long gen = ++l->version;
	int ret;

	say("resetting %u %llu", zone, gen);
	ret = drive_zone(l, zone, BLKRESETZONE);
	if (ret)
		say_bad("reset of zone %u: %d", zone, ret);
	say("reset %u %llu", zone, gen);
	*z = (struct zone){ gen, 0, BLK_ZONE_COND_EMPTY };
}

void zone_finish(struct load *l, uint32_t zone)
{
	struct zone *z = &l->zones[zone];
	int ret;

	say("finishing %u %llu", zone, (unsigned long long)z->gen);
	ret = drive_zone(l, zone, BLKFINISHZONE);
	if (ret)
		say_bad("finish of zone %u: %d", zone, ret);
	say("finished %u %llu", zone, (unsigned long long)z->gen);
	z->cond = BLK_ZONE_COND_FULL;
}
