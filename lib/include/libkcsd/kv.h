/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Objects: values under keys, on the Key Value namespace. By <libkcsd.h>. */
#ifndef LIBKCSD_KV_H
#define LIBKCSD_KV_H

#include <libkcsd/drive.h>
#include <libkcsd/queue.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Properties ---- */

struct kcsd_kv_info {
	uint64_t size;		/* bytes of keys and values that fit, if they are large */
	uint64_t used;		/* bytes of keys and values */
	uint64_t keys;		/* objects */
	uint32_t max_keys;	/* objects; 0: no limit */
	uint32_t max_value;	/* bytes */
	uint32_t max_key;	/* bytes */
	uint32_t rsvd;
	uint64_t room;		/* bytes of size that no object takes; a small one takes 192 */
};

/*
 * Get the properties of the namespace. KCSD_SC_INVALID_NS: the drive has no objects (its kv_size is
 * 0). size: sizeof(*info).
 */
KCSD_API int kcsd_kv_identify(struct kcsd_drive *drv, struct kcsd_kv_info *info, size_t size);

/* ---- Keys: 1 to KCSD_KV_MAX_KEY bytes of any value (struct kcsd_kv_key of <linux/kcsd.h>) ---- */

/* Make a key of len bytes. -EINVAL: none, or too many; *key then has no bytes. */
KCSD_API int kcsd_kv_key_set(struct kcsd_kv_key *key, const void *bytes, size_t len);
/*
 * Parse a key as people write it: its bytes, or "hex:" and pairs of hexadecimal digits, in which
 * colons and spaces are ignored. -EINVAL: as kcsd_kv_key_set(), or no digits.
 */
KCSD_API int kcsd_kv_key_parse(const char *text, struct kcsd_kv_key *key, struct kcsd_error *err);
/*
 * Write a key so that kcsd_kv_key_parse() reads it: as it is, if all its bytes are printable ASCII
 * and it does not begin with "hex:". Returns buf.
 */
#define KCSD_KV_KEY_TEXT_LEN	40
KCSD_API const char *kcsd_kv_key_text(const struct kcsd_kv_key *key,
				      char buf[KCSD_KV_KEY_TEXT_LEN]);

/* ---- Commands. Errors, besides those of all commands: ---- */
/*
 * KCSD_SC_NO_KEY: no object has the key. -EINVAL: the key has no bytes or too many. err: a sentence
 * that names the object.
 */

/*
 * Store a value: a new object, or instead of the old value; all or nothing. flags: 0,
 * KCSD_KV_MUST_EXIST (else KCSD_SC_NO_KEY), KCSD_KV_MUST_NOT_EXIST (else KCSD_SC_KEY_EXISTS),
 * KCSD_KV_NO_COMPRESS. It is durable after kcsd_kv_flush().
 *
 * KCSD_SC_INVALID_VALUE_SIZE: longer than max_value. KCSD_SC_CAPACITY_EXCEEDED: no room, or too
 * many objects.
 */
KCSD_API int kcsd_kv_store(struct kcsd_drive *drv, const struct kcsd_kv_key *key,
			   const void *value, size_t len, uint32_t flags, struct kcsd_error *err);
/*
 * Get the first bytes of a value, up to size. *len: bytes of the whole value, which may be more.
 * KCSD_SC_UNRECOVERED: the value is damaged; delete the object or store it again.
 */
KCSD_API int kcsd_kv_retrieve(struct kcsd_drive *drv, const struct kcsd_kv_key *key, void *buf,
			      size_t size, uint64_t *len, struct kcsd_error *err);
/*
 * Get a whole value, in memory that the caller frees with free(3). A byte that is not counted in
 * *len follows, 0.
 */
KCSD_API int kcsd_kv_retrieve_all(struct kcsd_drive *drv, const struct kcsd_kv_key *key,
				  void **value, size_t *len, struct kcsd_error *err);
/* Get the length of a value. */
KCSD_API int kcsd_kv_stat(struct kcsd_drive *drv, const struct kcsd_kv_key *key, uint64_t *len,
			  struct kcsd_error *err);
/* Returns 0 if the object exists, else KCSD_SC_NO_KEY. */
KCSD_API int kcsd_kv_exists(struct kcsd_drive *drv, const struct kcsd_kv_key *key,
			    struct kcsd_error *err);
/*
 * Delete an object. One that does not exist is no error, unless feature 20h of the drive makes it
 * KCSD_SC_NO_KEY.
 */
KCSD_API int kcsd_kv_delete(struct kcsd_drive *drv, const struct kcsd_kv_key *key,
			    struct kcsd_error *err);
/* Make durable all that was stored and deleted. */
KCSD_API int kcsd_kv_flush(struct kcsd_drive *drv, struct kcsd_error *err);
/*
 * Call fn for each key that begins with prefix, in the order of their bytes; NULL: all keys. Reads
 * no others from the drive but those of the last command. A key that exists throughout comes
 * exactly once, whatever happens to others; fn may store and delete. A value other than 0 from fn
 * ends the walk and is returned. -EPROTO: the drive sent malformed data.
 */
KCSD_API int kcsd_kv_each(struct kcsd_drive *drv, const struct kcsd_kv_key *prefix,
			  int (*fn)(const struct kcsd_kv_key *key, void *arg), void *arg,
			  struct kcsd_error *err);

/* ---- Many commands at once ---- */

/*
 * Create a queue for objects; it takes no runs. As kcsd_queue_create(). kcsd_queue_inflight(),
 * kcsd_queue_fd() and kcsd_queue_destroy() work on it. Unlike those of a run, buffers belong to the
 * caller, who keeps them until the command was reaped or the queue destroyed.
 */
KCSD_API int kcsd_kv_queue_create(struct kcsd_drive *drv, unsigned int depth,
				  struct kcsd_queue **queue);

struct kcsd_kv_opts {
	size_t sz;
	uint32_t opcode;	/* KCSD_KV_STORE and others, of <linux/kcsd.h> */
	uint32_t flags;		/* of Store: as kcsd_kv_store(); else 0 */
	struct kcsd_kv_key key;	/* of List: to begin with, may have no bytes. Flush: none */
	void *buf;		/* Store: the value; Retrieve, List: room */
	uint32_t len;		/* bytes */
	uint32_t rsvd;
};

/*
 * Start a command. -EAGAIN: depth commands are in flight. -EINVAL: no such command, a wrong key, or
 * a queue for runs. -EACCES. Never a status.
 */
KCSD_API int kcsd_kv_submit(struct kcsd_queue *queue, const struct kcsd_kv_opts *opts,
			    uint64_t user_data, struct kcsd_error *err);

struct kcsd_kv_result {
	int32_t status;		/* 0, -errno or an NVMe status */
	uint32_t opcode;
	uint64_t user_data;	/* of kcsd_kv_submit() */
	uint64_t len;		/* Retrieve: bytes of the whole value */
	struct kcsd_kv_key key;
};

/*
 * Get the result of one completed command, in the order of completion. Returns 0 whenever there is
 * one, also of a failed command. Errors and timeout_ms as kcsd_queue_reap().
 */
KCSD_API int kcsd_kv_reap(struct kcsd_queue *queue, struct kcsd_kv_result *result, size_t size,
			  int timeout_ms);
/* Write the sentence of a failed command to err->text, and return that. */
KCSD_API const char *kcsd_kv_describe(const struct kcsd_kv_result *result, size_t size,
				      struct kcsd_error *err);
/* A place in the data of a List. All zeroes: the first key. */
struct kcsd_kv_cursor {
	uint32_t nr;		/* keys before it */
	uint32_t at;		/* offset, once there are any */
};

/*
 * Get the key at a place in the data of a List, a buffer of len bytes, and go on to the next.
 * Returns 1; 0: there are no more keys; -EPROTO: malformed data.
 */
KCSD_API int kcsd_kv_list_next(const void *list, size_t len, struct kcsd_kv_cursor *cursor,
			       struct kcsd_kv_key *key);

#ifdef __cplusplus
}
#endif

#endif
