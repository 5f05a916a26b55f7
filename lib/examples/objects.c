// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Store objects with many commands in flight, list them, read one, delete them.
 *
 *	objects DRIVE NUMBER	prints "NUMBER objects, N bytes"
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkcsd.h>

#define DEPTH	16

/* Values are of the caller until their commands were reaped: one for each in flight. */
static char values[DEPTH][64];
static unsigned int free_slots[DEPTH], nr_free;

static void make_key(struct kcsd_kv_key *key, unsigned int i)
{
	char text[KCSD_KV_MAX_KEY + 1];
	int len = snprintf(text, sizeof(text), "example/%u", i);

	if (kcsd_kv_key_set(key, text, len))
		errx(1, "number %u is too large", i);
}

static void reap(struct kcsd_queue *queue)
{
	struct kcsd_kv_result result;
	struct kcsd_error error;
	int ret = kcsd_kv_reap(queue, &result, sizeof(result), -1);

	if (ret)
		errx(1, "%s", kcsd_error_text(ret));
	if (result.status)
		errx(1, "%s", kcsd_kv_describe(&result, sizeof(result), &error));
	free_slots[nr_free++] = result.user_data;
}

static void store(struct kcsd_queue *queue, unsigned int nr)
{
	KCSD_OPTS(kcsd_kv_opts, opts, .opcode = KCSD_KV_STORE);
	struct kcsd_error error;
	unsigned int i, slot;

	for (i = 0; i < DEPTH; i++)
		free_slots[nr_free++] = i;
	for (i = 0; i < nr; i++) {
		if (!nr_free)
			reap(queue);
		slot = free_slots[--nr_free];
		make_key(&opts.key, i);
		opts.buf = values[slot];
		opts.len = snprintf(values[slot], sizeof(values[slot]), "value %u", i);
		if (kcsd_kv_submit(queue, &opts, slot, &error))
			errx(1, "%s", error.text);
	}
	while (kcsd_queue_inflight(queue))
		reap(queue);
}

struct sum {
	struct kcsd_drive *drv;
	unsigned int objects;
	uint64_t bytes;
};

/* Add up lengths, and delete: a walk may change what it walks over. */
static int add(const struct kcsd_kv_key *key, void *arg)
{
	struct sum *sum = arg;
	struct kcsd_error error;
	uint64_t len;

	if (kcsd_kv_stat(sum->drv, key, &len, &error) ||
	    kcsd_kv_delete(sum->drv, key, &error))
		errx(1, "%s", error.text);
	sum->objects++;
	sum->bytes += len;
	return 0;
}

int main(int argc, char **argv)
{
	struct kcsd_kv_key prefix;
	struct kcsd_queue *queue;
	struct kcsd_error error;
	struct sum sum = {};
	int ret;

	if (argc != 3)
		errx(2, "usage: objects DRIVE NUMBER");
	ret = kcsd_drive_open(argv[1], 0, &sum.drv);
	if (!ret)
		ret = kcsd_kv_queue_create(sum.drv, DEPTH, &queue);
	if (ret)
		errx(1, "%s: %s", argv[1], kcsd_error_text(ret));
	store(queue, strtoul(argv[2], NULL, 0));
	kcsd_queue_destroy(queue);
	kcsd_kv_key_parse("example/", &prefix, NULL);
	if (kcsd_kv_each(sum.drv, &prefix, add, &sum, &error) ||
	    kcsd_kv_flush(sum.drv, &error))
		errx(1, "%s", error.text);
	kcsd_drive_close(sum.drv);
	printf("%u objects, %llu bytes\n", sum.objects, (unsigned long long)sum.bytes);
	return 0;
}
