// SPDX-License-Identifier: GPL-2.0
/* Files that belong to a drive. */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/stat.h>
#include <linux/swap.h>

#include "file.h"

static DEFINE_MUTEX(claims_lock);
static LIST_HEAD(claims);

int kcsd_file_check(const char *path)
{
	const struct inode *inode;
	struct path found;
	int ret;

	ret = kern_path(path, LOOKUP_FOLLOW, &found);
	if (ret)
		return ret;
	inode = d_backing_inode(found.dentry);
	if (S_ISDIR(inode->i_mode))
		ret = -EISDIR;
	else if (!S_ISREG(inode->i_mode))
		ret = -EINVAL;
	else if (!(inode->i_mode & 0222))
		ret = -EACCES;
	else if (IS_SWAPFILE(inode))
		ret = -ETXTBSY;
	path_put(&found);
	return ret;
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
