/* SPDX-License-Identifier: GPL-2.0 */
/* From bytes to a run, as a drive does it. */
#ifndef KCSD_PROGRAM_H
#define KCSD_PROGRAM_H

#include "device.h"

struct program {
	void *buf;		/* the image, exactly its length */
	u64 len;
	struct kcsd_image_view view;
	struct kcsd_code *code;
	struct kcsd_verdict verdict;
};

/* What program_build() puts around instructions. */
struct program_parts {
	const struct bpf_insn *insns;
	u32 insn_cnt;
	const void *data;
	u32 data_len;
	u32 bss_len;
	u32 heap_len;
};

/* Make an image, or plain instructions if nothing else is there. Nothing is checked. */
void program_build(struct program *prog, const struct program_parts *parts);
/* Take these bytes as the image. */
void program_copy(struct program *prog, const void *buf, u64 len);
/* Parse, check and decode. False: refused, prog->verdict says why. */
bool program_load(struct program *prog);
void program_exit(struct program *prog);

/*
 * Memory for runs of a loaded program with run->input, of exactly its size and
 * full of garbage. False: it would be more than max_mem bytes.
 */
bool program_prepare(const struct program *prog, struct device_run *run, u64 max_mem);
/* Run it; as often as you like. */
void program_run(const struct program *prog, struct device_run *run);
void program_release(struct device_run *run);

#endif
