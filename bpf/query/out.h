/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The messages of a query to the host. */
#ifndef KCSD_QUERY_OUT_H
#define KCSD_QUERY_OUT_H

#include <kcsd_helpers.h>
#include "row.h"

/* No message is longer: the values of a row are no longer than the row, and 16 bytes each. */
#define QUERY_OUT_LEN	(QUERY_ROW_MAX + 65536)

static struct {
	__u64 done;		/* bytes of whole messages */
	__u64 len;		/* with those of the message under way */
	__u64 failed;		/* 1: the output was refused, the run must end */
} query_out;
static __u8 query_out_buf[QUERY_OUT_LEN + 64];

static __always_inline void query_flush(void)
{
	if (query_out.done && kcsd_emit(query_out_buf, query_out.done))
		query_out.failed = 1;
	query_out.done = 0;
}

/* Begin a message of at most this many bytes. */
static __always_inline void query_begin(__u64 most)
{
	if (query_out.done + sizeof(struct query_head) + most > QUERY_OUT_LEN)
		query_flush();
	query_out.len = query_out.done + sizeof(struct query_head);
}

/* Append a number of up to 8 bytes. */
static __always_inline void query_put(__u64 value, __u64 len)
{
	kcsd_store64(query_out_buf + query_out.len, value);
	query_out.len += len;
}

/* Copy text; both have 7 bytes behind them that may be read and written. */
static __always_inline void query_copy(__u8 *dst, const __u8 *src, __u64 len)
{
	if (len <= 8)
		kcsd_store64(dst, kcsd_load64(src));
	else
		kcsd_memcpy(dst, src, len);
}

static __always_inline void query_put_bytes(const void *bytes, __u64 len)
{
	kcsd_memcpy(query_out_buf + query_out.len, bytes, len);
	query_out.len += len;
}

/* End the message. */
static __always_inline void query_commit(__u64 kind)
{
	kcsd_store64(query_out_buf + query_out.done,
		     (query_out.len - query_out.done - sizeof(struct query_head)) | kind << 32);
	query_out.done = query_out.len;
}

#endif
