// SPDX-License-Identifier: GPL-2.0
/* kcsd run: load, activate, run, report, unload. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "parse.h"
#include "program_file.h"
#include "run.h"
#include "signals.h"

#define PROGRESS_MS	250

#define RUN_BUDGET_DEFAULT	"default and maximum: limit of the drive"
#define RUN_TIMEOUT_DEFAULT	"default and maximum: limit of the drive"
#define RUN_LEN_DEFAULT		"default: all granted bytes"
#define RUN_OUT_MAX_DEFAULT	"default: 1M; no limit with --output"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(LBA, "lba", 'l', "RANGE[:ACCESS]", \
	  "grant LBAs: 0+1000, 0-999, all, or zones: z3+2; repeatable; " \
	  "ACCESS: r (default), w, a (append), m (reset and finish)") \
	X(FILE, "file", 'f', "PATH[:ACCESS]", \
	  "the program reads this file, which is on a drive; repeatable: one after another; " \
	  "ACCESS: r (default), w: it also writes it, in place") \
	X(KEY, "key", 0, "KEY", \
	  "the program reads this object, its bytes or hex:DIGITS; repeatable: one after another") \
	X(KEY_PREFIX, "key-prefix", 0, "PREFIX", \
	  "all objects whose keys begin with PREFIX, in their order; '': all; repeatable") \
	X(STORE_PREFIX, "store-prefix", 0, "PREFIX", \
	  "the program may store objects whose keys begin with PREFIX; '': all; repeatable") \
	X(ANYWHERE, "anywhere", 0, NULL, \
	  "if no drive can read the files, run the program on the host instead") \
	X(RANGE, "range", 0, "START+LENGTH", \
	  "grant bytes of SLM, START and LENGTH as sizes; repeatable") \
	X(RANGE_SET, "range-set", 0, "ID", "grant the ranges of a set, by its identifier") \
	X(AUDIT, "audit", 'A', NULL, "print which LBAs the program read and wrote") \
	X(KEEP, "keep", 'k', NULL, "leave the program loaded and active") \
	X(SOCKET, "socket", 0, "PATH", \
	  "the service that runs it on files for users without rights to the drive") \
	X(VERBOSE, "verbose", 'v', NULL, "tell if the service runs it")

enum { OPT_BEFORE = NR_RUN_COMMON - 1, OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { RUN_COMMON(OPT_ROW) OPTIONS(OPT_ROW) };

/* ---- memory ranges ---- */

static int take_range_set(struct run *run)
{
	const char *text = kcsd_args_value(run->args, OPT_RANGE_SET), *wrong;
	uint64_t rsid = 0;

	if (!text)
		return 0;
	if (run->opts.nr_ranges)
		return kcsd_usage(run->args->cmd, "--range and --range-set exclude each other");
	wrong = kcsd_parse_number(text, &rsid);
	if (!wrong && (!rsid || rsid > UINT16_MAX))
		wrong = "is not an identifier of a set";
	if (wrong)
		return kcsd_usage(run->args->cmd, "--range-set: '%s' %s", text, wrong);
	run->opts.rsid = rsid;
	return 0;
}

/* Make a range set for a run that cannot have ranges. delete_range_set() deletes it after. */
static int make_range_set(struct run *run)
{
	int ret;

	if (!run->opts.nr_ranges || (!run->opts.nr_grants && !kcsd_run_streams(run)))
		return 0;
	ret = kcsd_range_set_create(run->drv, run->ranges, run->opts.nr_ranges, &run->opts.rsid);
	if (ret)
		return kcsd_fail_ret(ret, "cannot create a range set");
	run->opts.nr_ranges = 0;
	run->made_set = true;
	return 0;
}

static int delete_range_set(const struct run *run, int code)
{
	int ret = run->made_set ? kcsd_range_set_delete(run->drv, run->opts.rsid) : 0;

	return ret ? kcsd_fail_ret(ret, "cannot delete range set %u", run->opts.rsid) : code;
}

/* ---- the run ---- */

/* Wait for the only run in the queue. Return the result of kcsd_queue_reap(), or -EBUSY. */
static int reap(struct run *run, struct kcsd_queue *queue)
{
	int ret = -EINTR;

	kcsd_run_begin_progress(run);
	while (!kcsd_signals_caught()) {
		ret = kcsd_queue_reap(queue, &run->result, sizeof(run->result), PROGRESS_MS);
		if (ret != -ETIME && ret != -EINTR)
			break;
		ret = kcsd_sources_is_wanted(run->sources) ? -EBUSY : -EINTR;
		if (ret == -EBUSY)
			break;
		kcsd_run_show_progress(run);
	}
	kcsd_run_end_progress(run);
	return kcsd_signals_caught() ? -EINTR : ret;
}

int kcsd_run_interrupted(void)
{
	kcsd_fail("interrupted, the run was cancelled");
	return kcsd_signals_code(kcsd_signals_caught());
}

/*
 * Execute the run, and write its output while it comes. Return 0 with run->result valid, the exit
 * code, or -1 if io_uring is not available.
 */
static int execute_and_write(struct run *run)
{
	struct kcsd_run_opts opts = run->opts;
	struct kcsd_error error = {};
	int ret;

	opts.out_len = 0;
	opts.output = kcsd_run_take_output;
	opts.output_arg = run;
	kcsd_run_begin_progress(run);
	ret = kcsd_program_run(run->drv, &opts, &run->result, sizeof(run->result), &error);
	kcsd_run_end_progress(run);
	if (kcsd_signals_caught())
		return kcsd_run_interrupted();
	if (run->output_code)
		return run->output_code;
	if (ret == -ENOSYS || ret == -EPERM)
		return -1;
	return ret < 0 ? kcsd_fail("%s", error.text) : 0;
}

/* Execute the run. Return 0 with run->result valid, or the exit code. */
static int execute_and_wait(struct run *run)
{
	struct kcsd_queue *queue;
	struct kcsd_error error = {};
	int ret = kcsd_queue_create(run->drv, 1, &queue);

	if (ret == -ENOSYS || ret == -EPERM) {
		/* io_uring is not available: use the ioctl, which shows no progress. */
		ret = kcsd_program_run(run->drv, &run->opts, &run->result, sizeof(run->result),
				       &error);
		if (kcsd_signals_caught())
			return kcsd_run_interrupted();
		return ret < 0 ? kcsd_fail("%s", error.text) : 0;
	}
	if (ret)
		return kcsd_fail_ret(ret, "cannot set up io_uring");
	ret = kcsd_queue_submit(queue, &run->opts, 0, &error);
	if (ret) {
		kcsd_queue_destroy(queue);
		return kcsd_fail("%s", error.text);
	}
	ret = reap(run, queue);
	kcsd_queue_destroy(queue);
	if (kcsd_signals_caught())
		return kcsd_run_interrupted();
	if (ret == -EBUSY)
		return kcsd_fail("another process wants to open a file that the program writes: the "
				 "run was cancelled, what it had written stays");
	return ret ? kcsd_fail_ret(ret, "cannot wait for the run") : 0;
}

static int execute(struct run *run)
{
	struct timespec ts;
	int code = -1;

	clock_gettime(CLOCK_REALTIME, &ts);
	run->begin_ns = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
	if (kcsd_signals_caught())
		return kcsd_run_interrupted();
	if (kcsd_run_streams(run))
		code = execute_and_write(run);
	return code < 0 ? execute_and_wait(run) : code;
}

static int run_active(struct run *run)
{
	int code, again, settled;

	run->opts.pind = run->pind;
	do {
		code = execute(run);
		again = code ? -1 : kcsd_run_again(run);
	} while (!again);
	settled = kcsd_run_settle_files(run);
	if (again > 0)
		code = again;
	if (!code)
		code = kcsd_run_report(run);
	if (!code)
		code = settled;
	kcsd_run_result_free(&run->result, sizeof(run->result));
	return code;
}

static int run_object(struct run *run)
{
	struct kcsd_error error;
	int ret, code;

	if (kcsd_object_load(run->drv, run->obj, NULL, &run->pind, &error))
		return kcsd_signals_caught() ? kcsd_run_interrupted() : kcsd_fail_load(&error);
	ret = kcsd_program_activate(run->drv, run->pind);
	if (ret) {
		kcsd_program_unload(run->drv, run->pind);
		if (kcsd_signals_caught())
			return kcsd_run_interrupted();
		return kcsd_fail_ret(ret, "cannot activate %s", kcsd_object_name(run->obj));
	}
	code = run_active(run);
	if (run->keep) {
		fprintf(stderr, "kcsd: %s stays at index %u\n", kcsd_object_name(run->obj),
			run->pind);
		return code;
	}
	ret = kcsd_program_deactivate(run->drv, run->pind);
	if (!ret)
		ret = kcsd_program_unload(run->drv, run->pind);
	return ret ? kcsd_fail_ret(ret, "cannot unload program %u", run->pind) : code;
}

struct find {
	const char *name;
	struct kcsd_program_info found;
};

static int compare_name(const struct kcsd_program_info *info, void *arg)
{
	struct find *find = arg;

	if (strcmp(info->name, find->name))
		return 0;
	find->found = *info;
	return 1;
}

/* Run a program of the drive; it stays loaded and active. Return the exit code. */
static int run_named(struct run *run)
{
	struct find find = { .name = run->name };
	int ret = kcsd_program_each(run->drv, compare_name, &find);

	if (!ret)
		return kcsd_fail("%s: no such file, and no program with this name on %s", run->name,
				 kcsd_drive_name(run->drv));
	if (ret != 1)
		return kcsd_fail_ret(ret, "%s: cannot read the list of programs",
				     kcsd_drive_name(run->drv));
	run->pind = find.found.pind;
	if (!find.found.active)
		ret = kcsd_program_activate(run->drv, run->pind);
	else
		ret = 0;
	if (ret)
		return kcsd_fail_ret(ret, "cannot activate %s", run->name);
	return run_active(run);
}

/* True if what can be the name of a program: without a directory, and not an existing file. */
static bool is_name(const char *what)
{
	return *what && !strchr(what, '/') && access(what, F_OK);
}

static int validate_no_object_options(const struct run *run)
{
	static const int others[] = { OPT_PROGRAM, OPT_HEAP, OPT_KEEP };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (kcsd_args_has(run->args, others[i]))
			return kcsd_usage(run->args->cmd, "--%s is for object files",
					  opts[others[i]].name);
	return 0;
}

/*
 * Find the program: an index or a name on the drive, else an object file. Return 0, or the exit
 * code.
 */
static int open_program(struct run *run)
{
	KCSD_OPTS(kcsd_object_opts, object, .program = kcsd_args_value(run->args, OPT_PROGRAM));
	const char *what = run->args->operand[0];
	uint64_t heap = 0;
	int code;

	if (what[strspn(what, "0123456789")] == '\0' && *what) {
		code = validate_no_object_options(run);
		return code ? code : kcsd_pick_index(run->args, what, &run->pind);
	}
	if (is_name(what)) {
		run->name = what;
		return validate_no_object_options(run);
	}
	code = kcsd_args_size(run->args, OPT_HEAP, UINT32_MAX, &heap);
	if (code)
		return code;
	object.heap_len = heap;
	return kcsd_open_object(what, &object, &run->obj);
}

static int run_any(struct run *run)
{
	if (run->name)
		return run_named(run);
	return run->obj ? run_object(run) : run_active(run);
}

/* Return the LBAs of a zone, 0 if the drive is not zoned. */
static uint64_t zone_size(struct kcsd_drive *drv)
{
	struct kcsd_zns_info info;

	return kcsd_zns_identify(drv, &info, sizeof(info)) ? 0 : info.zone_size;
}

/* Return the name of an option that the service does not carry; NULL: none was given. */
static const char *find_refused(const struct run *run)
{
	static const struct {
		int opt;
		const char *name;
	} all[] = {
		{ OPT_DRIVE, "--drive" }, { OPT_RANGE_SET, "--range-set" },
		{ OPT_AUDIT, "--audit" }, { OPT_KEEP, "--keep" },
		{ OPT_STORE_PREFIX, "--store-prefix" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (kcsd_args_has(run->args, all[i].opt))
			return all[i].name;
	if (run->writes_files)
		return "--file PATH:w";
	return NULL;
}

/* Open the drive for writing, which write grants and loading need. May decide for the host. */
static int open_drive(struct run *run)
{
	const char *wanted = kcsd_args_value(run->args, OPT_DRIVE);
	int ret;

	if (wanted || !run->anywhere)
		return kcsd_pick_drive(wanted || !run->nr_fds ? wanted : run->drive_name, 0,
				       &run->drv);
	ret = kcsd_drive_open(run->drive_name, 0, &run->drv);
	return ret ? kcsd_run_refuse_files(run, ret, "%s: %s", run->drive_name,
					   kcsd_error_text(ret)) : 0;
}

/* Run the program, unless the decision is for the host. */
static int run_on_drive(struct run *run)
{
	int code = open_drive(run);

	if (code || run->on_host)
		return code;
	code = kcsd_run_grants(run, kcsd_drive_nsze(run->drv), zone_size(run->drv));
	if (!code) {
		kcsd_signals_catch();
		code = kcsd_run_take_files(run);
		code = code ? code : kcsd_run_take_keys(run);
	}
	if (!code && !run->on_host)
		code = make_range_set(run);
	if (!code && !run->on_host)
		code = delete_range_set(run, run_any(run));
	kcsd_run_drop_sources(run);
	kcsd_drive_close(run->drv);
	run->drv = NULL;
	return code;
}

static int run(const struct args *args)
{
	struct run run = { .args = args, .range_opt = OPT_LBA, .file_opt = OPT_FILE,
			   .key_opt = OPT_KEY, .prefix_opt = OPT_KEY_PREFIX,
			   .keep = kcsd_args_has(args, OPT_KEEP),
			   .anywhere = kcsd_args_has(args, OPT_ANYWHERE),
			   .opts.sz = sizeof(run.opts) };
	int code;

	if (kcsd_args_has(args, OPT_AUDIT))
		run.opts.flags |= KCSD_RUN_AUDIT;
	code = kcsd_run_args(&run);
	if (!code)
		code = kcsd_run_ranges(&run, OPT_RANGE);
	if (!code)
		code = take_range_set(&run);
	if (!code)
		code = kcsd_run_open_files(&run);
	if (!code)
		code = kcsd_run_validate_keys(&run);
	if (!code)
		code = kcsd_run_store_prefixes(&run, OPT_STORE_PREFIX);
	if (!code)
		code = open_program(&run);
	if (!code)
		code = kcsd_run_validate_anywhere(&run);
	if (!code)
		code = kcsd_run_find_drive(&run);
	if (!code && !run.on_host)
		code = kcsd_run_needs_service(&run) ?
		       kcsd_run_by_service(&run, kcsd_args_value(args, OPT_SOCKET),
					   kcsd_args_has(args, OPT_VERBOSE), find_refused(&run)) :
		       run_on_drive(&run);
	if (!code && run.on_host)
		code = kcsd_run_on_host(&run);
	kcsd_run_close_files(&run);
	kcsd_run_free_keys(&run);
	kcsd_object_close(run.obj);
	kcsd_run_args_free(&run);
	return code;
}

const struct command kcsd_cmd_run = {
	.name = "run",
	.operands = "OBJECT|INDEX|NAME",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "run a program and print its result, output and cost",
	.detail = "OBJECT is a file: load its program, activate it, run it and unload it.\n"
		  "INDEX is a program that is loaded and active; it stays so.\n"
		  "NAME is a program on the drive, also a built-in one ('kcsd programs'); it is\n"
		  "activated if necessary and stays active. A file with this name is preferred.\n\n"
		  RUN_EXIT_CODES,
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.advanced = RUN_ADVANCED | OPT_BIT(RANGE_SET) | OPT_BIT(AUDIT) | OPT_BIT(SOCKET) |
		    OPT_BIT(VERBOSE),
	.run = run,
};
