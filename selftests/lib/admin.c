// SPDX-License-Identifier: GPL-2.0
#include "admin.h"

struct nvme_uring_cmd cmd_identify(__u8 cns, __u32 nsid, __u8 csi, void *buf)
{
	return (struct nvme_uring_cmd) {
		.opcode = ADMIN_IDENTIFY, .nsid = nsid,
		.addr = (uintptr_t)buf, .data_len = 4096,
		.cdw10 = cns, .cdw11 = (__u32)csi << 24,
	};
}

struct nvme_uring_cmd cmd_log(__u8 lid, void *buf, __u32 len, __u64 offset)
{
	__u32 numd = len / 4 - 1;

	return (struct nvme_uring_cmd) {
		.opcode = ADMIN_GET_LOG, .nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)buf, .data_len = len,
		.cdw10 = lid | numd << 16, .cdw11 = numd >> 16,
		.cdw12 = (__u32)offset, .cdw13 = offset >> 32,
	};
}
