// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Keys of objects, as bytes and as text. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

#define HEX	"hex:"
#define HEX_LEN	(sizeof(HEX) - 1)

int kcsd_kv_key_set(struct kcsd_kv_key *key, const void *bytes, size_t len)
{
	*key = (struct kcsd_kv_key){};
	if (!len || len > sizeof(key->key))
		return -EINVAL;
	key->len = len;
	memcpy(key->key, bytes, len);
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Parse pairs of digits. Returns how many bytes they are, also if these are more than fit key; -1:
 * something else is there.
 */
static int parse_hex(const char *text, struct kcsd_kv_key *key)
{
	int len = 0;

	while (*text) {
		if (*text == ':' || *text == ' ') {
			text++;
			continue;
		}
		if (hex_value(text[0]) < 0 || hex_value(text[1]) < 0)
			return -1;
		if (len < (int)sizeof(key->key))
			key->key[len] = hex_value(text[0]) << 4 | hex_value(text[1]);
		if (len < UINT8_MAX)
			len++;
		text += 2;
	}
	return len;
}

int kcsd_kv_key_parse(const char *text, struct kcsd_kv_key *key, struct kcsd_error *err)
{
	bool hex = !strncmp(text, HEX, HEX_LEN);
	size_t len = strlen(text);
	int n;

	*key = (struct kcsd_kv_key){};
	if (hex) {
		n = parse_hex(text + HEX_LEN, key);
		if (n < 0)
			return kcsd_error_set(err, -EINVAL, "'%s' is no key: after hex: come pairs "
					      "of hexadecimal digits", text);
		len = n;
	}
	if (!len)
		return kcsd_error_set(err, -EINVAL, "'%s' is no key: it has no bytes", text);
	if (len > sizeof(key->key))
		return kcsd_error_set(err, -EINVAL, "'%s' is no key: it has more than %d bytes",
				      text, KCSD_KV_MAX_KEY);
	if (!hex)
		memcpy(key->key, text, len);
	key->len = len;
	return 0;
}

/* True if the bytes of a key are also its text. */
static bool is_plain(const struct kcsd_kv_key *key)
{
	size_t i;

	if (!key->len || (key->len >= HEX_LEN && !memcmp(key->key, HEX, HEX_LEN)))
		return false;
	for (i = 0; i < key->len; i++)
		if (key->key[i] < ' ' || key->key[i] > '~')
			return false;
	return true;
}

const char *kcsd_kv_key_text(const struct kcsd_kv_key *key, char buf[KCSD_KV_KEY_TEXT_LEN])
{
	size_t i, len = MIN(key->len, sizeof(key->key));

	_Static_assert(KCSD_KV_KEY_TEXT_LEN > HEX_LEN + 2 * KCSD_KV_MAX_KEY, "fits");
	if (key->len == len && is_plain(key)) {
		memcpy(buf, key->key, len);
		buf[len] = '\0';
		return buf;
	}
	strcpy(buf, HEX);
	for (i = 0; i < len; i++)
		sprintf(buf + HEX_LEN + 2 * i, "%02x", key->key[i]);
	return buf;
}
