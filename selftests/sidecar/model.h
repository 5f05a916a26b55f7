/* SPDX-License-Identifier: GPL-2.0 */
/* Model of the content of a sidecar in plain arrays, to compare driver/persist/state.c with. */
#ifndef KCSD_MODEL_H
#define KCSD_MODEL_H

#include "disk.h"

#define MODEL_ZONES		24
#define MODEL_CONVENTIONAL	2
#define MODEL_CAPACITY		100	/* LBAs */
#define MODEL_PROGRAMS		6
#define MODEL_IMAGE		900	/* bytes of a program; six of them always fit */
#define MODEL_LARGE		1500	/* four of these do not */
#define MODEL_FILE		(2 * 24576)

struct model {
	struct { u8 cond; u64 wp; } zone[MODEL_ZONES];
	struct {
		u32 len;		/* 0: none */
		u8 active;
		u64 puid;
		u8 image[MODEL_LARGE];
	} program[MODEL_PROGRAMS];
};

extern struct kcsd_sidecar_drive model_drive;

/* Call once, before all others. */
void model_setup(void);
void model_init(struct model *m);
/* Make a possible change in m. Returns it as a record, which the caller owns. */
struct kcsd_sidecar_draft *model_change(struct model *m);
struct kcsd_sidecar_draft *model_change_zones(struct model *m);
struct kcsd_sidecar_draft *model_load(struct model *m, u32 pind, u32 len);
/* True if the state of the file is that of the model. */
bool model_is(const struct model *m, const struct kcsd_sidecar_state *s);

/*
 * Create a file of this drive and append so many changes. Sets m to its content. The caller owns
 * the file.
 */
struct disk *model_use(struct model *m, u64 file_size, u32 changes);

#endif
