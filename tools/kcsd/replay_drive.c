// SPDX-License-Identifier: GPL-2.0
/* Which drive a replay is of, for its report. */
#include <stdio.h>

#include "replay.h"

#define MAX_VALUE	32

/* Return the values that --param changes, those of the preset or the defaults. */
static struct kcsd_timing_params base_params(const struct replay *r)
{
	struct kcsd_timing_params p;

	kcsd_timing_params_init(&p);
	if (r->preset)
		kcsd_timing_preset(&p, r->preset);
	return p;
}

static bool is_changed(const struct replay *r, const struct kcsd_timing_params *base,
		       unsigned int i)
{
	return ((const u64 *)&r->params)[i] != ((const u64 *)base)[i];
}

/* ---- text ---- */

static void print_params(const struct replay *r)
{
	const struct kcsd_timing_params base = base_params(r);
	const char *before = ", but ";
	char value[MAX_VALUE];
	unsigned int i;

	printf("drive: %s", r->preset ? r->preset : "default parameters");
	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++) {
		if (!is_changed(r, &base, i))
			continue;
		kcsd_timing_params_print(&r->params, i, value, sizeof(value));
		printf("%s%s=%s", before, kcsd_timing_param_table[i].name, value);
		before = " ";
	}
	printf("\n");
}

static void print_flash(const struct replay *r)
{
	const struct kcsd_timing_params *p = kcsd_timing_get_params(r->model);
	char size[KCSD_HUMAN_LEN];

	printf("flash: %llu channels of %llu dies, ", (unsigned long long)p->channels,
	       (unsigned long long)p->dies);
	if (r->shape.zone_size)
		printf("zones of %s on %llu dies", kcsd_human_bytes(r->shape.zone_size, size),
		       (unsigned long long)p->dies_per_zone);
	else
		printf("blocks of %s", kcsd_human_bytes(p->block_pages * p->page_size, size));
	if (!p->channel_mbps && !p->channel_ns)
		printf("; channels take no time (channel_mbps is 0)");
	if (!p->erase_ns)
		printf("; erases take no time (erase_ns is 0)");
	printf("\n");
}

void kcsd_replay_print_drive(const struct replay *r)
{
	const struct kcsd_timing_params *p = &r->params;
	char size[KCSD_HUMAN_LEN];

	print_params(r);
	printf("capacity: %s%s\n", kcsd_human_bytes(r->shape.capacity, size),
	       r->size_given ? "" : ", as much as is used (--size gives another one)");
	if (p->media == KCSD_TIMING_FLASH)
		print_flash(r);
	else
		printf("no flash: %llu lanes, pieces of %s\n", (unsigned long long)p->array_lanes,
		       kcsd_human_bytes(p->array_piece_size, size));
	printf("compute: %llu units of %llu MHz\n", (unsigned long long)p->units,
	       (unsigned long long)p->unit_mhz);
}

/* ---- JSON ---- */

static json_object *params_json(const struct replay *r)
{
	struct kcsd_timing_params p = *kcsd_timing_get_params(r->model);
	json_object *json = json_object_new_object(), *value;
	const char *choice;
	unsigned int i;

	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++) {
		const struct kcsd_timing_param *param = &kcsd_timing_param_table[i];
		uint64_t number = *kcsd_timing_param_at(&p, i);

		choice = kcsd_timing_choice_text(param->unit, number);
		value = choice ? json_object_new_string(choice) : json_object_new_uint64(number);
		json_object_object_add(json, param->name, value);
	}
	return json;
}

static json_object *changed_json(const struct replay *r)
{
	const struct kcsd_timing_params base = base_params(r);
	json_object *list = json_object_new_array();
	unsigned int i;

	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++)
		if (is_changed(r, &base, i))
			json_object_array_add(list, json_object_new_string(
						      kcsd_timing_param_table[i].name));
	return list;
}

void kcsd_replay_add_drive(const struct replay *r, json_object *json)
{
	json_object_object_add(json, "preset",
			       r->preset ? json_object_new_string(r->preset) : NULL);
	json_object_object_add(json, "changed", changed_json(r));
	json_object_object_add(json, "parameters", params_json(r));
	json_object_object_add(json, "size", json_object_new_uint64(r->shape.capacity));
	json_object_object_add(json, "size_given", json_object_new_boolean(r->size_given));
	json_object_object_add(json, "zone_size", json_object_new_uint64(r->shape.zone_size));
}
