/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/debug/kcsd/kcsdN/programs/PIND/: what is for people and changes with the code. All
 * of it may be missing (no debugfs, no memory); nothing depends on it.
 */
#ifndef KCSD_DEBUGFS_H
#define KCSD_DEBUGFS_H

struct kcsd_drive;
struct kcsd_program;

void kcsd_debugfs_init(void);
void kcsd_debugfs_exit(void);

/* After the controller node exists; before its programs, and after the last of them. */
void kcsd_debugfs_add_drive(struct kcsd_drive *drive);
void kcsd_debugfs_del_drive(struct kcsd_drive *drive);

/* While the program is in its slot. Del waits for who is reading. */
void kcsd_debugfs_add_program(struct kcsd_drive *drive, struct kcsd_program *program);
void kcsd_debugfs_del_program(struct kcsd_program *program);

#endif
