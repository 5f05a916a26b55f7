// SPDX-License-Identifier: GPL-2.0
/* Commands of namespace 4. NVMe Key Value Command Set; <linux/kcsd.h> has their fields. */
#include <linux/align.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include "compute/unit.h"
#include "drive.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "nvme/cmd.h"
#include "nvme/kv_cmd.h"
#include "stats/counters.h"

/* A longer buffer may be missing a page: pin it before anything is copied. */
#define NOW_BYTES	SZ_64K
#define PAUSE_AFTER	64	/* keys of a List */

/* ---- keys ---- */

static u8 key_len(const struct kcsd_cmd *cmd)
{
	return cmd->cdw11 & KCSD_KV_KEY_LEN_MASK;
}

static void get_name(const struct kcsd_cmd *cmd, struct kcsd_kv_name *name)
{
	BUILD_BUG_ON(sizeof(name->key) != 16);
	name->len = key_len(cmd);
	put_unaligned_le32(cmd->cdw2, name->key);
	put_unaligned_le32(cmd->cdw3, name->key + 4);
	put_unaligned_le32(cmd->cdw14, name->key + 8);
	put_unaligned_le32(cmd->cdw15, name->key + 12);
}

/* Returns the field with a byte of the key. */
static enum kcsd_field field_of_key(size_t at)
{
	static const u16 fields[] = {
		KCSD_FIELD_CDW2, KCSD_FIELD_CDW3, KCSD_FIELD_CDW14, KCSD_FIELD_CDW15,
	};

	return fields[at / 4];
}

static int validate_key(struct kcsd_cmd *cmd, bool may_be_empty)
{
	struct kcsd_kv_name name;
	const u8 *bad;

	if (key_len(cmd) > KCSD_KV_MAX_KEY)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (!key_len(cmd) && !may_be_empty)
		return KCSD_SC_INVALID_KEY_SIZE;
	get_name(cmd, &name);
	bad = memchr_inv(name.key + name.len, 0, sizeof(name.key) - name.len);
	return bad ? kcsd_cmd_invalid(cmd, field_of_key(bad - name.key)) : 0;
}

/* Validate the fields that the commands share: a key, options in CDW11, and with size CDW10. */
static int validate_fields(struct kcsd_cmd *cmd, u32 options, bool size, bool may_be_empty)
{
	const struct kcsd_cmd_uses uses = {
		.cdw2 = U32_MAX, .cdw3 = U32_MAX, .cdw14 = U32_MAX, .cdw15 = U32_MAX,
		.cdw10 = size ? U32_MAX : 0,
		.cdw11 = KCSD_KV_KEY_LEN_MASK | options,
	};
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (!ret && !size && iov_iter_count(&cmd->data))
		ret = kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	return ret ?: validate_key(cmd, may_be_empty);
}

/* ---- execute ---- */

/* Returns 0, or the status of an injected error. Sleeps for an injected delay; now: -EAGAIN. */
static int inject(struct kcsd_cmd *cmd, enum kcsd_inject_op op)
{
	const struct kcsd_inject_cmd c = {
		.op = op,
		.timeout_ms = kcsd_drive_timeout_ms(cmd->drive, cmd->timeout_ms),
		.cancelled = &cmd->drive->objects->cancelling,
		.delay_ns = &cmd->time->delay_ns,
	};

	/* Ask each rule only once per command: leave that to a call that may sleep. */
	if (cmd->now)
		return kcsd_inject_is_armed(cmd->drive->lbas, op) ? -EAGAIN : 0;
	return kcsd_inject(cmd->drive->lbas, &c);
}

/* Convert a result to a status; -errno that the front end knows stay. */
static int to_status(int ret, int otherwise)
{
	if (ret == -EAGAIN || ret == -EFAULT || ret == -ENOMEM)
		return ret;
	return ret == -EINTR ? KCSD_SC_ABORT_REQUESTED : kcsd_lba_io_status(ret, otherwise);
}

/* Returns flags for a call of the store. */
static u32 call_flags(const struct kcsd_cmd *cmd)
{
	return cmd->now ? KCSD_KV_NOWAIT : 0;
}

static bool too_long_for_now(const struct kcsd_cmd *cmd)
{
	return cmd->now && iov_iter_count(&cmd->data) > NOW_BYTES;
}

/*
 * Runs pin the space that a command needs. Cancel them, and keep others from beginning until
 * end_claim(): who may only read must not keep those who may write from doing so.
 */
static void begin_claim(const struct kcsd_cmd *cmd)
{
	kcsd_objects_claim(cmd->drive->objects);
	kcsd_units_cancel_pins(cmd->drive->compute);
}

/* Returns the result of the command. What still has no room waits for other commands. */
static int end_claim(const struct kcsd_cmd *cmd, int ret)
{
	kcsd_objects_unclaim(cmd->drive->objects);
	return ret == -EBUSY ? KCSD_SC_CAPACITY_EXCEEDED : ret;
}

static int store_value(struct kcsd_cmd *cmd, struct kcsd_kv_store *store)
{
	struct iov_iter from = cmd->data;
	int ret = kcsd_objects_store(cmd->drive->objects, store);

	if (ret != -EBUSY)
		return ret;
	cmd->data = from;
	begin_claim(cmd);
	return end_claim(cmd, kcsd_objects_store(cmd->drive->objects, store));
}

static int delete_object(struct kcsd_cmd *cmd, const struct kcsd_kv_name *name)
{
	int ret = kcsd_objects_delete(cmd->drive->objects, name, call_flags(cmd));

	if (ret != -EBUSY)
		return ret;
	begin_claim(cmd);
	return end_claim(cmd, kcsd_objects_delete(cmd->drive->objects, name, call_flags(cmd)));
}

static int kv_store(struct kcsd_cmd *cmd)
{
	struct kcsd_kv_store store = {
		.len = cmd->cdw10,
		.from = &cmd->data,
		.flags = call_flags(cmd) |
			 (cmd->cdw11 & KCSD_KV_MUST_EXIST ? KCSD_KV_IF_EXISTS : 0) |
			 (cmd->cdw11 & KCSD_KV_MUST_NOT_EXIST ? KCSD_KV_IF_MISSING : 0),
		.stop = { kcsd_objects_stopped, cmd->drive->objects },
	};
	int ret = too_long_for_now(cmd) ? -EAGAIN : inject(cmd, KCSD_INJECT_STORE);

	get_name(cmd, &store.name);
	if (!ret)
		ret = to_status(store_value(cmd, &store), KCSD_SC_WRITE_FAULT);
	if (ret)
		return ret;
	cmd->where = store.where;
	kcsd_stat_inc(cmd->drive, kv_store_commands);
	kcsd_stat_add(cmd->drive, kv_store_bytes, store.len);
	kcsd_stat_add(cmd->drive, host_write_bytes, store.len);
	return 0;
}

/* Read len bytes of a value, in pieces. */
static int read_value(struct kcsd_cmd *cmd, struct kcsd_kv_value *value, u64 len)
{
	struct kcsd_objects *objects = cmd->drive->objects;
	struct iov_iter piece;
	u64 done, n;
	int ret;

	for (done = 0; done < len; done += n) {
		if (done && kcsd_objects_stopped(objects))
			return KCSD_SC_ABORT_REQUESTED;
		n = min_t(u64, len - done, KCSD_PIECE);
		piece = cmd->data;
		iov_iter_truncate(&piece, n);
		ret = kcsd_objects_read(objects, value, done, &piece, call_flags(cmd));
		if (ret)
			return ret;
		iov_iter_advance(&cmd->data, n);
		cond_resched();
	}
	return 0;
}

static int kv_retrieve(struct kcsd_cmd *cmd)
{
	struct kcsd_objects *objects = cmd->drive->objects;
	struct kcsd_kv_value value;
	struct kcsd_kv_name name;
	u64 len;
	int ret = too_long_for_now(cmd) ? -EAGAIN : inject(cmd, KCSD_INJECT_RETRIEVE);

	if (ret)
		return ret;
	get_name(cmd, &name);
	ret = to_status(kcsd_objects_get(objects, &name, &value), KCSD_SC_READ_ERROR);
	if (ret)
		return ret;
	len = min_t(u64, value.len, iov_iter_count(&cmd->data));
	ret = to_status(read_value(cmd, &value, len), KCSD_SC_READ_ERROR);
	kcsd_objects_put(objects, &value);
	if (ret)
		return ret;
	cmd->result = value.len;
	cmd->where = value.where;
	kcsd_stat_inc(cmd->drive, kv_retrieve_commands);
	kcsd_stat_add(cmd->drive, kv_retrieve_bytes, len);
	kcsd_stat_add(cmd->drive, host_read_bytes, len);
	return 0;
}

static int kv_delete(struct kcsd_cmd *cmd)
{
	struct kcsd_objects *objects = cmd->drive->objects;
	struct kcsd_kv_name name;
	int ret = inject(cmd, KCSD_INJECT_DELETE);

	if (ret)
		return ret;
	get_name(cmd, &name);
	ret = to_status(delete_object(cmd, &name), KCSD_SC_WRITE_FAULT);
	if (ret == KCSD_SC_NO_KEY && !READ_ONCE(objects->missing_fails))
		ret = 0;
	if (!ret)
		kcsd_stat_inc(cmd->drive, kv_delete_commands);
	return ret;
}

static int kv_exist(struct kcsd_cmd *cmd)
{
	struct kcsd_kv_name name;
	int ret = inject(cmd, KCSD_INJECT_EXIST);

	if (ret)
		return ret;
	get_name(cmd, &name);
	ret = to_status(kcsd_objects_exist(cmd->drive->objects, &name), KCSD_SC_READ_ERROR);
	if (!ret || ret == KCSD_SC_NO_KEY)
		kcsd_stat_inc(cmd->drive, kv_exist_commands);
	return ret;
}

static int kv_flush(struct kcsd_cmd *cmd)
{
	int ret;

	if (cmd->now && cmd->drive->objects->volatile_cache)
		return -EAGAIN;
	ret = inject(cmd, KCSD_INJECT_FLUSH) ?:
	      to_status(kcsd_objects_flush(cmd->drive->objects), KCSD_SC_WRITE_FAULT);
	if (!ret)
		kcsd_stat_inc(cmd->drive, kv_flush_commands);
	return ret;
}

/* ---- List ---- */

static size_t entry_len(const struct kcsd_kv_name *name)
{
	return ALIGN(sizeof(struct kcsd_kv_list_entry) + name->len, 4);
}

/* Copy one entry to the host. Returns 0; -ENOSPC: it does not fit; -EFAULT. */
static int put_entry(struct kcsd_cmd *cmd, const struct kcsd_kv_name *name)
{
	u8 entry[ALIGN(sizeof(struct kcsd_kv_list_entry) + KCSD_KV_MAX_KEY, 4)] = {};
	size_t len = entry_len(name);

	if (iov_iter_count(&cmd->data) < len)
		return -ENOSPC;
	put_unaligned_le16(name->len, entry);
	memcpy(entry + offsetof(struct kcsd_kv_list_entry, key), name->key, name->len);
	return copy_to_iter(entry, len, &cmd->data) == len ? 0 : -EFAULT;
}

/* Copy as many keys as there are, or fit. Returns 0, -errno or a status. */
static int put_keys(struct kcsd_cmd *cmd, struct kcsd_kv_cursor *cursor, u32 *nr)
{
	struct kcsd_kv_name name;
	int ret = 0;

	for (*nr = 0; kcsd_kv_cursor_next(cursor, &name); ++*nr) {
		ret = put_entry(cmd, &name);
		if (ret)
			break;
		if (*nr % PAUSE_AFTER == PAUSE_AFTER - 1) {
			cond_resched();
			if (kcsd_objects_stopped(cmd->drive->objects))
				return KCSD_SC_ABORT_REQUESTED;
		}
	}
	return ret == -ENOSPC ? 0 : ret;
}

static int list_keys(struct kcsd_cmd *cmd, u32 *nr)
{
	struct kcsd_kv_cursor *cursor;
	struct kcsd_kv_name from;
	int ret;

	get_name(cmd, &from);
	ret = kcsd_objects_cursor(cmd->drive->objects, &from, cmd->now, &cursor);
	if (ret)
		return to_status(ret, KCSD_SC_READ_ERROR);
	ret = put_keys(cmd, cursor, nr);
	kcsd_kv_cursor_destroy(cursor);
	return ret;
}

static int kv_list(struct kcsd_cmd *cmd)
{
	struct kcsd_kv_list list;
	struct iov_iter head = cmd->data;
	int ret = too_long_for_now(cmd) ? -EAGAIN : inject(cmd, KCSD_INJECT_LIST);
	u32 nr;

	if (ret)
		return ret;
	iov_iter_advance(&cmd->data, sizeof(list));
	ret = list_keys(cmd, &nr);
	if (ret)
		return ret;
	list.nr = cpu_to_le32(nr);
	if (copy_to_iter(&list, sizeof(list), &head) != sizeof(list))
		return -EFAULT;
	cmd->where = cmd->cdw10 - iov_iter_count(&cmd->data);
	kcsd_stat_inc(cmd->drive, kv_list_commands);
	kcsd_stat_add(cmd->drive, kv_list_keys, nr);
	kcsd_stat_add(cmd->drive, host_read_bytes, cmd->where);
	return 0;
}

/* ---- device time ---- */

/* Bytes that a Store or Retrieve moved. */
static u64 moved_bytes(const struct kcsd_cmd *cmd)
{
	return cmd->opcode == KCSD_KV_STORE ? cmd->cdw10 : min_t(u64, cmd->result, cmd->cdw10);
}

static void describe_value(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece)
{
	const struct kcsd_objects *objects = cmd->drive->objects;
	bool store = cmd->opcode == KCSD_KV_STORE;

	piece->bytes = moved_bytes(cmd);
	if (!objects->time_bytes) {
		piece->op = store ? KCSD_TIMING_MEM_WRITE : KCSD_TIMING_MEM_READ;
		return;
	}
	piece->op = store ? KCSD_TIMING_WRITE : KCSD_TIMING_READ;
	piece->offset = kcsd_objects_time_offset(objects, cmd->where, piece->bytes);
}

/* The index is in the memory of the controller: the others take no time of the media. */
void kcsd_kv_describe(const struct kcsd_cmd *cmd, struct kcsd_timing_cmd *piece)
{
	switch (cmd->opcode) {
	case KCSD_KV_STORE:
	case KCSD_KV_RETRIEVE:
		describe_value(cmd, piece);
		break;
	case KCSD_KV_FLUSH:
		piece->op = KCSD_TIMING_FLUSH;
		break;
	case KCSD_KV_LIST:
		piece->bytes = cmd->where;
		break;
	}
}

/* ---- parse ---- */

int kcsd_kv_parse_store(struct kcsd_cmd *cmd)
{
	const u32 both = KCSD_KV_MUST_EXIST | KCSD_KV_MUST_NOT_EXIST;
	int ret = validate_fields(cmd, both | KCSD_KV_NO_COMPRESS, true, false);

	if (ret)
		return ret;
	if ((cmd->cdw11 & both) == both)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	if (cmd->cdw10 > cmd->drive->objects->max_value)
		return KCSD_SC_INVALID_VALUE_SIZE;
	if (iov_iter_count(&cmd->data) != cmd->cdw10)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = kv_store;
	return 0;
}

/* Validate a command with a buffer for what it returns, of at least so many bytes. */
static int validate_buffer(struct kcsd_cmd *cmd, u32 least)
{
	if (cmd->cdw10 < least || cmd->cdw10 > cmd->drive->max_transfer)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (iov_iter_count(&cmd->data) != cmd->cdw10)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	return 0;
}

int kcsd_kv_parse_retrieve(struct kcsd_cmd *cmd)
{
	cmd->execute = kv_retrieve;
	return validate_fields(cmd, KCSD_KV_RAW, true, false) ?: validate_buffer(cmd, 0);
}

int kcsd_kv_parse_list(struct kcsd_cmd *cmd)
{
	cmd->execute = kv_list;
	return validate_fields(cmd, 0, true, true) ?:
	       validate_buffer(cmd, sizeof(struct kcsd_kv_list));
}

int kcsd_kv_parse_key(struct kcsd_cmd *cmd)
{
	cmd->execute = cmd->opcode == KCSD_KV_DELETE ? kv_delete : kv_exist;
	return validate_fields(cmd, 0, false, false);
}

int kcsd_kv_parse_flush(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {};

	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = kv_flush;
	return kcsd_cmd_validate_unused(cmd, &uses);
}
