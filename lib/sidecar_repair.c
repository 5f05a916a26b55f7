// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Make a new sidecar from the readable parts of the old one and the options of the caller. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"
#include "sidecar.h"

#define PROGRAM_ROOM	(17ULL << 20)	/* bytes; the default of a drive, and some more */

struct repair {
	struct kcsd_repair_opts opts;
	char sidecar[PATH_MAX];
	char image[PATH_MAX];		/* the backing file */
	uint64_t len;			/* bytes of the old sidecar; 0: there is none */
	struct kcsd_sidecar_state state;
	uint32_t lost;
	struct kcsd_error *err;
};

/* ---- check that it is not in use ---- */

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return !stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static int check_drive(const struct kcsd_config_info *info, void *arg)
{
	const struct repair *r = arg;
	char path[PATH_MAX];

	if (!info->powered || kcsd_attr_get(info->name, "backing_file", path, sizeof(path)) ||
	    !same_file(path, r->image))
		return 0;
	return kcsd_error_set(r->err, -EBUSY, "%s: the drive %s is powered on with it", r->image,
			      info->name);
}

static int check_unused(struct repair *r)
{
	int ret = kcsd_config_each(check_drive, r);

	return ret == -EBUSY ? ret : 0;
}

/* ---- read the old file ---- */

static int read_old(struct repair *r)
{
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_journal log;
	struct kcsd_sidecar_fd f;
	int ret;

	ret = kcsd_sidecar_fd_open(&f, r->sidecar, O_RDONLY, &r->len);
	if (ret == -ENOENT) {
		if (access(r->image, F_OK))
			return kcsd_error_set(r->err, -ENOENT,
					      "%s: there is neither this file nor %s",
					      r->image, r->sidecar);
		r->lost = 1;
		return 0;
	}
	if (ret)
		return kcsd_error_set(r->err, ret, "%s: %s", r->sidecar, kcsd_error_text(ret));
	ret = kcsd_sidecar_journal_open(&log, &f.io, r->len, &report);
	if (!ret)
		r->state = log.state;
	else if (report.verdict == KCSD_SIDECAR_VERDICT_VERSION)
		ret = kcsd_error_set(r->err, ret, "%s: %s", r->sidecar,
				     kcsd_sidecar_verdict_text(report.verdict));
	else
		ret = kcsd_sidecar_salvage(&f.io, r->len, &r->state, &r->lost);
	kcsd_sidecar_fd_close(&f);
	if (ret && ret != -EUCLEAN)
		return kcsd_error_set(r->err, ret, "%s: %s", r->sidecar, kcsd_error_text(ret));
	return ret;
}

/* ---- apply the options ---- */

static void new_uuid(uint8_t uuid[16])
{
	if (getrandom(uuid, 16, 0) != 16)
		abort();
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

/* Set the properties of the drive from the options: no header is left. */
static int describe_drive(struct repair *r)
{
	const struct kcsd_repair_opts *o = &r->opts;
	struct kcsd_sidecar_drive drive = {
		.block_size = htole32(o->block_size ? o->block_size : 4096),
		.zone_size = htole64(o->zone_size),
		.zone_capacity = htole64(o->zone_capacity ? o->zone_capacity : o->zone_size),
		.conventional = htole32(o->conventional),
	};
	uint64_t unit = o->zone_size ? o->zone_size : le32toh(drive.block_size);
	struct stat st;
	int ret;

	if (stat(r->image, &st))
		return kcsd_error_set(r->err, -errno, "%s: %s", r->image, strerror(errno));
	drive.size = htole64((o->size ? o->size : (uint64_t)st.st_size) / unit * unit);
	new_uuid(drive.uuid);
	ret = kcsd_sidecar_state_init(&r->state, &drive);
	if (ret)
		return kcsd_error_set(r->err, ret, "there is no drive with zones like that");
	return 0;
}

static bool says_drive(const struct kcsd_repair_opts *o)
{
	return o->size || o->zone_size || o->zone_capacity || o->block_size || o->conventional;
}

/* Set all zones full or empty; zones known to be offline or read-only stay so. */
static void decide_zones(struct repair *r)
{
	struct kcsd_sidecar_state *s = &r->state;
	bool full = r->opts.zones == KCSD_REPAIR_FULL;
	uint32_t i;

	for (i = le32toh(s->drive.conventional); i < s->nr_zones; i++) {
		uint8_t cond = kcsd_sidecar_zone_cond(s, i);

		if (cond == KCSD_SIDECAR_OFFLINE)
			continue;
		if (cond != KCSD_SIDECAR_READONLY)
			cond = full ? KCSD_SIDECAR_FULL : KCSD_SIDECAR_EMPTY;
		s->zones[i] = (uint64_t)cond << 56 | (full ? s->capacity : 0);
	}
}

static int decide(struct repair *r)
{
	bool header = r->state.drive.block_size;
	int ret = 0;

	if (header && says_drive(&r->opts))
		return kcsd_error_set(r->err, -EINVAL,
				      "%s knows its drive: say nothing of size, blocks or zones",
				      r->sidecar);
	if (!header && !says_drive(&r->opts))
		return kcsd_error_set(r->err, -EINVAL,
				      "%s: nothing is left that describes the drive: say its zone size, or if it has no zones its block size",
				      r->sidecar);
	if (!header)
		ret = describe_drive(r);
	if (ret)
		return ret;
	if (r->opts.new_uuid)
		new_uuid(r->state.drive.uuid);
	if (r->opts.zones != KCSD_REPAIR_KEEP)
		decide_zones(r);
	else if (r->lost && r->state.nr_zones)
		return kcsd_error_set(r->err, -EINVAL,
				      "%s: records are lost: say whether zones are to be full or empty",
				      r->sidecar);
	return 0;
}

/* ---- write the new file ---- */

static int sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd, ret;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = fsync(fd) && errno != EINVAL ? -errno : 0;
	close(fd);
	return ret;
}

static int write_new(struct repair *r, const char *path)
{
	uint64_t programs = kcsd_sidecar_programs_len(&r->state) / 2, len, old;
	struct kcsd_sidecar_journal log = { .state = r->state };
	struct kcsd_sidecar_fd f;
	int ret;

	len = kcsd_sidecar_file_size(r->state.nr_zones, programs + PROGRAM_ROOM);
	ret = kcsd_sidecar_fd_open(&f, path, O_RDWR | O_CREAT | O_TRUNC, &old);
	if (ret)
		return ret;
	ret = ftruncate(f.fd, len) ? -errno : kcsd_sidecar_journal_create_from(&log, &f.io, len);
	if (!ret && fsync(f.fd))
		ret = -errno;
	kcsd_sidecar_fd_close(&f);
	if (ret)
		unlink(path);
	return ret;
}

/* Put the new file in place of the old one, which is renamed. */
static int replace(struct repair *r)
{
	char new[PATH_MAX + 8], old[PATH_MAX + 8];
	int ret;

	snprintf(new, sizeof(new), "%s.new", r->sidecar);
	snprintf(old, sizeof(old), "%s.old", r->sidecar);
	ret = write_new(r, new);
	if (ret)
		return kcsd_error_set(r->err, ret, "%s: %s", new, kcsd_error_text(ret));
	if ((r->len && rename(r->sidecar, old)) || rename(new, r->sidecar))
		ret = -errno;
	else
		ret = sync_directory(r->sidecar);
	if (ret)
		kcsd_error_set(r->err, ret, "%s: %s", r->sidecar, kcsd_error_text(ret));
	return ret;
}

int kcsd_sidecar_repair(const char *path, const struct kcsd_repair_opts *opts, uint32_t *lost,
			struct kcsd_error *err)
{
	struct repair r = { .err = err };
	int ret;

	ret = kcsd_opts_copy(&r.opts, sizeof(r.opts), opts);
	if (!ret && r.opts.zones > KCSD_REPAIR_EMPTY)
		ret = -EINVAL;
	if (!ret)
		ret = kcsd_sidecar_path(path, r.sidecar);
	if (ret)
		return kcsd_error_set(err, ret, "%s: %s", path, kcsd_error_text(ret));
	memcpy(r.image, r.sidecar, sizeof(r.image));
	r.image[strlen(r.image) - strlen(KCSD_SIDECAR_SUFFIX)] = '\0';
	ret = check_unused(&r);
	if (!ret)
		ret = read_old(&r);
	if (!ret)
		ret = decide(&r);
	if (!ret)
		ret = replace(&r);
	kcsd_sidecar_state_destroy(&r.state);
	*lost = r.lost;
	return ret;
}
