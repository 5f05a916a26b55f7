// SPDX-License-Identifier: GPL-2.0
/* Reservations against a map of every nanosecond, the write buffer, the order on a die. */
#include "buffer.h"
#include "tests.h"

#define SPAN	4000		/* ns of the map */

static u64 passed;		/* ns: no gap after that is forgotten */

/* Return the earliest start of len free ns from at on. */
static u64 first_free(const bool *taken, u64 at, u64 len)
{
	u64 run = 0;

	for (; run < len; at++)
		run = taken[at] ? 0 : run + 1;
	return at - len;
}

static void test_against_map(void)
{
	u64 state = 7, wrong = 0, twice = 0, round, i;

	for (round = 0; round < 300; round++) {
		static bool taken[4 * SPAN];
		struct kcsd_resource r;
		u64 busy = 0;

		memset(taken, 0, sizeof(taken));
		kcsd_resource_init(&r, KCSD_RESOURCE_MANY, 1, &passed);
		for (i = 0; i < 60; i++) {
			u64 at = loop_random(&state) % SPAN, len = loop_random(&state) % 50 + 1;
			u64 wanted = first_free(taken, at, len);
			u64 start, j;

			if (i % 3) {
				start = kcsd_resource_reserve(&r, at, len);
			} else {
				start = kcsd_resource_fit(&r, at, len);
				kcsd_resource_take(&r, start, len);
			}
			wrong += start != wanted;
			for (j = start; j < start + len; j++) {
				twice += taken[j];
				taken[j] = true;
			}
			busy += len;
		}
		wrong += r.busy != busy;
		kcsd_resource_destroy(&r);
	}
	IS(wrong, 0, "a reservation gets the first gap that is long enough");
	IS(twice, 0, "nothing is reserved twice");
}

/* Pieces: each in the first gap after the one before it. */
static void test_pieces(void)
{
	u64 state = 9, wrong = 0, round, i, j;

	for (round = 0; round < 300; round++) {
		static bool taken[4 * SPAN];
		struct kcsd_resource r;

		memset(taken, 0, sizeof(taken));
		kcsd_resource_init(&r, KCSD_RESOURCE_MANY, 1, &passed);
		for (i = 0; i < 20; i++) {
			u64 at = loop_random(&state) % SPAN, len = loop_random(&state) % 20 + 1;
			u64 nr = loop_random(&state) % 4, rest = loop_random(&state) % len + 1;
			u64 wanted = at, end = kcsd_resource_reserve_all(&r, at, len, nr, rest);

			for (j = 0; j <= nr; j++) {
				u64 piece = j < nr ? len : rest;

				wanted = first_free(taken, wanted, piece);
				memset(taken + wanted, 1, piece);
				wanted += piece;
			}
			wrong += end != wanted;
		}
		kcsd_resource_destroy(&r);
	}
	IS(wrong, 0, "pieces are reserved as if one by one");
}

static void test_forgets(void)
{
	u64 i, before = 0, start, now;
	struct kcsd_resource r;

	kcsd_resource_init(&r, 8, 1, &now);
	for (i = 0; i < 1000; i++) {
		now = 100 * i;
		start = kcsd_resource_reserve(&r, 100 * i, 10);
		before += start != 100 * i;
	}
	IS(before, 0, "reservations in order need no memory of the old");
	IS(r.last - r.first, 8, "of which a bounded number is kept");
	start = kcsd_resource_reserve(&r, 0, 10);
	OK(start >= 99100 && start < 99300, "one that comes late goes after what is forgotten");
	IS(kcsd_resource_reserve(&r, 99410, 50), 99410, "and into gaps that are not");
	start = kcsd_resource_reserve(&r, 99405, 0);
	IS(start, 99405, "what takes no time does not wait");
	kcsd_resource_destroy(&r);
}

/* Return the sum of all spans; 0: they are not in order, or not apart. */
static u64 sum_spans(const struct kcsd_resource *r)
{
	u64 sum = 0;
	u32 i;

	for (i = r->first; i < r->last; i++) {
		if (i > r->first && r->spans[i].start <= r->spans[i - 1].end)
			return 0;
		sum += r->spans[i].end - r->spans[i].start;
	}
	return sum;
}

/* Reserve 10 ns of each 100 ns: far more spans than are remembered, all of them ahead. */
static void test_far_ahead(u32 most, u64 share)
{
	u64 i, start, late = 0, reach = 100 * 20 * most, wrong = 0;
	struct kcsd_resource r;

	kcsd_resource_init(&r, most, 1, &passed);
	for (i = 1; i <= reach / 100; i++) {
		start = kcsd_resource_reserve(&r, 100 * i, 10);
		wrong += start != 100 * i || r.last - r.first > most;
		wrong += sum_spans(&r) != r.busy + r.closed;
	}
	IS(wrong, 0, "%u: each gets its place, and none is lost", most);
	IS(r.floor, 0, "%u: a full list forgets nothing that has not passed", most);
	IS(kcsd_resource_fit(&r, 0, 100), 0, "%u: one that comes now waits for nobody", most);
	for (i = 0; i < reach; i += 10)
		late = max(late, kcsd_resource_fit(&r, i, 10) - i);
	OK(late > 10 && late <= reach / share, "%u: others wait for a small part, %" PRIu64 " of %"
	   PRIu64, most, late, reach);
	kcsd_resource_destroy(&r);
}

/* Eight reservations 1 ns apart in each 1,000 ns: only the small gaps are closed. */
static void test_closes_small_gaps(void)
{
	u64 i, wrong = 0, reach = 1000 * 40;
	struct kcsd_resource r;

	kcsd_resource_init(&r, 64, 1, &passed);
	for (i = 0; i < 8 * reach / 1000; i++)
		kcsd_resource_reserve(&r, i / 8 * 1000 + i % 8 * 11, 10);
	for (i = 0; i < reach; i += 1000)
		wrong += kcsd_resource_fit(&r, i, 900) != i + 87;
	IS(wrong, 0, "long gaps stay while there are short ones");
	kcsd_resource_destroy(&r);
}

/* Any reservations against the map, with a short list and a time that passes. */
static void test_short_list(void)
{
	u64 state = 11, twice = 0, early = 0, wrong = 0, round, i;

	for (round = 0; round < 300; round++) {
		static bool taken[20 * SPAN];
		struct kcsd_resource r;
		u64 now = 0;

		memset(taken, 0, sizeof(taken));
		kcsd_resource_init(&r, 8 + round % 9, 1, &now);
		for (i = 0; i < 200; i++) {
			u64 at = now + loop_random(&state) % SPAN;
			u64 len = loop_random(&state) % 9 + 1;
			u64 start = kcsd_resource_reserve(&r, at, len), j;

			early += start < at;
			for (j = start; j < start + len; j++) {
				twice += taken[j];
				taken[j] = true;
			}
			wrong += r.floor > now || !sum_spans(&r);
			if (i % 4 == 0)
				now += loop_random(&state) % (SPAN / 20);
		}
		kcsd_resource_destroy(&r);
	}
	IS(twice, 0, "nothing is reserved twice with a short list");
	IS(early, 0, "nor before it can begin");
	IS(wrong, 0, "and nothing is forgotten before it has passed");
}

static void test_closed_gaps(void)
{
	struct kcsd_resource r;

	kcsd_resource_init(&r, 8, 20, &passed);
	kcsd_resource_reserve(&r, 0, 20);
	kcsd_resource_reserve(&r, 30, 20);
	IS(r.last - r.first, 1, "a gap that nothing fits into is closed");
	IS(r.busy, 40, "and does not count as used");
	kcsd_resource_destroy(&r);
}

static void test_buffer(void)
{
	u64 ends[5], at;
	struct kcsd_buffer b;

	kcsd_buffer_init(&b, ends, 4000, 1000);
	IS(kcsd_buffer_admit(&b, 5, 4000), 5, "an empty buffer takes all at once");
	kcsd_buffer_drain(&b, 900, 0);
	kcsd_buffer_drain(&b, 300, 0);
	kcsd_buffer_drain(&b, 700, 0);
	kcsd_buffer_drain(&b, 500, 0);
	IS(kcsd_buffer_admit(&b, 10, 500), 300, "then waits for the program that ends first");
	IS(kcsd_buffer_admit(&b, 10, 500), 300, "which makes room for more");
	IS(kcsd_buffer_admit(&b, 10, 1500), 700, "and for as many as are needed");
	at = kcsd_buffer_admit(&b, 2000, 500);
	IS(at, 2000, "not for those that have ended");
}

/* What a die does is in an order that flash allows. */
static void test_flash(void)
{
	struct kcsd_flash_page page = { .bytes = 4096, .program = 1 };
	struct kcsd_timing_params p;
	struct kcsd_flash f = {};
	u64 at = 500, used = 0, end, i;

	kcsd_timing_preset(&p, "plain");
	p.channel_mbps = 400;
	IS(kcsd_flash_init(&f, &p, &passed), 0, "flash is made");
	IS(kcsd_flash_program(&f, 0, 1, 1000, 0), 1000 + 10240 + 200000,
	   "a program transfers, then programs");
	IS(kcsd_flash_program(&f, 0, 2, 1000, 5000000), 5200000, "not before the block is erased");
	OK(!kcsd_flash_read(&f, &page, &at, &used) && at == 500 && !used,
	   "a page that is programmed is read from the controller");
	at = 211240;
	OK(kcsd_flash_read(&f, &page, &at, &used) && at == 251240 && used == 40000,
	   "after that from flash");
	end = kcsd_flash_erase(&f, 0, 300000, 1);
	IS(end, 5200000 + 2000000, "an erase does not go before what the die has to do");
	for (i = 3; i < 20; i++)
		end = kcsd_flash_program(&f, 0, i, 8000000, 0);
	at = 8000000;
	page.program = 3;
	OK(kcsd_flash_read(&f, &page, &at, &used) && at > 8000000 + 10 * 200000,
	   "a page whose program is forgotten is read after the programs that are");
	page.program = 19;
	at = end;
	OK(kcsd_flash_read(&f, &page, &at, &used) && at == end + 80000,
	   "no page waits for programs that have ended, only for the read before");
	kcsd_flash_destroy(&f);
}

static void test_divisor(void)
{
	static const u32 by[] = { 1, 2, 3, 5, 7, 160, 641, 65535, 65536, 65537, 1u << 31,
				  0xfffffffe, 0xffffffff };
	u64 state = 3, wrong = 0, i, j;

	for (i = 0; i < ARRAY_SIZE(by); i++) {
		struct kcsd_timing_divisor d = kcsd_timing_divisor(by[i]);

		for (j = 0; j < 20000; j++) {
			u32 n = j < 8 ? (u32)-j : loop_random(&state) >> j % 32;

			wrong += kcsd_timing_div(n, &d) != n / by[i];
			n = n / by[i] * by[i];
			wrong += kcsd_timing_div(n, &d) != n / by[i];
			wrong += kcsd_timing_div(n - 1, &d) != (n - 1) / by[i];
		}
	}
	IS(wrong, 0, "division by multiplication is exact");
}

void resource_tests(void)
{
	test_against_map();
	test_pieces();
	test_forgets();
	test_far_ahead(KCSD_RESOURCE_FEW, 25);
	test_far_ahead(KCSD_RESOURCE_MANY, 200);
	test_closes_small_gaps();
	test_short_list();
	test_closed_gaps();
	test_buffer();
	test_flash();
	test_divisor();
}
