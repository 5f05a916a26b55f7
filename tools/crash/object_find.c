// SPDX-License-Identifier: GPL-2.0
/*
 * Find the objects after power on: List has each key once and in order, and it agrees with Exist
 * and Retrieve; values are whole.
 */
#include <endian.h>
#include <linux/kcsd.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define LIST_LEN	300	/* so that it takes many Lists */

static int compare(const struct object_key *a, const struct object_key *b)
{
	int ret = memcmp(a->bytes, b->bytes, sizeof(a->bytes));

	return ret ? ret : a->len - b->len;
}

/* Note a key that comes after last. */
static void found(bool *listed, const struct object_key *key, const struct object_key *last)
{
	int nr = object_number(key);

	if (nr < 0)
		say_bad("a key of %u bytes that was never stored: %02x%02x", key->len,
			key->bytes[0], key->bytes[1]);
	if (last->len && compare(last, key) >= 0)
		say_bad("object %d is listed after object %d", nr, object_number(last));
	listed[nr] = true;
}

/* Note the keys of a list. Return how many come after *last, which becomes the last of them. */
static uint32_t take_list(bool *listed, const uint8_t *list, struct object_key *last)
{
	uint32_t nr = le32toh(((const struct kcsd_kv_list *)list)->nr), new = 0;
	const uint8_t *at = list + sizeof(struct kcsd_kv_list);

	for (uint32_t i = 0; i < nr; i++) {
		const struct kcsd_kv_list_entry *e = (const void *)at;
		struct object_key key = { .len = le16toh(e->len) };

		if (!key.len || key.len > KCSD_KV_MAX_KEY)
			say_bad("a key of %u bytes is listed", le16toh(e->len));
		memcpy(key.bytes, e->key, key.len);
		at += (sizeof(*e) + key.len + 3) / 4 * 4;
		/* A List begins with the last key of the one before. */
		if (!i && !compare(&key, last))
			continue;
		found(listed, &key, last);
		*last = key;
		new++;
	}
	return new;
}

static void list_all(struct load *l, bool *listed)
{
	uint8_t list[LIST_LEN] __attribute__((aligned(8)));
	struct object_key last = {};
	int ret;

	do {
		ret = drive_list(l, &last, list, sizeof(list));
		if (ret)
			say_bad("list: %d", ret);
	} while (take_list(listed, list, &last));
}

/* Return the version of an object, 0 if it does not exist. */
static uint64_t read_object(struct load *l, uint32_t nr, struct object_value *value, bool listed)
{
	int exist = drive_exist(l, nr);
	uint32_t len;
	int ret = drive_retrieve(l, nr, value, OBJECT_MAX, &len);

	if (exist != (listed ? 0 : KCSD_SC_NO_KEY) || ret != exist)
		say_bad("object %u: List has %d, Exist %x, Retrieve %x", nr, listed, exist, ret);
	if (ret)
		return 0;
	if (len > OBJECT_MAX || !object_is_whole(value, nr, len))
		say_bad("object %u has %u bytes that are not of one store", nr, len);
	return value->version;
}

void drive_find_objects(struct load *l)
{
	struct object_value *value = malloc(OBJECT_MAX);
	bool listed[OBJECT_KEYS] = {};

	list_all(l, listed);
	for (uint32_t nr = 0; nr < OBJECT_KEYS; nr++) {
		l->objects[nr] = read_object(l, nr, value, listed[nr]);
		say("kv found %u %llu", nr, (unsigned long long)l->objects[nr]);
	}
	say("kv boot %llu", (unsigned long long)l->version);
	free(value);
}
