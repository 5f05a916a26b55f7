// SPDX-License-Identifier: GPL-2.0
/* Files that belong to a drive. */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/stat.h>
#include <linux/swap.h>

#include "file.h"

static DEFINE_MUTEX(claims_lock);
static LIST_HEAD(claims);

/* A file without any write permission is meant to stay as it is, even where root could write it. */
static int check_inode(const struct inode *inode)
{
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode))
		return -EINVAL;
	if (!(inode->i_mode & 0222))
		return -EACCES;
	if (IS_SWAPFILE(inode))
		return -ETXTBSY;
	return 0;
}

/* The inode that was checked is opened, whatever the path leads to meanwhile. */
static struct file *open_checked(const struct path *path)
{
	int ret = check_inode(d_backing_inode(path->dentry));

	ret = ret ?: path_permission(path, MAY_READ | MAY_WRITE | MAY_OPEN);
	if (ret)
		return ERR_PTR(ret);
	return dentry_open(path, KCSD_FILE_FLAGS, current_cred());
}

struct file *kcsd_file_open(const char *path)
{
	struct path found;
	struct file *file;
	int ret;

	ret = kern_path(path, LOOKUP_FOLLOW, &found);
	if (ret)
		return ERR_PTR(ret);
	file = open_checked(&found);
	path_put(&found);
	return file;
}

struct file *kcsd_file_reopen(struct file *file, int flags)
{
	return dentry_open(&file->f_path, KCSD_FILE_FLAGS | flags, current_cred());
}

bool kcsd_file_is_hole(struct file *file)
{
	return vfs_llseek(file, 0, SEEK_DATA) == -ENXIO;
}

const char *kcsd_file_error(int err)
{
	switch (err) {
	case -EINVAL:
	case -EISDIR:
		return "not a regular file";
	case -EACCES:
	case -EROFS:
		return "not writable";
	case -ENOENT:
		return "not found";
	default:
		return "cannot open";
	}
}

int kcsd_file_claim(struct kcsd_claim *claim, struct file *file)
{
	struct kcsd_claim *other;

	guard(mutex)(&claims_lock);
	list_for_each_entry(other, &claims, entry)
		if (file_inode(other->file) == file_inode(file))
			return -EBUSY;
	claim->file = file;
	list_add(&claim->entry, &claims);
	return 0;
}

void kcsd_file_release(struct kcsd_claim *claim)
{
	guard(mutex)(&claims_lock);
	list_del(&claim->entry);
}

void kcsd_file_unlink(struct file *file)
{
	/* With one reference more than the file's, whose inode the dentry would lose otherwise. */
	struct dentry *dentry = dget(file->f_path.dentry), *parent = dget_parent(dentry);
	struct inode *dir = d_inode(parent);

	if (!mnt_want_write_file(file)) {
		inode_lock_nested(dir, I_MUTEX_PARENT);
		if (dentry->d_parent == parent && !d_unhashed(dentry))
			vfs_unlink(file_mnt_idmap(file), dir, dentry, NULL);
		inode_unlock(dir);
		mnt_drop_write_file(file);
	}
	dput(parent);
	dput(dentry);
}
