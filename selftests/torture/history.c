// SPDX-License-Identifier: GPL-2.0
/* All states that a file had, in memory that two processes share. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "torture.h"

struct torture_history *torture_history_create(void)
{
	void *h = mmap(NULL, sizeof(struct torture_history), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return h == MAP_FAILED ? NULL : h;
}

static const struct torture_change *change_of(const struct torture_history *h, uint64_t n)
{
	return &h->changes[n % TORTURE_HISTORY];
}

/* The state while the writes of this set have become visible; all of them: when it has ended. */
static struct torture_state state_of(const struct torture_change *c, uint32_t set)
{
	struct torture_state state = c->before;
	uint32_t i;

	for (i = 0; i < c->nr; i++)
		if (set & 1u << i)
			state.sum += c->deltas[i];
	if (set == (1u << c->nr) - 1)
		state.len = c->len;
	return state;
}

struct torture_state torture_history_newest(const struct torture_history *h)
{
	const struct torture_change *c = change_of(h, h->begun);

	return state_of(c, (1u << c->nr) - 1);
}

void torture_history_begin(struct torture_history *h, const uint64_t *deltas, uint32_t nr,
			   uint64_t len)
{
	uint64_t n = h->begun + 1;
	struct torture_change *c = &h->changes[n % TORTURE_HISTORY];
	uint32_t i;

	c->before = torture_history_newest(h);
	c->len = len;
	c->nr = nr;
	for (i = 0; i < nr; i++)
		c->deltas[i] = deltas[i];
	h->begun = n;
}

void torture_history_end(struct torture_history *h)
{
	h->ended = h->begun;
}

static bool change_has(const struct torture_change *c, uint32_t set,
		       const struct torture_state *state)
{
	struct torture_state s;

	for (; set < 1u << c->nr; set++) {
		s = state_of(c, set);
		if (s.sum == state->sum && s.len == state->len)
			return true;
	}
	return false;
}

bool torture_history_has(const struct torture_history *h, uint64_t first, uint64_t last,
			 const struct torture_state *state)
{
	uint64_t n;

	if (h->begun - first >= TORTURE_HISTORY) {
		printf("the history is too short\n");
		exit(1);
	}
	/* The first operation has ended. */
	if (change_has(change_of(h, first), (1u << change_of(h, first)->nr) - 1, state))
		return true;
	for (n = first + 1; n <= last; n++)
		if (change_has(change_of(h, n), 0, state))
			return true;
	return false;
}
