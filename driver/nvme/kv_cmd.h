/* SPDX-License-Identifier: GPL-2.0 */
/* Commands of namespace 4; parse and describe functions, see nvme/cmd.h and nvme/opcodes.h. */
#ifndef KCSD_KV_CMD_H
#define KCSD_KV_CMD_H

struct kcsd_cmd;
struct kcsd_timing_cmd;

int kcsd_kv_parse_store(struct kcsd_cmd *cmd);
int kcsd_kv_parse_retrieve(struct kcsd_cmd *cmd);
int kcsd_kv_parse_list(struct kcsd_cmd *cmd);
/* Delete and Exist. */
int kcsd_kv_parse_key(struct kcsd_cmd *cmd);
int kcsd_kv_parse_flush(struct kcsd_cmd *cmd);
/* Of all of them. */
void kcsd_kv_describe(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece);

#endif
