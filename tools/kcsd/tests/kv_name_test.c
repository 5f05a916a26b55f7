// SPDX-License-Identifier: GPL-2.0
/* Test keys of objects as names of files: fixed ones, then random ones. Print TAP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv_name.h"
#include "tap.h"

#define ROUNDS	2000
#define KEYS	40

#define KEY(text)	{ sizeof(text) - 1, {}, text }

static const struct {
	struct kcsd_kv_key key;
	const char *path;
} paths[] = {
	{ KEY("a"), "a" },
	{ KEY("logs/1"), "logs/1" },
	{ KEY("."), "%2E" },
	{ KEY(".."), "%2E%2E" },
	{ KEY("..."), "..." },
	{ KEY("../x"), "%2E%2E/x" },
	{ KEY("a/../b"), "a/%2E%2E/b" },
	{ KEY("a/."), "a/%2E" },
	{ KEY("./a"), "%2E/a" },
	{ KEY(".a"), ".a" },
	{ KEY("/"), "%2F" },
	{ KEY("//"), "%2F%2F" },
	{ KEY("/x"), "%2Fx" },
	{ KEY("x/"), "x%2F" },
	{ KEY("a//b"), "a%2F%2Fb" },
	{ KEY("/../x"), "%2F../x" },
	{ KEY("..//x"), "..%2F%2Fx" },
	{ KEY("a\0b"), "a%00b" },
	{ KEY("\0"), "%00" },
	{ KEY("a\nb"), "a%0Ab" },
	{ KEY("\033[m"), "%1B[m" },
	{ KEY("100%"), "100%25" },
	{ KEY("%41"), "%2541" },
	{ KEY("gr\xc3\xb6\xc3\x9f"), "gr\xc3\xb6\xc3\x9f" },
	{ KEY("\xc3"), "%C3" },
	{ KEY("\xc3\xb6\xff"), "%C3%B6%FF" },
	{ KEY("\xc2\x85"), "%C2%85" },
	{ KEY("\xed\xa0\x80"), "%ED%A0%80" },
	{ KEY("\xc0\xaf"), "%C0%AF" },
	{ KEY("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80" },
	{ KEY("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
	  "%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF%FF" },
};

static bool same(const struct kcsd_kv_key *a, const struct kcsd_kv_key *b)
{
	return a->len == b->len && !memcmp(a->key, b->key, sizeof(a->key));
}

static void test_paths(void)
{
	struct kcsd_kv_key key;
	char path[KV_PATH_LEN];
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct kv_parents parents = {};

		kcsd_kv_path_make(&parents, &paths[i].key, path);
		IS_TEXT(path, paths[i].path, "key to path");
		OK(!kcsd_kv_path_parse(path, false, &key) && same(&key, &paths[i].key),
		   "  and back");
	}
}

/* Keys in the order of the drive, of which some begin others. */
static void test_parents(void)
{
	static const struct kcsd_kv_key keys[] = { KEY("a"), KEY("a!"), KEY("a/b"), KEY("a/b/c"),
						   KEY("a/c/d"), KEY("b/c"), KEY("b/c/d") };
	static const char *const wanted[] = { "a", "a!", "a%2Fb", "a%2Fb%2Fc", "a%2Fc/d", "b/c",
					      "b/c%2Fd" };
	struct kv_parents parents = {};
	char path[KV_PATH_LEN];
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		kcsd_kv_path_make(&parents, &keys[i], path);
		IS_TEXT(path, wanted[i], "a directory of what is a file");
	}
}

static void test_parse(void)
{
	struct kcsd_kv_key key;

	OK(kcsd_kv_path_parse("", false, &key), "no name");
	OK(kcsd_kv_path_parse("100%", false, &key), "a %% at the end");
	OK(kcsd_kv_path_parse("%4", false, &key), "one digit");
	OK(kcsd_kv_path_parse("%4x", false, &key), "no digit");
	OK(kcsd_kv_path_parse("%part", false, &key), "the name of a part is none");
	OK(!kcsd_kv_path_parse("%part", true, &key) && key.len == 5, "  but as it is");
	OK(!kcsd_kv_path_parse("%6a%6B", false, &key) && key.len == 2 &&
	   !memcmp(key.key, "jk", 2), "digits of both cases");
	OK(!kcsd_kv_path_parse("1234567890/23456", false, &key) && key.len == 16, "16 bytes");
	OK(kcsd_kv_path_parse("1234567890/234567", false, &key), "17 bytes");
}

/* ---- random keys: no path leaves the directory, or is a directory of another ---- */

static int compare(const void *a, const void *b)
{
	const struct kcsd_kv_key *x = a, *y = b;
	int order = memcmp(x->key, y->key, sizeof(x->key));

	return order ? order : x->len - y->len;
}

/* Few different bytes, so that keys are alike. */
static void make_key(struct kcsd_kv_key *key)
{
	static const char bytes[] = "/./.a\0%\xc3\xb6";
	int i;

	*key = (struct kcsd_kv_key){ .len = 1 + random() % (random() % 2 ? 4 : 16) };
	for (i = 0; i < key->len; i++)
		key->key[i] = bytes[random() % (sizeof(bytes) - 1)];
}

static bool is_safe(const char *path)
{
	size_t len;

	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if (!len || (len == 1 && *path == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (!path[len])
			return true;
	}
}

static bool conflict(const char *a, const char *b)
{
	size_t len = strlen(a);

	return !strncmp(a, b, len) && (!b[len] || b[len] == '/');
}

static bool random_round(void)
{
	struct kcsd_kv_key keys[KEYS], back;
	static char path[KEYS][KV_PATH_LEN];
	struct kv_parents parents = {};
	int i, j, nr = 0;

	for (i = 0; i < KEYS; i++)
		make_key(&keys[i]);
	qsort(keys, KEYS, sizeof(keys[0]), compare);
	for (i = 0; i < KEYS; i++)
		if (!i || compare(&keys[nr - 1], &keys[i]))
			keys[nr++] = keys[i];
	for (i = 0; i < nr; i++) {
		kcsd_kv_path_make(&parents, &keys[i], path[i]);
		if (!is_safe(path[i]) || kcsd_kv_path_parse(path[i], false, &back) ||
		    !same(&back, &keys[i]))
			return false;
	}
	for (i = 0; i < nr; i++)
		for (j = 0; j < nr; j++)
			if (i != j && conflict(path[i], path[j]))
				return false;
	return true;
}

int main(void)
{
	bool good = true;
	int i;

	test_paths();
	test_parents();
	test_parse();
	srandom(1);
	for (i = 0; good && i < ROUNDS; i++)
		good = random_round();
	OK(good, "random keys: paths are safe, and get the keys back");
	return tap_end();
}
