// SPDX-License-Identifier: GPL-2.0
/*
 * Measure: memory for each key, how long it takes to find one, how long to open a file, what
 * compaction moves.
 */
#include "disk.h"
#include "names.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static struct kcsd_kv *open_memory(u32 keys)
{
	struct kcsd_kv_config c = { .size = 8ULL << 30, .max_value = 1 << 20, .max_keys = keys };
	struct kcsd_kv *kv;
	char why[100];

	if (kcsd_kv_open(&c, NULL, &kv, why, sizeof(why)))
		abort();
	return kv;
}

static void put(struct kcsd_kv *kv, u32 key, u32 len)
{
	static u8 bytes[4096];
	struct iov_iter from = { .at = bytes, .count = len };
	struct kcsd_kv_store s = { .name = name_of(key), .len = len, .from = &from };

	if (kcsd_kv_store(kv, &s))
		abort();
}

/* Return the seconds of a get and read of a random key. */
static double time_get(struct kcsd_kv *kv, u32 keys, u32 len, u32 times)
{
	static u8 bytes[4096];
	double start;
	u32 i, sum = 0;

	start = now();
	for (i = 0; i < times; i++) {
		struct kcsd_kv_name name = name_of(below(keys));
		struct iov_iter to = { .at = bytes, .count = len };
		struct kcsd_kv_value value;

		if (kcsd_kv_value_get(kv, &name, &value))
			abort();
		sum += kcsd_kv_value_read(kv, &value, 0, &to, 0);
		kcsd_kv_value_put(kv, &value);
	}
	if (sum)
		abort();
	return (now() - start) / times;
}

static double measure(u32 keys, u32 len)
{
	struct kcsd_kv *kv = open_memory(keys);
	struct kcsd_kv_stats before, stats;
	double start = now(), filled, get;
	u32 i;

	kcsd_kv_get_stats(kv, &before);
	for (i = 0; i < keys; i++)
		put(kv, i, len);
	filled = now() - start;
	kcsd_kv_get_stats(kv, &stats);
	time_get(kv, keys, len, 200000);
	get = time_get(kv, keys, len, 1000000);
	printf("%9u keys, values of %4u bytes: %.1f bytes of memory each, store %.2f us, get %.2f us\n",
	       keys, len, (double)(stats.memory - before.memory) / keys, filled / keys * 1e6,
	       get * 1e6);
	kcsd_kv_close(kv);
	return get;
}

static double time_open(struct disk *d, struct kcsd_kv **kv)
{
	struct kcsd_kv_config c = {
		.size = 2ULL << 30, .max_value = 1 << 20, .max_keys = 2000000,
	};
	char why[100] = "";
	double start = now();
	int ret = kcsd_kv_open(&c, &d->medium, kv, why, sizeof(why));

	if (ret) {
		printf("open: %d %s\n", ret, why);
		abort();
	}
	return now() - start;
}

static void measure_open(u32 keys)
{
	struct disk *d = disk_create(3ULL << 30);
	struct kcsd_kv *kv;
	double clean, crash, start;
	u32 i;

	time_open(d, &kv);
	for (i = 0; i < keys; i++)
		put(kv, i, 1024);
	start = now();
	kcsd_kv_close(kv);
	printf("close of %u objects of 1 KiB: %.2f s\n", keys, now() - start);
	clean = time_open(d, &kv);
	kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	crash = time_open(d, &kv);
	printf("open of %u objects of 1 KiB: %.2f s after close, %.2f s after a crash\n", keys,
	       clean, crash);
	kcsd_kv_cut(kv, 1);
	kcsd_kv_close(kv);
	disk_destroy(d);
}

/* Fill so many percent of a store. Returns how many objects it has. */
static u32 fill_store(struct kcsd_kv *kv, u64 size, u32 len, u32 percent)
{
	struct kcsd_kv_stats stats;
	u32 nr = 0;

	do {
		put(kv, nr++, len);
		if (!(nr % 16))
			kcsd_kv_get_stats(kv, &stats);
	} while (nr < 16 || size - stats.room < size / 100 * percent);
	return nr;
}

/* Overwrite random objects; print how many bytes compaction moves for each one stored. */
static void measure_moved(bool in_file, u64 size, u32 len, u32 percent)
{
	struct kcsd_kv_config c = { .size = size, .max_value = 1 << 20, .max_keys = 1 << 20 };
	struct disk *d = in_file ? disk_create(2 * size + (32 << 20)) : NULL;
	struct kcsd_kv_stats before, after;
	struct kcsd_kv *kv;
	char why[100];
	double moved;
	u32 nr, i;

	seed(3);
	if (kcsd_kv_open(&c, d ? &d->medium : NULL, &kv, why, sizeof(why)))
		abort();
	nr = fill_store(kv, size, len, percent);
	for (i = 0; i < 2 * nr; i++)
		put(kv, below(nr), len);
	kcsd_kv_get_stats(kv, &before);
	for (i = 0; i < 4 * nr; i++)
		put(kv, below(nr), len);
	kcsd_kv_get_stats(kv, &after);
	moved = (double)(after.moved - before.moved);
	printf("%s of %4u MiB, %u %% full, values of %5u bytes: %.2f bytes moved for each stored\n",
	       in_file ? "file  " : "memory", (u32)(size >> 20), percent, len,
	       moved / ((double)(after.written - before.written) - moved));
	kcsd_kv_close(kv);
	if (d)
		disk_destroy(d);
}

static void measure_all_moved(void)
{
	static const u32 percents[] = { 50, 80, 95, 99 };
	static const struct {
		u64 size;
		u32 len;
	} stores[] = { { 8 << 20, 4000 }, { 64 << 20, 4000 }, { 256 << 20, 4000 },
		       { 64 << 20, 1000 } };
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(stores); i++)
		for (k = 0; k < ARRAY_SIZE(percents); k++) {
			measure_moved(false, stores[i].size, stores[i].len, percents[k]);
			measure_moved(true, stores[i].size, stores[i].len, percents[k]);
		}
}

int main(int argc, char **argv)
{
	static const u32 lens[] = { 64, 256 };
	double few, many;
	u32 i;

	setlinebuf(stdout);
	measure_all_moved();
	if (argc > 1 && !strcmp(argv[1], "moved"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		few = measure(10000, lens[i]);
		many = measure(10000000, lens[i]);
		printf("get at 10 million to get at 10 thousand: %.2f\n", many / few);
	}
	measure_open(1000000);
	return 0;
}
