// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Chunks of btrfs: from logical addresses to places on the device. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/btrfs_tree.h>

#include "file_map.h"

#define MAX_CHUNKS	(1 << 22)	/* 1 PiB of zones of 256 MiB */

struct chunk {
	uint64_t logical;
	uint64_t len;
	uint64_t flags;		/* BTRFS_BLOCK_GROUP_* */
	uint64_t devid;		/* of the first stripe */
	uint64_t physical;	/* of the first stripe */
	uint32_t nr_stripes;
};

struct kcsd_chunks {
	uint32_t nr;
	uint32_t room;
	struct chunk chunk[];	/* ascending, without overlap */
};

static int make_room(struct kcsd_chunks **chunks)
{
	struct kcsd_chunks *c = *chunks;
	uint32_t room;

	if (c && c->nr < c->room)
		return 0;
	if (c && c->nr >= MAX_CHUNKS)
		return -E2BIG;
	room = c ? c->room * 2 : 64;
	c = realloc(c, sizeof(*c) + room * sizeof(c->chunk[0]));
	if (!c)
		return -ENOMEM;
	if (!*chunks)
		c->nr = 0;
	c->room = room;
	*chunks = c;
	return 0;
}

int kcsd_chunks_add(struct kcsd_chunks **chunks, uint64_t logical, const void *item, size_t len)
{
	const struct chunk *last;
	struct btrfs_chunk disk;
	struct chunk c;
	int ret;

	if (len < sizeof(disk))
		return -EINVAL;
	memcpy(&disk, item, sizeof(disk));
	c = (struct chunk){
		.logical = logical,
		.len = le64toh(disk.length),
		.flags = le64toh(disk.type),
		.devid = le64toh(disk.stripe.devid),
		.physical = le64toh(disk.stripe.offset),
		.nr_stripes = le16toh(disk.num_stripes),
	};
	if (!c.len || !c.nr_stripes || c.len > UINT64_MAX - logical ||
	    c.len > UINT64_MAX - c.physical)
		return -EINVAL;
	ret = make_room(chunks);
	if (ret)
		return ret;
	last = (*chunks)->nr ? &(*chunks)->chunk[(*chunks)->nr - 1] : NULL;
	if (last && logical < last->logical + last->len)
		return -EINVAL;
	(*chunks)->chunk[(*chunks)->nr++] = c;
	return 0;
}

/* Find the chunk that contains a logical address, or NULL. */
static const struct chunk *find(const struct kcsd_chunks *chunks, uint64_t logical)
{
	uint32_t low = 0, high = chunks ? chunks->nr : 0, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (chunks->chunk[mid].logical + chunks->chunk[mid].len <= logical)
			low = mid + 1;
		else
			high = mid;
	}
	if (!chunks || low == chunks->nr || logical < chunks->chunk[low].logical)
		return NULL;
	return &chunks->chunk[low];
}

static const char *profile_name(uint64_t flags)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} profiles[] = {
		{ BTRFS_BLOCK_GROUP_RAID0, "RAID0" }, { BTRFS_BLOCK_GROUP_RAID1, "RAID1" },
		{ BTRFS_BLOCK_GROUP_DUP, "DUP" }, { BTRFS_BLOCK_GROUP_RAID10, "RAID10" },
		{ BTRFS_BLOCK_GROUP_RAID5, "RAID5" }, { BTRFS_BLOCK_GROUP_RAID6, "RAID6" },
		{ BTRFS_BLOCK_GROUP_RAID1C3, "RAID1C3" }, { BTRFS_BLOCK_GROUP_RAID1C4, "RAID1C4" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(profiles); i++)
		if (flags & profiles[i].flag)
			return profiles[i].name;
	return "unknown";
}

/* Refuse all but data on one stripe of this device. */
static int check(const struct chunk *c, uint64_t devid, struct kcsd_error *err)
{
	const uint64_t single = BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_METADATA;

	if (c->flags & ~single || c->nr_stripes != 1)
		return kcsd_error_set(err, -EOPNOTSUPP, "data of the file has the btrfs profile "
				      "%s, only \"single\" can be mapped: btrfs balance start "
				      "-dconvert=single", profile_name(c->flags));
	if (!(c->flags & BTRFS_BLOCK_GROUP_DATA))
		return kcsd_error_set(err, -EIO, "an extent of the file lies in a chunk of btrfs "
				      "that is not for data");
	if (c->devid != devid)
		return kcsd_error_set(err, -EOPNOTSUPP, "data of the file is on another device of "
				      "this btrfs (devid %" PRIu64 "): only one device can be "
				      "mapped",
				      c->devid);
	return 0;
}

int kcsd_chunks_translate(const struct kcsd_chunks *chunks, uint64_t devid, uint64_t logical,
			  uint64_t *physical, uint64_t *len, struct kcsd_error *err)
{
	const struct chunk *c = find(chunks, logical);
	int ret;

	if (!c)
		return kcsd_error_set(err, -EAGAIN, "btrfs has no chunk at address %" PRIu64 ": it "
				      "changed while the file was mapped", logical);
	ret = check(c, devid, err);
	if (ret)
		return ret;
	*physical = c->physical + (logical - c->logical);
	*len = MIN(*len, c->logical + c->len - logical);
	return 0;
}

void kcsd_chunks_free(struct kcsd_chunks *chunks)
{
	free(chunks);
}
