/* SPDX-License-Identifier: GPL-2.0 */
/* Commands of the SLM namespace. */
#ifndef KST_SLM_H
#define KST_SLM_H

#include "cmd.h"

#define SLM_MDTS	(1u << 20)	/* limit for Memory Read and Write, bytes */

/* Memory Read or Write; if buf is NULL: Memory Fill with byte. */
struct nvme_uring_cmd slm_cmd(__u8 opcode, __u64 start, __u32 len, void *buf);

int slm_rw(int fd, __u8 opcode, __u64 start, __u32 len, void *buf);
int slm_fill(int fd, __u64 start, __u32 len, __u8 byte);

/* Read or write any length, in commands of at most MDTS. */
int slm_rw_all(int fd, __u8 opcode, __u64 start, __u64 len, __u8 *buf);

/* Memory Copy of len bytes to start, from nr descriptors of one format; desc_len: bytes of all. */
struct nvme_uring_cmd slm_copy_cmd(__u64 start, __u64 len, unsigned int format, unsigned int nr,
				   void *descs, __u32 desc_len);

struct kcsd_copy_slm slm_from_slm(__u64 start, __u64 len);

/* Argument nlb is not 0's based. */
struct kcsd_copy_lba slm_from_lbas(__u64 slba, __u32 nlb);

#endif
