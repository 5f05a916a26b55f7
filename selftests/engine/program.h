/* SPDX-License-Identifier: GPL-2.0 */
/* Load and run programs, like a drive. */
#ifndef KCSD_PROGRAM_H
#define KCSD_PROGRAM_H

#include "device.h"

struct program {
	void *buf;		/* the image, of exactly its length */
	u64 len;
	struct kcsd_image_view view;
	struct kcsd_code *code;
	struct kcsd_verdict verdict;
	struct kcsd_costs costs;	/* of program_load(): different for each program */
};

/* Parts of which program_build() makes an image. */
struct program_parts {
	const struct bpf_insn *insns;
	u32 insn_cnt;
	const void *data;
	u32 data_len;
	u32 bss_len;
	u32 heap_len;
};

/* Make an image, or plain instructions if there is nothing else. Does not validate it. */
void program_build(struct program *prog, const struct program_parts *parts);
/* Use these bytes as the image. */
void program_copy(struct program *prog, const void *buf, u64 len);
/* Parse, validate and decode, with costs. Returns false and the reason in prog->verdict. */
bool program_load(struct program *prog);
void program_exit(struct program *prog);

/*
 * Allocate memory for runs of a loaded program with run->input: of exactly its size, and full of
 * garbage. Returns false if it needs more than max_mem bytes.
 */
bool program_prepare(const struct program *prog, struct device_run *run, u64 max_mem);
/* Run it; any number of times. */
void program_run(const struct program *prog, struct device_run *run);
void program_release(struct device_run *run);

#endif
