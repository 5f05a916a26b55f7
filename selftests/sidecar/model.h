/* SPDX-License-Identifier: GPL-2.0 */
/* What a sidecar must say, kept in plain arrays: a second opinion on driver/persist/state.c. */
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

/* Once, before anything else. */
void model_setup(void);
void model_init(struct model *m);
/* A change that could happen: made in m and returned as a record. */
struct kcsd_sidecar_draft *model_change(struct model *m);
struct kcsd_sidecar_draft *model_change_zones(struct model *m);
struct kcsd_sidecar_draft *model_load(struct model *m, u32 pind, u32 len);
/* Does the file's state say what the model does? */
bool model_is(const struct model *m, const struct kcsd_sidecar_state *s);

/* A file of this drive, used for so many changes; m is what it must say. */
struct disk *model_use(struct model *m, u64 file_size, u32 changes);

#endif
