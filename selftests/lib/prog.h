/* SPDX-License-Identifier: GPL-2.0 */
/* The admin commands that load, activate and unload programs, and two small programs. */
#ifndef KST_PROG_H
#define KST_PROG_H

#include "cmd.h"
#include "image.h"
#include "bpf_insn.h"
#include "kselftest.h"

/* Load one chunk, in buf, of a program of psize bytes. */
struct nvme_uring_cmd prog_load_cmd(__u16 pind, const void *buf, __u32 numb, __u32 loff,
				    __u32 psize);

struct nvme_uring_cmd prog_unload_cmd(__u16 pind);
struct nvme_uring_cmd prog_activation_cmd(__u16 pind, __u32 sel);

/* Load a program in one chunk. Stores the reason of a refusal in result. */
int prog_load(int ctrl, __u16 pind, const void *buf, __u32 len, __u64 *result);

int prog_unload(int ctrl, __u16 pind);
int prog_activate(int ctrl, __u16 pind);
int prog_deactivate(int ctrl, __u16 pind);
int prog_load_image(int ctrl, __u16 pind, const struct image *im, __u64 *result);

/* Load a program and activate it. */
int prog_install_image(int ctrl, __u16 pind, const struct image *im);

int prog_install_insns(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 insn_cnt);

/* Argument insns must be an array, not a pointer. */
#define prog_install(ctrl, pind, insns) \
	prog_install_insns(ctrl, pind, insns, ARRAY_SIZE(insns))

/* Replace the program at an index, if there is one. */
int prog_replace_insns(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 insn_cnt);

#define prog_replace(ctrl, pind, insns) \
	prog_replace_insns(ctrl, pind, insns, ARRAY_SIZE(insns))

/* Programs for many tests: return 7; loop until the run is stopped. */
extern const struct bpf_insn prog_seven[2];
extern const struct bpf_insn prog_endless[3];

#endif
