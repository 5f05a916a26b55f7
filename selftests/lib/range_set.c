// SPDX-License-Identifier: GPL-2.0
#include "range_set.h"

#include <endian.h>

struct kcsd_memory_range range(__u64 start, __u32 len)
{
	return (struct kcsd_memory_range) {
		.nsid = htole32(KCSD_NSID_SLM), .start = htole64(start), .len = htole32(len),
	};
}

struct nvme_uring_cmd range_set_create_cmd(const struct kcsd_memory_range *r, __u32 nr)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_ADMIN_RANGE_SET, .nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)r, .data_len = nr * sizeof(*r),
		.cdw10 = KCSD_RANGE_SET_CREATE, .cdw11 = nr,
	};
}

struct nvme_uring_cmd range_set_delete_cmd(__u16 rsid)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_ADMIN_RANGE_SET, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = KCSD_RANGE_SET_DELETE | (__u32)rsid << KCSD_RANGE_SET_RSID_SHIFT,
	};
}

int range_set_create(int fd, const struct kcsd_memory_range *r, __u32 nr, __u64 *result)
{
	struct nvme_uring_cmd c = range_set_create_cmd(r, nr);

	*result = 0;
	return cmd_admin_way(CMD_URING, fd, &c, result);
}

int range_set_delete(int fd, __u16 rsid)
{
	struct nvme_uring_cmd c = range_set_delete_cmd(rsid);

	return cmd_admin(fd, &c);
}
