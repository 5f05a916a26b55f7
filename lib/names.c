// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Map numbers to names and sentences, from the lists in the uapi headers. */
#include <string.h>

#include "private.h"

struct name {
	uint32_t value;
	const char *name;
	const char *text;
};

#define NAME(value, name, text) { value, #name, text },
static const struct name statuses[] = { KCSD_STATUSES(NAME) };
static const struct name faults[] = { KCSD_FAULTS(NAME) };
static const struct name checks[] = { KCSD_VERDICTS(NAME) };
static const struct name zone_conds[] = { KCSD_ZONE_CONDS(NAME) };
#undef NAME

#define NAME(id, name, ...) { id, #name, NULL },
static const struct name helpers[] = { { 0, "none", NULL }, KCSD_HELPERS(NAME) };
#undef NAME

#define NAME(byte, name, text) { byte, text, NULL },
static const struct name fields[] = { KCSD_FIELDS(NAME) };
#undef NAME

static const struct name engines[] = {
	{ KCSD_ENGINE_NONE, "none", NULL },
	{ KCSD_ENGINE_INTERP, "interp", NULL },
	{ KCSD_ENGINE_JIT, "jit", NULL },
	{ KCSD_ENGINE_LOWERED, "lowered", NULL },
};

#define FIND(table, value) find(table, ARRAY_SIZE(table), value)

static const struct name *find(const struct name *table, size_t nr, uint32_t value)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (table[i].value == value)
			return &table[i];
	return NULL;
}

static const char *name_of(const struct name *n)
{
	return n ? n->name : "UNKNOWN";
}

static const struct name *find_status(int status)
{
	return status < 0 ? NULL : FIND(statuses, status & KCSD_SC_MASK);
}

const char *kcsd_version(void)
{
	return KCSD_VERSION;
}

const char *kcsd_status_name(int status)
{
	return name_of(find_status(status));
}

const char *kcsd_status_text(int status)
{
	const struct name *n = find_status(status);

	return n ? n->text : "unknown status";
}

const char *kcsd_fault_name(uint32_t reason)
{
	return name_of(FIND(faults, reason));
}

const char *kcsd_fault_text(uint32_t reason)
{
	const struct name *n = FIND(faults, reason);

	return n ? n->text : "unknown fault";
}

const char *kcsd_verdict_name(uint32_t check)
{
	return name_of(FIND(checks, check));
}

const char *kcsd_verdict_text(uint32_t check)
{
	const struct name *n = FIND(checks, check);

	return n ? n->text : "unknown reason";
}

const char *kcsd_zone_cond_name(uint32_t cond)
{
	return name_of(FIND(zone_conds, cond));
}

const char *kcsd_zone_cond_text(uint32_t cond)
{
	const struct name *n = FIND(zone_conds, cond);

	return n ? n->text : "unknown condition";
}

const char *kcsd_field_name(uint64_t result)
{
	return name_of(result > UINT32_MAX ? NULL : FIND(fields, result));
}

const char *kcsd_helper_name(uint32_t id)
{
	return name_of(FIND(helpers, id));
}

const char *kcsd_engine_name(uint32_t engine)
{
	return name_of(FIND(engines, engine));
}

const char *kcsd_error_text(int ret)
{
	const char *text;

	if (ret >= 0)
		return kcsd_status_text(ret);
	text = strerrordesc_np(-ret);
	return text ? text : "unknown error";
}
