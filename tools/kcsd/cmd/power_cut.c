// SPDX-License-Identifier: GPL-2.0
/* kcsd power-cut */
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "cmd.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(SEED, "seed", 's', "N", \
	  "seed that selects which unflushed writes survive; default: random") \
	X(ON, "on", 'o', NULL, "power the drive on again") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

static int take_seed(const struct args *args, uint64_t *seed)
{
	uint32_t any;	/* short, so that a user can type it again */

	if (kcsd_args_has(args, OPT_SEED))
		return kcsd_args_number(args, OPT_SEED, UINT64_MAX, seed);
	if (getrandom(&any, sizeof(any), 0) != sizeof(any))
		return kcsd_fail("cannot get a random number; choose one with --seed");
	*seed = any;
	return 0;
}

static int cut(const char *name, uint64_t seed)
{
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)seed);
	ret = kcsd_attr_set(name, "power_cut", text);
	if (ret == -ENODEV)
		return kcsd_fail("drive '%s' is powered off", name);
	return ret ? kcsd_fail_config(ret, "cannot cut the power of drive '%s'", name) : 0;
}

static void report(const struct args *args, const char *name, uint64_t seed, bool on)
{
	json_object *json;

	if (!kcsd_args_has(args, OPT_JSON)) {
		printf("seed: %llu\npowered: %s\n", (unsigned long long)seed, on ? "yes" : "no");
		return;
	}
	json = json_object_new_object();
	json_object_object_add(json, "name", json_object_new_string(name));
	json_object_object_add(json, "seed", json_object_new_uint64(seed));
	json_object_object_add(json, "powered", json_object_new_boolean(on));
	kcsd_json_print(json);
}

static int power_cut(const struct args *args)
{
	const char *drive = kcsd_args_value(args, OPT_DRIVE);
	char name[KCSD_CONFIG_NAME_LEN];
	uint64_t seed;
	int code;

	if (drive && args->nr_operands)
		return kcsd_usage(args->cmd, "the drive is named twice");
	if (args->nr_operands)
		drive = args->operand[0];
	if ((code = take_seed(args, &seed)) || (code = kcsd_pick_config(drive, name)) ||
	    (code = cut(name, seed)))
		return code;
	if (kcsd_args_has(args, OPT_ON))
		code = kcsd_power_on(name);
	report(args, name, seed, !code && kcsd_args_has(args, OPT_ON));
	return code;
}

const struct command kcsd_cmd_power_cut = {
	.name = "power-cut",
	.operands = "[DRIVE]",
	.max_operands = 1,
	.summary = "cut the power of a drive: most writes that were not flushed are lost",
	.detail = "The seed selects whole LBAs that survive; in a sequential zone, all LBAs up to\n"
		  "some write pointer. Without a backing file all data is lost, as at any power\n"
		  "off. The drive disappears, even while it is in use.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = power_cut,
};
