// SPDX-License-Identifier: GPL-2.0
/* Validate rules here to name the wrong word: the drive refuses a rule as a whole. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inject_rule.h"

#define MAX_DELAY_MS	86400000
#define MAX_DECIMALS	9
#define OUTCOMES	"media_error, timeout, delay=MS"

static const struct rule_command {
	const char *name;
	bool lbas;
} commands[] = {
	{ "read", true },
	{ "write", true },
	{ "append", true },
	{ "flush", false },
	{ "execute", false },
	{ "store", false },
	{ "retrieve", false },
	{ "delete", false },
	{ "list", false },
	{ "exist", false },
};

/* True if text up to end is only decimal digits, from min to max. */
static bool is_number(const char *text, const char *end, uint64_t min, uint64_t max)
{
	unsigned long long n;
	const char *p;
	char *stop;

	for (p = text; p < end; p++)
		if (!isdigit((unsigned char)*p))
			return false;
	errno = 0;
	n = strtoull(text, &stop, 10);
	return end > text && stop == end && !errno && n >= min && n <= max;
}

static bool is_any_number(const char *text, uint64_t min, uint64_t max)
{
	return is_number(text, text + strlen(text), min, max);
}

/* True for LBAs whose last one fits in 64 bits. */
static bool is_lbas(const char *text)
{
	const char *plus = strchr(text, '+');
	uint64_t start;

	if (!plus || !is_number(text, plus, 0, UINT64_MAX))
		return false;
	start = strtoull(text, NULL, 10);
	return is_any_number(plus + 1, 1, start ? UINT64_MAX - start + 1 : UINT64_MAX);
}

static bool is_delay(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return (!text[digits] || !strcmp(text + digits, "ms")) &&
	       is_number(text, text + digits, 1, MAX_DELAY_MS);
}

static bool is_next(const char *text)
{
	return is_any_number(text, 1, UINT32_MAX);
}

static bool is_probability(const char *text)
{
	const char *point = strchrnul(text, '.');
	size_t decimals = *point ? strlen(point + 1) : 0;
	bool zero = !text[strspn(text, "0.")];
	bool fraction = point[strspn(point, ".0")];

	if (!is_number(text, point, 0, 1) || zero || decimals > MAX_DECIMALS)
		return false;
	if (*point && !is_any_number(point + 1, 0, UINT64_MAX))
		return false;
	return !(strtoull(text, NULL, 10) && fraction);
}

static bool is_seed(const char *text)
{
	return is_any_number(text, 0, UINT64_MAX);
}

enum { LBA, MEDIA_ERROR, TIMEOUT, DELAY, NEXT, PROBABILITY, SEED, NR_WORDS };

#define IS_OUTCOME	(1u << MEDIA_ERROR | 1u << TIMEOUT | 1u << DELAY)

static const struct word {
	const char *name;	/* with "=" if a value follows */
	bool (*is)(const char *value);
	const char *wanted;
} rule_words[NR_WORDS] = {
	[LBA]		= { "lba=", is_lbas, "START+COUNT, both decimal" },
	[MEDIA_ERROR]	= { "media_error", NULL, "" },
	[TIMEOUT]	= { "timeout", NULL, "" },
	[DELAY]		= { "delay=", is_delay, "MS, from 1 to 86400000" },
	[NEXT]		= { "next=", is_next, "N, from 1 to 4294967295" },
	[PROBABILITY]	= { "probability=", is_probability,
			    "P, above 0, at most 1, up to 9 decimals" },
	[SEED]		= { "seed=", is_seed, "N, a decimal number" },
};

static const struct rule_command *find_command(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, word))
			return &commands[i];
	return NULL;
}

bool kcsd_is_rule_command(const char *word)
{
	return find_command(word);
}

/* Return the index of a word, NR_WORDS if there is no such word. */
static int find_word(const char *text)
{
	size_t len = strcspn(text, "=");
	int i;

	len += text[len] == '=';
	for (i = 0; i < NR_WORDS; i++)
		if (len == strlen(rule_words[i].name) && !strncmp(text, rule_words[i].name, len))
			break;
	return i;
}

static int validate_word(const struct command *cmd, const char *text, unsigned int *seen)
{
	const struct word *w;
	int i = find_word(text);

	if (i == NR_WORDS)
		return kcsd_usage(cmd, "'%s' is none of lba=, media_error, timeout, delay=, next=, "
				  "probability=, seed=", text);
	w = &rule_words[i];
	if (*seen & 1u << i)
		return kcsd_usage(cmd, "'%s': %s is given twice", text, w->name);
	*seen |= 1u << i;
	if (w->is && !w->is(text + strlen(w->name)))
		return kcsd_usage(cmd, "'%s' is not %s%s", text, w->name, w->wanted);
	return 0;
}

int kcsd_rule_validate(const struct command *cmd, char **words, int nr)
{
	const struct rule_command *c = find_command(words[0]);
	unsigned int seen = 0;
	int i, code;

	if (!c)
		return kcsd_usage(cmd, "'%s' is none of " RULE_COMMANDS ", clear", words[0]);
	for (i = 1; i < nr; i++) {
		code = validate_word(cmd, words[i], &seen);
		if (code)
			return code;
	}
	if (__builtin_popcount(seen & IS_OUTCOME) != 1)
		return kcsd_usage(cmd, "a rule needs exactly one of " OUTCOMES);
	if (seen & 1u << LBA && !c->lbas)
		return kcsd_usage(cmd, "%s has no LBAs", c->name);
	if (seen & 1u << SEED && !(seen & 1u << PROBABILITY))
		return kcsd_usage(cmd, "seed= needs probability=");
	return 0;
}

int kcsd_rule_validate_lbas(char **words, int nr, uint64_t nsze)
{
	uint64_t start, count;
	int i;

	for (i = 1; i < nr; i++) {
		if (find_word(words[i]) != LBA)
			continue;
		start = strtoull(words[i] + strlen(rule_words[LBA].name), NULL, 10);
		count = strtoull(strchr(words[i], '+') + 1, NULL, 10);
		if (start >= nsze || count > nsze - start)
			return kcsd_fail("'%s' goes beyond the last LBA of the drive, %" PRIu64,
					 words[i], nsze - 1);
	}
	return 0;
}

/* ---- JSON ---- */

static void add_number(json_object *rule, const char *key, const char *text)
{
	json_object_object_add(rule, key, json_object_new_uint64(strtoull(text, NULL, 10)));
}

static void add_word(json_object *rule, char *word)
{
	char *value = strchr(word, '=');

	if (!value) {
		json_object_object_add(rule, "outcome", json_object_new_string(word));
		return;
	}
	*value++ = '\0';
	if (!strcmp(word, "lba")) {
		add_number(rule, "slba", value);
		add_number(rule, "nlb", value + strcspn(value, "+") + 1);
	} else if (!strcmp(word, "delay")) {
		json_object_object_add(rule, "outcome", json_object_new_string(word));
		add_number(rule, "delay_ms", value);
	} else if (!strcmp(word, "probability")) {
		json_object_object_add(rule, word, json_object_new_double(strtod(value, NULL)));
	} else {
		add_number(rule, word, value);
	}
}

json_object *kcsd_rule_json(char *line)
{
	json_object *rule = json_object_new_object();
	char *word = strsep(&line, " ");

	json_object_object_add(rule, "command", json_object_new_string(word));
	while ((word = strsep(&line, " ")))
		add_word(rule, word);
	return rule;
}
