// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>

#include "model.h"
#include "names.h"
#include "reader.h"

void model_wrong(struct model *m, const char *fmt, ...)
{
	va_list args;

	if (m->wrong++)
		return;
	va_start(args, fmt);
	vsnprintf(m->what, sizeof(m->what), fmt, args);
	va_end(args);
}

void model_init(struct model *m, struct disk *disk, u64 size)
{
	*m = (struct model){
		.config = { .size = size, .max_value = 1 << 20, .max_keys = 10000 },
		.disk = disk, .most = 300000,
	};
}

int model_open(struct model *m)
{
	char why[100] = "";

	return kcsd_kv_open(&m->config, m->disk ? &m->disk->medium : NULL, &m->kv, why,
			    sizeof(why));
}

void model_close(struct model *m)
{
	kcsd_kv_close(m->kv);
	m->kv = NULL;
}

/* ---- commands ---- */

static bool may_fail(struct model *m, int ret)
{
	if (!m->fails || (m->error && ret != m->error))
		return false;
	m->failed++;
	return true;
}

static void note(struct model *m, u32 key, struct version v)
{
	m->now[key] = v;
	m->since[key][m->nr_since[key]++] = v;
}

static void step_store(struct model *m, u32 key)
{
	u32 len = below(6) ? below(5000) : below(m->most);
	struct kcsd_kv_name name = name_of(key);
	struct version v = { true, len, ++m->tag };
	int ret = store(m->kv, &name, len, v.tag, 0);

	if (!ret)
		note(m, key, v);
	else if (ret == KCSD_SC_CAPACITY_EXCEEDED || ret == -EBUSY)
		m->full++;
	else if (!may_fail(m, ret))
		model_wrong(m, "store of %u bytes: %d", len, ret);
}

static void step_delete(struct model *m, u32 key)
{
	struct kcsd_kv_name name = name_of(key);
	int ret = kcsd_kv_delete(m->kv, &name, 0, NULL);

	if (!ret && m->now[key].there)
		note(m, key, (struct version){});
	else if ((ret != KCSD_SC_NO_KEY || m->now[key].there) && !may_fail(m, ret))
		model_wrong(m, "delete: %d", ret);
}

static bool is(struct model *m, u32 key, const struct version *v, int *ret)
{
	struct kcsd_kv_name name = name_of(key);

	*ret = expect(m->kv, &name, v->len, v->tag);
	return *ret == (v->there ? 0 : KCSD_SC_NO_KEY);
}

static void step_read(struct model *m, u32 key)
{
	int ret;

	if (!is(m, key, &m->now[key], &ret) && !may_fail(m, ret))
		model_wrong(m, "read of key %u: %d", key, ret);
}

int model_flush(struct model *m)
{
	int ret = kcsd_kv_flush(m->kv);
	bool dead = false;

	if (ret)
		return ret;
	if (m->disk) {
		pthread_mutex_lock(&m->disk->lock);
		dead = m->disk->dead;
		pthread_mutex_unlock(&m->disk->lock);
	}
	/* If power was cut meanwhile, nobody was told. */
	if (dead)
		return 0;
	memcpy(m->durable, m->now, sizeof(m->now));
	memset(m->nr_since, 0, sizeof(m->nr_since));
	return 0;
}

void model_step(struct model *m)
{
	u32 key = below(MODEL_KEYS), what = below(20);
	int ret;

	if (m->nr_since[key] == MODEL_SINCE || !below(60)) {
		ret = model_flush(m);
		if (ret && !may_fail(m, ret))
			model_wrong(m, "flush: %d", ret);
		if (m->nr_since[key] == MODEL_SINCE)
			return;
	}
	if (what < 10)
		step_store(m, key);
	else if (what < 14)
		step_delete(m, key);
	else
		step_read(m, key);
}

/* ---- power ---- */

static void compare_key(struct model *m, u32 key)
{
	u32 i;
	int ret;

	if (is(m, key, &m->durable[key], &ret))
		return;
	for (i = 0; i < m->nr_since[key]; i++)
		if (is(m, key, &m->since[key][i], &ret)) {
			m->durable[key] = m->since[key][i];
			return;
		}
	model_wrong(m, "key %u is nothing it ever was: %d; %s, %u changes since", key, ret,
		    m->durable[key].there ? "there" : "deleted", m->nr_since[key]);
}

void model_compare(struct model *m)
{
	u32 key;

	for (key = 0; key < MODEL_KEYS; key++)
		compare_key(m, key);
	memcpy(m->now, m->durable, sizeof(m->now));
	memset(m->nr_since, 0, sizeof(m->nr_since));
}

static void validate_file(struct model *m)
{
	struct kcsd_kv_report report;
	int ret = kcsd_kv_file_validate(&m->disk->medium, &report, NULL, NULL);

	if (ret || report.damaged || report.lost || report.damaged_supers)
		model_wrong(m, "validation: %d, %llu damaged, %llu lost", ret,
			    (unsigned long long)report.damaged, (unsigned long long)report.lost);
}

static void open_again(struct model *m)
{
	struct kcsd_kv_stats stats;
	int ret;

	validate_file(m);
	ret = model_open(m);
	if (ret) {
		model_wrong(m, "open: %d", ret);
		return;
	}
	kcsd_kv_get_stats(m->kv, &stats);
	if (stats.damaged)
		model_wrong(m, "%llu damaged", (unsigned long long)stats.damaged);
	model_compare(m);
}

void model_crash(struct model *m, u32 how)
{
	if (how) {
		kcsd_kv_cut(m->kv, below(1 << 30));
	} else {
		pthread_mutex_lock(&m->disk->lock);
		m->disk->dead = true;
		pthread_mutex_unlock(&m->disk->lock);
	}
	model_close(m);
	if (!how)
		disk_crash(m->disk);
	open_again(m);
}

void model_reopen(struct model *m)
{
	model_close(m);
	memcpy(m->durable, m->now, sizeof(m->now));
	memset(m->nr_since, 0, sizeof(m->nr_since));
	open_again(m);
}
