// SPDX-License-Identifier: GPL-2.0
/* Tests of all programs of data files with random changes: a short fuzzing, without a fuzzer. */
#include <stdio.h>

#include "runner.h"
#include "tap.h"

#define ROUNDS		100
#define MAX_LEN		4096
#define SEED		20240229

struct mutation {
	u64 random;
	u32 tried;
	u32 ran;
	const char *bad;	/* the first fault found; NULL: none */
	char where[128];
};

/* Returns a random number below n. */
static u32 below(struct mutation *m, u32 n)
{
	m->random = m->random * 6364136223846793005u + 1442695040888963407u;
	return (u32)((m->random >> 33) % n);
}

/* Change a bit, a byte or registers, or copy an instruction. */
static void change(struct mutation *m, u8 *buf, u32 len)
{
	u32 units = len / 8, at = below(m, len), to = below(m, units), from = below(m, units);

	switch (below(m, 4)) {
	case 0:
		buf[at] ^= 1 << below(m, 8);
		break;
	case 1:
		buf[at] = below(m, 256);
		break;
	case 2:
		buf[to * 8 + 1] = below(m, 11) << 4;
		buf[to * 8 + 1] |= below(m, 11);
		break;
	default:
		memmove(buf + to * 8, buf + from * 8, 8);
	}
}

static void mutate(const char *name, const struct program *prog, void *arg)
{
	struct mutation *m = arg;
	u8 buf[MAX_LEN];
	u32 round, n;
	bool ran;

	if (prog->len < 8 || prog->len > MAX_LEN)
		return;
	for (round = 0; round < ROUNDS && !m->bad; round++) {
		memcpy(buf, prog->buf, prog->len);
		for (n = 1 + below(m, 3); n; n--)
			change(m, buf, prog->len);
		m->bad = fuzz_one(buf, prog->len, &ran);
		m->tried++;
		m->ran += ran;
		if (m->bad)
			snprintf(m->where, sizeof(m->where), "%s, round %u", name, round);
	}
}

void mutate_tests(const char *dir)
{
	struct mutation m = { .random = SEED };

	runner_for_each(dir, mutate, &m);
	tap_point(!m.bad && m.ran, "mutations of the test programs");
	tap_note("seed %u: %u tried, %u legal and run", SEED, m.tried, m.ran);
	if (m.bad)
		tap_note("%s: %s", m.where, m.bad);
}
