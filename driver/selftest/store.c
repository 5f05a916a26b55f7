// SPDX-License-Identifier: GPL-2.0
/* Test the rules of media/store.h with each kind of store. */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "config.h"
#include "media/store.h"
#include "selftest/selftest.h"

#define PIECE		(16 * SZ_4K)

static char *selftest_file;
module_param(selftest_file, charp, 0444);
MODULE_PARM_DESC(selftest_file, "For self-tests: a file of at least 1M that may be overwritten");

struct buffers {
	u8 *out;	/* PIECE + 64 bytes, each different from its neighbours */
	u8 *in;
};

static int rw(struct kcsd_store *s, bool write, u64 pos, u8 *buf, size_t len)
{
	struct kvec kvec = { .iov_base = buf, .iov_len = len };
	struct iov_iter iter;
	int ret;

	iov_iter_kvec(&iter, write ? ITER_SOURCE : ITER_DEST, &kvec, 1, len);
	ret = (write ? s->ops->write : s->ops->read)(s, pos, &iter);
	return ret ?: iov_iter_count(&iter) ? -EIO : 0;
}

/* Test a write: the neighbour LBAs keep their data. The buffers have odd alignment. */
static int test_rw(struct kcsd_store *s, const struct buffers *b, u64 pos, size_t len)
{
	int failed = 0;

	KCSD_EXPECT(failed, !s->ops->zero(s, pos - SZ_4K, len + 2 * SZ_4K, false));
	KCSD_EXPECT(failed, !rw(s, true, pos, b->out + 3, len));
	KCSD_EXPECT(failed, !rw(s, false, pos, b->in + 1, len));
	KCSD_EXPECT(failed, !memcmp(b->in + 1, b->out + 3, len));
	KCSD_EXPECT(failed, !rw(s, false, pos - SZ_4K, b->in, SZ_4K));
	KCSD_EXPECT(failed, !memchr_inv(b->in, 0, SZ_4K));
	KCSD_EXPECT(failed, !rw(s, false, pos + len, b->in, SZ_4K));
	KCSD_EXPECT(failed, !memchr_inv(b->in, 0, SZ_4K));
	return failed;
}

static int test_zero(struct kcsd_store *s, const struct buffers *b, bool unmap)
{
	int failed = 0;

	KCSD_EXPECT(failed, !rw(s, true, 0, b->out, PIECE));
	KCSD_EXPECT(failed, !s->ops->zero(s, 512, 3 * SZ_4K + 512, unmap));
	KCSD_EXPECT(failed, !rw(s, false, 0, b->in, PIECE));
	KCSD_EXPECT(failed, !memcmp(b->in, b->out, 512));
	KCSD_EXPECT(failed, !memchr_inv(b->in + 512, 0, 3 * SZ_4K + 512));
	KCSD_EXPECT(failed, !memcmp(b->in + 3 * SZ_4K + 1024, b->out + 3 * SZ_4K + 1024,
				    PIECE - 3 * SZ_4K - 1024));
	return failed;
}

static int test_open_store(struct kcsd_store *s, const struct buffers *b)
{
	int failed = 0;

	KCSD_EXPECT(failed, s->size >= SZ_1M);
	failed += test_rw(s, b, SZ_4K, 512);
	failed += test_rw(s, b, SZ_64K + 512, SZ_4K);
	failed += test_rw(s, b, SZ_64K + 7 * 512, PIECE);
	failed += test_rw(s, b, s->size - PIECE - SZ_4K, PIECE);
	failed += test_zero(s, b, false);
	failed += test_zero(s, b, true);
	KCSD_EXPECT(failed, !s->ops->flush(s));
	return failed;
}

static int test_store(const char *file, const struct buffers *b)
{
	static struct kcsd_store s, second;	/* static: too large for the stack with lockdep */
	struct kcsd_config c;
	int failed = 0;

	s = second = (struct kcsd_store){};
	kcsd_config_init(&c);
	c.block_size = 512;
	c.size = SZ_1M;
	if (file && kcsd_config_set_file(&c, file, strlen(file)))
		return 1;
	KCSD_EXPECT(failed, !kcsd_store_open(&s, &c, "selftest"));
	if (!failed) {
		failed += test_open_store(&s, b);
		if (file)
			KCSD_EXPECT(failed, kcsd_store_open(&second, &c, "selftest") == -EBUSY);
		kcsd_store_close(&s);
		KCSD_EXPECT(failed, !s.ops);
	}
	c.size = SZ_1M + 100;
	KCSD_EXPECT(failed, kcsd_store_open(&s, &c, "selftest") == -EINVAL);
	kcsd_config_destroy(&c);
	return failed;
}

int kcsd_selftest_store(void)
{
	struct buffers b = {
		.out = kvmalloc(PIECE + 64, GFP_KERNEL), .in = kvmalloc(PIECE + 64, GFP_KERNEL),
	};
	int failed = 0, i;

	KCSD_EXPECT(failed, b.out && b.in);
	if (!failed) {
		for (i = 0; i < PIECE + 64; i++)
			b.out[i] = 1 + i % 251;
		failed += test_store(NULL, &b);
		if (selftest_file)
			failed += test_store(selftest_file, &b);
	}
	kvfree(b.out);
	kvfree(b.in);
	return failed;
}
