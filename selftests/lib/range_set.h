/* SPDX-License-Identifier: GPL-2.0 */
/* Memory range sets. */
#ifndef KST_RANGE_SET_H
#define KST_RANGE_SET_H

#include "cmd.h"

struct kcsd_memory_range range(__u64 start, __u32 len);
struct nvme_uring_cmd range_set_create_cmd(const struct kcsd_memory_range *r, __u32 nr);
struct nvme_uring_cmd range_set_delete_cmd(__u16 rsid);
int range_set_create(int fd, const struct kcsd_memory_range *r, __u32 nr, __u64 *result);
int range_set_delete(int fd, __u16 rsid);

#endif
