// SPDX-License-Identifier: GPL-2.0
#include "object.h"

#include <string.h>

#include "content.h"

#define OBJECT_SHORTEST	2	/* bytes of a key */

struct object_key object_key(uint32_t nr)
{
	struct object_key key = { .len = OBJECT_SHORTEST + nr % (KCSD_KV_MAX_KEY - 1) };

	memset(key.bytes, 'x', key.len);
	key.bytes[0] = nr >> 8;
	key.bytes[1] = nr;
	return key;
}

int object_number(const struct object_key *key)
{
	uint32_t nr = key->bytes[0] << 8 | key->bytes[1];
	struct object_key same = object_key(nr);

	return nr < OBJECT_KEYS && !memcmp(key, &same, sizeof(same)) ? (int)nr : -1;
}

void object_make(struct object_value *v, uint32_t nr, uint64_t version, uint32_t len)
{
	uint64_t x = version << 10 ^ nr;

	*v = (struct object_value){ .version = version, .key = nr, .len = len };
	for (uint32_t i = 0; i < len - OBJECT_MIN; i++) {
		x = i % 4 ? x >> 8 : x * 6364136223846793005ULL + 1442695040888963407ULL;
		v->fill[i] = x >> 32;
	}
	v->crc = crc32c(0, v, len);
}

bool object_is_whole(struct object_value *v, uint32_t nr, uint32_t len)
{
	uint32_t crc;

	if (len < OBJECT_MIN || v->key != nr || v->len != len)
		return false;
	crc = v->crc;
	v->crc = 0;
	v->crc = crc32c(0, v, len);
	return v->crc == crc;
}
