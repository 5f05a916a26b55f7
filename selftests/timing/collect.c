// SPDX-License-Identifier: GPL-2.0
/*
 * Write amplification under uniform random writes: FIFO choice against the formula, greedy choice
 * against a simulation that shares no code with the model.
 */
#include "tests.h"

#define LINES	1000		/* about */
#define PAGES	64		/* of a line */

static struct kcsd_timing *make(u64 overprovision, u64 gc)
{
	struct kcsd_timing_params p;

	kcsd_timing_preset(&p, "plain");
	p.channels = 1;
	p.dies = 1;
	p.block_pages = PAGES;
	p.overprovision = overprovision;
	p.gc = gc;
	return make_model(&p, LINES * PAGES * 4 * KB, 0);
}

/* Return thousandths of write amplification, once it is steady. */
static u64 measure(struct kcsd_timing *t)
{
	struct loop l = { .t = t, .depth = 1 };
	struct kcsd_timing_stats from, to;
	u64 state = 5, i, units = LINES * PAGES;

	for (i = 0; i < 6 * units; i++)
		loop_submit(&l, KCSD_TIMING_WRITE, loop_random(&state) % units * 4 * KB, 4 * KB,
			    NULL);
	kcsd_timing_get_stats(t, &from);
	for (i = 0; i < 4 * units; i++)
		loop_submit(&l, KCSD_TIMING_WRITE, loop_random(&state) % units * 4 * KB, 4 * KB,
			    NULL);
	kcsd_timing_get_stats(t, &to);
	return kcsd_timing_amplification(&from, &to);
}

/* Return ln x for 0 < x <= 1, so that no library is needed. */
static double logarithm(double x)
{
	double y = (x - 1) / (x + 1), term = y, sum = 0;
	int i;

	for (i = 1; i < 400; i += 2, term *= y * y)
		sum += term / i;
	return 2 * sum;
}

/* FIFO: logical / physical = (u - 1) / ln u; the amplification is 1 / (1 - u). */
static double formula(double ratio)
{
	double low = 1e-6, high = 1 - 1e-9;
	int i;

	for (i = 0; i < 100; i++) {
		double u = (low + high) / 2;

		if ((u - 1) / logarithm(u) < ratio)
			low = u;
		else
			high = u;
	}
	return 1 / (1 - low);
}

/* The independent simulation: blocks in arrays, the victim is found by looking at all. */
struct sim {
	u32 nr_blocks;
	u32 nr_pages;		/* logical */
	u32 *place;		/* of a page: block * PAGES + index */
	u32 *page;		/* at a place */
	u32 *live;		/* of a block */
	bool *erased;
	u32 nr_erased;
	u32 open[2];		/* the host's, collection's */
	u32 used[2];
	u64 written;
};

static void sim_put(struct sim *s, u32 page, int who)
{
	u32 b, at;

	if (s->used[who] == PAGES) {
		for (b = 0; !s->erased[b]; b++)
			;
		s->erased[b] = false;
		s->nr_erased--;
		s->open[who] = b;
		s->used[who] = 0;
	}
	at = s->open[who] * PAGES + s->used[who]++;
	s->place[page] = at;
	s->page[at] = page;
	s->live[at / PAGES]++;
	s->written++;
}

static void sim_clean(struct sim *s)
{
	u32 best = U32_MAX, b, i;

	for (b = 0; b < s->nr_blocks; b++) {
		if (s->erased[b] || (b == s->open[0] && s->used[0] < PAGES) ||
		    (b == s->open[1] && s->used[1] < PAGES))
			continue;
		if (best == U32_MAX || s->live[b] < s->live[best])
			best = b;
	}
	for (i = best * PAGES; i < (best + 1) * PAGES; i++) {
		if (s->live[best] && s->place[s->page[i]] == i)
			sim_put(s, s->page[i], 1);
	}
	s->live[best] = 0;
	s->erased[best] = true;
	s->nr_erased++;
}

static void sim_write(struct sim *s, u32 page)
{
	s->live[s->place[page] / PAGES]--;
	s->place[page] = U32_MAX;
	sim_put(s, page, 0);
	while (s->nr_erased < 3)
		sim_clean(s);
}

/* Return thousandths of write amplification of greedy choice with so many blocks. */
static u64 simulate(u32 nr_blocks)
{
	struct sim s = { .nr_blocks = nr_blocks, .nr_pages = LINES * PAGES,
			 .nr_erased = nr_blocks, .used = { PAGES, PAGES } };
	u64 state = 11, from = 0, i;

	s.place = calloc(s.nr_pages, sizeof(u32));
	s.page = calloc(nr_blocks * PAGES, sizeof(u32));
	s.live = calloc(nr_blocks, sizeof(u32));
	s.erased = malloc(nr_blocks);
	memset(s.erased, true, nr_blocks);
	for (i = 0; i < s.nr_pages; i++)
		sim_put(&s, i, 0);
	for (i = 0; i < 10 * s.nr_pages; i++) {
		if (i == 6 * s.nr_pages)
			from = s.written;
		sim_write(&s, loop_random(&state) % s.nr_pages);
	}
	free(s.place);
	free(s.page);
	free(s.live);
	free(s.erased);
	return (s.written - from) * 1000 / (4 * s.nr_pages);
}

static void test_consistent(struct kcsd_timing *t, const char *name)
{
	struct kcsd_timing_stats s;
	const struct kcsd_ftl *ftl = &t->ftl;

	kcsd_timing_get_stats(t, &s);
	IS(ftl->lost, 0, "%s: there was always a line", name);
	OK(s.wear_min > 0 && s.wear_max < 3 * s.wear_avg_milli / 1000,
	   "%s: all lines are worn", name);
}

static void test_fifo(u64 overprovision)
{
	struct kcsd_timing *t = make(overprovision, KCSD_TIMING_FIFO);
	/* Lines that hold data: not those that are free. */
	double lines = t->ftl.nr_lines - t->ftl.keep_free;
	double wanted = formula(LINES / lines) * 1000;
	u64 got = measure(t);

	OK(got > wanted * 0.95 && got < wanted * 1.05,
	   "fifo at %.1f %%: the formula, within 5 %%", overprovision / 10.0);
	tap_note("%.3f, formula %.3f", got / 1000.0, wanted / 1000);
	test_consistent(t, "fifo");
	kcsd_timing_destroy(t);
}

static void test_greedy(u64 overprovision)
{
	struct kcsd_timing *t = make(overprovision, KCSD_TIMING_GREEDY);
	u64 wanted = simulate(t->ftl.nr_lines), got = measure(t);

	OK(got * 100 > wanted * 95 && got * 100 < wanted * 105,
	   "greedy at %.1f %%: the simulation, within 5 %%", overprovision / 10.0);
	tap_note("%.3f, simulation %.3f", got / 1000.0, wanted / 1000.0);
	test_consistent(t, "greedy");
	kcsd_timing_destroy(t);
}

/* Return units moved by writes to one MiB of a drive that is full, in steps of nr. */
static u64 move_most(struct loop *l, u64 offset, u32 nr)
{
	struct kcsd_timing_stats s;
	u64 before, most = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		before = l->t->ftl.moved;
		loop_submit(l, KCSD_TIMING_WRITE, offset, KB * KB, NULL);
		most = max(most, l->t->ftl.moved - before);
	}
	kcsd_timing_get_stats(l->t, &s);
	IS(l->t->ftl.lost, 0, "no unit is without a line (free: %llu)",
	   (unsigned long long)s.free_lines);
	return most;
}

/* Write to one place only: all other lines are full when their turn comes. */
static void test_one_place(u64 gc, u64 overprovision)
{
	struct loop l = { .t = make(overprovision, gc), .depth = 1 };
	u64 bound = 256 * 4 * (1000 + overprovision) / overprovision + 64 * 256 / 8;
	u64 most = move_most(&l, 0, 2000);

	OK(l.t->flash.erases > 0, "lines are erased");
	OK(most <= bound, "and a write of 1 MiB moves %llu units, at most %llu",
	   (unsigned long long)most, (unsigned long long)bound);
	kcsd_timing_destroy(l.t);
}

/* Take so many units from each line that it stays in the bucket of full ones: each gains little. */
static void test_little_gain(u64 overprovision, u64 block_pages)
{
	struct kcsd_timing_params p;
	struct loop l = { .depth = 1 };
	u32 line, i, most;
	struct kcsd_ftl *ftl;

	kcsd_timing_preset(&p, "plain");
	p.channels = 1;
	p.dies = 1;
	p.block_pages = block_pages;
	p.overprovision = overprovision;
	l.t = make_model(&p, LINES * block_pages * 4 * KB, 0);
	ftl = &l.t->ftl;
	most = ftl->line_units - (ftl->line_units >> ftl->bucket_shift << ftl->bucket_shift);
	for (line = 20; line < LINES; line++) {
		for (i = 0; i < (most ?: 1); i++)
			loop_submit(&l, KCSD_TIMING_WRITE,
				    (line * ftl->line_units + i) * 4 * KB, 4 * KB, NULL);
	}
	move_most(&l, 40 * block_pages * 4 * KB, 200);
	kcsd_timing_destroy(l.t);
}

static void test_sequential(void)
{
	struct loop l = { .t = make(70, KCSD_TIMING_GREEDY), .depth = 4 };
	struct kcsd_timing_stats from = {}, to;
	u64 i;

	for (i = 0; i < 3 * LINES * PAGES / 8; i++)
		loop_submit(&l, KCSD_TIMING_WRITE, i % (LINES * PAGES / 8) * 32 * KB, 32 * KB,
			    NULL);
	kcsd_timing_get_stats(l.t, &to);
	IS(kcsd_timing_amplification(&from, &to), 1000, "writes in order are not amplified");
	kcsd_timing_destroy(l.t);
}

void collect_tests(void)
{
	OK(formula(1 / 1.07) > 7.81 && formula(1 / 1.07) < 7.83, "the formula gives 7.82 at 7 %%");
	OK(formula(1 / 1.28) > 2.47 && formula(1 / 1.28) < 2.49, "and 2.48 at 28 %%");
	test_fifo(70);
	test_fifo(280);
	test_greedy(70);
	test_greedy(280);
	test_sequential();
	test_one_place(KCSD_TIMING_GREEDY, 10);
	test_one_place(KCSD_TIMING_FIFO, 10);
	test_one_place(KCSD_TIMING_FIFO, 70);
	test_little_gain(10, 263);
	test_little_gain(20, 127);
}
