// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Sidecars without a drive: check them, change the UUID. */
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
static char image[64], sidecar[80];

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

static void append_zone(struct kcsd_sidecar_journal *journal, uint32_t zone, uint8_t cond,
			uint64_t wp)
{
	struct kcsd_sidecar_draft *d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_ZONES,
							  sizeof(struct kcsd_sidecar_zone));
	struct kcsd_sidecar_zone *z = kcsd_sidecar_payload(d);

	z->zone = htole32(zone);
	z->cond = cond;
	z->wp = htole64(wp);
	if (kcsd_sidecar_journal_append(journal, d))
		abort();
}

static void append_program(struct kcsd_sidecar_journal *journal)
{
	struct kcsd_sidecar_draft *d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_PROGRAM,
							  sizeof(struct kcsd_sidecar_program) + 9);
	struct kcsd_sidecar_program *p = kcsd_sidecar_payload(d);

	p->pind = htole16(4);
	p->ptype = KCSD_PTYPE_EBPF;
	p->active = 1;
	if (kcsd_sidecar_journal_append(journal, d))
		abort();
}

/*
 * Zone 2 closed at 7, zone 3 full, zone 4 read-only at 5, zone 5 offline, zone 6 closed at 9; a
 * program; each a record, from byte 4096 on, 1 KiB each.
 */
static void make_sidecar(bool with_zones)
{
	struct kcsd_sidecar_drive drive = zoned();
	struct kcsd_sidecar_journal journal;
	struct kcsd_sidecar_fd f;
	uint64_t len;

	if (!with_zones) {
		drive.zone_size = 0;
		drive.zone_capacity = 0;
		drive.conventional = 0;
	}
	if (kcsd_sidecar_fd_open(&f, sidecar, O_RDWR | O_CREAT | O_TRUNC, &len) ||
	    ftruncate(f.fd, FILE_LEN) ||
	    kcsd_sidecar_journal_create(&journal, &f.io, FILE_LEN, &drive))
		abort();
	if (with_zones) {
		append_zone(&journal, 2, KCSD_SIDECAR_CLOSED, 7);
		append_zone(&journal, 3, KCSD_SIDECAR_FULL, 128);
		append_zone(&journal, 4, KCSD_SIDECAR_READONLY, 5);
		append_zone(&journal, 5, KCSD_SIDECAR_OFFLINE, 0);
		append_zone(&journal, 6, KCSD_SIDECAR_CLOSED, 9);
	}
	append_program(&journal);
	kcsd_sidecar_journal_close(&journal);
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

/* Test that only the UUID changes, and that a file is left alone which cannot be used. */
static void test_new_uuid(void)
{
	struct kcsd_sidecar_info before, after;
	struct kcsd_error err;
	char none[64];

	make_sidecar(true);
	damage(4096, 1);
	kcsd_sidecar_validate(image, &before, sizeof(before), &err);
	IS(kcsd_sidecar_renew_uuid(image, &err), 0, "new UUID");
	IS(kcsd_sidecar_validate(image, &after, sizeof(after), &err), 0, "new UUID: sound");
	IS(!memcmp(before.uuid, after.uuid, sizeof(before.uuid)), 0,
	   "new UUID: differs from the old one");
	IS(after.uuid[6] >> 4, 4, "new UUID: a random one");
	IS(after.damaged, 0, "new UUID: without damage");
	IS(after.generation, before.generation + 1, "new UUID: the next generation");
	IS_TEXT(zones(), AS_MADE, "new UUID: the same zones");
	IS(kcsd_sidecar_program_each(image, collect_program, NULL, &err), 4091,
	   "new UUID: the program is there");
	make_sidecar(false);
	IS(kcsd_sidecar_renew_uuid(sidecar, &err), 0, "new UUID: no zones, by its own name");
	make_sidecar(false);
	damage(0, 4096);
	IS(kcsd_sidecar_renew_uuid(image, &err), -EUCLEAN, "new UUID: not of a damaged sidecar");
	SAYS(err.text, "it has no valid header");
	snprintf(none, sizeof(none), "%s/none", dir);
	IS(kcsd_sidecar_renew_uuid(none, &err), -ENOENT, "new UUID: there is no such file");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	kcsd_configfs_root = dir;
	snprintf(image, sizeof(image), "%s/image", dir);
	snprintf(sidecar, sizeof(sidecar), "%s.kcsd", image);
	write_image();
	test_check();
	test_new_uuid();
	unlink(sidecar);
	unlink(image);
	rmdir(dir);
	return tap_end();
}
