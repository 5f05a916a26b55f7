/* SPDX-License-Identifier: GPL-2.0 */
/* kcsd fsck of a file of objects. */
#ifndef KCSD_FSCK_KV_H
#define KCSD_FSCK_KV_H

#include "cmd.h"

/* Write a UUID as text. Return text. */
#define UUID_LEN	37
const char *kcsd_uuid_text(const uint8_t uuid[16], char text[UUID_LEN]);

/*
 * Validate a file of objects and print what it has. Return the exit code; -1 with err set, nothing
 * printed: it is no such file.
 */
int kcsd_fsck_kv(const char *path, bool json, struct kcsd_error *err);

#endif
