// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Groups of rows. */
#include <errno.h>

#include "../private.h"
#include "group.h"

void kcsd_groups_init(struct kcsd_groups *groups, const struct kcsd_query *query,
		      struct kcsd_value *keys)
{
	groups->query = query;
	groups->keys = keys;
	kcsd_map_init(&groups->table, query->nr_groups,
			query->nr_aggregates * sizeof(struct kcsd_aggregate));
}

void kcsd_groups_destroy(struct kcsd_groups *groups)
{
	const struct kcsd_query *query = groups->query;
	struct kcsd_map_entry *entry;
	uint32_t i;

	for (entry = groups->table.first; entry; entry = entry->next)
		for (i = 0; i < query->nr_aggregates; i++)
			kcsd_aggregate_destroy((struct kcsd_aggregate *)entry->extra + i);
	kcsd_map_destroy(&groups->table);
}

int kcsd_groups_add(struct kcsd_groups *groups, struct kcsd_eval *eval)
{
	const struct kcsd_query *query = groups->query;
	struct kcsd_map_entry *entry;
	struct kcsd_aggregate *aggregates;
	uint32_t i;
	int ret;

	for (i = 0; i < query->nr_groups; i++) {
		ret = kcsd_expr_eval(query->groups[i], eval, &groups->keys[i]);
		if (ret)
			return ret;
	}
	ret = kcsd_map_get(&groups->table, groups->keys, &entry);
	if (ret < 0)
		return ret;
	aggregates = entry->extra;
	for (i = 0; i < query->nr_aggregates; i++) {
		ret = kcsd_aggregate_add(&aggregates[i], query->aggregates[i], eval);
		if (ret)
			return ret;
	}
	return 0;
}

int kcsd_groups_merge(struct kcsd_groups *groups, const struct kcsd_value *keys,
		      const struct kcsd_partial *partials, int *at, struct kcsd_error *err)
{
	const struct kcsd_query *query = groups->query;
	struct kcsd_map_entry *entry;
	struct kcsd_aggregate *aggregates;
	uint32_t i;
	int ret = kcsd_map_get(&groups->table, keys, &entry);

	if (ret < 0)
		return ret;
	aggregates = entry->extra;
	for (i = 0; i < query->nr_aggregates; i++) {
		ret = kcsd_aggregate_merge(&aggregates[i], query->aggregates[i], &partials[i], err);
		if (ret) {
			*at = query->aggregates[i]->at;
			return ret;
		}
	}
	return 0;
}

int kcsd_groups_complete(struct kcsd_groups *groups)
{
	struct kcsd_map_entry *entry;
	int ret = 0;

	if (!groups->query->nr_groups)
		ret = kcsd_map_get(&groups->table, groups->keys, &entry);
	return MIN(ret, 0);
}

int kcsd_group_values(const struct kcsd_groups *groups, const struct kcsd_map_entry *group,
		      struct kcsd_value *values, int *at, struct kcsd_error *err)
{
	const struct kcsd_query *query = groups->query;
	const struct kcsd_aggregate *aggregates = group->extra;
	uint32_t i;
	int ret;

	for (i = 0; i < query->nr_aggregates; i++) {
		ret = kcsd_aggregate_value(&aggregates[i], query->aggregates[i], &values[i], err);
		if (ret) {
			*at = query->aggregates[i]->at;
			return ret;
		}
	}
	return 0;
}
