// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Checking and repairing sidecars, without a drive. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../private.h"
#include "../sidecar.h"
#include "tap.h"

#define ZONES		8
#define FILE_LEN	(64 << 10)

static char dir[] = "/tmp/kcsd-side-XXXXXX";
static char image[64], sidecar[80], old[96];

static struct kcsd_sidecar_drive zoned(void)
{
	return (struct kcsd_sidecar_drive){
		.uuid = { 0xaa, 0xbb },
		.size = htole64(ZONES << 20),
		.zone_size = htole64(1 << 20),
		.zone_capacity = htole64(512 << 10),
		.block_size = htole32(4096),
		.conventional = htole32(1),
	};
}

static void write_image(void)
{
	int fd = open(image, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || ftruncate(fd, ZONES << 20))
		abort();
	close(fd);
}

static void append_zone(struct kcsd_sidecar_journal *log, uint32_t zone, uint8_t cond, uint64_t wp)
{
	struct kcsd_sidecar_draft *d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_ZONES,
							  sizeof(struct kcsd_sidecar_zone));
	struct kcsd_sidecar_zone *z = kcsd_sidecar_payload(d);

	z->zone = htole32(zone);
	z->cond = cond;
	z->wp = htole64(wp);
	if (kcsd_sidecar_journal_append(log, d))
		abort();
}

static void append_program(struct kcsd_sidecar_journal *log)
{
	struct kcsd_sidecar_draft *d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_PROGRAM,
							  sizeof(struct kcsd_sidecar_program) + 9);
	struct kcsd_sidecar_program *p = kcsd_sidecar_payload(d);

	p->pind = htole16(4);
	p->ptype = KCSD_PTYPE_EBPF;
	p->active = 1;
	if (kcsd_sidecar_journal_append(log, d))
		abort();
}

/*
 * Zone 2 closed at 7, zone 3 full, zone 4 read-only at 5, zone 5 offline, zone 6 closed at 9; a
 * program; each a record, from byte 4096 on, 1 KiB each.
 */
static void make_sidecar(bool with_zones)
{
	struct kcsd_sidecar_drive drive = zoned();
	struct kcsd_sidecar_journal log;
	struct kcsd_sidecar_fd f;
	uint64_t len;

	if (!with_zones) {
		drive.zone_size = 0;
		drive.zone_capacity = 0;
		drive.conventional = 0;
	}
	if (kcsd_sidecar_fd_open(&f, sidecar, O_RDWR | O_CREAT | O_TRUNC, &len) ||
	    ftruncate(f.fd, FILE_LEN) ||
	    kcsd_sidecar_journal_create(&log, &f.io, FILE_LEN, &drive))
		abort();
	if (with_zones) {
		append_zone(&log, 2, KCSD_SIDECAR_CLOSED, 7);
		append_zone(&log, 3, KCSD_SIDECAR_FULL, 128);
		append_zone(&log, 4, KCSD_SIDECAR_READONLY, 5);
		append_zone(&log, 5, KCSD_SIDECAR_OFFLINE, 0);
		append_zone(&log, 6, KCSD_SIDECAR_CLOSED, 9);
	}
	append_program(&log);
	kcsd_sidecar_journal_close(&log);
	kcsd_sidecar_fd_close(&f);
}

static void damage(uint64_t pos, uint32_t len)
{
	int fd = open(sidecar, O_RDWR);

	while (len--)
		if (pwrite(fd, "\xee", 1, pos++) != 1)
			abort();
	close(fd);
}

static int collect_zone(const struct kcsd_sidecar_zone_info *zone, void *arg)
{
	char *text = arg;

	sprintf(text + strlen(text), "%s%u", kcsd_zone_cond_text(zone->condition),
		(unsigned int)zone->written);
	return 0;
}

static const char *zones(void)
{
	static char text[512];

	text[0] = '\0';
	if (kcsd_sidecar_zone_each(image, collect_zone, text, NULL))
		return "unusable";
	return text;
}

#define AS_MADE		"empty0closed7full128read-only5offline0closed9empty0"

static int collect_program(const struct kcsd_program_info *p, void *arg)
{
	(void)arg;
	return p->pind * 1000 + p->psize * 10 + p->active;
}

static void test_check(void)
{
	struct kcsd_sidecar_info info;
	struct kcsd_error err;

	make_sidecar(true);
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), 0, "a sidecar is sound");
	IS(info.zones, ZONES, "zones");
	IS(info.conventional, 1, "conventional zones");
	IS(info.by_condition[KCSD_SIDECAR_CLOSED], 2, "closed zones");
	IS(info.by_condition[KCSD_SIDECAR_EMPTY], 2, "empty zones");
	IS(info.records, 6, "records");
	IS(info.programs, 1, "programs");
	IS(info.uuid[1], 0xbb, "UUID");
	IS(kcsd_sidecar_validate(sidecar, &info, sizeof(info), &err), 0, "by its own name");
	IS_TEXT(zones(), AS_MADE, "each zone");
	IS(kcsd_sidecar_program_each(image, collect_program, NULL, &err), 4091, "each program");
	damage(4096, 1);
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), 0, "one copy damaged");
	IS(info.damaged, 1, "one copy damaged: reported");
	damage(4096, 1024);
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), -EUCLEAN,
	   "both copies damaged");
	SAYS(err.text, "a record is damaged in both of its copies (at byte 4096)");
	SAYS(err.text, ".kcsd");
	unlink(sidecar);
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), -ENOENT, "no sidecar");
	IS(mkfifo(sidecar, 0600), 0, "a pipe");
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), -EINVAL,
	   "a pipe is no sidecar");
	unlink(sidecar);
	IS(symlink("/dev/zero", sidecar), 0, "a device");
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), -EINVAL,
	   "a device is no sidecar");
	unlink(sidecar);
}

static int repair(uint32_t how, uint32_t *lost, struct kcsd_error *err)
{
	KCSD_OPTS(kcsd_repair_opts, o, .zones = how);

	return kcsd_sidecar_repair(image, &o, lost, err);
}

static void test_repair(void)
{
	struct kcsd_sidecar_info info;
	struct kcsd_error err;
	uint32_t lost;

	make_sidecar(true);
	damage(4096 + 3 * 1024, 1);
	IS(kcsd_sidecar_repair(image, NULL, &lost, &err), 0, "repair: one copy damaged");
	IS(lost, 0, "repair: nothing lost");
	IS_TEXT(zones(), AS_MADE, "repair: the same zones");
	IS(access(old, F_OK), 0, "repair: the old file is there");
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), 0, "repair: sound");
	IS(info.damaged, 0, "repair: without damage");
	IS(info.uuid[0], 0xaa, "repair: the same UUID");

	damage(info.file_size / 2 - 512, 100);
	make_sidecar(true);
	damage(4096 + 1024, 1024);
	IS(repair(KCSD_REPAIR_KEEP, &lost, &err), -EINVAL,
	   "repair: a record lost, no choice for zones");
	SAYS(err.text, "say whether zones are to be full or empty");
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), -EUCLEAN,
	   "repair: nothing done");
	IS(repair(KCSD_REPAIR_FULL, &lost, &err), 0, "repair: full");
	IS(lost, 1, "repair: one record lost");
	IS_TEXT(zones(), "full128full128full128read-only128offline0full128full128",
		"repair: full except worn out zones");
	IS(kcsd_sidecar_program_each(image, collect_program, NULL, &err), 4091,
	   "repair: the program is there");
	make_sidecar(true);
	damage(4096, 1024);
	IS(repair(KCSD_REPAIR_EMPTY, &lost, &err), 0, "repair: empty");
	IS_TEXT(zones(), "empty0empty0empty0read-only0offline0empty0empty0",
		"repair: empty except worn out zones");
	IS(repair(3, &lost, &err), -EINVAL, "repair: an unknown choice for zones");

	make_sidecar(true);
	IS(truncate(sidecar, 20000), 0, "a file that was cut");
	IS(repair(KCSD_REPAIR_FULL, &lost, &err), 0, "repair: succeeds");
	IS(kcsd_sidecar_program_each(image, collect_program, NULL, &err), 4091,
	   "repair: with its program");
}

/* All else is as it was. */
static void test_new_uuid(void)
{
	KCSD_OPTS(kcsd_repair_opts, o, .new_uuid = 1);
	struct kcsd_sidecar_info before, after;
	struct kcsd_error err;
	uint32_t lost;

	make_sidecar(true);
	kcsd_sidecar_validate(image, &before, sizeof(before), &err);
	IS(kcsd_sidecar_repair(image, &o, &lost, &err), 0, "new UUID");
	IS(kcsd_sidecar_validate(image, &after, sizeof(after), &err), 0, "new UUID: sound");
	IS(!memcmp(before.uuid, after.uuid, sizeof(before.uuid)), 0,
	   "new UUID: differs from the old one");
	IS(after.uuid[6] >> 4, 4, "new UUID: a random one");
	IS_TEXT(zones(), AS_MADE, "new UUID: the same zones");
	IS(kcsd_sidecar_program_each(image, collect_program, NULL, &err), 4091,
	   "new UUID: the program is there");
}

static void test_lost_header(void)
{
	KCSD_OPTS(kcsd_repair_opts, o, .zones = KCSD_REPAIR_FULL);
	char none[64];
	struct kcsd_sidecar_info info;
	struct kcsd_error err;
	uint32_t lost;

	make_sidecar(true);
	damage(0, 4096);
	IS(kcsd_sidecar_repair(image, &o, &lost, &err), -EINVAL, "no header: unknown drive");
	SAYS(err.text, "say its zone size");
	o.zone_size = 1 << 20;
	o.zone_capacity = 512 << 10;
	o.conventional = 2;
	IS(kcsd_sidecar_repair(image, &o, &lost, &err), 0, "no header: options given");
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), 0, "no header: sound");
	IS(info.zones, ZONES, "no header: as many zones as the backing file has");
	IS(info.conventional, 2, "no header: conventional ones");
	IS(info.by_condition[KCSD_SIDECAR_FULL], ZONES - 2, "no header: other zones are full");
	IS(kcsd_sidecar_repair(image, &o, &lost, &err), -EINVAL, "a header: options contradict it");
	o.zone_capacity = 2 << 20;
	unlink(sidecar);
	IS(kcsd_sidecar_repair(image, &o, &lost, &err), -EINVAL, "no file: no such drive");
	o.zone_capacity = 0;
	IS(kcsd_sidecar_repair(image, &o, &lost, &err), 0, "no file: create one");
	snprintf(none, sizeof(none), "%s/none", dir);
	IS(kcsd_sidecar_repair(none, NULL, &lost, &err), -ENOENT, "neither file");
	SAYS(err.text, "there is neither this file nor");
	IS(kcsd_sidecar_validate(image, &info, sizeof(info), &err), 0, "no file: sound");
	IS(info.zone_capacity, 1 << 20, "no file: capacity as the zone's size");
}

/* A file that is no sidecar at all, and one without zones. */
static void test_others(void)
{
	struct kcsd_error err;
	uint32_t lost;
	int fd;

	make_sidecar(false);
	damage(4096, 1024);
	IS(kcsd_sidecar_repair(image, NULL, &lost, &err), 0, "no zones: nothing to say");
	fd = open(sidecar, O_WRONLY | O_TRUNC);
	IS(write(fd, "something", 9), 9, "write another file");
	close(fd);
	IS(kcsd_sidecar_repair(image, NULL, &lost, &err), -EINVAL, "another file is not repaired");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	kcsd_configfs_root = dir;
	snprintf(image, sizeof(image), "%s/image", dir);
	snprintf(sidecar, sizeof(sidecar), "%s.kcsd", image);
	snprintf(old, sizeof(old), "%s.old", sidecar);
	write_image();
	test_check();
	test_repair();
	test_new_uuid();
	test_lost_header();
	test_others();
	unlink(sidecar);
	unlink(old);
	unlink(image);
	rmdir(dir);
	return tap_end();
}
