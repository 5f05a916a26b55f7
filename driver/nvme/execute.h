/* SPDX-License-Identifier: GPL-2.0 */
/* Execute Program and Execute on LBAs. */
#ifndef KCSD_EXECUTE_H
#define KCSD_EXECUTE_H

struct kcsd_cmd;

/* Parse Execute Program or Execute on LBAs, and set cmd->async. Returns 0, a status or -errno. */
int kcsd_execute_parse(struct kcsd_cmd *cmd);

#endif
