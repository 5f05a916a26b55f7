// SPDX-License-Identifier: GPL-2.0
/*
 * Zones of a replay: where appends go, and which writes a zone would refuse. The model of time
 * takes any write.
 */
#include <stdlib.h>

#include "replay.h"

#define UNKNOWN	UINT64_MAX	/* write pointer of a zone before its first command */

bool kcsd_replay_zones_init(struct replay *r)
{
	uint64_t i, nr = r->shape.capacity / r->shape.zone_size;

	r->zone_wp = malloc(nr * sizeof(*r->zone_wp));
	for (i = 0; r->zone_wp && i < nr; i++)
		r->zone_wp[i] = UNKNOWN;
	return r->zone_wp;
}

void kcsd_replay_zone_write(struct replay *r, bool append, uint64_t *offset, uint64_t len)
{
	uint64_t size = r->shape.zone_size, zone = *offset / size, start = *offset % size;
	uint64_t *wp = &r->zone_wp[zone];
	bool fits;

	if (*wp == UNKNOWN)
		*wp = append ? 0 : start;
	fits = len <= size - *wp;
	if (append)
		*offset = zone * size + (fits ? *wp : 0);
	r->zone_writes++;
	if (fits && (append || start == *wp))
		*wp += len;
	else
		r->writes_refused++;
}

/* Submit a command of one zone. Return 0, or an error of the model. */
static int manage_zone(struct replay *r, uint8_t op, uint64_t arrival, uint64_t zone,
		       struct kcsd_timing_done *done)
{
	const struct kcsd_timing_cmd cmd = {
		.arrival = arrival,
		.offset = zone * r->shape.zone_size,
		.bytes = 1,
		.op = op,
	};
	struct kcsd_timing_done piece;
	int ret = kcsd_timing_submit(r->model, &cmd, &piece);

	if (!ret && piece.end >= done->end)
		*done = piece;
	r->zone_wp[zone] = op == KCSD_TIMING_ZONE_RESET ? 0 : r->shape.zone_size;
	return ret;
}

/* Set the zones that a command names: from *first up to *end. */
static void find_zones(const struct replay *r, const struct replay_cmd *cmd, uint64_t *first,
		       uint64_t *end)
{
	uint64_t size = r->shape.zone_size;

	if (cmd->kind == REPLAY_TRIM) {
		*first = (cmd->offset + size - 1) / size;
		*end = (cmd->offset + cmd->len) / size;
	} else if (cmd->all) {
		*first = 0;
		*end = r->shape.capacity / size;
	} else {
		*first = cmd->offset / size;
		*end = *first + 1;
	}
}

/* True if a command of all zones leaves this one: there is nothing to finish. */
static bool is_left(const struct replay *r, const struct replay_cmd *cmd, uint64_t zone)
{
	return cmd->all && cmd->kind == REPLAY_FINISH &&
	       (!r->zone_wp[zone] || r->zone_wp[zone] == UNKNOWN);
}

int kcsd_replay_zone_manage(struct replay *r, const struct replay_cmd *cmd, uint64_t arrival,
			    struct kcsd_timing_done *done)
{
	const struct kcsd_timing_cmd none = { .arrival = arrival, .op = KCSD_TIMING_OTHER };
	uint8_t op = cmd->kind == REPLAY_FINISH ? KCSD_TIMING_ZONE_FINISH : KCSD_TIMING_ZONE_RESET;
	uint64_t zone, end, nr = 0;
	int ret = 0;

	find_zones(r, cmd, &zone, &end);
	if (zone >= end) {
		r->source.skipped[REPLAY_SKIP_ZONES]++;
		return 1;
	}
	done->end = 0;
	for (; !ret && zone < end; zone++) {
		if (is_left(r, cmd, zone))
			continue;
		ret = manage_zone(r, op, arrival, zone, done);
		nr++;
	}
	return nr ? ret : kcsd_timing_submit(r->model, &none, done);
}
