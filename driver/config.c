// SPDX-License-Identifier: GPL-2.0
/* Configuration of a drive: defaults, and parsing of text from users. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/cpumask.h>
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
#include <linux/vmalloc.h>

#include "config.h"

enum option_kind { NUM, SIZE, CHOICE };

static const char * const choices[KCSD_NR_ENGINE_CHOICES] = {
#define CHOICE_NAME(NAME, name) [KCSD_ENGINE_CHOICE_##NAME] = name,
	KCSD_ENGINE_CHOICES(CHOICE_NAME)
#undef CHOICE_NAME
};

/* Maximum number of digits of a u64. */
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
	kfree(c->kv_file);
	kfree(c->cu_cpus);
	c->backing_file = NULL;
	c->kv_file = NULL;
	c->cu_cpus = NULL;
}

int kcsd_config_copy(struct kcsd_config *to, const struct kcsd_config *from)
{
	*to = *from;
	to->backing_file = kstrdup(from->backing_file, GFP_KERNEL);
	to->kv_file = kstrdup(from->kv_file, GFP_KERNEL);
	to->cu_cpus = kstrdup(from->cu_cpus, GFP_KERNEL);
	if (!to->backing_file == !from->backing_file && !to->kv_file == !from->kv_file &&
	    !to->cu_cpus == !from->cu_cpus)
		return 0;
	kcsd_config_destroy(to);
	return -ENOMEM;
}

/* Replace *file, which is owned, by a copy of a path; empty: NULL. */
static int set_file(char **file, const char *path, size_t len)
{
	char *copy = NULL;

	if (len && path[len - 1] == '\n')
		len--;
	if (len) {
		/* A relative path is ambiguous: it depends on the task that opens it. */
		if (path[0] != '/' || len >= PATH_MAX - 1 || memchr(path, '\0', len))
			return -EINVAL;
		copy = kmemdup_nul(path, len, GFP_KERNEL);
		if (!copy)
			return -ENOMEM;
	}
	kfree(*file);
	*file = copy;
	return 0;
}

int kcsd_config_set_file(struct kcsd_config *c, const char *path, size_t len)
{
	return set_file(&c->backing_file, path, len);
}

int kcsd_config_set_kv_file(struct kcsd_config *c, const char *path, size_t len)
{
	return set_file(&c->kv_file, path, len);
}

/*
 * Parse a list of CPUs into a mask. -EINVAL if it is no list, is empty, or names CPUs that are not
 * possible.
 */
static int parse_cpus(const char *text, struct cpumask *cpus)
{
	if (cpulist_parse(text, cpus) || cpumask_empty(cpus) ||
	    !cpumask_subset(cpus, cpu_possible_mask))
		return -EINVAL;
	return 0;
}

int kcsd_config_set_cpus(struct kcsd_config *c, const char *text)
{
	char *list = NULL;
	cpumask_var_t cpus;
	int ret = 0;

	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	if (*text && strcmp(text, "\n")) {
		ret = parse_cpus(text, cpus);
		if (!ret)
			list = kasprintf(GFP_KERNEL, "%*pbl", cpumask_pr_args(cpus));
		if (!ret && !list)
			ret = -ENOMEM;
	}
	free_cpumask_var(cpus);
	if (ret)
		return ret;
	kfree(c->cu_cpus);
	c->cu_cpus = list;
	return 0;
}

int kcsd_config_cpus(const struct kcsd_config *c, struct cpumask *cpus)
{
	return c->cu_cpus ? parse_cpus(c->cu_cpus, cpus) : 0;
}

int kcsd_config_validate_cpus(const struct kcsd_config *c, const char *name)
{
	cpumask_var_t cpus;
	int ret;

	if (!c->cu_cpus)
		return 0;
	if (!alloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	ret = parse_cpus(c->cu_cpus, cpus);
	if (!ret && !cpumask_intersects(cpus, cpu_online_mask))
		ret = -EINVAL;
	if (ret)
		pr_err("%s: cu_cpus %s: none of these CPUs is online\n", name, c->cu_cpus);
	free_cpumask_var(cpus);
	return ret;
}

/* Return the shift of a suffix: 10 for K up to 60 for E; -1 if it is no suffix. */
static int suffix_shift(char suffix)
{
	static const char suffixes[] = "KMGTPE";
	const char *at = suffix ? strchr(suffixes, toupper(suffix)) : NULL;

	return at ? (at - suffixes + 1) * 10 : -1;
}

/*
 * Parse decimal digits, for SIZE at most one suffix, and at most one newline; nothing else. Returns
 * 0 or -EINVAL.
 */
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

/* Parse one of the names and at most one newline; nothing else. Returns 0 or -EINVAL. */
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

/* True if all options follow KCSD_OPTION_RULES. The caller, a setter, undoes its change if not. */
static bool config_is_sane(const struct kcsd_config *c)
{
	u64 n;

#define OPTION_RULE(name, possible, wanted) \
	n = c->name; \
	if (!(possible)) \
		return false;
	KCSD_OPTION_RULES(OPTION_RULE)
#undef OPTION_RULE
	return true;
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

/* Return the available memory in bytes, except for one sixteenth, which is left for others. */
static u64 usable_memory(void)
{
	u64 available = (u64)max(si_mem_available(), 0L) << PAGE_SHIFT;

	return available - available / 16;
}

bool kcsd_config_has_memory(u64 size)
{
	return size <= usable_memory() && size <= SIZE_MAX;
}

bool kcsd_config_fits_memory(const char *name, const char *option, u64 size)
{
	u64 usable = usable_memory();

	if (size <= usable && size <= SIZE_MAX)
		return true;
	pr_err("%s: %s does not fit into memory: %llu bytes are needed, %llu are available\n",
	       name, option, size, usable);
	return false;
}

void *kcsd_config_alloc_array(u64 nr, size_t size)
{
	size_t len;

	if (check_mul_overflow(nr, size, &len))
		return NULL;
	if (len <= INT_MAX)
		return kvzalloc(len, GFP_KERNEL);
	return __vmalloc(len, GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
}

u32 kcsd_config_max_transfer(const struct kcsd_config *c)
{
	u64 value = c->kv_size ? roundup_pow_of_two(c->kv_max_value) : 0;

	return max(value, KCSD_MIN_TRANSFER);
}

u32 kcsd_config_nr_queues(const struct kcsd_config *c)
{
	return c->queues ?: num_online_cpus();
}
