// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "disk.h"

static u64 random_state;

void seed(u64 n)
{
	random_state = n;
}

/* Returns the upper bits of a linear congruential generator. */
u32 below(u32 n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (u32)(random_state >> 33) % n;
}

static struct disk *to_disk(struct kcsd_sidecar_io *io)
{
	return (struct disk *)((char *)io - offsetof(struct disk, io));
}

static void bounds(struct disk *d, u64 pos, u32 len)
{
	if (pos % KCSD_SIDECAR_SECTOR || len % KCSD_SIDECAR_SECTOR || !len || len > d->len ||
	    pos > d->len - len) {
		fprintf(stderr, "%u bytes at %llu of a file of %llu\n", len,
			(unsigned long long)pos, (unsigned long long)d->len);
		abort();
	}
}

static int disk_read(struct kcsd_sidecar_io *io, u64 pos, void *to, u32 len)
{
	struct disk *d = to_disk(io);

	bounds(d, pos, len);
	if (++d->reads == d->fail_read)
		return d->error;
	memcpy(to, d->now + pos, len);
	return 0;
}

static bool fails(struct disk *d)
{
	d->calls++;
	return d->fail_at && d->calls >= d->fail_at && d->calls <= d->fail_until;
}

/* Write, or fail after the first half of the data. */
static int disk_write(struct kcsd_sidecar_io *io, u64 pos, const void *from, u32 len)
{
	struct disk *d = to_disk(io);
	bool failed = fails(d);
	u32 at;

	bounds(d, pos, len);
	if (failed)
		len = len / 2 / KCSD_SIDECAR_SECTOR * KCSD_SIDECAR_SECTOR;
	memcpy(d->now + pos, from, len);
	for (at = 0; at < len; at += KCSD_SIDECAR_SECTOR) {
		struct pending *w = &d->write[d->pending++];

		if (d->pending > DISK_MAX_PENDING)
			abort();
		w->sector = (pos + at) / KCSD_SIDECAR_SECTOR;
		memcpy(w->data, (const u8 *)from + at, KCSD_SIDECAR_SECTOR);
	}
	return failed ? d->error : 0;
}

/* Sync, or fail. After a failure all pending writes stay pending, whatever has reached the disk. */
static int disk_sync(struct kcsd_sidecar_io *io)
{
	struct disk *d = to_disk(io);

	d->syncs++;
	if (d->on_sync)
		d->on_sync(d, d->arg);
	if (fails(d))
		return d->error;
	memcpy(d->stable, d->now, d->len);
	d->pending = 0;
	return 0;
}

static u64 disk_skip(struct kcsd_sidecar_io *io, u64 pos)
{
	struct disk *d = to_disk(io);

	while (pos < d->len && !d->now[pos])
		pos++;
	return pos;
}

static u64 disk_random(struct kcsd_sidecar_io *io)
{
	(void)io;
	return (u64)below(1u << 30) << 30 | below(1u << 30);
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

struct disk *disk_create(u64 len)
{
	struct disk *d = must(malloc(sizeof(*d)));

	memset(d, 0, sizeof(*d));
	d->io = (struct kcsd_sidecar_io){
		.read = disk_read, .write = disk_write, .sync = disk_sync,
		.skip = disk_skip, .random = disk_random,
	};
	d->len = len;
	d->stable = memset(must(malloc(len)), 0, len);
	d->now = memset(must(malloc(len)), 0, len);
	return d;
}

void disk_destroy(struct disk *d)
{
	free(d->stable);
	free(d->now);
	free(d);
}

struct disk *disk_copy(const struct disk *d)
{
	struct disk *copy = disk_create(d->len);

	memcpy(copy->now, d->now, d->len);
	memcpy(copy->stable, d->now, d->len);
	return copy;
}

struct disk *disk_cut(const struct disk *d, bool (*keep)(void *arg, u32 i), void *arg)
{
	struct disk *cut = disk_create(d->len);
	u32 i;

	memcpy(cut->now, d->stable, d->len);
	for (i = 0; i < d->pending; i++)
		if (keep(arg, i))
			memcpy(cut->now + d->write[i].sector * KCSD_SIDECAR_SECTOR,
			       d->write[i].data, KCSD_SIDECAR_SECTOR);
	memcpy(cut->stable, cut->now, d->len);
	return cut;
}
