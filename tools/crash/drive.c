// SPDX-License-Identifier: GPL-2.0
/* Send the commands of the load to the nodes of a drive. */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/nvme_ioctl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

#include "load.h"

#define NVM_FLUSH	0x00
#define NVM_WRITE	0x01
#define ZONE_APPEND	0x7d
#define LOAD_PERSISTENT	(1u << 31)
#define FUA		(1u << 30)

static int command(int fd, struct nvme_passthru_cmd64 *c, unsigned long op)
{
	int ret = ioctl(fd, op, c);

	return ret < 0 ? -errno : ret;
}

int drive_flush_block(struct load *l)
{
	return fdatasync(l->block) ? -errno : 0;
}

int drive_flush_command(struct load *l)
{
	struct nvme_passthru_cmd64 c = { .opcode = NVM_FLUSH, .nsid = KCSD_NSID_NVM };

	return command(l->generic, &c, NVME_IOCTL_IO64_CMD);
}

int drive_write_block(struct load *l, uint64_t lba, uint32_t nlb, const void *buf, bool dsync)
{
	struct iovec iov = { (void *)(uintptr_t)buf, nlb * LBA_SIZE };
	ssize_t n = pwritev2(l->block, &iov, 1, lba * LBA_SIZE, dsync ? RWF_DSYNC : 0);

	if (n < 0)
		return -errno;
	return n == (ssize_t)iov.iov_len ? 0 : -EIO;
}

static struct nvme_passthru_cmd64 data_command(uint8_t opcode, uint64_t lba, uint32_t nlb,
					       const void *buf, bool fua)
{
	return (struct nvme_passthru_cmd64){
		.opcode = opcode, .nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)buf, .data_len = nlb * LBA_SIZE,
		.cdw10 = lba, .cdw11 = lba >> 32, .cdw12 = (nlb - 1) | (fua ? FUA : 0),
	};
}

int drive_write_command(struct load *l, uint64_t lba, uint32_t nlb, const void *buf, bool fua)
{
	struct nvme_passthru_cmd64 c = data_command(NVM_WRITE, lba, nlb, buf, fua);

	return command(l->generic, &c, NVME_IOCTL_IO64_CMD);
}

int drive_append(struct load *l, uint64_t zslba, uint32_t nlb, const void *buf, bool fua,
		 uint64_t *lba)
{
	struct nvme_passthru_cmd64 c = data_command(ZONE_APPEND, zslba, nlb, buf, fua);
	int ret = command(l->generic, &c, NVME_IOCTL_IO64_CMD);

	*lba = c.result;
	return ret;
}

int drive_zero(struct load *l, uint64_t lba, uint32_t nlb)
{
	uint64_t range[2] = { lba * LBA_SIZE, nlb * (uint64_t)LBA_SIZE };

	return ioctl(l->block, BLKZEROOUT, range) ? -errno : 0;
}

int drive_zone(struct load *l, uint32_t zone, unsigned long ioctl_of_block)
{
	struct blk_zone_range range = {
		.sector = (uint64_t)zone * l->zone_lbas * (LBA_SIZE / 512),
		.nr_sectors = l->zone_lbas * (LBA_SIZE / 512),
	};

	return ioctl(l->block, ioctl_of_block, &range) ? -errno : 0;
}

/* Load a program that returns puid, so that no two programs are equal. */
int drive_load_program(struct load *l, uint32_t pind, uint64_t puid)
{
	struct {
		struct kcsd_image hdr;
		struct bpf_insn insns[2];
	} image = {
		.hdr = {
			.magic = KCSD_IMAGE_MAGIC, .version = KCSD_IMAGE_VERSION,
			.hdr_len = sizeof(image.hdr), .insn_cnt = 2, .name = "crash",
		},
		.insns = {
			{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = (int32_t)puid },
			{ .code = BPF_JMP | BPF_EXIT },
		},
	};
	struct nvme_passthru_cmd64 c = {
		.opcode = KCSD_ADMIN_LOAD_PROGRAM, .nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)&image, .data_len = sizeof(image),
		.cdw10 = pind | KCSD_PTYPE_EBPF << KCSD_LOAD_PTYPE_SHIFT |
			 KCSD_PIT_VENDOR << KCSD_LOAD_PIT_SHIFT | LOAD_PERSISTENT,
		.cdw11 = sizeof(image), .cdw12 = puid, .cdw13 = puid >> 32,
		.cdw14 = sizeof(image),
	};

	return command(l->ctrl, &c, NVME_IOCTL_ADMIN64_CMD);
}

int drive_unload_program(struct load *l, uint32_t pind)
{
	struct nvme_passthru_cmd64 c = {
		.opcode = KCSD_ADMIN_LOAD_PROGRAM, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = pind | KCSD_LOAD_SEL_UNLOAD,
	};

	return command(l->ctrl, &c, NVME_IOCTL_ADMIN64_CMD);
}

int drive_activate_program(struct load *l, uint32_t pind, bool active)
{
	struct nvme_passthru_cmd64 c = {
		.opcode = KCSD_ADMIN_PROGRAM_ACTIVATION, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = pind | (active ? KCSD_ACTIVATION_ACTIVATE : KCSD_ACTIVATION_DEACTIVATE)
			<< KCSD_ACTIVATION_SEL_SHIFT,
	};

	return command(l->ctrl, &c, NVME_IOCTL_ADMIN64_CMD);
}
