// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Fuzz tables: any bytes as CSV or JSON. A question is answered by the program in both engines and
 * by the host: the same rows, and no fewer bad ones on the host.
 *
 * The first byte selects format and question, the rest is the file.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libkcsd.h>

#define MAX_TEXT	65536

struct answer {
	char text[MAX_TEXT];		/* rows, one after another; cut */
	size_t len;
	struct kcsd_query_stats stats;
	int ret;
};

static int take_row(const struct kcsd_cell *cells, void *arg)
{
	struct answer *a = arg;
	size_t len;
	int i;

	for (i = 0; i < 2; i++) {
		len = cells[i].text ? cells[i].len : 0;
		if (a->len + len + 2 > MAX_TEXT)
			return 0;
		a->text[a->len++] = cells[i].text ? '+' : '-';
		memcpy(a->text + a->len, cells[i].text ? cells[i].text : "", len);
		a->len += len;
		a->text[a->len++] = '|';
	}
	return 0;
}

static struct kcsd_expr *call(struct kcsd_query *q, enum kcsd_expr_op op, struct kcsd_expr *a,
			      struct kcsd_expr *b)
{
	struct kcsd_expr *args[] = { a, b };

	return kcsd_expr_call(q, op, args, b ? 2 : 1, -1);
}

/* Questions that any table can be asked, about its first columns. */
static void ask(struct kcsd_query *q, unsigned int what, const char *a, const char *b)
{
	struct kcsd_expr *count = kcsd_expr_call(q, KCSD_EXPR_COUNT_ROWS, NULL, 0, -1);

	if (what & 1) {
		kcsd_query_select(q, kcsd_expr_column(q, a, -1), NULL);
		kcsd_query_select(q, count, NULL);
		kcsd_query_group_by(q, kcsd_expr_column(q, a, -1));
		kcsd_query_order_by(q, kcsd_expr_number(q, "1", -1), 0);
	} else {
		kcsd_query_select(q, kcsd_expr_column(q, a, -1), NULL);
		kcsd_query_select(q, kcsd_expr_column(q, b, -1), NULL);
	}
	if (what & 2)
		kcsd_query_where(q, call(q, KCSD_EXPR_GE, kcsd_expr_column(q, b, -1),
					 kcsd_expr_column(q, a, -1)));
	if (what & 4)
		kcsd_query_where(q, call(q, KCSD_EXPR_NOT, call(q, KCSD_EXPR_IS_NULL,
					 kcsd_expr_column(q, b, -1), NULL), NULL));
}

static void run(struct kcsd_table *table, unsigned int what, uint32_t flags, uint32_t engine,
		struct answer *a)
{
	KCSD_OPTS(kcsd_query_run_opts, opts, .flags = flags | KCSD_QUERY_SKIP_BAD,
		  .engine = engine, .heap_len = 4096);
	const struct kcsd_column *columns;
	struct kcsd_query *query;
	uint32_t nr;

	memset(a, 0, sizeof(*a));
	if (kcsd_query_create(&query))
		return;
	columns = kcsd_table_columns(table, &nr);
	ask(query, what, columns[0].name, columns[nr > 1].name);
	a->ret = kcsd_query_bind(query, columns, nr, NULL);
	if (!a->ret)
		a->ret = kcsd_query_run(query, table, &opts, take_row, a, &a->stats,
					sizeof(a->stats), NULL);
	kcsd_query_destroy(query);
}

/* A bad value may be in a column that the program need not look at: the host has more bad rows. */
static void compare(const struct answer *host, const struct answer *program)
{
	if (host->ret != program->ret)
		abort();
	if (host->ret)
		return;
	if (host->len != program->len || memcmp(host->text, program->text, host->len) ||
	    program->stats.bad_rows > host->stats.bad_rows)
		abort();
}

static void ask_all(struct kcsd_table *table, unsigned int what)
{
	static struct answer host, program;

	run(table, what, KCSD_QUERY_HOST_ONLY, KCSD_ENGINE_LOWERED, &host);
	run(table, what, 0, KCSD_ENGINE_LOWERED, &program);
	compare(&host, &program);
	run(table, what, 0, KCSD_ENGINE_INTERP, &program);
	compare(&host, &program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KCSD_OPTS(kcsd_table_opts, opts);
	struct kcsd_table *table;
	int fd;

	if (!size)
		return 0;
	opts.format = data[0] & 0x80 ? KCSD_FORMAT_JSON : KCSD_FORMAT_CSV;
	opts.flags = data[0] & 0x40 ? KCSD_TABLE_NO_HEADER : 0;
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	if (kcsd_table_create(&opts, &table, NULL))
		abort();
	if (!kcsd_table_add_file(table, fd, "fuzz", NULL) && !kcsd_table_open(table, NULL))
		ask_all(table, data[0] & 7);
	kcsd_table_destroy(table);
	close(fd);
	return 0;
}
