/* SPDX-License-Identifier: GPL-2.0 */
/* Small programs: instructions, images, and the admin commands that load, activate and unload. */
#ifndef KST_PROG_H
#define KST_PROG_H

#include "cmd.h"

#include <linux/bpf.h>
#include <linux/kcsd_bpf.h>

#define R0	BPF_REG_0
#define R1	BPF_REG_1
#define R2	BPF_REG_2
#define R3	BPF_REG_3
#define R4	BPF_REG_4
#define R5	BPF_REG_5
#define R6	BPF_REG_6
#define R7	BPF_REG_7
#define R8	BPF_REG_8
#define R9	BPF_REG_9
#define R10	BPF_REG_10

#define I_RAW(c, d, s, o, i) \
	((struct bpf_insn) { .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })
#define I_ALU(op, d, i)		I_RAW(BPF_ALU64 | (op) | BPF_K, d, 0, 0, i)
#define I_ALUR(op, d, s)	I_RAW(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)
#define I_ALU32(op, d, i)	I_RAW(BPF_ALU | (op) | BPF_K, d, 0, 0, i)
#define I_ALU32R(op, d, s)	I_RAW(BPF_ALU | (op) | BPF_X, d, s, 0, 0)
#define I_SALUR(op, d, s)	I_RAW(BPF_ALU64 | (op) | BPF_X, d, s, 1, 0)	/* signed */
#define I_SALU32R(op, d, s)	I_RAW(BPF_ALU | (op) | BPF_X, d, s, 1, 0)
#define I_MOV(d, i)		I_ALU(BPF_MOV, d, i)
#define I_MOVR(d, s)		I_ALUR(BPF_MOV, d, s)
#define I_ADD(d, i)		I_ALU(BPF_ADD, d, i)
#define I_LDX(sz, d, s, o)	I_RAW(BPF_LDX | BPF_MEM | (sz), d, s, o, 0)
#define I_STX(sz, d, o, s)	I_RAW(BPF_STX | BPF_MEM | (sz), d, s, o, 0)
#define I_ST(sz, d, o, i)	I_RAW(BPF_ST | BPF_MEM | (sz), d, 0, o, i)
#define I_JMP(op, d, i, o)	I_RAW(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define I_JMPR(op, d, s, o)	I_RAW(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define I_JA(o)			I_RAW(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define I_HELPER(name)		I_RAW(BPF_JMP | BPF_CALL, 0, 0, 0, KCSD_HELPER_##name)
#define I_CALL(o)		I_RAW(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, o)
#define I_EXIT			I_RAW(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Load a 64-bit immediate; takes two instruction slots. */
#define I_IMM64(d, v) \
	I_RAW(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, (__s32)(__u64)(v)), \
	I_RAW(0, 0, 0, 0, (__s32)((__u64)(v) >> 32))
/* Load a field of the context; register s holds the address of the context. */
#define I_CTX(d, s, field) \
	I_LDX(sizeof(((struct kcsd_ctx *)0)->field) == 8 ? BPF_DW : BPF_W, d, s, \
	      offsetof(struct kcsd_ctx, field))

struct image {
	const struct bpf_insn *insns;
	__u32 insn_cnt;
	const void *data;
	__u32 data_len;
	__u32 bss_len;
	__u32 heap_len;
	const char *name;
};

#define IMAGE_MAX	(2u << 20)

/*
 * Build the bytes to load, in a static buffer: valid until the next call. If data is NULL: zeroes.
 */
static inline void *image_build(const struct image *im, __u32 *len)
{
	static __u8 buf[IMAGE_MAX] __attribute__((aligned(8)));
	struct kcsd_image hdr = {
		.version = KCSD_IMAGE_VERSION, .hdr_len = sizeof(hdr),
		.insn_cnt = im->insn_cnt, .data_len = im->data_len,
		.bss_len = im->bss_len, .heap_len = im->heap_len,
	};
	__u32 code_len = im->insn_cnt * sizeof(*im->insns);

	memcpy(hdr.magic, KCSD_IMAGE_MAGIC, KCSD_IMAGE_MAGIC_LEN);
	snprintf(hdr.name, sizeof(hdr.name), "%s", im->name ? im->name : "test");
	memcpy(buf, &hdr, sizeof(hdr));
	if (code_len)
		memcpy(buf + sizeof(hdr), im->insns, code_len);
	if (im->data)
		memcpy(buf + sizeof(hdr) + code_len, im->data, im->data_len);
	else
		memset(buf + sizeof(hdr) + code_len, 0, im->data_len);
	*len = sizeof(hdr) + code_len + im->data_len;
	return buf;
}

/* Load one chunk, in buf, of a program of psize bytes. */
static inline struct nvme_uring_cmd prog_load_cmd(__u16 pind, const void *buf, __u32 numb,
						  __u32 loff, __u32 psize)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_ADMIN_LOAD_PROGRAM, .nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)buf, .data_len = numb,
		.cdw10 = pind | KCSD_PTYPE_EBPF << KCSD_LOAD_PTYPE_SHIFT,
		.cdw11 = psize, .cdw14 = numb, .cdw15 = loff,
	};
}

static inline struct nvme_uring_cmd prog_unload_cmd(__u16 pind)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_ADMIN_LOAD_PROGRAM, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = pind | KCSD_LOAD_SEL_UNLOAD,
	};
}

static inline struct nvme_uring_cmd prog_activation_cmd(__u16 pind, __u32 sel)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_ADMIN_PROGRAM_ACTIVATION, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = pind | sel << KCSD_ACTIVATION_SEL_SHIFT,
	};
}

/* Load a program in one chunk. Stores the reason of a refusal in result. */
static inline int prog_load(int ctrl, __u16 pind, const void *buf, __u32 len, __u64 *result)
{
	struct nvme_uring_cmd c = prog_load_cmd(pind, buf, len, 0, len);

	return cmd_admin_way(CMD_URING, ctrl, &c, result);
}

static inline int prog_unload(int ctrl, __u16 pind)
{
	struct nvme_uring_cmd c = prog_unload_cmd(pind);

	return cmd_admin(ctrl, &c);
}

static inline int prog_activate(int ctrl, __u16 pind)
{
	struct nvme_uring_cmd c = prog_activation_cmd(pind, KCSD_ACTIVATION_ACTIVATE);

	return cmd_admin(ctrl, &c);
}

static inline int prog_deactivate(int ctrl, __u16 pind)
{
	struct nvme_uring_cmd c = prog_activation_cmd(pind, KCSD_ACTIVATION_DEACTIVATE);

	return cmd_admin(ctrl, &c);
}

static inline int prog_load_image(int ctrl, __u16 pind, const struct image *im, __u64 *result)
{
	__u32 len;
	void *buf = image_build(im, &len);

	return prog_load(ctrl, pind, buf, len, result);
}

/* Load a program and activate it. */
static inline int prog_install_image(int ctrl, __u16 pind, const struct image *im)
{
	int ret = prog_load_image(ctrl, pind, im, NULL);

	return ret ? ret : prog_activate(ctrl, pind);
}

static inline int prog_install_insns(int ctrl, __u16 pind, const struct bpf_insn *insns,
				     __u32 insn_cnt)
{
	struct image im = { .insns = insns, .insn_cnt = insn_cnt };

	return prog_install_image(ctrl, pind, &im);
}

/* Argument insns must be an array, not a pointer. */
#define prog_install(ctrl, pind, insns) \
	prog_install_insns(ctrl, pind, insns, ARRAY_SIZE(insns))

/* Replace the program at an index, if there is one. */
static inline int prog_replace_insns(int ctrl, __u16 pind, const struct bpf_insn *insns,
				     __u32 insn_cnt)
{
	prog_deactivate(ctrl, pind);
	prog_unload(ctrl, pind);
	return prog_install_insns(ctrl, pind, insns, insn_cnt);
}

#define prog_replace(ctrl, pind, insns) \
	prog_replace_insns(ctrl, pind, insns, ARRAY_SIZE(insns))

/* Programs for many tests. */
static const struct bpf_insn prog_seven[] = { I_MOV(R0, 7), I_EXIT };
static const struct bpf_insn prog_endless[] = { I_MOV(R0, 0), I_JA(-1), I_EXIT };

#endif
