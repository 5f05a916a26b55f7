/* SPDX-License-Identifier: GPL-2.0 */
/* Commands of the NVM command set. */
#ifndef KST_NVM_H
#define KST_NVM_H

#include <endian.h>

#include "cmd.h"
#include "drive.h"

#define NVM_FLUSH	0x00
#define NVM_WRITE	0x01
#define NVM_READ	0x02
#define NVM_WRITE_UNCOR	0x04
#define NVM_COMPARE	0x05
#define NVM_WRITE_ZEROES 0x08
#define NVM_DSM		0x09
#define NVM_VERIFY	0x0c
#define NVM_CDW12_FUA	(1u << 30)

#define NVM_CDW12_DEAC	(1u << 25)
#define DSM_AD		(1u << 2)

/* NVM read or write of nlb LBAs (not 0's based). */
struct nvme_uring_cmd cmd_rw(__u8 opcode, __u64 slba, __u32 nlb, void *buf, __u32 len);

struct nvme_uring_cmd cmd_flush(void);

struct dsm_range {
	__le32 cattr;
	__le32 nlb;
	__le64 slba;
};

/* Command without data for nlb LBAs (not 0's based): Write Zeroes, Verify, Write Uncorrectable. */
struct nvme_uring_cmd nvm_lbas(__u8 opcode, __u64 slba, __u32 nlb);

struct nvme_uring_cmd nvm_dsm(struct dsm_range *r, __u32 nr, __u32 attributes);
struct nvme_uring_cmd nvm_copy(__u64 to, struct kcsd_nvm_copy_lba *d, __u32 nr);
struct kcsd_nvm_copy_lba nvm_source(__u64 slba, __u32 nlb);
int nvm_on(int fd, __u8 opcode, __u64 slba, __u32 nlb);
int nvm_write(int fd, __u64 slba, __u32 nlb, __u32 lba, void *buf);
int nvm_read(int fd, __u64 slba, __u32 nlb, __u32 lba, void *buf);
int nvm_flush(const struct drive *d);

/* Fill LBAs with content that differs between LBAs, and between seeds. */
void nvm_pattern(__u8 *buf, __u64 slba, __u32 nlb, __u32 lba, __u32 seed);

__u32 nvm_get(const __u8 *page, unsigned int off, unsigned int len);

/* True if the drive holds the content of `want`, read by command and by the block node. */
bool nvm_holds(const struct drive *d, const __u8 *want, __u32 len, __u32 lba, __u8 *buf);

#endif
