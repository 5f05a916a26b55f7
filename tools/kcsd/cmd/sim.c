// SPDX-License-Identifier: GPL-2.0
/* kcsd sim: simulate a run without a drive. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parse.h"
#include "program_file.h"
#include "run.h"
#include "trace.h"

#define MAX_RAW		(4u << 20)	/* bytes of hex */
#define DEFAULT_BLOCK	4096
#define INSN_LEN	8u	/* bytes */

#define RUN_BUDGET_DEFAULT	"default: none"
#define RUN_TIMEOUT_DEFAULT	"default: 30000"
#define RUN_LEN_DEFAULT		"default: all granted bytes, up to the end of the file of --lba"
#define RUN_OUT_MAX_DEFAULT	"default: 1M"

#define OPTIONS(X) \
	X(IMAGE, "lba", 'l', "FILE", \
	  "content of namespace 1, and the stream; default: no LBAs") \
	X(GRANT, "grant", 'g', "RANGE[:ACCESS]", \
	  "grant LBAs, as --lba of run; default: all:r; repeatable") \
	X(BLOCK, "block-size", 0, "SIZE", "size of an LBA: 512 or 4096; default: 4096") \
	X(ZONE_SIZE, "zone-size", 0, "SIZE", \
	  "size of a zone, a power of 2; all zones are sequential; default: not zoned") \
	X(ZONE_CAPACITY, "zone-capacity", 0, "SIZE", \
	  "writable bytes of a zone; default: the whole zone") \
	X(WRITTEN, "written", 0, "ZONE:LBAS", \
	  "number of LBAs written; default: up to the last that is not all zeroes; repeatable") \
	X(SLM, "slm", 0, "FILE", "content of the SLM; default: zeroes, as long as --range needs") \
	X(SIM_RANGE, "range", 0, "START+LENGTH", \
	  "grant bytes of SLM, as --range of run; not with --lba") \
	X(WRITE_BACK, "write-back", 'w', NULL, \
	  "write the changes of the program to FILE; default: drop them") \
	X(ARENA, "arena-size", 0, "SIZE", "memory of the program; default: 4M") \
	X(ENGINE, "engine", 'e', "ENGINE", "engine: interp (default) or lowered") \
	X(TRACE, "trace", 0, NULL, "print each instruction and the registers that it changed") \
	X(RAW, "raw", 'r', "HEX", \
	  "run these instructions ('-': standard input), print only r0, in hexadecimal") \
	X(MEM, "mem", 'm', "HEX", "for --raw: memory; r1 has its address, r2 its length")

enum { OPT_BEFORE = NR_RUN_COMMON - 1, OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { RUN_COMMON(OPT_ROW) OPTIONS(OPT_ROW) };

struct sim {
	struct run run;
	struct program_file program;
	struct kcsd_sim_opts opts;
	struct kcsd_sim *sim;
	struct trace *trace;		/* or NULL */
	uint64_t lbas_len;		/* bytes mapped */
	uint64_t file_len;		/* bytes of the file with the LBAs */
};

/* ---- the program ---- */

static int open_raw(struct sim *s, const char *hex)
{
	struct program_file *p = &s->program;
	const char *wrong;
	size_t len;
	char *text;

	text = strcmp(hex, "-") ? strdup(hex) : kcsd_slurp("-", MAX_RAW, &len);
	if (!text)
		return KCSD_EXIT_FAILED;
	p->bytes = malloc(strlen(text) / 2 + 1);
	if (!p->bytes) {
		free(text);
		return kcsd_fail("out of memory");
	}
	p->image = p->bytes;
	wrong = kcsd_parse_hex(text, (uint8_t *)p->bytes, &p->len);
	free(text);
	if (wrong)
		return kcsd_usage(s->run.args->cmd, "--raw: the program %s", wrong);
	return p->len % INSN_LEN ? kcsd_fail("--raw: an instruction has %u bytes, and these are "
					     "%zu bytes", INSN_LEN, p->len) : 0;
}

static int open_program(struct sim *s)
{
	const struct args *args = s->run.args;
	KCSD_OPTS(kcsd_object_opts, object, .program = kcsd_args_value(args, OPT_PROGRAM));
	const char *raw = kcsd_args_value(args, OPT_RAW);
	uint64_t heap = 0;
	int code;

	if (!raw == !args->nr_operands)
		return kcsd_usage(args->cmd, "give either a file or --raw");
	if (!raw && s->run.mem)
		return kcsd_usage(args->cmd, "--mem needs --raw");
	if (raw)
		return open_raw(s, raw);
	code = kcsd_args_size(args, OPT_HEAP, UINT32_MAX, &heap);
	if (code)
		return code;
	object.heap_len = heap;
	return kcsd_program_open(&s->program, args->operand[0], &object);
}

/* ---- namespaces ---- */

/* Map the content of a file. Fill the last unit (LBA, page) up with zeroes. */
static int map_fd(const char *opt, const char *path, int fd, uint32_t unit, bool write_back,
		  void **map, uint64_t *len, uint64_t *file_len)
{
	off_t size = lseek(fd, 0, SEEK_END);
	struct stat st;

	if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		return kcsd_fail("--%s: %s: %s", opt, path, strerror(EISDIR));
	if (size < 0)
		return kcsd_fail("--%s: %s: %s", opt, path, strerror(errno));
	if (write_back && size % unit)
		return kcsd_fail("--write-back: the size of %s is not a multiple of %u bytes", path,
				 unit);
	*file_len = size;
	*len = (size + unit - 1) / unit * unit;
	if (!*len)
		return 0;
	*map = mmap(NULL, *len, PROT_READ | PROT_WRITE, write_back ? MAP_SHARED : MAP_PRIVATE,
		    fd, 0);
	if (*map != MAP_FAILED)
		return 0;
	*map = NULL;
	return kcsd_fail("--%s: %s: %s", opt, path, strerror(errno));
}

/* True if text is a range of LBAs, as --lba of run takes it. */
static bool is_range(const char *text)
{
	struct kcsd_range range;

	return !kcsd_parse_range(text, UINT64_MAX, 1, &range);
}

static int map_file(const struct args *args, int opt, uint32_t unit, void **map, uint64_t *len,
		    uint64_t *file_len)
{
	bool write_back = kcsd_args_has(args, OPT_WRITE_BACK);
	const char *path = kcsd_args_value(args, opt);
	const char *why, *hint;
	int fd, code;

	if (!path)
		return 0;
	fd = open(path, (write_back ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0) {
		why = strerror(errno);
		hint = opt == OPT_IMAGE && is_range(path) ?
		       "; --lba of sim is a FILE, --grant grants its LBAs" : "";
		return kcsd_fail("--%s: %s: %s%s", opts[opt].name, path, why, hint);
	}
	code = map_fd(opts[opt].name, path, fd, unit, write_back, map, len, file_len);
	close(fd);
	return code;
}

static int map_lbas(struct sim *s)
{
	const struct args *args = s->run.args;
	int code;

	if (!kcsd_args_has(args, OPT_IMAGE) && kcsd_args_has(args, OPT_GRANT))
		return kcsd_usage(args->cmd, "--grant needs --lba");
	code = map_file(args, OPT_IMAGE, s->opts.lba_size, &s->opts.lbas, &s->lbas_len,
			&s->file_len);
	s->opts.nsze = s->lbas_len / s->opts.lba_size;
	return code;
}

static int make_zones(struct sim *s)
{
	const struct args *args = s->run.args;
	uint64_t size = 0, cap = 0;
	int i, code;

	if (!kcsd_args_has(args, OPT_ZONE_SIZE)) {
		if (kcsd_args_has(args, OPT_ZONE_CAPACITY) || kcsd_args_has(args, OPT_WRITTEN))
			return kcsd_usage(args->cmd, "--zone-capacity and --written need "
					  "--zone-size");
		return 0;
	}
	if (!kcsd_args_has(args, OPT_IMAGE))
		return kcsd_usage(args->cmd, "--zone-size needs --lba");
	if ((code = kcsd_args_size(args, OPT_ZONE_SIZE, INT64_MAX, &size)) ||
	    (code = kcsd_args_size(args, OPT_ZONE_CAPACITY, INT64_MAX, &cap)) ||
	    (code = kcsd_sim_zones_make(&s->run.zones, args->cmd, size, cap, &s->opts)))
		return code;
	for (i = 0; !code && i < args->nr_given; i++)
		if (args->given[i].opt == OPT_WRITTEN)
			code = kcsd_sim_zones_set(&s->run.zones, args->cmd, args->given[i].value);
	return code;
}

/* Map zeroed SLM up to the end of the last memory range. Return 0, or the exit code. */
static int make_slm(struct sim *s)
{
	const struct kcsd_run_opts *o = &s->run.opts;
	uint64_t len = 0;
	uint32_t i;

	for (i = 0; i < o->nr_ranges; i++)
		if (o->ranges[i].start + o->ranges[i].len > len)
			len = o->ranges[i].start + o->ranges[i].len;
	if (!len)
		return 0;
	s->opts.slm = mmap(NULL, len, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->opts.slm == MAP_FAILED) {
		s->opts.slm = NULL;
		return kcsd_fail("--range: cannot map %llu bytes of memory",
				 (unsigned long long)len);
	}
	s->opts.slm_len = len;
	return 0;
}

static int map_slm(struct sim *s)
{
	const struct args *args = s->run.args;
	int code = kcsd_run_ranges(&s->run, OPT_SIM_RANGE);
	uint64_t file_len;

	if (code)
		return code;
	if (kcsd_args_has(args, OPT_SLM) && !s->run.opts.nr_ranges)
		return kcsd_usage(args->cmd, "--slm needs --range");
	if (!kcsd_args_has(args, OPT_SLM))
		return make_slm(s);
	return map_file(args, OPT_SLM, KCSD_RANGE_GRANULARITY, &s->opts.slm, &s->opts.slm_len,
			&file_len);
}

static int map_namespaces(struct sim *s)
{
	const struct args *args = s->run.args;
	bool lbas = kcsd_args_has(args, OPT_IMAGE), ranges = kcsd_args_has(args, OPT_SIM_RANGE);
	int code;

	if (lbas && ranges)
		return kcsd_usage(args->cmd, "--lba and --range exclude each other");
	if (kcsd_args_has(args, OPT_WRITE_BACK) && !lbas && !kcsd_args_has(args, OPT_SLM))
		return kcsd_usage(args->cmd, "--write-back needs --lba or --slm");
	if ((code = map_lbas(s)) || (code = make_zones(s)))
		return code;
	return map_slm(s);
}

static int take_grants(struct sim *s)
{
	struct run *run = &s->run;

	if (s->opts.nsze && !kcsd_args_has(run->args, OPT_GRANT)) {
		run->grants[0].nlb = s->opts.nsze;
		run->grants[0].access = KCSD_GRANT_READ;
		if (s->opts.nsze > UINT32_MAX)
			return kcsd_usage(run->args->cmd, "a file with so many LBAs needs --grant");
		run->opts.nr_grants = 1;
		run->opts.grants = run->grants;
		if (!kcsd_args_has(run->args, OPT_LEN))
			run->opts.stream_len = s->file_len;
		run->opts.flags |= KCSD_RUN_LEN;
		return 0;
	}
	return kcsd_run_grants(run, s->opts.nsze, run->zones.size);
}

/* ---- the simulator ---- */

static int take_engine(struct sim *s)
{
	const char *name = kcsd_args_value(s->run.args, OPT_ENGINE);

	s->opts.engine = KCSD_ENGINE_INTERP;
	if (name && !strcmp(name, kcsd_engine_name(KCSD_ENGINE_LOWERED)))
		s->opts.engine = KCSD_ENGINE_LOWERED;
	else if (name && strcmp(name, kcsd_engine_name(KCSD_ENGINE_INTERP)))
		return kcsd_usage(s->run.args->cmd, "--engine: '%s' is neither interp nor lowered",
				  name);
	if (s->opts.engine != KCSD_ENGINE_INTERP && kcsd_args_has(s->run.args, OPT_TRACE))
		return kcsd_usage(s->run.args->cmd, "--trace needs --engine interp");
	return 0;
}

static int take_options(struct sim *s)
{
	const struct args *args = s->run.args;
	uint64_t block = DEFAULT_BLOCK, arena = 0;
	int code;

	if ((code = kcsd_args_size(args, OPT_BLOCK, UINT32_MAX, &block)) ||
	    (code = kcsd_args_size(args, OPT_ARENA, UINT64_MAX, &arena)) ||
	    (code = take_engine(s)))
		return code;
	if (block != 512 && block != 4096)
		return kcsd_usage(args->cmd, "--block-size: '%llu' is neither 512 nor 4096",
				  (unsigned long long)block);
	s->opts.lba_size = block;
	s->opts.arena_len = arena;
	if (kcsd_args_has(args, OPT_RAW))
		s->opts.flags = KCSD_SIM_RAW;
	return 0;
}

static void print_log(const char *line, size_t len, void *arg)
{
	(void)arg;
	kcsd_print_log_line(line, len);
}

static void trace_step(const struct kcsd_sim_step *step, void *arg)
{
	const struct sim *s = arg;

	kcsd_trace_step(s->trace, step);
}

static int say_refused(const struct sim *s, const struct kcsd_error *error)
{
	bool no_memory = error->verdict == KCSD_VERDICT_MEMORY;
	const char *more = no_memory ? ": increase it with --arena-size" : "";

	if (s->program.obj || kcsd_args_has(s->run.args, OPT_RAW))
		return kcsd_fail("the program is refused: %s%s", error->text, more);
	return kcsd_fail("%s: neither an object file nor a valid image or instructions: %s%s",
			 s->run.args->operand[0], error->text, more);
}

static int create_sim(struct sim *s)
{
	struct kcsd_error error;

	s->opts.log = print_log;
	s->opts.arg = s;
	if (kcsd_args_has(s->run.args, OPT_TRACE)) {
		s->trace = kcsd_trace_create(&s->program);
		s->opts.trace = trace_step;
		if (!s->trace)
			return KCSD_EXIT_FAILED;
	}
	if (kcsd_sim_create(s->program.image, s->program.len, &s->opts, &s->sim, &error))
		return say_refused(s, &error);
	return 0;
}

/* ---- the run ---- */

/* With --write-back: sync a mapped file, since only that tells if it could be written. */
static int sync_file(const struct args *args, int opt, void *map, uint64_t len)
{
	if (!map || !kcsd_args_has(args, opt) || !kcsd_args_has(args, OPT_WRITE_BACK) ||
	    !msync(map, len, MS_SYNC))
		return 0;
	return kcsd_fail("--%s: %s: %s", opts[opt].name, kcsd_args_value(args, opt),
			 strerror(errno));
}

/* Print r0 alone, for programs that read it; print nothing on a fault. Return the exit code. */
static int report_raw(const struct kcsd_run_result *result, const struct kcsd_error *error)
{
	if (result->status) {
		kcsd_fail("%s", error->text);
		return KCSD_EXIT_FAULT;
	}
	printf("%" PRIx64 "\n", result->r0);
	return 0;
}

static int run_sim(struct sim *s)
{
	struct run *run = &s->run;
	struct kcsd_error error;
	int ret, code, synced;

	ret = kcsd_sim_run(s->sim, &run->opts, &run->result, sizeof(run->result), &error);
	if (s->trace)
		kcsd_trace_end(s->trace, &run->result);
	if (ret < 0 || !run->result.recorded)
		return kcsd_fail("%s", error.text);
	if (kcsd_args_has(run->args, OPT_RAW))
		code = report_raw(&run->result, &error);
	else
		code = kcsd_run_report(run);
	kcsd_run_result_free(&run->result, sizeof(run->result));
	synced = sync_file(run->args, OPT_IMAGE, s->opts.lbas, s->lbas_len);
	if (!synced)
		synced = sync_file(run->args, OPT_SLM, s->opts.slm, s->opts.slm_len);
	return synced ? synced : code;
}

static int sim_run(struct sim *s)
{
	int code;

	if ((code = take_options(s)) || (code = kcsd_run_args(&s->run)) ||
	    (code = open_program(s)) || (code = map_namespaces(s)) || (code = take_grants(s)))
		return code;
	s->run.obj = s->program.obj;
	code = create_sim(s);
	return code ? code : run_sim(s);
}

static int sim(const struct args *args)
{
	struct sim s = {
		.run = {
			.args = args,
			.range_opt = OPT_GRANT,
			.output_fd = -1,
			.mem = kcsd_args_value(args, OPT_MEM),
			.opts.sz = sizeof(s.run.opts),
		},
		.opts.sz = sizeof(s.opts),
	};
	int code = sim_run(&s);

	kcsd_sim_destroy(s.sim);
	kcsd_trace_destroy(s.trace);
	if (s.opts.lbas)
		munmap(s.opts.lbas, s.lbas_len);
	if (s.opts.slm)
		munmap(s.opts.slm, s.opts.slm_len);
	kcsd_program_close(&s.program);
	kcsd_sim_zones_free(&s.run.zones);
	kcsd_run_args_free(&s.run);
	return code;
}

const struct command kcsd_cmd_sim = {
	.name = "sim",
	.operands = "[FILE]",
	.max_operands = 1,
	.summary = "run a program without a drive, to develop it",
	.detail = "FILE is an object file, an image or plain instructions; '-' is standard input.\n"
		  "The engine of the drive runs in this process: no drive, module or root needed.\n"
		  "Default limits are those of a drive with default options.\n\n"
		  RUN_EXIT_CODES,
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.advanced = RUN_ADVANCED | OPT_BIT(BLOCK) | OPT_BIT(ZONE_CAPACITY) | OPT_BIT(WRITTEN) |
		    OPT_BIT(ARENA) | OPT_BIT(ENGINE) | OPT_BIT(RAW) | OPT_BIT(MEM),
	.run = sim,
};
