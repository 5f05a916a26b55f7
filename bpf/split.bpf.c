// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Cut the stream into objects of whole lines, as `split -C SIZE` cuts a file: each object has as
 * many lines as fit into SIZE bytes; a line that is longer is cut. The keys are a prefix and six
 * digits, from 000000 on: a run with this --key-prefix reads the whole stream again.
 *
 * arguments	the prefix of the keys, at most 10 bytes; the run needs the right to store
 *		objects below it (--store-prefix)
 * cparam1	SIZE, 1 to 1 MiB; 0: 64 KiB
 * result	the number of objects stored; negative: -EINVAL, a longer prefix or SIZE, CPARAM2;
 *		-EACCES, no right to store; -EEXIST, there is such an object, which stays as it
 *		is; -ENOSPC, no room, or more than a million objects; -EIO, the medium failed
 * output	none
 */
#include <kcsd_helpers.h>
#include <kcsd_string.h>

#define DIGITS		6
#define PREFIX_MAX	(16 - DIGITS)
#define OBJECTS_MAX	1000000
#define SIZE_DEFAULT	65536
#define SIZE_MAX_MIB	(1u << 20)

static __u8 buf[SIZE_MAX_MIB];
static __u8 key[PREFIX_MAX + DIGITS];

/* Returns how many of the len bytes in the buffer are whole lines; all if there is no newline. */
static __u64 whole_lines(__u64 len)
{
	__u64 i;

	for (i = len; i; i--)
		if (buf[i - 1] == '\n')
			return i;
	return len;
}

static long store(__u64 number, __u64 prefix_len, __u64 len)
{
	__u64 i;

	if (number >= OBJECTS_MAX)
		return -KCSD_ENOSPC;
	for (i = DIGITS; i; i--, number /= 10)
		key[prefix_len + i - 1] = '0' + number % 10;
	return kcsd_kv_store(key, prefix_len + DIGITS, buf, len, KCSD_STORE_MUST_NOT_EXIST);
}

SEC("kcsd")
__u64 split(struct kcsd_ctx *ctx)
{
	__u64 size = ctx->cparam1 ? ctx->cparam1 : SIZE_DEFAULT, offset = 0, objects = 0;
	long err, len;

	if (ctx->args_len > PREFIX_MAX || size > SIZE_MAX_MIB || ctx->cparam2)
		return kcsd_invalid("the argument is a prefix, at most 10 bytes; "
				    "CPARAM1 the bytes of an object, at most 1 MiB");
	memcpy(key, kcsd_args(ctx), ctx->args_len);
	for (; offset < ctx->stream_len; offset += len) {
		len = kcsd_stream_read(offset, buf, size);
		if (len < 0)
			return len;
		if (offset + len < ctx->stream_len)
			len = whole_lines(len);
		err = store(objects, ctx->args_len, len);
		if (err)
			return err;
		objects++;
	}
	return objects;
}
