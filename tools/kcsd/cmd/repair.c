// SPDX-License-Identifier: GPL-2.0
/* kcsd repair */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

#define OPTIONS(X) \
	X(ZONES, "zones", 'z', "full|empty", \
	  "what zones are to be; default: as the sidecar says, if nothing of it is lost") \
	X(ZONE_SIZE, "zone-size", 0, "SIZE", "if nothing is left that says it") \
	X(ZONE_CAPACITY, "zone-capacity", 0, "SIZE", "likewise; default: the zone size") \
	X(CONVENTIONAL, "conventional-zones", 0, "N", "likewise; default: 0") \
	X(BLOCK_SIZE, "block-size", 0, "SIZE", "likewise; default: 4096") \
	X(SIZE, "size", 0, "SIZE", "likewise; default: the backing file's size") \
	X(NEW_UUID, "new-uuid", 0, NULL, "it is a copy: make it a drive of its own")

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

static int zones_option(const struct args *args, uint32_t *zones)
{
	const char *value = kcsd_args_value(args, OPT_ZONES);

	if (!value)
		*zones = KCSD_REPAIR_KEEP;
	else if (!strcmp(value, "full"))
		*zones = KCSD_REPAIR_FULL;
	else if (!strcmp(value, "empty"))
		*zones = KCSD_REPAIR_EMPTY;
	else
		return kcsd_usage(args->cmd, "--zones: '%s' is neither full nor empty", value);
	return 0;
}

static int repair(const struct args *args)
{
	KCSD_OPTS(kcsd_repair_opts, o);
	uint64_t block_size = 0, conventional = 0;
	struct kcsd_error error;
	uint32_t lost;
	int ret;

	if ((ret = zones_option(args, &o.zones)) ||
	    (ret = kcsd_args_size(args, OPT_ZONE_SIZE, INT64_MAX, &o.zone_size)) ||
	    (ret = kcsd_args_size(args, OPT_ZONE_CAPACITY, INT64_MAX, &o.zone_capacity)) ||
	    (ret = kcsd_args_number(args, OPT_CONVENTIONAL, UINT32_MAX, &conventional)) ||
	    (ret = kcsd_args_size(args, OPT_BLOCK_SIZE, 4096, &block_size)) ||
	    (ret = kcsd_args_size(args, OPT_SIZE, INT64_MAX, &o.size)))
		return ret;
	o.block_size = block_size;
	o.conventional = conventional;
	o.new_uuid = kcsd_args_has(args, OPT_NEW_UUID);
	ret = kcsd_sidecar_repair(args->operand[0], &o, &lost, &error);
	if (ret)
		return kcsd_fail("%s", error.text);
	printf("lost records: %u\n", lost);
	return 0;
}

const struct command kcsd_cmd_repair = {
	.name = "repair",
	.operands = "FILE",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "make a new sidecar of what is left of one",
	.detail = "FILE is the sidecar, or the backing file it belongs to. Programs and UUID\n"
		  "are kept as far as they can be read. With --zones full all that may be data\n"
		  "can be read afterwards, until a zone is reset; with empty, nothing. The old\n"
		  "sidecar is left as FILE.kcsd.old. The backing file is not changed.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = repair,
};
