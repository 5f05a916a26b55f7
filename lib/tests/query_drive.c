// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Random queries by programs, on a drive or in the simulator: the same results as on the host.
 *
 *	query_drive DRIVE|- SEED ROUNDS
 *
 * Writes to the first LBAs of the drive.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "query_random.h"
#include "tap.h"

static struct kcsd_drive *drv;
static struct programs programs;

/* Store the rows as CSV, zeroes behind them. Returns the number of LBAs. */
static uint64_t store_rows(void)
{
	uint32_t lba_size = kcsd_drive_lba_size(drv);
	char *csv = NULL, *lbas;
	size_t len = 0;
	uint64_t nlb;
	FILE *file = open_memstream(&csv, &len);

	check_memory(file);
	write_rows(file);
	fclose(file);
	nlb = len / lba_size + 2;
	lbas = calloc(nlb, lba_size);
	check_memory(lbas);
	memcpy(lbas, csv, len);
	IS(kcsd_lba_write(drv, 0, lbas, nlb * lba_size), 0, "store the rows");
	free(lbas);
	free(csv);
	return nlb;
}

static void open_table(void)
{
	KCSD_OPTS(kcsd_table_opts, opts, .format = KCSD_FORMAT_CSV, .flags = KCSD_TABLE_NO_HEADER,
		  .columns = gen_columns, .nr_columns = GEN_COLUMNS, .drive = drv);
	struct kcsd_error err = {};
	FILE *file = NULL;

	OK(!kcsd_table_create(&opts, &programs.table, &err), "a table: %s", err.text);
	if (drv) {
		OK(!kcsd_table_add_lbas(programs.table, 0, store_rows(), &err), "of LBAs: %s",
		   err.text);
	} else {
		file = tmpfile();
		check_memory(file);
		write_rows(file);
		OK(!kcsd_table_add_file(programs.table, fileno(file), "rows.csv", &err),
		   "of a file: %s", err.text);
	}
	OK(!kcsd_table_open(programs.table, &err), "it can be opened: %s", err.text);
}

int main(int argc, char **argv)
{
	struct gen g = {};
	struct item item;
	uint32_t rounds;

	if (argc != 4)
		return 2;
	g.seed = strtoull(argv[2], NULL, 10);
	rounds = strtoul(argv[3], NULL, 10);
	programs.on_drive = strcmp(argv[1], "-");
	if (programs.on_drive) {
		IS(kcsd_drive_open(argv[1], 0, &drv), 0, "open %s", argv[1]);
		if (!drv)
			return tap_end();
	}
	make_rows(&g, NULL);
	open_table();
	/* Queries that are refused beforehand do not count. */
	while (programs.queries < rounds) {
		item = (struct item){};
		make_random_query(&g, &item, &programs);
	}
	IS(programs.differ, 0, "%u queries by programs, from seed %s", programs.queries, argv[2]);
	tap_note("the program groups in %u, and has all conditions in %u", programs.grouped,
		 programs.filtered);
	kcsd_table_destroy(programs.table);
	kcsd_drive_close(drv);
	kcsd_arena_destroy(&keep);
	return tap_end();
}
