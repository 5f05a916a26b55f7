// SPDX-License-Identifier: GPL-2.0
/* Each write and sync fails in turn. */
#include "tests.h"

static bool lost(const struct model *m)
{
	return kcsd_kv_flush(m->kv) == -EIO;
}

/* Returns true if the script ended before the call that was to fail. */
static bool fail_at(u64 at, int error, struct model *m)
{
	struct disk *d = disk_create(48 << 20);
	bool never;
	u32 n;
	int ret;

	seed(11);
	model_init(m, d, 6 << 20);
	if (model_open(m))
		abort();
	m->fails = true;
	pthread_mutex_lock(&d->lock);
	d->fail_at = d->calls + at;
	d->fail_until = d->fail_at;
	d->error = error;
	pthread_mutex_unlock(&d->lock);
	for (n = 0; n < 900; n++)
		model_step(m);
	pthread_mutex_lock(&d->lock);
	never = d->calls < d->fail_at;
	d->fail_at = 0;
	pthread_mutex_unlock(&d->lock);
	m->fails = false;
	if (lost(m)) {
		m->disk->dead = false;
		model_crash(m, 0);
	} else {
		ret = model_flush(m);
		if (ret)
			model_wrong(m, "flush: %d", ret);
		model_compare(m);
		model_reopen(m);
	}
	model_close(m);
	disk_destroy(d);
	return never;
}

static void errors(int error, const char *name)
{
	static struct model m;
	u64 at, step = rounds(1) > 1 ? 1 : 19;
	bool end = false;

	for (at = 1; !end && at < 3000; at += step) {
		end = fail_at(at, error, &m);
		if (m.wrong)
			break;
	}
	OK(!m.wrong, "%s at writes and syncs up to %u", name, (u32)at);
	if (m.wrong)
		tap_note("at %u: %s", (u32)at, m.what);
}

static void open_fails(void)
{
	struct disk *d = disk_create(32 << 20);
	struct model m;
	u32 at, failed = 0, n;
	int ret = -EIO;

	seed(12);
	model_init(&m, d, 6 << 20);
	if (model_open(&m))
		abort();
	for (n = 0; n < 600; n++)
		model_step(&m);
	model_flush(&m);
	kcsd_kv_cut(m.kv, 1);
	model_close(&m);
	for (at = 1; ret && at < 200; at++) {
		d->fail_at = d->calls + at;
		d->fail_until = d->fail_at;
		d->error = -EIO;
		ret = model_open(&m);
		failed += ret != 0;
	}
	d->fail_at = 0;
	OK(!ret && failed > 2, "each write when a file is opened: %u failed", failed);
	model_compare(&m);
	OK(!m.wrong, "nothing is lost");
	model_close(&m);
	disk_destroy(d);
}

void errors_tests(void)
{
	errors(-EIO, "EIO");
	errors(-ENOMEM, "ENOMEM");
	errors(-ENOSPC, "ENOSPC");
	open_fails();
}
