/* SPDX-License-Identifier: GPL-2.0 */
/* Admin commands: Identify and Get Log Page. */
#ifndef KST_ADMIN_H
#define KST_ADMIN_H

#include "cmd.h"

#define ADMIN_GET_LOG	0x02
#define ADMIN_IDENTIFY	0x06
#define ADMIN_FORMAT	0x80
#define ADMIN_SANITIZE	0x84

struct nvme_uring_cmd cmd_identify(__u8 cns, __u32 nsid, __u8 csi, void *buf);

/* Log pages of NVMe; error_log.h has the Error Information log. */
#define LOG_SUPPORTED	0x00
#define LOG_HEALTH	0x02
#define LOG_FIRMWARE	0x03
#define LOG_EFFECTS	0x05
#define LOG_FEATURES	0x12
#define LOG_MI		0x13
#define LOG_SANITIZE	0x81

/* Get Log Page: len bytes (a multiple of 4) from offset. */
struct nvme_uring_cmd cmd_log(__u8 lid, void *buf, __u32 len, __u64 offset);

#endif
