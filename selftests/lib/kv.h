/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Commands of the Key Value namespace. Keys are bytes with a length. Functions return as cmd_io(),
 * and may be called by several threads.
 */
#ifndef KST_KV_H
#define KST_KV_H

#include "cmd.h"

/* The limit of a value and the size of a store, for small drives. */
#define KV_SMALL \
	{ "kv_size", "16M" }, { "kv_max_value", "2M" }, { "kv_max_keys", "100000" }

/* A command with a key; buf may be NULL. CDW10 is len, but for commands without a buffer 0. */
struct nvme_uring_cmd kv_cmd(__u8 opcode, const void *key, __u8 key_len, void *buf, __u32 len);

int kv_store(int fd, const void *key, __u8 key_len, const void *buf, __u32 len, __u32 options);
/* Retrieve up to len bytes. Sets *value_len to the length of the whole value. */
int kv_retrieve(int fd, const void *key, __u8 key_len, void *buf, __u32 len, __u64 *value_len);
int kv_delete(int fd, const void *key, __u8 key_len);
int kv_exist(int fd, const void *key, __u8 key_len);
int kv_flush(int fd);
/* List from a key on into buf. */
int kv_list(int fd, const void *key, __u8 key_len, void *buf, __u32 len);
/* Step through a list: returns the entry after `entry`; NULL: the first one of a list. */
const struct kcsd_kv_list_entry *kv_next(const void *list, const struct kcsd_kv_list_entry *entry);

/* The same for keys that are strings. */
#define KV_STR(s)	(s), (__u8)strlen(s)

#endif
