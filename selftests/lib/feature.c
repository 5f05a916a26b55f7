// SPDX-License-Identifier: GPL-2.0
#include "feature.h"

struct nvme_uring_cmd cmd_get_feature(__u8 fid, enum feature_select sel)
{
	return (struct nvme_uring_cmd) { .opcode = ADMIN_GET_FEATURES, .cdw10 = fid | sel << 8 };
}

struct nvme_uring_cmd cmd_set_feature(__u8 fid, __u64 value)
{
	return (struct nvme_uring_cmd) {
		.opcode = ADMIN_SET_FEATURES, .cdw10 = fid,
		.cdw11 = (__u32)value, .cdw12 = value >> 32,
	};
}

__u64 feature(int ctrl, __u8 fid, enum feature_select sel)
{
	struct nvme_uring_cmd c = cmd_get_feature(fid, sel);
	__u64 value;

	return cmd_admin_way(CMD_URING, ctrl, &c, &value) ? ~0ULL : value;
}

int set_feature(int ctrl, __u8 fid, __u64 value)
{
	struct nvme_uring_cmd c = cmd_set_feature(fid, value);

	return cmd_admin(ctrl, &c);
}
