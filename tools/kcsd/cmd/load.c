// SPDX-License-Identifier: GPL-2.0
/* kcsd load */
#include <stdio.h>

#include "program_file.h"
#include "signals.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(PROGRAM, "program", 'p', "NAME", "the program, if the file has several") \
	X(INDEX, "index", 'i', "N", "load at this index; default: the first free one") \
	X(HEAP, "heap", 0, "SIZE", "memory for the heap of the program; default: 0") \
	X(PUID, "puid", 0, "N", "unique identifier of the program; default: none") \
	X(ACTIVATE, "activate", 'a', NULL, "also activate it") \
	X(PERSIST, "persist", 0, NULL, \
	  "keep the program, and whether it is active, across power off") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

static void print_loaded(const struct args *args, const struct kcsd_object *obj, uint32_t pind)
{
	json_object *json;
	size_t len;

	kcsd_object_image(obj, &len);
	if (!kcsd_args_has(args, OPT_JSON)) {
		printf("index: %u\nprogram: %s\nsize: %zu bytes\nactive: %s\n", pind,
		       kcsd_object_name(obj), len,
		       kcsd_args_has(args, OPT_ACTIVATE) ? "yes" : "no");
		return;
	}
	json = json_object_new_object();
	json_object_object_add(json, "index", json_object_new_uint64(pind));
	json_object_object_add(json, "program", json_object_new_string(kcsd_object_name(obj)));
	json_object_object_add(json, "size", json_object_new_uint64(len));
	json_object_object_add(json, "active",
			       json_object_new_boolean(kcsd_args_has(args, OPT_ACTIVATE)));
	kcsd_json_print(json);
}

/* Unload the program after a signal: the user does not know its index yet. */
static int undo_load(struct kcsd_drive *drv, uint32_t pind)
{
	kcsd_program_deactivate(drv, pind);
	kcsd_program_unload(drv, pind);
	kcsd_fail("interrupted, nothing was loaded");
	return kcsd_signals_code(kcsd_signals_caught());
}

static int load_object(const struct args *args, struct kcsd_drive *drv,
		       const struct kcsd_object *obj, const struct kcsd_load_opts *load)
{
	struct kcsd_error error;
	uint32_t pind;
	int ret;

	kcsd_signals_catch();
	ret = kcsd_object_load(drv, obj, load, &pind, &error);
	if (ret)
		return kcsd_fail_load(&error);
	if (kcsd_args_has(args, OPT_ACTIVATE)) {
		ret = kcsd_program_activate(drv, pind);
		if (ret) {
			kcsd_program_unload(drv, pind);
			return kcsd_fail_ret(ret, "cannot activate %s", kcsd_object_name(obj));
		}
	}
	if (kcsd_signals_caught())
		return undo_load(drv, pind);
	print_loaded(args, obj, pind);
	return 0;
}

static int load(const struct args *args)
{
	KCSD_OPTS(kcsd_object_opts, object, .program = kcsd_args_value(args, OPT_PROGRAM));
	KCSD_OPTS(kcsd_load_opts, load, .pind = KCSD_PIND_ANY);
	struct kcsd_drive *drv;
	struct kcsd_object *obj;
	uint64_t heap = 0, index = 0;
	int ret;

	if ((ret = kcsd_args_size(args, OPT_HEAP, UINT32_MAX, &heap)) ||
	    (ret = kcsd_args_number(args, OPT_INDEX, 0xffff, &index)) ||
	    (ret = kcsd_args_number(args, OPT_PUID, UINT64_MAX, &load.puid)))
		return ret;
	object.heap_len = heap;
	load.persistent = kcsd_args_has(args, OPT_PERSIST);
	if (kcsd_args_has(args, OPT_INDEX))
		load.pind = index;
	ret = kcsd_open_object(args->operand[0], &object, &obj);
	if (ret)
		return ret;
	ret = kcsd_pick_drive(kcsd_args_value(args, OPT_DRIVE), 0, &drv);
	if (!ret) {
		ret = load_object(args, drv, obj, &load);
		kcsd_drive_close(drv);
	}
	kcsd_object_close(obj);
	return ret;
}

const struct command kcsd_cmd_load = {
	.name = "load",
	.operands = "OBJECT",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "load a program from an object file",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = load,
};
