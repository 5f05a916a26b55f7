// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Make commands of the Key Value command set, and say in a sentence why one failed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kv.h"

/* ---- the key: bytes 0 to 7 in CDW2-3, 8 to 15 in CDW14-15 ---- */

static void set_key(struct nvme_passthru_cmd64 *cmd, const struct kcsd_kv_key *key)
{
	cmd->cdw2 = kcsd_get32(key->key);
	cmd->cdw3 = kcsd_get32(key->key + 4);
	cmd->cdw14 = kcsd_get32(key->key + 8);
	cmd->cdw15 = kcsd_get32(key->key + 12);
	cmd->cdw11 |= key->len;
}

static void get_key(const struct nvme_passthru_cmd64 *cmd, struct kcsd_kv_key *key)
{
	uint32_t words[] = { htole32(cmd->cdw2), htole32(cmd->cdw3), htole32(cmd->cdw14),
			     htole32(cmd->cdw15) };

	_Static_assert(sizeof(words) == sizeof(key->key), "a key is four words");
	*key = (struct kcsd_kv_key){ .len = cmd->cdw11 & KCSD_KV_KEY_LEN_MASK };
	memcpy(key->key, words, sizeof(words));
}

/* Bytes after a key are zero, whatever the caller left there. */
static struct kcsd_kv_key cut_key(const struct kcsd_kv_key *key)
{
	struct kcsd_kv_key cut;

	kcsd_kv_key_set(&cut, key->key, key->len);
	return cut;
}

int kcsd_kv_cmd_init(struct nvme_passthru_cmd64 *cmd, uint8_t opcode,
		     const struct kcsd_kv_key *key, struct kcsd_error *err)
{
	bool some = opcode != KCSD_KV_FLUSH && opcode != KCSD_KV_LIST;
	struct kcsd_kv_key cut;

	*cmd = (struct nvme_passthru_cmd64){ .opcode = opcode, .nsid = KCSD_NSID_KV };
	if (key && key->len > sizeof(key->key))
		return kcsd_error_set(err, -EINVAL, "a key has at most %d bytes, not %u",
				      KCSD_KV_MAX_KEY, key->len);
	if (some && (!key || !key->len))
		return kcsd_error_set(err, -EINVAL, "a key has at least one byte");
	if (opcode == KCSD_KV_FLUSH && key && key->len)
		return kcsd_error_set(err, -EINVAL, "Flush has no key");
	if (!key || !key->len)
		return 0;
	cut = cut_key(key);
	set_key(cmd, &cut);
	return 0;
}

void kcsd_kv_cmd_set_data(struct nvme_passthru_cmd64 *cmd, const struct kcsd_drive *drv,
			  const void *buf, size_t len)
{
	/* A longer value is refused for its size, whatever its length. */
	if (cmd->opcode != KCSD_KV_STORE)
		len = MIN(len, drv->max_data);
	len = MIN(len, UINT32_MAX);
	cmd->addr = len ? (uintptr_t)buf : 0;
	cmd->data_len = len;
	cmd->cdw10 = len;
}

void kcsd_kv_cmd_complete(const struct nvme_passthru_cmd64 *cmd, int status, uint64_t result,
			  struct kcsd_kv_result *r)
{
	*r = (struct kcsd_kv_result){ .status = status, .opcode = cmd->opcode };
	get_key(cmd, &r->key);
	/* Of an invalid command the result is the field. */
	if ((!status && cmd->opcode == KCSD_KV_RETRIEVE) || status == KCSD_SC_INVALID_FIELD)
		r->len = result;
}

/* ---- a sentence ---- */

static const char *verb_of(uint32_t opcode)
{
	switch (opcode) {
	case KCSD_KV_STORE:	return "store";
	case KCSD_KV_RETRIEVE:	return "read";
	case KCSD_KV_LIST:	return "list keys from";
	case KCSD_KV_DELETE:	return "delete";
	case KCSD_KV_EXIST:	return "look for";
	}
	return "make objects durable";
}

/* Write the sentence of a status that has one of its own. Returns false if it has none. */
static bool describe_status(const struct kcsd_kv_result *r, const char *key,
			    struct kcsd_error *err)
{
	switch (r->status) {
	case KCSD_SC_NO_KEY:
		kcsd_error_set(err, 0, "no object has the key '%s'", key);
		return true;
	case KCSD_SC_KEY_EXISTS:
		kcsd_error_set(err, 0, "an object has the key '%s' already", key);
		return true;
	case KCSD_SC_UNRECOVERED:
		kcsd_error_set(err, 0, "object '%s' is damaged: its value cannot be read; delete "
			       "it, or store it again", key);
		return true;
	case KCSD_SC_CAPACITY_EXCEEDED:
		if (r->key.len)
			kcsd_error_set(err, 0, "there is no room for object '%s'", key);
		else
			kcsd_error_set(err, 0, "there is no room to make all objects durable: the "
				       "disk of their file is full");
		return true;
	case KCSD_SC_INVALID_VALUE_SIZE:
		kcsd_error_set(err, 0, "the value of object '%s' is longer than the drive takes",
			       key);
		return true;
	}
	return false;
}

const char *kcsd_kv_describe(const struct kcsd_kv_result *result, size_t size,
			     struct kcsd_error *err)
{
	char text[KCSD_KV_KEY_TEXT_LEN], object[KCSD_KV_KEY_TEXT_LEN + 16] = "";
	bool invalid;
	struct kcsd_kv_result r;

	kcsd_info_copy(&r, sizeof(r), result, size);
	if (!err)
		return kcsd_error_text(r.status);
	kcsd_kv_key_text(&r.key, text);
	if (r.key.len && r.opcode != KCSD_KV_LIST && describe_status(&r, text, err))
		return err->text;
	if (r.key.len)
		snprintf(object, sizeof(object), " %s'%s'",
			 r.opcode == KCSD_KV_LIST ? "" : "object ", text);
	else if (r.opcode == KCSD_KV_LIST)
		snprintf(object, sizeof(object), " the first");
	invalid = r.status == KCSD_SC_INVALID_FIELD;
	kcsd_error_set(err, 0, "cannot %s%s: %s%s%s", verb_of(r.opcode), object,
		       kcsd_error_text(r.status), invalid ? ": " : "",
		       invalid ? kcsd_field_name(r.len) : "");
	return err->text;
}
