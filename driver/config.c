// SPDX-License-Identifier: GPL-2.0
/* A drive's configuration: defaults, and parsing of what people write. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "config.h"

enum option_kind { NUM, SIZE, CHOICE };

static const char * const choices[KCSD_NR_RUN_CHOICES] = {
#define CHOICE_NAME(NAME, name) [KCSD_RUN_BY_##NAME] = name,
	KCSD_RUN_CHOICES(CHOICE_NAME)
#undef CHOICE_NAME
};

/* Most digits of a u64. */
#define MAX_DIGITS	20

void kcsd_config_init(struct kcsd_config *c)
{
	*c = (struct kcsd_config) {
#define OPTION_DEFAULT(kind, name, def, min, max) .name = def,
		KCSD_OPTIONS(OPTION_DEFAULT)
#undef OPTION_DEFAULT
	};
}

void kcsd_config_destroy(struct kcsd_config *c)
{
	kfree(c->backing_file);
	c->backing_file = NULL;
}

int kcsd_config_copy(struct kcsd_config *to, const struct kcsd_config *from)
{
	*to = *from;
	if (!from->backing_file)
		return 0;
	to->backing_file = kstrdup(from->backing_file, GFP_KERNEL);
	return to->backing_file ? 0 : -ENOMEM;
}

int kcsd_config_set_file(struct kcsd_config *c, const char *path, size_t len)
{
	char *copy = NULL;

	if (len && path[len - 1] == '\n')
		len--;
	if (len) {
		/* Relative to whom would be anyone's guess. */
		if (path[0] != '/' || len >= PATH_MAX - 1 || memchr(path, '\0', len))
			return -EINVAL;
		copy = kmemdup_nul(path, len, GFP_KERNEL);
		if (!copy)
			return -ENOMEM;
	}
	kfree(c->backing_file);
	c->backing_file = copy;
	return 0;
}

/* How far a suffix shifts: 10 for K up to 60 for E; -1 if it is none. */
static int suffix_shift(char suffix)
{
	static const char suffixes[] = "KMGTPE";
	const char *at = suffix ? strchr(suffixes, toupper(suffix)) : NULL;

	return at ? (at - suffixes + 1) * 10 : -1;
}

/* Decimal digits, for SIZE at most one suffix, at most one newline; nothing else. */
static int parse_number(const char *text, enum option_kind kind, u64 *value)
{
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits;
	char number[MAX_DIGITS + 1];
	u64 n;

	if (!digits || digits > MAX_DIGITS)
		return -EINVAL;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (kstrtou64(number, 10, &n))
		return -EINVAL;
	if (kind == SIZE && suffix_shift(*rest) > 0) {
		if (check_shl_overflow(n, suffix_shift(*rest), &n))
			return -EINVAL;
		rest++;
	}
	if (*rest == '\n')
		rest++;
	if (*rest)
		return -EINVAL;
	*value = n;
	return 0;
}

/* One of the names, at most one newline; nothing else. */
static int parse_choice(const char *text, u64 *value)
{
	int i = __sysfs_match_string(choices, ARRAY_SIZE(choices), text);

	*value = i;
	return i < 0 ? i : 0;
}

static int set_option(u64 *option, const char *text, enum option_kind kind, u64 min, u64 max)
{
	u64 n;
	int ret = kind == CHOICE ? parse_choice(text, &n) : parse_number(text, kind, &n);

	if (ret)
		return ret;
	if (n < min || n > max)
		return -EINVAL;
	*option = n;
	return 0;
}

/* What a range cannot say, by option; undoing is the setter's business. */
static bool config_is_sane(const struct kcsd_config *c)
{
	return (c->block_size == SZ_512 || c->block_size == SZ_4K) &&
	       !(c->size % SZ_512) && !(c->arena_size % SZ_4K) && !(c->slm_size % SZ_4K) &&
	       is_power_of_2(c->load_granularity);
}

#define OPTION_SETTER(kind, name, def, min, max) \
int kcsd_config_set_##name(struct kcsd_config *c, const char *text) \
{ \
	struct kcsd_config new = *c; \
	int ret = set_option(&new.name, text, kind, min, max); \
\
	if (ret) \
		return ret; \
	if (!config_is_sane(&new)) \
		return -EINVAL; \
	new.size_set |= &new.name == &new.size; \
	*c = new; \
	return 0; \
}
KCSD_OPTIONS(OPTION_SETTER)

static ssize_t print_option(u64 value, enum option_kind kind, char *page)
{
	if (kind == CHOICE)
		return sysfs_emit(page, "%s\n", choices[value]);
	return sysfs_emit(page, "%llu\n", value);
}

#define OPTION_PRINTER(kind, name, def, min, max) \
ssize_t kcsd_config_print_##name(u64 value, char *page) \
{ \
	return print_option(value, kind, page); \
}
KCSD_OPTIONS(OPTION_PRINTER)

/*
 * Ask before taking: an allocation that large would have the OOM killer at work before
 * it failed. A sixteenth of what is available stays for everyone else.
 */
bool kcsd_config_fits_memory(const char *name, const char *option, u64 size)
{
	u64 available = (u64)max(si_mem_available(), 0L) << PAGE_SHIFT;
	u64 usable = available - available / 16;

	if (size <= usable && size <= SIZE_MAX)
		return true;
	pr_err("%s: %s %llu does not fit into memory, %llu bytes are available\n", name, option,
	       size, usable);
	return false;
}
