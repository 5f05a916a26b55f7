// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read, write and flush LBAs of namespace 1: Read, Write, Flush of the NVM command set. */
#include <errno.h>

#include "private.h"

#define MAX_NLB	65536u	/* LBAs of one command */

static int transfer(struct kcsd_drive *drv, uint8_t opcode, uint64_t slba, void *buf, size_t len)
{
	struct nvme_passthru_cmd64 cmd = {
		.opcode = opcode,
		.nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)buf,
		.data_len = len,
		.cdw10 = (uint32_t)slba,
		.cdw11 = slba >> 32,
		.cdw12 = len / drv->lba_size - 1,
	};

	return kcsd_drive_io(drv, &cmd);
}

static int transfer_all(struct kcsd_drive *drv, uint8_t opcode, uint64_t slba, char *buf,
			size_t len)
{
	size_t max = MIN(drv->max_transfer / drv->lba_size, MAX_NLB) * drv->lba_size;
	size_t n;
	int ret;

	if (len % drv->lba_size)
		return -EINVAL;
	for (; len; len -= n, buf += n, slba += n / drv->lba_size) {
		n = MIN(len, max);
		ret = transfer(drv, opcode, slba, buf, n);
		if (ret)
			return ret;
	}
	return 0;
}

int kcsd_lba_read(struct kcsd_drive *drv, uint64_t slba, void *buf, size_t len)
{
	return transfer_all(drv, NVME_READ, slba, buf, len);
}

int kcsd_lba_write(struct kcsd_drive *drv, uint64_t slba, const void *buf, size_t len)
{
	/* NVME_WRITE does not write to the buffer. */
	return transfer_all(drv, NVME_WRITE, slba, (char *)(uintptr_t)buf, len);
}

int kcsd_lba_flush(struct kcsd_drive *drv)
{
	struct nvme_passthru_cmd64 cmd = { .opcode = NVME_FLUSH, .nsid = KCSD_NSID_NVM };

	return kcsd_drive_io(drv, &cmd);
}
