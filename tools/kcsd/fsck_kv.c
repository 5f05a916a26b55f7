// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "fsck_kv.h"

/* Shown numbers: F(member, JSON name, "text"). */
#define NUMBERS(F) \
	F(size, "size", "size in bytes") \
	F(objects, "objects", "objects") \
	F(bytes, "bytes", "bytes of keys and values") \
	F(segments, "segments", "segments") \
	F(used_segments, "used_segments", "segments in use") \
	F(records, "records", "records") \
	F(deletes, "deletes", "records of deleted objects")

/* Numbers that are shown unless they are 0. */
#define DAMAGES(F) \
	F(damaged, "damaged", "damaged objects", "") \
	F(lost, "lost", "lost records", " (objects may be missing, which cannot be named)") \
	F(damaged_stale, "damaged_stale", "damaged old records", \
	  " (harmless: they do not count any more)") \
	F(torn, "torn", "unfinished records", " (harmless: the writes were not acknowledged)") \
	F(damaged_supers, "damaged_supers", "damaged copies of the superblock", \
	  " (harmless: the other copy is valid; power on repairs it)")

/* ---- text ---- */

static void print_damage(const struct kcsd_kv_file_damage *damage, void *arg)
{
	char text[KCSD_KV_KEY_TEXT_LEN];

	(void)arg;
	if (damage->key.len)
		printf("damaged: %s (at byte %llu)\n", kcsd_kv_key_text(&damage->key, text),
		       (unsigned long long)damage->place);
	else
		printf("lost: records at byte %llu\n", (unsigned long long)damage->place);
}

static void print_info(const struct kcsd_kv_file_info *info)
{
	char uuid[UUID_LEN];

	printf("uuid: %s\npower off: %s\n", kcsd_uuid_text(info->uuid, uuid),
	       info->clean ? "clean" : "not clean (power on reads the log)");
#define PRINT_NUMBER(member, name, text) \
	printf("%s: %llu\n", text, (unsigned long long)info->member);
#define PRINT_DAMAGE(member, name, text, comment) \
	if (info->member) \
		printf("%s: %llu%s\n", text, (unsigned long long)info->member, comment);
	NUMBERS(PRINT_NUMBER)
	DAMAGES(PRINT_DAMAGE)
}

/* ---- JSON ---- */

static void add_damage(const struct kcsd_kv_file_damage *damage, void *arg)
{
	json_object *json = json_object_new_object();
	char text[KCSD_KV_KEY_TEXT_LEN];

	if (damage->key.len)
		json_object_object_add(json, "key", json_object_new_string(
				       kcsd_kv_key_text(&damage->key, text)));
	json_object_object_add(json, "place", json_object_new_uint64(damage->place));
	json_object_array_add(arg, json);
}

static json_object *info_json(const struct kcsd_kv_file_info *info)
{
	json_object *json = json_object_new_object();
	char uuid[UUID_LEN];

	json_object_object_add(json, "uuid",
			       json_object_new_string(kcsd_uuid_text(info->uuid, uuid)));
	json_object_object_add(json, "clean", json_object_new_boolean(info->clean));
#define ADD_NUMBER(member, name, text) \
	json_object_object_add(json, name, json_object_new_uint64(info->member));
#define ADD_DAMAGE(member, name, text, comment)	ADD_NUMBER(member, name, text)
	NUMBERS(ADD_NUMBER)
	DAMAGES(ADD_DAMAGE)
	return json;
}

/* ---- the file ---- */

int kcsd_fsck_kv(const char *path, bool json, struct kcsd_error *err)
{
	json_object *list = json ? json_object_new_array() : NULL, *all;
	struct kcsd_kv_file_info info;
	int ret = kcsd_kv_validate(path, &info, sizeof(info), json ? add_damage : print_damage,
				   list, err);

	if (ret) {
		json_object_put(list);
		return -1;
	}
	if (json) {
		all = info_json(&info);
		json_object_object_add(all, "damage_list", list);
		kcsd_json_print(all);
	} else {
		print_info(&info);
	}
	if (!info.damaged && !info.lost)
		return 0;
	return kcsd_fail("%s: %llu objects are damaged, %llu records are lost", path,
			 (unsigned long long)info.damaged, (unsigned long long)info.lost);
}
