// SPDX-License-Identifier: GPL-2.0
/* NVMe commands by ioctl. */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/nvme.h>
#include <linux/nvme_ioctl.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "clock/clock.h"
#include "compat.h"
#include "compute/tenant.h"
#include "drive.h"
#include "host/node.h"
#include "host/passthru.h"
#include "media/lbas.h"
#include "nvme/cmd.h"

static int ioctl_carry_out(struct kcsd_cmd *cmd, const struct kcsd_user_data *data)
{
	int ret = kcsd_cmd_issue_timed(cmd, data, false);

	if (ret != -EIOCBQUEUED)
		return ret;
	return kcsd_cmd_run_quick(cmd, &ret) ? ret : kcsd_cmd_wait(cmd);
}

static int ioctl_issue(struct kcsd_cmd *cmd, const struct kcsd_user_data *data)
{
	struct kcsd_clock *clock = cmd->drive->clock;
	int ret = kcsd_slot_get(clock, &cmd->tenant->flow, kcsd_cmd_slot_kind(cmd), true,
				&cmd->slot);

	if (ret)
		return ret;
	ret = ioctl_carry_out(cmd, data);
	kcsd_clock_wait(clock, cmd->time);
	kcsd_slot_end(cmd->slot, kcsd_clock_due(clock, cmd->time));
	return ret;
}

/* Ignore the upper half of an address from a 32-bit program, like NVMe nodes of Linux. */
static u64 ioctl_addr(u64 addr)
{
	return in_compat_syscall() ? lower_32_bits(addr) : addr;
}

/* Execute a command. struct nvme_passthru_cmd and _cmd64 are the same up to timeout_ms. */
static int ioctl_passthru(const struct kcsd_origin *from, const struct nvme_passthru_cmd64 *u,
			  bool admin, bool vec, u64 *result)
{
	struct kcsd_user_data data = {
		.addr = ioctl_addr(u->addr),
		.len = u->data_len,
		.vec = vec,
		.compat = in_compat_syscall(),
	};
	struct kcsd_time time KCSD_UNINITIALIZED;
	struct kcsd_cmd cmd = {
		.drive = from->drive,
		.tenant = from->tenant,
		.admin = admin,
		.writable = from->writable,
		.partition = from->partition,
		.node = from->nsid,
		.opcode = u->opcode,
		.nsid = u->nsid,
		.cdw2 = u->cdw2,
		.cdw3 = u->cdw3,
		.cdw10 = u->cdw10,
		.cdw11 = u->cdw11,
		.cdw12 = u->cdw12,
		.cdw13 = u->cdw13,
		.cdw14 = u->cdw14,
		.cdw15 = u->cdw15,
		.timeout_ms = u->timeout_ms,
		.metadata = u64_to_user_ptr(ioctl_addr(u->metadata)),
		.metadata_len = u->metadata_len,
		.time = &time,
	};
	int ret;

	kcsd_time_none(&time);
	if (u->flags || u->rsvd1 || u->rsvd2)
		return -EINVAL;
	if (!admin && cmd.nsid != from->nsid)
		return -EINVAL;
	ret = ioctl_issue(&cmd, &data);
	*result = cmd.result;
	return ret;
}

static int ioctl_cmd(const struct kcsd_origin *from, struct nvme_passthru_cmd __user *ucmd,
		     bool admin)
{
	struct nvme_passthru_cmd64 cmd = {};
	u64 result = 0;
	int ret;

	BUILD_BUG_ON(offsetof(struct nvme_passthru_cmd, result) !=
		     offsetof(struct nvme_passthru_cmd64, rsvd2));
	if (copy_from_user(&cmd, ucmd, offsetof(struct nvme_passthru_cmd, result)))
		return -EFAULT;
	ret = ioctl_passthru(from, &cmd, admin, false, &result);
	if (ret >= 0 && put_user((u32)result, &ucmd->result))
		return -EFAULT;
	return ret;
}

static int ioctl_cmd64(const struct kcsd_origin *from, struct nvme_passthru_cmd64 __user *ucmd,
		       bool admin, bool vec)
{
	struct nvme_passthru_cmd64 cmd;
	u64 result = 0;
	int ret;

	if (copy_from_user(&cmd, ucmd, sizeof(cmd)))
		return -EFAULT;
	ret = ioctl_passthru(from, &cmd, admin, vec, &result);
	if (ret >= 0 && put_user(result, &ucmd->result))
		return -EFAULT;
	return ret;
}

/*
 * NVME_IOCTL_SUBMIT_IO, the oldest form: only Read and Write of NVM. A 32-bit program on x86 has no
 * padding at the end of the struct, so the number of its ioctl differs. The offsets of the fields
 * are the same.
 */
struct kcsd_user_io32 {
	u8 bytes[offsetofend(struct nvme_user_io, appmask)];
};

#define KCSD_IOCTL_SUBMIT_IO32	_IOW('N', 0x42, struct kcsd_user_io32)

static int ioctl_submit_io(const struct kcsd_origin *from, struct nvme_user_io __user *uio)
{
	struct nvme_passthru_cmd64 cmd = {};
	struct nvme_user_io io;
	u64 result;

	if (copy_from_user(&io, uio, sizeof(struct kcsd_user_io32)))
		return -EFAULT;
	if (from->nsid != KCSD_NSID_NVM || io.flags || io.rsvd || io.metadata)
		return -EINVAL;
	if (io.opcode != nvme_cmd_read && io.opcode != nvme_cmd_write)
		return -EINVAL;

	cmd.opcode = io.opcode;
	cmd.nsid = from->nsid;
	cmd.addr = io.addr;
	cmd.data_len = (io.nblocks + 1) << from->drive->lbas->lba_shift;
	cmd.cdw10 = lower_32_bits(io.slba);
	cmd.cdw11 = upper_32_bits(io.slba);
	cmd.cdw12 = io.nblocks | (u32)io.control << 16;
	cmd.cdw13 = io.dsmgmt;
	cmd.cdw14 = io.reftag;
	cmd.cdw15 = io.apptag | (u32)io.appmask << 16;
	return ioctl_passthru(from, &cmd, false, false, &result);
}

static long ns_ioctl(const struct kcsd_origin *from, unsigned int op, void __user *arg)
{
	switch (op) {
	case NVME_IOCTL_ID:
		force_successful_syscall_return();
		return from->nsid;
	case NVME_IOCTL_SUBMIT_IO:
	case KCSD_IOCTL_SUBMIT_IO32:
		return ioctl_submit_io(from, arg);
	case NVME_IOCTL_IO_CMD:
		return ioctl_cmd(from, arg, false);
	case NVME_IOCTL_IO64_CMD:
		return ioctl_cmd64(from, arg, false, false);
	case NVME_IOCTL_IO64_CMD_VEC:
		return ioctl_cmd64(from, arg, false, true);
	default:
		return -ENOTTY;
	}
}

long kcsd_ioctl_from(const struct kcsd_origin *from, unsigned int op, void __user *arg)
{
	switch (op) {
	case NVME_IOCTL_ADMIN_CMD:
		return ioctl_cmd(from, arg, true);
	case NVME_IOCTL_ADMIN64_CMD:
		return ioctl_cmd64(from, arg, true, false);
	}
	return from->nsid ? ns_ioctl(from, op, arg) : -ENOTTY;
}

long kcsd_ioctl(struct file *file, unsigned int op, unsigned long uarg)
{
	struct kcsd_node *node = kcsd_file_node(file);
	struct kcsd_origin from = {
		.drive = node->drive,
		.tenant = file->private_data,
		.nsid = node->nsid,
		.writable = file->f_mode & FMODE_WRITE,
	};

	return kcsd_ioctl_from(&from, op, (void __user *)uarg);
}
