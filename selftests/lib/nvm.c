// SPDX-License-Identifier: GPL-2.0
#include "nvm.h"

struct nvme_uring_cmd cmd_rw(__u8 opcode, __u64 slba, __u32 nlb, void *buf, __u32 len)
{
	return (struct nvme_uring_cmd) {
		.opcode = opcode, .nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)buf, .data_len = len,
		.cdw10 = (__u32)slba, .cdw11 = slba >> 32, .cdw12 = nlb - 1,
	};
}

struct nvme_uring_cmd cmd_flush(void)
{
	return (struct nvme_uring_cmd) { .opcode = NVM_FLUSH, .nsid = KCSD_NSID_NVM };
}

struct nvme_uring_cmd nvm_lbas(__u8 opcode, __u64 slba, __u32 nlb)
{
	return cmd_rw(opcode, slba, nlb, NULL, 0);
}

struct nvme_uring_cmd nvm_dsm(struct dsm_range *r, __u32 nr, __u32 attributes)
{
	return (struct nvme_uring_cmd) {
		.opcode = NVM_DSM, .nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)r, .data_len = nr * sizeof(*r),
		.cdw10 = nr - 1, .cdw11 = attributes,
	};
}

struct nvme_uring_cmd nvm_copy(__u64 to, struct kcsd_nvm_copy_lba *d, __u32 nr)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_NVM_COPY, .nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)d, .data_len = nr * sizeof(*d),
		.cdw10 = (__u32)to, .cdw11 = to >> 32, .cdw12 = nr - 1,
	};
}

struct kcsd_nvm_copy_lba nvm_source(__u64 slba, __u32 nlb)
{
	return (struct kcsd_nvm_copy_lba) { .slba = htole64(slba), .nlb = htole16(nlb - 1) };
}

int nvm_on(int fd, __u8 opcode, __u64 slba, __u32 nlb)
{
	struct nvme_uring_cmd c = nvm_lbas(opcode, slba, nlb);

	return cmd_io(fd, &c);
}

int nvm_write(int fd, __u64 slba, __u32 nlb, __u32 lba, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, slba, nlb, buf, nlb * lba);

	return cmd_io(fd, &c);
}

int nvm_read(int fd, __u64 slba, __u32 nlb, __u32 lba, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, slba, nlb, buf, nlb * lba);

	return cmd_io(fd, &c);
}

int nvm_flush(const struct drive *d)
{
	struct nvme_uring_cmd c = cmd_flush();

	return cmd_io(d->nvm, &c);
}

void nvm_pattern(__u8 *buf, __u64 slba, __u32 nlb, __u32 lba, __u32 seed)
{
	for (__u64 i = 0; i < (__u64)nlb * lba; i++)
		buf[i] = (slba + i / lba) * 31 + i * 7 + (i >> 8) + seed + 1;
}

__u32 nvm_get(const __u8 *page, unsigned int off, unsigned int len)
{
	__u32 v = 0;

	memcpy(&v, page + off, len);
	return le32toh(v);
}

bool nvm_holds(const struct drive *d, const __u8 *want, __u32 len, __u32 lba, __u8 *buf)
{
	int block = drive_open_block(d, O_RDONLY | O_DIRECT);
	bool same;

	memset(buf, 0xa5, len);
	same = block >= 0 && pread(block, buf, len, 0) == (ssize_t)len && !memcmp(buf, want, len);
	if (block >= 0)
		close(block);
	memset(buf, 0xa5, len);
	return same && !nvm_read(d->nvm, 0, len / lba, lba, buf) && !memcmp(buf, want, len);
}
