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
	struct kcsd_lba_range all = { .nlb = 1, .access = KCSD_GRANT_READ };
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
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), 0, "lines: run again");
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
	struct kcsd_lba_range grant = { .slba = 2, .nlb = 1, .access = KCSD_GRANT_WRITE };
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
	IS(result.status, KCSD_SC_LBA_RANGE, "  and its result");
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
	struct kcsd_lba_range grants[] = {
		{ .slba = 3, .nlb = 1, .access = KCSD_GRANT_READ },
		{ .slba = 1, .nlb = 2, .access = KCSD_GRANT_READ | KCSD_GRANT_WRITE },
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
	grants[1] = (struct kcsd_lba_range){ .slba = 1, .nlb = 1, .access = KCSD_GRANT_READ };
	IS(kcsd_sim_run(sim, &run, &result, sizeof(result), NULL), KCSD_SC_PROGRAM_FAULT,
	   "grants: a hole");
	IS(result.info.lba, 2, "grants: the LBA in the hole");
	IS(result.info.read_bytes, 0, "grants: nothing is read");
	kcsd_sim_destroy(sim);
}

/* ---- the helper decompress ---- */

/* Unpack the arguments, which are in the format CPARAM1, to the data. */
static int unpack(uint32_t engine, uint32_t codec, const void *args, uint32_t args_len,
		  struct kcsd_run_result *r)
{
	static const struct bpf_insn insns[] = {
		{ .code = 0x79, .dst_reg = 2, .src_reg = 1,
		  .off = offsetof(struct kcsd_ctx, args) },
		{ .code = 0x79, .dst_reg = 3, .src_reg = 1,
		  .off = offsetof(struct kcsd_ctx, args_len) },
		{ .code = 0x79, .dst_reg = 1, .src_reg = 1,
		  .off = offsetof(struct kcsd_ctx, cparam1) },
		{ .code = 0xb7, .dst_reg = 4, .imm = KCSD_GUEST_DATA },
		{ .code = 0xb7, .dst_reg = 5, .imm = 100 },
		{ .code = 0x85, .imm = KCSD_HELPER_decompress },
		{ .code = 0xbf, .dst_reg = 6, .src_reg = 0 },
		{ .code = 0xb7, .dst_reg = 1, .imm = KCSD_GUEST_DATA },
		{ .code = 0xb7, .dst_reg = 2, .imm = 5 },
		{ .code = 0x85, .imm = KCSD_HELPER_emit },
		{ .code = 0xbf, .dst_reg = 0, .src_reg = 6 },
		{ .code = 0x95 },
	};
	KCSD_OPTS(kcsd_run_opts, run, .cparam1 = codec, .args = args, .args_len = args_len,
		  .out_len = 5);
	KCSD_OPTS(kcsd_sim_opts, opts, .engine = engine);
	struct { struct kcsd_image head; struct bpf_insn insns[12]; } image = {
		.head = { .magic = KCSD_IMAGE_MAGIC, .version = KCSD_IMAGE_VERSION,
			  .hdr_len = sizeof(image.head), .insn_cnt = 12, .bss_len = 100,
			  .name = "unpack" },
	};
	struct kcsd_sim *sim;
	int ret;

	_Static_assert(sizeof(insns) == sizeof(image.insns), "");
	memcpy(image.insns, insns, sizeof(insns));
	ret = kcsd_sim_create(&image, sizeof(image), &opts, &sim, NULL);
	if (ret)
		return ret;
	ret = kcsd_sim_run(sim, &run, r, sizeof(*r), NULL);
	kcsd_sim_destroy(sim);
	return ret;
}

static void test_decompress(void)
{
	static const struct {
		const char *name;
		uint32_t codec, len;
		const char *bytes;
	} packed[] = {
		{ "zstd", KCSD_CODEC_ZSTD, 14, "\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello" },
		{ "deflate", KCSD_CODEC_DEFLATE, 10, "\x01\x05\0\xfa\xffhello" },
		{ "snappy", KCSD_CODEC_SNAPPY, 7, "\x05\x10hello" },
	};
	static const uint32_t engines[] = { KCSD_ENGINE_INTERP, KCSD_ENGINE_LOWERED };
	struct kcsd_run_result r;
	size_t i;

	for (i = 0; i < 6; i++) {
		IS(unpack(engines[i / 3], packed[i % 3].codec, packed[i % 3].bytes,
			  packed[i % 3].len, &r), 0, "decompress: %s", packed[i % 3].name);
		IS(r.r0, 5, "  and its length");
		OK(r.out_len == 5 && !memcmp(r.out, "hello", 5), "  and its bytes");
		kcsd_run_result_free(&r, sizeof(r));
	}
	IS(unpack(KCSD_ENGINE_INTERP, KCSD_CODEC_GZIP, "hello", 5, &r), 0, "decompress: no gzip");
	IS(r.r0, -KCSD_EBADMSG, "  says the helper");
	kcsd_run_result_free(&r, sizeof(r));
}

/* ---- the stream ---- */

/* Read the stream; expect the value and these bytes, and so many LBAs read. */
static void expect_stream(struct kcsd_sim *sim, struct kcsd_run_opts *run, int64_t want,
			  const void *bytes, uint32_t lba_reads)
{
	struct kcsd_run_result r;

	run->out_len = 4096;
	IS(kcsd_sim_run(sim, run, &r, sizeof(r), NULL), 0, "stream: %llu+%llu",
	   (unsigned long long)run->cparam1, (unsigned long long)run->cparam2);
	IS((int64_t)r.r0, want, "stream: what is returned");
	OK(want <= 0 ? !r.out_len :
	   r.out_len == (size_t)want && !memcmp(r.out, bytes, r.out_len), "stream: the bytes");
	IS(r.info.read_bytes, lba_reads * LBA, "stream: LBAs are counted whole");
	kcsd_run_result_free(&r, sizeof(r));
}

static void expect_part(struct kcsd_sim *sim, struct kcsd_run_opts *run, uint64_t offset,
			uint64_t len, int64_t want, const void *bytes, uint32_t lba_reads)
{
	run->cparam1 = offset;
	run->cparam2 = len;
	expect_stream(sim, run, want, bytes, lba_reads);
}

/* Grants to read are the stream, in their order; it may end within an LBA. */
static void test_stream(void)
{
	const struct kcsd_lba_range grants[] = {
		{ .slba = 5, .nlb = 1, .access = KCSD_GRANT_READ },
		{ .slba = 0, .nlb = 1, .access = KCSD_GRANT_WRITE },
		{ .slba = 2, .nlb = 2, .access = KCSD_GRANT_READ | KCSD_GRANT_WRITE },
	};
	KCSD_OPTS(kcsd_run_opts, run, .grants = grants, .nr_grants = 3);
	struct kcsd_object *obj;
	struct kcsd_sim *sim = create_program("tests/behave.bpf.o", "stream_at", &obj);
	uint8_t all[3 * LBA];
	size_t i;

	for (i = 0; i < sizeof(lbas); i++)
		lbas[i] = i * 7 + i / 256;
	memcpy(all, lbas + 5 * LBA, LBA);
	memcpy(all + LBA, lbas + 2 * LBA, 2 * LBA);
	expect_part(sim, &run, 0, 4096, 3 * LBA, all, 3);
	expect_part(sim, &run, 0, LBA, LBA, all, 1);
	expect_part(sim, &run, 100, 1, 1, all + 100, 1);
	expect_part(sim, &run, LBA - 1, 2, 2, all + LBA - 1, 2);
	expect_part(sim, &run, LBA, LBA, LBA, all + LBA, 1);
	expect_part(sim, &run, 1, 2 * LBA, 2 * LBA, all + 1, 3);
	expect_part(sim, &run, 3 * LBA - 1, 4096, 1, all + 3 * LBA - 1, 1);
	expect_part(sim, &run, 3 * LBA, 1, 0, NULL, 0);
	expect_part(sim, &run, UINT64_MAX, 4096, 0, NULL, 0);
	expect_part(sim, &run, UINT64_MAX - 4095, 4096, 0, NULL, 0);
	expect_part(sim, &run, 0, 0, 0, NULL, 0);
	run.flags = KCSD_RUN_LEN;
	run.stream_len = LBA + 10;
	expect_part(sim, &run, LBA, LBA, 10, all + LBA, 1);
	expect_part(sim, &run, LBA + 10, 1, 0, NULL, 0);
	run.stream_len = 0;
	expect_part(sim, &run, 0, 1, 0, NULL, 0);
	run.flags = 0;
	run.nr_grants = 0;
	expect_part(sim, &run, 0, 1, 0, NULL, 0);
	kcsd_sim_destroy(sim);
	kcsd_object_close(obj);
}

/* Write so many bytes of the stream; expect the value, and so many LBAs written. */
static void expect_write(struct kcsd_sim *sim, struct kcsd_run_opts *run, uint64_t offset,
			 uint32_t len, int64_t want, uint32_t lba_writes)
{
	struct kcsd_run_result r;

	run->cparam1 = offset;
	run->args_len = len;
	IS(kcsd_sim_run(sim, run, &r, sizeof(r), NULL), 0, "stream: write %llu+%u",
	   (unsigned long long)offset, len);
	IS((int64_t)r.r0, want, "stream: what is returned");
	IS(r.info.written_bytes, lba_writes * LBA, "stream: written LBAs are counted whole");
	kcsd_run_result_free(&r, sizeof(r));
}

/* Grants to read that also allow to write can be written in place; others stay as they are. */
static void test_stream_write(void)
{
	const struct kcsd_lba_range grants[] = {
		{ .slba = 5, .nlb = 1, .access = KCSD_GRANT_READ | KCSD_GRANT_WRITE },
		{ .slba = 0, .nlb = 1, .access = KCSD_GRANT_WRITE },
		{ .slba = 2, .nlb = 1, .access = KCSD_GRANT_READ | KCSD_GRANT_WRITE },
		{ .slba = 3, .nlb = 1, .access = KCSD_GRANT_READ },
	};
	uint8_t bytes[LBA + 20], want[sizeof(lbas)];
	KCSD_OPTS(kcsd_run_opts, run, .grants = grants, .nr_grants = 4, .args = bytes);
	struct kcsd_object *obj;
	struct kcsd_sim *sim = create_program("tests/behave.bpf.o", "stream_to", &obj);

	memset(bytes, 0xdd, sizeof(bytes));
	memset(lbas, 0x11, sizeof(lbas));
	memcpy(want, lbas, sizeof(want));
	expect_write(sim, &run, LBA - 3, 5, 0, 2);
	memset(want + 6 * LBA - 3, 0xdd, 3);
	memset(want + 2 * LBA, 0xdd, 2);
	expect_write(sim, &run, 0, 0, 0, 0);
	expect_write(sim, &run, 2 * LBA - 1, 2, -KCSD_EROFS, 0);
	expect_write(sim, &run, 2 * LBA, 1, -KCSD_EROFS, 0);
	expect_write(sim, &run, 3 * LBA - 1, 2, -KCSD_ENOSPC, 0);
	expect_write(sim, &run, UINT64_MAX, 2, -KCSD_ENOSPC, 0);
	expect_write(sim, &run, 10, LBA + 20, 0, 2);
	memset(want + 5 * LBA + 10, 0xdd, LBA - 10);
	memset(want + 2 * LBA, 0xdd, 30);
	OK(!memcmp(lbas, want, sizeof(lbas)), "stream: only what was written has changed");
	run.nr_grants = 0;
	expect_write(sim, &run, 0, 1, -KCSD_ENOSPC, 0);
	kcsd_sim_destroy(sim);
	kcsd_object_close(obj);
}

/* Without grants, the ranges are the stream. */
static void test_stream_ranges(void)
{
	static uint8_t slm[16384];
	const struct kcsd_slm_range ranges[] = {
		{ .start = 8192, .len = 4096 }, { .start = 0, .len = 4096 },
	};
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = lbas, .nsze = NSZE, .lba_size = LBA, .slm = slm,
		  .slm_len = sizeof(slm));
	KCSD_OPTS(kcsd_run_opts, run, .ranges = ranges, .nr_ranges = 2);
	struct kcsd_object *obj = open_program("tests/behave.bpf.o", "stream_at");
	struct kcsd_sim *sim = create(obj, &opts);
	uint8_t all[8192];
	size_t i;

	for (i = 0; i < sizeof(slm); i++)
		slm[i] = i * 11 + i / 256;
	memcpy(all, slm + 8192, 4096);
	memcpy(all + 4096, slm, 4096);
	expect_part(sim, &run, 0, 4096, 4096, all, 0);
	expect_part(sim, &run, 4001, 1000, 1000, all + 4001, 0);
	expect_part(sim, &run, 8000, 4096, 192, all + 8000, 0);
	expect_part(sim, &run, 8192, 1, 0, NULL, 0);
	kcsd_sim_destroy(sim);
	kcsd_object_close(obj);
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
	IS(strlen(all), KCSD_LOG_TEXT_LEN + 2, "log: the long line is cut");
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
	   "lowered: reason");
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
	struct kcsd_lba_range all = { .nlb = NSZE, .access = KCSD_GRANT_READ };
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
	IS(err.verdict, KCSD_VERDICT_FALL_OFF, "refused: verdict");
	IS(err.pc, 1, "refused: where");
	OK(!sim, "refused: no simulator");
	SAYS(err.text, "instruction 1: the function can run past its last instruction");
	IS(kcsd_sim_create(no_exit, sizeof(no_exit), &raw, &sim, &err),
	   KCSD_SC_INVALID_PROGRAM_DATA, "refused: the same, raw");
	IS(err.pc, 1, "refused: at the instruction of the program");
	IS(kcsd_sim_create(no_exit, 0, NULL, &sim, &err), KCSD_SC_INVALID_PROGRAM_DATA,
	   "refused: nothing");
	IS(err.verdict, KCSD_VERDICT_EMPTY, "refused: verdict");
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

	IS(kcsd_insn_each(insns, sizeof(insns), NULL, note_insn, all, NULL), 0, "disasm");
	/* The last but two jumps into an immediate, the last but one out of the program. */
	IS_TEXT(all, "F0|lddw r1, 5|10-1;|call_local F5|005;|jne r1, 0, -3|001;L4|exit|01-1;"
		"F5|ja +100|10-1;|jeq r0, 0, L4|004;", "disasm: labels and targets");
	IS(kcsd_insn_each(insns, sizeof(insns), NULL, stop_at_2, &last, NULL), 77,
	   "disasm: what the function returns");
	IS(last, 2, "disasm: and no more");
	IS(kcsd_insn_each(insns, 7, NULL, note_insn, all, &err), -EINVAL, "disasm: 7 bytes");
	IS(err.verdict, KCSD_VERDICT_IMAGE, "disasm: why");
	IS(kcsd_insn_each(insns, 0, NULL, note_insn, all, NULL), -EINVAL, "disasm: nothing");
	image = kcsd_object_image(obj, &len);
	all[0] = 0;
	IS(kcsd_insn_each(image, len, obj, note_insn, all, NULL), 0, "disasm: an object");
	SAYS(all, "in_static|ldxdw r1, [r1]|");
	SAYS(all, "|call_local inner|");
	SAYS(all, "innermost|ldxdw ");
	kcsd_object_close(obj);
}

/* ---- zones ---- */

#define ZONE	4	/* LBAs; 3 can be written */
#define ZONES	4
#define ROW	64

/* As bpf/zone_filter.bpf.c has it. */
struct zone_filter {
	uint64_t from, to, low, high;
	uint32_t row_len, column;
};

static uint8_t zone_lbas[ZONES * ZONE * LBA];
static uint64_t zone_wp[ZONES];

/* Two LBAs of rows whose second word is their number; what lies behind them is no data. */
static void fill_zone(void)
{
	uint64_t i;

	memset(zone_lbas, 0xee, sizeof(zone_lbas));
	for (i = 0; i < 2 * LBA / ROW; i++)
		memcpy(zone_lbas + i * ROW + 8, &i, sizeof(i));
	for (i = 0; i < ZONES; i++)
		zone_wp[i] = i * ZONE;
	zone_wp[0] = 2;
}

/* Run zone_filter from zone 0 to LBA "to" with these grants. Its result, or -1000 less a status. */
static int64_t filter_zone(const struct kcsd_sim_opts *opts, uint64_t to, uint64_t low,
			   const struct kcsd_lba_range *grants, uint32_t nr_grants,
			   struct kcsd_run_result *result)
{
	struct zone_filter f = { .to = to, .low = low, .high = 99, .row_len = ROW, .column = 8 };
	KCSD_OPTS(kcsd_run_opts, run, .args = &f, .args_len = sizeof(f), .grants = grants,
		  .nr_grants = nr_grants, .out_len = 256);
	struct kcsd_object *obj = open_program("zone_filter.bpf.o", NULL);
	struct kcsd_sim *sim = create(obj, opts);
	int ret = kcsd_sim_run(sim, &run, result, sizeof(*result), NULL);

	kcsd_sim_destroy(sim);
	kcsd_object_close(obj);
	return ret ? -1000 - ret : (int64_t)result->r0;
}

static void test_zones(void)
{
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = zone_lbas, .nsze = ZONES * ZONE, .lba_size = LBA,
		  .zone_size = ZONE, .zone_cap = 3, .zone_wp = zone_wp);
	struct kcsd_lba_range grants[] = {
		{ .slba = 0, .nlb = 1, .access = KCSD_GRANT_READ | KCSD_GRANT_ZONES },
		{ .slba = ZONE, .nlb = 2, .access = KCSD_GRANT_APPEND | KCSD_GRANT_ZONES },
	};
	struct kcsd_run_result r;
	uint64_t where[2];

	fill_zone();
	IS(filter_zone(&opts, ZONE, 5, grants, 2, &r), 11, "zones: rows from 5 on");
	memcpy(where, r.out, sizeof(where));
	IS(where[0], ZONE, "zones: where they went");
	IS(where[1], 11, "zones: number of rows");
	IS(r.info.written_bytes, 2 * LBA, "zones: bytes written");
	kcsd_run_result_free(&r, sizeof(r));
	IS(zone_wp[1], ZONE + 2, "zones: the write pointer moves");
	IS(memcmp(zone_lbas + ZONE * LBA, zone_lbas + 5 * ROW, 11 * ROW), 0, "zones: the rows");

	IS(filter_zone(&opts, ZONE, 10, grants, 2, &r), 6, "zones: what is left is enough");
	kcsd_run_result_free(&r, sizeof(r));
	IS(zone_wp[1], ZONE + 3, "zones: the zone is full");
	IS(filter_zone(&opts, ZONE, 10, grants, 2, &r), -KCSD_ENOSPC, "zones: full");
	kcsd_run_result_free(&r, sizeof(r));
	IS(filter_zone(&opts, ZONE + 1, 10, grants, 2, &r), -KCSD_EINVAL,
	   "zones: not the start of a zone");
	kcsd_run_result_free(&r, sizeof(r));
	IS(filter_zone(&opts, 3 * ZONE, 10, grants, 2, &r), -1000 - KCSD_SC_PROGRAM_FAULT,
	   "zones: not granted");
	IS(r.info.lba, 3 * ZONE, "zones: the LBA");
	IS(r.info.helper, KCSD_HELPER_append, "zones: the helper");
	kcsd_run_result_free(&r, sizeof(r));
	grants[1].access = KCSD_GRANT_APPEND;
	grants[1].nlb = ZONE - 1;
	IS(filter_zone(&opts, ZONE, 10, grants, 2, &r), -1000 - KCSD_SC_PROGRAM_FAULT,
	   "zones: granted but for an LBA");
	IS(r.info.lba, 2 * ZONE - 1, "zones: that LBA");
	kcsd_run_result_free(&r, sizeof(r));
	grants[1].access = KCSD_GRANT_ALL;
	grants[1].nlb = ZONE;
	IS(filter_zone(&opts, ZONE, 10, grants, 2, &r), -1000 - KCSD_SC_PROGRAM_FAULT,
	   "zones: granted, but not to append");
	kcsd_run_result_free(&r, sizeof(r));
	grants[1] = (struct kcsd_lba_range){ .slba = 1, .nlb = 1,
					     .access = KCSD_GRANT_READ | KCSD_GRANT_ZONES };
	IS(filter_zone(&opts, ZONE, 10, grants, 2, &r), -1000 - KCSD_SC_INVALID_FIELD,
	   "zones: a grant of a zone that begins nowhere");
	grants[1] = (struct kcsd_lba_range){ .slba = ZONE, .nlb = ZONES,
					     .access = KCSD_GRANT_READ | KCSD_GRANT_ZONES };
	IS(filter_zone(&opts, ZONE, 10, grants, 2, &r), -1000 - KCSD_SC_LBA_RANGE,
	   "zones: a grant of more zones than there are");
}

/* Writes at the write pointer only; what was never written reads as zeroes. */
static void test_zone_io(void)
{
	static const struct bpf_insn insns[] = {
		{ .code = 0x79, .dst_reg = 7, .src_reg = 1,
		  .off = offsetof(struct kcsd_ctx, cparam1) },
		{ .code = 0xbf, .dst_reg = 6, .src_reg = 1 },
		/* r8 = write(cparam1, data, LBA) */
		{ .code = 0xbf, .dst_reg = 1, .src_reg = 7 },
		{ .code = 0xb7, .dst_reg = 2, .imm = KCSD_GUEST_DATA },
		{ .code = 0xb7, .dst_reg = 3, .imm = LBA },
		{ .code = 0x85, .imm = KCSD_HELPER_write },
		{ .code = 0xbf, .dst_reg = 8, .src_reg = 0 },
		/* read(cparam2, data, LBA), emit 8 bytes of it */
		{ .code = 0x79, .dst_reg = 1, .src_reg = 6,
		  .off = offsetof(struct kcsd_ctx, cparam2) },
		{ .code = 0xb7, .dst_reg = 2, .imm = KCSD_GUEST_DATA },
		{ .code = 0xb7, .dst_reg = 3, .imm = LBA },
		{ .code = 0x85, .imm = KCSD_HELPER_read },
		{ .code = 0xb7, .dst_reg = 1, .imm = KCSD_GUEST_DATA },
		{ .code = 0xb7, .dst_reg = 2, .imm = 8 },
		{ .code = 0x85, .imm = KCSD_HELPER_emit },
		{ .code = 0xbf, .dst_reg = 0, .src_reg = 8 },
		{ .code = 0x95 },
	};
	const struct {
		uint64_t write, read;
		int64_t r0;
		uint64_t byte;
	} cases[] = {
		{ 1, 0, -KCSD_ESPIPE, 0 },	/* reads row 0 */
		{ 2, 2, 0, 0x77 }, { 2, 2, -KCSD_ENOSPC, 0x77 },
		{ 5, 4, -KCSD_ESPIPE, 0 }, { 4, 5, 0, 0 }, { 5, 4, 0, 0x77 }, { 6, 7, 0, 0 },
		{ 7, 7, -KCSD_ENOSPC, 0 },
	};
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = zone_lbas, .nsze = ZONES * ZONE, .lba_size = LBA,
		  .zone_size = ZONE, .zone_cap = 3, .zone_wp = zone_wp);
	const struct kcsd_lba_range all = { .nlb = ZONES * ZONE, .access = KCSD_GRANT_ALL };
	struct {
		struct kcsd_image header;
		struct bpf_insn insns[sizeof(insns) / sizeof(insns[0])];
		uint8_t data[LBA];
	} image = {
		.header = {
			.magic = KCSD_IMAGE_MAGIC, .version = KCSD_IMAGE_VERSION,
			.hdr_len = sizeof(struct kcsd_image), .data_len = LBA,
			.insn_cnt = sizeof(insns) / sizeof(insns[0]), .name = "io",
		},
	};
	struct kcsd_run_result r;
	struct kcsd_sim *sim;
	size_t i;

	fill_zone();
	memcpy(image.insns, insns, sizeof(insns));
	memset(image.data, 0x77, LBA);
	IS(kcsd_sim_create(&image, sizeof(image), &opts, &sim, NULL), 0, "zone writes: a program");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		KCSD_OPTS(kcsd_run_opts, run, .grants = &all, .nr_grants = 1, .out_len = 8,
			  .cparam1 = cases[i].write, .cparam2 = cases[i].read);

		IS(kcsd_sim_run(sim, &run, &r, sizeof(r), NULL), 0, "zone writes: run %zu", i);
		IS((int64_t)r.r0, cases[i].r0, "zone writes: what write returns");
		if (i)
			IS(*(uint8_t *)r.out, cases[i].byte, "zone writes: what is read");
		kcsd_run_result_free(&r, sizeof(r));
	}
	kcsd_sim_destroy(sim);
}

/* The stream of a zone: what was never written reads as zeroes, too. */
static void test_zone_stream(void)
{
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = zone_lbas, .nsze = ZONES * ZONE, .lba_size = LBA,
		  .zone_size = ZONE, .zone_cap = 3, .zone_wp = zone_wp);
	const struct kcsd_lba_range zone = { .nlb = 1, .access = KCSD_GRANT_READ |
					     KCSD_GRANT_ZONES };
	KCSD_OPTS(kcsd_run_opts, run, .grants = &zone, .nr_grants = 1);
	struct kcsd_object *obj = open_program("tests/behave.bpf.o", "stream_at");
	struct kcsd_sim *sim = create(obj, &opts);
	uint8_t all[ZONE * LBA] = {};

	fill_zone();
	memcpy(all, zone_lbas, 2 * LBA);
	expect_part(sim, &run, 0, sizeof(all), sizeof(all), all, ZONE);
	expect_part(sim, &run, 2 * LBA - 5, 10, 10, all + 2 * LBA - 5, 2);
	kcsd_sim_destroy(sim);
	kcsd_object_close(obj);
}

static void test_zone_options(void)
{
	static uint64_t wp[ZONES] = { 0, ZONE, 2 * ZONE, 3 * ZONE };
	static const struct {
		struct kcsd_sim_opts opts;
		const char *says;
	} cases[] = {
		{ { .zone_size = 3, .zone_wp = wp }, "no power of two" },
		{ { .zone_size = 32, .zone_wp = wp }, "divides" },
		{ { .zone_size = ZONE, .zone_cap = ZONE + 1, .zone_wp = wp }, "capacity" },
		{ { .zone_size = ZONE }, "write pointers" },
		{ { .zone_cap = 1 }, "no size" },
		{ { .zone_wp = wp }, "no size" },
		{ { .zone_size = ZONE / 2, .zone_wp = wp }, "another one" },
	};
	struct kcsd_sim *sim;
	struct kcsd_error err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kcsd_sim_opts opts = cases[i].opts;

		opts.sz = sizeof(opts);
		opts.lbas = zone_lbas;
		opts.nsze = i == 6 ? 2 * ZONE : ZONES * ZONE;
		opts.lba_size = LBA;
		IS(kcsd_sim_create(mov_exit, sizeof(mov_exit), &opts, &sim, &err), -EINVAL,
		   "zone options %zu", i);
		SAYS(err.text, cases[i].says);
	}
}

/* Without zones there is nothing to append to. */
static void test_no_zones(void)
{
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = zone_lbas, .nsze = ZONES * ZONE, .lba_size = LBA);
	struct kcsd_lba_range grant = { .nlb = ZONES * ZONE, .access = KCSD_GRANT_ALL };
	struct kcsd_run_result r;

	fill_zone();
	IS(filter_zone(&opts, ZONE, 5, &grant, 1, &r), -KCSD_EINVAL,
	   "no zones: the helper says so");
	kcsd_run_result_free(&r, sizeof(r));
	grant.access = KCSD_GRANT_APPEND;
	IS(filter_zone(&opts, ZONE, 5, &grant, 1, &r), -1000 - KCSD_SC_INVALID_FIELD,
	   "no zones: no grant to append");
	grant.access = KCSD_GRANT_READ | KCSD_GRANT_ZONES;
	IS(filter_zone(&opts, ZONE, 5, &grant, 1, &r), -1000 - KCSD_SC_INVALID_FIELD,
	   "no zones: no grant of zones");
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
	test_decompress();
	test_stream();
	test_stream_write();
	test_stream_ranges();
	test_log();
	test_trace();
	test_lowered();
	test_refused();
	test_options();
	test_disasm();
	test_zones();
	test_zone_io();
	test_zone_stream();
	test_zone_options();
	test_no_zones();
	return tap_end();
}
