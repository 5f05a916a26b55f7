// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Maps of files: fake answers of FIEMAP, one extent after another. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "walk.h"

#define LBA	WALK_LBA
#define FIRST	(1 << 20)	/* byte of the device where extents of these tests begin */

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

/* Extents of a file that programs write. */
static void test_write(void)
{
	static const struct {
		uint64_t logical;
		uint32_t flags;
		int ret;
		const char *text;
	} cases[] = {
		{ 0, 0, 0, "L256+4096" },
		{ 0, FIEMAP_EXTENT_MERGED | FIEMAP_EXTENT_LAST, 0, "L256+4096" },
		{ 0, FIEMAP_EXTENT_SHARED, -EOPNOTSUPP, "is shared with a clone" },
		{ 0, FIEMAP_EXTENT_UNWRITTEN, -EOPNOTSUPP, "has not been written yet" },
		{ 0, FIEMAP_EXTENT_UNWRITTEN | FIEMAP_EXTENT_SHARED, -EOPNOTSUPP,
		  "not been written" },
		{ 0, FIEMAP_EXTENT_DATA_INLINE, -EOPNOTSUPP, "among the metadata" },
		{ 0, FIEMAP_EXTENT_DELALLOC, -EAGAIN, "sync the file again" },
		{ 0, FIEMAP_EXTENT_ENCODED, -EOPNOTSUPP, "is compressed" },
		{ 4096, 0, -EOPNOTSUPP, "has a hole at byte 0" },
	};
	struct kcsd_file_walk w;
	struct fiemap_extent e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_walk(&w, 8192);
		w.map->write = true;
		e = extent(cases[i].logical, FIRST, 4096, cases[i].flags);
		IS(kcsd_file_extent_take(&w, &e), cases[i].ret, "write: flags 0x%x, from byte %d",
		   cases[i].flags, (int)cases[i].logical);
		if (cases[i].ret)
			SAYS(err.text, cases[i].text);
		else
			has_sources(&w, cases[i].text, "  source");
		if (!cases[i].ret)
			IS(w.map->sources[0].access, KCSD_GRANT_READ | KCSD_GRANT_WRITE,
			   "  its access");
		end_walk(&w);
	}
	begin_walk(&w, 8192);
	w.map->write = true;
	e = extent(0, FIRST, 4096, 0);
	IS(kcsd_file_extent_take(&w, &e), 0, "write: an extent before a hole");
	IS(kcsd_file_hole_take(&w, 8192), -EOPNOTSUPP, "write: a hole at the end");
	SAYS(err.text, "has a hole at byte 4096");
	end_walk(&w);
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
	SAYS(err.text, "25165824 bytes of inline data");
	end_walk(&w);
	close(fd);
}

int main(void)
{
	test_walk();
	test_walk_fails();
	test_many();
	test_flags();
	test_write();
	test_places();
	test_overlap();
	test_inline();
	return tap_end();
}
