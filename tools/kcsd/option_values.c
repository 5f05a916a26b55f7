// SPDX-License-Identifier: GPL-2.0
/* Validate values of drive options by the list of the driver, so that no drive is needed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "option_values.h"

#define SZ_512	512
#define SZ_4K	(4ULL << 10)
#define SZ_8K	(8ULL << 10)
#define SZ_64K	(64ULL << 10)
#define SZ_128K	(128ULL << 10)
#define SZ_1M	(1ULL << 20)
#define SZ_4M	(4ULL << 20)
#define SZ_16M	(16ULL << 20)
#define SZ_64M	(64ULL << 20)
#define SZ_256M	(256ULL << 20)
#define SZ_512M	(512ULL << 20)
#define SZ_1G	(1ULL << 30)
#define U32_MAX	UINT32_MAX
#define S64_MAX	INT64_MAX
#define U64_MAX	UINT64_MAX

#include "../../driver/options.h"

#define BOUND_LEN	24

enum kind { NUM, SIZE, CHOICE };

static const struct option {
	const char *name;
	enum kind kind;
	uint64_t min, max;
} options[] = {
#define OPTION_ROW(kind, name, def, min, max) { #name, kind, min, max },
	KCSD_OPTIONS(OPTION_ROW)
};

/* Format a bound as a user types it: with a unit only for sizes. */
static void bound_text(enum kind kind, uint64_t n, char text[BOUND_LEN])
{
	static const char units[] = "\0KMGTPE";
	int unit = 0;

	while (kind == SIZE && n && !(n % 1024) && units[unit + 1]) {
		n /= 1024;
		unit++;
	}
	snprintf(text, BOUND_LEN, "%" PRIu64 "%.1s", n, &units[unit]);
}

/* Describe the valid range in room. Leave out a maximum that is as large as the type allows. */
static const char *say_bounds(const struct option *o, uint64_t n, char room[KCSD_RULE_LEN])
{
	char min[BOUND_LEN], max[BOUND_LEN];

	bound_text(o->kind, o->min, min);
	bound_text(o->kind, o->max, max);
	if (n < o->min && o->max >= INT64_MAX)
		snprintf(room, KCSD_RULE_LEN, "at least %s", min);
	else
		snprintf(room, KCSD_RULE_LEN, "from %s to %s", min, max);
	return room;
}

const char *kcsd_option_rule(const char *name, uint64_t n, char room[KCSD_RULE_LEN])
{
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (!strcmp(options[i].name, name) && (n < options[i].min || n > options[i].max))
			return say_bounds(&options[i], n, room);
#define OPTION_RULE(rule, possible, wanted) \
	if (!strcmp(#rule, name) && !(possible)) \
		return wanted;
	KCSD_OPTION_RULES(OPTION_RULE)
	return NULL;
}

bool kcsd_option_has_choice(const char *name, const char *choice)
{
	static const char *const choices[] = {
#define CHOICE_NAME(NAME, name) name,
		KCSD_ENGINE_CHOICES(CHOICE_NAME)
	};
	bool is_choice = false;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		is_choice |= options[i].kind == CHOICE && !strcmp(options[i].name, name);
	for (i = 0; is_choice && i < sizeof(choices) / sizeof(choices[0]); i++)
		if (!strcmp(choices[i], choice))
			return true;
	return !is_choice;
}
