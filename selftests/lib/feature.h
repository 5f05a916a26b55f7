/* SPDX-License-Identifier: GPL-2.0 */
/* Get and Set Features. */
#ifndef KST_FEATURE_H
#define KST_FEATURE_H

#include "cmd.h"

#define ADMIN_SET_FEATURES	0x09
#define ADMIN_GET_FEATURES	0x0a

#define FEATURE_WRITE_CACHE	0x06

enum feature_select { FEATURE_CURRENT, FEATURE_DEFAULT, FEATURE_SAVED, FEATURE_CAPABILITIES };

struct nvme_uring_cmd cmd_get_feature(__u8 fid, enum feature_select sel);
struct nvme_uring_cmd cmd_set_feature(__u8 fid, __u64 value);

/* Returns the value of the feature, or ~0. */
__u64 feature(int ctrl, __u8 fid, enum feature_select sel);

int set_feature(int ctrl, __u8 fid, __u64 value);

#endif
