// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read and report the contents of a sidecar. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "private.h"
#include "sidecar.h"

static int open_log(const char *path, struct kcsd_sidecar_fd *f, struct kcsd_sidecar_journal *log,
		    struct kcsd_sidecar_report *report, struct kcsd_error *err)
{
	char sidecar[PATH_MAX];
	uint64_t len;
	int ret;

	ret = kcsd_sidecar_path(path, sidecar);
	if (!ret)
		ret = kcsd_sidecar_fd_open(f, sidecar, O_RDONLY, &len);
	if (ret)
		return kcsd_error_set(err, ret, "%s: %s", sidecar, kcsd_error_text(ret));
	ret = kcsd_sidecar_journal_open(log, &f->io, len, report);
	if (!ret)
		return 0;
	kcsd_sidecar_fd_close(f);
	if (ret == -EUCLEAN)
		return kcsd_error_set(err, ret, "%s: %s (at byte %llu)", sidecar,
				      kcsd_sidecar_verdict_text(report->verdict),
				      (unsigned long long)report->pos);
	return kcsd_error_set(err, ret, "%s: %s", sidecar, kcsd_error_text(ret));
}

static void close_log(struct kcsd_sidecar_fd *f, struct kcsd_sidecar_journal *log)
{
	kcsd_sidecar_journal_close(log);
	kcsd_sidecar_fd_close(f);
}

static void describe(const struct kcsd_sidecar_journal *log,
		     const struct kcsd_sidecar_report *report, struct kcsd_sidecar_info *info)
{
	const struct kcsd_sidecar_drive *drive = &log->state.drive;
	const struct kcsd_sidecar_draft *d;
	uint32_t i;

	*info = (struct kcsd_sidecar_info){
		.size = le64toh(drive->size),
		.zone_size = le64toh(drive->zone_size),
		.zone_capacity = le64toh(drive->zone_capacity),
		.block_size = le32toh(drive->block_size),
		.zones = log->state.nr_zones,
		.conventional = le32toh(drive->conventional),
		.file_size = log->file_size,
		.generation = log->generation,
		.records = report->records,
		.damaged = report->damaged,
		.torn = report->torn,
	};
	memcpy(info->uuid, drive->uuid, sizeof(info->uuid));
	for (d = log->state.programs; d; d = d->next)
		info->programs++;
	for (i = info->conventional; i < info->zones; i++)
		info->by_condition[kcsd_sidecar_zone_cond(&log->state, i)]++;
}

int kcsd_sidecar_validate(const char *path, struct kcsd_sidecar_info *info, size_t size,
			  struct kcsd_error *err)
{
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_info all;
	struct kcsd_sidecar_journal log;
	struct kcsd_sidecar_fd f;
	int ret;

	ret = open_log(path, &f, &log, &report, err);
	if (ret)
		return ret;
	describe(&log, &report, &all);
	kcsd_info_copy(info, size, &all, sizeof(all));
	close_log(&f, &log);
	return 0;
}

int kcsd_sidecar_zone_each(const char *path,
			   int (*fn)(const struct kcsd_sidecar_zone_info *zone, void *arg),
			   void *arg, struct kcsd_error *err)
{
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_journal log;
	struct kcsd_sidecar_fd f;
	uint32_t i;
	int ret;

	ret = open_log(path, &f, &log, &report, err);
	if (ret)
		return ret;
	for (i = le32toh(log.state.drive.conventional); i < log.state.nr_zones && !ret; i++) {
		const struct kcsd_sidecar_zone_info zone = {
			.zone = i,
			.condition = kcsd_sidecar_zone_cond(&log.state, i),
			.written = kcsd_sidecar_zone_wp(&log.state, i),
			.capacity = log.state.capacity,
		};

		ret = fn(&zone, arg);
	}
	close_log(&f, &log);
	return ret;
}

int kcsd_sidecar_program_each(const char *path,
			      int (*fn)(const struct kcsd_program_info *program, void *arg),
			      void *arg, struct kcsd_error *err)
{
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_draft *d;
	struct kcsd_sidecar_journal log;
	struct kcsd_sidecar_fd f;
	int ret;

	ret = open_log(path, &f, &log, &report, err);
	if (ret)
		return ret;
	for (d = log.state.programs; d && !ret; d = d->next) {
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
	close_log(&f, &log);
	return ret;
}
