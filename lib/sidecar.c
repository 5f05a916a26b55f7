// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read a sidecar without a drive, and give it a new UUID. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "private.h"
#include "sidecar.h"

static int open_journal(const char *path, int flags, struct kcsd_sidecar_fd *f,
			struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_report *report,
			struct kcsd_error *err)
{
	char sidecar[PATH_MAX];
	uint64_t len;
	int ret;

	ret = kcsd_sidecar_path(path, sidecar);
	if (!ret)
		ret = kcsd_sidecar_fd_open(f, sidecar, flags, &len);
	if (ret)
		return kcsd_error_set(err, ret, "%s: %s", sidecar, kcsd_error_text(ret));
	ret = kcsd_sidecar_journal_open(journal, &f->io, len, report);
	if (!ret)
		return 0;
	kcsd_sidecar_fd_close(f);
	if (ret == -EUCLEAN)
		return kcsd_error_set(err, ret, "%s: %s (at byte %llu)", sidecar,
				      kcsd_sidecar_verdict_text(report->verdict),
				      (unsigned long long)report->pos);
	return kcsd_error_set(err, ret, "%s: %s", sidecar, kcsd_error_text(ret));
}

static void close_journal(struct kcsd_sidecar_fd *f, struct kcsd_sidecar_journal *journal)
{
	kcsd_sidecar_journal_close(journal);
	kcsd_sidecar_fd_close(f);
}

static void describe(const struct kcsd_sidecar_journal *journal,
		     const struct kcsd_sidecar_report *report, struct kcsd_sidecar_info *info)
{
	const struct kcsd_sidecar_drive *drive = &journal->state.drive;
	const struct kcsd_sidecar_draft *d;
	uint32_t i;

	*info = (struct kcsd_sidecar_info){
		.size = le64toh(drive->size),
		.zone_size = le64toh(drive->zone_size),
		.zone_capacity = le64toh(drive->zone_capacity),
		.block_size = le32toh(drive->block_size),
		.zones = journal->state.nr_zones,
		.conventional = le32toh(drive->conventional),
		.file_size = journal->file_size,
		.generation = journal->generation,
		.records = report->records,
		.damaged = report->damaged,
		.torn = report->torn,
	};
	memcpy(info->uuid, drive->uuid, sizeof(info->uuid));
	for (d = journal->state.programs; d; d = d->next)
		info->programs++;
	for (i = info->conventional; i < info->zones; i++)
		info->by_condition[kcsd_sidecar_zone_cond(&journal->state, i)]++;
}

int kcsd_sidecar_validate(const char *path, struct kcsd_sidecar_info *info, size_t size,
			  struct kcsd_error *err)
{
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_info all;
	struct kcsd_sidecar_journal journal;
	struct kcsd_sidecar_fd f;
	int ret;

	ret = open_journal(path, O_RDONLY, &f, &journal, &report, err);
	if (ret)
		return ret;
	describe(&journal, &report, &all);
	kcsd_info_copy(info, size, &all, sizeof(all));
	close_journal(&f, &journal);
	return 0;
}

int kcsd_sidecar_zone_each(const char *path,
			   int (*fn)(const struct kcsd_sidecar_zone_info *zone, void *arg),
			   void *arg, struct kcsd_error *err)
{
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_journal journal;
	struct kcsd_sidecar_fd f;
	uint32_t i;
	int ret;

	ret = open_journal(path, O_RDONLY, &f, &journal, &report, err);
	if (ret)
		return ret;
	for (i = le32toh(journal.state.drive.conventional);
	     i < journal.state.nr_zones && !ret; i++) {
		const struct kcsd_sidecar_zone_info zone = {
			.zone = i,
			.condition = kcsd_sidecar_zone_cond(&journal.state, i),
			.written = kcsd_sidecar_zone_wp(&journal.state, i),
			.capacity = journal.state.capacity,
		};

		ret = fn(&zone, arg);
	}
	close_journal(&f, &journal);
	return ret;
}

int kcsd_sidecar_program_each(const char *path,
			      int (*fn)(const struct kcsd_program_info *program, void *arg),
			      void *arg, struct kcsd_error *err)
{
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_draft *d;
	struct kcsd_sidecar_journal journal;
	struct kcsd_sidecar_fd f;
	int ret;

	ret = open_journal(path, O_RDONLY, &f, &journal, &report, err);
	if (ret)
		return ret;
	for (d = journal.state.programs; d && !ret; d = d->next) {
		const struct kcsd_sidecar_program *p = kcsd_sidecar_payload(d);
		const struct kcsd_program_info info = {
			.pind = le16toh(p->pind),
			.psize = le32toh(d->record->len) - sizeof(*p),
			.puid = le64toh(p->puid),
			.peocc = KCSD_PROGRAM_PEOCC_DOWNLOADED,
			.active = p->active,
			.ptype = p->ptype,
			.pit = p->pit,
		};

		ret = fn(&info, arg);
	}
	close_journal(&f, &journal);
	return ret;
}

/* ---- a new UUID ---- */

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return !stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

struct use {
	char image[PATH_MAX];	/* the backing file */
	struct kcsd_error *err;
};

static int refuse_user(const struct kcsd_config_info *info, void *arg)
{
	const struct use *use = arg;
	char path[PATH_MAX];

	if (!info->powered || kcsd_attr_get(info->name, "backing_file", path, sizeof(path)) ||
	    !same_file(path, use->image))
		return 0;
	return kcsd_error_set(use->err, -EBUSY, "%s: the drive %s is powered on with it",
			      use->image, info->name);
}

/* Return -EBUSY if a powered drive uses the file. Without configfs there is no drive. */
static int validate_unused(const char *path, struct kcsd_error *err)
{
	struct use use = { .err = err };
	int ret = kcsd_sidecar_path(path, use.image);

	if (ret)
		return kcsd_error_set(err, ret, "%s: %s", path, kcsd_error_text(ret));
	use.image[strlen(use.image) - strlen(KCSD_SIDECAR_SUFFIX)] = '\0';
	return kcsd_config_each(refuse_user, &use) == -EBUSY ? -EBUSY : 0;
}

/* Make a random UUID (version 4). */
static void make_uuid(uint8_t uuid[16])
{
	if (getrandom(uuid, 16, 0) != 16)
		abort();
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

int kcsd_sidecar_renew_uuid(const char *path, struct kcsd_error *err)
{
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_journal journal;
	struct kcsd_sidecar_fd f;
	int ret;

	ret = validate_unused(path, err);
	if (!ret)
		ret = open_journal(path, O_RDWR, &f, &journal, &report, err);
	if (ret)
		return ret;
	make_uuid(journal.state.drive.uuid);
	ret = kcsd_sidecar_journal_rewrite(&journal);
	close_journal(&f, &journal);
	return ret ? kcsd_error_set(err, ret, "%s: %s", path, kcsd_error_text(ret)) : 0;
}
