// SPDX-License-Identifier: GPL-2.0
/* Print the parameters, or the presets, as Documentation/timing.rst has them. */
#include <string.h>

#include "params.h"

static void print_params(void)
{
	struct kcsd_timing_params p;
	char value[32];
	u32 i;

	kcsd_timing_params_init(&p);
	puts("   * - parameter\n     - unit\n     - default, bounds\n     - meaning");
	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++) {
		const struct kcsd_timing_param *param = &kcsd_timing_param_table[i];
		const char *choice = kcsd_timing_choice_text(param->unit, 0);
		const char *unit = kcsd_timing_unit_text(param->unit);

		kcsd_timing_params_print(&p, i, value, sizeof(value));
		printf("   * - ``%s``\n     - %s\n", param->name, *unit ? unit : "\\-");
		if (choice)
			printf("     - %s; %s, %s\n", value, choice,
			       kcsd_timing_choice_text(param->unit, 1));
		else
			printf("     - %s; %llu to %llu\n", value,
			       (unsigned long long)param->min, (unsigned long long)param->max);
		printf("     - %s\n", param->text);
	}
}

/* Print a preset, and what it changes. */
static void print_preset(const struct kcsd_timing_preset *preset)
{
	struct kcsd_timing_params p, plain;
	const char *separator = "";
	char value[32];
	u32 i;

	kcsd_timing_params_init(&plain);
	kcsd_timing_preset(&p, preset->name);
	printf("``%s``\n   %s.", preset->name, preset->text);
	if (preset->zone_size)
		printf(" Zones of %llu MiB.", (unsigned long long)preset->zone_size >> 20);
	printf("\n   Source: %s.\n   Differs from the defaults in:\n   ", preset->source);
	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++) {
		if (*kcsd_timing_param_at(&p, i) == *kcsd_timing_param_at(&plain, i))
			continue;
		kcsd_timing_params_print(&p, i, value, sizeof(value));
		printf("%s%s %s", separator, kcsd_timing_param_table[i].name, value);
		separator = ",\n   ";
	}
	puts(*separator ? ".\n" : "nothing.\n");
}

int main(int argc, char **argv)
{
	u32 i;

	if (argc == 2 && !strcmp(argv[1], "params")) {
		print_params();
		return 0;
	}
	for (i = 0; i < kcsd_timing_nr_presets; i++)
		print_preset(&kcsd_timing_presets[i]);
	return 0;
}
