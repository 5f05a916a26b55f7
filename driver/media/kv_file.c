// SPDX-License-Identifier: GPL-2.0
/*
 * The file of a store of objects, through the store of a file: O_DIRECT where possible, in the
 * context of the drive, with what is lost noted.
 */
#include <linux/bvec.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/uio.h>

#include "media/kv_file.h"

#define PAGES	48	/* moved at once; bvecs of them are on the stack */

/* A call in the context of the drive. */
struct file_call {
	struct kcsd_kv_file *f;
	u64 pos;
	u64 len;		/* bytes */
	u8 *mem;
	bool write;
	bool now;
};

static struct kcsd_kv_file *to_kv_file(struct kcsd_kv_medium *m)
{
	return container_of(m, struct kcsd_kv_file, medium);
}

static struct page *page_of(const void *p)
{
	return is_vmalloc_addr(p) ? vmalloc_to_page(p) : virt_to_page(p);
}

/* Fill bvec with pages of mem. Returns the bytes. */
static u32 fill(struct bio_vec *bvec, const u8 *mem, u64 len, u32 *nr)
{
	u32 done = 0;

	for (*nr = 0; *nr < PAGES && done < len; ++*nr) {
		u32 n = min(len - done, PAGE_SIZE - offset_in_page(mem + done));

		bvec_set_page(&bvec[*nr], page_of(mem + done), n, offset_in_page(mem + done));
		done += n;
	}
	return done;
}

static int move_some(struct file_call *call, u32 *done)
{
	struct kcsd_store *s = &call->f->store;
	struct bio_vec bvec[PAGES];
	struct iov_iter iter;
	u32 nr;

	*done = fill(bvec, call->mem, call->len, &nr);
	iov_iter_bvec(&iter, call->write ? ITER_SOURCE : ITER_DEST, bvec, nr, *done);
	return call->write ? s->ops->write(s, call->pos, &iter) :
			     kcsd_store_read(s, call->pos, &iter, call->now);
}

static int move(struct file_call *call)
{
	u32 done;
	int ret;

	for (; call->len; call->pos += done, call->mem += done, call->len -= done) {
		ret = move_some(call, &done);
		if (ret)
			return ret;
	}
	return 0;
}

static int call_move(void *arg)
{
	return move(arg);
}

/* Behind its end, a file has zeroes. */
static void clip(struct file_call *call)
{
	u64 size = round_down(i_size_read(file_inode(call->f->store.file)), KCSD_KV_BLOCK);
	u64 there = call->pos < size ? min(call->len, size - call->pos) : 0;

	memset(call->mem + there, 0, call->len - there);
	call->len = there;
}

static int file_read(struct kcsd_kv_medium *m, u64 pos, void *to, u32 len, bool now)
{
	struct file_call call = {
		.f = to_kv_file(m), .pos = pos, .len = len, .mem = to, .now = now,
	};

	clip(&call);
	if (now || len <= PAGES * PAGE_SIZE)
		return move(&call);
	return kcsd_context_call(&call.f->store.context, call_move, &call);
}

static int file_write(struct kcsd_kv_medium *m, u64 pos, const void *from, u32 len)
{
	struct file_call call = {
		.f = to_kv_file(m), .pos = pos, .len = len, .mem = (u8 *)from, .write = true,
	};

	return kcsd_context_call(&call.f->store.context, call_move, &call);
}

static int file_sync(struct kcsd_kv_medium *m)
{
	struct kcsd_store *s = &to_kv_file(m)->store;

	return s->ops->flush(s);
}

/* The size stays what it is. */
static int file_discard(struct kcsd_kv_medium *m, u64 pos, u64 len)
{
	struct kcsd_store *s = &to_kv_file(m)->store;
	u64 size = round_down(i_size_read(file_inode(s->file)), KCSD_KV_BLOCK);

	if (pos >= size)
		return 0;
	return s->ops->zero(s, pos, min(len, size - pos), true);
}

static int call_reserve(void *arg)
{
	struct file_call *call = arg;

	return vfs_fallocate(call->f->store.file, 0, call->pos, call->len);
}

/*
 * A file system that cannot reserve gets zeroes: else what the host was told is stored might find
 * no room later. If there is none, give back what was taken.
 */
static int file_reserve(struct kcsd_kv_medium *m, u64 pos, u64 len)
{
	struct file_call call = { .f = to_kv_file(m), .pos = pos, .len = len };
	struct kcsd_store *s = &call.f->store;
	int ret = kcsd_context_call(&s->context, call_reserve, &call);

	if (ret == -EOPNOTSUPP)
		ret = s->ops->zero(s, pos, len, false);
	if (ret)
		file_discard(m, pos, len);
	return ret;
}

static const struct kcsd_kv_medium_ops file_ops = {
	.read		= file_read,
	.write		= file_write,
	.sync		= file_sync,
	.discard	= file_discard,
	.reserve	= file_reserve,
};

int kcsd_kv_file_open(struct kcsd_kv_file *f, const char *path, const char *name)
{
	const struct kcsd_store_place place = {
		.role = "kv_file", .path = path, .block_size = KCSD_KV_BLOCK,
	};
	int ret = kcsd_store_place_open(&f->store, &place, name);

	if (ret)
		return ret;
	f->medium = (struct kcsd_kv_medium){
		.ops = &file_ops, .len = i_size_read(file_inode(f->store.file)),
	};
	return 0;
}

void kcsd_kv_file_close(struct kcsd_kv_file *f)
{
	kcsd_store_close(&f->store);
}
