// SPDX-License-Identifier: GPL-2.0
/* Tests of the disassembler: each text, assembled again, gives the same bytes. */
#include <stdio.h>

#include "asm.h"
#include "disasm.h"
#include "insn.h"
#include "runner.h"
#include "tap.h"

struct round_trip {
	u32 programs;
	bool failed;		/* and reported it */
};

static void label(u32 pc, char name[KCSD_LABEL_LEN])
{
	snprintf(name, KCSD_LABEL_LEN, "L%u", pc);
}

static bool same(const struct bpf_insn *a, const struct bpf_insn *b, u32 nr)
{
	return !memcmp(a, b, nr * sizeof(*a));
}

/* ---- one instruction ---- */

static bool insn_comes_back(const struct bpf_insn *insns, u32 insn_cnt, char text[KCSD_DISASM_LEN])
{
	struct assembler a;
	u32 units;
	bool ok;

	units = kcsd_disasm(insns, insn_cnt, 0, NULL, text);
	asm_init(&a, NULL);
	ok = asm_line(&a, text) && asm_finish(&a) && a.insn_cnt == units &&
		same(a.insns, insns, units);
	asm_exit(&a);
	return ok;
}

static bool try_fields(struct bpf_insn *insns, u8 dst, u8 src)
{
	static const s16 offs[] = { 0, 1, 8, 16, 32, -1, 256, INT16_MAX, INT16_MIN };
	static const s32 imms[] = {
		0, 1, 6, 7, 16, 32, 64, -1, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1,
		0x100, 0x110, 9999, 10000, -9999, -10000, INT32_MAX, INT32_MIN,
	};
	char text[KCSD_DISASM_LEN];
	u32 o, i;

	insns->dst_reg = dst;
	insns->src_reg = src;
	for (o = 0; o < ARRAY_SIZE(offs); o++) {
		for (i = 0; i < ARRAY_SIZE(imms); i++) {
			insns->off = offs[o];
			insns->imm = imms[i];
			if (insn_comes_back(insns, 2, text))
				continue;
			tap_point(0, "disasm: every bit of an instruction comes back");
			tap_note("%02x %u %u %d %#x: %s", insns->code, dst, src, insns->off,
				 (u32)insns->imm, text);
			return false;
		}
	}
	return true;
}

/* Disassemble any bytes; text of bytes that are no instruction is raw. */
static void every_instruction(void)
{
	static const u8 registers[][2] = { { 0, 0 }, { 3, 0 }, { 0, 1 }, { 7, 10 }, { 15, 15 } };
	static const struct bpf_insn seconds[] = {
		{}, { .imm = -1 }, { .imm = INT32_MIN }, { .off = 1 }, { .code = 1 },
	};
	u32 code, r, s;

	for (code = 0; code < 256; code++) {
		for (r = 0; r < ARRAY_SIZE(registers); r++) {
			for (s = 0; s < (code == 0x18 ? ARRAY_SIZE(seconds) : 1); s++) {
				struct bpf_insn insns[] = { { .code = code }, seconds[s] };

				if (!try_fields(insns, registers[r][0], registers[r][1]))
					return;
			}
		}
	}
	tap_point(1, "disasm: every bit of an instruction comes back");
}

static void texts(void)
{
	static const struct {
		const char *name;
		struct bpf_insn insns[2];
		u32 insn_cnt;
		const char *target, *text;
		u32 units;
	} t[] = {
		{ "a jump", { { .code = 0x15, .dst_reg = 3, .imm = -7, .off = -2 } }, 1, NULL,
		  "jeq r3, -7, -2", 1 },
		{ "a jump to a label", { { .code = 0x05, .off = 1 } }, 1, "out", "ja out", 1 },
		{ "a helper by name", { { .code = 0x85, .imm = KCSD_HELPER_emit } }, 1, NULL,
		  "call emit", 1 },
		{ "a helper without name", { { .code = 0x85, .imm = 7777 } }, 1, NULL,
		  "call 7777", 1 },
		{ "a local call", { { .code = 0x85, .src_reg = 1, .imm = 9 } }, 1, NULL,
		  "call_local +9", 1 },
		{ "small numbers are decimal", { { .code = 0xb7, .imm = -9999 } }, 1, NULL,
		  "mov r0, -9999", 1 },
		{ "others are hexadecimal", { { .code = 0xb7, .imm = -10000 } }, 1, NULL,
		  "mov r0, -0x2710", 1 },
		{ "a wide immediate", { { .code = 0x18, .dst_reg = 1, .imm = 1 }, { .imm = -1 } },
		  2, NULL, "lddw r1, 0xffffffff00000001", 2 },
		{ "a small negative one", { { .code = 0x18, .imm = -5 }, { .imm = -1 } }, 2,
		  NULL, "lddw r0, -5", 2 },
		{ "half of one", { { .code = 0x18, .imm = 1 } }, 1, NULL,
		  "raw 1800000001000000", 1 },
		{ "no displacement", { { .code = 0x79, .dst_reg = 2, .src_reg = 1 } }, 1, NULL,
		  "ldxdw r2, [r1]", 1 },
		{ "an atomic",
		  { { .code = 0xdb, .dst_reg = 10, .src_reg = 1, .off = -8, .imm = 1 } }, 1,
		  NULL, "atomic_fetch_add [r10-8], r1", 1 },
		{ "an unused field", { { .code = 0x95, .imm = 1 } }, 1, NULL,
		  "raw 9500000001000000", 1 },
	};
	char text[KCSD_DISASM_LEN];
	u32 i, units;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		units = kcsd_disasm(t[i].insns, t[i].insn_cnt, 0, t[i].target, text);
		tap_point(!strcmp(text, t[i].text) && units == t[i].units, "disasm: %s",
			  t[i].name);
		if (strcmp(text, t[i].text))
			tap_note("expected %s, got %s", t[i].text, text);
	}
}

static void long_label(void)
{
	const struct bpf_insn insn = { .code = 0xde, .dst_reg = 15, .src_reg = 15 };
	const struct bpf_insn jump = { .code = 0x56, .dst_reg = 10, .imm = INT32_MIN };
	char name[200], text[KCSD_DISASM_LEN];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	kcsd_disasm(&jump, 1, 0, name, text);
	tap_point(strlen(text) == strlen("jne32 r10, -0x80000000, ") + KCSD_LABEL_LEN - 1,
		  "disasm: a label that is too long is cut");
	kcsd_disasm(&insn, 1, 0, name, text);
	tap_point(strlen(text) < sizeof(text), "disasm: the longest registers fit");
}

/* ---- whole programs ---- */

/* Only where a line begins, not in the middle of an instruction. */
static bool begins_insn(const struct bpf_insn *insns, u32 insn_cnt, u32 target)
{
	char text[KCSD_DISASM_LEN];
	u32 pc = 0;

	while (pc < target)
		pc += kcsd_disasm(insns, insn_cnt, pc, NULL, text);
	return pc == target;
}

static bool disasm_program(const struct bpf_insn *insns, u32 insn_cnt, bool labels,
			   struct assembler *a)
{
	char name[KCSD_LABEL_LEN], text[KCSD_DISASM_LEN];
	u32 pc, target;
	bool call;

	for (pc = 0; pc < insn_cnt;) {
		label(pc, text);
		strcat(text, ":");
		if (labels && !asm_line(a, text))
			return false;
		if (labels && kcsd_disasm_target(insns, insn_cnt, pc, &target, &call) &&
		    begins_insn(insns, insn_cnt, target)) {
			label(target, name);
			pc += kcsd_disasm(insns, insn_cnt, pc, name, text);
		} else {
			pc += kcsd_disasm(insns, insn_cnt, pc, NULL, text);
		}
		if (!asm_line(a, text))
			return false;
	}
	return asm_finish(a);
}

static void program_comes_back(struct round_trip *trip, const char *name,
			       const struct kcsd_image_view *view, bool labels)
{
	struct assembler a;

	asm_init(&a, NULL);
	if (!disasm_program(view->insns, view->insn_cnt, labels, &a) ||
	    a.insn_cnt != view->insn_cnt || !same(a.insns, view->insns, view->insn_cnt)) {
		if (!trip->failed)
			tap_point(0, "disasm: the program of every test comes back");
		trip->failed = true;
		tap_note("%s, labels %d: %s", name, labels, a.error);
	}
	asm_exit(&a);
	trip->programs++;
}

static void try_program(const char *name, const struct program *prog, void *arg)
{
	struct kcsd_image_view view;

	if (kcsd_image_parse(prog->buf, prog->len, &view))
		return;
	program_comes_back(arg, name, &view, false);
	/* Each instruction has a label: as many as the assembler takes. */
	if (view.insn_cnt <= ASM_MAX_LABELS)
		program_comes_back(arg, name, &view, true);
}

static void targets(void)
{
	const struct bpf_insn insns[] = {
		{ .code = 0x05, .off = 1 }, { .code = 0x06, .imm = -2 },
		{ .code = 0x85, .src_reg = 1, .imm = 0 }, { .code = 0x85, .imm = 1 },
		{ .code = 0x05, .off = 0 }, { .code = 0x05, .off = -6 },
	};
	static const s32 want[] = { 2, 0, 3, -1, 5, 0 };
	bool call = false, ok = true;
	u32 pc, target, nr = ARRAY_SIZE(insns);

	for (pc = 0; pc < nr; pc++) {
		if (kcsd_disasm_target(insns, nr, pc, &target, &call))
			ok &= want[pc] == (s32)target && call == (pc == 2);
		else
			ok &= want[pc] < 0;
	}
	tap_point(ok, "disasm: targets of jumps and calls");
	ok = !kcsd_disasm_target(insns, 2, 0, &target, &call);
	tap_point(ok, "disasm: no target outside of the program");
}

void disasm_tests(const char *dir)
{
	struct round_trip trip = {};

	texts();
	long_label();
	targets();
	every_instruction();
	runner_for_each(dir, try_program, &trip);
	if (!trip.failed)
		tap_point(trip.programs > 100, "disasm: the program of every test comes back");
}
