// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Source lists: take the bytes of files as of one moment, and send their places to the drive; and
 * the keys of objects, which the drive takes as of the start of a run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file_map.h"

#define MAX_TRIES	8		/* to find all files clean */
#define FIRST_PAUSE_MS	10		/* between two tries; doubles each time */
/* Above this no clone is made: to make it would block writers of the file for too long. */
#define MAX_CLONE	10000		/* sources */

/* One file of a list. */
struct file {
	int fd;				/* of the caller */
	bool write;			/* programs may write it */
	bool leased;			/* only if write */
	int clone;			/* owned; -1: none */
	struct kcsd_file_map *map;	/* of the clone, if there is one; owned */
};

struct kcsd_sources {
	struct kcsd_drive *drv;
	uint32_t flags;			/* KCSD_SOURCES_* */
	uint32_t slid;			/* 0: no list, the stream is empty */
	uint64_t len;			/* bytes */
	uint64_t sent;			/* bytes of data of all commands so far */
	struct kcsd_kv_key *keys;	/* of objects, behind the files; owned */
	uint32_t nr_keys;
	uint32_t nr;
	struct file file[];
};

/* ---- the list on the drive ---- */

static int manage(struct kcsd_sources *s, struct nvme_passthru_cmd64 *cmd, uint32_t sel)
{
	cmd->opcode = KCSD_CMD_SOURCES;
	cmd->nsid = KCSD_NSID_COMPUTE;
	cmd->cdw10 = s->slid | sel << KCSD_SOURCES_SEL_SHIFT;
	s->sent += cmd->data_len;
	return kcsd_drive_io(s->drv, cmd);
}

/* Send the sources, in as many commands as they need. */
static int send_sources(struct kcsd_sources *s, const struct kcsd_source *sources, uint32_t nr,
			uint32_t bytes_len)
{
	uint32_t max = s->drv->max_transfer / sizeof(*sources), done, n;
	int ret = 0;

	for (done = 0; !ret && done < nr; done += n) {
		struct nvme_passthru_cmd64 cmd = {
			.cdw11 = nr,
			.cdw12 = done,
			.cdw13 = bytes_len,
			.addr = (uintptr_t)(sources + done),
		};

		n = MIN(nr - done, max);
		cmd.data_len = n * sizeof(*sources);
		ret = manage(s, &cmd, KCSD_SOURCES_ADD);
	}
	return ret;
}

static int send_bytes(struct kcsd_sources *s, const uint8_t *bytes, uint32_t len)
{
	uint32_t done, n;
	int ret = 0;

	for (done = 0; !ret && done < len; done += n) {
		struct nvme_passthru_cmd64 cmd = {
			.cdw12 = done,
			.addr = (uintptr_t)(bytes + done),
		};

		n = MIN(len - done, s->drv->max_transfer);
		cmd.data_len = n;
		ret = manage(s, &cmd, KCSD_SOURCES_BYTES);
	}
	return ret;
}

static int delete_list(struct kcsd_sources *s)
{
	struct nvme_passthru_cmd64 cmd = {};

	return s->slid ? manage(s, &cmd, KCSD_SOURCES_DELETE) : 0;
}

static int watch_list(struct kcsd_sources *s)
{
	struct nvme_passthru_cmd64 cmd = {};

	return manage(s, &cmd, KCSD_SOURCES_WATCH);
}

static bool get_slid(struct kcsd_sources *s)
{
	uint32_t i;

	pthread_mutex_lock(&s->drv->lock);
	for (i = 1; i <= KCSD_MAX_SOURCE_LISTS && s->drv->slids & 1u << i; i++)
		;
	if (i <= KCSD_MAX_SOURCE_LISTS) {
		s->drv->slids |= 1u << i;
		s->slid = i;
	}
	pthread_mutex_unlock(&s->drv->lock);
	return s->slid;
}

static void put_slid(struct kcsd_sources *s)
{
	pthread_mutex_lock(&s->drv->lock);
	s->drv->slids &= ~(1u << s->slid);
	pthread_mutex_unlock(&s->drv->lock);
	s->slid = 0;
}

/* ---- the files ---- */

static void forget_file(struct file *file)
{
	kcsd_file_map_free(file->map);
	if (file->clone >= 0)
		close(file->clone);
	file->map = NULL;
	file->clone = -1;
}

static int find_device(struct kcsd_sources *s, int fd, struct kcsd_file_device *dev,
		       struct kcsd_error *err)
{
	int ret = kcsd_file_device_find(fd, dev, err);

	if (!ret && dev->index != s->drv->index)
		ret = kcsd_error_set(err, -EXDEV, "the file is on kcsd%u, not on %s", dev->index,
				     s->drv->name);
	return ret;
}

static int map_fd(struct kcsd_sources *s, int fd, struct kcsd_file_map **map,
		  struct kcsd_error *err)
{
	struct kcsd_file_device dev;
	int ret = find_device(s, fd, &dev, err);

	if (!ret)
		ret = kcsd_file_sync(fd, err);
	return ret ? ret : kcsd_file_map(fd, &dev, false, map, err);
}

/*
 * Map a file that programs write. From the lease on nobody opens it, so no page of it gets into the
 * cache again. Its times change before its bytes do, and after them in settle_file().
 */
static int map_to_write(struct kcsd_sources *s, struct file *file, struct kcsd_error *err)
{
	struct kcsd_file_device dev;
	int ret = find_device(s, file->fd, &dev, err);

	if (!ret)
		ret = kcsd_file_is_writable(file->fd, &dev, err);
	if (!ret && !file->leased) {
		ret = kcsd_file_lease(file->fd, err);
		file->leased = !ret;
	}
	if (!ret)
		ret = kcsd_file_sync(file->fd, err);
	if (!ret)
		ret = kcsd_file_map(file->fd, &dev, true, &file->map, err);
	if (!ret)
		ret = kcsd_file_drop(file->fd, err);
	return ret ? ret : kcsd_file_touch(file->fd, err);
}

/* Make visible what was written to a file. Returns the first error. */
static int show_file(struct file *file, struct kcsd_error *err)
{
	int ret = kcsd_file_drop(file->fd, err);

	if (!ret)
		ret = kcsd_file_touch(file->fd, err);
	if (!ret)
		ret = kcsd_file_is_clean(file->fd, file->map, err);
	if (ret != -EAGAIN)
		return ret;
	return kcsd_error_set(err, -EIO, "the blocks of the file moved while the program wrote: some "
			      "of what it wrote may be missing");
}

/* The same, and give up the lease. A file that was refused, which has no map, stays as it is. */
static int settle_file(struct file *file, struct kcsd_error *err)
{
	int ret;

	if (!file->leased)
		return 0;
	ret = file->map ? show_file(file, err) : 0;
	kcsd_file_unlease(file->fd);
	file->leased = false;
	return ret;
}

/*
 * Replace the map of a file by that of a clone, where the filesystem can clone. A file that cannot
 * be cloned is read itself: the watch alone is enough to notice a change.
 */
static int use_clone(struct kcsd_sources *s, struct file *file, struct kcsd_error *err)
{
	struct kcsd_file_map *map;
	int ret;

	if (s->flags & KCSD_SOURCES_NO_CLONE || file->map->nr > MAX_CLONE)
		return 0;
	file->clone = kcsd_file_clone(file->fd, NULL);
	if (file->clone < 0) {
		file->clone = -1;
		return 0;
	}
	ret = map_fd(s, file->clone, &map, err);
	if (ret)
		return ret;
	kcsd_file_map_free(file->map);
	file->map = map;
	return 0;
}

/* Say which of several files an error is about. Returns ret. */
static int name_file(const struct kcsd_sources *s, const struct file *file, int ret,
		     struct kcsd_error *err)
{
	struct kcsd_error why;

	if (!ret || !err || s->nr == 1)
		return ret;
	why = *err;
	return kcsd_error_set(err, ret, "file %td of %u: %s", file - s->file + 1, s->nr, why.text);
}

static int take_file(struct kcsd_sources *s, struct file *file, struct kcsd_error *err)
{
	int ret;

	forget_file(file);
	if (file->write)
		return map_to_write(s, file, err);
	ret = map_fd(s, file->fd, &file->map, err);
	return ret ? ret : use_clone(s, file, err);
}

static int map_files(struct kcsd_sources *s, struct kcsd_error *err)
{
	struct file *file;
	int ret = 0;

	for (file = s->file; !ret && file < s->file + s->nr; file++)
		ret = name_file(s, file, take_file(s, file, err), err);
	return ret;
}

/* Returns 0 if all files are still as they were mapped. */
static int validate_files(struct kcsd_sources *s, struct kcsd_error *err)
{
	struct file *file;
	int ret = 0;

	for (file = s->file; !ret && file < s->file + s->nr; file++) {
		ret = kcsd_file_is_clean(file->clone >= 0 ? file->clone : file->fd, file->map, err);
		ret = name_file(s, file, ret, err);
	}
	return ret;
}

/* Put the maps of all files one after another into *all, which has memory for them. */
static void join_maps(struct kcsd_sources *s, struct kcsd_file_map *all)
{
	const struct kcsd_file_map *map;
	uint32_t f, i;

	all->nr = 0;
	all->bytes_len = 0;
	for (f = 0; f < s->nr; f++) {
		map = s->file[f].map;
		for (i = 0; i < map->nr; i++) {
			struct kcsd_source *to = &all->sources[all->nr++];

			*to = map->sources[i];
			if (to->type == KCSD_SOURCE_BYTES)
				to->start = htole64(le64toh(to->start) + all->bytes_len);
		}
		if (map->bytes_len)
			memcpy(all->bytes + all->bytes_len, map->bytes, map->bytes_len);
		all->bytes_len += map->bytes_len;
	}
}

/* Append the objects to the maps; *all has memory for them. */
static void join_keys(struct kcsd_sources *s, struct kcsd_file_map *all)
{
	uint32_t i;

	for (i = 0; i < s->nr_keys; i++) {
		all->sources[all->nr++] = (struct kcsd_source){
			.start = htole64(all->bytes_len),
			.type = KCSD_SOURCE_OBJECT,
			.access = KCSD_GRANT_READ,
		};
		memcpy(all->bytes + all->bytes_len, &s->keys[i], sizeof(*s->keys));
		all->bytes_len += sizeof(*s->keys);
	}
}

static int send_maps(struct kcsd_sources *s, struct kcsd_error *err)
{
	struct kcsd_file_map all = {};
	uint64_t nr = s->nr_keys, bytes = s->nr_keys * sizeof(*s->keys);
	uint32_t i;
	int ret;

	s->len = 0;
	for (i = 0; i < s->nr; i++) {
		nr += s->file[i].map->nr;
		bytes += s->file[i].map->bytes_len;
		s->len += s->file[i].map->len;
	}
	if (nr > KCSD_MAX_SOURCES || bytes > KCSD_MAX_SOURCE_BYTES)
		return kcsd_error_set(err, -E2BIG, "the files have more than %u extents in all%s",
				      KCSD_MAX_SOURCES, s->nr_keys ? ", with the objects" : "");
	if (!nr) {
		if (s->slid)
			put_slid(s);
		return 0;
	}
	if (!s->slid && !get_slid(s))
		return kcsd_error_set(err, -EMFILE, "this handle of %s has %u source lists already",
				      s->drv->name, KCSD_MAX_SOURCE_LISTS);
	all.sources = malloc(nr * sizeof(*all.sources));
	all.bytes = malloc(bytes + 1);
	ret = -ENOMEM;
	if (all.sources && all.bytes) {
		join_maps(s, &all);
		join_keys(s, &all);
		ret = send_sources(s, all.sources, all.nr, all.bytes_len);
		if (!ret)
			ret = send_bytes(s, all.bytes, all.bytes_len);
		/* Objects need no watch. */
		if (!ret && s->nr)
			ret = watch_list(s);
	}
	free(all.sources);
	free(all.bytes);
	return ret ? kcsd_error_set(err, ret, "cannot send the list of sources to %s: %s",
				    s->drv->name, kcsd_error_text(ret)) : 0;
}

/* ---- for users ---- */

static void pause_ms(unsigned int ms)
{
	struct timespec ts = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

	nanosleep(&ts, NULL);
}

/*
 * Take the files as of one moment: once the drive watches their LBAs and no page is dirty, the LBAs
 * hold what a reader gets.
 */
int kcsd_sources_renew(struct kcsd_sources *s, struct kcsd_error *err)
{
	int ret = -EAGAIN, try;

	for (try = 0; ret == -EAGAIN && try < MAX_TRIES; try++) {
		if (try)
			pause_ms(FIRST_PAUSE_MS << (try - 1));
		ret = delete_list(s);
		if (ret > 0 && ret != KCSD_SC_INVALID_SOURCE_LIST)
			return kcsd_error_set(err, ret, "the list of sources is in use: %s",
					      kcsd_error_text(ret));
		ret = map_files(s, err);
		if (!ret)
			ret = send_maps(s, err);
		if (!ret)
			ret = validate_files(s, err);
	}
	return ret;
}

bool kcsd_sources_is_wanted(const struct kcsd_sources *s)
{
	const struct file *file;

	for (file = s ? s->file : NULL; file && file < s->file + s->nr; file++)
		if (file->leased && kcsd_file_is_wanted(file->fd))
			return true;
	return false;
}

bool kcsd_sources_are_written(const struct kcsd_sources *s)
{
	const struct file *file;

	for (file = s->file; file < s->file + s->nr; file++)
		if (file->write)
			return true;
	return false;
}

bool kcsd_sources_are_leased(const struct kcsd_sources *s)
{
	const struct file *file;

	for (file = s->file; file < s->file + s->nr; file++)
		if (file->write && !file->leased)
			return false;
	return true;
}

int kcsd_sources_settle(struct kcsd_sources *s, struct kcsd_error *err)
{
	struct kcsd_error *first = err;
	struct file *file;
	int ret = 0, one;

	for (file = s->file; file < s->file + s->nr; file++) {
		one = settle_file(file, first);
		if (!one || ret)
			continue;
		ret = one;
		first = NULL;
	}
	return ret;
}

static int validate_opts(const struct kcsd_sources_opts *o, struct kcsd_error *err)
{
	uint32_t i;

	if ((!o->nr_fds || !o->fds) && !o->nr_keys)
		return kcsd_error_set(err, -EINVAL, "sources: there is no file");
	if ((o->nr_fds && !o->fds) || (o->nr_keys && !o->keys))
		return kcsd_error_set(err, -EINVAL, "sources: a number of %s without an address",
				      o->nr_fds && !o->fds ? "files" : "keys");
	if (o->nr_keys > KCSD_MAX_SOURCES)
		return kcsd_error_set(err, -E2BIG, "sources: at most %u objects are possible",
				      KCSD_MAX_SOURCES);
	for (i = 0; i < o->nr_keys; i++)
		if (!o->keys[i].len || o->keys[i].len > KCSD_KV_MAX_KEY)
			return kcsd_error_set(err, -EINVAL, "sources: key %u has %s", i,
					      o->keys[i].len ? "too many bytes" : "no bytes");
	if (o->nr_fds > KCSD_MAX_SOURCES)
		return kcsd_error_set(err, -E2BIG, "sources: at most %u files are possible",
				      KCSD_MAX_SOURCES);
	if (o->flags & ~KCSD_SOURCES_NO_CLONE)
		return kcsd_error_set(err, -EINVAL, "sources: no such flag: %#x", o->flags);
	for (i = 0; o->write && i < o->nr_fds; i++)
		if (o->write[i] > 1)
			return kcsd_error_set(err, -EINVAL, "sources: write is 0 or 1");
	return 0;
}

/* Copy the keys, with zeroes behind them. */
static int copy_keys(struct kcsd_sources *s, const struct kcsd_sources_opts *o)
{
	uint32_t i;

	if (!o->nr_keys)
		return 0;
	s->keys = calloc(o->nr_keys, sizeof(*s->keys));
	if (!s->keys)
		return -ENOMEM;
	for (i = 0; i < o->nr_keys; i++)
		kcsd_kv_key_set(&s->keys[i], o->keys[i].key, o->keys[i].len);
	s->nr_keys = o->nr_keys;
	return 0;
}

int kcsd_sources_create(struct kcsd_drive *drv, const struct kcsd_sources_opts *opts,
			struct kcsd_sources **sources, struct kcsd_error *err)
{
	struct kcsd_sources_opts o;
	struct kcsd_sources *s;
	uint32_t i;
	int ret;

	*sources = NULL;
	ret = opts ? kcsd_opts_copy(&o, sizeof(o), opts) : -EINVAL;
	if (ret)
		return kcsd_error_set(err, ret, "kcsd_sources_opts: impossible size");
	ret = validate_opts(&o, err);
	if (ret)
		return ret;
	s = calloc(1, sizeof(*s) + o.nr_fds * sizeof(*s->file));
	if (!s)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	s->drv = drv;
	s->flags = o.flags;
	s->nr = o.nr_fds;
	for (i = 0; i < s->nr; i++)
		s->file[i] = (struct file){
			.fd = o.fds[i], .clone = -1, .write = o.write && o.write[i],
		};
	ret = copy_keys(s, &o);
	if (ret)
		kcsd_error_set(err, ret, "out of memory");
	else
		ret = kcsd_sources_renew(s, err);
	if (ret) {
		kcsd_sources_destroy(s);
		return ret;
	}
	*sources = s;
	return 0;
}

uint64_t kcsd_sources_len(const struct kcsd_sources *s)
{
	return s->len;
}

uint64_t kcsd_sources_sent(const struct kcsd_sources *s)
{
	return s->sent;
}

const struct kcsd_kv_key *kcsd_sources_key(const struct kcsd_sources *s, uint64_t source)
{
	uint64_t first = 0;
	uint32_t i;

	for (i = 0; i < s->nr; i++)
		first += s->file[i].map ? s->file[i].map->nr : 0;
	return source >= first && source - first < s->nr_keys ? &s->keys[source - first] : NULL;
}

uint32_t kcsd_sources_slid(const struct kcsd_sources *s)
{
	return s->slid;
}

const struct kcsd_drive *kcsd_sources_of(const struct kcsd_sources *s)
{
	return s->drv;
}

void kcsd_sources_destroy(struct kcsd_sources *s)
{
	uint32_t i;

	if (!s)
		return;
	kcsd_sources_settle(s, NULL);
	delete_list(s);
	if (s->slid)
		put_slid(s);
	for (i = 0; i < s->nr; i++)
		forget_file(&s->file[i]);
	free(s->keys);
	free(s);
}

int kcsd_sources_drive(int fd, char name[16], struct kcsd_error *err)
{
	struct kcsd_file_device dev;
	int ret = kcsd_path_device_find(fd, &dev, err);

	if (!ret)
		snprintf(name, 16, "kcsd%u", dev.index);
	return ret;
}
