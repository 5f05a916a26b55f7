// SPDX-License-Identifier: GPL-2.0
/*
 * The other side of the benchmark of objects: RocksDB, tuned for point lookups.
 *
 *	kv_rocksdb DIRECTORY KEYS BYTES CACHE-MIB
 *
 * Answers lines of standard input, OPERATION COUNT THREADS BATCH, with puts or gets per second:
 *  - fill: put keys 0 to COUNT - 1
 *  - get: random keys, BATCH at once by MultiGet
 *  - put, sync: random keys, BATCH in a WriteBatch; sync: each durable
 * Between them background work ends, which is not measured.
 *
 * Bloom filters of 10 bits in blocks kept in memory, hash index in data blocks, no compression,
 * pipelined writes, as many background threads as CPUs, all files kept open. A cache of all data;
 * or a small one, with direct reads, so that the page cache is none either.
 */
#include <rocksdb/c.h>
#include <unistd.h>

#include "kv_common.h"

static rocksdb_t *db;
static rocksdb_column_family_handle_t *family;
static rocksdb_readoptions_t *reading;
static uint32_t keys, len;

static void check(char *error)
{
	if (error)
		die(error);
}

static rocksdb_options_t *make_options(size_t cache_mib)
{
	rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
	rocksdb_options_t *o = rocksdb_options_create();
	bool all = (uint64_t)keys * len * 5 / 4 <= (uint64_t)cache_mib << 20;

	rocksdb_block_based_options_set_block_cache(table,
						    rocksdb_cache_create_lru(cache_mib << 20));
	rocksdb_block_based_options_set_filter_policy(table,
						      rocksdb_filterpolicy_create_bloom_full(10));
	rocksdb_block_based_options_set_data_block_index_type(
		table, rocksdb_block_based_table_data_block_index_type_binary_search_and_hash);
	rocksdb_block_based_options_set_data_block_hash_ratio(table, 0.75);
	rocksdb_options_set_block_based_table_factory(o, table);
	rocksdb_options_set_create_if_missing(o, 1);
	rocksdb_options_set_compression(o, rocksdb_no_compression);
	rocksdb_options_increase_parallelism(o, sysconf(_SC_NPROCESSORS_ONLN));
	rocksdb_options_set_enable_pipelined_write(o, 1);
	rocksdb_options_set_write_buffer_size(o, 64 << 20);
	rocksdb_options_set_max_write_buffer_number(o, 4);
	rocksdb_options_set_memtable_whole_key_filtering(o, 1);
	rocksdb_options_set_memtable_prefix_bloom_size_ratio(o, 0.02);
	rocksdb_options_set_max_open_files(o, -1);
	rocksdb_options_set_use_direct_reads(o, !all);
	return o;
}

/* ---- get ---- */

static void get_batch(struct part *p, uint32_t nr)
{
	char name[nr][KEY_LEN], *errors[nr];
	rocksdb_pinnableslice_t *values[nr];
	const char *at[nr];
	size_t sizes[nr], got;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		make_key(part_pick(p, 0, keys), name[i]);
		at[i] = name[i];
		sizes[i] = KEY_LEN;
	}
	rocksdb_batched_multi_get_cf(db, reading, family, nr, at, sizes, values, errors, false);
	for (i = 0; i < nr; i++) {
		check(errors[i]);
		if (!values[i] || !rocksdb_pinnableslice_value(values[i], &got) || got != len)
			die("a value is missing or has another length");
		rocksdb_pinnableslice_destroy(values[i]);
	}
}

/* ---- put ---- */

static void put_batch(struct part *p, rocksdb_writeoptions_t *options, const char *value,
		      uint64_t done, uint32_t nr)
{
	rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
	char name[KEY_LEN], *error = NULL;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		make_key(part_pick(p, done + i, keys), name);
		rocksdb_writebatch_put(batch, name, KEY_LEN, value, len);
	}
	rocksdb_write(db, options, batch, &error);
	check(error);
	rocksdb_writebatch_destroy(batch);
}

static void *run(void *arg)
{
	rocksdb_writeoptions_t *options = rocksdb_writeoptions_create();
	struct part *p = arg;
	char *value = malloc(len + 1);
	uint64_t done, nr;

	if (!value)
		die("no memory");
	memset(value, 'v', len);
	rocksdb_writeoptions_set_sync(options, !strcmp(p->op, "sync"));
	for (done = 0; done < p->count; done += nr) {
		nr = p->count - done < p->batch ? p->count - done : p->batch;
		if (!strcmp(p->op, "get"))
			get_batch(p, nr);
		else
			put_batch(p, options, value, done, nr);
	}
	free(value);
	rocksdb_writeoptions_destroy(options);
	return NULL;
}

/* ---- all ---- */

static bool is_busy(const char *property)
{
	uint64_t n;

	return !rocksdb_property_int(db, property, &n) && n;
}

static void settle(void)
{
	while (is_busy("rocksdb.num-running-compactions") ||
	       is_busy("rocksdb.compaction-pending") ||
	       is_busy("rocksdb.num-running-flushes") ||
	       is_busy("rocksdb.mem-table-flush-pending"))
		usleep(10000);
}

static double answer(const char *op, uint64_t count, unsigned int threads, unsigned int batch)
{
	double rate = run_parts(run, op, count, threads, batch, strcmp(op, "fill"));

	/* What was filled is compacted fully, so that each get asks one level. */
	if (!strcmp(op, "fill"))
		rocksdb_compact_range(db, NULL, 0, NULL, 0);
	settle();
	return rate;
}

int main(int argc, char **argv)
{
	const rocksdb_options_t *options;
	const char *name = "default";
	char *error = NULL;

	if (argc != 5) {
		fprintf(stderr, "usage: kv_rocksdb DIRECTORY KEYS BYTES CACHE-MIB\n");
		return 2;
	}
	keys = atoi(argv[2]);
	len = atoi(argv[3]);
	options = make_options(atoi(argv[4]));
	db = rocksdb_open_column_families(options, argv[1], 1, &name, &options, &family, &error);
	check(error);
	reading = rocksdb_readoptions_create();
	answer_lines(answer);
	rocksdb_column_family_handle_destroy(family);
	rocksdb_close(db);
	return 0;
}
