// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the form of lowered code. They find faults that runs in the interpreter do not show: if
 * the CPU mis-speculates, or on some machines only.
 */
#include <stdio.h>

#include "guest.h"
#include "insn.h"
#include "lowered.h"
#include "runner.h"
#include "tap.h"

#define AX	11
#define MEM	0x1111100000000ull
#define CTL	0x2222200000000ull

/* Kind of the value in AX. */
enum scratch {
	OTHER,		/* a number */
	CTL_ADDR,	/* the ctl */
	FIXED,		/* an address in memory */
	BASE,		/* the address of guest address 0, of the context or the data */
	MASK,		/* the mask of memory that moves */
	MASKED,		/* BASE and a register masked just before */
};

struct walk {
	const struct kcsd_lowered *lowered;
	const struct kcsd_image_view *view;
	struct guest guest;
	bool shifts_wrap;
	bool moving;
	u64 span;		/* one more than the mask */
	u32 pos;
	enum scratch scratch;
	u32 masked_at;		/* position of the last mask */
	u8 masked;		/* its register */
	u8 *targets;		/* for each unit: a jump goes there */
	const char *bad;
};

static const struct bpf_insn *at(const struct walk *w, s64 distance)
{
	static const struct bpf_insn none;
	s64 pos = (s64)w->pos + distance;

	return pos < 0 || pos >= w->lowered->insn_cnt ? &none : &w->lowered->insns[pos];
}

static void blame(struct walk *w, const char *what)
{
	if (!w->bad)
		w->bad = what;
}

static u64 imm64(const struct bpf_insn *insn)
{
	return (u32)insn[0].imm | (u64)(u32)insn[1].imm << 32;
}

/*
 * Returns the end of constant addresses: that of the memory with the longest arguments; if memory
 * moves, that of the shortest run, as the CPU may mis-speculate the comparison with the end.
 */
static u64 constant_end(const struct walk *w)
{
	struct kcsd_layout layout;
	u64 len = kcsd_layout_init(&layout, w->view, w->moving ? 0 : KCSD_MAX_ARGS);

	return w->moving ? kcsd_lowered_span(len) + KCSD_LOWERED_AFTER - 7 : len;
}

/* Returns the kind of an address at this distance from the context. */
static enum scratch kind_at(const struct walk *w, u64 distance)
{
	if (distance == 0 - (u64)KCSD_GUEST_CTX || !distance ||
	    distance == KCSD_GUEST_DATA - KCSD_GUEST_CTX)
		return BASE;
	return distance < constant_end(w) ? FIXED : OTHER;
}

static enum scratch kind_of(const struct walk *w, u64 imm)
{
	if (imm == CTL)
		return CTL_ADDR;
	return w->moving ? OTHER : kind_at(w, imm - MEM);
}

static enum scratch kind_of_field(const struct walk *w, s16 off)
{
	if (w->moving && off == offsetof(struct kcsd_lowered_ctl, mem))
		return BASE;
	return w->moving && off == offsetof(struct kcsd_lowered_ctl, mask) ? MASK : OTHER;
}

/* True if the register was masked and no jump goes between mask and here. */
static bool is_masked(const struct walk *w, u8 reg)
{
	u32 pos = w->masked_at, most = w->moving ? 5 : 3;

	if (w->masked != reg || w->pos - pos > most)
		return false;
	while (pos++ < w->pos)
		if (w->targets[pos])
			return false;
	return true;
}

/* Returns the kind of value that an instruction writes to AX. */
static enum scratch scratch_after(struct walk *w, const struct bpf_insn *insn)
{
	if (insn->code == (BPF_LD | BPF_IMM | BPF_DW))
		return kind_of(w, imm64(insn));
	if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_X) && w->scratch == BASE)
		return is_masked(w, insn->src_reg) ? MASKED : OTHER;
	if (insn->code == (BPF_LDX | BPF_MEM | BPF_DW) && insn->src_reg == AX &&
	    w->scratch == CTL_ADDR)
		return kind_of_field(w, insn->off);
	if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) && w->moving && w->scratch == BASE &&
	    BPF_CLASS(at(w, -1)->code) == BPF_LDX)
		return kind_at(w, (s64)insn->imm);
	return OTHER;
}

static bool ctl_has(const struct walk *w, const struct bpf_insn *insn)
{
	const s16 off = insn->off;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		return kind_of_field(w, off) != OTHER ||
		       off == offsetof(struct kcsd_lowered_ctl, stop) ||
		       off == offsetof(struct kcsd_lowered_ctl, reason) ||
		       off == offsetof(struct kcsd_lowered_ctl, left) ||
		       off == offsetof(struct kcsd_lowered_ctl, cost) ||
		       (off >= 0 && off < 32 && off % 8 == 0);
	case BPF_ST:
		return off == offsetof(struct kcsd_lowered_ctl, reason);
	}
	return off == offsetof(struct kcsd_lowered_ctl, left) ||
	       off == offsetof(struct kcsd_lowered_ctl, cost) ||
	       off == offsetof(struct kcsd_lowered_ctl, addr) ||
	       off == offsetof(struct kcsd_lowered_ctl, pc) ||
	       (off >= (s16)offsetof(struct kcsd_lowered_ctl, args) &&
		off < (s16)offsetof(struct kcsd_lowered_ctl, args[5]));
}

/*
 * Check the code before the mask: it compares the register less floor with the last offset at
 * which the access is in the known memory.
 */
static bool is_checked(const struct walk *w, const struct bpf_insn *guest, bool write)
{
	u32 floor = write ? KCSD_GUEST_DATA : KCSD_GUEST_CTX;
	u32 size = kcsd_insn_size(kcsd_insn_find(guest));
	s32 distance = guest->off - (s32)floor;
	struct kcsd_layout layout;
	const struct bpf_insn *insn;
	u32 pos;

	kcsd_layout_init(&layout, w->view, 0);
	/* Search back over the check of the alignment, with far jumps, but no other access. */
	for (pos = w->masked_at; pos > 1 && pos + 8 > w->masked_at; pos--) {
		insn = &w->lowered->insns[pos - 1];
		if (BPF_CLASS(insn->code) == BPF_LDX || BPF_CLASS(insn->code) == BPF_STX)
			return false;
		if (insn->code == (BPF_JMP | BPF_JGT | BPF_K) && insn->dst_reg == w->masked)
			break;
	}
	insn = &w->lowered->insns[pos - 1];
	if (insn->code != (BPF_JMP | BPF_JGT | BPF_K) || insn->dst_reg != w->masked ||
	    insn->imm != (s32)(layout.args - floor - size))
		return false;
	insn--;
	return !distance || (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) &&
			     insn->dst_reg == w->masked && insn->imm == distance);
}

static s16 limit_field(u32 size)
{
	return (s16)offsetof(struct kcsd_lowered_ctl, limit[0]) + 8 * (size == 8 ? 3 : size / 2);
}

/* The same if memory moves; the last offset is in the ctl. */
static bool is_limited(const struct walk *w, const struct bpf_insn *guest, bool write)
{
	u32 floor = write ? KCSD_GUEST_DATA : KCSD_GUEST_CTX;
	s32 distance = guest->off - (s32)floor;
	const struct bpf_insn *insn;
	u32 pos;

	for (pos = w->masked_at; pos > 5 && pos + 12 > w->masked_at; pos--) {
		insn = &w->lowered->insns[pos - 1];
		if (insn->code == (BPF_JMP | BPF_JGT | BPF_X) && insn->dst_reg == w->masked &&
		    insn->src_reg == AX)
			break;
	}
	insn = &w->lowered->insns[pos - 1];
	if (insn->code != (BPF_JMP | BPF_JGT | BPF_X) || insn->dst_reg != w->masked)
		return false;
	insn--;
	if (write && (insn->code != (BPF_ALU64 | BPF_ADD | BPF_K) || insn->dst_reg != AX ||
		      insn--->imm != KCSD_GUEST_CTX - KCSD_GUEST_DATA))
		return false;
	if (insn->code != (BPF_LDX | BPF_MEM | BPF_DW) || insn->src_reg != AX ||
	    insn->off != limit_field(kcsd_insn_size(kcsd_insn_find(guest))) ||
	    imm64(insn - 2) != CTL)
		return false;
	insn -= 3;
	return !distance || (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K) &&
			     insn->dst_reg == w->masked && insn->imm == distance);
}

/* Check an access by a register: find it in the program, check its comparison. */
static void check_compared(struct walk *w, const struct bpf_insn *insn)
{
	u32 pc = guest_next_access(&w->guest);
	const struct bpf_insn *guest = &w->view->insns[pc];

	if (pc == GUEST_NONE || BPF_SIZE(insn->code) != BPF_SIZE(guest->code) ||
	    BPF_MODE(insn->code) != BPF_MODE(guest->code))
		blame(w, "an access that the program has not");
	else if (!(w->moving ? is_limited : is_checked)(w, guest,
							BPF_CLASS(insn->code) != BPF_LDX))
		blame(w, "an access without a check");
}

static void check_access(struct walk *w, const struct bpf_insn *insn, u8 base)
{
	if (base == BPF_REG_10) {
		if (insn->off < -KCSD_LOWERED_FRAME || insn->off > -8 || insn->off % 8 ||
		    BPF_SIZE(insn->code) != BPF_DW)
			blame(w, "an access beyond the native frame");
		return;
	}
	if (base != AX) {
		blame(w, "an access at a register of the program");
		return;
	}
	switch (w->scratch) {
	case CTL_ADDR:
		if (!ctl_has(w, insn))
			blame(w, "an access of a field of the ctl that is not for lowered code");
		return;
	case BASE:		/* the first byte as a constant address */
	case FIXED:
		if (insn->off)
			blame(w, "a displacement at a constant address");
		return;
	case MASKED:
		if (insn->off)
			blame(w, "a displacement after the mask");
		check_compared(w, insn);
		return;
	case MASK:
	case OTHER:
		blame(w, "an access without a mask, or at no known address");
	}
}

static void check_atomic(struct walk *w, const struct bpf_insn *insn)
{
	const struct bpf_insn *next = at(w, 1);
	u8 result = insn->imm == BPF_CMPXCHG ? 0 : insn->src_reg;

	if (guest_by_stub(insn))
		blame(w, "an atomic access that is not for every JIT");
	if (BPF_SIZE(insn->code) != BPF_W || !(insn->imm & BPF_FETCH))
		return;
	if (BPF_CLASS(next->code) == BPF_LDX)	/* r1 was used for r10 */
		next = at(w, 2);
	if (next->code != (BPF_ALU | BPF_MOV | BPF_X) || next->dst_reg != result ||
	    next->src_reg != result)
		blame(w, "a 32-bit result that is not extended");
}

/* Check that results below 64 bits are cut: the stub branches on the size. */
static void check_stub_result(struct walk *w)
{
	u32 op = at(w, -2)->imm, size = kcsd_insn_size(op), fields = kcsd_insn_fields(op);
	const struct bpf_insn *insn;
	s64 i = 1;

	if (!(fields & (KCSD_WRITES_DST | KCSD_WRITES_SRC)))
		return;
	/* Follow the result to AX, past the check of the end and the restored registers. */
	while (i < 32 && (at(w, i)->code != (BPF_ALU64 | BPF_MOV | BPF_X) ||
			  at(w, i)->dst_reg != AX))
		i++;
	for (i++; BPF_CLASS(at(w, i)->code) == BPF_LDX && at(w, i)->src_reg == BPF_REG_10; i++)
		;
	insn = at(w, i);
	if (size < 4 && (insn->code != (BPF_ALU | BPF_AND | BPF_K) || insn->dst_reg != AX ||
			 insn->imm != (1 << 8 * size) - 1))
		blame(w, "a result of a stub that is not cut");
	insn = at(w, i + (size < 4));
	if (insn->code != ((size < 8 ? BPF_ALU : BPF_ALU64) | BPF_MOV | BPF_X) ||
	    insn->src_reg != AX)
		blame(w, "a result of a stub that is not extended");
}

static bool is_mask(const struct walk *w, const struct bpf_insn *insn)
{
	if (w->moving)
		return insn->code == (BPF_ALU64 | BPF_AND | BPF_X) && insn->src_reg == AX &&
		       w->scratch == MASK;
	return insn->code == (BPF_ALU64 | BPF_AND | BPF_K) && insn->imm == (s32)(w->span - 1);
}

static void check_alu(struct walk *w, const struct bpf_insn *insn)
{
	u8 op = BPF_OP(insn->code);
	bool by_register = BPF_SRC(insn->code) == BPF_X;
	const s32 most = BPF_CLASS(insn->code) == BPF_ALU64 ? 63 : 31;

	if (insn->dst_reg == BPF_REG_10 || (by_register && insn->src_reg == BPF_REG_10))
		blame(w, "arithmetic on the native frame pointer");
	if ((op == BPF_DIV || op == BPF_MOD) && by_register &&
	    (at(w, -1)->code != (BPF_JMP | BPF_JA) || !w->targets[w->pos]))
		blame(w, "a division that is not guarded");
	if ((op == BPF_DIV || op == BPF_MOD) && !by_register &&
	    (!insn->imm || (insn->off && insn->imm == -1)))
		blame(w, "a division that is not one on every machine");
	if ((op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH) && by_register && !w->shifts_wrap &&
	    (insn->src_reg != AX || at(w, -1)->code != (BPF_ALU | BPF_AND | BPF_K) ||
	     at(w, -1)->imm != most))
		blame(w, "a shift beyond the width");
	if ((op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH) && !by_register &&
	    (insn->imm < 0 || insn->imm > most))
		blame(w, "a constant shift beyond the width");
	if (is_mask(w, insn)) {
		w->masked = insn->dst_reg;
		w->masked_at = w->pos;
	}
}

static void check_insn(struct walk *w)
{
	const struct bpf_insn *insn = at(w, 0);
	u32 op = kcsd_insn_find(insn);
	u32 fields;

	if (op == KCSD_NR_OPS) {
		blame(w, "no instruction");
		return;
	}
	fields = kcsd_insn_fields(op);
	switch (BPF_CLASS(insn->code)) {
	case BPF_LDX:
		check_access(w, insn, insn->src_reg);
		break;
	case BPF_ST:
	case BPF_STX:
		check_access(w, insn, insn->dst_reg);
		if (BPF_MODE(insn->code) == BPF_ATOMIC)
			check_atomic(w, insn);
		break;
	case BPF_ALU:
	case BPF_ALU64:
		check_alu(w, insn);
		break;
	case BPF_JMP:
		if (fields & KCSD_HELPS && insn->imm == KCSD_STUB_ATOMIC)
			check_stub_result(w);
		if (fields & KCSD_CALLS_IMM &&
		    !guest_calls(&w->guest, w->pos + 1 + (u32)insn->imm))
			blame(w, "a call that the program has not");
	}
	if (fields & KCSD_WRITES_DST && insn->dst_reg == AX)
		w->scratch = scratch_after(w, insn);
}

static void find_targets(struct walk *w)
{
	const struct kcsd_lowered *lowered = w->lowered;
	u32 pos, fields;

	for (pos = 0; pos < lowered->insn_cnt; pos++) {
		const struct bpf_insn *insn = &lowered->insns[pos];

		fields = kcsd_insn_fields(kcsd_insn_find(insn));
		if (fields & KCSD_JUMPS_OFF)
			w->targets[pos + 1 + insn->off] = 1;
		else if (fields & KCSD_JUMPS_IMM)
			w->targets[pos + 1 + insn->imm] = 1;
		pos += !!(fields & KCSD_WIDE);
	}
}

/* Follow from one function to the next. */
static void follow(struct walk *w)
{
	if (w->pos != w->lowered->starts[w->guest.clone + 1])
		return;
	if (guest_next_access(&w->guest) != GUEST_NONE)
		blame(w, "an access that is missing");
	guest_follow(&w->guest, w->pos);
}

/* Check that the entry sets all registers: those of a machine hold any values. */
static void check_entry(struct walk *w)
{
	s32 reg;

	for (reg = BPF_REG_0; reg <= BPF_REG_9; reg++) {
		const struct bpf_insn *insn = at(w, reg);

		if (insn->code != (BPF_ALU64 | BPF_MOV | BPF_K) || insn->dst_reg != reg ||
		    insn->imm != (reg == BPF_REG_1 ? KCSD_GUEST_CTX : 0))
			blame(w, "a register that the entry does not set");
	}
}

static const char *inspect(const struct kcsd_image_view *view, const struct kcsd_lowered *lowered,
			   const struct kcsd_lower_options *opt)
{
	struct walk w = {
		.lowered = lowered, .view = view,
		.shifts_wrap = opt->shifts_wrap, .moving = opt->moving,
		.span = kcsd_lowered_mem_len(view) - KCSD_LOWERED_AFTER,
		.targets = calloc(lowered->insn_cnt + 1, 1),
	};

	assert(w.targets);
	find_targets(&w);
	guest_init(&w.guest, view, lowered);
	check_entry(&w);
	if (w.span & (w.span - 1))
		blame(&w, "a mask that is none");
	if (lowered->starts[0] || lowered->starts[lowered->nr_functions] != lowered->insn_cnt)
		blame(&w, "functions that do not cover the code");
	for (; w.pos < lowered->insn_cnt && !w.bad; w.pos++) {
		bool wide = at(&w, 0)->code == (BPF_LD | BPF_IMM | BPF_DW);

		follow(&w);
		check_insn(&w);
		w.pos += wide;
	}
	if (!w.bad && guest_next_access(&w.guest) != GUEST_NONE)
		blame(&w, "an access that is missing");
	guest_exit(&w.guest);
	free(w.targets);
	return w.bad;
}

struct inspection {
	u32 nr;
	const char *bad;
	char where[128];
};

static void inspect_with(const char *name, const struct program *prog, struct inspection *in,
			 const struct kcsd_lower_options *opt)
{
	struct kcsd_lowered *lowered;

	if (in->bad || kcsd_lower(&prog->view, opt, &lowered))
		return;
	in->nr++;
	in->bad = inspect(&prog->view, lowered, opt);
	if (in->bad)
		snprintf(in->where, sizeof(in->where), "%s%s%s%s%s", name,
			 opt->count ? ", count" : "", opt->shifts_wrap ? ", shifts wrap" : "",
			 opt->moving ? ", moving" : "", opt->costs ? ", cost" : "");
	kcsd_lowered_destroy(lowered);
}

static void inspect_program(const char *name, const struct program *loaded, void *arg)
{
	struct inspection *in = arg;
	struct program prog;
	bool ok;
	u32 i;

	program_copy(&prog, loaded->buf, loaded->len);
	ok = program_load(&prog);
	for (i = 0; i < 16 && ok; i++)
		inspect_with(name, &prog, in, &(struct kcsd_lower_options){
			.mem = i & 4 ? 0 : MEM, .ctl = CTL, .count = i & 1,
			.shifts_wrap = i & 2, .moving = i & 4,
			.costs = i & 8 ? &prog.costs : NULL,
		});
	program_exit(&prog);
}

static void inspect_all(const char *dir)
{
	struct inspection in = {};

	runner_for_each(dir, inspect_program, &in);
	tap_point(!in.bad && in.nr, "lowered: the code of the test programs");
	tap_note("%u made", in.nr);
	if (in.bad)
		tap_note("%s: %s", in.where, in.bad);
}

/* ---- constants ---- */

#define FRAME(far) \
	((struct bpf_insn){ .code = 0x79, .dst_reg = 1, .src_reg = 10, .off = (far) })

/* Lower the greatest distances from r10, with frames at all places. */
static void far_from_frame(void)
{
	const struct bpf_insn insns[] = { FRAME(0x7fff), FRAME(0x7ff8), { .code = 0x95 } };
	struct program prog = { .view = { .insns = insns, .insn_cnt = 3 } };
	struct inspection in = {};
	char name[32];

	for (; prog.view.bss_len < 0x40000; prog.view.bss_len += 256) {
		snprintf(name, sizeof(name), "bss_len %#x", prog.view.bss_len);
		inspect_with(name, &prog, &in, &(struct kcsd_lower_options){
			.ctl = CTL, .moving = true, .shifts_wrap = true,
		});
	}
	tap_point(!in.bad && in.nr, "lowered: addresses that are constants, in memory that moves");
	if (in.bad)
		tap_note("%s: %s", in.where, in.bad);
}

/* ---- lengths ---- */

#define CALL(distance)	((struct bpf_insn){ .code = 0x85, .src_reg = 1, .imm = (distance) })
#define LOAD(dst)	((struct bpf_insn){ .code = 0x79, .dst_reg = (dst), .src_reg = 1 })
#define EXIT		((struct bpf_insn){ .code = 0x95 })

static void expect_ret(const struct kcsd_image_view *view, int want, const char *what)
{
	const struct kcsd_lower_options opt = { .mem = MEM, .ctl = CTL };
	struct kcsd_lowered *lowered;
	int ret = kcsd_lower(view, &opt, &lowered);

	tap_point(ret == want, "lowered: %s", what);
	if (ret != want)
		tap_note("expected %d, got %d", want, ret);
	if (!ret)
		kcsd_lowered_destroy(lowered);
}

static void lengths(void)
{
	struct bpf_insn *insns = calloc(KCSD_MAX_INSNS, sizeof(*insns));
	struct kcsd_image_view view = { .insns = insns, .insn_cnt = 1 };
	u32 pc;

	assert(insns);
	insns[0] = EXIT;
	view.heap_len = (1u << 31) - KCSD_MAX_ARGS - KCSD_GUEST_DATA - 8 * 512;
	expect_ret(&view, 0, "the longest memory");
	view.heap_len++;
	expect_ret(&view, -E2BIG, "a longer memory");
	view.heap_len = UINT32_MAX;
	expect_ret(&view, -E2BIG, "the longest heap");
	view.heap_len = 0;
	/* Each call has its own function. */
	for (pc = 0; pc < 2 * KCSD_LOWERED_MAX_FUNCTIONS; pc++)
		insns[pc] = pc < KCSD_LOWERED_MAX_FUNCTIONS - 1 ?
			    CALL(KCSD_LOWERED_MAX_FUNCTIONS - 1) : EXIT;
	view.insn_cnt = 2 * KCSD_LOWERED_MAX_FUNCTIONS - 1;
	expect_ret(&view, 0, "the most functions");
	for (pc = 0; pc < 2 * KCSD_LOWERED_MAX_FUNCTIONS + 2; pc++)
		insns[pc] = pc < KCSD_LOWERED_MAX_FUNCTIONS ? CALL(KCSD_LOWERED_MAX_FUNCTIONS) :
			    EXIT;
	view.insn_cnt = 2 * KCSD_LOWERED_MAX_FUNCTIONS + 1;
	expect_ret(&view, -E2BIG, "more functions");
	for (pc = 0; pc < KCSD_MAX_INSNS; pc++)
		insns[pc] = pc == KCSD_MAX_INSNS - 1 ? EXIT : LOAD(pc % 10);
	view.insn_cnt = KCSD_MAX_INSNS;
	expect_ret(&view, -E2BIG, "too long");
	view.insns += KCSD_MAX_INSNS / 2;
	view.insn_cnt -= KCSD_MAX_INSNS / 2;
	expect_ret(&view, 0, "half of that");
	free(insns);
}

/* Check mask and memory behind it for many lengths of the heap. */
static void memory_lengths(void)
{
	struct kcsd_image_view view = {};
	u64 len, end;
	bool ok = true;

	for (; view.heap_len < 1 << 21; view.heap_len += 1021) {
		struct kcsd_layout layout;

		end = KCSD_GUEST_CTX + kcsd_layout_init(&layout, &view, KCSD_MAX_ARGS);
		len = kcsd_lowered_mem_len(&view) - KCSD_LOWERED_AFTER;
		ok &= len >= end && len / 2 < end && !(len & (len - 1));
	}
	tap_point(ok, "lowered: the length of memory that the mask reaches");
	for (ok = true, end = KCSD_GUEST_DATA; end <= KCSD_GUEST_END; end += 0xffff0) {
		len = kcsd_lowered_span(end - KCSD_GUEST_CTX);
		ok &= len >= end && len / 2 < end && !(len & (len - 1));
	}
	tap_point(ok && kcsd_lowered_span(0x3000) == 0x4000 && kcsd_lowered_span(0x3001) == 0x8000,
		  "lowered: the span of memory that moves");
}

void lowered_tests(const char *dir)
{
	inspect_all(dir);
	far_from_frame();
	lengths();
	memory_lengths();
}
