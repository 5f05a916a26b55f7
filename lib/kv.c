// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Objects on namespace 4, one command at a time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kv.h"
#include "../driver/kv/record.h"

#define CNS_CS_NS	0x05
#define FIRST_ROOM	65536u	/* bytes for a value of unknown length */
#define FIRST_LIST	4096u	/* bytes of the first List of a walk */
#define MAX_LIST	65536u	/* of later ones */
/* Bytes of the longest entry of a List. */
#define ENTRY_MAX	((sizeof(struct kcsd_kv_list_entry) + KCSD_KV_MAX_KEY + 3) & ~3u)

int kcsd_kv_identify(struct kcsd_drive *drv, struct kcsd_kv_info *info, size_t size)
{
	const struct kcsd_kv_format *format;
	struct kcsd_id_ns_kv id;
	struct kcsd_kv_info kv;
	int ret;

	_Static_assert(sizeof(id) == KCSD_IDENTIFY_LEN, "Identify is one page");
	ret = kcsd_drive_identify(drv, CNS_CS_NS, KCSD_CSI_KV, KCSD_NSID_KV, &id);
	if (ret)
		return ret;
	/* An inactive namespace is all zeroes. */
	if (!id.nsze)
		return KCSD_SC_INVALID_NS;
	format = &id.kvf[id.kvfc & 0xf];
	kv = (struct kcsd_kv_info){
		.size = le64toh(id.nsze),
		.used = le64toh(id.nuse),
		.keys = le64toh(id.keys),
		.room = le64toh(id.room),
		.max_keys = le32toh(format->max_keys),
		.max_value = le32toh(format->max_value),
		.max_key = le16toh(format->max_key),
	};
	kcsd_info_copy(info, size, &kv, sizeof(kv));
	return 0;
}

/* ---- one command ---- */

/* Say what is full. Leaves err alone if the drive cannot tell. */
static void describe_room(struct kcsd_drive *drv, const struct kcsd_kv_key *key, uint64_t len,
			  struct kcsd_error *err)
{
	char text[KCSD_KV_KEY_TEXT_LEN];
	struct kcsd_kv_info info;
	uint64_t need = kcsd_kv_charge(key->len, len);

	if (!err || kcsd_kv_identify(drv, &info, sizeof(info)))
		return;
	kcsd_kv_key_text(key, text);
	if (info.max_keys && info.keys >= info.max_keys)
		kcsd_error_set(err, 0, "there is no room for object '%s': %s has %llu objects, and "
			       "takes no more", text, drv->name, (unsigned long long)info.keys);
	else
		kcsd_error_set(err, 0, "there is no room for object '%s': it takes %llu bytes, of %llu "
			       "bytes for objects %s has %llu left%s", text,
			       (unsigned long long)need, (unsigned long long)info.size, drv->name,
			       (unsigned long long)info.room, need <= info.room ?
			       "; the disk of the file with the objects is full" : "");
}

static void describe_size(struct kcsd_drive *drv, const struct kcsd_kv_key *key,
			  struct kcsd_error *err)
{
	char text[KCSD_KV_KEY_TEXT_LEN];
	struct kcsd_kv_info info;

	if (err && !kcsd_kv_identify(drv, &info, sizeof(info)))
		kcsd_error_set(err, 0, "the value of object '%s' is longer than the %u bytes that "
			       "%s takes", kcsd_kv_key_text(key, text), info.max_value, drv->name);
}

/* Send a command. *result: unless NULL, that of the command. */
static int send_cmd(struct kcsd_drive *drv, struct nvme_passthru_cmd64 *cmd, uint64_t *result,
		    struct kcsd_error *err)
{
	int ret = kcsd_drive_io(drv, cmd);
	struct kcsd_kv_result r;

	if (result)
		*result = ret ? 0 : cmd->result;
	if (!ret || !err)
		return ret;
	kcsd_kv_cmd_complete(cmd, ret, cmd->result, &r);
	kcsd_kv_describe(&r, sizeof(r), err);
	if (ret == KCSD_SC_CAPACITY_EXCEEDED && r.key.len)
		describe_room(drv, &r.key, cmd->data_len, err);
	else if (ret == KCSD_SC_INVALID_VALUE_SIZE)
		describe_size(drv, &r.key, err);
	return ret;
}

/* The same for a command of a key without data. */
static int send_key(struct kcsd_drive *drv, uint8_t opcode, const struct kcsd_kv_key *key,
		    struct kcsd_error *err)
{
	struct nvme_passthru_cmd64 cmd;
	int ret = kcsd_kv_cmd_init(&cmd, opcode, key, err);

	return ret ? ret : send_cmd(drv, &cmd, NULL, err);
}

int kcsd_kv_store(struct kcsd_drive *drv, const struct kcsd_kv_key *key, const void *value,
		  size_t len, uint32_t flags, struct kcsd_error *err)
{
	struct nvme_passthru_cmd64 cmd;
	int ret = kcsd_kv_cmd_init(&cmd, KCSD_KV_STORE, key, err);

	if (ret)
		return ret;
	if (flags & ~STORE_FLAGS)
		return kcsd_error_set(err, -EINVAL, "flags: no such flag: %#x", flags);
	if (len > drv->max_data) {
		kcsd_error_set(err, 0, "the value has more bytes than %s takes", drv->name);
		describe_size(drv, key, err);
		return KCSD_SC_INVALID_VALUE_SIZE;
	}
	kcsd_kv_cmd_set_data(&cmd, drv, value, len);
	cmd.cdw11 |= flags;
	return send_cmd(drv, &cmd, NULL, err);
}

int kcsd_kv_retrieve(struct kcsd_drive *drv, const struct kcsd_kv_key *key, void *buf, size_t size,
		     uint64_t *len, struct kcsd_error *err)
{
	struct nvme_passthru_cmd64 cmd;
	int ret = kcsd_kv_cmd_init(&cmd, KCSD_KV_RETRIEVE, key, err);

	*len = 0;
	if (ret)
		return ret;
	kcsd_kv_cmd_set_data(&cmd, drv, buf, size);
	return send_cmd(drv, &cmd, len, err);
}

int kcsd_kv_retrieve_all(struct kcsd_drive *drv, const struct kcsd_kv_key *key, void **value,
			 size_t *len, struct kcsd_error *err)
{
	uint64_t room = FIRST_ROOM, got;
	char *buf;
	int ret;

	*value = NULL;
	*len = 0;
	/* Again if the value was longer than the room, also if it has grown meanwhile. */
	for (;; room = got) {
		buf = malloc(room + 1);
		if (!buf)
			return kcsd_error_set(err, -ENOMEM, "no memory for a value of %llu bytes",
					      (unsigned long long)room);
		ret = kcsd_kv_retrieve(drv, key, buf, room, &got, err);
		if (ret || got <= room)
			break;
		free(buf);
		if (got > drv->max_data)
			return kcsd_error_set(err, -EPROTO, "the value is longer than %s can send",
					      drv->name);
	}
	if (ret) {
		free(buf);
		return ret;
	}
	buf[got] = '\0';
	*value = buf;
	*len = got;
	return 0;
}

int kcsd_kv_stat(struct kcsd_drive *drv, const struct kcsd_kv_key *key, uint64_t *len,
		 struct kcsd_error *err)
{
	char byte[4];

	return kcsd_kv_retrieve(drv, key, byte, sizeof(byte), len, err);
}

int kcsd_kv_exists(struct kcsd_drive *drv, const struct kcsd_kv_key *key, struct kcsd_error *err)
{
	return send_key(drv, KCSD_KV_EXIST, key, err);
}

int kcsd_kv_delete(struct kcsd_drive *drv, const struct kcsd_kv_key *key, struct kcsd_error *err)
{
	return send_key(drv, KCSD_KV_DELETE, key, err);
}

int kcsd_kv_flush(struct kcsd_drive *drv, struct kcsd_error *err)
{
	return send_key(drv, KCSD_KV_FLUSH, NULL, err);
}

/* ---- a walk ---- */

int kcsd_kv_list_next(const void *list, size_t len, struct kcsd_kv_cursor *cursor,
		      struct kcsd_kv_key *key)
{
	const struct kcsd_kv_list_entry *entry;
	size_t at, end;

	if (len < sizeof(struct kcsd_kv_list))
		return -EPROTO;
	if (cursor->nr >= kcsd_get32(list))
		return 0;
	at = cursor->nr ? cursor->at : sizeof(struct kcsd_kv_list);
	if (at > len || len - at < sizeof(*entry))
		return -EPROTO;
	entry = (const void *)((const char *)list + at);
	end = at + sizeof(*entry) + kcsd_get16(&entry->len);
	if (end > len || kcsd_kv_key_set(key, entry->key, kcsd_get16(&entry->len)))
		return -EPROTO;
	cursor->nr++;
	cursor->at = (end + 3) & ~3u;
	return 1;
}

struct walk {
	struct kcsd_drive *drv;
	const struct kcsd_kv_key *prefix;	/* NULL: all keys */
	struct kcsd_kv_key last;	/* the last one that fn got; no bytes: none */
	void *list;
	uint32_t room;
	int (*fn)(const struct kcsd_kv_key *key, void *arg);
	void *arg;
	bool ended;			/* there are no more keys */
	struct kcsd_error *err;
};

/* Get keys from the last one on. */
static int get_list(struct walk *w)
{
	const struct kcsd_kv_key *from = w->last.len ? &w->last : w->prefix;
	struct nvme_passthru_cmd64 cmd;
	int ret = kcsd_kv_cmd_init(&cmd, KCSD_KV_LIST, from, w->err);

	if (ret)
		return ret;
	/* What a drive does not write is no key. */
	memset(w->list, 0, sizeof(struct kcsd_kv_list));
	kcsd_kv_cmd_set_data(&cmd, w->drv, w->list, w->room);
	return send_cmd(w->drv, &cmd, NULL, w->err);
}

static bool begins_with(const struct kcsd_kv_key *key, const struct kcsd_kv_key *prefix)
{
	return !prefix || (key->len >= prefix->len && !memcmp(key->key, prefix->key, prefix->len));
}

/* True if a is before b in the order of a List. */
static bool is_before(const struct kcsd_kv_key *a, const struct kcsd_kv_key *b)
{
	int order = memcmp(a->key, b->key, sizeof(a->key));

	return order < 0 || (!order && a->len < b->len);
}

static int visit_list(struct walk *w)
{
	struct kcsd_kv_cursor cursor = {};
	struct kcsd_kv_key key;
	uint32_t seen = 0;
	int ret;

	while ((ret = kcsd_kv_list_next(w->list, w->room, &cursor, &key)) == 1) {
		/* The list begins with the last key, if that still exists. */
		if (w->last.len && !is_before(&w->last, &key)) {
			if (!is_before(&key, &w->last))
				continue;
			ret = -EPROTO;
			break;
		}
		w->ended = !begins_with(&key, w->prefix);
		if (w->ended)
			return 0;
		w->last = key;
		seen++;
		ret = w->fn(&key, w->arg);
		if (ret)
			return ret;
	}
	if (ret)
		return kcsd_error_set(w->err, ret, "%s sent a malformed list of keys",
				      w->drv->name);
	/* A list with room for one more key had all. */
	w->ended = !seen || w->room - cursor.at >= ENTRY_MAX;
	return 0;
}

int kcsd_kv_each(struct kcsd_drive *drv, const struct kcsd_kv_key *prefix,
		 int (*fn)(const struct kcsd_kv_key *key, void *arg), void *arg,
		 struct kcsd_error *err)
{
	struct walk w = { .drv = drv, .prefix = prefix, .room = FIRST_LIST, .fn = fn, .arg = arg,
			  .err = err };
	int ret = 0;

	w.list = malloc(MAX_LIST);
	if (!w.list)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	while (!ret && !w.ended) {
		ret = get_list(&w);
		if (!ret)
			ret = visit_list(&w);
		w.room = MIN(w.room * 2, MAX_LIST);
	}
	free(w.list);
	return ret;
}
