/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /sys/kernel/debug/kcsd/kcsdN/programs/PIND/: files for people; they may change with the code. All
 * of them may be missing (no debugfs, no memory); nothing depends on them.
 */
#ifndef KCSD_DEBUGFS_H
#define KCSD_DEBUGFS_H

struct kcsd_program;
struct kcsd_programs;

void kcsd_debugfs_init(void);
void kcsd_debugfs_exit(void);

/*
 * Add the directory of a drive: after its controller node, before its programs. Delete it after its
 * last program.
 */
void kcsd_debugfs_add(struct kcsd_programs *programs, unsigned int index);
void kcsd_debugfs_del(struct kcsd_programs *programs);

/*
 * Add and delete the files of a program, when it enters and leaves its slot. _del waits for
 * readers.
 */
void kcsd_debugfs_add_program(struct kcsd_programs *programs, struct kcsd_program *program);
void kcsd_debugfs_del_program(struct kcsd_program *program);

#endif
