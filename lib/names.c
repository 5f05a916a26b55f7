// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Map numbers to names and sentences. */
#include <string.h>

#include "helper.h"
#include "private.h"
#include "reasons.h"
#include "texts.h"

/* A value of an enum that its list of texts lacks does not build. */
#pragma GCC diagnostic error "-Wswitch"

struct row {
	const char *name;
	const char *text;
};

static struct row status_of(enum kcsd_status value)
{
	switch (value) {
#define STATUS(name, text) case KCSD_SC_##name: return (struct row){ #name, text };
	KCSD_STATUSES(STATUS)
	}
	return (struct row){ "UNKNOWN", "unknown status" };
}

static struct row fault_of(enum kcsd_fault value)
{
	switch (value) {
#define FAULT(name, text) case KCSD_FAULT_##name: return (struct row){ #name, text };
	KCSD_FAULTS(FAULT)
	}
	return (struct row){ "UNKNOWN", "unknown fault" };
}

static struct row verdict_of(enum kcsd_verdict_reason value)
{
	switch (value) {
#define VERDICT(name, text) case KCSD_VERDICT_##name: return (struct row){ #name, text };
	KCSD_VERDICTS(VERDICT)
	}
	return (struct row){ "UNKNOWN", "unknown reason" };
}

static struct row zone_cond_of(enum kcsd_zone_cond value)
{
	switch (value) {
#define COND(name, text) case KCSD_ZONE_COND_##name: return (struct row){ #name, text };
	KCSD_ZONE_CONDS(COND)
	}
	return (struct row){ "UNKNOWN", "unknown condition" };
}

static const char *field_of(enum kcsd_field value)
{
	switch (value) {
#define FIELD(name, text) case KCSD_FIELD_##name: return text;
	KCSD_FIELDS(FIELD)
	}
	return "UNKNOWN";
}

const char *kcsd_version(void)
{
	return KCSD_VERSION;
}

const char *kcsd_status_name(int status)
{
	return status_of(status < 0 ? status : status & KCSD_SC_MASK).name;
}

const char *kcsd_status_text(int status)
{
	return status_of(status < 0 ? status : status & KCSD_SC_MASK).text;
}

const char *kcsd_fault_name(uint32_t reason)
{
	return fault_of(reason).name;
}

const char *kcsd_fault_text(uint32_t reason)
{
	return fault_of(reason).text;
}

const char *kcsd_verdict_name(uint32_t verdict)
{
	return verdict_of(verdict).name;
}

const char *kcsd_verdict_text(uint32_t verdict)
{
	return verdict_of(verdict).text;
}

const char *kcsd_zone_cond_name(uint32_t cond)
{
	return zone_cond_of(cond).name;
}

const char *kcsd_zone_cond_text(uint32_t cond)
{
	return zone_cond_of(cond).text;
}

const char *kcsd_field_name(uint64_t result)
{
	return field_of(result > UINT32_MAX ? 0 : result);
}

const char *kcsd_helper_name(uint32_t id)
{
	const char *name = id ? kcsd_signature_name(id) : "none";

	return name ? name : "UNKNOWN";
}

const char *kcsd_engine_name(uint32_t engine)
{
	switch (engine) {
	case KCSD_ENGINE_NONE:		return "none";
	case KCSD_ENGINE_INTERP:	return "interp";
	case KCSD_ENGINE_JIT:		return "jit";
	case KCSD_ENGINE_LOWERED:	return "lowered";
	}
	return "UNKNOWN";
}

const char *kcsd_error_text(int ret)
{
	const char *text;

	if (ret >= 0)
		return kcsd_status_text(ret);
	text = strerrordesc_np(-ret);
	return text ? text : "unknown error";
}
