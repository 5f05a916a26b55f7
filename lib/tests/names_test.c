// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Names and sentences. */
#include <errno.h>
#include <libkcsd.h>

#include "reasons.h"
#include "signatures.h"
#include "tap.h"
#include "texts.h"

struct row {
	uint32_t value;
	const char *name;
	const char *text;
};

#define STATUS(name, text)	{ KCSD_SC_##name, #name, text },
static const struct row statuses[] = { KCSD_STATUSES(STATUS) };
#define FAULT(name, text)	{ KCSD_FAULT_##name, #name, text },
static const struct row faults[] = { KCSD_FAULTS(FAULT) };
#define VERDICT(name, text)	{ KCSD_VERDICT_##name, #name, text },
static const struct row verdicts[] = { KCSD_VERDICTS(VERDICT) };
#define COND(name, text)	{ KCSD_ZONE_COND_##name, #name, text },
static const struct row zone_conds[] = { KCSD_ZONE_CONDS(COND) };
#define HELPER(name, ...)	{ KCSD_HELPER_##name, #name, NULL },
static const struct row helpers[] = { KCSD_HELPERS(HELPER) };
#define FIELD(name, text)	{ KCSD_FIELD_##name, text, NULL },
static const struct row fields[] = { KCSD_FIELDS(FIELD) };

#define EACH(row, table) \
	for (const struct row *row = table; row < table + sizeof(table) / sizeof(*table); row++)

static void test_statuses(void)
{
	EACH(row, statuses) {
		IS_TEXT(kcsd_status_name(row->value), row->name, "status %#x: name", row->value);
		IS_TEXT(kcsd_status_text(row->value), row->text, "status %#x: text", row->value);
		IS_TEXT(kcsd_error_text(row->value), row->text, "status %#x: as an error",
			row->value);
	}
	IS_TEXT(kcsd_status_name(KCSD_SC_INVALID_FIELD | KCSD_SC_DNR), "INVALID_FIELD",
		"status: flags are ignored");
	IS_TEXT(kcsd_status_name(0x7ff), "UNKNOWN", "status: no such name");
	IS_TEXT(kcsd_status_text(0x7ff), "unknown status", "status: no such text");
}

static void test_fields(void)
{
	EACH(row, fields)
		IS_TEXT(kcsd_field_name(row->value), row->name, "field at %u", row->value);
	IS_TEXT(kcsd_field_name(1), "UNKNOWN", "field: no such byte");
	IS_TEXT(kcsd_field_name(1ULL << 32 | 40), "UNKNOWN", "field: no byte at all");
}

static void test_runs(void)
{
	EACH(row, faults) {
		IS_TEXT(kcsd_fault_name(row->value), row->name, "fault %u: name", row->value);
		IS_TEXT(kcsd_fault_text(row->value), row->text, "fault %u: text", row->value);
	}
	EACH(row, helpers)
		IS_TEXT(kcsd_helper_name(row->value), row->name, "helper %u: name", row->value);
	IS_TEXT(kcsd_helper_name(0), "none", "helper 0: none");
	IS_TEXT(kcsd_fault_name(1000), "UNKNOWN", "fault: no such name");
	SAYS(kcsd_fault_text(1000), "unknown");
	OK(kcsd_helper_name(1000), "helper: an unknown one has a name, too");
	IS_TEXT(kcsd_engine_name(KCSD_ENGINE_NONE), "none", "engine: none");
	IS_TEXT(kcsd_engine_name(KCSD_ENGINE_INTERP), "interp", "engine: interpreter");
	IS_TEXT(kcsd_engine_name(KCSD_ENGINE_JIT), "jit", "engine: JIT");
	IS_TEXT(kcsd_engine_name(KCSD_ENGINE_LOWERED), "lowered", "engine: lowered code");
	OK(kcsd_engine_name(1000), "engine: an unknown one has a name, too");
}

static void test_verdicts(void)
{
	EACH(row, verdicts) {
		IS_TEXT(kcsd_verdict_name(row->value), row->name, "verdict %u: name", row->value);
		IS_TEXT(kcsd_verdict_text(row->value), row->text, "verdict %u: text", row->value);
	}
	IS_TEXT(kcsd_verdict_name(1000), "UNKNOWN", "verdict: no such name");
	SAYS(kcsd_verdict_text(1000), "unknown");
}

static void test_zone_conds(void)
{
	EACH(row, zone_conds) {
		IS_TEXT(kcsd_zone_cond_name(row->value), row->name, "zone %#x: name", row->value);
		IS_TEXT(kcsd_zone_cond_text(row->value), row->text, "zone %#x: text", row->value);
	}
	IS_TEXT(kcsd_zone_cond_name(7), "UNKNOWN", "zone condition: no such name");
	SAYS(kcsd_zone_cond_text(7), "unknown");
}

static void test_errors(void)
{
	static const int errnos[] = { EINVAL, ENOENT, EACCES, ENODEV, EBUSY };
	size_t i;

	for (i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
		IS_TEXT(kcsd_error_text(-errnos[i]), strerror(errnos[i]), "error -%d", errnos[i]);
	OK(*kcsd_error_text(-100000), "error: an unknown one has a text, too");
	OK(strspn(kcsd_version(), "0123456789.") == strlen(kcsd_version()) && *kcsd_version(),
	   "version: %s", kcsd_version());
}

int main(void)
{
	test_statuses();
	test_fields();
	test_runs();
	test_verdicts();
	test_zone_conds();
	test_errors();
	return tap_end();
}
