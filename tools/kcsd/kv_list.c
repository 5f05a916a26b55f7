// SPDX-License-Identifier: GPL-2.0
/* kcsd kv ls */
#include <stdio.h>
#include <stdlib.h>

#include "kv.h"

#define PAGE	1024	/* keys whose lengths are read at once */

struct row {
	struct kcsd_kv_key key;
	uint64_t len;
	int status;		/* of reading the length */
};

struct list {
	struct kv *kv;
	bool json;
	uint64_t printed;
	uint64_t vanished;	/* deleted after they were listed */
	uint64_t damaged;
	struct kv_flight *flight;	/* NULL: without lengths */
	size_t nr_rows;
	struct row rows[PAGE];
};

/* ---- print ---- */

static void print_json(const struct list *list, const struct row *row)
{
	json_object *json = json_object_new_object();
	char text[KCSD_KV_KEY_TEXT_LEN];

	json_object_object_add(json, "key",
			       json_object_new_string(kcsd_kv_key_text(&row->key, text)));
	if (list->flight && row->status)
		json_object_object_add(json, "damaged", json_object_new_boolean(true));
	else if (list->flight)
		json_object_object_add(json, "bytes", json_object_new_uint64(row->len));
	printf("%s  %s", list->printed ? ",\n" : "[\n",
	       json_object_to_json_string_ext(json, JSON_C_TO_STRING_SPACED |
					      JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(json);
}

static void print_text(const struct list *list, const struct row *row)
{
	char text[KCSD_KV_KEY_TEXT_LEN];

	kcsd_kv_key_text(&row->key, text);
	if (!list->flight)
		printf("%s\n", text);
	else if (row->status)
		printf("%10s  %s\n", "damaged", text);
	else
		printf("%10llu  %s\n", (unsigned long long)row->len, text);
}

static void print_row(struct list *list, const struct row *row)
{
	if (list->json)
		print_json(list, row);
	else
		print_text(list, row);
	list->printed++;
}

/* ---- lengths ---- */

static int take_len(struct kv_flight *f, struct kv_job *job, const struct kcsd_kv_result *result)
{
	struct list *list = f->ctx;
	struct row *row = &list->rows[job->tag];

	row->len = result->len;
	row->status = result->status;
	if (!row->status || row->status == KCSD_SC_NO_KEY || row->status == KCSD_SC_UNRECOVERED)
		return 0;
	kcsd_kv_describe(result, sizeof(*result), &f->kv->err);
	return kcsd_kv_fail(f->kv, result->status);
}

/* Read the lengths of the rows, and print them in their order. Return the exit code. */
static int print_page(struct list *list)
{
	struct kv_flight *f = list->flight;
	struct kv_job *job;
	size_t i;
	int code;

	for (i = 0; i < list->nr_rows; i++) {
		/* Any length will do. */
		job = kcsd_kv_flight_get(f, 4);
		if (!job)
			break;
		job->key = list->rows[i].key;
		job->tag = i;
		kcsd_kv_flight_send(f, job, KCSD_KV_RETRIEVE, 0);
	}
	code = kcsd_kv_flight_drain(f);
	for (i = 0; i < list->nr_rows && !code; i++) {
		list->vanished += list->rows[i].status == KCSD_SC_NO_KEY;
		list->damaged += list->rows[i].status == KCSD_SC_UNRECOVERED;
		if (list->rows[i].status != KCSD_SC_NO_KEY)
			print_row(list, &list->rows[i]);
	}
	list->nr_rows = 0;
	return code;
}

/* ---- the action ---- */

/* Return the exit code, -1 if nobody reads what is printed. */
static int take_key(const struct kcsd_kv_key *key, void *arg)
{
	struct list *list = arg;
	struct row row = { .key = *key };
	int code = 0;

	if (!list->flight) {
		print_row(list, &row);
	} else {
		list->rows[list->nr_rows++] = row;
		if (list->nr_rows == PAGE)
			code = print_page(list);
	}
	return ferror(stdout) ? -1 : code;
}

static int walk(struct list *list, const struct kcsd_kv_key *prefix)
{
	struct kv *kv = list->kv;
	int ret;

	kv->err.text[0] = '\0';
	ret = kcsd_kv_each(kv->drv, prefix->len ? prefix : NULL, take_key, list, &kv->err);
	if (ret == -1 && ferror(stdout))
		return 0;
	if (!ret && list->nr_rows)
		ret = print_page(list);
	else if (ret && kv->err.text[0] && (!list->flight || !list->flight->code))
		ret = kcsd_kv_fail(kv, ret);
	if (list->json)
		printf("%s]\n", list->printed ? "\n" : "[");
	return ret;
}

static int report(const struct list *list)
{
	fflush(stdout);
	if (list->vanished)
		fprintf(stderr, "kcsd: %llu objects were deleted meanwhile\n",
			(unsigned long long)list->vanished);
	if (list->damaged)
		return kcsd_fail("%llu objects are damaged", (unsigned long long)list->damaged);
	return 0;
}

int kcsd_kv_ls(struct kv *kv)
{
	struct kv_flight flight = { .kv = kv, .done = take_len };
	struct list *list = calloc(1, sizeof(*list));
	struct kcsd_kv_key prefix = {};
	int code = 0;

	if (!list)
		return kcsd_fail("out of memory");
	list->kv = kv;
	list->json = kcsd_args_has(kv->args, OPT_JSON);
	flight.ctx = list;
	if (kv->args->nr_operands > 1)
		kcsd_kv_take_prefix(kv->args, kv->args->operand[1], &prefix);
	if (kcsd_args_has(kv->args, OPT_LONG)) {
		list->flight = &flight;
		code = kcsd_kv_flight_begin(&flight);
	}
	if (!code)
		code = walk(list, &prefix);
	if (list->flight)
		kcsd_kv_flight_end(&flight);
	if (!code)
		code = report(list);
	free(list);
	return code;
}
