// SPDX-License-Identifier: GPL-2.0
/* What holds after any commands, in models of all kinds. */
#include "tests.h"

#define COMMANDS	2000
#define SECOND		1000000000ULL

struct setup {
	const char *preset;
	u64 capacity;
	const char *set[8];
};

static const struct setup setups[] = {
	{ "970pro", 64 * MB, {} },
	{ "970pro", 64 * MB, { "link_duplex", "0", "command_ns", "3000", "cores", "2" } },
	{ "zn540", 4 * GB, {} },
	{ "zns-prototype", 128 * MB, {} },
	{ "optane", 64 * MB, {} },
	{ "plain", 64 * MB, { "partitions", "2", "block_pages", "4", "buffer_size", "0" } },
	{ "plain", 64 * MB, { "block_pages", "4", "buffer_safe", "0", "channel_mbps", "400" } },
	{ "plain", 64 * MB, { "planes", "4", "plane_reads", "1", "program_size", "64K",
			      "block_pages", "4" } },
};

static struct kcsd_timing *make(const struct setup *setup)
{
	char why[KCSD_TIMING_WHY];
	struct kcsd_timing_params p;
	const struct kcsd_timing_preset *preset = kcsd_timing_preset(&p, setup->preset);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(setup->set) && setup->set[i]; i += 2) {
		if (kcsd_timing_params_parse(&p, setup->set[i], setup->set[i + 1], why,
					     sizeof(why)))
			printf("Bail out! %s\n", why);
	}
	return make_model(&p, setup->capacity, preset->zone_size);
}

static struct kcsd_timing_cmd any_command(const struct kcsd_timing *t, u64 *state, u64 arrival)
{
	struct kcsd_timing_cmd cmd = { .arrival = arrival,
				       .op = loop_random(state) % KCSD_TIMING_NR_OPS };
	u64 most = loop_random(state) % 3 ? 32 * KB : 512 * KB;

	/* Mostly reads and writes. */
	if (loop_random(state) % 4)
		cmd.op = loop_random(state) % 2 ? KCSD_TIMING_READ : KCSD_TIMING_WRITE;
	cmd.offset = loop_random(state) % (t->shape.capacity / 512) * 512;
	cmd.bytes = loop_random(state) % (most / 512) * 512;
	cmd.bytes = min(cmd.bytes, t->shape.capacity - cmd.offset);
	if (!(loop_random(state) % 8))
		cmd.flags = loop_random(state) % 4;
	return cmd;
}

/* Fold what a command got into a number. */
static u64 fold(u64 hash, const struct kcsd_timing_done *done)
{
	hash = (hash ^ done->start) * 0x100000001b3ULL;
	hash = (hash ^ done->end) * 0x100000001b3ULL;
	hash = (hash ^ done->parts.media) * 0x100000001b3ULL;
	return (hash ^ done->parts.link) * 0x100000001b3ULL;
}

/* Find resources of which the reserved time is not the sum of all reservations: used twice. */
static u64 used_twice(const struct kcsd_resource *r)
{
	u64 sum = 0;
	u32 i;

	/* After a span was forgotten nothing can be said. */
	if (r->floor)
		return 0;
	for (i = r->first; i < r->last; i++) {
		sum += r->spans[i].end - r->spans[i].start;
		if (i > r->first && r->spans[i].start <= r->spans[i - 1].end)
			return 1;
	}
	return sum != r->busy + r->closed;
}

static u64 all_used_twice(const struct kcsd_timing *t)
{
	u64 wrong = used_twice(&t->link_out.r) + used_twice(&t->link_in.r) + used_twice(&t->slm.r);
	u32 i;

	for (i = 0; i < t->nr_cores; i++)
		wrong += used_twice(&t->cores[i]);
	for (i = 0; i < t->flash.nr_channels; i++)
		wrong += used_twice(&t->flash.channels[i].r);
	for (i = 0; i < t->flash.nr_dies * t->flash.nr_lanes; i++)
		wrong += used_twice(&t->flash.lanes[i]);
	for (i = 0; i < t->lanes.nr; i++)
		wrong += used_twice(&t->lanes.lanes[i]);
	return wrong;
}

/* Let no gap be closed, so that spans are what was reserved. */
static void keep_gaps(struct kcsd_timing *t)
{
	u32 i;

	t->link_out.r.least = 1;
	t->link_in.r.least = 1;
	t->slm.r.least = 1;
	for (i = 0; i < t->nr_cores; i++)
		t->cores[i].least = 1;
	for (i = 0; i < t->flash.nr_channels; i++)
		t->flash.channels[i].r.least = 1;
	for (i = 0; i < t->flash.nr_dies * t->flash.nr_lanes; i++)
		t->flash.lanes[i].least = 1;
	for (i = 0; i < t->lanes.nr; i++)
		t->lanes.lanes[i].least = 1;
}

static void test_nothing_twice(const struct setup *setup, u32 nr)
{
	u64 state = 21, wrong = 0, round, i;

	for (round = 0; round < 20; round++) {
		struct kcsd_timing *t = make(setup);
		u64 arrival = 0;

		keep_gaps(t);
		for (i = 0; i < 60; i++) {
			struct kcsd_timing_cmd cmd = any_command(t, &state, arrival);
			struct kcsd_timing_done done;

			arrival += loop_random(&state) % 20000;
			kcsd_timing_submit(t, &cmd, &done);
			wrong += all_used_twice(t);
		}
		kcsd_timing_destroy(t);
	}
	IS(wrong, 0, "%s %u: no resource is used twice at a time", setup->preset, nr);
}

/* True if the map, the owners, the bits and the counts of lines say the same. */
static bool map_is_consistent(struct kcsd_ftl *ftl)
{
	u64 mapped = 0, valid = 0, set = 0, i, line;
	u32 part;

	for (i = 0; i < ftl->nr_units; i++) {
		const struct kcsd_ftl_part *p = &ftl->parts[i % ftl->nr_parts];
		u32 physical = ftl->map[i], pos;

		if (physical == KCSD_FTL_NONE)
			continue;
		mapped++;
		line = physical / ftl->line_units;
		pos = physical % ftl->line_units;
		if (p->owners[physical] != i ||
		    !(p->valid[line * ftl->line_words + pos / 64] >> pos % 64 & 1))
			return false;
	}
	for (part = 0; part < ftl->nr_parts; part++) {
		const struct kcsd_ftl_part *p = &ftl->parts[part];

		for (line = 0; line < ftl->nr_lines; line++)
			valid += p->counts[line].valid;
		for (i = 0; i < (u64)ftl->nr_lines * ftl->line_words; i++)
			set += __builtin_popcountll(p->valid[i]);
	}
	return mapped == ftl->mapped && valid == mapped && set == mapped && !ftl->lost;
}

static void test_commands(const struct setup *setup, u32 nr)
{
	struct kcsd_timing *t = make(setup), *again = make(setup);
	u64 state = 31, arrival = 0, read = 0, written = 0, hash = 0, same = 0, bad = 0, i;
	struct kcsd_timing_stats s;

	for (i = 0; i < COMMANDS; i++) {
		struct kcsd_timing_cmd cmd = any_command(t, &state, arrival);
		struct kcsd_timing_done done;

		arrival += loop_random(&state) % 100000;
		if (kcsd_timing_submit(t, &cmd, &done)) {
			bad++;
			continue;
		}
		bad += done.start < cmd.arrival || done.end < done.start;
		bad += done.parts.link + done.parts.controller + done.parts.media +
			done.parts.compute + done.parts.waiting != done.end - cmd.arrival;
		bad += done.parts.waiting > done.end - cmd.arrival;
		read += cmd.op == KCSD_TIMING_READ ? cmd.bytes : 0;
		written += cmd.op == KCSD_TIMING_WRITE ? cmd.bytes : 0;
		hash = fold(hash, &done);
		kcsd_timing_submit(again, &cmd, &done);
		same = fold(same, &done);
	}
	kcsd_timing_get_stats(t, &s);
	IS(bad, 0, "%s %u: nothing ends before it begins, parts add up", setup->preset, nr);
	IS(same, hash, "%s %u: the same commands take the same times", setup->preset, nr);
	IS(s.user_read, read, "%s %u: bytes read are counted", setup->preset, nr);
	IS(s.user_written, written, "%s %u: bytes written are counted", setup->preset, nr);
	if (t->has_flash && !t->zoned) {
		u64 gathered = 0, units = s.media_written;
		u32 j;

		for (j = 0; j < t->ftl.nr_parts; j++) {
			/* Let the writes that wait be carried out. */
			kcsd_ftl_trim(&t->ftl, j);
			gathered += t->ftl.parts[j].host.gathered + t->ftl.parts[j].moved.gathered;
		}
		OK(map_is_consistent(&t->ftl), "%s %u: the map is consistent", setup->preset, nr);
		/* Units of which a part was written count as a whole. */
		OK(units + gathered * 4 * KB >= written + s.moved + s.padded,
		   "%s %u: each byte written is programmed", setup->preset, nr);
	}
	kcsd_timing_destroy(t);
	kcsd_timing_destroy(again);
}

/*
 * 32 dies out of step are reserved for minutes, with far more pieces than the link remembers. Reads
 * of the other dies wait for a small part of that.
 */
static void test_far_ahead(void)
{
	struct kcsd_timing_params p;
	u64 i, first, late = 0;
	struct kcsd_timing *t;

	kcsd_timing_preset(&p, "plain");
	p.read_part_ns = p.read_page_ns = SECOND;
	t = make_model(&p, 64 * MB, 0);
	for (i = 0; i < 32; i++)
		submit(t, i * SECOND / 1000, KCSD_TIMING_READ, i * 4 * KB, 4 * KB);
	for (i = 0; i < 440; i++)
		submit(t, SECOND / 10, KCSD_TIMING_READ, 0, 128 * KB);
	first = submit(t, SECOND / 10, KCSD_TIMING_READ, 48 * 4 * KB, 4 * KB).end - SECOND / 10;
	OK(first < SECOND + SECOND / 20, "a read of an idle die is not late while others are busy: %"
	   PRIu64, first);
	for (i = 1; i < 400; i++) {
		struct kcsd_timing_done done = submit(t, i * SECOND, KCSD_TIMING_READ,
						      (32 + i % 32) * 4 * KB, 4 * KB);

		late = max(late, done.end - (i + 1) * SECOND);
	}
	OK(late < 440 * SECOND / 200, "nor are those that follow: %" PRIu64, late);
	kcsd_timing_destroy(t);
}

/* Whole units only: then what is programmed is what was written, moved and padded. */
static void test_conservation(void)
{
	struct loop l = { .t = make(&setups[0]), .depth = 16 };
	struct kcsd_timing_stats s;
	u64 state = 41, gathered = 0, i;

	for (i = 0; i < 60000; i++)
		loop_submit(&l, KCSD_TIMING_WRITE, loop_random(&state) % (63 * MB / 4096) * 4096,
			    (loop_random(&state) % 8 + 1) * 4096, NULL);
	for (i = 0; i < l.t->ftl.nr_parts; i++) {
		const struct kcsd_ftl_part *part = &l.t->ftl.parts[i];

		gathered += part->nr_pending + part->host.gathered + part->moved.gathered;
	}
	kcsd_timing_get_stats(l.t, &s);
	OK(s.moved > 0 && s.erases > 0, "writes make collection move units and erase");
	IS(s.media_written + gathered * 4096, s.user_written + s.moved + s.padded,
	   "bytes programmed are those written, moved and padded");
	IS(s.media_written, s.programs * 32 * KB, "in whole programs");
	kcsd_timing_destroy(l.t);
}

/* The times of a fixed sequence, for every compiler and kernel. */
static void test_bits(void)
{
	struct loop l = { .t = make(&setups[0]), .depth = 32 };
	u64 state = 51, hash = 0, i;

	for (i = 0; i < 20000; i++) {
		struct kcsd_timing_done done;
		u8 op = loop_random(&state) % 3 ? KCSD_TIMING_WRITE : KCSD_TIMING_READ;
		u64 offset = loop_random(&state) % (63 * MB / 4096) * 4096;

		loop_submit(&l, op, offset, (loop_random(&state) % 8 + 1) * 4096, &done);
		hash = fold(hash, &done);
	}
	IS(hash, (int64_t)0xf2d7c95612c58667, "a fixed sequence has the times that it had before");
	tap_note("%#" PRIx64, (uint64_t)hash);
	kcsd_timing_destroy(l.t);
}

void property_tests(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(setups); i++) {
		test_nothing_twice(&setups[i], i);
		test_commands(&setups[i], i);
	}
	test_far_ahead();
	test_conservation();
	test_bits();
}
