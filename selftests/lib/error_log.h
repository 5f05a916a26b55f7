/* SPDX-License-Identifier: GPL-2.0 */
/* Log page 01h, Error Information. */
#ifndef KST_ERROR_LOG_H
#define KST_ERROR_LOG_H

#include <linux/types.h>

#define LOG_ERROR	0x01

struct error_entry {
	__le64 count;
	__le16 sqid, cid, status, place;
	__le64 lba;
	__le32 nsid;
	__u8 rest[36];
};

/* Read the nr newest entries, newest first. */
int error_log(int ctrl, struct error_entry *e, __u32 nr);

#endif
