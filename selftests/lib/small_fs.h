/* SPDX-License-Identifier: GPL-2.0 */
/* Mount a file system of 4 MiB in memory, which can be filled to its last byte. */
#ifndef KST_SMALL_FS_H
#define KST_SMALL_FS_H

struct small_fs {
	char dir[32];
	int filler;	/* file that fills all space; -1: none */
};

/* Mount it. Returns 0 or -errno, like all functions here. */
int small_fs_mount(struct small_fs *fs);

void small_fs_path(const struct small_fs *fs, const char *name, char path[64]);
int small_fs_fill(struct small_fs *fs);
void small_fs_make_room(struct small_fs *fs);

/* Unmount it and delete its files. */
int small_fs_umount(struct small_fs *fs);

#endif
