// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <string.h>

#include "kv_name.h"

/* ---- from keys to paths ---- */

/* Return the bytes of the UTF-8 character at p, 0 if there is none. */
static int utf8_len(const uint8_t *p, int left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int len = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
	uint32_t c;
	int i;

	if (len <= 1)
		return len;
	if (len > left)
		return 0;
	c = *p & (0x7f >> len);
	for (i = 1; i < len; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	/* Neither surrogates nor control characters. */
	return c >= least[len] && c >= 0xa0 && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff) ? len :
											     0;
}

static bool is_utf8(const struct kcsd_kv_key *key)
{
	int i, len;

	for (i = 0; i < key->len; i += len) {
		len = utf8_len(key->key + i, key->len - i);
		if (!len)
			return false;
	}
	return true;
}

static bool begins_with(const struct kcsd_kv_key *key, const struct kcsd_kv_key *prefix)
{
	return key->len >= prefix->len && !memcmp(key->key, prefix->key, prefix->len);
}

/* Keep the parents of key, and add key itself. Return a bit for the length of each parent. */
static uint32_t find_parents(struct kv_parents *parents, const struct kcsd_kv_key *key)
{
	uint32_t files = 0;
	int i;

	while (parents->nr && !begins_with(key, &parents->keys[parents->nr - 1]))
		parents->nr--;
	for (i = 0; i < parents->nr; i++)
		files |= 1u << parents->keys[i].len;
	/* The same key twice adds nothing. */
	if (!(files & 1u << key->len))
		parents->keys[parents->nr++] = *key;
	return files & ~(1u << key->len);
}

/* True if the slash at i separates a directory from what is in it. */
static bool is_separator(const struct kcsd_kv_key *key, int i, uint32_t files)
{
	return key->key[i] == '/' && i > 0 && i + 1 < key->len && key->key[i - 1] != '/' &&
	       key->key[i + 1] != '/' && !(files & 1u << i);
}

/* True if the dot at i belongs to a component that is "." or "..". */
static bool is_special_dot(const struct kcsd_kv_key *key, int i, uint32_t files)
{
	int first = i, end = i;

	while (first > 0 && !is_separator(key, first - 1, files))
		first--;
	while (end < key->len && !is_separator(key, end, files))
		end++;
	return (end - first == 1 && key->key[first] == '.') ||
	       (end - first == 2 && key->key[first] == '.' && key->key[first + 1] == '.');
}

static bool is_escaped(const struct kcsd_kv_key *key, int i, uint32_t files, bool utf8)
{
	uint8_t byte = key->key[i];

	if (byte == '/')
		return !is_separator(key, i, files);
	if (byte == '.')
		return is_special_dot(key, i, files);
	return byte == '%' || byte < ' ' || byte == 0x7f || (byte > 0x7f && !utf8);
}

void kcsd_kv_path_make(struct kv_parents *parents, const struct kcsd_kv_key *key,
		       char path[KV_PATH_LEN])
{
	static const char digits[] = "0123456789ABCDEF";
	uint32_t files = find_parents(parents, key);
	bool utf8 = is_utf8(key);
	int i;

	for (i = 0; i < key->len; i++) {
		if (!is_escaped(key, i, files, utf8)) {
			*path++ = key->key[i];
			continue;
		}
		*path++ = '%';
		*path++ = digits[key->key[i] >> 4];
		*path++ = digits[key->key[i] & 0xf];
	}
	*path = '\0';
}

/* ---- from paths to keys ---- */

static int hex_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

const char *kcsd_kv_path_parse(const char *path, bool literal, struct kcsd_kv_key *key)
{
	*key = (struct kcsd_kv_key){};
	while (*path) {
		uint8_t byte = *path++;

		if (byte == '%' && !literal) {
			if (!isxdigit((unsigned char)path[0]) || !isxdigit((unsigned char)path[1]))
				return "has a % without two hexadecimal digits; --literal takes names "
				       "as they are";
			byte = hex_value(path[0]) << 4 | hex_value(path[1]);
			path += 2;
		}
		if (key->len == KCSD_KV_MAX_KEY)
			return "is longer than 16 bytes, the longest key";
		key->key[key->len++] = byte;
	}
	return key->len ? NULL : "has no name";
}
