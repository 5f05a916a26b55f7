// SPDX-License-Identifier: GPL-2.0
/* Keys in their order, also while others come and go. */
#include "tests.h"

#define FIXED	500

static struct kcsd_kv_name fixed_key(u32 nr)
{
	struct kcsd_kv_name name = { .len = 6 };

	snprintf((char *)name.key, sizeof(name.key), "%05ux", nr * 7);
	return name;
}

static int compare(const struct kcsd_kv_name *a, const struct kcsd_kv_name *b)
{
	int ret = memcmp(a->key, b->key, sizeof(a->key));

	return ret ? ret : (int)a->len - b->len;
}

/* List all; count those that are fixed. Returns how often the order was wrong. */
static u32 list_all(struct kcsd_kv *kv, u32 step, u32 *fixed)
{
	struct kcsd_kv_name names[64], from = {};
	u32 nr, i, wrong = 0;
	bool first = true;

	*fixed = 0;
	for (;;) {
		nr = keys_from(kv, &from, names, step);
		/* The first one is that where the list before ended, if it is still there. */
		i = !first && nr && !compare(&names[0], &from);
		if (i >= nr)
			break;
		for (; i < nr; i++) {
			wrong += !first && compare(&names[i], &from) <= 0;
			from = names[i];
			first = false;
			*fixed += from.len == 6 && from.key[5] == 'x';
		}
	}
	return wrong;
}

struct changer {
	struct kcsd_kv *kv;
	bool stop;
};

static void *change(void *arg)
{
	struct changer *c = arg;
	u32 x = 1;

	while (!READ_ONCE(c->stop)) {
		struct kcsd_kv_name name = { .len = 5 };

		x = x * 1664525 + 1013904223;
		snprintf((char *)name.key, sizeof(name.key), "%05u", (x >> 8) % 4000);
		if (x >> 31)
			store(c->kv, &name, 10, 1, 0);
		else
			kcsd_kv_delete(c->kv, &name, 0, NULL);
	}
	return NULL;
}

void list_tests(void)
{
	struct changer c = {};
	struct kcsd_kv_name names[4], from;
	struct model m;
	pthread_t thread;
	u32 i, fixed, wrong = 0, lists = rounds(60);

	model_init(&m, NULL, 8 << 20);
	if (model_open(&m))
		abort();
	for (i = 0; i < FIXED; i++) {
		names[0] = fixed_key(i);
		store(m.kv, &names[0], i, i, 0);
	}
	IS(list_all(m.kv, 64, &fixed), 0, "keys are in order");
	IS(fixed, FIXED, "all of them");
	IS(list_all(m.kv, 2, &fixed) + FIXED - fixed, 0, "two at a time");
	from = (struct kcsd_kv_name){ .len = 1, .key = "0" };
	IS(keys_from(m.kv, &from, names, 4), 4, "from the middle of nowhere");
	names[1] = fixed_key(0);
	IS(compare(&names[0], &names[1]), 0, "the first one behind it");
	from = (struct kcsd_kv_name){ .len = 1, .key = "z" };
	IS(keys_from(m.kv, &from, names, 4), 0, "behind the last");
	c.kv = m.kv;
	pthread_create(&thread, NULL, change, &c);
	for (i = 0; i < lists; i++) {
		wrong += list_all(m.kv, 2 + i % 60, &fixed);
		wrong += fixed != FIXED;
	}
	WRITE_ONCE(c.stop, true);
	pthread_join(thread, NULL);
	IS(wrong, 0, "while others come and go");
	model_close(&m);
}
