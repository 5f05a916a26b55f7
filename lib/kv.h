/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Key Value commands: made, sent and described. Shared by kv.c, kv_cmd.c and kv_queue.c. */
#ifndef KCSD_LIB_KV_H
#define KCSD_LIB_KV_H

#include "private.h"

#define STORE_FLAGS	(KCSD_KV_MUST_EXIST | KCSD_KV_MUST_NOT_EXIST | KCSD_KV_NO_COMPRESS)

/* kv_cmd.c */
/*
 * Make a command. key: NULL, or no bytes, in Flush and List only. -EINVAL with a sentence: the key.
 */
int kcsd_kv_cmd_init(struct nvme_passthru_cmd64 *cmd, uint8_t opcode,
		     const struct kcsd_kv_key *key, struct kcsd_error *err);
/* Set the data of a command, which has at most what the drive takes in one. */
void kcsd_kv_cmd_set_data(struct nvme_passthru_cmd64 *cmd, const struct kcsd_drive *drv,
			  const void *buf, size_t len);
/* Decode a completed command. */
void kcsd_kv_cmd_complete(const struct nvme_passthru_cmd64 *cmd, int status, uint64_t result,
			  struct kcsd_kv_result *r);

#endif
