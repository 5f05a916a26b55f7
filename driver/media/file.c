// SPDX-License-Identifier: GPL-2.0
/* Open, claim and sync the files of a drive. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/pagemap.h>
#include <linux/printk.h>
#include <linux/stat.h>
#include <linux/swap.h>

#include "media/file.h"

static DEFINE_MUTEX(claims_lock);
static LIST_HEAD(claims);

/*
 * Validate that a file may be used. Refuse one without write permission, even if root could write
 * it: it is meant not to change.
 */
static int validate_inode(const struct inode *inode)
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

/* Open the validated inode, even if the path leads to another one by now. */
static struct file *open_validated(const struct path *path)
{
	int ret = validate_inode(d_backing_inode(path->dentry));

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
	file = open_validated(&found);
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
	case -ESTALE:
		return "writing back failed before, and what is cached cannot be dropped";
	default:
		return "cannot open";
	}
}

int kcsd_file_claim(struct kcsd_file_claim *claim, struct file *file)
{
	struct kcsd_file_claim *other;

	guard(mutex)(&claims_lock);
	list_for_each_entry(other, &claims, entry)
		if (file_inode(other->file) == file_inode(file))
			return -EBUSY;
	claim->file = file;
	list_add(&claim->entry, &claims);
	return 0;
}

void kcsd_file_release(struct kcsd_file_claim *claim)
{
	guard(mutex)(&claims_lock);
	list_del(&claim->entry);
}

/*
 * Return the mapping that is written back. An overlayfs inode has a mapping of its own, without
 * pages or errors.
 */
static struct address_space *mapping_of(struct file *file)
{
	return d_real_inode(file->f_path.dentry)->i_mapping;
}

/* Drop cached pages. A page that could not be written back is clean, as if it had been. */
static int drop_cached(struct file *file)
{
	vfs_fsync(file, 1);	/* ignore errors: known already, or of data that is unused now */
	return invalidate_inode_pages2(mapping_of(file));
}

int kcsd_file_sync_begin(struct kcsd_file_sync *sync, struct file *file)
{
	struct address_space *mapping = mapping_of(file);
	int error, ret;

	*sync = (struct kcsd_file_sync){};
	/* Check for an error since the inode was loaded, so since any of its data was cached. */
	error = errseq_check_and_advance(&mapping->wb_err, &sync->begun);
	if (!error)
		return 0;
	ret = drop_cached(file);
	if (ret) {
		pr_err("%pD: cached data cannot be dropped: error %d\n", file, ret);
		return -ESTALE;
	}
	pr_warn("%pD: writing back failed before power on, cached data is dropped: error %d\n",
		file, error);
	/* An error in drop_cached() is not a loss of data of this drive, either. */
	errseq_check_and_advance(&mapping->wb_err, &sync->begun);
	return 0;
}

/*
 * Return true if the error means that data is lost. Other syncs can be retried: they were
 * interrupted or had no memory.
 */
static bool is_loss(int ret)
{
	return ret && ret != -EINTR && ret != -ERESTARTSYS && ret != -ENOMEM;
}

/*
 * Data that could not be written back is lost: its pages are clean, and the next vfs_fsync()
 * succeeds. Of several calls at once only one fails, and one that fails without memory may have
 * consumed the error. So compare wb_err with its value at the beginning, too.
 */
int kcsd_file_sync(struct kcsd_file_sync *sync, struct file *file)
{
	int ret;

	if (sync->lost)
		return -EIO;
	ret = vfs_fsync(file, 1);
	if (is_loss(ret) || errseq_check(&mapping_of(file)->wb_err, sync->begun))
		WRITE_ONCE(sync->lost, true);
	return sync->lost ? -EIO : ret;
}

void kcsd_file_sync_end(struct kcsd_file_sync *sync, struct file *file)
{
	int ret = sync->lost ? drop_cached(file) : 0;

	if (ret)
		pr_err("%pD: cached data may not be what is on the disk: error %d\n", file, ret);
}

void kcsd_file_unlink(struct file *file)
{
	/*
	 * Take a reference besides that of the file: with only one, unlinking would take the inode
	 * from the dentry.
	 */
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
