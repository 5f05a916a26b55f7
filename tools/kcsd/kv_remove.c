// SPDX-License-Identifier: GPL-2.0
/* kcsd kv rm */
#include <stdio.h>

#include "kv.h"

/* ---- by keys ---- */

static int remove_key(struct kv *kv, const struct kcsd_kv_key *key)
{
	/* Delete does not tell whether there was an object. */
	int ret = kcsd_kv_exists(kv->drv, key, &kv->err);

	return ret ? ret : kcsd_kv_delete(kv->drv, key, &kv->err);
}

static int remove_keys(struct kv *kv)
{
	struct kcsd_kv_key key;
	int i, ret, code = 0;

	for (i = 1; i < kv->args->nr_operands; i++) {
		kcsd_kv_take_key(kv->args, kv->args->operand[i], &key);
		ret = remove_key(kv, &key);
		if (ret)
			code = kcsd_kv_fail(kv, ret);
		if (ret && ret != KCSD_SC_NO_KEY)
			break;
	}
	return code;
}

/* ---- by prefix ---- */

static int take_deleted(struct kv_flight *f, struct kv_job *job,
			const struct kcsd_kv_result *result)
{
	(void)job;
	/* Somebody else was faster. */
	if (result->status == KCSD_SC_NO_KEY)
		return 0;
	if (result->status) {
		kcsd_progress_end(&f->progress);
		kcsd_kv_describe(result, sizeof(*result), &f->kv->err);
		return kcsd_kv_fail(f->kv, result->status);
	}
	f->objects++;
	kcsd_progress_show(&f->progress, 0, 0, "%llu objects deleted, %u s",
			   (unsigned long long)f->objects, kcsd_progress_seconds(&f->progress));
	return 0;
}

static int send_delete(const struct kcsd_kv_key *key, void *arg)
{
	struct kv_flight *f = arg;
	struct kv_job *job = kcsd_kv_flight_get(f, 0);

	if (!job)
		return f->code;
	job->key = *key;
	kcsd_kv_flight_send(f, job, KCSD_KV_DELETE, 0);
	return f->code;
}

static void print_deleted(const struct kv *kv, uint64_t objects)
{
	json_object *json;

	if (!kcsd_args_has(kv->args, OPT_JSON)) {
		printf("objects: %llu\n", (unsigned long long)objects);
		return;
	}
	json = json_object_new_object();
	json_object_object_add(json, "objects", json_object_new_uint64(objects));
	kcsd_json_print(json);
}

static int remove_prefix(struct kv *kv, const char *text)
{
	struct kv_flight flight = { .kv = kv, .done = take_deleted };
	struct kcsd_kv_key prefix;
	int ret, code;

	kcsd_kv_take_prefix(kv->args, text, &prefix);
	code = kcsd_kv_flight_begin(&flight);
	if (!code) {
		ret = kcsd_kv_each(kv->drv, prefix.len ? &prefix : NULL, send_delete, &flight,
				   &kv->err);
		code = kcsd_kv_flight_drain(&flight);
		if (ret && !code)
			code = kcsd_kv_fail(kv, ret);
	}
	kcsd_kv_flight_end(&flight);
	if (code)
		kcsd_fail("%llu objects were deleted", (unsigned long long)flight.objects);
	else
		print_deleted(kv, flight.objects);
	return code;
}

int kcsd_kv_rm(struct kv *kv)
{
	const char *prefix = kcsd_args_value(kv->args, OPT_PREFIX);

	return prefix ? remove_prefix(kv, prefix) : remove_keys(kv);
}
