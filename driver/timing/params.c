// SPDX-License-Identifier: GPL-2.0
#include "params.h"

#include "geometry.h"

const struct kcsd_timing_param kcsd_timing_param_table[KCSD_TIMING_NR_PARAMS] = {
#define ROW(name, unit, value, min, max, text) \
	{ #name, text, value, min, max, KCSD_TIMING_UNIT_##unit },
	KCSD_TIMING_PARAMS(ROW)
#undef ROW
};

static const char *const units[] = {
	[KCSD_TIMING_UNIT_NS] = "ns",
	[KCSD_TIMING_UNIT_BYTES] = "bytes",
	[KCSD_TIMING_UNIT_MBPS] = "MB/s",
	[KCSD_TIMING_UNIT_MHZ] = "MHz",
	[KCSD_TIMING_UNIT_NUM] = "",
	[KCSD_TIMING_UNIT_BOOL] = "0 or 1",
	[KCSD_TIMING_UNIT_PERMILLE] = "thousandths",
	[KCSD_TIMING_UNIT_CYCLES] = "hundredths of a cycle",
	[KCSD_TIMING_UNIT_MEDIA] = "",
	[KCSD_TIMING_UNIT_GC] = "",
};

static const char *const media[] = { "flash", "array" };
static const char *const gc[] = { "greedy", "fifo" };

const char *kcsd_timing_unit_text(unsigned int unit)
{
	return unit < ARRAY_SIZE(units) ? units[unit] : "";
}

const char *kcsd_timing_choice_text(unsigned int unit, u64 value)
{
	if (unit == KCSD_TIMING_UNIT_MEDIA && value < ARRAY_SIZE(media))
		return media[value];
	if (unit == KCSD_TIMING_UNIT_GC && value < ARRAY_SIZE(gc))
		return gc[value];
	return NULL;
}

u64 *kcsd_timing_param_at(struct kcsd_timing_params *p, unsigned int index)
{
	return (u64 *)p + index;
}

static u64 value_at(const struct kcsd_timing_params *p, unsigned int index)
{
	return ((const u64 *)p)[index];
}

void kcsd_timing_params_init(struct kcsd_timing_params *p)
{
	unsigned int i;

	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++)
		*kcsd_timing_param_at(p, i) = kcsd_timing_param_table[i].value;
}

int kcsd_timing_param_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++) {
		if (!strcmp(kcsd_timing_param_table[i].name, name))
			return i;
	}
	return -ENOENT;
}

/* Shift for the suffix, -1: no suffix. */
static int shift_of(char suffix)
{
	switch (suffix) {
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	}
	return -1;
}

/* Read a decimal number, in bytes with a suffix. Returns false if it is none. */
static bool read_number(const char *text, bool bytes, u64 *value)
{
	const char *c = text;

	*value = 0;
	for (; *c >= '0' && *c <= '9'; c++) {
		if (*value > (U64_MAX - (*c - '0')) / 10)
			return false;
		*value = *value * 10 + (*c - '0');
	}
	if (c == text)
		return false;
	if (bytes && shift_of(*c) > 0) {
		if (*value > U64_MAX >> shift_of(*c))
			return false;
		*value <<= shift_of(*c++);
	}
	return !*c || (*c == '\n' && !c[1]);
}

/* Read a name of a choice. Returns false if there is no such choice. */
static bool read_choice(const char *text, unsigned int unit, u64 *value)
{
	const char *name;

	for (*value = 0; (name = kcsd_timing_choice_text(unit, *value)); ++*value) {
		size_t len = strlen(name);

		if (!strncmp(text, name, len) &&
		    (!text[len] || (text[len] == '\n' && !text[len + 1])))
			return true;
	}
	return false;
}

/* Say which values a parameter takes. */
static void say_values(const struct kcsd_timing_param *param, char *why, size_t room)
{
	const char *unit = kcsd_timing_unit_text(param->unit);

	if (kcsd_timing_choice_text(param->unit, 0))
		snprintf(why, room, "%s is %s or %s.", param->name,
			 kcsd_timing_choice_text(param->unit, 0),
			 kcsd_timing_choice_text(param->unit, 1));
	else
		snprintf(why, room, "%s is a number from %llu to %llu%s%s.", param->name,
			 (unsigned long long)param->min, (unsigned long long)param->max,
			 *unit ? ", " : "", unit);
}

int kcsd_timing_params_parse(struct kcsd_timing_params *p, const char *name, const char *text,
			     char *why, size_t room)
{
	const struct kcsd_timing_param *param;
	int index = kcsd_timing_param_find(name);
	u64 value;
	bool ok;

	if (index < 0) {
		snprintf(why, room, "There is no parameter %.64s.", name);
		return index;
	}
	param = &kcsd_timing_param_table[index];
	ok = kcsd_timing_choice_text(param->unit, 0) ?
		read_choice(text, param->unit, &value) :
		read_number(text, param->unit == KCSD_TIMING_UNIT_BYTES, &value);
	if (!ok || value < param->min || value > param->max) {
		say_values(param, why, room);
		return -EINVAL;
	}
	*kcsd_timing_param_at(p, index) = value;
	return 0;
}

int kcsd_timing_params_print(const struct kcsd_timing_params *p, unsigned int index, char *text,
			     size_t room)
{
	u64 value = value_at(p, index);
	const char *name = kcsd_timing_choice_text(kcsd_timing_param_table[index].unit, value);

	return name ? snprintf(text, room, "%s", name) :
		snprintf(text, room, "%llu", (unsigned long long)value);
}

struct reason {
	char *why;
	size_t room;
};

static bool __printf(2, 3) refuse(const struct reason *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, r->room, fmt, ap);
	va_end(ap);
	return false;
}

static bool is_power_of_two(u64 n)
{
	return n && !(n & (n - 1));
}

static bool divides(u64 by, u64 n)
{
	u64 rest;

	div64_u64_rem(n, by, &rest);
	return !rest;
}

#define LLU(n)	((unsigned long long)(n))

static bool in_bounds(const struct kcsd_timing_params *p, const struct reason *r)
{
	unsigned int i;

	for (i = 0; i < KCSD_TIMING_NR_PARAMS; i++) {
		const struct kcsd_timing_param *param = &kcsd_timing_param_table[i];

		if (value_at(p, i) < param->min || value_at(p, i) > param->max) {
			say_values(param, r->why, r->room);
			return false;
		}
	}
	return true;
}

/* Test pages, programs and blocks. */
static bool check_pages(const struct kcsd_timing_params *p, const struct reason *r)
{
	u64 all = p->page_size * p->planes;

	if (!is_power_of_two(p->map_unit))
		return refuse(r, "map_unit is %llu: it has to be a power of 2.", LLU(p->map_unit));
	if (!is_power_of_two(p->page_size))
		return refuse(r, "page_size is %llu: it has to be a power of 2.",
			      LLU(p->page_size));
	if (p->page_size < p->map_unit)
		return refuse(r, "A page (page_size %llu) is smaller than a unit of the map (map_unit %llu).",
			      LLU(p->page_size), LLU(p->map_unit));
	if (p->page_size > 64 * p->map_unit)
		return refuse(r, "A page (page_size %llu) has more than 64 units of the map (map_unit %llu).",
			      LLU(p->page_size), LLU(p->map_unit));
	if (!divides(all, p->program_size))
		return refuse(r, "program_size %llu is no multiple of the pages of all planes (page_size * planes: %llu).",
			      LLU(p->program_size), LLU(all));
	if (!p->blocks && !divides(p->program_size, p->block_pages * all))
		return refuse(r, "A block of %llu pages (block_pages) does not end with a program of %llu bytes.",
			      LLU(p->block_pages), LLU(p->program_size));
	return true;
}

static bool check_flash(const struct kcsd_timing_params *p, const struct reason *r)
{
	u64 planes = p->channels * p->dies * p->planes;

	if (planes > 4096)
		return refuse(r, "channels * dies * planes is %llu: more than 4096 are not modelled.",
			      LLU(planes));
	if (!is_power_of_two(p->partitions) || !divides(p->partitions, p->channels))
		return refuse(r, "partitions is %llu: it has to be a power of 2 that divides %llu channels.",
			      LLU(p->partitions), LLU(p->channels));
	return check_pages(p, r);
}

static bool check_zones(const struct kcsd_timing_params *p, const struct kcsd_timing_shape *shape,
			const struct reason *r)
{
	u64 dies = p->channels * p->dies;

	if (shape->zone_size % 512 || shape->zone_size > 1ULL << 40)
		return refuse(r, "Zones of %llu bytes are not possible.", LLU(shape->zone_size));
	if (div64_u64(shape->capacity, shape->zone_size) >= 1U << 24)
		return refuse(r, "Zones of %llu bytes are more than %u on this drive.",
			      LLU(shape->zone_size), 1U << 24);
	if (!divides(p->dies_per_zone, dies))
		return refuse(r, "dies_per_zone is %llu: it has to divide the %llu dies of all channels.",
			      LLU(p->dies_per_zone), LLU(dies));
	if (p->zone_buffer_size && p->zone_buffer_size < p->program_size)
		return refuse(r, "zone_buffer_size %llu has no room for a program (program_size %llu).",
			      LLU(p->zone_buffer_size), LLU(p->program_size));
	if (p->zone_buffer_size && !p->buffer_safe)
		return refuse(r, "The buffers of zones are safe: set buffer_safe to 1, or zone_buffer_size to 0.");
	return true;
}

static bool check_translation(const struct kcsd_timing_params *p, u64 capacity,
			      const struct reason *r)
{
	u64 piece = max(p->piece_size, p->map_unit);
	u64 least = p->partitions * p->program_size + piece;
	u64 units = div64_u64(capacity, p->map_unit);
	struct kcsd_timing_params shaped = *p;

	if (p->buffer_size && p->buffer_size < least)
		return refuse(r, "buffer_size is %llu: %llu are needed for a program of each partition and a piece.",
			      LLU(p->buffer_size), LLU(least));
	if (units >= U32_MAX)
		return refuse(r, "%llu units of the map (map_unit %llu) are more than 2^32 - 2.",
			      LLU(units), LLU(p->map_unit));
	kcsd_geometry_set_blocks(&shaped, capacity);
	if (kcsd_geometry_line_units(&shaped) >= U32_MAX ||
	    kcsd_geometry_line_units(&shaped) * kcsd_geometry_lines(&shaped, capacity) >= U32_MAX)
		return refuse(r, "The flash of a partition has more than 2^32 - 2 units of the map.");
	return true;
}

static bool check(const struct kcsd_timing_params *p, const struct kcsd_timing_shape *shape,
		  const struct reason *r)
{
	if (!in_bounds(p, r))
		return false;
	if (p->media == KCSD_TIMING_FLASH && !check_flash(p, r))
		return false;
	if (!shape)
		return true;
	if (!shape->capacity || shape->capacity > KCSD_TIMING_MOST_BYTES << 10)
		return refuse(r, "A drive of %llu bytes is not possible.", LLU(shape->capacity));
	if (p->media != KCSD_TIMING_FLASH)
		return true;
	return shape->zone_size ? check_zones(p, shape, r) :
		check_translation(p, shape->capacity, r);
}

int kcsd_timing_params_check(const struct kcsd_timing_params *p,
			     const struct kcsd_timing_shape *shape, char *why, size_t room)
{
	const struct reason r = { why, room };

	return check(p, shape, &r) ? 0 : -EINVAL;
}
