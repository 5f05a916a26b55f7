// SPDX-License-Identifier: GPL-2.0
/* Allocate rooms between guard pages, and check the bytes beside the buffers of a command. */
#include "fuzz.h"

#include <errno.h>
#include <sys/mman.h>

#define PAGE		4096u
#define FILL		0x5a
#define LOOK		256u	/* bytes that are checked beside a buffer */

/*
 * Map memory at addresses that were never used: a command whose ring was closed may complete a
 * little later, and write to the addresses of its buffers.
 */
static __u8 *map_unused(size_t len)
{
	static _Atomic uintptr_t unused = 1ULL << 40;
	__u8 *p;

	do {
		p = mmap((void *)(unused += len) - len, len, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	} while (p == MAP_FAILED && errno == EEXIST);
	return p;
}

bool fuzz_room_make(struct fuzz_room *room, __u32 len)
{
	__u8 *p = map_unused(len + 2 * PAGE);

	if (p == MAP_FAILED || mprotect(p + PAGE, len, PROT_READ | PROT_WRITE))
		return false;
	room->base = p + PAGE;
	room->len = len;
	memset(room->base, FILL, len);
	return true;
}

void fuzz_room_free(struct fuzz_room *room)
{
	if (room->base)
		munmap(room->base - PAGE, room->len + 2 * PAGE);
	room->base = NULL;
}

void *fuzz_room_place(struct fuzz_random *r, const struct fuzz_room *room, __u32 len)
{
	if (len > room->len)
		len = room->len;
	return fuzz_one_in(r, 2) ? room->base : room->base + room->len - len;
}

bool fuzz_shot_init(struct fuzz_shot *s)
{
	memset(s, 0, sizeof(*s));
	return fuzz_room_make(&s->data, FUZZ_DATA_ROOM) &&
	       fuzz_room_make(&s->meta, FUZZ_META_ROOM) && fuzz_room_make(&s->arg, PAGE);
}

void fuzz_shot_free(struct fuzz_shot *s)
{
	fuzz_room_free(&s->data);
	fuzz_room_free(&s->meta);
	fuzz_room_free(&s->arg);
}

static bool filled(const __u8 *p, const __u8 *end)
{
	while (p < end)
		if (*p++ != FILL)
			return false;
	return true;
}

/* Fill the memory beside [addr, addr + len), or (look) return if it is still filled. */
static bool around(const struct fuzz_room *room, __u64 addr, __u64 len, bool look)
{
	__u8 *base = room->base, *end = base + room->len, *first = end, *last = end;
	__u64 from = (__u64)(uintptr_t)base;
	__u8 *low, *high;

	if (addr >= from && addr < from + room->len) {
		first = base + (addr - from);
		last = len < (__u64)(end - first) ? first + len : end;
	}
	low = first - base > LOOK ? first - LOOK : base;
	high = end - last > LOOK ? last + LOOK : end;
	if (look)
		return filled(low, first) && filled(last, high);
	memset(low, FILL, first - low);
	memset(last, FILL, high - last);
	return true;
}

void fuzz_shot_fence(struct fuzz_shot *s)
{
	if (!s->vec)
		around(&s->data, s->cmd.addr, s->cmd.data_len, false);
	around(&s->meta, s->cmd.metadata, s->cmd.metadata_len, false);
}

bool fuzz_shot_intact(const struct fuzz_shot *s)
{
	return (s->vec || around(&s->data, s->cmd.addr, s->cmd.data_len, true)) &&
	       around(&s->meta, s->cmd.metadata, s->cmd.metadata_len, true);
}
