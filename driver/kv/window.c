// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Read records of a file, through memory of the store. */
#include "store.h"

/* Lock one of the windows. Returns NULL if none is free now. */
static struct kcsd_kv_window *lock_window(struct kcsd_kv *kv, u64 place, bool now)
{
	u32 first = (u32)(place >> 6) % KCSD_KV_WINDOWS, i;

	for (i = 0; i < KCSD_KV_WINDOWS; i++) {
		struct kcsd_kv_window *w = &kv->windows[(first + i) % KCSD_KV_WINDOWS];

		if (mutex_trylock(&w->lock))
			return w;
	}
	if (now)
		return NULL;
	mutex_lock(&kv->windows[first].lock);
	return &kv->windows[first];
}

static bool is_sound(const struct kcsd_kv *kv, const struct kcsd_kv_segment *s, u32 at,
		     const struct kcsd_kv_record *r, u32 payload)
{
	return kcsd_kv_record_valid(r, &kv->geometry, s->seed) && le32_to_cpu(r->offset) == at &&
	       le32_to_cpu(r->len) == payload &&
	       le32_to_cpu(r->payload_crc) == kcsd_kv_crc(0, r + 1, payload);
}

static int read_into(struct kcsd_kv *kv, struct kcsd_kv_window *w, u64 place, u32 payload,
		     u32 offset, struct iov_iter *to, u32 len, bool *verified, bool now)
{
	struct kcsd_kv_segment *s = kcsd_kv_segment_at(kv, place);
	u64 from = *verified ? place + sizeof(struct kcsd_kv_record) + offset : place;
	u64 end = *verified ? from + len : place + sizeof(struct kcsd_kv_record) + payload;
	u64 start = round_down(from, KCSD_KV_BLOCK);
	const u8 *at = w->mem + (from - start);
	int ret;

	ret = kv->medium->ops->read(kv->medium, start, w->mem,
				    (u32)(round_up(end, KCSD_KV_BLOCK) - start), now);
	if (ret)
		return ret;
	if (!*verified) {
		u32 in_segment = (u32)place & (kcsd_kv_segment_len(&kv->geometry) - 1);

		if (!is_sound(kv, s, in_segment, (const struct kcsd_kv_record *)at, payload))
			return KCSD_SC_UNRECOVERED;
		at += sizeof(struct kcsd_kv_record) + offset;
		*verified = true;
	}
	return _copy_to_iter(at, len, to) == len ? 0 : -EFAULT;
}

int kcsd_kv_window_read(struct kcsd_kv *kv, u64 place, u32 payload, u32 offset,
			struct iov_iter *to, u32 len, bool *verified, bool now)
{
	struct kcsd_kv_window *w = lock_window(kv, place, now);
	int ret;

	if (!w)
		return -EAGAIN;
	ret = read_into(kv, w, place, payload, offset, to, len, verified, now);
	mutex_unlock(&w->lock);
	if (ret != KCSD_SC_UNRECOVERED && !kcsd_kv_is_damage(ret))
		return ret;
	atomic64_inc(&kv->damaged);
	return KCSD_SC_UNRECOVERED;
}
