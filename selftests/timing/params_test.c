// SPDX-License-Identifier: GPL-2.0
/* Parameters: text, presets, and one rejection for each rule, with otherwise valid values. */
#include "tests.h"

struct refusal {
	const char *name;
	const char *set[8];
	u64 capacity;
	u64 zone_size;
	const char *says;
};

static const struct refusal refusals[] = {
	{ "unit of the map", { "map_unit", "6000" }, GB, 0,
	  "map_unit is 6000: it has to be a power of 2" },
	{ "page", { "page_size", "12K", "program_size", "12K" }, GB, 0,
	  "page_size is 12288: it has to be a power of 2" },
	{ "page below the unit", { "page_size", "2K", "program_size", "2K" }, GB, 0,
	  "A page (page_size 2048) is smaller than a unit" },
	{ "page of too many units", { "page_size", "512K", "program_size", "512K" }, GB, 0,
	  "more than 64 units" },
	{ "program", { "planes", "2", "program_size", "12K" }, GB, 0,
	  "program_size 12288 is no multiple of the pages of all planes" },
	{ "block", { "program_size", "12K", "block_pages", "256" }, GB, 0,
	  "A block of 256 pages (block_pages) does not end with a program of 12288 bytes" },
	{ "planes", { "channels", "64", "dies", "64", "planes", "2", "program_size", "8K" }, GB, 0,
	  "channels * dies * planes is 8192: more than 4096" },
	{ "partitions", { "partitions", "16" }, GB, 0,
	  "partitions is 16: it has to be a power of 2" },
	{ "partitions", { "partitions", "3", "channels", "9" }, GB, 0, "partitions is 3" },
	{ "buffer", { "buffer_size", "16K" }, GB, 0,
	  "buffer_size is 16384: 20480 are needed for a program" },
	{ "units", { "map_unit", "512" }, 1ULL << 42, 0, "are more than 2^32 - 2" },
	{ "flash", { "overprovision", "10000" }, 1ULL << 43, 0,
	  "The flash of a partition has more than" },
	{ "drive without bytes", {}, 0, 0, "A drive of 0 bytes is not possible" },
	{ "drive", {}, 1ULL << 60, 0, "is not possible" },
	{ "zones", {}, GB, 1000, "Zones of 1000 bytes are not possible" },
	{ "number of zones", {}, 1ULL << 40, 512, "are more than" },
	{ "dies of a zone", { "dies_per_zone", "5" }, GB, 64 * MB,
	  "dies_per_zone is 5: it has to divide the 64 dies" },
	{ "buffer of a zone", { "zone_buffer_size", "2K" }, GB, 64 * MB,
	  "zone_buffer_size 2048 has no room for a program" },
	{ "buffer that is not safe", { "buffer_safe", "0" }, GB, 64 * MB, "set buffer_safe to 1" },
};

static void test_refusal(const struct refusal *r)
{
	struct kcsd_timing_shape shape = { .capacity = r->capacity, .zone_size = r->zone_size };
	struct kcsd_timing_params p;
	char why[KCSD_TIMING_WHY] = "";
	struct kcsd_timing *t;
	size_t i;

	kcsd_timing_params_init(&p);
	for (i = 0; i + 1 < ARRAY_SIZE(r->set) && r->set[i]; i += 2)
		IS(kcsd_timing_params_parse(&p, r->set[i], r->set[i + 1], why, sizeof(why)), 0,
		   "%s = %s", r->set[i], r->set[i + 1]);
	IS(kcsd_timing_create(&p, &shape, &t, why, sizeof(why)), -EINVAL, "refused: %s", r->name);
	SAYS(why, r->says);
}

struct text {
	const char *name;
	const char *text;
	int err;
	u64 value;
	const char *says;
};

static const struct text texts[] = {
	{ "channels", "16", 0, 16, "" },
	{ "channels", "16\n", 0, 16, "" },
	{ "page_size", "16K", 0, 16384, "" },
	{ "page_size", "1m\n", 0, 1 << 20, "" },
	{ "buffer_size", "1G", 0, 1 << 30, "" },
	{ "media", "array", 0, KCSD_TIMING_ARRAY, "" },
	{ "gc", "fifo\n", 0, KCSD_TIMING_FIFO, "" },
	{ "channels", "0", -EINVAL, 0, "channels is a number from 1 to 64." },
	{ "channels", "65", -EINVAL, 0, "from 1 to 64" },
	{ "channels", "1K", -EINVAL, 0, "" },
	{ "channels", "", -EINVAL, 0, "" },
	{ "channels", "-1", -EINVAL, 0, "" },
	{ "channels", "8 ", -EINVAL, 0, "" },
	{ "channels", "8\n\n", -EINVAL, 0, "" },
	{ "page_size", "1T", -EINVAL, 0, "page_size is a number from 512 to 16777216, bytes." },
	{ "page_size", "18446744073709551616", -EINVAL, 0, "" },
	{ "page_size", "18446744073709551615G", -EINVAL, 0, "" },
	{ "media", "paper", -EINVAL, 0, "media is flash or array." },
	{ "media", "flashy", -EINVAL, 0, "media is flash or array." },
	{ "media", "1", -EINVAL, 0, "" },
	{ "wheels", "4", -ENOENT, 0, "There is no parameter wheels." },
};

static void test_text(const struct text *text)
{
	struct kcsd_timing_params p, before;
	char why[KCSD_TIMING_WHY] = "", value[64];
	int index = kcsd_timing_param_find(text->name);

	kcsd_timing_params_init(&p);
	before = p;
	IS(kcsd_timing_params_parse(&p, text->name, text->text, why, sizeof(why)), text->err,
	   "%s = %.*s", text->name, (int)strcspn(text->text, "\n"), text->text);
	if (text->err) {
		OK(!memcmp(&p, &before, sizeof(p)), "  and changes nothing");
		SAYS(why, text->says);
		return;
	}
	IS(*kcsd_timing_param_at(&p, index), text->value, "  is set");
	kcsd_timing_params_print(&p, index, value, sizeof(value));
	kcsd_timing_params_init(&before);
	kcsd_timing_params_parse(&before, text->name, value, why, sizeof(why));
	OK(!memcmp(&p, &before, sizeof(p)), "  and can be parsed as it is printed: %s", value);
}

static void test_table(void)
{
	struct kcsd_timing_params p;
	char why[KCSD_TIMING_WHY];
	u32 i, wrong = 0;

	kcsd_timing_params_init(&p);
	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++) {
		const struct kcsd_timing_param *param = &kcsd_timing_param_table[i];
		bool choice = param->unit == KCSD_TIMING_UNIT_MEDIA ||
			param->unit == KCSD_TIMING_UNIT_GC;

		wrong += param->value < param->min || param->value > param->max;
		wrong += kcsd_timing_param_find(param->name) != (int)i;
		wrong += choice != !!kcsd_timing_choice_text(param->unit, param->max);
		wrong += !!kcsd_timing_choice_text(param->unit, param->max + 1);
	}
	IS(wrong, 0, "each of %zu parameters has a default within its bounds",
	   KCSD_TIMING_NR_PARAMS);
	IS(kcsd_timing_params_check(&p, NULL, why, sizeof(why)), 0, "the defaults are possible");
	p.channels = 1000;
	IS(kcsd_timing_params_check(&p, NULL, why, sizeof(why)), -EINVAL,
	   "a value out of bounds is not");
	SAYS(why, "channels is a number from 1 to 64");
}

static void test_presets(void)
{
	struct kcsd_timing_params p;
	char why[KCSD_TIMING_WHY];
	u32 i;

	for (i = 0; i < kcsd_timing_nr_presets; i++) {
		const struct kcsd_timing_preset *preset = &kcsd_timing_presets[i];
		struct kcsd_timing_shape small = { 512 * MB, preset->zone_size ? 32 * MB : 0 };
		struct kcsd_timing_shape large = { 1ULL << 40, preset->zone_size };
		struct kcsd_timing_shape other = { 1ULL << 40, preset->zone_size ? 0 : GB };

		OK(kcsd_timing_preset(&p, preset->name) == preset, "preset %s", preset->name);
		OK(preset->source[0] && preset->text[0], "  names its source");
		OK(!kcsd_timing_params_check(&p, &small, why, sizeof(why)), "  is for small drives");
		OK(!kcsd_timing_params_check(&p, &large, why, sizeof(why)), "  and for large ones");
		OK(!kcsd_timing_params_check(&p, &other, why, sizeof(why)),
		   "  with zones or without");
	}
	OK(!kcsd_timing_preset(&p, "floppy"), "there is no preset floppy");
}

void params_tests(void)
{
	size_t i;

	test_table();
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		test_text(&texts[i]);
	for (i = 0; i < ARRAY_SIZE(refusals); i++)
		test_refusal(&refusals[i]);
	test_presets();
}
