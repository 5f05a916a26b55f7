// SPDX-License-Identifier: GPL-2.0
/* kcsd select: ask a question of files, objects or LBAs; the drive answers. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "select.h"
#include "signals.h"

#define TOLD	5	/* bad rows that are described; the others are only counted */

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(FORMAT, "format", 'f', "FORMAT", \
	  "of the sources: csv, json (lines, or an array), parquet; default: as the first name says") \
	X(COLUMNS, "columns", 'c', "LIST", \
	  "the columns, 'name type, name type'; default: found by looking at the first source") \
	X(NO_HEADER, "no-header", 0, NULL, \
	  "the first line of CSV is a row; without --columns the columns are c1, c2, ...") \
	X(DELIMITER, "delimiter", 0, "CHAR", "between cells of CSV; default: a comma; 'tab' is one") \
	X(NULL, "null", 0, "TEXT", "what stands for NULL in CSV; default: an empty cell") \
	X(JSON, "json", 'j', NULL, "print an array of JSON objects") \
	X(JSON_LINES, "json-lines", 0, NULL, "print a JSON object in each line") \
	X(CSV, "csv", 0, NULL, "print CSV") \
	X(ON_ERROR, "on-error", 0, "skip|fail", \
	  "what a row that is malformed does; default: fail; skip: it is counted") \
	X(EXPLAIN, "explain", 'e', NULL, "print what the drive would do, and what the host") \
	X(LISTING, "listing", 0, NULL, "with --explain: print the program, too") \
	X(STATS, "stats", 's', NULL, "print bytes, rows and seconds to standard error") \
	X(ANYWHERE, "anywhere", 0, NULL, \
	  "if no drive can read the files, run the same program on the host instead") \
	X(HOST, "host", 0, NULL, "the drive only sends the columns, the host does the rest") \
	X(SLICE, "slice", 0, "SIZE", \
	  "read about so many bytes in a run of the program, then begin another; default: " \
	  "what the time limit of the drive allows")

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

/* ---- options ---- */

static int take_delimiter(const struct args *args, struct kcsd_table_opts *table)
{
	const char *text = kcsd_args_value(args, OPT_DELIMITER);

	if (!text)
		return 0;
	table->delimiter = !strcmp(text, "tab") || !strcmp(text, "\\t") ? '\t' :
			   (unsigned char)*text;
	if (table->delimiter != '\t' && (!*text || text[1]))
		return kcsd_usage(args->cmd, "--delimiter: '%s' is not one character, or 'tab'",
				  text);
	return 0;
}

static int take_format(const struct args *args, struct kcsd_table_opts *table)
{
	const char *text = kcsd_args_value(args, OPT_FORMAT);

	if (!text)
		return 0;
	if (!strcmp(text, "csv"))
		table->format = KCSD_FORMAT_CSV;
	else if (!strcmp(text, "json"))
		table->format = KCSD_FORMAT_JSON;
	else if (!strcmp(text, "parquet"))
		table->format = KCSD_FORMAT_PARQUET;
	else
		return kcsd_usage(args->cmd, "--format: there is no format '%s': csv, json and "
				  "parquet are possible", text);
	return 0;
}

static int take_on_error(const struct args *args, uint32_t *flags)
{
	const char *text = kcsd_args_value(args, OPT_ON_ERROR);

	if (!text || !strcmp(text, "fail"))
		return 0;
	if (strcmp(text, "skip"))
		return kcsd_usage(args->cmd, "--on-error: '%s' is neither skip nor fail", text);
	*flags |= KCSD_QUERY_SKIP_BAD;
	return 0;
}

static int take_writer(const struct args *args, const struct select_writer **writer)
{
	static const struct {
		int opt;
		const struct select_writer *writer;
	} writers[] = {
		{ OPT_JSON, &kcsd_write_json }, { OPT_JSON_LINES, &kcsd_write_json_lines },
		{ OPT_CSV, &kcsd_write_csv },
	};
	size_t i;

	*writer = NULL;
	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		if (!kcsd_args_has(args, writers[i].opt))
			continue;
		if (*writer)
			return kcsd_usage(args->cmd, "--json, --json-lines and --csv exclude each "
					  "other");
		*writer = writers[i].writer;
	}
	if (!*writer)
		*writer = &kcsd_write_table;
	return 0;
}

static int take_table_opts(const struct args *args, struct kcsd_table_opts *table,
			   struct kcsd_column **columns)
{
	const char *list = kcsd_args_value(args, OPT_COLUMNS);
	int code = take_format(args, table);

	if (!code)
		code = take_delimiter(args, table);
	table->null_text = kcsd_args_value(args, OPT_NULL);
	if (kcsd_args_has(args, OPT_NO_HEADER))
		table->flags |= KCSD_TABLE_NO_HEADER;
	if (!code && list)
		code = kcsd_select_columns(args, list, columns, &table->nr_columns);
	table->columns = *columns;
	return code;
}

/* ---- the run ---- */

static int take_row(const struct kcsd_cell *cells, void *arg)
{
	struct select *s = arg;
	int ret = s->out.writer->row(&s->out, cells);

	s->out.nr_rows++;
	return ret;
}

static void tell_bad_row(const struct kcsd_bad_row *row, void *arg)
{
	struct select *s = arg;
	char name[256], reason[KCSD_ERROR_LEN];

	if (s->told++ < TOLD)
		fprintf(stderr, "kcsd: skipped: %s: row %llu, byte %llu: %s\n",
			kcsd_printable(row->source, name, sizeof(name)),
			(unsigned long long)row->number, (unsigned long long)row->at,
			kcsd_printable(row->reason, reason, sizeof(reason)));
}

static int show_progress(const struct kcsd_query_stats *stats, void *arg)
{
	struct select *s = arg;

	kcsd_progress_show(&s->progress, stats->media_bytes, 0, "%llu s",
			   (unsigned long long)kcsd_progress_seconds(&s->progress));
	return kcsd_signals_caught() || kcsd_nobody_reads(STDOUT_FILENO);
}

static void print_stats(const struct kcsd_query_stats *stats)
{
	char media[KCSD_HUMAN_LEN], link[KCSD_HUMAN_LEN];

	fprintf(stderr, "rows: %llu\nbad rows: %llu\nrows that the host decided on: %llu\n"
		"results: %llu\nbytes from media: %llu (%s)\nbytes over the link: %llu (%s)\n"
		"seconds on the drive: %.6f\nseconds: %.6f\n",
		(unsigned long long)stats->rows, (unsigned long long)stats->bad_rows,
		(unsigned long long)stats->odd_rows, (unsigned long long)stats->results,
		(unsigned long long)stats->media_bytes,
		kcsd_human_bytes(stats->media_bytes, media),
		(unsigned long long)stats->link_bytes, kcsd_human_bytes(stats->link_bytes, link),
		stats->run_ns / 1e9, stats->total_ns / 1e9);
}

/* The exit code of a query that failed. */
static int fail_query(struct select *s, int ret, const struct kcsd_error *err)
{
	if (kcsd_signals_caught()) {
		kcsd_fail("interrupted, the query was cancelled");
		return kcsd_signals_code(kcsd_signals_caught());
	}
	if (ret == -ECANCELED && kcsd_nobody_reads(STDOUT_FILENO))
		return kcsd_signals_code(SIGPIPE);
	if (ret == -1 && ferror(stdout))
		return kcsd_fail("cannot write the results");
	return kcsd_sql_fail(s->sql.text, kcsd_query_at(s->sql.query), "%s%s", err->text,
			     ret == -EILSEQ ? " (--on-error skip skips such rows)" : "");
}

static int run_query(struct select *s, uint32_t flags)
{
	KCSD_OPTS(kcsd_query_run_opts, run, .flags = flags, .bad_row = tell_bad_row,
		  .slice_len = s->slice_len, .progress = show_progress, .arg = s);
	struct kcsd_error err = {};
	int ret;

	s->out.columns = kcsd_query_results(s->sql.query, &s->out.nr_columns);
	kcsd_signals_catch();
	kcsd_progress_begin(&s->progress);
	ret = s->out.writer->begin(&s->out);
	if (!ret)
		ret = kcsd_query_run(s->sql.query, s->table, &run, take_row, s, &s->stats,
				     sizeof(s->stats), &err);
	kcsd_progress_end(&s->progress);
	if (!ret)
		ret = s->out.writer->end(&s->out);
	if (ret)
		return fail_query(s, ret, &err);
	if (s->stats.bad_rows)
		fprintf(stderr, "kcsd: bad rows that were skipped: %llu\n",
			(unsigned long long)s->stats.bad_rows);
	if (kcsd_args_has(s->args, OPT_STATS))
		print_stats(&s->stats);
	return 0;
}

static int explain(struct select *s)
{
	struct kcsd_error err = {};
	char *text;

	if (kcsd_query_explain(s->sql.query, s->table, kcsd_args_has(s->args, OPT_LISTING), &text,
			       &err))
		return kcsd_fail("%s", err.text);
	fputs(text, stdout);
	free(text);
	return 0;
}

static int bind_query(struct select *s)
{
	const struct kcsd_column *columns;
	struct kcsd_error err = {};
	uint32_t nr;

	columns = kcsd_table_columns(s->table, &nr);
	if (!kcsd_query_bind(s->sql.query, columns, nr, &err))
		return 0;
	return kcsd_sql_fail(s->sql.text, kcsd_query_at(s->sql.query), "%s", err.text);
}

static int ask(struct select *s, const char *question, const struct kcsd_table_opts *table,
	       uint32_t flags)
{
	int code;

	if (kcsd_sql_parse(question, &s->sql)) {
		code = kcsd_sql_fail(question, s->sql.at, "%s", s->sql.err.text);
	} else {
		code = kcsd_select_open(s, table, kcsd_args_has(s->args, OPT_ANYWHERE),
					kcsd_args_value(s->args, OPT_DRIVE));
		if (!code)
			code = bind_query(s);
		if (!code)
			code = kcsd_args_has(s->args, OPT_EXPLAIN) ? explain(s) :
			       run_query(s, flags);
		kcsd_select_close(s);
	}
	kcsd_sql_destroy(&s->sql);
	return code;
}

/* Read the question from standard input: it may be longer than an argument. */
static int read_question(char **question)
{
	size_t room = 0;
	ssize_t len;

	*question = NULL;
	len = getdelim(question, &room, '\0', stdin);
	if (len < 0)
		return kcsd_fail("there is no question on standard input");
	if (strlen(*question) < (size_t)len)
		return kcsd_fail("the question on standard input is no text");
	return 0;
}

static int ask_operand(struct select *s, const struct kcsd_table_opts *table, uint32_t flags)
{
	const char *operand = s->args->operand[0];
	char *question;
	int code;

	if (strcmp(operand, "-"))
		return ask(s, operand, table, flags);
	code = read_question(&question);
	if (!code)
		code = ask(s, question, table, flags);
	free(question);
	return code;
}

static int run(const struct args *args)
{
	KCSD_OPTS(kcsd_table_opts, table, .format = KCSD_FORMAT_AUTO);
	struct kcsd_column *columns = NULL;
	struct select s = { .args = args };
	uint32_t flags = 0;
	int code;

	/* Texts are UTF-8, whatever the terminal is. */
	setlocale(LC_CTYPE, "C.UTF-8");
	if (kcsd_args_has(args, OPT_HOST))
		flags |= KCSD_QUERY_HOST_ONLY;
	if (kcsd_args_has(args, OPT_LISTING) && !kcsd_args_has(args, OPT_EXPLAIN))
		return kcsd_usage(args->cmd, "--listing needs --explain");
	code = kcsd_args_size(args, OPT_SLICE, UINT32_MAX, &s.slice_len);
	if (!code)
		code = take_on_error(args, &flags);
	if (!code)
		code = take_writer(args, &s.out.writer);
	if (!code)
		code = take_table_opts(args, &table, &columns);
	if (!code)
		code = ask_operand(&s, &table, flags);
	free(columns);
	return code;
}

const struct command kcsd_cmd_select = {
	.name = "select",
	.operands = "QUESTION",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "ask a question in SQL of files, objects or LBAs on a drive",
	.detail =
"The question, or with - that on standard input, is a SELECT of PostgreSQL over one table:\n"
"\n"
"    kcsd select \"SELECT ip, count(*) FROM file('access.csv') WHERE status >= 500\n"
"                 GROUP BY ip ORDER BY 2 DESC LIMIT 10\"\n"
"\n"
"A table is file('PATH'), kv('KEY'), kv('PREFIX*') or lba('0+16'); several of the same\n"
"columns are one table: file('a.csv', 'b.csv'), file('logs/*.csv'). The drive filters,\n"
"projects and groups; what it cannot do, the host does: --explain shows it. The answer\n"
"is the same.\n",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.advanced = OPT_BIT(SLICE),
	.run = run,
};
