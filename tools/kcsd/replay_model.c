// SPDX-License-Identifier: GPL-2.0
/* The model of a replay: its parameters from options, its capacity from the traces. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "replay.h"

#define MIB		(1u << 20)
#define MAX_NAME	64
#define ZONE_BYTES	1024	/* of memory, about */

/* Set a parameter from "NAME=VALUE". Return 0, or the exit code. */
static int set_param(struct replay *r, const char *text)
{
	const char *value = strchr(text, '=');
	char name[MAX_NAME], why[KCSD_TIMING_WHY] = "";
	int ret;

	if (!value || value == text || (size_t)(value - text) >= sizeof(name))
		return kcsd_usage(r->args->cmd, "--param: '%s' is not NAME=VALUE", text);
	memcpy(name, text, value - text);
	name[value - text] = '\0';
	ret = kcsd_timing_params_parse(&r->params, name, value + 1, why, sizeof(why));
	if (ret == -ENOENT)
		return kcsd_usage(r->args->cmd, "--param: there is no parameter '%s' (--show lists "
				  "them)", name);
	return ret ? kcsd_usage(r->args->cmd, "--param: '%s': %s", text, why) : 0;
}

int kcsd_replay_take_params(struct replay *r, const char *name, const struct args *args,
			    int param_opt)
{
	const struct kcsd_timing_preset *preset;
	int i, code = 0;

	kcsd_timing_params_init(&r->params);
	if (name) {
		preset = kcsd_timing_preset(&r->params, name);
		if (!preset)
			return kcsd_usage(args->cmd, "--preset: there is no '%s' (--show lists them)",
					  name);
		r->preset = preset->name;
		r->shape.zone_size = preset->zone_size;
	}
	for (i = 0; !code && i < args->nr_given; i++)
		if (args->given[i].opt == param_opt)
			code = set_param(r, args->given[i].value);
	return code;
}

/* Refuse tables that do not fit this machine, which a wrong address in a trace would need. */
static int validate_memory(const struct replay *r)
{
	uint64_t zones = r->shape.zone_size ? r->shape.capacity / r->shape.zone_size : 0;
	uint64_t need = zones ? zones * ZONE_BYTES :
			r->shape.capacity / r->params.map_unit * sizeof(uint64_t);
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	char size[KCSD_HUMAN_LEN], tables[KCSD_HUMAN_LEN];

	if (need < memory / 4 * 3)
		return 0;
	return kcsd_fail("a drive of %s needs tables of %s, which do not fit this machine: --size "
			 "makes it smaller",
			 kcsd_human_bytes(r->shape.capacity, size), kcsd_human_bytes(need, tables));
}

int kcsd_replay_make_model(struct replay *r, uint64_t size, uint64_t end)
{
	uint64_t unit = r->shape.zone_size ? r->shape.zone_size : MIB;
	char why[KCSD_TIMING_WHY] = "";
	int ret;

	if (end > UINT64_MAX - unit)
		return kcsd_fail("no drive is as large as the addresses in the traces");
	r->shape.capacity = size;
	r->size_given = size;
	if (!size)
		r->shape.capacity = (end + unit - 1) / unit * unit;
	if (r->shape.capacity % unit)
		return kcsd_usage(r->args->cmd, "--size: must be a multiple of %s",
				  r->shape.zone_size ? "the zone size" : "1M");
	ret = validate_memory(r);
	if (ret)
		return ret;
	r->source.devices.size = r->shape.capacity;
	ret = kcsd_timing_create(&r->params, &r->shape, &r->model, why, sizeof(why));
	if (ret == -ENOMEM)
		return kcsd_fail("out of memory");
	return ret ? kcsd_fail("the model is not possible: %s", why) : 0;
}

void kcsd_replay_show_params(const struct replay *r)
{
	char value[MAX_NAME];
	unsigned int i;

	for (i = 0; i < kcsd_timing_nr_presets; i++)
		printf("%-16s%s (%s)\n", kcsd_timing_presets[i].name, kcsd_timing_presets[i].text,
		       kcsd_timing_presets[i].source);
	printf("\n");
	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++) {
		const struct kcsd_timing_param *p = &kcsd_timing_param_table[i];

		kcsd_timing_params_print(&r->params, i, value, sizeof(value));
		printf("%-22s%-12s%-22s%s\n", p->name, value, kcsd_timing_unit_text(p->unit),
		       p->text);
	}
}
