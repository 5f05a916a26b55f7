// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* State of the generator: slots of the frame. */
#include "gen.h"

struct gen_mark kcsd_gen_mark(const struct gen *g)
{
	return (struct gen_mark){ kcsd_asm_mark(g->a), g->nr_slots };
}

void kcsd_gen_rewind(struct gen *g, struct gen_mark mark)
{
	uint32_t i;

	kcsd_asm_rewind(g->a, mark.code);
	g->nr_slots = mark.nr_slots;
	g->impossible = false;
	g->nr_known = 0;
	for (i = 0; i < g->query->nr_columns; i++)
		if (g->slot_of[i] >= (int)mark.nr_slots)
			g->slot_of[i] = GEN_NO_SLOT;
}

uint32_t kcsd_gen_take_slots(struct gen *g, uint32_t nr)
{
	uint32_t first = g->nr_slots;

	if (first + nr > GEN_SLOTS) {
		g->impossible = true;
		return 0;
	}
	g->nr_slots += nr;
	return first;
}

void kcsd_gen_free_slots(struct gen *g, uint32_t nr)
{
	if (!g->impossible)
		g->nr_slots -= nr;
}

int16_t kcsd_gen_slot(uint32_t slot)
{
	return -8 * (int16_t)(slot + 1);
}
