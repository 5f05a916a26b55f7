// SPDX-License-Identifier: GPL-2.0
/* Access the file of a sidecar: through the page cache, synced when the journal asks for it. */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/random.h>

#include "persist/file.h"

/* A call in the context of the drive. */
struct file_call {
	struct kcsd_sidecar_file *f;
	u64 at;
	u64 len;		/* bytes */
	void *to;
	const void *from;
};

static struct kcsd_sidecar_file *to_sidecar_file(struct kcsd_sidecar_io *io)
{
	return container_of(io, struct kcsd_sidecar_file, io);
}

static struct file *to_file(struct kcsd_sidecar_io *io)
{
	return to_sidecar_file(io)->file;
}

static int call_read(void *arg)
{
	struct file_call *call = arg;
	loff_t pos = call->at;

	while (call->len) {
		ssize_t done = kernel_read(call->f->file, call->to, call->len, &pos);

		if (done <= 0)
			return done ?: -EIO;
		call->to += done;
		call->len -= done;
	}
	return 0;
}

static int file_read(struct kcsd_sidecar_io *io, u64 at, void *to, u32 len)
{
	struct file_call call = { .f = to_sidecar_file(io), .at = at, .len = len, .to = to };

	return kcsd_context_call(call.f->context, call_read, &call);
}

static int call_write(void *arg)
{
	struct file_call *call = arg;
	loff_t pos = call->at;

	while (call->len) {
		ssize_t done = kernel_write(call->f->file, call->from, call->len, &pos);

		if (done <= 0)
			return done ?: -EIO;
		call->from += done;
		call->len -= done;
	}
	return 0;
}

static int file_write(struct kcsd_sidecar_io *io, u64 at, const void *from, u32 len)
{
	struct file_call call = { .f = to_sidecar_file(io), .at = at, .len = len, .from = from };

	return kcsd_context_call(call.f->context, call_write, &call);
}

static int call_sync(void *arg)
{
	struct kcsd_sidecar_file *f = arg;

	return kcsd_file_sync(&f->sync, f->file);
}

static int file_sync(struct kcsd_sidecar_io *io)
{
	struct kcsd_sidecar_file *f = to_sidecar_file(io);

	return kcsd_context_call(f->context, call_sync, f);
}

static int call_begin(void *arg)
{
	struct kcsd_sidecar_file *f = arg;

	return kcsd_file_sync_begin(&f->sync, f->file);
}

static int call_end(void *arg)
{
	struct kcsd_sidecar_file *f = arg;

	kcsd_file_sync_end(&f->sync, f->file);
	return 0;
}

static u64 file_skip(struct kcsd_sidecar_io *io, u64 pos)
{
	loff_t data = vfs_llseek(to_file(io), pos, SEEK_DATA);

	if (data == -ENXIO)
		return i_size_read(file_inode(to_file(io)));
	return data < 0 ? pos : data;
}

static u64 file_random(struct kcsd_sidecar_io *io)
{
	return get_random_u64();
}

/* Take over a file that was just opened, or return its error. */
static int claim_file(struct kcsd_sidecar_file *f, struct kcsd_context *context, struct file *file)
{
	int ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	*f = (struct kcsd_sidecar_file){
		.io = {
			.read = file_read, .write = file_write, .sync = file_sync,
			.skip = file_skip, .random = file_random,
		},
		.file = file,
		.context = context,
	};
	ret = kcsd_file_claim(&f->claim, f->file);
	if (ret)
		goto close;
	ret = kcsd_context_call(context, call_begin, f);
	if (!ret)
		return 0;
	kcsd_file_release(&f->claim);
close:
	filp_close(f->file, NULL);
	return ret;
}

int kcsd_sidecar_file_open(struct kcsd_sidecar_file *f, struct kcsd_context *context,
			   const char *path)
{
	return claim_file(f, context, kcsd_file_open(path));
}

static int call_grow(void *arg)
{
	struct file_call *call = arg;

	return vfs_truncate(&call->f->file->f_path, call->len);
}

int kcsd_sidecar_file_create(struct kcsd_sidecar_file *f, struct kcsd_context *context,
			     const char *path, u64 len)
{
	struct file_call call = { .f = f, .len = len };
	int ret = claim_file(f, context, filp_open(path, KCSD_FILE_FLAGS | O_CREAT | O_EXCL, 0600));

	if (ret)
		return ret;
	ret = kcsd_context_call(context, call_grow, &call);
	if (ret)
		kcsd_sidecar_file_discard(f);
	return ret;
}

void kcsd_sidecar_file_close(struct kcsd_sidecar_file *f)
{
	kcsd_context_call(f->context, call_end, f);
	kcsd_file_release(&f->claim);
	filp_close(f->file, NULL);
}

u64 kcsd_sidecar_file_len(const struct kcsd_sidecar_file *f)
{
	return i_size_read(file_inode(f->file));
}

static int sync_directory(struct file *file)
{
	struct path dir = { .mnt = file->f_path.mnt, .dentry = dget_parent(file->f_path.dentry) };
	struct file *opened = dentry_open(&dir, O_RDONLY | O_DIRECTORY, current_cred());
	int ret;

	dput(dir.dentry);
	if (IS_ERR(opened))
		return PTR_ERR(opened);
	ret = vfs_fsync(opened, 0);
	filp_close(opened, NULL);
	return ret == -EINVAL ? 0 : ret;	/* some file systems need no sync of directories */
}

static int call_sync_new(void *arg)
{
	struct kcsd_sidecar_file *f = arg;

	return vfs_fsync(f->file, 0) ?: sync_directory(f->file);
}

int kcsd_sidecar_file_sync_new(struct kcsd_sidecar_file *f)
{
	return kcsd_context_call(f->context, call_sync_new, f);
}

void kcsd_sidecar_file_discard(struct kcsd_sidecar_file *f)
{
	kcsd_file_unlink(f->file);
	kcsd_sidecar_file_close(f);
}
