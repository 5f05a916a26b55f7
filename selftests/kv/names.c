// SPDX-License-Identifier: GPL-2.0
#include "names.h"

struct kcsd_kv_name name_of(u32 key)
{
	struct kcsd_kv_name name = { .len = 3 + key % 14 };

	name.key[0] = (u8)key;
	name.key[1] = (u8)(key >> 8);
	name.key[2] = (u8)(key >> 16);
	memset(name.key + 3, 'x', name.len - 3);
	return name;
}

void fill(u8 *p, u32 len, u32 tag)
{
	u32 i, x = tag * 2654435761u + len;

	for (i = 0; i < len; i++) {
		if (!(i % 64))
			x = x * 1664525 + 1013904223;
		p[i] = (u8)((x >> 16) + i);
	}
}

int store(struct kcsd_kv *kv, const struct kcsd_kv_name *name, u32 len, u32 tag, u32 flags)
{
	u8 *bytes = malloc(len + 1);
	struct iov_iter from = { .at = bytes, .count = len };
	struct kcsd_kv_store s = { .name = *name, .len = len, .from = &from, .flags = flags };
	int ret;

	fill(bytes, len, tag);
	ret = kcsd_kv_store(kv, &s);
	free(bytes);
	return ret;
}

int expect(struct kcsd_kv *kv, const struct kcsd_kv_name *name, u32 len, u32 tag)
{
	struct kcsd_kv_value value;
	u8 *got, *wanted;
	struct iov_iter to;
	int ret = kcsd_kv_value_get(kv, name, &value);

	if (ret)
		return ret;
	got = malloc(value.len + 1);
	wanted = malloc(len + 1);
	to = (struct iov_iter){ .at = got, .count = value.len };
	fill(wanted, len, tag);
	ret = kcsd_kv_value_read(kv, &value, 0, &to, 0);
	if (!ret && (value.len != len || memcmp(got, wanted, len)))
		ret = -EBADMSG;
	kcsd_kv_value_put(kv, &value);
	free(got);
	free(wanted);
	return ret;
}

u32 keys_from(struct kcsd_kv *kv, const struct kcsd_kv_name *from, struct kcsd_kv_name *names,
	      u32 nr)
{
	struct kcsd_kv_cursor *c = kcsd_kv_cursor_create(kv, from, false);
	u32 n = 0;

	if (!c)
		abort();
	while (n < nr && kcsd_kv_cursor_next(c, &names[n]))
		n++;
	kcsd_kv_cursor_destroy(c);
	return n;
}
