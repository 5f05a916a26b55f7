/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The groups of a query, with the state of their aggregates. */
#ifndef KCSD_QUERY_GROUP_H
#define KCSD_QUERY_GROUP_H

#include "aggregate.h"

struct kcsd_groups {
	const struct kcsd_query *query;
	struct kcsd_value_map table;	/* extra: struct kcsd_aggregate of each aggregate */
	struct kcsd_value *keys;	/* of the row; owned by the caller, room for nr_groups */
};

void kcsd_groups_init(struct kcsd_groups *groups, const struct kcsd_query *query,
		      struct kcsd_value *keys);
void kcsd_groups_destroy(struct kcsd_groups *groups);
/* Add a row of the table; eval has its columns. */
int kcsd_groups_add(struct kcsd_groups *groups, struct kcsd_eval *eval);
/* Merge a group of the drive. *at: of the aggregate that failed. */
int kcsd_groups_merge(struct kcsd_groups *groups, const struct kcsd_value *keys,
		      const struct kcsd_partial *partials, int *at, struct kcsd_error *err);
/* After the last row: make the group that a query without GROUP BY has, whatever the rows. */
int kcsd_groups_complete(struct kcsd_groups *groups);
/* Compute the aggregates of a group. *at as above. */
int kcsd_group_values(const struct kcsd_groups *groups, const struct kcsd_map_entry *group,
		      struct kcsd_value *values, int *at, struct kcsd_error *err);

#endif
