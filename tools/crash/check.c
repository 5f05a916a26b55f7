// SPDX-License-Identifier: GPL-2.0
/*
 * Read the files of a drive after a crash, and the facts that were reported before it. Test that
 * all promised data exists, and nothing that cannot exist. Does not use code of the driver.
 *
 *	crash-check IMAGE FACTS...	FACTS: files of facts, one for each boot, in order
 *
 * Exit status 0: all is well. 1: prints a line for each error.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content.h"
#include "facts.h"
#include "sidecar.h"

#define MAX_LINES	20	/* printed for one crash */

struct check {
	const struct content *image;
	struct sidecar sidecar;
	struct facts facts;
	uint32_t zone_lbas;
	uint32_t capacity;
	uint64_t wrong;
	uint64_t whole;		/* LBAs with data */
	uint64_t commands;	/* appended commands of which at least the first LBA exists */
	uint64_t *keys;		/* writer and number of each command */
};

static void wrong_lba(struct check *k, uint64_t lba, const char *what)
{
	if (k->wrong++ < MAX_LINES)
		printf("LBA %" PRIu64 " (zone %" PRIu64 "): %s\n", lba, lba / k->zone_lbas, what);
}

static void check_conventional(struct check *k, uint64_t lba)
{
	const struct content *c = &k->image[lba];
	const struct lba_facts *f = &k->facts.lbas[lba];

	switch (content_kind(c)) {
	case CONTENT_ZERO:
		if (f->version && f->zero_tried < f->version)
			wrong_lba(k, lba, "what was flushed is zeroes");
		return;
	case CONTENT_OTHER:
		wrong_lba(k, lba, "is not whole");
		return;
	case CONTENT_WHOLE:
		k->whole++;
		if (c->lba != lba)
			wrong_lba(k, lba, "is that of another LBA");
		else if (c->version < f->version)
			wrong_lba(k, lba, "is older than what was flushed");
	}
}

static uint64_t command_key(const struct content *c)
{
	return (uint64_t)c->writer << 48 | c->seq;
}

/* Test that an LBA of an appended command follows the LBA before it. */
static void check_appended(struct check *k, uint64_t lba, const struct content *before)
{
	const struct content *c = &k->image[lba];

	if (!c->index) {
		k->keys[k->commands++] = command_key(c);
		if (before && before->lba == LBA_UNKNOWN && before->index + 1 < before->count)
			wrong_lba(k, lba, "is where the rest of another command must be");
	} else if (!before || before->index + 1 != c->index ||
		   command_key(before) != command_key(c)) {
		wrong_lba(k, lba, "does not follow the LBA before it");
	}
}

static void check_sequential(struct check *k, uint64_t start, uint64_t off, struct zone_seen *seen)
{
	const struct content *c = &k->image[start + off];

	if (content_kind(c) != CONTENT_WHOLE) {
		wrong_lba(k, start + off, "is below the write pointer and not whole");
		return;
	}
	k->whole++;
	if (!seen->gen)
		seen->gen = c->version;
	if (c->zone != start / k->zone_lbas || (c->lba != LBA_UNKNOWN && c->lba != start + off))
		wrong_lba(k, start + off, "is that of another LBA");
	else if (c->version != seen->gen)
		wrong_lba(k, start + off, "is not of the generation of the zone");
	else if (c->lba == LBA_UNKNOWN)
		check_appended(k, start + off, off ? c - 1 : NULL);
}

/* Test an LBA that an append returned and a flush or FUA made durable. */
static void check_append_fact(struct check *k, uint64_t lba, uint64_t gen)
{
	const struct append_fact *a = &k->facts.lbas[lba].append;
	const struct content *c = &k->image[lba];

	if (!a->gen || a->gen != gen)
		return;
	if (c->writer != a->writer || c->seq != a->seq || c->index != a->index ||
	    c->count != a->count)
		wrong_lba(k, lba, "is not what the append that returned it has written");
}

static void check_zone(struct check *k, uint32_t zone)
{
	uint64_t start = (uint64_t)zone * k->zone_lbas;
	struct zone_seen seen = { k->sidecar.zones[zone].cond, k->sidecar.zones[zone].wp, 0 };

	for (uint64_t off = 0; off < seen.wp; off++)
		check_sequential(k, start, off, &seen);
	for (uint64_t off = 0; off < seen.wp; off++)
		check_append_fact(k, start + off, seen.gen);
	if (!facts_allow_zone(&k->facts, zone, &seen))
		k->wrong++;
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Test that no command was appended twice. */
static void check_unique(struct check *k)
{
	qsort(k->keys, k->commands, sizeof(*k->keys), compare_keys);
	for (uint64_t i = 1; i < k->commands; i++)
		if (k->keys[i] == k->keys[i - 1]) {
			printf("command %" PRIu64 " of writer %" PRIu64 " is there twice\n",
			       k->keys[i] & UINT64_C(0xffffffffffff), k->keys[i] >> 48);
			k->wrong++;
		}
}

static void check_programs(struct check *k)
{
	for (uint32_t i = 0; i < SIDECAR_MAX_PROGRAMS; i++) {
		const struct sidecar_program *p = &k->sidecar.programs[i];

		if (!facts_allow_program(&k->facts, i, p->puid, p->there ? p->active : 2))
			k->wrong++;
	}
}

static void check_uuid(struct check *k)
{
	char uuid[33];

	for (int i = 0; i < 16; i++)
		sprintf(uuid + 2 * i, "%02x", k->sidecar.drive.uuid[i]);
	if (k->facts.uuid[0] && strcmp(uuid, k->facts.uuid)) {
		printf("the drive of the sidecar is %s, it was %s\n", uuid, k->facts.uuid);
		k->wrong++;
	}
}

static int map_image(struct check *k, const char *path, uint64_t size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st)) {
		perror(path);
		return -1;
	}
	if ((uint64_t)st.st_size != size) {
		printf("the image has %" PRIu64 " bytes, not %" PRIu64 "\n", (uint64_t)st.st_size,
		       size);
		return -1;
	}
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	k->image = map;
	return map == MAP_FAILED ? -1 : 0;
}

static int check_open(struct check *k, const char *path)
{
	const struct kcsd_sidecar_drive *d = &k->sidecar.drive;
	char sidecar[4096];

	snprintf(sidecar, sizeof(sidecar), "%s%s", path, KCSD_SIDECAR_SUFFIX);
	if (sidecar_read(&k->sidecar, sidecar))
		return -1;
	if (d->block_size != LBA_SIZE || d->size / LBA_SIZE > FACTS_MAX_LBAS) {
		printf("not a drive of this test\n");
		return -1;
	}
	k->zone_lbas = d->zone_size / LBA_SIZE;
	k->capacity = d->zone_capacity / LBA_SIZE;
	k->keys = calloc(d->size / LBA_SIZE, sizeof(*k->keys));
	facts_init(&k->facts, k->zone_lbas, k->capacity);
	return map_image(k, path, d->size);
}

static void check_all(struct check *k)
{
	uint64_t conventional = k->sidecar.drive.conventional;

	for (uint64_t lba = 0; lba < conventional * k->zone_lbas; lba++)
		check_conventional(k, lba);
	for (uint32_t zone = conventional; zone < k->sidecar.nr_zones; zone++)
		check_zone(k, zone);
	check_unique(k);
	check_programs(k);
	check_uuid(k);
}

int main(int argc, char **argv)
{
	static struct check k;

	if (argc < 3) {
		fprintf(stderr, "usage: %s IMAGE FACTS...\n", argv[0]);
		return 2;
	}
	if (check_open(&k, argv[1]))
		return 1;
	for (int i = 2; i < argc; i++)
		if (facts_read(&k.facts, argv[i]))
			return 1;
	check_all(&k);
	printf("%" PRIu64 " facts of which %" PRIu64 " promise something; %" PRIu64
	       " LBAs with data, %" PRIu64 " appended commands; sidecar of generation %" PRIu64
	       " with %" PRIu64 " records; wrong: %" PRIu64 "\n", k.facts.lines, k.facts.claims,
	       k.whole, k.commands, k.sidecar.generation, k.sidecar.records, k.wrong + k.facts.bad);
	return k.wrong + k.facts.bad ? 1 : 0;
}
