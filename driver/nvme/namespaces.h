/* SPDX-License-Identifier: GPL-2.0 */
/* The namespaces of a drive: what is done with all of them. */
#ifndef KCSD_NAMESPACES_H
#define KCSD_NAMESPACES_H

#include <linux/types.h>

struct kcsd_drive;
struct kcsd_ns;
struct kcsd_ns_ops;

/* Kinds of namespaces; ns_lbas.c, ns_slm.c, ns_compute.c, ns_kv.c. */
extern const struct kcsd_ns_ops kcsd_nvm_ops;
extern const struct kcsd_ns_ops kcsd_slm_ops;
extern const struct kcsd_ns_ops kcsd_compute_ops;
extern const struct kcsd_ns_ops kcsd_kv_ops;

/*
 * Allocate all namespaces; they are not open. Returns 0 or -ENOMEM; kcsd_drive_put() frees them,
 * also after a failure.
 */
int kcsd_namespaces_alloc(struct kcsd_drive *drive);
/* Open and close all namespaces: see struct kcsd_ns_ops, also for functions with these names. */
int kcsd_namespaces_open(struct kcsd_drive *drive, const char *name);
void kcsd_namespaces_close(struct kcsd_drive *drive);
void kcsd_namespaces_stop(struct kcsd_drive *drive);
void kcsd_namespaces_cancel(struct kcsd_drive *drive);
void kcsd_namespaces_erase_memory(struct kcsd_drive *drive);
/* Return the first active namespace of a command set; NULL: there is none. */
struct kcsd_ns *kcsd_namespaces_find(const struct kcsd_drive *drive, u8 csi);

#endif
