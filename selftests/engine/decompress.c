// SPDX-License-Identifier: GPL-2.0
/* Tests of decompress, on what the libraries that everybody uses have compressed. */
#include <pthread.h>

#include "compress.h"
#include "helper.h"
#include "runner.h"
#include "tap.h"
#include "unpack.h"

#define MEM_LEN		(40u << 20)
#define SRC		KCSD_GUEST_DATA
#define DST		(SRC + (20u << 20))
#define MAX_LEN		(19u << 20)
#define GUARD		64		/* bytes after dst that must stay */
#define GUARD_BYTE	0xc3
#define ROUNDS		3000

static u64 seed = 0x2545f4914f6cdd1d;

static u64 below(u64 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

/* Make a run with memory, which the caller destroys. */
static struct device_run *run_create(void)
{
	struct device_run *run = calloc(1, sizeof(*run));

	assert(run);
	run->vm.mem_len = MEM_LEN;
	run->vm.mem = calloc(1, MEM_LEN);
	assert(run->vm.mem);
	run->vm.ops = &device_ops;
	return run;
}

static void run_destroy(struct device_run *run)
{
	kcsd_vm_release(&run->vm);
	free(run->vm.mem);
	free(run);
}

static u8 *host(struct device_run *run, u64 addr)
{
	return run->vm.mem + (addr - KCSD_GUEST_CTX);
}

static s64 call(struct device_run *run, u32 codec, u64 src_len, u64 dst_len)
{
	const u64 val[5] = { codec, SRC, src_len, DST, dst_len };

	device_reset(run);
	memset(&run->vm.end, 0, sizeof(run->vm.end));
	memset(host(run, DST + dst_len), GUARD_BYTE, GUARD);
	return kcsd_helper_call(&run->vm, KCSD_HELPER_decompress, val);
}

static bool guard_stays(struct device_run *run, u64 dst_len)
{
	const u8 *p = host(run, DST + dst_len);
	u32 i;

	for (i = 0; i < GUARD; i++)
		if (p[i] != GUARD_BYTE)
			return false;
	return true;
}

static s64 unpack(struct device_run *run, const struct packed *p, u64 dst_len)
{
	memcpy(host(run, SRC), p->bytes, p->len);
	return call(run, p->codec, p->len, dst_len);
}

/* ---- round trips ---- */

enum { ZEROES, TEXT, RANDOM, MIXED, NR_KINDS };

static void fill(u8 *p, u64 len, u32 kind)
{
	u64 i;

	for (i = 0; i < len; i++) {
		if (kind == ZEROES)
			p[i] = 0;
		else if (kind == RANDOM || (kind == MIXED && i >> 14 & 1))
			p[i] = below(256);
		else
			p[i] = i > 300 && below(12) ? p[i - 1 - below(2) * 170] : 'a' + below(20);
	}
}

/* Returns NULL if all is well. */
static const char *round_trip(struct device_run *run, const struct packed *p, const u8 *want,
			      u64 len)
{
	if (unpack(run, p, len) != (s64)len || run->vm.end.reason)
		return "it is refused";
	if (memcmp(host(run, DST), want, len))
		return "other bytes";
	if (!guard_stays(run, len))
		return "it wrote too much";
	if (len && unpack(run, p, len - 1) != -KCSD_ENOSPC)
		return "it fits into too little";
	if (!guard_stays(run, len ? len - 1 : 0))
		return "it wrote too much where it does not fit";
	return NULL;
}

static void round_trips(struct device_run *run, u32 codec)
{
	static const u64 lens[] = { 0, 1, 15, 100, 5000, 32767, 32768, 32769, 131072, 131073,
				    300000, 3000000 };
	const char *bad = NULL;
	u8 *data = malloc(3000000);
	u32 i, kind, level, nr = 0;
	struct packed p;

	assert(data);
	for (i = 0; i < ARRAY_SIZE(lens) * NR_KINDS && !bad; i++) {
		kind = i % NR_KINDS;
		fill(data, lens[i / NR_KINDS], kind);
		for (level = 0; level < PACK_LEVELS && !bad; level++, nr++) {
			pack(&p, codec, level, data, lens[i / NR_KINDS]);
			bad = round_trip(run, &p, data, lens[i / NR_KINDS]);
			packed_free(&p);
		}
	}
	free(data);
	tap_point(!bad, "decompress: %s: %u round trips", codec_name(codec), nr);
	if (bad)
		tap_note("%s: %llu bytes of kind %u, level %u", bad,
			 (unsigned long long)lens[(i - 1) / NR_KINDS], kind, level - 1);
}

/* ---- damage ---- */

static void cut_short(struct device_run *run, u32 codec)
{
	u8 data[700];
	bool ok = true;
	struct packed p;
	u64 len, full;

	fill(data, sizeof(data), TEXT);
	pack(&p, codec, 1, data, sizeof(data));
	full = p.len;
	for (len = 0; len < full; len++) {
		p.len = len;
		ok &= unpack(run, &p, sizeof(data)) == -KCSD_EBADMSG && !run->vm.end.reason;
	}
	p.len = full + 1;
	p.bytes[full] = 0;
	ok &= unpack(run, &p, sizeof(data)) == -KCSD_EBADMSG;
	packed_free(&p);
	tap_point(ok, "decompress: %s: each shorter source, and a longer one, is refused",
		  codec_name(codec));
}

static bool is_error(s64 ret)
{
	return ret == -KCSD_EBADMSG || ret == -KCSD_ENOSPC || ret == -KCSD_ENOMEM;
}

/* True if the library says the same of src: whether it is damaged, and what it holds. */
static bool as_library(struct device_run *run, u32 codec, u64 src_len, u64 dst_len)
{
	u8 *want = malloc(dst_len + 1);
	s64 ret = call(run, codec, src_len, dst_len), n;
	bool same;

	assert(want);
	n = unpack_directly(codec, host(run, SRC), src_len, want, dst_len);
	same = ret < 0 ? n < 0 && is_error(ret) : ret == n && !memcmp(host(run, DST), want, n);
	/* A member of gzip can be followed by another, and the drive refuses large windows. */
	same |= ret == -KCSD_ENOMEM || (codec == KCSD_CODEC_GZIP && ret < 0);
	free(want);
	return same && guard_stays(run, dst_len);
}

/* Decode damaged bytes. */
static void flipped(struct device_run *run, u32 codec)
{
	const u64 len = 40000;
	u8 *data = malloc(len);
	bool ok = true;
	u32 i, n, refused = 0;
	struct packed p;

	assert(data);
	for (i = 0; i < ROUNDS; i++) {
		if (!(i % 100)) {
			if (i)
				packed_free(&p);
			fill(data, len, i / 100 % NR_KINDS);
			pack(&p, codec, i / 400 % PACK_LEVELS, data, len);
		}
		memcpy(host(run, SRC), p.bytes, p.len);
		for (n = 1 + below(3); n; n--)
			*host(run, SRC + below(below(2) ? p.len : min(p.len, (u64)100))) ^=
				1 << below(8);
		refused += call(run, codec, p.len, len) < 0;
		ok &= as_library(run, codec, p.len, len);
	}
	packed_free(&p);
	free(data);
	tap_point(ok && refused > ROUNDS / 4, "decompress: %s: %u damaged sources, as the library",
		  codec_name(codec), ROUNDS);
	tap_note("%u refused", refused);
}

static void garbage(struct device_run *run, u32 codec)
{
	bool ok = true;
	u32 i;

	for (i = 0; i < ROUNDS; i++) {
		fill(host(run, SRC), 300, RANDOM);
		ok &= as_library(run, codec, 1 + below(299), 100000);
	}
	tap_point(ok, "decompress: %s: %u sources of any bytes, as the library", codec_name(codec),
		  ROUNDS);
}

/* Write an element of Snappy of any kind, which makes at most 300 bytes. Returns its end. */
static u8 *snappy_element(u8 *to, u64 *done)
{
	u32 kind = *done ? below(4) : 0, len = 1 + below(below(4) ? 60 : 64);
	u64 offset = 1 + below(min(*done + !*done, below(2) ? (u64)20 : (u64)U32_MAX));

	if (kind == 1) {
		len = 4 + len % 8;
		offset = 1 + (offset - 1) % 2047;
		*to++ = (len - 4) << 2 | offset >> 8 << 5 | 1;
		*to++ = offset;
	} else if (kind) {
		offset = kind == 2 ? 1 + (offset - 1) % 65535 : offset;
		*to++ = (len - 1) << 2 | kind;
		memcpy(to, &offset, kind == 2 ? 2 : 4);
		to += kind == 2 ? 2 : 4;
	} else if (len <= 60 && below(8)) {
		*to++ = (len - 1) << 2;
	} else {
		u32 more = below(4), last;	/* bytes of the length, less one */

		len = more ? 1 + below(300) : len;
		last = len - 1;
		*to++ = (60 + more) << 2;
		memcpy(to, &last, 1 + more);
		to += 1 + more;
	}
	*done += len;
	for (; !kind && len; len--)
		*to++ = below(256);
	return to;
}

/* Elements that no compressor makes; now and then one that is wrong. */
static void snappy_elements(struct device_run *run)
{
	u8 *src = host(run, SRC), *to;
	u64 done, len;
	bool ok = true;
	u32 i, n;

	for (i = 0; i < ROUNDS; i++) {
		to = src + 5;
		done = 0;
		for (n = 1 + below(below(20) ? 60 : 6000); n; n--)
			to = snappy_element(to, &done);
		for (n = 0; n < 5; n++)
			src[n] = (done >> (7 * n) & 0x7f) | (n < 4) << 7;
		len = to - src;
		if (!below(4))
			src[5 + below(len - 5)] ^= 1 << below(8);
		ok &= as_library(run, KCSD_CODEC_SNAPPY, len, done);
	}
	tap_point(ok, "decompress: snappy: %u sources of any elements, as the library", ROUNDS);
}

/* ---- memory that others change ---- */

struct scribbler {
	u8 *src, *dst;
	u64 src_len, dst_len;
	bool stop;
};

static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	u64 x = 88172645463325252;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		((volatile u8 *)s->src)[x % s->src_len] ^= 1 << (x >> 60 & 7);
		((volatile u8 *)s->dst)[x % s->dst_len] ^= 1 << (x >> 60 & 7);
	}
	return NULL;
}

static void changing(struct device_run *run, u32 codec)
{
	const u64 len = 400000;
	struct scribbler s = { .dst = host(run, DST), .dst_len = len };
	u8 *data = malloc(len);
	pthread_t thread;
	struct packed p;
	bool ok = true;
	u32 i;
	s64 ret;

	assert(data);
	fill(data, len, TEXT);
	pack(&p, codec, 1, data, len);
	s.src = host(run, SRC);
	s.src_len = p.len;
	assert(!pthread_create(&thread, NULL, scribble, &s));
	for (i = 0; i < 200; i++) {
		ret = unpack(run, &p, len);
		ok &= (is_error(ret) || ret >= 0) && guard_stays(run, len);
	}
	__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	packed_free(&p);
	free(data);
	tap_point(ok, "decompress: %s: source and destination change meanwhile",
		  codec_name(codec));
}

/* ---- time and memory ---- */

static void stops(struct device_run *run, u32 codec)
{
	const u64 len = 3000000;
	u8 *data = malloc(len);
	struct packed p;
	u32 all, i;
	bool ok;

	assert(data);
	fill(data, len, MIXED);
	pack(&p, codec, 1, data, len);
	ok = unpack(run, &p, len) == (s64)len;
	all = run->ticks;
	/* A step reads and writes a slice at most. */
	ok &= all >= (p.len + len) / (3 * KCSD_TICK_BYTES);
	for (i = 1; i <= all; i += 7) {
		run->stop_tick = i;
		run->stop_reason = KCSD_FAULT_TIME;
		unpack(run, &p, len);
		ok &= run->vm.end.reason == KCSD_FAULT_TIME && run->ticks == i && !run->broken;
	}
	run->stop_tick = 0;
	packed_free(&p);
	free(data);
	tap_point(ok, "decompress: %s: stops at its ticks", codec_name(codec));
	tap_note("%u ticks", all);
}

static void no_memory(u32 codec)
{
	struct device_run *run = run_create();
	struct packed p;
	bool ok = true;
	s64 ret = -1;

	pack(&p, codec, 1, (const u8 *)"abcabcabc", 9);
	for (run->fail_alloc = 1; ret != 9 && run->fail_alloc < 10; run->fail_alloc++) {
		kcsd_vm_release(&run->vm);
		ret = unpack(run, &p, 9);
		ok &= run->vm.end.reason == (run->allocs < run->fail_alloc ? KCSD_FAULT_NONE :
								 KCSD_FAULT_INTERNAL);
	}
	ok &= ret == 9;
	run->fail_alloc = 0;
	ret = unpack(run, &p, 9);
	tap_point(ok && ret == 9 && !run->allocs && !run->broken,
		  "decompress: %s: each allocation fails; the next call needs none",
		  codec_name(codec));
	packed_free(&p);
	run_destroy(run);
}

/* What a frame claims is refused before anything is allocated for it. */
static void claims(void)
{
	static const struct {
		const char *what;
		s64 ret;
		u32 codec, len;
		u8 bytes[16];
	} tries[] = {
		{ "window of 8 MiB and an eighth", -KCSD_ENOMEM, KCSD_CODEC_ZSTD, 9,
		  { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x69, 1, 0, 0 } },
		{ "the largest window", -KCSD_ENOMEM, KCSD_CODEC_ZSTD, 9,
		  { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff, 1, 0, 0 } },
		{ "content of 2^64 - 1 bytes", -KCSD_ENOMEM, KCSD_CODEC_ZSTD, 16,
		  { 0x28, 0xb5, 0x2f, 0xfd, 0xe0, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0,
		    0 } },
		{ "content of 2^63 bytes", -KCSD_ENOSPC, KCSD_CODEC_ZSTD, 16,
		  { 0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0 } },
		{ "content of 257 bytes", -KCSD_ENOSPC, KCSD_CODEC_ZSTD, 10,
		  { 0x28, 0xb5, 0x2f, 0xfd, 0x60, 1, 0, 1, 0, 0 } },
		{ "4 GiB", -KCSD_ENOSPC, KCSD_CODEC_SNAPPY, 6,
		  { 0xff, 0xff, 0xff, 0xff, 0x0f, 0 } },
		{ "more than 4 GiB", -KCSD_EBADMSG, KCSD_CODEC_SNAPPY, 6,
		  { 0xff, 0xff, 0xff, 0xff, 0x1f, 0 } },
	};
	struct device_run *run;
	u32 i;
	s64 ret;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		run = run_create();
		memcpy(host(run, SRC), tries[i].bytes, tries[i].len);
		ret = call(run, tries[i].codec, tries[i].len, 256);
		tap_point(ret == tries[i].ret && run->allocs == 1, "decompress: %s claims %s",
			  codec_name(tries[i].codec), tries[i].what);
		if (ret != tries[i].ret)
			tap_note("returned %lld", (long long)ret);
		run_destroy(run);
	}
}

/* ---- what else formats have ---- */

/* Decompress parts, one after the other, which together hold these bytes. */
static void together(struct device_run *run, u32 codec)
{
	static const u64 lens[] = { 100, 0, 200000, 1, 3000000, 40000 };
	u8 *data = malloc(3300000);
	u64 src = 0, done = 0;
	struct packed p;
	u32 i;
	s64 ret;

	assert(data);
	fill(data, 3300000, MIXED);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		pack(&p, codec, i % PACK_LEVELS, data + done, lens[i]);
		memcpy(host(run, SRC + src), p.bytes, p.len);
		src += p.len;
		done += lens[i];
		packed_free(&p);
	}
	ret = call(run, codec, src, done);
	tap_point(ret == (s64)done && !memcmp(host(run, DST), data, done),
		  "decompress: %s: several, one after the other", codec_name(codec));
	free(data);
}

static void skippable(struct device_run *run)
{
	static const u8 frame[] = { 0x5f, 0x2a, 0x4d, 0x18, 0xa0, 0x86, 1, 0 };	/* 100,000 bytes */
	const u64 len = sizeof(frame) + 100000;
	struct packed p;
	u8 *src = host(run, SRC);
	bool ok;

	pack(&p, KCSD_CODEC_ZSTD, 1, (const u8 *)"abc", 3);
	memset(src, 0, 2 * len + p.len);
	memcpy(src, frame, sizeof(frame));
	memcpy(src + len, p.bytes, p.len);
	memcpy(src + len + p.len, frame, sizeof(frame));
	ok = call(run, p.codec, 2 * len + p.len, 3) == 3 && !memcmp(host(run, DST), "abc", 3);
	ok &= call(run, p.codec, 2 * len + p.len - 1, 3) == -KCSD_EBADMSG;
	ok &= call(run, p.codec, len, 0) == 0;
	packed_free(&p);
	tap_point(ok, "decompress: zstd: frames to skip");
}

/* A header with everything; the name is longer than a slice. */
static void gzip_headers(struct device_run *run)
{
	const u64 name = 100000, extra = 40000;
	u8 *src = host(run, SRC), *to = src, *crc;
	struct packed p;
	u32 sum;
	bool ok;

	pack(&p, KCSD_CODEC_GZIP, 1, (const u8 *)"abc", 3);
	memcpy(to, p.bytes, 10);
	to[3] = 0x1e;
	to += 10;
	put_unaligned(cpu_to_le16(extra), (__le16 *)to);
	memset(to + 2, 0, extra);
	to += 2 + extra;
	memset(to, 'n', name);
	to += name;
	*to++ = 0;
	*to++ = 0;	/* an empty comment */
	crc = to;
	sum = kcsd_crc32(0, src, to - src);
	put_unaligned(cpu_to_le16((u16)sum), (__le16 *)to);
	to += 2;
	memcpy(to, p.bytes + 10, p.len - 10);
	to += p.len - 10;
	ok = call(run, p.codec, to - src, 3) == 3 && !memcmp(host(run, DST), "abc", 3);
	ok &= call(run, p.codec, 12 + extra + name, 3) == -KCSD_EBADMSG;
	crc[0] ^= 1;
	ok &= call(run, p.codec, to - src, 3) == -KCSD_EBADMSG;
	crc[0] ^= 1;
	src[3] |= 0x20;
	ok &= call(run, p.codec, to - src, 3) == -KCSD_EBADMSG;
	packed_free(&p);
	tap_point(ok, "decompress: gzip: all that a header can have");
}

/* A window as large as is allowed; and a larger one that the content does not use. */
static void windows(struct device_run *run)
{
	const u64 len = 9u << 20;
	u8 *data = malloc(len);
	struct packed p;
	bool ok;

	assert(data);
	fill(data, len, TEXT);
	pack_zstd_window(&p, 23, data, len);
	ok = unpack(run, &p, len) == (s64)len && !memcmp(host(run, DST), data, len);
	packed_free(&p);
	pack_zstd_window(&p, 24, data, len);
	ok &= unpack(run, &p, len) == -KCSD_ENOMEM;
	packed_free(&p);
	free(data);
	tap_point(ok, "decompress: zstd: a window of 8 MiB, and none of 16 MiB");
}

/* Any two buffers may overlap: the bytes are then any, but the memory around stays. */
static void overlapping(struct device_run *run, u32 codec)
{
	const u64 len = 100000;
	u8 *data = malloc(len);
	struct packed p;
	bool ok = true;
	s64 shift, ret;

	assert(data);
	fill(data, len, TEXT);
	pack(&p, codec, 1, data, len);
	for (shift = -2000; shift <= 2000; shift += 250) {
		u64 val[5] = { codec, DST + shift, p.len, DST, len };

		memset(host(run, DST + len), GUARD_BYTE, 5000);
		memcpy(host(run, DST + shift), p.bytes, p.len);
		memset(&run->vm.end, 0, sizeof(run->vm.end));
		ret = kcsd_helper_call(&run->vm, KCSD_HELPER_decompress, val);
		ok &= is_error(ret) || ret == (s64)len;
		ok &= p.len + 2000 > len || guard_stays(run, len);
	}
	packed_free(&p);
	free(data);
	tap_point(ok, "decompress: %s: source and destination overlap", codec_name(codec));
}

void decompress_tests(void)
{
	struct device_run *run = run_create();
	u32 codec;

	for (codec = KCSD_CODEC_ZSTD; codec <= KCSD_CODEC_SNAPPY; codec++) {
		round_trips(run, codec);
		cut_short(run, codec);
		flipped(run, codec);
		garbage(run, codec);
		changing(run, codec);
		stops(run, codec);
		no_memory(codec);
		overlapping(run, codec);
	}
	claims();
	together(run, KCSD_CODEC_ZSTD);
	together(run, KCSD_CODEC_GZIP);
	skippable(run);
	gzip_headers(run);
	windows(run);
	snappy_elements(run);
	run_destroy(run);
}
