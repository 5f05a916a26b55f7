// SPDX-License-Identifier: GPL-2.0
/* Make allocations fail: -ENOMEM, no data lost, no memory leaked. */
#include "tests.h"

void *__real_calloc(size_t nmemb, size_t size);
void *__wrap_calloc(size_t nmemb, size_t size);

static atomic_t fail_in;

bool fail_allocation(u32 nr)
{
	bool failed = atomic_read(&fail_in) < 0;

	atomic_set(&fail_in, nr);
	return failed;
}

void *__wrap_calloc(size_t nmemb, size_t size)
{
	/* -1 once it has failed. */
	if (atomic_read(&fail_in) > 0 && atomic_fetch_add(-1, &fail_in) == 1) {
		atomic_set(&fail_in, -1);
		return NULL;
	}
	return __real_calloc(nmemb, size);
}

static void each_open(struct disk *d, struct model *m)
{
	u32 at, failed = 0, wrong = 0;
	int ret = -ENOMEM;

	for (at = 1; ret && at < 3000; at++) {
		fail_allocation(at);
		ret = model_open(m);
		fail_allocation(0);
		failed += ret != 0;
		wrong += ret && ret != -ENOMEM;
	}
	OK(!ret && !wrong && failed > 5, "no memory to open %s: %u times",
	   d ? "a file" : "memory", failed);
	if (!ret && d)
		model_compare(m);
}

static void each_command(struct disk *d, struct model *m)
{
	u32 at, n, failed = 0;
	bool hit = true;

	m->fails = true;
	m->error = -ENOMEM;
	for (at = 1; hit && at < 100; at++) {
		fail_allocation(at);
		for (n = 0; n < 200; n++)
			model_step(m);
		hit = fail_allocation(0);
		failed += hit;
	}
	m->fails = false;
	OK(failed > 10, "no memory for commands: %u times", failed);
	for (n = 0; n < 300; n++)
		model_step(m);
	if (d)
		model_reopen(m);
	OK(!m->wrong, "nothing is lost");
	if (m->wrong)
		tap_note("%s", m->what);
}

static void without_memory(struct disk *d)
{
	static struct model m;
	u32 n;

	seed(15);
	model_init(&m, d, 6 << 20);
	each_open(d, &m);
	for (n = 0; n < 700; n++)
		model_step(&m);
	if (d) {
		model_close(&m);
		memcpy(m.durable, m.now, sizeof(m.now));
		memset(m.nr_since, 0, sizeof(m.nr_since));
		each_open(d, &m);
		model_flush(&m);
		kcsd_kv_cut(m.kv, 3);
		model_close(&m);
		each_open(d, &m);
	}
	each_command(d, &m);
	model_close(&m);
}

void memory_tests(void)
{
	struct disk *d = disk_create(48 << 20);

	without_memory(NULL);
	without_memory(d);
	disk_destroy(d);
}
