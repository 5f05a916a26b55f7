// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Run a query over a table: one program, one run for each source, then the host's part. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../private.h"
#include "answer.h"
#include "link.h"

#define HEAP_DEFAULT	(1u << 20)
#define HOST_ARENA	(6u << 20)	/* memory of a program on the host, besides its heap */
#define HOST_HEAP	(64u << 20)	/* on the host, of a format whose pieces are large */
#define DATA_LEN	(2u << 20)	/* what else the scanner of such a format needs, or less */
#define MAX_TRIES	5		/* of a source that changes while it is read */
#define SLICE_NS	5000000000ull	/* a run on a drive that is longer is followed by another */

struct query_run {
	struct kcsd_query *query;
	struct kcsd_table *table;
	struct kcsd_query_run_opts opts;
	struct plan plan;
	struct kcsd_host *host;
	struct kcsd_query_stats stats;
	struct answer answer;
	struct kcsd_error *err;
	struct query_params params;	/* of the program */
	struct kcsd_object *obj;	/* owned; NULL: none yet */
	uint32_t pind;			/* of the program on the drive */
	bool loaded;
	struct format_args args;
	bool cancelled;			/* by progress() */
	int (*fn)(const struct kcsd_cell *cells, void *arg);
	void *arg;
	struct kcsd_cell *cells;	/* owned */
	struct kcsd_arena texts;	/* of one row of the result */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static bool is_cancelled(struct query_run *r)
{
	if (!r->cancelled && r->opts.progress)
		r->cancelled = r->opts.progress(&r->stats, r->opts.arg) != 0;
	return r->cancelled;
}

/* ---- the program ---- */

static void unload(struct query_run *r)
{
	if (r->loaded) {
		kcsd_program_deactivate(r->table->drive, r->pind);
		kcsd_program_unload(r->table->drive, r->pind);
	}
	r->loaded = false;
	kcsd_object_close(r->obj);
	r->obj = NULL;
}

static int load(struct query_run *r)
{
	size_t len;
	int ret;

	kcsd_object_image(r->obj, &len);
	ret = kcsd_object_load(r->table->drive, r->obj, NULL, &r->pind, r->err);
	if (ret)
		return ret;
	r->stats.link_bytes += len;
	r->loaded = true;
	ret = kcsd_program_activate(r->table->drive, r->pind);
	return ret ? kcsd_error_set(r->err, ret, "cannot activate the program: %s",
				    kcsd_error_text(ret)) : 0;
}

/* Make the program for these parameters, unless it is that already. */
static int make_program(struct query_run *r, const struct query_params *params)
{
	int ret;

	if (r->obj && !memcmp(params, &r->params, sizeof(*params)))
		return 0;
	unload(r);
	r->params = *params;
	ret = kcsd_query_link(r->table->format, &r->plan, params, r->opts.heap_len, &r->obj,
			      r->err);
	return ret || !r->table->drive ? ret : load(r);
}

/* ---- one run ---- */

static int take_output(void *arg, const void *bytes, size_t len)
{
	struct query_run *r = arg;

	if (!len)
		return is_cancelled(r);
	if (r->table->drive)
		r->stats.link_bytes += len;
	return kcsd_answer_take(&r->answer, bytes, len);
}

static int show_progress(uint64_t read_bytes, void *arg)
{
	(void)read_bytes;
	return is_cancelled(arg);
}

static void print_nothing(const char *line, size_t len, void *arg)
{
	(void)line, (void)len, (void)arg;
}

static int run_on_host(struct query_run *r, const struct table_source *source,
		       struct kcsd_run_opts *opts, struct kcsd_run_result *result,
		       struct kcsd_error *err)
{
	KCSD_OPTS(kcsd_sim_opts, sim_opts, .fds = &source->fd, .nr_fds = 1,
		  .engine = r->opts.engine ? r->opts.engine : KCSD_ENGINE_LOWERED,
		  .arena_len = HOST_ARENA + r->opts.heap_len, .log = print_nothing,
		  .progress = show_progress, .arg = r);
	struct kcsd_sim *sim;
	const void *image;
	size_t len;
	int ret;

	image = kcsd_object_image(r->obj, &len);
	/* Nobody else waits for this CPU. */
	opts->timeout_ms = UINT32_MAX;
	ret = kcsd_sim_create(image, len, &sim_opts, &sim, err);
	if (ret)
		return ret;
	ret = kcsd_sim_run(sim, opts, result, sizeof(*result), err);
	kcsd_sim_destroy(sim);
	return ret;
}

static int run_on_drive(struct query_run *r, const struct table_source *source,
			struct kcsd_run_opts *opts, struct kcsd_run_result *result,
			struct kcsd_error *err)
{
	struct kcsd_drive *drv = r->table->drive;
	struct kcsd_lba_range grant = { .slba = source->slba, .nlb = source->nlb,
					.access = KCSD_GRANT_READ };
	struct kcsd_sources *sources = NULL;
	KCSD_OPTS(kcsd_sources_opts, list, .fds = NULL);
	int ret;

	if (source->kind == TABLE_FILE) {
		list.fds = &source->fd;
		list.nr_fds = 1;
	} else {
		list.keys = &source->key;
		list.nr_keys = 1;
	}
	if (source->kind == TABLE_LBAS) {
		opts->grants = &grant;
		opts->nr_grants = 1;
	} else {
		ret = kcsd_sources_create(drv, &list, &sources, err);
		if (ret)
			return ret;
		r->stats.link_bytes += kcsd_sources_sent(sources);
		opts->sources = sources;
	}
	opts->pind = r->pind;
	ret = kcsd_program_run(drv, opts, result, sizeof(*result), err);
	kcsd_sources_destroy(sources);
	return ret;
}

static void count_run(struct query_run *r, const struct kcsd_run_result *result)
{
	r->stats.media_bytes += result->info.read_bytes;
	r->stats.insns += result->info.insns;
	r->stats.run_ns += result->info.run_ns;
	r->stats.device_ns += result->info.device_ns;
}

static const char *r0_text(int r0)
{
	if (r0 == -EBADMSG)
		return "it is malformed, and what is behind cannot be read";
	return r0 < 0 ? kcsd_error_text(r0) : "the program ended without an answer";
}

/* Say why a run ended too early. error: of the run. */
static int fail_run(struct query_run *r, const struct table_source *source, int ret,
		    const struct kcsd_run_result *result, struct kcsd_error *error)
{
	int r0 = (int)(int64_t)result->r0;

	if (ret > 0)
		kcsd_run_describe(result, sizeof(*result), r->obj, error);
	else if (!ret)
		ret = kcsd_error_set(error, r0 < 0 ? r0 : -EPROTO, "%s", r0_text(r0));
	return kcsd_error_set(r->err, ret, "%s: %s", source->name, error->text);
}

/* What a run that came back means. Returns -EAGAIN: try again, nothing of it was taken. */
static int judge(struct query_run *r, const struct table_source *source, int ret,
		 const struct kcsd_run_result *result, struct kcsd_error *error)
{
	if (r->answer.ret)
		return r->answer.ret;
	if (r->answer.enough)
		return 0;
	if (r->cancelled)
		return kcsd_error_set(r->err, -ECANCELED, "cancelled");
	if (ret == KCSD_SC_PROGRAM_CHANGED && !r->answer.took)
		return -EAGAIN;
	return ret || !r->answer.ended ? fail_run(r, source, ret, result, error) : 0;
}

static int run_once(struct query_run *r, const struct table_source *source, uint64_t from,
		    uint64_t state)
{
	KCSD_OPTS(kcsd_run_opts, opts, .args = r->args.data, .args_len = r->args.len,
		  .cparam1 = from, .cparam2 = state, .output = take_output,
		  .output_arg = r);
	struct kcsd_run_result result = {};
	/* That the run was cancelled is no news: answer has the reason. */
	struct kcsd_error error = {};
	int ret;

	kcsd_answer_begin(&r->answer, source->name);
	ret = r->table->drive ? run_on_drive(r, source, &opts, &result, &error) :
	      run_on_host(r, source, &opts, &result, &error);
	count_run(r, &result);
	ret = judge(r, source, ret, &result, &error);
	kcsd_run_result_free(&result, sizeof(result));
	return ret;
}

/* Run the program from a byte of the source on. */
static int run_slice(struct query_run *r, const struct table_source *source, uint64_t from,
		     uint64_t state)
{
	int ret, tries = 0;

	do {
		ret = run_once(r, source, from, state);
	} while (ret == -EAGAIN && ++tries < MAX_TRIES && !is_cancelled(r));
	return ret == -EAGAIN ? kcsd_error_set(r->err, KCSD_SC_PROGRAM_CHANGED, "%s: it changes "
					       "while it is read", source->name) : ret;
}

static int run_slices(struct query_run *r, const struct table_source *source)
{
	uint64_t from = 0, state = 0, begin;
	int ret;

	for (;;) {
		begin = from;
		ret = run_slice(r, source, from, state);
		from = r->answer.next;
		if (ret || from == QUERY_NO_NEXT || r->answer.enough)
			return ret;
		if (from <= begin)
			return kcsd_error_set(r->err, -EPROTO, "%s: the program sent nonsense",
					      source->name);
		state = r->answer.state;
	}
}

/*
 * Set when a run ends for another to go on: no run may be longer than the limit of the drive. But
 * one run reads one value of an object, two may read two.
 */
static void set_slice(const struct query_run *r, const struct table_source *source,
		      struct query_params *params)
{
	struct kcsd_compute_info info;

	if (source->kind == TABLE_KEY)
		return;
	params->slice_len = r->opts.slice_len;
	if (!r->table->drive)
		return;
	params->slice_ns = SLICE_NS;
	if (!kcsd_compute_identify(r->table->drive, &info, sizeof(info)))
		params->slice_ns = MIN(SLICE_NS, info.timeout_ms * 250000ull);
}

/* Read a part of a source; *done: there is no such part. */
static int run_part(struct query_run *r, struct table_source *source, uint32_t part, bool *done)
{
	struct query_params params = r->plan.params;
	int ret;

	r->args.len = 0;
	kcsd_table_set_params(r->table, &params);
	set_slice(r, source, &params);
	ret = r->table->format->prepare(r->table, source, &r->plan, part, &params, &r->args,
					r->err);
	*done = ret == 1;
	if (ret)
		return MIN(ret, 0);
	ret = make_program(r, &params);
	return ret ? ret : run_slices(r, source);
}

static int run_source(struct query_run *r, struct table_source *source)
{
	uint32_t part = 0;
	bool done = false;
	int ret = 0;

	while (!ret && !done && !r->answer.enough)
		ret = run_part(r, source, part++, &done);
	return ret;
}

static int run_sources(struct query_run *r)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < r->table->nr_sources && !ret && !r->answer.enough; i++)
		ret = run_source(r, &r->table->sources[i]);
	return ret;
}

/* ---- results ---- */

static int print_row(const struct kcsd_value *results, void *arg)
{
	struct query_run *r = arg;
	uint32_t i;

	kcsd_arena_reset(&r->texts);
	for (i = 0; i < r->query->nr_results; i++)
		if (kcsd_value_print(&results[i], &r->texts, &r->cells[i]))
			return kcsd_error_set(r->err, -ENOMEM, "out of memory");
	r->stats.results++;
	return r->fn(r->cells, r->arg);
}

/* Pages of Parquet are in memory whole: give them what the drive has. */
static uint32_t find_heap_len(const struct kcsd_table *table)
{
	struct kcsd_compute_info info;

	if (!table->format->is_large)
		return HEAP_DEFAULT;
	if (!table->drive)
		return HOST_HEAP;
	if (kcsd_compute_identify(table->drive, &info, sizeof(info)) ||
	    info.arena_len < DATA_LEN + HEAP_DEFAULT)
		return HEAP_DEFAULT;
	return MIN(info.arena_len - DATA_LEN, (uint64_t)HOST_HEAP);
}

static int validate(struct query_run *r, const struct kcsd_query_run_opts *opts)
{
	int ret = kcsd_opts_copy(&r->opts, sizeof(r->opts), opts);

	if (ret)
		return kcsd_error_set(r->err, ret, "kcsd_query_run_opts: impossible size");
	if (r->opts.flags & ~(KCSD_QUERY_SKIP_BAD | KCSD_QUERY_HOST_ONLY))
		return kcsd_error_set(r->err, -EINVAL, "flags: no such flag: %#x", r->opts.flags);
	if (!r->table->open || !r->query->bound)
		return kcsd_error_set(r->err, -EINVAL, "the table is not open, or the query not "
				      "bound");
	if (!r->opts.heap_len)
		r->opts.heap_len = find_heap_len(r->table);
	if (r->query->nr_columns != r->table->nr_columns)
		return kcsd_error_set(r->err, -EINVAL, "the query is bound to another table");
	return 0;
}

/* Values that a query without sources has: LIMIT 0, for one. */
static int run_all(struct query_run *r)
{
	int ret;

	r->answer = (struct answer){ .plan = &r->plan, .host = r->host, .opts = &r->opts,
				     .stats = &r->stats, .err = r->err };
	r->cells = calloc(r->query->nr_results + 1, sizeof(*r->cells));
	r->args.data = malloc(KCSD_MAX_ARGS);
	ret = kcsd_answer_init(&r->answer);
	if (!r->cells || !r->args.data)
		ret = kcsd_error_set(r->err, -ENOMEM, "out of memory");
	if (!ret)
		ret = run_sources(r);
	if (!ret)
		ret = kcsd_host_finish(r->host, print_row, r, r->err);
	if (ret)
		r->query->at = kcsd_host_at(r->host);
	unload(r);
	kcsd_answer_destroy(&r->answer);
	kcsd_arena_destroy(&r->texts);
	free(r->args.data);
	free(r->cells);
	return ret;
}

int kcsd_query_run(struct kcsd_query *query, struct kcsd_table *table,
		   const struct kcsd_query_run_opts *opts,
		   int (*fn)(const struct kcsd_cell *cells, void *arg), void *arg,
		   struct kcsd_query_stats *stats, size_t size, struct kcsd_error *err)
{
	uint64_t begin = now_ns();
	struct kcsd_error ignored = {};
	struct query_run r = { .query = query, .table = table, .err = err ? err : &ignored,
			       .fn = fn, .arg = arg };
	int ret = validate(&r, opts);

	if (ret)
		return ret;
	query->at = -1;
	r.stats.link_bytes = table->link_bytes;
	table->link_bytes = 0;
	ret = kcsd_plan_create(&r.plan, query, r.opts.flags & KCSD_QUERY_HOST_ONLY, r.err);
	if (ret)
		return ret;
	ret = kcsd_host_create(query, r.plan.host_wheres, &r.host);
	if (ret)
		ret = kcsd_error_set(r.err, ret, "out of memory");
	else
		ret = run_all(&r);
	kcsd_host_destroy(r.host);
	kcsd_plan_destroy(&r.plan);
	r.stats.total_ns = now_ns() - begin;
	if (stats)
		kcsd_info_copy(stats, size, &r.stats, sizeof(r.stats));
	return ret;
}
