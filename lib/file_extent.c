// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Turn extents of FIEMAP into sources. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_map.h"

#define FLAGS_KNOWN \
	(FIEMAP_EXTENT_LAST | FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | \
	 FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_DATA_ENCRYPTED | FIEMAP_EXTENT_NOT_ALIGNED | \
	 FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_DATA_TAIL | FIEMAP_EXTENT_UNWRITTEN | \
	 FIEMAP_EXTENT_MERGED | FIEMAP_EXTENT_SHARED)

/*
 * Meaning of each flag for a map; the first that is set decides. LAST is not used, because a file
 * ends with its size. MERGED (block maps of ext3) and SHARED (clones) are extents like others.
 */
static const struct {
	uint32_t flag;
	int ret;		/* 0: a source of this type */
	uint8_t type;
	const char *text;
} decisions[] = {
	{ ~FLAGS_KNOWN, -EOPNOTSUPP, 0,
	  "has flags that are not known: a newer libkcsd may know them" },
	{ FIEMAP_EXTENT_DATA_ENCRYPTED, -EOPNOTSUPP, 0,
	  "is encrypted: copy the file to a directory that is not encrypted" },
	/* Inline bytes are read by the host, compressed or not. */
	{ FIEMAP_EXTENT_DATA_INLINE, 0, KCSD_SOURCE_BYTES, NULL },
	{ FIEMAP_EXTENT_DELALLOC, -EAGAIN, 0,
	  "has no place on the device yet: sync the file again, it is being written" },
	{ FIEMAP_EXTENT_ENCODED, -EOPNOTSUPP, 0,
	  "is compressed: write the file again without compression" },
	{ FIEMAP_EXTENT_DATA_TAIL, -EOPNOTSUPP, 0,
	  "shares a block with other files (tail packing): mount without it and copy the file" },
	{ FIEMAP_EXTENT_UNKNOWN, -EOPNOTSUPP, 0, "has a place that the filesystem does not tell" },
	{ FIEMAP_EXTENT_UNWRITTEN, 0, KCSD_SOURCE_ZEROES, NULL },
	{ FIEMAP_EXTENT_NOT_ALIGNED, -EOPNOTSUPP, 0,
	  "does not begin or end with a block of the filesystem" },
};

/* Find the type of the source, or refuse the extent. */
static int decide(const struct fiemap_extent *e, uint8_t *type, struct kcsd_error *err)
{
	size_t i;

	*type = KCSD_SOURCE_LBAS;
	for (i = 0; i < ARRAY_SIZE(decisions); i++) {
		if (!(e->fe_flags & decisions[i].flag))
			continue;
		if (decisions[i].ret)
			return kcsd_error_set(err, decisions[i].ret, "the extent at byte %" PRIu64
					      " (flags 0x%x) %s", (uint64_t)e->fe_logical,
					      e->fe_flags, decisions[i].text);
		*type = decisions[i].type;
		return 0;
	}
	return 0;
}

/*
 * Refuse the extent for programs that write: an unwritten one would go on to read as zeroes, a
 * shared one is also of other files.
 */
static int decide_write(const struct kcsd_file_walk *w, const struct fiemap_extent *e, uint8_t type)
{
	const char *text = NULL;

	if (type == KCSD_SOURCE_ZEROES)
		text = "has not been written yet: write to it first";
	else if (type == KCSD_SOURCE_BYTES)
		text = "lies among the metadata of the filesystem: make the file larger";
	else if (e->fe_flags & FIEMAP_EXTENT_SHARED)
		text = "is shared with a clone or snapshot: copy the file";
	if (!text)
		return 0;
	return kcsd_error_set(w->err, -EOPNOTSUPP, "the extent at byte %" PRIu64 " cannot be "
			      "written in place: it %s", (uint64_t)e->fe_logical, text);
}

/* ---- sources ---- */

/* True if a source continues the last one. */
static bool continues(const struct kcsd_file_walk *w, uint8_t type, uint64_t start)
{
	const struct kcsd_source *last;
	uint64_t len;

	if (!w->map->nr)
		return false;
	last = &w->map->sources[w->map->nr - 1];
	len = le64toh(last->len);
	if (last->type != type)
		return false;
	switch (type) {
	case KCSD_SOURCE_LBAS:
		return len % w->map->dev.lba_size == 0 &&
		       le64toh(last->start) + len / w->map->dev.lba_size == start;
	case KCSD_SOURCE_BYTES:
		return le64toh(last->start) + len == start;
	}
	return true;
}

static int make_room(struct kcsd_file_walk *w)
{
	struct kcsd_source *sources;
	uint32_t room;

	if (w->map->nr < w->room)
		return 0;
	if (w->map->nr == KCSD_MAX_SOURCES)
		return kcsd_error_set(w->err, -E2BIG, "the file is in more than %u pieces, the "
				      "most that a drive takes: defragment it or copy it",
				      KCSD_MAX_SOURCES);
	room = w->room ? MIN(w->room * 2, KCSD_MAX_SOURCES) : 16;
	sources = realloc(w->map->sources, room * sizeof(*sources));
	if (!sources)
		return kcsd_error_set(w->err, -ENOMEM, "no memory for %u sources", room);
	w->map->sources = sources;
	w->room = room;
	return 0;
}

/* Add len bytes at w->pos. */
static int add(struct kcsd_file_walk *w, uint8_t type, uint64_t start, uint64_t len)
{
	struct kcsd_source *last;
	int ret;

	if (continues(w, type, start)) {
		last = &w->map->sources[w->map->nr - 1];
		last->len = htole64(le64toh(last->len) + len);
	} else {
		ret = make_room(w);
		if (ret)
			return ret;
		w->map->sources[w->map->nr++] = (struct kcsd_source){
			.start = htole64(start), .len = htole64(len), .type = type,
			.access = KCSD_GRANT_READ | (w->map->write ? KCSD_GRANT_WRITE : 0),
		};
	}
	w->pos += len;
	return 0;
}

/* ---- own bytes ---- */

static int make_bytes_room(struct kcsd_file_walk *w, uint64_t len)
{
	uint8_t *bytes;
	uint64_t room;

	if (len > KCSD_MAX_SOURCE_BYTES - w->map->bytes_len)
		return kcsd_error_set(w->err, -E2BIG, "the file has more than %u bytes of inline "
				      "data",
				      KCSD_MAX_SOURCE_BYTES);
	room = w->map->bytes_len + len;
	if (room <= w->bytes_room)
		return 0;
	bytes = realloc(w->map->bytes, room);
	if (!bytes)
		return kcsd_error_set(w->err, -ENOMEM, "no memory for %" PRIu64 " bytes", room);
	w->map->bytes = bytes;
	w->bytes_room = room;
	return 0;
}

/* Read inline bytes up to end. */
static int take_bytes(struct kcsd_file_walk *w, uint64_t end)
{
	uint64_t len = end - w->pos, have;
	uint32_t start = w->map->bytes_len;
	ssize_t n;
	int ret;

	ret = make_bytes_room(w, len);
	if (ret)
		return ret;
	for (have = 0; have < len; have += n) {
		n = pread(w->fd, w->map->bytes + start + have, len - have, w->pos + have);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return kcsd_error_set(w->err, -errno, "reading inline bytes: %s",
					      strerror(errno));
		else if (!n)
			return kcsd_error_set(w->err, -EAGAIN, "the file became shorter while it "
					      "was mapped");
	}
	w->map->bytes_len += len;
	return add(w, KCSD_SOURCE_BYTES, start, len);
}

/* ---- LBAs ---- */

static int refuse_unaligned(struct kcsd_file_walk *w, uint64_t physical, uint64_t len)
{
	return kcsd_error_set(w->err, -EOPNOTSUPP, "the extent at byte %" PRIu64 " (byte %" PRIu64
			      " of /dev/%s, %" PRIu64 " bytes) is not aligned to LBAs of %u bytes",
			      w->pos, physical, w->map->dev.name, len, w->map->dev.lba_size);
}

/* Add len bytes that lie together on the device. */
static int take_piece(struct kcsd_file_walk *w, uint64_t physical, uint64_t len)
{
	const struct kcsd_file_device *dev = &w->map->dev;
	uint64_t lbas = (len + dev->lba_size - 1) / dev->lba_size;

	if (physical % dev->lba_size || (len % dev->lba_size && w->pos + len != w->size))
		return refuse_unaligned(w, physical, len);
	if (physical > dev->size || lbas * dev->lba_size > dev->size - physical)
		return kcsd_error_set(w->err, -EOPNOTSUPP, "the extent at byte %" PRIu64 " lies at "
				      "byte %" PRIu64 ", outside of /dev/%s: the filesystem has "
				      "several devices or is damaged", w->pos, physical, dev->name);
	return add(w, KCSD_SOURCE_LBAS, (dev->offset + physical) / dev->lba_size, len);
}

/* Add the bytes from w->pos up to end, of which the first is at address. */
static int take_lbas(struct kcsd_file_walk *w, uint64_t address, uint64_t end)
{
	uint64_t physical, len;
	int ret = 0;

	while (!ret && w->pos < end) {
		physical = address;
		len = end - w->pos;
		if (w->type->translate) {
			ret = w->type->translate(w, address, &physical, &len);
			if (ret)
				return ret;
		}
		ret = take_piece(w, physical, len);
		address += len;
	}
	return ret;
}

int kcsd_file_hole_take(struct kcsd_file_walk *w, uint64_t end)
{
	if (end <= w->pos)
		return 0;
	if (w->map->write)
		return kcsd_error_set(w->err, -EOPNOTSUPP, "the file has a hole at byte %" PRIu64
				      ", which cannot be written in place: write to it first",
				      w->pos);
	return add(w, KCSD_SOURCE_ZEROES, 0, end - w->pos);
}

int kcsd_file_extent_take(struct kcsd_file_walk *w, const struct fiemap_extent *e)
{
	uint64_t end, address;
	uint8_t type;
	int ret;

	if (__builtin_add_overflow(e->fe_logical, e->fe_length, &end) ||
	    e->fe_physical > UINT64_MAX - e->fe_length)
		return kcsd_error_set(w->err, -EIO, "the filesystem reports an impossible extent");
	if (end <= w->pos || !e->fe_length)
		return kcsd_error_set(w->err, -EAGAIN, "the extents changed while the file was "
				      "mapped");
	ret = kcsd_file_hole_take(w, MIN(e->fe_logical, w->size));
	if (ret || w->pos >= w->size)
		return ret;
	end = MIN(end, w->size);
	ret = decide(e, &type, w->err);
	if (!ret && w->map->write)
		ret = decide_write(w, e, type);
	if (ret)
		return ret;
	switch (type) {
	case KCSD_SOURCE_ZEROES:
		return kcsd_file_hole_take(w, end);
	case KCSD_SOURCE_BYTES:
		return take_bytes(w, end);
	}
	address = e->fe_physical + (w->pos - e->fe_logical);
	return take_lbas(w, address, end);
}
