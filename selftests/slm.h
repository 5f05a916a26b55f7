/* SPDX-License-Identifier: GPL-2.0 */
/* Commands of the SLM namespace, for tests. */
#ifndef KST_SLM_H
#define KST_SLM_H

#include "cmd.h"

#define SLM_READ_ALL_MAX	(1u << 20)	/* MDTS */

/* Memory Read, or Write, or (buf NULL) Fill with byte. */
static inline struct nvme_uring_cmd slm_cmd(__u8 opcode, __u64 start, __u32 len, void *buf)
{
	return (struct nvme_uring_cmd) {
		.opcode = opcode, .nsid = KCSD_NSID_SLM,
		.addr = (uintptr_t)buf, .data_len = buf ? len : 0,
		.cdw10 = (__u32)start, .cdw11 = start >> 32, .cdw12 = len,
	};
}

static inline int slm_rw(int fd, __u8 opcode, __u64 start, __u32 len, void *buf)
{
	struct nvme_uring_cmd c = slm_cmd(opcode, start, len, buf);

	return cmd_io(fd, &c);
}

static inline int slm_fill(int fd, __u64 start, __u32 len, __u8 byte)
{
	struct nvme_uring_cmd c = slm_cmd(KCSD_SLM_FILL, start, len, NULL);

	c.cdw13 = byte;
	return cmd_io(fd, &c);
}

/* Any length, in commands of MDTS at most. */
static inline int slm_rw_all(int fd, __u8 opcode, __u64 start, __u64 len, __u8 *buf)
{
	int ret = 0;

	while (!ret && len) {
		__u32 n = len < SLM_READ_ALL_MAX ? len : SLM_READ_ALL_MAX;

		ret = slm_rw(fd, opcode, start, n, buf);
		start += n;
		buf += n;
		len -= n;
	}
	return ret;
}

#endif
