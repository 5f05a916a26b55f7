// SPDX-License-Identifier: GPL-2.0
#include "zns.h"

#include "nvm.h"

__u64 zns_start(__u32 zone)
{
	return (__u64)zone * ZNS_SIZE;
}

struct nvme_uring_cmd zns_send_cmd(enum zns_action action, __u64 slba)
{
	return (struct nvme_uring_cmd) {
		.opcode = ZNS_SEND, .nsid = KCSD_NSID_NVM,
		.cdw10 = (__u32)slba, .cdw11 = slba >> 32, .cdw13 = action,
	};
}

int zns_send(int fd, enum zns_action action, __u32 zone)
{
	struct nvme_uring_cmd c = zns_send_cmd(action, zns_start(zone));

	return cmd_io(fd, &c);
}

int zns_send_all(int fd, enum zns_action action)
{
	struct nvme_uring_cmd c = zns_send_cmd(action, 0);

	c.cdw13 |= ZNS_SELECT_ALL;
	return cmd_io(fd, &c);
}

struct nvme_uring_cmd zns_receive_cmd(__u64 slba, __u32 cdw13, void *buf, __u32 len)
{
	return (struct nvme_uring_cmd) {
		.opcode = ZNS_RECEIVE, .nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)buf, .data_len = len,
		.cdw10 = (__u32)slba, .cdw11 = slba >> 32, .cdw12 = len / 4 - 1, .cdw13 = cdw13,
	};
}

int zns_receive(int fd, __u64 slba, __u32 cdw13, void *buf, __u32 len)
{
	struct nvme_uring_cmd c = zns_receive_cmd(slba, cdw13, buf, len);

	return cmd_io(fd, &c);
}

int zns_report(int fd, enum zns_filter filter, struct zns_report *report)
{
	memset(report, 0xa5, sizeof(*report));
	return zns_receive(fd, 0, filter << 8, report, sizeof(*report));
}

int zns_cond(int fd, __u32 zone, __u64 *wp)
{
	struct zns_report r;
	int ret = zns_receive(fd, zns_start(zone), ZNS_PARTIAL, &r, 128);

	if (wp)
		*wp = r.desc[0].wp;
	return ret ? -ret : r.desc[0].zs >> 4;
}

struct nvme_uring_cmd zns_append_cmd(__u64 zslba, __u32 nlb, const void *buf)
{
	return (struct nvme_uring_cmd) {
		.opcode = ZNS_APPEND, .nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)buf, .data_len = nlb * ZNS_LBA,
		.cdw10 = (__u32)zslba, .cdw11 = zslba >> 32, .cdw12 = nlb - 1,
	};
}

int zns_append(int fd, __u32 zone, __u32 nlb, const void *buf, __u64 *lba)
{
	struct nvme_uring_cmd c = zns_append_cmd(zns_start(zone), nlb, buf);

	return cmd_io_way(CMD_URING, fd, &c, lba);
}

int zns_write(int fd, __u64 slba, __u32 nlb, const void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, slba, nlb, (void *)buf, nlb * ZNS_LBA);

	return cmd_io(fd, &c);
}

int zns_read(int fd, __u64 slba, __u32 nlb, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_READ, slba, nlb, buf, nlb * ZNS_LBA);

	return cmd_io(fd, &c);
}

int zns_wear_out(const struct drive *d, const char *attr, __u32 zone)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", zone);
	return drive_set(d->name, attr, text);
}

int zns_bring(const struct drive *d, __u32 zone, enum kcsd_zone_cond cond)
{
	static __u8 lba[ZNS_LBA];
	int fd = d->nvm;

	switch (cond) {
	case KCSD_ZONE_COND_EMPTY:
		return 0;
	case KCSD_ZONE_COND_IMP_OPEN:
		return zns_append(fd, zone, 1, lba, NULL);
	case KCSD_ZONE_COND_EXP_OPEN:
		return zns_append(fd, zone, 1, lba, NULL) ?: zns_send(fd, ZNS_OPEN, zone);
	case KCSD_ZONE_COND_CLOSED:
		return zns_append(fd, zone, 1, lba, NULL) ?: zns_send(fd, ZNS_CLOSE, zone);
	case KCSD_ZONE_COND_FULL:
		return zns_append(fd, zone, 1, lba, NULL) ?: zns_send(fd, ZNS_FINISH, zone);
	case KCSD_ZONE_COND_READONLY:
		return zns_append(fd, zone, 1, lba, NULL) ?: zns_wear_out(d, "zone_readonly", zone);
	case KCSD_ZONE_COND_OFFLINE:
		return zns_wear_out(d, "zone_offline", zone);
	default:
		return -EINVAL;
	}
}
