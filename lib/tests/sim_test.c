// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The simulator and the disassembler.
 *
 *	sim_test DIRECTORY-OF-BPF-OBJECTS
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <linux/bpf.h>

#include <libkcsd.h>

#include "tap.h"

#define LBA	512
#define NSZE	8

static const char *bpf;
static uint8_t lbas[NSZE * LBA];

static const struct bpf_insn mov_exit[] = {
	{ .code = 0xb7, .dst_reg = 0, .imm = 7 },	/* mov r0, 7 */
	{ .code = 0x95 },				/* exit */
};

static struct kcsd_object *open_program(const char *file, const char *program)
{
	KCSD_OPTS(kcsd_object_opts, opts, .program = program);
	struct kcsd_object *obj;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", bpf, file);
	IS(kcsd_object_open(path, &opts, &obj, NULL), 0, "%s: %s", file, program ? program : "");
	return obj;
}

static struct kcsd_sim *create(const struct kcsd_object *obj, const struct kcsd_sim_opts *opts)
{
	struct kcsd_sim *sim;
	struct kcsd_error err;
	const void *image;
	size_t len;

	image = kcsd_object_image(obj, &len);
	IS(kcsd_sim_create(image, len, opts, &sim, &err), 0, "a simulator of %s",
	   kcsd_object_name(obj));
	return sim;
}

static struct kcsd_sim *create_program(const char *file, const char *program,
				       struct kcsd_object **obj)
{
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = lbas, .nsze = NSZE, .lba_size = LBA, .cus = 5);

	*obj = open_program(file, program);
	return create(*obj, &opts);
}

/* The example of kcsd_sim(3). */
static void test_example(void)
{
	static char text[4096] = "one\ntwo\n";
	KCSD_OPTS(kcsd_sim_opts, drive, .lbas = text, .nsze = 1);
	struct kcsd_grant all = { 0, 1, KCSD_GRANT_READ };
	KCSD_OPTS(kcsd_run_opts, run, .grants = &all, .nr_grants = 1);
	struct kcsd_object *object = open_program("lines.bpf.o", NULL);
	struct kcsd_run_result result;
	struct kcsd_sim *sim = create(object, &drive);

	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "lines: it runs");
	IS(result.r0, 2, "lines: result");
	IS(result.recorded, 1, "lines: recorded");
	IS(result.info.engine, KCSD_ENGINE_INTERP, "lines: engine");
	IS(result.info.read_bytes, 4096, "lines: bytes read");
	OK(result.info.insns > 4096, "lines: instructions are counted");
	OK(!result.out && !result.out_len, "lines: no output");
	kcsd_run_result_free(&result, sizeof(result));
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "lines: again");
	IS(result.r0, 2, "lines: the same, with fresh memory");
	kcsd_sim_destroy(sim);
	kcsd_object_close(object);
	kcsd_sim_destroy(NULL);
}

static void test_output(void)
{
	KCSD_OPTS(kcsd_run_opts, run, .args = "to be emitted", .args_len = 13, .out_len = 100);
	struct kcsd_run_result result;
	struct kcsd_object *obj;
	struct kcsd_sim *sim = create_program("tests/behave.bpf.o", "echo", &obj);

	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "echo: it runs");
	OK(result.out_len == 13 && !memcmp(result.out, "to be emitted", 13), "echo: output");
	kcsd_run_result_free(&result, sizeof(result));
	run.out_len = 12;
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "echo: no room");
	IS(result.r0, -KCSD_ENOSPC, "echo: the program is told");
	IS(result.out_len, 0, "echo: and nothing is emitted");
	kcsd_run_result_free(&result, sizeof(result));
	kcsd_sim_destroy(sim);
	kcsd_object_close(obj);
}

static void test_write(void)
{
	struct kcsd_grant grant = { 2, 1, KCSD_GRANT_WRITE };
	KCSD_OPTS(kcsd_run_opts, run, .grants = &grant, .nr_grants = 1, .cparam1 = 2, .cparam2 = 9);
	struct kcsd_run_result result;
	struct kcsd_object *obj;
	struct kcsd_sim *sim = create_program("tests/behave.bpf.o", "write_lba", &obj);
	struct kcsd_error err;

	memset(lbas, 1, sizeof(lbas));
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "write: it runs");
	OK(lbas[2 * LBA - 1] == 1 && lbas[2 * LBA] == 9 && lbas[3 * LBA - 1] == 9 &&
	   lbas[3 * LBA] == 1, "write: this LBA and no other");
	IS(result.info.written_bytes, LBA, "write: bytes");
	run.cparam1 = 3;
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), &err), KCSD_SC_PROGRAM_FAULT,
	   "write: beyond the grant");
	IS(result.info.reason, KCSD_FAULT_LBA_WRITE, "write: the reason");
	IS(result.info.lba, 3, "write: the LBA");
	IS(result.info.helper, KCSD_HELPER_write, "write: the helper");
	SAYS(err.text, "write of an LBA that was not granted (LBA 3)");
	OK(lbas[3 * LBA] == 1, "write: nothing is written");
	kcsd_run_result_free(&result, sizeof(result));
	grant.nlb = NSZE - 1;
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), &err), KCSD_SC_LBA_RANGE,
	   "a grant beyond the end");
	IS(result.status, KCSD_SC_LBA_RANGE, "and its result says so");
	SAYS(err.text, "grant 0: LBAs 2+7");
	grant.nlb = 0;
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), &err), -EINVAL, "a grant of nothing");
	run.sz = 1;
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), &err), -EINVAL, "options of no size");
	IS(kcsd_sim_run(sim, NULL, &result, sizeof(result), &err), -EINVAL, "no options");
	kcsd_sim_destroy(sim);
	kcsd_object_close(obj);
}

/* Adjacent grants are one, holes are not, and the first LBA that is missing is named. */
static void test_grants(void)
{
	static const struct bpf_insn read_3[] = {
		{ .code = 0x79, .dst_reg = 2, .src_reg = 1, .off = 48 },	/* ctx->heap */
		{ .code = 0xb7, .dst_reg = 1, .imm = 1 },
		{ .code = 0xb7, .dst_reg = 3, .imm = 3 * LBA },
		{ .code = 0x85, .imm = KCSD_HELPER_read },
		{ .code = 0x95 },
	};
	struct kcsd_grant grants[] = {
		{ 3, 1, KCSD_GRANT_READ }, { 1, 2, KCSD_GRANT_READ | KCSD_GRANT_WRITE },
	};
	KCSD_OPTS(kcsd_run_opts, run, .grants = grants, .nr_grants = 2);
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = lbas, .nsze = NSZE, .lba_size = LBA);
	struct { struct kcsd_image head; struct bpf_insn insns[5]; } image = {
		.head = { .magic = KCSD_IMAGE_MAGIC, .version = KCSD_IMAGE_VERSION,
			  .hdr_len = sizeof(image.head), .insn_cnt = 5, .heap_len = 4096,
			  .name = "read" },
	};
	struct kcsd_run_result result;
	struct kcsd_sim *sim;

	memcpy(image.insns, read_3, sizeof(read_3));
	IS(kcsd_sim_create(&image, sizeof(image), &opts, &sim, NULL), 0, "grants: a program");
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "grants: two as one");
	IS(result.r0, 0, "grants: the read succeeds");
	grants[1].access = KCSD_GRANT_WRITE;
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), KCSD_SC_PROGRAM_FAULT,
	   "grants: one for writing only");
	IS(result.info.lba, 1, "grants: the first LBA");
	grants[1] = (struct kcsd_grant){ 1, 1, KCSD_GRANT_READ };
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), KCSD_SC_PROGRAM_FAULT,
	   "grants: a hole");
	IS(result.info.lba, 2, "grants: the LBA in the hole");
	IS(result.info.read_bytes, 0, "grants: nothing is read");
	kcsd_sim_destroy(sim);
}

static void note_log(const char *line, size_t len, void *arg)
{
	char *all = arg;

	snprintf(all + strlen(all), 200, "<%.*s>", (int)len, line);
}

static void test_log(void)
{
	char all[300] = "";
	KCSD_OPTS(kcsd_sim_opts, opts, .log = note_log, .arg = all);
	KCSD_OPTS(kcsd_run_opts, run, .args = "said", .args_len = 4);
	struct kcsd_object *obj = open_program("tests/behave.bpf.o", "say");
	struct kcsd_sim *sim = create(obj, &opts);
	struct kcsd_run_result result;
	char longer[200];

	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "log: it runs");
	IS_TEXT(all, "<said>", "log: the line");
	memset(longer, 'x', sizeof(longer));
	run.args = longer;
	run.args_len = sizeof(longer);
	all[0] = 0;
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "log: a long line");
	IS(strlen(all), KCSD_LOG_TEXT_LEN + 2, "log: it is cut");
	kcsd_sim_destroy(sim);
	kcsd_object_close(obj);
}

struct steps {
	uint32_t nr;
	struct kcsd_sim_step at[8];
};

static void note_step(const struct kcsd_sim_step *step, void *arg)
{
	struct steps *steps = arg;

	if (steps->nr < 8)
		steps->at[steps->nr] = *step;
	steps->nr++;
}

static void test_trace(void)
{
	struct steps steps = {};
	KCSD_OPTS(kcsd_sim_opts, opts, .trace = note_step, .arg = &steps, .flags = KCSD_SIM_RAW);
	KCSD_OPTS(kcsd_run_opts, run, .args = "abc", .args_len = 3);
	struct kcsd_run_result result;
	struct kcsd_sim *sim;

	IS(kcsd_sim_create(mov_exit, sizeof(mov_exit), &opts, &sim, NULL), 0, "trace: a program");
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "trace: it runs");
	IS(result.r0, 7, "trace: result");
	IS(steps.nr, 2, "trace: two instructions");
	IS(result.info.insns, 2, "trace: as many as are counted");
	OK(steps.at[0].pc == 0 && steps.at[1].pc == 1, "trace: in their order");
	OK(steps.at[0].r[0] == 0 && steps.at[1].r[0] == 7, "trace: before each");
	IS(steps.at[0].r[2], 3, "trace: r2 of a raw program");
	OK(steps.at[0].r[1] && steps.at[0].r[10], "trace: r1 and r10");
	kcsd_sim_destroy(sim);
}

/* ---- lowered code: the same, whatever the program does ---- */

static void same_run(const struct kcsd_object *obj, const struct kcsd_run_opts *run)
{
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = lbas, .nsze = NSZE, .lba_size = LBA);
	struct kcsd_run_result r[2];
	struct kcsd_sim *sim;
	int ret[2], i;

	for (i = 0; i < 2; i++) {
		opts.engine = i ? KCSD_ENGINE_LOWERED : KCSD_ENGINE_INTERP;
		sim = create(obj, &opts);
		ret[i] = kcsd_sim_run(sim, run, &r[i], sizeof(r[i]), NULL);
		/* Twice: it has to leave nothing behind. */
		kcsd_run_result_free(&r[i], sizeof(r[i]));
		ret[i] = kcsd_sim_run(sim, run, &r[i], sizeof(r[i]), NULL);
		kcsd_sim_destroy(sim);
	}
	IS(r[1].info.engine, KCSD_ENGINE_LOWERED, "lowered: %s", kcsd_object_name(obj));
	OK(ret[0] == ret[1] && r[0].r0 == r[1].r0, "lowered: its result");
	OK(r[0].info.reason == r[1].info.reason && r[0].info.pc == r[1].info.pc &&
	   r[0].info.addr == r[1].info.addr && r[0].info.helper == r[1].info.helper,
	   "lowered: how it ended");
	OK(r[0].out_len == r[1].out_len &&
	   (!r[0].out_len || !memcmp(r[0].out, r[1].out, r[0].out_len)), "lowered: its output");
	IS(r[1].info.insns, r[0].info.insns, "lowered: as many instructions");
	for (i = 0; i < 2; i++)
		kcsd_run_result_free(&r[i], sizeof(r[i]));
}

static void test_lowered(void)
{
	static const char *const programs[] = {
		"lines", "word", "grep", "csv", "histogram", "crc32c", "sha256",
	};
	static const char *const faults[] = { "in_entry", "in_static", "in_helper", "in_loop" };
	struct kcsd_grant all = { 0, NSZE, KCSD_GRANT_READ };
	KCSD_OPTS(kcsd_run_opts, run, .grants = &all, .nr_grants = 1, .args = "a", .args_len = 1,
		  .out_len = 4096, .cparam2 = 1, .budget = 10000000);
	struct kcsd_object *obj;
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(lbas); i++)
		lbas[i] = i % 61 ? 'a' + i * i % 23 : '\n';
	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		snprintf(name, sizeof(name), "%s.bpf.o", programs[i]);
		obj = open_program(name, NULL);
		same_run(obj, &run);
		kcsd_object_close(obj);
	}
	run.budget = 1000;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		obj = open_program("tests/fault.bpf.o", faults[i]);
		same_run(obj, &run);
		kcsd_object_close(obj);
	}
}

/* ---- refused ---- */

static void test_refused(void)
{
	const struct bpf_insn no_exit[] = { mov_exit[0], mov_exit[0] };
	KCSD_OPTS(kcsd_sim_opts, raw, .flags = KCSD_SIM_RAW);
	struct kcsd_sim *sim;
	struct kcsd_error err = {};

	IS(kcsd_sim_create(no_exit, sizeof(no_exit), NULL, &sim, &err),
	   KCSD_SC_INVALID_PROGRAM_DATA, "refused: no exit");
	IS(err.check, KCSD_CHECK_FALL_OFF, "refused: why");
	IS(err.pc, 1, "refused: where");
	OK(!sim, "refused: no simulator");
	SAYS(err.text, "instruction 1: the function can run past its last instruction");
	IS(kcsd_sim_create(no_exit, sizeof(no_exit), &raw, &sim, &err),
	   KCSD_SC_INVALID_PROGRAM_DATA, "refused: the same, raw");
	IS(err.pc, 1, "refused: at the program's own instruction");
	IS(kcsd_sim_create(no_exit, 0, NULL, &sim, &err), KCSD_SC_INVALID_PROGRAM_DATA,
	   "refused: nothing");
	IS(err.check, KCSD_CHECK_EMPTY, "refused: why");
	IS(kcsd_sim_create(no_exit, 9, NULL, &sim, NULL), KCSD_SC_INVALID_PROGRAM_DATA,
	   "refused: 9 bytes");
}

#define NO_OPTION(member, value, ret, ...) \
do { \
	KCSD_OPTS(kcsd_sim_opts, opts, .member = value, ##__VA_ARGS__); \
	struct kcsd_sim *sim; \
	struct kcsd_error err; \
\
	IS(kcsd_sim_create(mov_exit, sizeof(mov_exit), &opts, &sim, &err), ret, \
	   "options: " #member " " #value); \
	OK(err.text[0] && !sim, "  and a sentence"); \
} while (0)

static void test_options(void)
{
	struct { struct kcsd_sim_opts o; uint64_t more; } longer = {
		.o.sz = sizeof(longer), .more = 1,
	};
	struct kcsd_sim *sim;

	NO_OPTION(flags, 2, -EINVAL);
	NO_OPTION(lba_size, 3, -EINVAL);
	NO_OPTION(nsze, 1, -EINVAL);
	NO_OPTION(engine, 99, -EINVAL);
	NO_OPTION(engine, KCSD_ENGINE_JIT, -EINVAL);
	NO_OPTION(engine, KCSD_ENGINE_LOWERED, -EINVAL, .trace = note_step);
	NO_OPTION(arena_len, 1ull << 40, -E2BIG);
	NO_OPTION(arena_len, 4096, KCSD_SC_INVALID_PROGRAM_DATA);
	IS(kcsd_sim_create(mov_exit, sizeof(mov_exit), &longer.o, &sim, NULL), -E2BIG,
	   "options of a newer library, used");
	longer.more = 0;
	IS(kcsd_sim_create(mov_exit, sizeof(mov_exit), &longer.o, &sim, NULL), 0,
	   "options of a newer library, not used");
	kcsd_sim_destroy(sim);
}

/* ---- disassembly ---- */

static int stop_at_2(const struct kcsd_insn_info *info, void *arg)
{
	*(uint32_t *)arg = info->pc;
	return info->pc == 2 ? 77 : 0;
}

static int note_insn(const struct kcsd_insn_info *info, void *arg)
{
	char *all = arg;

	snprintf(all + strlen(all), 200, "%s|%s|%d%d%d;", info->label, info->text,
		 info->is_function, info->is_target, (int)info->target);
	return 0;
}

static void test_disasm(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = 0x18, .dst_reg = 1, .imm = 5 }, {},
		{ .code = 0x85, .src_reg = 1, .imm = 2 },
		{ .code = 0x55, .dst_reg = 1, .off = -3 },
		{ .code = 0x95 },
		{ .code = 0x05, .off = 100 },
		{ .code = 0x15, .off = -3 },
	};
	struct kcsd_object *obj = open_program("tests/fault.bpf.o", "in_static");
	struct kcsd_error err;
	char all[4000] = "";
	const void *image;
	uint32_t last = 0;
	size_t len;

	IS(kcsd_disasm_each(insns, sizeof(insns), NULL, note_insn, all, NULL), 0, "disasm");
	/* The last but two jumps into an immediate, the last but one out of the program. */
	IS_TEXT(all, "F0|lddw r1, 5|10-1;|call_local F5|005;|jne r1, 0, -3|001;L4|exit|01-1;"
		"F5|ja +100|10-1;|jeq r0, 0, L4|004;", "disasm: labels and targets");
	IS(kcsd_disasm_each(insns, sizeof(insns), NULL, stop_at_2, &last, NULL), 77,
	   "disasm: what the function returns");
	IS(last, 2, "disasm: and no more");
	IS(kcsd_disasm_each(insns, 7, NULL, note_insn, all, &err), -EINVAL, "disasm: 7 bytes");
	IS(err.check, KCSD_CHECK_IMAGE, "disasm: why");
	IS(kcsd_disasm_each(insns, 0, NULL, note_insn, all, NULL), -EINVAL, "disasm: nothing");
	image = kcsd_object_image(obj, &len);
	all[0] = 0;
	IS(kcsd_disasm_each(image, len, obj, note_insn, all, NULL), 0, "disasm: an object");
	SAYS(all, "in_static|ldxdw r1, [r1]|");
	SAYS(all, "|call_local inner|");
	SAYS(all, "innermost|ldxdw ");
	kcsd_object_close(obj);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	bpf = argv[1];
	test_example();
	test_output();
	test_write();
	test_grants();
	test_log();
	test_trace();
	test_lowered();
	test_refused();
	test_options();
	test_disasm();
	return 0;
}
