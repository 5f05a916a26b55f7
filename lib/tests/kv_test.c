// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Objects without a drive: keys as text, and commands against a drive that this program is: its
 * ioctl() takes the place of that of the C library.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "private.h"
#include "tap.h"

#define ADMIN_FD	1000
#define KV_FD		1001
#define MAX_OBJECTS	4000
#define MAX_VALUE	(1u << 20)

static struct kcsd_drive drive = {
	.name = "kcsd5",
	.open_flags = O_RDWR | O_CLOEXEC,
	.ctrl_fd = ADMIN_FD,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.load_lock = PTHREAD_MUTEX_INITIALIZER,
	.ns_fd = { -1, -1, -1, -1, KV_FD },
	.nsze = 100,
	.lba_size = 512,
	.max_transfer = 1 << 20,
	.max_data = 2 << 20,
};

/* ---- the drive ---- */

/* Sorted objects. */
static struct object {
	struct kcsd_kv_key key;
	char *value;
	uint32_t len;
} objects[MAX_OBJECTS];
static int nr_objects;
static int commands;			/* I/O commands until now */
static int force;			/* status of the next one */
static bool namespace = true;		/* there is a namespace 4 */
static bool malformed;			/* lists are */
static uint64_t room;			/* that is left */
static struct nvme_passthru_cmd64 last;	/* command */

static int compare(const struct kcsd_kv_key *a, const struct kcsd_kv_key *b)
{
	int order = memcmp(a->key, b->key, sizeof(a->key));

	return order ? order : a->len - b->len;
}

/* Return the index of the first object from key on. */
static int find(const struct kcsd_kv_key *key)
{
	int i = 0;

	while (i < nr_objects && compare(&objects[i].key, key) < 0)
		i++;
	return i;
}

static bool is_there(const struct kcsd_kv_key *key)
{
	int i = find(key);

	return i < nr_objects && !compare(&objects[i].key, key);
}

static int store(const struct nvme_passthru_cmd64 *cmd, const struct kcsd_kv_key *key)
{
	int i = find(key);

	if (cmd->cdw11 & KCSD_KV_MUST_EXIST && !is_there(key))
		return KCSD_SC_NO_KEY;
	if (cmd->cdw11 & KCSD_KV_MUST_NOT_EXIST && is_there(key))
		return KCSD_SC_KEY_EXISTS;
	if (cmd->data_len > MAX_VALUE)
		return KCSD_SC_INVALID_VALUE_SIZE;
	if (is_there(key)) {
		free(objects[i].value);
	} else {
		memmove(&objects[i + 1], &objects[i], (nr_objects - i) * sizeof(objects[0]));
		nr_objects++;
	}
	objects[i] = (struct object){ *key, malloc(cmd->data_len + 1), cmd->data_len };
	memcpy(objects[i].value, (void *)(uintptr_t)cmd->addr, cmd->data_len);
	return 0;
}

static int retrieve(struct nvme_passthru_cmd64 *cmd, const struct kcsd_kv_key *key)
{
	const struct object *o = &objects[find(key)];

	if (!is_there(key))
		return KCSD_SC_NO_KEY;
	memcpy((void *)(uintptr_t)cmd->addr, o->value, MIN(o->len, cmd->data_len));
	cmd->result = o->len;
	return 0;
}

static int delete(const struct kcsd_kv_key *key)
{
	int i = find(key);

	if (!is_there(key))
		return 0;
	free(objects[i].value);
	nr_objects--;
	memmove(&objects[i], &objects[i + 1], (nr_objects - i) * sizeof(objects[0]));
	return 0;
}

static int list(const struct nvme_passthru_cmd64 *cmd, const struct kcsd_kv_key *from)
{
	char *buf = (char *)(uintptr_t)cmd->addr;
	uint32_t at = 4, nr = 0, len;
	int i;

	for (i = find(from); i < nr_objects; i++, nr++, at += len) {
		len = (2 + objects[i].key.len + 3) & ~3u;
		if (at + len > cmd->data_len)
			break;
		memset(buf + at, 0, len);
		buf[at] = objects[i].key.len;
		memcpy(buf + at + 2, objects[i].key.key, objects[i].key.len);
	}
	nr += malformed;
	memcpy(buf, &nr, sizeof(nr));
	if (malformed)
		memset(buf + at, 0xff, MIN(4, cmd->data_len - at));
	return 0;
}

static int identify(const struct nvme_passthru_cmd64 *cmd)
{
	struct kcsd_id_ns_kv *id = (void *)(uintptr_t)cmd->addr;

	memset(id, 0, sizeof(*id));
	if (!namespace)
		return 0;
	id->nsze = htole64(1 << 30);
	id->nuse = htole64(12345);
	id->room = htole64(room);
	id->keys = htole64(nr_objects);
	id->kvf[0] = (struct kcsd_kv_format){ .max_key = htole16(16),
		.max_value = htole32(MAX_VALUE), .max_keys = htole32(MAX_OBJECTS) };
	return 0;
}

static int io(struct nvme_passthru_cmd64 *cmd)
{
	uint32_t words[] = { cmd->cdw2, cmd->cdw3, cmd->cdw14, cmd->cdw15 };
	struct kcsd_kv_key key = { .len = cmd->cdw11 };
	int status = force;

	memcpy(key.key, words, sizeof(words));
	last = *cmd;
	commands++;
	force = 0;
	if (status == KCSD_SC_INVALID_FIELD)
		cmd->result = KCSD_FIELD_CDW11;
	if (status)
		return status | KCSD_SC_DNR;
	switch (cmd->opcode) {
	case KCSD_KV_STORE:	return store(cmd, &key);
	case KCSD_KV_RETRIEVE:	return retrieve(cmd, &key);
	case KCSD_KV_LIST:	return list(cmd, &key);
	case KCSD_KV_DELETE:	return delete(&key);
	case KCSD_KV_EXIST:	return is_there(&key) ? 0 : KCSD_SC_NO_KEY;
	}
	return cmd->opcode == KCSD_KV_FLUSH ? 0 : KCSD_SC_INVALID_OPCODE;
}

int ioctl(int fd, unsigned long op, ...)
{
	struct nvme_passthru_cmd64 *cmd;
	va_list ap;

	va_start(ap, op);
	cmd = va_arg(ap, struct nvme_passthru_cmd64 *);
	va_end(ap);
	if (fd == ADMIN_FD)
		return identify(cmd);
	if (fd == KV_FD)
		return io(cmd);
	errno = ENOTTY;
	return -1;
}

static struct kcsd_kv_key key_of(const char *text)
{
	struct kcsd_kv_key key;

	kcsd_kv_key_parse(text, &key, NULL);
	return key;
}

/* ---- keys ---- */

static void test_keys(void)
{
	static const struct {
		const char *text, *again;	/* NULL: the same */
		int len;
	} good[] = {
		{ "a", NULL, 1 }, { "logs/1", NULL, 6 }, { "1234567890123456", NULL, 16 },
		{ " ", NULL, 1 }, { "hex", NULL, 3 }, { "hex:00", NULL, 1 },
		{ "hex:FF", "hex:ff", 1 }, { "hex:61", "a", 1 },
		{ "hex:68 65:78 3a", "hex:6865783a", 4 },
		{ "\n", "hex:0a", 1 }, { "\xc3\xb6", "hex:c3b6", 2 },
		{ "hex:000102030405060708090a0b0c0d0e0f", NULL, 16 },
	};
	static const char *const bad[] = { "", "12345678901234567", "hex:", "hex:0", "hex:0g",
		"hex:000102030405060708090a0b0c0d0e0f10", "hex::", "hex:0 0" };
	char text[KCSD_KV_KEY_TEXT_LEN];
	struct kcsd_kv_key key;
	struct kcsd_error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		IS(kcsd_kv_key_parse(good[i].text, &key, &err), 0, "key %zu", i);
		IS(key.len, good[i].len, "  its length");
		IS_TEXT(kcsd_kv_key_text(&key, text), good[i].again ? good[i].again : good[i].text,
			"  its text");
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		IS(kcsd_kv_key_parse(bad[i], &key, &err), -EINVAL, "no key: '%s'", bad[i]);
		SAYS(err.text, "is no key");
	}
	IS(kcsd_kv_key_set(&key, "a\0b", 3), 0, "key of bytes");
	IS(kcsd_kv_key_set(&key, "", 0), -EINVAL, "key of no bytes");
	IS(kcsd_kv_key_set(&key, "12345678901234567", 17), -EINVAL, "key of too many bytes");
	IS(key.len, 0, "  has none then");
}

/* ---- one command ---- */

static void test_commands(void)
{
	struct kcsd_kv_key key = key_of("hex:000102030405060708090a0b0c0d0e0f");
	struct kcsd_error err = {};
	char buf[8] = "-------", *big = calloc(1, 100000);
	uint64_t len;
	size_t size;
	void *value;

	IS(kcsd_kv_store(&drive, &key, "hello", 5, KCSD_KV_MUST_NOT_EXIST, &err), 0, "store");
	OK(last.nsid == 4 && last.cdw2 == 0x03020100 && last.cdw3 == 0x07060504 &&
	   last.cdw14 == 0x0b0a0908 && last.cdw15 == 0x0f0e0d0c && last.cdw10 == 5 &&
	   last.data_len == 5 && last.cdw11 == (16 | KCSD_KV_MUST_NOT_EXIST), "  its command");
	IS(kcsd_kv_retrieve(&drive, &key, buf, 3, &len, &err), 0, "retrieve, a part");
	OK(len == 5 && !memcmp(buf, "hel-", 4), "  and the whole length");
	IS(kcsd_kv_stat(&drive, &key, &len, &err), 0, "stat");
	IS(len, 5, "  the length");
	IS(kcsd_kv_retrieve_all(&drive, &key, &value, &size, &err), 0, "retrieve all");
	OK(size == 5 && !strcmp(value, "hello"), "  the value");
	free(value);
	big[99999] = 1;
	IS(kcsd_kv_store(&drive, &key, big, 100000, 0, &err), 0, "store a longer value");
	commands = 0;
	IS(kcsd_kv_retrieve_all(&drive, &key, &value, &size, &err), 0, "retrieve all of it");
	OK(size == 100000 && !memcmp(value, big, size), "  the value");
	IS(commands, 2, "  by two commands");
	free(value);
	free(big);
	IS(kcsd_kv_exists(&drive, &key, &err), 0, "exists");
	IS(kcsd_kv_delete(&drive, &key, &err), 0, "delete");
	IS(kcsd_kv_exists(&drive, &key, &err), KCSD_SC_NO_KEY, "exists, deleted");
	SAYS(err.text, "no object has the key 'hex:000102030405060708090a0b0c0d0e0f'");
	IS(kcsd_kv_flush(&drive, &err), 0, "flush");
	OK(!last.cdw11 && !last.cdw2 && !last.data_len, "  has no fields");
}

static void fails(int status, const char *text)
{
	struct kcsd_kv_key key = key_of("logs/1");
	struct kcsd_error err = {};

	force = status;
	IS(kcsd_kv_store(&drive, &key, "x", 1, 0, &err), status, "status %#x", status);
	SAYS(err.text, text);
	force = status;
	IS(kcsd_kv_store(&drive, &key, "x", 1, 0, NULL), status, "  also without a sentence");
}

static void test_failures(void)
{
	struct kcsd_kv_key none = {}, long_key = { .len = 17 }, key = key_of("a");
	struct kcsd_kv_info info;
	struct kcsd_error err = {};
	uint64_t len;

	room = 191;
	fails(KCSD_SC_CAPACITY_EXCEEDED, "no room for object 'logs/1': it takes 192 bytes, of 1073741824 "
	      "bytes for objects kcsd5 has 191 left");
	room = 192;
	fails(KCSD_SC_CAPACITY_EXCEEDED, "has 192 left; the disk of the file with the objects is full");
	fails(KCSD_SC_INVALID_VALUE_SIZE, "longer than the 1048576 bytes that kcsd5 takes");
	fails(KCSD_SC_UNRECOVERED, "object 'logs/1' is damaged");
	fails(KCSD_SC_KEY_EXISTS, "an object has the key 'logs/1' already");
	fails(KCSD_SC_INVALID_FIELD, "cannot store object 'logs/1': Invalid Field in Command: CDW11");
	fails(KCSD_SC_NS_NOT_READY, "cannot store object 'logs/1': Namespace Not Ready");
	commands = 0;
	IS(kcsd_kv_store(&drive, &none, "x", 1, 0, &err), -EINVAL, "no key");
	SAYS(err.text, "at least one byte");
	IS(kcsd_kv_store(&drive, &long_key, "x", 1, 0, &err), -EINVAL, "a key of 17 bytes");
	IS(kcsd_kv_store(&drive, &key, "x", 1, 0x800, &err), -EINVAL, "no such flag");
	IS(kcsd_kv_store(&drive, &key, "x", (2 << 20) + 1, 0, &err), KCSD_SC_INVALID_VALUE_SIZE,
	   "more than a command takes");
	SAYS(err.text, "longer than the 1048576 bytes");
	IS(kcsd_kv_retrieve(&drive, &none, NULL, 0, &len, &err), -EINVAL, "retrieve, no key");
	IS(commands, 0, "  and none was sent");
	drive.open_flags = O_RDONLY;
	IS(kcsd_kv_store(&drive, &key, "x", 1, 0, &err), -EACCES, "store, read-only");
	IS(kcsd_kv_delete(&drive, &key, &err), -EACCES, "delete, read-only");
	IS(kcsd_kv_exists(&drive, &key, &err), KCSD_SC_NO_KEY, "exists, read-only");
	IS(kcsd_kv_stat(&drive, &key, &len, &err), KCSD_SC_NO_KEY, "stat, read-only");
	IS(kcsd_kv_flush(&drive, &err), 0, "flush, read-only");
	drive.open_flags = O_RDWR;
	drive.ctrl_rdonly = true;
	IS(kcsd_kv_store(&drive, &key, "x", 1, 0, &err), 0, "store, only the controller is read-only");
	IS(kcsd_kv_delete(&drive, &key, &err), 0, "  delete");
	IS(kcsd_program_unload(&drive, 0), -EACCES, "  a program can not be unloaded");
	drive.ctrl_rdonly = false;
	IS(kcsd_kv_identify(&drive, &info, sizeof(info)), 0, "identify");
	OK(info.size == 1 << 30 && info.max_value == MAX_VALUE && info.max_key == 16 &&
	   info.used == 12345 && info.max_keys == MAX_OBJECTS, "  its values");
	namespace = false;
	IS(kcsd_kv_identify(&drive, &info, sizeof(info)), KCSD_SC_INVALID_NS, "no namespace 4");
	namespace = true;
}

/* ---- walks ---- */

struct seen {
	struct kcsd_kv_key last;
	int nr;
	int stop;		/* return 7 at this one */
	bool deletes;
	bool ordered;
};

static int see(const struct kcsd_kv_key *key, void *arg)
{
	struct seen *seen = arg;

	seen->ordered &= !seen->nr || compare(&seen->last, key) < 0;
	seen->last = *key;
	if (seen->deletes)
		kcsd_kv_delete(&drive, key, NULL);
	return ++seen->nr == seen->stop ? 7 : 0;
}

static void walk(const char *label, const char *prefix, int wanted, int most)
{
	struct kcsd_kv_key key = {};
	struct seen seen = { .ordered = true };
	struct kcsd_error err;

	if (prefix)
		key = key_of(prefix);
	commands = 0;
	IS(kcsd_kv_each(&drive, prefix ? &key : NULL, see, &seen, &err), 0, "each: %s", label);
	IS(seen.nr, wanted, "  all keys");
	OK(seen.ordered, "  in order, once");
	OK(commands <= most, "  by %d Lists", commands);
}

static void test_walks(void)
{
	struct seen seen = { .stop = 3 }, all = { .deletes = true, .ordered = true };
	struct kcsd_kv_key key;
	struct kcsd_error err;
	char text[17];
	int i;

	walk("no objects", NULL, 0, 1);
	for (i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "key/%d", i);
		key = key_of(text);
		kcsd_kv_store(&drive, &key, text, 1, 0, NULL);
	}
	walk("all", NULL, 3000, 10);
	walk("a prefix", "key/29", 111, 1);
	walk("a longer one", "key/299", 11, 1);
	walk("a key", "key/2999", 1, 1);
	walk("before all", "a", 0, 1);
	walk("after all", "z", 0, 1);
	IS(kcsd_kv_each(&drive, NULL, see, &seen, &err), 7, "each: stopped");
	IS(seen.nr, 3, "  there");
	malformed = true;
	key = key_of("key/999");	/* the last one */
	IS(kcsd_kv_each(&drive, &key, see, &seen, &err), -EPROTO, "each: malformed data");
	SAYS(err.text, "malformed list");
	malformed = false;
	force = KCSD_SC_NS_NOT_READY;
	IS(kcsd_kv_each(&drive, NULL, see, &seen, &err), KCSD_SC_NS_NOT_READY, "each: a status");
	SAYS(err.text, "cannot list keys from the first: Namespace Not Ready");
	IS(kcsd_kv_each(&drive, NULL, see, &all, &err), 0, "each: deleted meanwhile");
	IS(all.nr, 3000, "  all keys");
	IS(nr_objects, 0, "  are deleted");
}

/* Any bytes are a list: no access beyond them, and an end. */
static void test_lists(void)
{
	bool good = true;
	int round;

	srandom(1);
	for (round = 0; round < 20000; round++) {
		size_t len = random() % 64, i;
		struct kcsd_kv_cursor cursor = {};
		struct kcsd_kv_key key;
		uint8_t *list = malloc(len + !len);
		int ret, nr = 0;

		for (i = 0; i < len; i++)
			list[i] = i < 2 || random() % 2 ? random() % 20 : 0;
		while ((ret = kcsd_kv_list_next(list, len, &cursor, &key)) == 1)
			good &= key.len >= 1 && key.len <= 16 && ++nr < 64;
		good &= ret == 0 || ret == -EPROTO;
		free(list);
	}
	OK(good, "lists of random bytes");
}

/* ---- files of objects ---- */

static void test_files(void)
{
	char path[] = "/tmp/kcsd-kv-XXXXXX", bytes[8192];
	struct kcsd_kv_file_info info;
	struct kcsd_error err;
	int fd = mkstemp(path);

	IS(kcsd_kv_validate(path, &info, sizeof(info), NULL, NULL, &err), -ENODATA, "empty file");
	SAYS(err.text, "it is empty");
	memset(bytes, 0x5a, sizeof(bytes));
	IS(write(fd, bytes, sizeof(bytes)), sizeof(bytes), "other bytes");
	close(fd);
	IS(kcsd_kv_validate(path, &info, sizeof(info), NULL, NULL, &err), -EUCLEAN, "  are none");
	SAYS(err.text, "no file of objects");
	unlink(path);
	IS(kcsd_kv_validate(path, &info, sizeof(info), NULL, NULL, &err), -ENOENT, "no file");
	IS(kcsd_kv_validate("/tmp", &info, sizeof(info), NULL, NULL, &err), -EINVAL, "directory");
	SAYS(err.text, "/tmp: not a regular file");
}

int main(void)
{
	test_keys();
	test_commands();
	test_failures();
	test_walks();
	test_lists();
	test_files();
	return tap_end();
}
