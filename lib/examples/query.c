// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Count the rows of a CSV or JSON file by the values of a column: the drive that has the file does
 * it, or the host if none has it.
 *
 *	query FILE COLUMN
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <libkcsd.h>

static int print_row(const struct kcsd_cell *cells, void *arg)
{
	(void)arg;
	printf("%.*s: %.*s\n", (int)cells[0].len, cells[0].text ? cells[0].text : "NULL",
	       (int)cells[1].len, cells[1].text);
	return 0;
}

/* SELECT column, count(*) ... GROUP BY 1 ORDER BY 2 DESC */
static int build(struct kcsd_query *query, const char *column)
{
	struct kcsd_expr *count = kcsd_expr_call(query, KCSD_EXPR_COUNT_ROWS, NULL, 0, -1);
	int ret = kcsd_query_select(query, kcsd_expr_column(query, column, -1), NULL);

	if (!ret)
		ret = kcsd_query_select(query, count, NULL);
	if (!ret)
		ret = kcsd_query_group_by(query, kcsd_expr_number(query, "1", -1));
	if (!ret)
		ret = kcsd_query_order_by(query, kcsd_expr_number(query, "2", -1),
					  KCSD_ORDER_DESC);
	return ret;
}

static int run(struct kcsd_table *table, int fd, const char *path, const char *column,
	       struct kcsd_error *err)
{
	const struct kcsd_column *columns;
	struct kcsd_query *query;
	uint32_t nr;
	int ret = kcsd_table_add_file(table, fd, path, err);

	if (!ret)
		ret = kcsd_table_open(table, err);
	if (ret || kcsd_query_create(&query))
		return -1;
	columns = kcsd_table_columns(table, &nr);
	ret = build(query, column);
	if (!ret)
		ret = kcsd_query_bind(query, columns, nr, err);
	if (!ret)
		ret = kcsd_query_run(query, table, NULL, print_row, NULL, NULL, 0, err);
	kcsd_query_destroy(query);
	return ret;
}

int main(int argc, char **argv)
{
	KCSD_OPTS(kcsd_table_opts, opts);
	struct kcsd_error err = {};
	struct kcsd_table *table;
	char name[16];
	int fd, ret;

	if (argc != 3) {
		fprintf(stderr, "Usage: query FILE COLUMN\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	if (!kcsd_sources_drive(fd, name, &err))
		kcsd_drive_open(name, 0, &opts.drive);
	ret = kcsd_table_create(&opts, &table, &err);
	if (!ret)
		ret = run(table, fd, argv[1], argv[2], &err);
	if (ret)
		fprintf(stderr, "query: %s\n", err.text);
	kcsd_table_destroy(table);
	kcsd_drive_close(opts.drive);
	close(fd);
	return ret ? 1 : 0;
}
