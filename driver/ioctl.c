// SPDX-License-Identifier: GPL-2.0
/* NVMe commands by ioctl. */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/nvme.h>
#include <linux/nvme_ioctl.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include "cmd.h"
#include "drive.h"
#include "passthru.h"

static int kcsd_ioctl_issue(struct kcsd_cmd *cmd, const struct kcsd_user_data *data)
{
	int ret = kcsd_cmd_issue(cmd, data, false);

	if (ret == -EIOCBQUEUED && !kcsd_cmd_inline(cmd, &ret))
		ret = kcsd_cmd_wait(cmd);
	return ret;
}

/* struct nvme_passthru_cmd and _cmd64 are the same up to timeout_ms. */
static int kcsd_ioctl_passthru(struct file *file, const struct nvme_passthru_cmd64 *u,
			       bool admin, bool vec, u64 *result)
{
	struct kcsd_node *node = kcsd_file_node(file);
	struct kcsd_user_data data = {
		.addr = u->addr,
		.len = u->data_len,
		.vec = vec,
		.compat = in_compat_syscall(),
	};
	struct kcsd_cmd cmd = {
		.drive = node->drive,
		.tenant = file->private_data,
		.admin = admin,
		.writable = file->f_mode & FMODE_WRITE,
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
		.metadata = u64_to_user_ptr(u->metadata),
		.metadata_len = u->metadata_len,
	};
	int ret;

	if (u->flags || u->rsvd1 || u->rsvd2)
		return -EINVAL;
	if (!admin && cmd.nsid != node->nsid)
		return -EINVAL;
	ret = kcsd_ioctl_issue(&cmd, &data);
	*result = cmd.result;
	return ret;
}

static int kcsd_ioctl_cmd(struct file *file, struct nvme_passthru_cmd __user *ucmd, bool admin)
{
	struct nvme_passthru_cmd64 cmd = {};
	u64 result = 0;
	int ret;

	BUILD_BUG_ON(offsetof(struct nvme_passthru_cmd, result) !=
		     offsetof(struct nvme_passthru_cmd64, rsvd2));
	if (copy_from_user(&cmd, ucmd, offsetof(struct nvme_passthru_cmd, result)))
		return -EFAULT;
	ret = kcsd_ioctl_passthru(file, &cmd, admin, false, &result);
	if (ret >= 0 && put_user((u32)result, &ucmd->result))
		return -EFAULT;
	return ret;
}

static int kcsd_ioctl_cmd64(struct file *file, struct nvme_passthru_cmd64 __user *ucmd,
			    bool admin, bool vec)
{
	struct nvme_passthru_cmd64 cmd;
	u64 result = 0;
	int ret;

	if (copy_from_user(&cmd, ucmd, sizeof(cmd)))
		return -EFAULT;
	ret = kcsd_ioctl_passthru(file, &cmd, admin, vec, &result);
	if (ret >= 0 && put_user(result, &ucmd->result))
		return -EFAULT;
	return ret;
}

/* The oldest form: NVM reads and writes only. */
static int kcsd_ioctl_submit_io(struct file *file, struct nvme_user_io __user *uio)
{
	const struct kcsd_node *node = kcsd_file_node(file);
	struct nvme_passthru_cmd64 cmd = {};
	struct nvme_user_io io;
	u64 result;

	if (copy_from_user(&io, uio, sizeof(io)))
		return -EFAULT;
	if (node->nsid != KCSD_NSID_NVM || io.flags || io.rsvd || io.metadata)
		return -EINVAL;
	if (io.opcode != nvme_cmd_read && io.opcode != nvme_cmd_write)
		return -EINVAL;

	cmd.opcode = io.opcode;
	cmd.nsid = node->nsid;
	cmd.addr = io.addr;
	cmd.data_len = (io.nblocks + 1) << node->drive->lba_shift;
	cmd.cdw10 = lower_32_bits(io.slba);
	cmd.cdw11 = upper_32_bits(io.slba);
	cmd.cdw12 = io.nblocks | (u32)io.control << 16;
	cmd.cdw13 = io.dsmgmt;
	cmd.cdw14 = io.reftag;
	cmd.cdw15 = io.apptag | (u32)io.appmask << 16;
	return kcsd_ioctl_passthru(file, &cmd, false, false, &result);
}

static long kcsd_ns_ioctl(struct file *file, unsigned int op, void __user *arg)
{
	switch (op) {
	case NVME_IOCTL_ID:
		force_successful_syscall_return();
		return kcsd_file_node(file)->nsid;
	case NVME_IOCTL_SUBMIT_IO:
		return kcsd_ioctl_submit_io(file, arg);
	case NVME_IOCTL_IO_CMD:
		return kcsd_ioctl_cmd(file, arg, false);
	case NVME_IOCTL_IO64_CMD:
		return kcsd_ioctl_cmd64(file, arg, false, false);
	case NVME_IOCTL_IO64_CMD_VEC:
		return kcsd_ioctl_cmd64(file, arg, false, true);
	default:
		return -ENOTTY;
	}
}

long kcsd_ioctl(struct file *file, unsigned int op, unsigned long uarg)
{
	void __user *arg = (void __user *)uarg;

	switch (op) {
	case NVME_IOCTL_ADMIN_CMD:
		return kcsd_ioctl_cmd(file, arg, true);
	case NVME_IOCTL_ADMIN64_CMD:
		return kcsd_ioctl_cmd64(file, arg, true, false);
	}
	return kcsd_file_node(file)->nsid ? kcsd_ns_ioctl(file, op, arg) : -ENOTTY;
}
