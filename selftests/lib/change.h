/* SPDX-License-Identifier: GPL-2.0 */
/* Change one field of a valid command, and check how the drive refuses the command. */
#ifndef KST_CHANGE_H
#define KST_CHANGE_H

#include "cmd.h"

/* One field to change in an otherwise valid command, and the result that the drive must return. */
struct cmd_change {
	const char *what;
	__u8 off;
	__u8 len;
	__u64 value;
	int want;
	__u8 blamed;	/* the field that Invalid Field must name */
};

/* Offset of a field in a queue entry: the same as in the command, except for the two lengths. */
#define CMD_FIELD(field) \
	(offsetof(struct nvme_uring_cmd, field) == offsetof(struct nvme_uring_cmd, data_len) ? \
	 offsetof(struct nvme_uring_cmd, addr) : \
	 offsetof(struct nvme_uring_cmd, field) == offsetof(struct nvme_uring_cmd, metadata_len) ? \
	 offsetof(struct nvme_uring_cmd, metadata) : offsetof(struct nvme_uring_cmd, field))

#define CMD_CHANGE_BLAMING(field, val, res, blame) \
	{ #field " = " #val, offsetof(struct nvme_uring_cmd, field), \
	  sizeof(((struct nvme_uring_cmd *)0)->field), (val), (res), CMD_FIELD(blame) }
#define CMD_CHANGE(field, val, res)	CMD_CHANGE_BLAMING(field, val, res, field)
/*
 * The changed field is valid, but another field no longer fits it; the drive must name the other.
 */
#define CMD_CHANGE_MISFIT(field, val, other) \
	CMD_CHANGE_BLAMING(field, val, KCSD_SC_INVALID_FIELD, other)

/* True if the changed command gets the wanted result; Invalid Field must also name the field. */
bool cmd_refused(int way, bool admin, int fd, const struct nvme_uring_cmd *base,
		 const struct cmd_change *ch);

/* True if cmd_refused() is true for all changes, in each way. */
bool cmd_each_refused(bool admin, int fd, const struct nvme_uring_cmd *base,
		      const struct cmd_change *changes, size_t nr);

#endif
