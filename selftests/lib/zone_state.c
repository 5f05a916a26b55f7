// SPDX-License-Identifier: GPL-2.0
#include "zone_state.h"

#include <string.h>

#include <linux/kcsd.h>

#include "kselftest.h"

const char zone_letters[] = "EIOCFRX";

const char * const zone_op_names[NR_ZONE_OPS] = {
	"write", "append", "open", "close", "finish", "reset", "offline",
	"open all", "close all", "finish all", "reset all", "offline all",
};

/*
 * Allowed operations: the states that each accepts, and the state after it. All others are refused.
 */
static const struct zone_rule {
	enum zone_op op;
	const char *from;
	char to;
} zone_rules[] = {
	{ ZONE_WRITE,		"EIC",		'I' },
	{ ZONE_WRITE,		"O",		'O' },
	{ ZONE_APPEND,		"EIC",		'I' },
	{ ZONE_APPEND,		"O",		'O' },
	{ ZONE_OPEN,		"EIOC",		'O' },
	{ ZONE_CLOSE,		"IOC",		'C' },
	{ ZONE_FINISH,		"EIOCF",	'F' },
	{ ZONE_RESET,		"EIOCF",	'E' },
	{ ZONE_OFFLINE,		"RX",		'X' },
	/* Operations on all zones: a zone in another state is skipped, without an error. */
	{ ZONE_OPEN_ALL,	"C",		'O' },
	{ ZONE_CLOSE_ALL,	"IO",		'C' },
	{ ZONE_FINISH_ALL,	"IOC",		'F' },
	{ ZONE_RESET_ALL,	"IOCF",		'E' },
	{ ZONE_OFFLINE_ALL,	"R",		'X' },
};

enum zone_is zone_of_letter(char letter)
{
	return strchr(zone_letters, letter) - zone_letters;
}

enum zone_is zone_of_cond(__u8 cond)
{
	static const __u8 conds[NR_ZONE_IS] = { 0x1, 0x2, 0x3, 0x4, 0xe, 0xd, 0xf };
	int is = 0;

	while (is < NR_ZONE_IS && conds[is] != cond)
		is++;
	return is;
}

int zone_expect(enum zone_op op, enum zone_is before, enum zone_is *after)
{
	static const int refused[NR_ZONE_IS] = {
		[Z_FULL] = KCSD_SC_ZONE_FULL,
		[Z_READONLY] = KCSD_SC_ZONE_READ_ONLY,
		[Z_OFFLINE] = KCSD_SC_ZONE_OFFLINE,
	};

	*after = before;
	for (size_t i = 0; i < ARRAY_SIZE(zone_rules); i++) {
		if (zone_rules[i].op != op || !strchr(zone_rules[i].from, zone_letters[before]))
			continue;
		*after = zone_of_letter(zone_rules[i].to);
		return 0;
	}
	if (op >= ZONE_OPEN_ALL)
		return 0;
	return op <= ZONE_APPEND ? refused[before] : KCSD_SC_INVALID_ZONE_TRANSITION;
}
