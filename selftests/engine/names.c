// SPDX-License-Identifier: GPL-2.0
#include "names.h"
#include "reasons.h"

static const char * const verdicts[] = {
#define VERDICT_NAME(name, text) [KCSD_VERDICT_##name] = #name,
	KCSD_VERDICTS(VERDICT_NAME)
#undef VERDICT_NAME
};

static const char * const faults[] = {
#define FAULT_NAME(name, text) [KCSD_FAULT_##name] = #name,
	KCSD_FAULTS(FAULT_NAME)
#undef FAULT_NAME
};

const char *verdict_name(u32 reason)
{
	return reason < ARRAY_SIZE(verdicts) && verdicts[reason] ? verdicts[reason] : "no verdict";
}

const char *fault_name(u32 reason)
{
	return reason < ARRAY_SIZE(faults) && faults[reason] ? faults[reason] : "no fault";
}

static bool find(const char **p, const char * const *names, u32 nr, u32 *value)
{
	size_t len;
	u32 i;

	*p += strspn(*p, " \t");
	len = strcspn(*p, " \t");
	for (i = 0; i < nr; i++) {
		if (!names[i] || strlen(names[i]) != len || strncmp(names[i], *p, len))
			continue;
		*p += len;
		*p += strspn(*p, " \t");
		*value = i;
		return true;
	}
	return false;
}

bool verdict_find(const char **p, u32 *reason)
{
	return find(p, verdicts, ARRAY_SIZE(verdicts), reason);
}

bool fault_find(const char **p, u32 *reason)
{
	return find(p, faults, ARRAY_SIZE(faults), reason);
}
