// SPDX-License-Identifier: GPL-2.0
#include "model.h"

#include "path.h"

static int init_pipes(struct kcsd_timing *t)
{
	const struct kcsd_timing_params *p = &t->params;

	/* The shortest transfer that counts is an LBA; latency of the link does not occupy it. */
	if (kcsd_pipe_init(&t->link_out, KCSD_RESOURCE_MANY, p->link_read_mbps, 0, 4096, 512,
			   &t->now) ||
	    kcsd_pipe_init(&t->link_in, KCSD_RESOURCE_MANY, p->link_write_mbps, 0, 4096, 512,
			   &t->now))
		return -ENOMEM;
	return kcsd_pipe_init(&t->slm, KCSD_RESOURCE_MANY, p->slm_mbps, 0, 4096, 512, &t->now);
}

static int init_media(struct kcsd_timing *t)
{
	const struct kcsd_timing_params *p = &t->params;
	int err;

	if (!t->has_flash)
		return kcsd_lanes_init(&t->lanes, p, &t->now);
	err = kcsd_flash_init(&t->flash, p, &t->now);
	if (err)
		return err;
	return t->zoned ? kcsd_timing_zones_init(&t->zones, &t->flash, p, &t->shape) :
		kcsd_ftl_init(&t->ftl, &t->flash, p, t->shape.capacity);
}

static int init(struct kcsd_timing *t)
{
	const struct kcsd_timing_params *p = &t->params;
	u32 i;

	t->nr_cores = p->cores;
	t->piece = p->piece_size;
	t->unit_bytes = p->map_unit;
	while (1U << t->unit_shift < t->unit_bytes)
		t->unit_shift++;
	t->has_flash = p->media == KCSD_TIMING_FLASH;
	t->zoned = t->shape.zone_size;
	if (t->has_flash && !t->zoned)
		kcsd_geometry_set_blocks(&t->params, t->shape.capacity);
	kcsd_timing_units_init(&t->units, p);
	for (i = 0; i < t->nr_cores; i++) {
		if (kcsd_resource_init(&t->cores[i], KCSD_RESOURCE_FEW, p->command_ns, &t->now))
			return -ENOMEM;
	}
	return init_pipes(t) ? -ENOMEM : init_media(t);
}

static u64 need_zones(const struct kcsd_timing_params *p, const struct kcsd_timing_shape *shape,
		      u64 *largest)
{
	u64 nr = kcsd_timing_div_up(shape->capacity, shape->zone_size);
	u64 ends = nr * kcsd_buffer_room(p->zone_buffer_size, p->program_size) * sizeof(u64);
	u64 zones = nr * sizeof(struct kcsd_timing_zone);

	*largest = max(ends, zones);
	return ends + zones;
}

static u64 need_map(const struct kcsd_timing_params *p, u64 capacity, u64 *largest)
{
	struct kcsd_timing_params q = *p;
	u64 map = kcsd_timing_div_up(capacity, p->map_unit) * sizeof(u32), lines, part;

	kcsd_geometry_set_blocks(&q, capacity);
	lines = kcsd_geometry_lines(&q, capacity);
	part = lines * kcsd_geometry_line_units(&q) * sizeof(u32);
	*largest = max(map, part);
	/* Besides owners a bit for each unit, and what is kept of each line. */
	return map + p->partitions * (part + part / 32 + lines * 48) +
		kcsd_buffer_room(p->buffer_size, p->program_size) * sizeof(u64);
}

u64 kcsd_timing_need(const struct kcsd_timing_params *p, const struct kcsd_timing_shape *shape,
		     u64 *largest)
{
	*largest = 0;
	if (p->media != KCSD_TIMING_FLASH)
		return 0;
	return shape->zone_size ? need_zones(p, shape, largest) :
		need_map(p, shape->capacity, largest);
}

int kcsd_timing_create(const struct kcsd_timing_params *p, const struct kcsd_timing_shape *shape,
		       struct kcsd_timing **model, char *why, size_t room)
{
	struct kcsd_timing *t;
	int err = kcsd_timing_params_check(p, shape, why, room);

	if (err)
		return err;
	t = kcsd_alloc_own(sizeof(*t));
	err = -ENOMEM;
	if (t) {
		t->params = *p;
		t->shape = *shape;
		err = init(t);
	}
	if (err) {
		kcsd_timing_destroy(t);
		snprintf(why, room, "There is not enough memory for the model of time.");
		return err;
	}
	*model = t;
	return 0;
}

void kcsd_timing_destroy(struct kcsd_timing *t)
{
	u32 i;

	if (!t)
		return;
	for (i = 0; i < t->nr_cores; i++)
		kcsd_resource_destroy(&t->cores[i]);
	kcsd_pipe_destroy(&t->link_out);
	kcsd_pipe_destroy(&t->link_in);
	kcsd_pipe_destroy(&t->slm);
	kcsd_ftl_destroy(&t->ftl);
	kcsd_timing_zones_destroy(&t->zones);
	kcsd_lanes_destroy(&t->lanes);
	kcsd_flash_destroy(&t->flash);
	kcsd_free(t);
}

/* Return the firmware delay of a command. */
static u64 delay_of(const struct kcsd_timing *t, const struct kcsd_timing_cmd *cmd)
{
	const struct kcsd_timing_params *p = &t->params;

	if (cmd->op == KCSD_TIMING_READ)
		return cmd->bytes <= p->read_part_size ? p->read_small_delay_ns : p->read_delay_ns;
	if (cmd->op == KCSD_TIMING_WRITE)
		return p->write_delay_ns + (cmd->bytes + 4095) / 4096 * p->write_4k_delay_ns;
	return 0;
}

/* Move the data of a command, whose controller part ends at this time. */
static void move(struct kcsd_timing *t, const struct kcsd_timing_cmd *cmd, u64 at,
		 struct kcsd_timing_path *path)
{
	enum kcsd_timing_side side = cmd->flags & KCSD_TIMING_INSIDE ? KCSD_SIDE_NONE :
		KCSD_SIDE_HOST;

	*path = (struct kcsd_timing_path){ .end = at };
	switch (cmd->op) {
	case KCSD_TIMING_READ:
		kcsd_timing_read(t, at, cmd->offset, cmd->bytes, side, path);
		break;
	case KCSD_TIMING_WRITE:
		kcsd_timing_write(t, at, cmd->offset, cmd->bytes, side,
				  cmd->flags & KCSD_TIMING_FUA, path);
		break;
	case KCSD_TIMING_TRIM:
		kcsd_timing_trim(t, cmd->offset, cmd->bytes);
		break;
	case KCSD_TIMING_FLUSH:
		kcsd_timing_flush(t, at, path);
		break;
	case KCSD_TIMING_ZONE_RESET:
	case KCSD_TIMING_ZONE_FINISH:
		kcsd_timing_zone(t, at, cmd->offset, cmd->op == KCSD_TIMING_ZONE_RESET, path);
		break;
	case KCSD_TIMING_MEM_READ:
	case KCSD_TIMING_OTHER:
		kcsd_timing_send(t, at, cmd->bytes, cmd->op == KCSD_TIMING_MEM_READ, path);
		break;
	case KCSD_TIMING_MEM_WRITE:
		kcsd_timing_receive(t, at, cmd->bytes, path);
		break;
	}
}

/* True if the command has bytes on the link; counts them. */
static bool count_link(struct kcsd_timing *t, const struct kcsd_timing_cmd *cmd)
{
	bool in = cmd->op == KCSD_TIMING_WRITE || cmd->op == KCSD_TIMING_MEM_WRITE;
	bool out = cmd->op == KCSD_TIMING_READ || cmd->op == KCSD_TIMING_MEM_READ ||
		cmd->op == KCSD_TIMING_OTHER;

	if (!cmd->bytes || cmd->flags & KCSD_TIMING_INSIDE || !(in || out))
		return false;
	*(in ? &t->stats.host_written : &t->stats.host_read) += cmd->bytes;
	return true;
}

int kcsd_timing_submit(struct kcsd_timing *t, const struct kcsd_timing_cmd *cmd,
		       struct kcsd_timing_done *done)
{
	bool first = cmd->op != KCSD_TIMING_WRITE;
	struct kcsd_timing_path path;
	u64 at, delay, fixed;
	int err = kcsd_timing_check_range(t, cmd->op, cmd->offset, cmd->bytes);

	if (err || cmd->arrival > KCSD_TIMING_MAX_TIME)
		return err ? err : -ERANGE;
	if (!(cmd->flags & KCSD_TIMING_LATER))
		kcsd_timing_pass(t, cmd->arrival);
	if (t->has_flash && !t->zoned)
		kcsd_ftl_prefetch(&t->ftl, cmd->offset >> t->unit_shift);
	at = kcsd_timing_take_core(t, cmd->arrival, &done->start);
	delay = delay_of(t, cmd);
	/* The firmware works on a read before it moves data, on a write after that. */
	move(t, cmd, first ? at + delay : at, &path);
	fixed = count_link(t, cmd) ? t->params.link_ns : 0;
	done->end = path.end + fixed + (first ? 0 : delay);
	done->parts = (struct kcsd_timing_parts){
		.link = path.link + fixed,
		.controller = at - done->start + delay,
		.media = path.media,
	};
	done->parts.waiting = done->end - cmd->arrival - done->parts.link -
		done->parts.controller - done->parts.media;
	t->stats.commands[cmd->op]++;
	t->stats.busy_until = max(t->stats.busy_until, done->end);
	return 0;
}
