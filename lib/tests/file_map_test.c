// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Maps of files, as far as they need no drive: fake answers of FIEMAP, fake sysfs, chunks. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/btrfs_tree.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file_map.h"
#include "tap.h"

#define LBA	4096u
#define FIRST	(1 << 20)	/* byte of the device where extents of these tests begin */

static char root[] = "/tmp/libkcsd-map-XXXXXX";
static struct kcsd_error err;

/* ---- a walk without a file ---- */

static const struct kcsd_file_type plain = { .name = "plain" };

static void begin_walk(struct kcsd_file_walk *w, uint64_t size)
{
	memset(&err, 0, sizeof(err));
	*w = (struct kcsd_file_walk){ .fd = -1, .size = size, .type = &plain, .err = &err };
	w->map = calloc(1, sizeof(*w->map));
	w->map->dev = (struct kcsd_file_device){ .name = "kcsd0n1", .lba_size = LBA,
						 .size = 1ull << 40 };
}

static void end_walk(struct kcsd_file_walk *w)
{
	kcsd_chunks_free(w->chunks);
	kcsd_file_map_free(w->map);
}

/* Compare the sources with a text, "L256+8192 Z0+4096 B0+10": LBAs, zeroes, bytes; start+length. */
static void has_sources(const struct kcsd_file_walk *w, const char *wanted, const char *what)
{
	char text[512] = "";
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < w->map->nr && len < sizeof(text); i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%c%" PRIu64 "+%" PRIu64,
				i ? " " : "", "LZB"[w->map->sources[i].type],
				le64toh(w->map->sources[i].start),
				le64toh(w->map->sources[i].len));
	IS_TEXT(text, wanted, "%s", what);
}

static struct fiemap_extent extent(uint64_t logical, uint64_t physical, uint64_t length,
				   uint32_t flags)
{
	return (struct fiemap_extent){ .fe_logical = logical, .fe_physical = physical,
				       .fe_length = length, .fe_flags = flags };
}

/* ---- FIEMAP, fake ---- */

static struct {
	const struct fiemap_extent *extents;	/* NULL: every other block, without end */
	uint32_t nr;
	uint32_t per_call;	/* extents of one answer; 0: all that fit */
	uint32_t calls;
	uint32_t flags;		/* fm_flags of the last call */
	int error;		/* of the second call */
	uint32_t lie;		/* fm_mapped_extents of all answers, if not 0 */
} fake;

static void answer(struct fiemap *fm, const struct fiemap_extent *e)
{
	fm->fm_extents[fm->fm_mapped_extents++] = *e;
}

static int fake_fiemap(int fd, struct fiemap *fm)
{
	uint32_t i, room = fm->fm_extent_count;
	struct fiemap_extent e;
	uint64_t at;

	(void)fd;
	fake.calls++;
	fake.flags = fm->fm_flags;
	if (fake.error && fake.calls == 2) {
		errno = fake.error;
		return -1;
	}
	if (fake.per_call && fake.per_call < room)
		room = fake.per_call;
	for (i = 0; i < fake.nr && fm->fm_mapped_extents < room; i++)
		if (fake.extents[i].fe_logical + fake.extents[i].fe_length > fm->fm_start)
			answer(fm, &fake.extents[i]);
	if (!fake.extents) {
		at = (fm->fm_start + 2 * LBA - 1) / (2 * LBA) * 2 * LBA;
		for (i = 0; i < room && at < fm->fm_start + fm->fm_length; i++, at += 2 * LBA) {
			e = extent(at, FIRST + at, LBA, 0);
			answer(fm, &e);
		}
	}
	if (fake.lie)
		fm->fm_mapped_extents = fake.lie;
	return 0;
}

static int walk_fake(struct kcsd_file_walk *w, const struct fiemap_extent *extents, uint32_t nr)
{
	fake.extents = extents;
	fake.nr = nr;
	fake.calls = 0;
	return kcsd_file_walk_extents(w, fake_fiemap);
}

static void test_walk(void)
{
	const struct fiemap_extent extents[] = {
		extent(0, FIRST, 8192, 0),
		extent(8192, FIRST + 8192, 4096, FIEMAP_EXTENT_MERGED),
		extent(16384, FIRST + 65536, 4096, FIEMAP_EXTENT_SHARED),
		extent(20480, FIRST + 69632, 4096, FIEMAP_EXTENT_UNWRITTEN),
		extent(28672, FIRST + 8192, 8192, FIEMAP_EXTENT_LAST),
	};
	const char *all = "L256+12288 Z0+4096 L272+4096 Z0+8192 L258+5000";
	const char *longer = "L256+12288 Z0+4096 L272+4096 Z0+8192 L258+8192 Z0+63136";
	struct kcsd_file_walk w;
	uint32_t per_call;

	for (per_call = 0; per_call < 4; per_call++) {
		fake.per_call = per_call;
		begin_walk(&w, 33672);
		IS(walk_fake(&w, extents, 5), 0, "walk, %u in each answer", per_call);
		has_sources(&w, all, "  its sources, merged, zeroes in holes, up to the size");
		end_walk(&w);
	}
	fake.per_call = 2;
	begin_walk(&w, 100000);
	IS(walk_fake(&w, extents, 5), 0, "walk, a hole at the end");
	has_sources(&w, longer, "  its sources");
	end_walk(&w);
	fake.per_call = 0;
	begin_walk(&w, 0);
	IS(walk_fake(&w, extents, 5), 0, "walk, no bytes");
	IS(w.map->nr, 0, "  it has no sources");
	IS(fake.calls, 0, "  the filesystem was not asked");
	end_walk(&w);
	begin_walk(&w, 77777);
	IS(walk_fake(&w, extents, 0), 0, "walk, a hole only");
	has_sources(&w, "Z0+77777", "  its sources");
	end_walk(&w);
}

static void test_walk_fails(void)
{
	static const struct kcsd_file_type syncs = { .name = "syncs",
						     .map_flags = FIEMAP_FLAG_SYNC };
	const struct fiemap_extent extents[] = { extent(0, FIRST, 4096, 0),
						 extent(8192, FIRST, 4096, 0) };
	const struct fiemap_extent back[] = { extent(8192, FIRST, 4096, 0),
					      extent(0, FIRST, 4096, 0) };
	struct kcsd_file_walk w;

	fake.per_call = 1;
	fake.error = EOPNOTSUPP;
	begin_walk(&w, 12288);
	w.type = &syncs;
	IS(walk_fake(&w, extents, 2), -EOPNOTSUPP, "walk, FIEMAP fails later");
	SAYS(err.text, "FIEMAP on syncs: Operation not supported");
	IS(fake.flags, FIEMAP_FLAG_SYNC, "  flags of the type were asked for");
	end_walk(&w);
	fake.error = 0;
	fake.per_call = 0;
	fake.lie = 1 << 20;
	begin_walk(&w, 12288);
	IS(walk_fake(&w, extents, 2), -EIO, "walk, more extents than there was room for");
	end_walk(&w);
	fake.lie = 0;
	begin_walk(&w, 20480);
	IS(walk_fake(&w, back, 2), -EAGAIN, "walk, extents that go back");
	SAYS(err.text, "changed while the file was mapped");
	end_walk(&w);
}

static void test_many(void)
{
	struct kcsd_file_walk w;

	begin_walk(&w, 100000ull * 2 * LBA);
	IS(walk_fake(&w, NULL, 0), 0, "100,000 extents");
	IS(w.map->nr, 200000, "  100,000 of LBAs, 100,000 of zeroes");
	IS(le64toh(w.map->sources[199998].start), (FIRST + 99999ull * 2 * LBA) / LBA,
	   "  the last extent");
	IS(fake.calls, (100000 + 2047) / 2048 + 1, "  in calls of bounded size");
	end_walk(&w);
	begin_walk(&w, KCSD_MAX_SOURCES / 2 * 2ull * LBA);
	IS(walk_fake(&w, NULL, 0), 0, "as many sources as a drive takes");
	IS(w.map->nr, KCSD_MAX_SOURCES, "  their number");
	end_walk(&w);
	begin_walk(&w, KCSD_MAX_SOURCES / 2 * 2ull * LBA + 1);
	IS(walk_fake(&w, NULL, 0), -E2BIG, "one more");
	SAYS(err.text, "more than 1048576 pieces");
	end_walk(&w);
}

/* ---- flags and places of one extent ---- */

static void test_flags(void)
{
	static const struct {
		uint32_t flags;
		int ret;
		const char *text;	/* sources, or part of the sentence */
	} cases[] = {
		{ 0, 0, "L256+4096" },
		{ FIEMAP_EXTENT_LAST, 0, "L256+4096" },
		{ FIEMAP_EXTENT_MERGED, 0, "L256+4096" },
		{ FIEMAP_EXTENT_SHARED, 0, "L256+4096" },
		{ FIEMAP_EXTENT_UNWRITTEN, 0, "Z0+4096" },
		{ FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_LAST, 0, "Z0+4096" },
		{ FIEMAP_EXTENT_DATA_INLINE, 0, "B0+4096" },
		{ FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_NOT_ALIGNED, 0, "B0+4096" },
		{ FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_ENCODED, 0, "B0+4096" },
		{ FIEMAP_EXTENT_UNKNOWN, -EOPNOTSUPP, "a place that the filesystem does not tell" },
		{ FIEMAP_EXTENT_DELALLOC, -EAGAIN, "sync the file again" },
		{ FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_UNKNOWN, -EAGAIN,
		  "no place on the device" },
		{ FIEMAP_EXTENT_ENCODED, -EOPNOTSUPP, "is compressed" },
		{ FIEMAP_EXTENT_DATA_ENCRYPTED, -EOPNOTSUPP, "is encrypted" },
		{ FIEMAP_EXTENT_DATA_ENCRYPTED | FIEMAP_EXTENT_ENCODED, -EOPNOTSUPP,
		  "is encrypted" },
		{ FIEMAP_EXTENT_DATA_ENCRYPTED | FIEMAP_EXTENT_DATA_INLINE, -EOPNOTSUPP,
		  "is encrypted" },
		{ FIEMAP_EXTENT_NOT_ALIGNED, -EOPNOTSUPP, "with a block of the filesystem" },
		{ FIEMAP_EXTENT_DATA_TAIL | FIEMAP_EXTENT_NOT_ALIGNED, -EOPNOTSUPP,
		  "tail packing" },
		{ 0x10, -EOPNOTSUPP, "(flags 0x10) has flags that are not known" },
		{ 0x80000000 | FIEMAP_EXTENT_UNWRITTEN, -EOPNOTSUPP, "flags that are not known" },
	};
	struct kcsd_file_walk w;
	struct fiemap_extent e;
	size_t i;
	int fd;

	fd = memfd_create("inline", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 4096))
		OK(false, "memfd");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_walk(&w, 8192);
		w.fd = fd;
		e = extent(0, FIRST, 4096, cases[i].flags);
		IS(kcsd_file_extent_take(&w, &e), cases[i].ret, "flags 0x%x", cases[i].flags);
		if (cases[i].ret)
			SAYS(err.text, cases[i].text);
		else
			has_sources(&w, cases[i].text, "  source");
		end_walk(&w);
	}
	close(fd);
}

static void test_places(void)
{
	static const struct {
		uint64_t logical, physical, length;
		int ret;
		const char *text;
	} cases[] = {
		{ 0, FIRST, 1ull << 40, 0, "L256+10000" },
		{ 0, FIRST, 4096, 0, "L256+4096" },
		{ 4096, FIRST, 8192, 0, "Z0+4096 L256+5904" },
		{ 4096, FIRST, 512, -EOPNOTSUPP, "is not aligned to LBAs of 4096 bytes" },
		{ 0, FIRST + 512, 4096, -EOPNOTSUPP, "byte 1049088 of /dev/kcsd0n1, 4096 bytes" },
		{ 0, FIRST + 512, 1 << 20, -EOPNOTSUPP, "is not aligned" },
		{ 0, (1ull << 40) - 4096, 4096, 0, "L268435455+4096" },
		{ 0, (1ull << 40) - 4096, 8192, -EOPNOTSUPP, "outside of /dev/kcsd0n1" },
		{ 0, (1ull << 40) - 8192, 10000, -EOPNOTSUPP, "outside of /dev/kcsd0n1" },
		{ 0, 1ull << 40, 4096, -EOPNOTSUPP, "several devices" },
		{ 0, 1ull << 62, 4096, -EOPNOTSUPP, "outside" },
		{ 0, UINT64_MAX - 4095, 8192, -EIO, "impossible" },
		{ UINT64_MAX, FIRST, 4096, -EIO, "impossible" },
		{ 0, FIRST, 0, -EAGAIN, "changed" },
		{ 16384, FIRST, 4096, 0, "Z0+10000" },
	};
	struct kcsd_file_walk w;
	struct fiemap_extent e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_walk(&w, 10000);
		e = extent(cases[i].logical, cases[i].physical, cases[i].length, 0);
		IS(kcsd_file_extent_take(&w, &e), cases[i].ret, "place %zu", i);
		if (cases[i].ret)
			SAYS(err.text, cases[i].text);
		else
			has_sources(&w, cases[i].text, "  sources");
		end_walk(&w);
	}
}

/* An extent that an answer repeats counts from where the map is. */
static void test_overlap(void)
{
	struct kcsd_file_walk w;
	struct fiemap_extent e;

	begin_walk(&w, 65536);
	e = extent(0, FIRST, 8192, 0);
	IS(kcsd_file_extent_take(&w, &e), 0, "overlap: an extent");
	e = extent(4096, FIRST + 65536, 8192, 0);
	IS(kcsd_file_extent_take(&w, &e), 0, "overlap: another that begins before its end");
	has_sources(&w, "L256+8192 L273+4096", "overlap: its first part is left out");
	IS(kcsd_file_extent_take(&w, &e), -EAGAIN, "overlap: the same again");
	end_walk(&w);
	begin_walk(&w, 65536);
	w.map->dev.offset = 1 << 30;
	e = extent(0, FIRST, 8192, 0);
	IS(kcsd_file_extent_take(&w, &e), 0, "a partition");
	has_sources(&w, "L262400+8192", "a partition: its offset counts");
	end_walk(&w);
}

static void test_inline(void)
{
	struct kcsd_file_walk w;
	struct fiemap_extent e;
	int fd;

	fd = memfd_create("inline", MFD_CLOEXEC);
	if (fd < 0 || pwrite(fd, "hello, inline", 13, 0) != 13)
		OK(false, "memfd");
	begin_walk(&w, 13);
	w.fd = fd;
	e = extent(0, 12345, 4096, FIEMAP_EXTENT_DATA_INLINE | FIEMAP_EXTENT_NOT_ALIGNED);
	IS(kcsd_file_extent_take(&w, &e), 0, "inline bytes");
	has_sources(&w, "B0+13", "inline bytes: up to the size");
	OK(w.map->bytes_len == 13 && !memcmp(w.map->bytes, "hello, inline", 13),
	   "inline bytes: what the file has");
	end_walk(&w);
	begin_walk(&w, 20);
	w.fd = fd;
	IS(kcsd_file_extent_take(&w, &e), -EAGAIN, "inline bytes, the file became shorter");
	SAYS(err.text, "became shorter");
	end_walk(&w);
	begin_walk(&w, KCSD_MAX_SOURCE_BYTES + 1ull);
	w.fd = fd;
	e.fe_length = KCSD_MAX_SOURCE_BYTES + 1ull;
	IS(kcsd_file_extent_take(&w, &e), -E2BIG, "inline bytes, too many");
	SAYS(err.text, "16777216 bytes of inline data");
	end_walk(&w);
	close(fd);
}

/* ---- chunks of btrfs ---- */

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

/* ---- sysfs ---- */

static void make_dir(const char *path)
{
	if (mkdir(path, 0755))
		OK(false, "mkdir %s", path);
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		OK(false, "write %s", path);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void attr(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "block/%s/%s", dir, name);
	put(path, text);
}

/* Make a disk, or a partition "disk/part", with its number. */
static void make_disk(const char *dir, const char *number, const char *size, const char *start)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), "block/%s", dir);
	make_dir(path);
	attr(dir, "size", size);
	attr(dir, "dev", number);
	if (start) {
		attr(dir, "partition", "2\n");
		attr(dir, "start", start);
	} else {
		snprintf(path, sizeof(path), "block/%s/queue", dir);
		make_dir(path);
		attr(dir, "queue/logical_block_size", "4096\n");
	}
	snprintf(path, sizeof(path), "dev/%s", number);
	path[strcspn(path, "\n")] = '\0';
	snprintf(target, sizeof(target), "../block/%s", dir);
	if (symlink(target, path))
		OK(false, "symlink %s", path);
}

static void make_sysfs(void)
{
	make_dir("block");
	make_dir("dev");
	make_disk("kcsd12n1", "250:0\n", "2097152\n", NULL);
	make_disk("kcsd12n1/kcsd12n1p2", "250:2\n", "1048576\n", "2048\n");
	make_disk("kcsd12n1/kcsd12n1p3", "250:3\n", "1048576\n", "2049\n");
	make_disk("kcsd12n1/kcsd12n1p4", "250:4\n", "18446744073709551615\n", "2048\n");
	make_disk("kcsd12n1/kcsd12n1p5", "250:5\n", "none\n", "2048\n");
	make_disk("kcsd5n1", "250:16\n", "2097152\n", NULL);
	attr("kcsd5n1", "queue/logical_block_size", "3000\n");
	make_disk("kcsd12n2", "250:32\n", "2097152\n", NULL);
	make_disk("kcsd012n1", "250:48\n", "2097152\n", NULL);
	make_disk("kcsd12n1x", "250:64\n", "2097152\n", NULL);
	make_disk("loop0", "7:0\n", "2097152\n", NULL);
	make_dir("block/loop0/loop");
	attr("loop0", "loop/backing_file", "/srv/image\n");
	make_disk("loop0/loop0p1", "259:0\n", "1000\n", "100\n");
	make_disk("dm-3", "253:3\n", "2097152\n", NULL);
	make_dir("block/dm-3/dm");
	attr("dm-3", "dm/name", "vault\n");
	make_disk("md0", "9:0\n", "2097152\n", NULL);
	make_disk("sda", "8:0\n", "2097152\n", NULL);
	make_disk("sda/sda1", "8:1\n", "2097152\n", "2048\n");
	kcsd_dev_block_root = "dev";
}

static void test_device(void)
{
	static const struct {
		unsigned int major, minor;
		int ret;
		const char *text;
	} bad[] = {
		{ 250, 3, -EOPNOTSUPP, "/dev/kcsd12n1p3 begins at byte 1049088, not at an LBA" },
		{ 250, 4, -EOVERFLOW, "/dev/kcsd12n1p4: its size or place" },
		{ 250, 5, -EINVAL, "/dev/kcsd12n1p5: its size or place" },
		{ 250, 16, -EINVAL, "/dev/kcsd5n1: its size or place" },
		{ 250, 32, -EOPNOTSUPP, "/dev/kcsd12n2, which is not a kcsd drive" },
		{ 250, 48, -EOPNOTSUPP, "/dev/kcsd012n1, which is not a kcsd drive" },
		{ 250, 64, -EOPNOTSUPP, "/dev/kcsd12n1x, which is not a kcsd drive" },
		{ 7, 0, -EOPNOTSUPP, "the loop device /dev/loop0 (of /srv/image)" },
		{ 259, 0, -EOPNOTSUPP, "the loop device /dev/loop0p1 (of /srv/image)" },
		{ 253, 3, -EOPNOTSUPP, "the device-mapper device /dev/dm-3 (vault)" },
		{ 9, 0, -EOPNOTSUPP, "the RAID /dev/md0" },
		{ 8, 0, -EOPNOTSUPP, "/dev/sda, which is not a kcsd drive" },
		{ 8, 1, -EOPNOTSUPP, "/dev/sda1, which is not a kcsd drive" },
		{ 0, 44, -EOPNOTSUPP, "has no block device (0:44 is not in dev)" },
	};
	struct kcsd_file_device dev;
	size_t i;

	IS(kcsd_file_device_of(makedev(250, 0), &dev, &err), 0, "a drive");
	OK(dev.index == 12 && !dev.offset && dev.size == 1 << 30 && dev.lba_size == 4096 &&
	   !strcmp(dev.name, "kcsd12n1") && dev.rdev == makedev(250, 0), "a drive: its members");
	IS(kcsd_file_device_of(makedev(250, 2), &dev, &err), 0, "a partition");
	OK(dev.index == 12 && dev.offset == 1 << 20 && dev.size == 1 << 29 &&
	   dev.lba_size == 4096 && !strcmp(dev.name, "kcsd12n1p2"), "a partition: its members");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		IS(kcsd_file_device_of(makedev(bad[i].major, bad[i].minor), &dev, &err), bad[i].ret,
		   "device %u:%u", bad[i].major, bad[i].minor);
		SAYS(err.text, bad[i].text);
	}
	IS(kcsd_file_device_of(makedev(8, 0), &dev, NULL), -EOPNOTSUPP, "no room for a sentence");
}

static void test_btrfs_devices(void)
{
	static const uint8_t fsid[16] = { 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3,
					  4, 5, 6, 7, 8 };
	const char *dir = "btrfs/12345678-9abc-def0-0102-030405060708";
	char path[256];
	dev_t rdev = 0;

	kcsd_btrfs_root = "btrfs";
	IS(kcsd_btrfs_devices(fsid, &rdev, &err), -ENOENT, "btrfs: not in sysfs");
	make_dir("btrfs");
	make_dir(dir);
	snprintf(path, sizeof(path), "%s/devices", dir);
	make_dir(path);
	IS(kcsd_btrfs_devices(fsid, &rdev, &err), -EOPNOTSUPP, "btrfs: no device");
	snprintf(path, sizeof(path), "%s/devices/kcsd12n1", dir);
	if (symlink("../../../block/kcsd12n1", path))
		OK(false, "symlink");
	IS(kcsd_btrfs_devices(fsid, &rdev, &err), 0, "btrfs: one device");
	OK(rdev == makedev(250, 0), "btrfs: its number");
	snprintf(path, sizeof(path), "%s/devices/sda1", dir);
	if (symlink("../../../block/sda/sda1", path))
		OK(false, "symlink");
	IS(kcsd_btrfs_devices(fsid, &rdev, &err), -EOPNOTSUPP, "btrfs: two devices");
	SAYS(err.text, "the btrfs has 2 devices");
}

/* ---- other parsers ---- */

static void test_ext4(void)
{
	kcsd_ext4_root = "ext4";
	IS(kcsd_ext4_journals_data("kcsd0n1"), -ENOENT, "ext4: not in procfs");
	make_dir("ext4");
	make_dir("ext4/kcsd0n1");
	put("ext4/kcsd0n1/options", "rw\nbsddf\ndata=ordered\nauto_da_alloc\n");
	IS(kcsd_ext4_journals_data("kcsd0n1"), 0, "ext4: data=ordered");
	put("ext4/kcsd0n1/options", "rw\ndata=journal\nauto_da_alloc\n");
	IS(kcsd_ext4_journals_data("kcsd0n1"), 1, "ext4: data=journal");
	put("ext4/kcsd0n1/options", "rw\ndata=journal");
	IS(kcsd_ext4_journals_data("kcsd0n1"), 1, "ext4: data=journal, at the end");
}

static void test_f2fs(void)
{
	uint8_t super[KCSD_F2FS_SUPER_LEN] = {};

	IS(kcsd_f2fs_is_multi(super), -EINVAL, "f2fs: no super block");
	memcpy(super, "\x10\x20\xf5\xf2", 4);
	IS(kcsd_f2fs_is_multi(super), 0, "f2fs: one device");
	memcpy(super + 2201, "/dev/kcsd0n1", 13);
	IS(kcsd_f2fs_is_multi(super), 0, "f2fs: one device, with its name");
	memcpy(super + 2201 + 68, "/dev/sda", 9);
	IS(kcsd_f2fs_is_multi(super), 1, "f2fs: two devices");
}

static void test_swap(void)
{
	char text[512], cwd[256];
	struct stat st, other;

	put("swap file", "");
	put("no swap", "");
	if (stat("swap file", &st) || stat("no swap", &other) || !getcwd(cwd, sizeof(cwd)))
		OK(false, "stat");
	snprintf(text, sizeof(text), "Filename\tType\tSize\tUsed\tPriority\n"
		 "/dev/none\tpartition\t1\t0\t-2\n%s/swap\\040file\tfile\t1020\t0\t-3\n", cwd);
	put("swaps", text);
	OK(kcsd_file_is_swap("swaps", &st), "a swap file, with a space in its name");
	OK(!kcsd_file_is_swap("swaps", &other), "a file that is none");
	OK(!kcsd_file_is_swap("none", &st), "a kernel without swap");
}

/* ---- real descriptors ---- */

static void refuse(const char *what, int fd, int ret, const char *text)
{
	struct kcsd_file_device dev;
	struct kcsd_file_map *map;

	IS(kcsd_file_device_find(fd, &dev, &err), ret, "%s: find the drive", what);
	SAYS(err.text, text);
	memset(&dev, 0, sizeof(dev));
	IS(kcsd_file_map(fd, &dev, &map, &err), ret, "%s: map it", what);
	SAYS(err.text, text);
	close(fd);
}

static void test_descriptors(void)
{
	int fds[2];

	refuse("a directory", open(".", O_RDONLY | O_CLOEXEC), -EOPNOTSUPP, "but a directory");
	refuse("/dev/null", open("/dev/null", O_RDONLY | O_CLOEXEC), -EOPNOTSUPP,
	       "but a character device");
	refuse("O_PATH", open("swaps", O_PATH | O_CLOEXEC), -EBADF, "not open for reading");
	refuse("O_WRONLY", open("swaps", O_WRONLY | O_CLOEXEC), -EBADF, "not open for reading");
	refuse("procfs", open("/proc/self/status", O_RDONLY | O_CLOEXEC), -EOPNOTSUPP,
	       "a filesystem of type procfs: only files of ext4, xfs, btrfs and f2fs");
	refuse("a file in memory", memfd_create("x", MFD_CLOEXEC), -EOPNOTSUPP, "of type tmpfs");
	refuse("no descriptor", -1, -EBADF, "not open");
	if (pipe2(fds, O_CLOEXEC))
		return;
	refuse("a pipe", fds[0], -EOPNOTSUPP, "but a pipe");
	close(fds[1]);
}

static void test_clone_refused(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	IS(kcsd_file_clone(fd, &err), -EOPNOTSUPP, "clone, tmpfs");
	SAYS(err.text, "of type tmpfs");
	IS(kcsd_file_sync(fd, &err), 0, "sync");
	close(fd);
	IS(kcsd_file_sync(fd, &err), -EBADF, "sync, no descriptor");
	SAYS(err.text, "sync of the file: Bad file descriptor");
	kcsd_file_map_free(NULL);
}

int main(void)
{
	if (!mkdtemp(root) || chdir(root)) {
		OK(false, "a scratch directory");
		return 1;
	}
	test_walk();
	test_walk_fails();
	test_many();
	test_flags();
	test_places();
	test_overlap();
	test_inline();
	test_chunks();
	test_profiles();
	test_split();
	make_sysfs();
	test_device();
	test_btrfs_devices();
	test_ext4();
	test_f2fs();
	test_swap();
	test_descriptors();
	test_clone_refused();
	if (nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS))
		return 1;
	return tap_end();
}
