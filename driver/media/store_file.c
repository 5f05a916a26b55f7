// SPDX-License-Identifier: GPL-2.0
/*
 * A store in a regular file: any raw image will do.
 *
 * The page cache is bypassed (O_DIRECT) where the file system can do so in units of the LBA size,
 * else used. A file is never accessed in both ways, since they are not coherent. A buffer that is
 * not aligned enough for O_DIRECT goes through a bounce buffer.
 *
 * Not every file system keeps a read or write whole against another of the same bytes, in either
 * way of access: hence the range locks.
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/bvec.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/stat.h>
#include <linux/uio.h>

#include "config.h"
#include "media/store.h"

#define BOUNCE_ORDER	4
#define BOUNCE_LEN	(PAGE_SIZE << BOUNCE_ORDER)
#define BOUNCE_RESERVE	2	/* buffers that are available even without free memory */
#define ZERO_PAGES	16	/* pages written at once where a file cannot be punched */

/* A call in the context of the drive. */
struct file_call {
	struct kcsd_store *s;
	u64 pos;
	u64 len;			/* bytes */
	struct iov_iter *iter;		/* for reads and writes */
	bool write;
	bool unmap;			/* for zeroing */
	struct kcsd_range_lock range;
};

static ssize_t move_some(struct file *file, loff_t pos, struct iov_iter *iter, bool write)
{
	if (write)
		return vfs_iter_write(file, iter, &pos, 0);
	return vfs_iter_read(file, iter, &pos, 0);
}

static ssize_t bounce_some(struct kcsd_store *s, loff_t pos, struct iov_iter *iter, bool write)
{
	size_t len = min(iov_iter_count(iter), BOUNCE_LEN);
	struct page *page = mempool_alloc(s->bounce, GFP_NOIO);
	struct iov_iter bounce;
	struct bio_vec bvec;
	ssize_t done;

	bvec_set_page(&bvec, page, len, 0);
	iov_iter_bvec(&bounce, write ? ITER_SOURCE : ITER_DEST, &bvec, 1, len);
	if (write && _copy_from_iter(page_address(page), len, iter) != len) {
		done = -EFAULT;
		goto out;
	}
	done = move_some(s->file, pos, &bounce, write);
	if (write && done >= 0)
		iov_iter_revert(iter, len - done);
	if (!write && done > 0 && _copy_to_iter(page_address(page), done, iter) != done)
		done = -EFAULT;
out:
	mempool_free(page, s->bounce);
	return done;
}

/* Move all of iter. Return 0 or -errno; -EIO if the file was truncated meanwhile. */
static int move_all(struct kcsd_store *s, u64 pos, struct iov_iter *iter, bool write)
{
	while (iov_iter_count(iter)) {
		bool bounce = s->bounce && iov_iter_alignment(iter) & (s->alignment - 1);
		ssize_t done;

		if (bounce)
			done = bounce_some(s, pos, iter, write);
		else
			done = move_some(s->file, pos, iter, write);
		if (done <= 0)
			return done ?: -EIO;
		pos += done;
	}
	return 0;
}

static int call_move(void *arg)
{
	struct file_call *call = arg;
	int ret;

	kcsd_range_lock(&call->s->ranges, &call->range, call->pos, call->len, call->write);
	ret = move_all(call->s, call->pos, call->iter, call->write);
	kcsd_range_unlock(&call->s->ranges, &call->range);
	return ret;
}

/* ---- read without waiting ---- */

static bool is_whole(const struct folio *folio)
{
	return folio_test_uptodate(folio) && !folio_test_hwpoison(folio) &&
	       !(folio_test_large(folio) && folio_test_has_hwpoisoned(folio));
}

static int copy_folio(struct folio *folio, u64 pos, struct iov_iter *iter)
{
	size_t offset = offset_in_folio(folio, pos);
	size_t len = min(folio_size(folio) - offset, iov_iter_count(iter));

	if (!is_whole(folio))
		return -EAGAIN;
	folio_mark_accessed(folio);
	return copy_folio_to_iter(folio, offset, len, iter) == len ? 0 : -EFAULT;
}

/* Read zeroes from a hole: tmpfs has neither a page there nor an entry of a swapped page. */
static int copy_hole(struct address_space *mapping, u64 pos, struct iov_iter *iter)
{
	size_t len = min(PAGE_SIZE - offset_in_page(pos), iov_iter_count(iter));

	if (!shmem_mapping(mapping) || xa_load(&mapping->i_pages, pos >> PAGE_SHIFT))
		return -EAGAIN;
	return iov_iter_zero(len, iter) == len ? 0 : -EFAULT;
}

static int copy_cached(struct address_space *mapping, u64 pos, struct iov_iter *iter)
{
	struct folio *folio = filemap_get_folio(mapping, pos >> PAGE_SHIFT);
	int ret;

	if (IS_ERR(folio))
		return copy_hole(mapping, pos, iter);
	ret = copy_folio(folio, pos, iter);
	folio_put(folio);
	return ret;
}

/*
 * Read in the context of the submitter. This allocates nothing, reads nothing from disk, charges
 * nothing to the submitter, asks the file system for nothing and locks nothing of the file, so the
 * submitter may be stopped at any time. The access time does not change, as with O_NOATIME.
 */
static int file_read_now(struct kcsd_store *s, u64 pos, struct iov_iter *iter)
{
	struct address_space *mapping = s->file->f_mapping;
	u64 end = pos + iov_iter_count(iter), writes;
	int ret = 0;

	if (!s->reads_cached || end > i_size_read(mapping->host) ||
	    !kcsd_range_may_read(&s->ranges, pos, end - pos, &writes))
		return -EAGAIN;
	while (!ret && iov_iter_count(iter))
		ret = copy_cached(mapping, end - iov_iter_count(iter), iter);
	if (!ret && !kcsd_ranges_unwritten(&s->ranges, writes))
		ret = -EAGAIN;
	return ret;
}

/* ---- calls in the context of the drive ---- */

static int file_move(struct kcsd_store *s, u64 pos, struct iov_iter *iter, bool write)
{
	struct file_call call = {
		.s = s, .pos = pos, .len = iov_iter_count(iter), .iter = iter, .write = write,
	};

	return kcsd_context_call(&s->context, call_move, &call);
}

static int file_read(struct kcsd_store *s, u64 pos, struct iov_iter *iter)
{
	struct iov_iter start = *iter;

	if (!(current->flags & PF_KTHREAD) && !file_read_now(s, pos, iter))
		return 0;
	*iter = start;
	return file_move(s, pos, iter, false);
}

static int file_write(struct kcsd_store *s, u64 pos, struct iov_iter *iter)
{
	return file_move(s, pos, iter, true);
}

static int write_zeroes(struct kcsd_store *s, u64 pos, u64 len)
{
	struct bio_vec bvec[ZERO_PAGES];
	struct iov_iter iter;
	int i, ret;

	for (i = 0; i < ZERO_PAGES; i++)
		bvec_set_page(&bvec[i], ZERO_PAGE(0), PAGE_SIZE, 0);
	while (len) {
		size_t n = min(len, ZERO_PAGES * PAGE_SIZE);

		iov_iter_bvec(&iter, ITER_SOURCE, bvec, DIV_ROUND_UP(n, PAGE_SIZE), n);
		ret = move_all(s, pos, &iter, true);
		if (ret)
			return ret;
		pos += n;
		len -= n;
	}
	return 0;
}

static int call_zero(void *arg)
{
	struct file_call *call = arg;
	int mode = call->unmap ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;
	int ret;

	kcsd_range_lock(&call->s->ranges, &call->range, call->pos, call->len, call->write);
	ret = vfs_fallocate(call->s->file, FALLOC_FL_KEEP_SIZE | mode, call->pos, call->len);
	if (ret == -EOPNOTSUPP)
		ret = write_zeroes(call->s, call->pos, call->len);
	kcsd_range_unlock(&call->s->ranges, &call->range);
	return ret;
}

static int file_zero(struct kcsd_store *s, u64 pos, u64 len, bool unmap)
{
	struct file_call call = { .s = s, .pos = pos, .len = len, .write = true, .unmap = unmap };

	return kcsd_context_call(&s->context, call_zero, &call);
}

static int call_flush(void *arg)
{
	struct kcsd_store *s = arg;

	return kcsd_file_sync(&s->sync, s->file);
}

/*
 * Flush, one call at a time: of two at once only one might get an error. A flush serves all callers
 * that were waiting when it began.
 */
static int file_flush(struct kcsd_store *s)
{
	u64 mine = atomic64_inc_return(&s->asked), all;
	int ret = 0;

	guard(mutex)(&s->flush_lock);
	if (s->flushed < mine) {
		all = atomic64_read(&s->asked);
		ret = kcsd_context_call(&s->context, call_flush, s);
		if (!ret)
			s->flushed = all;
	}
	return ret;
}

static int call_set_length(void *arg)
{
	struct file_call *call = arg;

	return vfs_truncate(&call->s->file->f_path, call->len);
}

static int set_length(struct kcsd_store *s, u64 len)
{
	struct file_call call = { .s = s, .len = len };

	return kcsd_context_call(&s->context, call_set_length, &call);
}

static int call_begin(void *arg)
{
	struct kcsd_store *s = arg;

	return kcsd_file_sync_begin(&s->sync, s->file);
}

static int call_end(void *arg)
{
	struct kcsd_store *s = arg;

	kcsd_file_sync_end(&s->sync, s->file);
	return 0;
}

static void file_close(struct kcsd_store *s)
{
	int ret = file_flush(s);

	if (ret)
		pr_err("file %pD: writing back failed, data may be lost: error %d\n",
		       s->file, ret);
	if (s->grown)
		set_length(s, s->old_len);
	kcsd_context_call(&s->context, call_end, s);
	kcsd_file_release(&s->claim);
	mutex_destroy(&s->flush_lock);
	mempool_destroy(s->bounce);
	filp_close(s->file, NULL);
	kcsd_context_destroy(&s->context);
}

static const struct kcsd_store_ops store_file_ops = {
	.name		= "file",
	.blocking	= true,
	.close		= file_close,
	.read		= file_read,
	.read_now	= file_read_now,
	.write		= file_write,
	.zero		= file_zero,
	.flush		= file_flush,
};

/*
 * Return the alignment in bytes that O_DIRECT needs of buffers and positions, or 0 if it cannot be
 * used with this LBA size.
 */
static u32 direct_alignment(struct file *file, u64 block_size)
{
	struct inode *inode = file_inode(file);
	struct kstat stat;
	u32 align = 0;

	if (vfs_getattr(&file->f_path, &stat, STATX_DIOALIGN, AT_STATX_SYNC_AS_STAT))
		return 0;
	if (stat.result_mask & STATX_DIOALIGN) {
		if (stat.dio_offset_align)
			align = max(stat.dio_offset_align, stat.dio_mem_align);
	} else if (inode->i_sb->s_type->fs_flags & FS_REQUIRES_DEV) {
		/* The file system has disks but does not report their alignment. */
		align = i_blocksize(inode);
	}
	return is_power_of_2(align) && align <= block_size ? align : 0;
}

/*
 * Open the file with the permissions of the caller. Return it or ERR_PTR(). Sets *alignment if the
 * file was opened with O_DIRECT, else to 0.
 */
static struct file *open_file(const struct kcsd_store_place *place, u32 *alignment)
{
	struct file *file, *direct;

	file = kcsd_file_open(place->path);
	if (IS_ERR(file))
		return file;
	*alignment = direct_alignment(file, place->block_size);
	if (!*alignment)
		return file;
	direct = kcsd_file_reopen(file, O_DIRECT);
	if (IS_ERR(direct)) {
		*alignment = 0;
		return file;
	}
	filp_close(file, NULL);
	return direct;
}

/*
 * Set the size of the store: the configured one, else that of the file. Grow a file that is too
 * short. Return 0 or -errno.
 */
static int fit_size(struct kcsd_store *s, const struct kcsd_store_place *place, const char *name)
{
	u64 len = i_size_read(file_inode(s->file));
	int ret;

	s->size = place->size ?: round_down(len, place->block_size);
	if (s->size < place->min_size) {
		pr_err("%s: %s %s has %llu bytes, at least %llu are needed\n", name, place->role,
		       place->path, len, place->min_size);
		return -EINVAL;
	}
	s->grown = s->size > len;
	if (!s->grown)
		return 0;
	s->old_len = len;
	ret = set_length(s, s->size);
	if (ret)
		pr_err("%s: %s %s cannot grow to %llu bytes: error %d\n", name, place->role,
		       place->path, s->size, ret);
	return ret;
}

int kcsd_store_place_open(struct kcsd_store *s, const struct kcsd_store_place *place,
			  const char *name)
{
	u32 alignment;
	int ret;

	s->file = open_file(place, &alignment);
	if (IS_ERR(s->file)) {
		ret = PTR_ERR(s->file);
		pr_err("%s: %s %s: %s: error %d\n", name, place->role, place->path,
		       kcsd_file_error(ret), ret);
		return ret;
	}
	ret = kcsd_file_claim(&s->claim, s->file);
	if (ret) {
		pr_err("%s: %s %s belongs to another drive\n", name, place->role, place->path);
		goto close;
	}
	s->bounce = NULL;
	if (alignment) {
		ret = -ENOMEM;
		s->bounce = mempool_create_page_pool(BOUNCE_RESERVE, BOUNCE_ORDER);
		if (!s->bounce)
			goto release;
	}
	ret = kcsd_context_init(&s->context, name);
	if (ret)
		goto free_bounce;
	ret = kcsd_context_call(&s->context, call_begin, s);
	if (ret)
		pr_err("%s: %s %s: %s: error %d\n", name, place->role, place->path,
		       kcsd_file_error(ret), ret);
	ret = ret ?: fit_size(s, place, name);
	if (ret)
		goto destroy_context;
	kcsd_range_locks_init(&s->ranges);
	mutex_init(&s->flush_lock);
	atomic64_set(&s->asked, 0);
	s->flushed = 0;
	s->memory = alignment ? BOUNCE_RESERVE * BOUNCE_LEN : 0;
	s->alignment = max(alignment, sizeof(u32));
	/* Other file systems may have to ask a server whether cached pages are still valid. */
	s->reads_cached = !alignment && (shmem_mapping(s->file->f_mapping) ||
					 s->file->f_mode & FMODE_NOWAIT);
	s->discard_granularity = s->file->f_op->fallocate ? i_blocksize(file_inode(s->file)) : 0;
	s->stable_writes = mapping_stable_writes(s->file->f_mapping);
	s->volatile_cache = true;	/* the page cache, or with O_DIRECT the cache of the disk */
	s->ops = &store_file_ops;
	return 0;

destroy_context:
	kcsd_context_destroy(&s->context);
free_bounce:
	mempool_destroy(s->bounce);
release:
	kcsd_file_release(&s->claim);
close:
	filp_close(s->file, NULL);
	return ret;
}

int kcsd_store_file_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name)
{
	const struct kcsd_store_place place = {
		.role = "backing file", .path = c->backing_file, .block_size = c->block_size,
		.size = c->size_set ? c->size : 0, .min_size = KCSD_MIN_SIZE,
	};

	return kcsd_store_place_open(s, &place, name);
}
