// SPDX-License-Identifier: GPL-2.0
#include "range_drive.h"

#include <endian.h>

#include "prog.h"
#include "range_set.h"
#include "slm.h"

#define SMALL_SLM(engine_, cus_) \
	{ "size", "16777216" }, { "block_size", "4096" }, { "arena_size", "1048576" }, \
	{ "cus", cus_ }, { "timeout_ms", "10000" }, { "slm_size", "4M" }, \
	{ "max_ranges", "8" }, { "max_range_sets", "16" }, { "max_programs", "16" }, \
	{ "device_programs", "0" }, { "engine", engine_ }, {}

/* Return the byte at cparam1. */
static const struct bpf_insn prog_load_byte[] = {
	I_CTX(R2, R1, cparam1), I_LDX(BPF_B, R0, R2, 0), I_EXIT,
};

/* Store the byte cparam2 at cparam1. */
static const struct bpf_insn prog_store[] = {
	I_CTX(R2, R1, cparam1), I_CTX(R3, R1, cparam2), I_STX(BPF_B, R2, 0, R3), I_MOV(R0, 0),
	I_EXIT,
};

/* Exchange the eight bytes at cparam1 with cparam2. */
static const struct bpf_insn prog_swap[] = {
	I_CTX(R2, R1, cparam1), I_CTX(R0, R1, cparam2),
	I_RAW(BPF_STX | BPF_ATOMIC | BPF_DW, R2, R0, 0, BPF_XCHG), I_EXIT,
};

/*
 * cparam1 times: add 1 to the first drive_stat in range 0, and to the second one with a loop of
 * compare and exchange.
 */
static const struct bpf_insn prog_add[] = {
	I_CTX(R6, R1, cparam1), I_CTX(R2, R1, ranges), I_LDX(BPF_DW, R2, R2, 0), I_MOV(R3, 1),
	I_RAW(BPF_STX | BPF_ATOMIC | BPF_DW, R2, R3, 0, BPF_ADD),
	I_LDX(BPF_W, R0, R2, 8), I_MOVR(R4, R0), I_ADD(R4, 1), I_MOVR(R5, R0),
	I_RAW(BPF_STX | BPF_ATOMIC | BPF_W, R2, R4, 8, BPF_CMPXCHG),
	I_JMPR(BPF_JNE, R0, R5, -6),
	I_ADD(R6, -1), I_JMP(BPF_JNE, R6, 0, -9), I_MOV(R0, 0), I_EXIT,
};

/* Emit the table of ranges. Returns its address. */
static const struct bpf_insn prog_table[] = {
	I_MOVR(R6, R1), I_CTX(R1, R6, ranges), I_CTX(R2, R6, nr_ranges), I_ALU(BPF_LSH, R2, 4),
	I_HELPER(emit), I_CTX(R0, R6, ranges), I_EXIT,
};

/* Loop until the first byte of range 0 is not 0, then store it as the second byte and return it. */
static const struct bpf_insn prog_wait[] = {
	I_CTX(R2, R1, ranges), I_LDX(BPF_DW, R2, R2, 0),
	I_LDX(BPF_B, R0, R2, 0), I_JMP(BPF_JEQ, R0, 0, -2), I_STX(BPF_B, R2, 1, R0), I_EXIT,
};

/* Read LBA 5. Returns the first byte of range 0 and the first byte of the LBA. */
static const struct bpf_insn prog_both[] = {
	I_CTX(R6, R1, ranges), I_LDX(BPF_DW, R6, R6, 0), I_LDX(BPF_B, R7, R6, 0),
	I_MOV(R1, 5), I_MOVR(R2, R6), I_MOV(R3, LBA), I_HELPER(read),
	I_LDX(BPF_B, R0, R6, 0), I_ALU(BPF_LSH, R7, 8), I_ALUR(BPF_OR, R0, R7), I_EXIT,
};

/* Emit cparam2 bytes from cparam1. */
static const struct bpf_insn prog_emit[] = {
	I_CTX(R2, R1, cparam2), I_CTX(R1, R1, cparam1), I_HELPER(emit), I_EXIT,
};

/* Copy all of range 0, inverted, to range 1. */
static const struct bpf_insn prog_copy[] = {
	I_CTX(R2, R1, ranges), I_LDX(BPF_DW, R3, R2, 0), I_LDX(BPF_DW, R4, R2, 8),
	I_LDX(BPF_DW, R5, R2, 16), I_MOV(R0, 0),
	I_LDX(BPF_B, R1, R3, 0), I_ALU(BPF_XOR, R1, 0xff), I_STX(BPF_B, R5, 0, R1),
	I_ADD(R3, 1), I_ADD(R5, 1), I_ADD(R0, 1), I_JMPR(BPF_JNE, R0, R4, -7), I_EXIT,
};

/* Return the OR of all bytes between the end of the arguments and range 0. Sets them to 0xff. */
static const struct bpf_insn prog_or_all[] = {
	I_CTX(R2, R1, args), I_CTX(R3, R1, args_len), I_ALUR(BPF_ADD, R2, R3),
	I_CTX(R3, R1, ranges), I_LDX(BPF_DW, R3, R3, 0), I_MOV(R0, 0),
	I_JMPR(BPF_JEQ, R2, R3, 5),
	I_LDX(BPF_B, R4, R2, 0), I_ALUR(BPF_OR, R0, R4), I_ST(BPF_B, R2, 0, 0xff), I_ADD(R2, 1),
	I_JA(-6), I_EXIT,
};

/* Read LBA 0 to range 0. */
static const struct bpf_insn prog_read[] = {
	I_CTX(R2, R1, ranges), I_LDX(BPF_DW, R2, R2, 0), I_MOV(R1, 0), I_MOV(R3, LBA),
	I_HELPER(read), I_EXIT,
};

int range_drive_install(int ctrl)
{
	static const struct {
		const struct bpf_insn *insns;
		__u32 cnt;
	} progs[] = {
#define PROG(at, insns) [at] = { insns, ARRAY_SIZE(insns) }
		PROG(SEVEN, prog_seven), PROG(ENDLESS, prog_endless), PROG(LOAD, prog_load_byte),
		PROG(STORE, prog_store), PROG(SWAP, prog_swap), PROG(ADD, prog_add),
		PROG(TABLE, prog_table), PROG(WAIT, prog_wait), PROG(BOTH, prog_both),
		PROG(EMIT, prog_emit), PROG(COPY, prog_copy), PROG(OR_ALL, prog_or_all),
		PROG(READ, prog_read),
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(progs); i++)
		ret = prog_install_insns(ctrl, i, progs[i].insns, progs[i].cnt);
	return ret;
}

int range_drive_create(struct drive *d, const char *name, const char *engine, const char *cus)
{
	const struct drive_attr attrs[] = { SMALL_SLM(engine, cus) };
	int ret = drive_create(d, name, attrs);

	return ret ? ret : range_drive_install(d->ctrl);
}

int slm_byte(struct drive *d, __u64 at)
{
	__u8 byte;

	return slm_rw(d->slm, KCSD_SLM_READ, at, 1, &byte) ? -1 : byte;
}

int set_byte(struct drive *d, __u64 at, __u8 byte)
{
	return slm_rw(d->slm, KCSD_SLM_WRITE, at, 1, &byte);
}

__u16 range_set_make(struct drive *d, __u64 start, __u32 len)
{
	struct kcsd_memory_range r = range(start, len);
	__u64 rsid;

	return range_set_create(d->ctrl, &r, 1, &rsid) ? 0 : rsid;
}

__u64 run_ranges_at(__u32 args_len)
{
	return (KCSD_GUEST_DATA + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE + args_len + PAGE - 1) &
	       -(__u64)PAGE;
}
