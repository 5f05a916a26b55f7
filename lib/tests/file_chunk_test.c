// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Chunks of btrfs: from its addresses to those of the device. */
#include <errno.h>
#include <linux/btrfs_tree.h>

#include "tap.h"
#include "walk.h"

static struct btrfs_chunk chunk(uint64_t length, uint64_t flags, uint64_t devid, uint64_t offset)
{
	return (struct btrfs_chunk){
		.length = htole64(length), .type = htole64(flags), .num_stripes = htole16(1),
		.stripe = { .devid = htole64(devid), .offset = htole64(offset) },
	};
}

static int add_chunk(struct kcsd_chunks **chunks, uint64_t logical, struct btrfs_chunk c)
{
	return kcsd_chunks_add(chunks, logical, &c, sizeof(c));
}

static void test_chunks(void)
{
	const uint64_t data = BTRFS_BLOCK_GROUP_DATA;
	struct kcsd_chunks *chunks = NULL;
	struct btrfs_chunk c = chunk(4096, data, 1, 0);
	struct kcsd_file_walk w;
	uint64_t physical, len;

	IS(kcsd_chunks_add(&chunks, 0, &c, sizeof(c) - 1), -EINVAL, "chunk: too short");
	IS(add_chunk(&chunks, 0, chunk(0, data, 1, 0)), -EINVAL, "chunk: no bytes");
	IS(add_chunk(&chunks, UINT64_MAX - 5, chunk(4096, data, 1, 0)), -EINVAL, "chunk: too far");
	IS(add_chunk(&chunks, 0, chunk(4096, data, 1, UINT64_MAX - 5)), -EINVAL,
	   "chunk: too far on the device");
	c.num_stripes = 0;
	IS(add_chunk(&chunks, 0, c), -EINVAL, "chunk: no stripe");
	IS(kcsd_chunks_translate(chunks, 1, 0, &physical, &len, &err), -EAGAIN, "no chunks");
	IS(add_chunk(&chunks, 1 << 20, chunk(65536, data, 1, 8 << 20)), 0, "chunk");
	IS(add_chunk(&chunks, (1 << 20) + 65536, chunk(65536, data, 1, 4 << 20)), 0, "next chunk");
	IS(add_chunk(&chunks, (1 << 20) + 65536, chunk(65536, data, 1, 4 << 20)), -EINVAL,
	   "chunk: again");
	begin_walk(&w, 0);
	len = 1 << 20;
	IS(kcsd_chunks_translate(chunks, 1, (1 << 20) + 4096, &physical, &len, &err), 0, "inside");
	OK(physical == (8 << 20) + 4096 && len == 65536 - 4096, "inside: ends with its chunk");
	len = 4096;
	IS(kcsd_chunks_translate(chunks, 1, (1 << 20) + 65536, &physical, &len, &err), 0, "next");
	OK(physical == 4 << 20 && len == 4096, "next: no more than asked for");
	IS(kcsd_chunks_translate(chunks, 1, (1 << 20) - 1, &physical, &len, &err), -EAGAIN,
	   "before all chunks");
	IS(kcsd_chunks_translate(chunks, 1, (1 << 20) + 131072, &physical, &len, &err), -EAGAIN,
	   "after all chunks");
	SAYS(err.text, "no chunk at address 1179648");
	IS(kcsd_chunks_translate(chunks, 2, 1 << 20, &physical, &len, &err), -EOPNOTSUPP,
	   "another device");
	SAYS(err.text, "another device of this btrfs (devid 1)");
	end_walk(&w);
	kcsd_chunks_free(chunks);
}

static void test_profiles(void)
{
	static const struct {
		uint64_t flags;
		int ret;
		const char *text;
	} cases[] = {
		{ BTRFS_BLOCK_GROUP_DATA, 0, "" },
		{ BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_METADATA, 0, "" },
		{ BTRFS_BLOCK_GROUP_METADATA, -EIO, "not for data" },
		{ BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_DUP, -EOPNOTSUPP, "profile DUP" },
		{ BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_RAID0, -EOPNOTSUPP, "RAID0" },
		{ BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_RAID1, -EOPNOTSUPP, "RAID1" },
		{ BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_RAID10, -EOPNOTSUPP, "RAID10" },
		{ BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_RAID5, -EOPNOTSUPP, "RAID5" },
		{ BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_RAID6, -EOPNOTSUPP, "RAID6" },
		{ BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_RAID1C3, -EOPNOTSUPP, "RAID1C3" },
		{ BTRFS_BLOCK_GROUP_DATA | BTRFS_BLOCK_GROUP_RAID1C4, -EOPNOTSUPP, "RAID1C4" },
		{ BTRFS_BLOCK_GROUP_DATA | 1ull << 40, -EOPNOTSUPP, "profile unknown" },
	};
	uint64_t physical, len = 1;
	struct kcsd_chunks *chunks;
	struct btrfs_chunk c;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		chunks = NULL;
		add_chunk(&chunks, 0, chunk(65536, cases[i].flags, 1, 0));
		IS(kcsd_chunks_translate(chunks, 1, 0, &physical, &len, &err), cases[i].ret,
		   "profile 0x%" PRIx64, cases[i].flags);
		if (cases[i].ret)
			SAYS(err.text, cases[i].text);
		kcsd_chunks_free(chunks);
	}
	chunks = NULL;
	c = chunk(65536, BTRFS_BLOCK_GROUP_DATA, 1, 0);
	c.num_stripes = htole16(2);
	add_chunk(&chunks, 0, c);
	IS(kcsd_chunks_translate(chunks, 1, 0, &physical, &len, &err), -EOPNOTSUPP, "two stripes");
	kcsd_chunks_free(chunks);
}

static int translate(struct kcsd_file_walk *w, uint64_t logical, uint64_t *physical, uint64_t *len)
{
	return kcsd_chunks_translate(w->chunks, 1, logical, physical, len, w->err);
}

/* btrfs reports one extent where two chunks follow each other. */
static void test_split(void)
{
	static const struct kcsd_file_type type = { .name = "btrfs", .translate = translate };
	struct kcsd_file_walk w;
	struct fiemap_extent e;

	begin_walk(&w, 65536);
	w.type = &type;
	add_chunk(&w.chunks, 1 << 20, chunk(65536, BTRFS_BLOCK_GROUP_DATA, 1, 8 << 20));
	add_chunk(&w.chunks, (1 << 20) + 65536, chunk(65536, BTRFS_BLOCK_GROUP_DATA, 1, 4 << 20));
	e = extent(0, (1 << 20) + 65536 - 8192, 12288, 0);
	IS(kcsd_file_extent_take(&w, &e), 0, "an extent in two chunks");
	has_sources(&w, "L2062+8192 L1024+4096", "an extent in two chunks: two sources");
	e = extent(12288, (1 << 20) + 131072 - 4096, 8192, 0);
	IS(kcsd_file_extent_take(&w, &e), -EAGAIN, "an extent beyond the chunks");
	end_walk(&w);
}

int main(void)
{
	test_chunks();
	test_profiles();
	test_split();
	return tap_end();
}
