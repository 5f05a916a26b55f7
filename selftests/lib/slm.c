// SPDX-License-Identifier: GPL-2.0
#include "slm.h"

#include <endian.h>

struct nvme_uring_cmd slm_cmd(__u8 opcode, __u64 start, __u32 len, void *buf)
{
	return (struct nvme_uring_cmd) {
		.opcode = opcode, .nsid = KCSD_NSID_SLM,
		.addr = (uintptr_t)buf, .data_len = buf ? len : 0,
		.cdw10 = (__u32)start, .cdw11 = start >> 32, .cdw12 = len,
	};
}

int slm_rw(int fd, __u8 opcode, __u64 start, __u32 len, void *buf)
{
	struct nvme_uring_cmd c = slm_cmd(opcode, start, len, buf);

	return cmd_io(fd, &c);
}

int slm_fill(int fd, __u64 start, __u32 len, __u8 byte)
{
	struct nvme_uring_cmd c = slm_cmd(KCSD_SLM_FILL, start, len, NULL);

	c.cdw13 = byte;
	return cmd_io(fd, &c);
}

int slm_rw_all(int fd, __u8 opcode, __u64 start, __u64 len, __u8 *buf)
{
	int ret = 0;

	while (!ret && len) {
		__u32 n = len < SLM_MDTS ? len : SLM_MDTS;

		ret = slm_rw(fd, opcode, start, n, buf);
		start += n;
		buf += n;
		len -= n;
	}
	return ret;
}

struct nvme_uring_cmd slm_copy_cmd(__u64 start, __u64 len, unsigned int format, unsigned int nr,
				   void *descs, __u32 desc_len)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_SLM_COPY, .nsid = KCSD_NSID_SLM,
		.addr = (uintptr_t)descs, .data_len = desc_len,
		.cdw2 = (__u32)len, .cdw3 = len >> 32,
		.cdw10 = (__u32)start, .cdw11 = start >> 32,
		.cdw12 = ((nr - 1) & KCSD_COPY_NR_MASK) | format << KCSD_COPY_FORMAT_SHIFT,
	};
}

struct kcsd_copy_slm slm_from_slm(__u64 start, __u64 len)
{
	return (struct kcsd_copy_slm) {
		.snsid = htole32(KCSD_NSID_SLM), .saddr = htole64(start), .len = htole64(len),
	};
}

struct kcsd_copy_lba slm_from_lbas(__u64 slba, __u32 nlb)
{
	return (struct kcsd_copy_lba) {
		.snsid = htole32(KCSD_NSID_NVM), .slba = htole64(slba), .nlb = htole16(nlb - 1),
	};
}
