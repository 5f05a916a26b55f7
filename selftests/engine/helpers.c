// SPDX-License-Identifier: GPL-2.0
/* Tests of the helpers of the engine: against the C library, and their ticks. */
#include "helper.h"
#include "runner.h"
#include "tap.h"

#define MEM_LEN		(4u << 20)
#define BASE		KCSD_GUEST_DATA		/* of the buffers */
#define ROUNDS		20000

static u64 seed = 0x9e3779b97f4a7c15;

static u64 below(u64 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

/* Make a run with memory, which the caller frees. */
static struct device_run *run_create(void)
{
	struct device_run *run = calloc(1, sizeof(*run));

	assert(run);
	run->vm.mem_len = MEM_LEN;
	run->vm.mem = malloc(MEM_LEN);
	assert(run->vm.mem);
	run->vm.ops = &device_ops;
	return run;
}

static void run_destroy(struct device_run *run)
{
	free(run->vm.mem);
	free(run);
}

static u8 *host(struct device_run *run, u64 addr)
{
	return run->vm.mem + (addr - KCSD_GUEST_CTX);
}

static s64 call_all(struct device_run *run, u32 id, const u64 val[5])
{
	device_reset(run);
	memset(&run->vm.end, 0, sizeof(run->vm.end));
	return kcsd_helper_call(&run->vm, id, val);
}

static s64 call(struct device_run *run, u32 id, u64 a, u64 b, u64 c, u64 d)
{
	return call_all(run, id, (const u64[5]){ a, b, c, d });
}

/* ---- memmem ---- */

/* Make text of few letters, often repeated, which is hard for a search. */
static void fill(u8 *p, u64 len, u64 letters, u64 period)
{
	u64 i;

	for (i = 0; i < len; i++)
		p[i] = i >= period && below(20) ? p[i - period] : 'a' + below(letters);
}

static bool memmem_same(struct device_run *run, u64 hay_len, u64 len)
{
	const u64 needle = BASE + hay_len;
	const u8 *found = memmem(host(run, BASE), hay_len, host(run, needle), len);
	u64 want = found ? BASE + (found - host(run, BASE)) : 0;
	u64 got = call(run, KCSD_HELPER_memmem, BASE, hay_len, needle, len);

	if (got == want)
		return true;
	tap_note("%.*s in %.*s: expected %#llx, got %#llx", (int)len, (char *)host(run, needle),
		 (int)hay_len, (char *)host(run, BASE), (unsigned long long)want,
		 (unsigned long long)got);
	return false;
}

static bool memmem_round(struct device_run *run)
{
	u64 len = 1 + below(below(4) ? 6 : 40), hay_len = len + below(100);
	u64 letters = 1 + below(3), period = 1 + below(9);

	fill(host(run, BASE), hay_len, letters, period);
	if (below(2))
		memcpy(host(run, BASE + hay_len), host(run, BASE + below(hay_len - len + 1)), len);
	else
		fill(host(run, BASE + hay_len), len, letters, period);
	return memmem_same(run, hay_len, len);
}

static void test_memmem(struct device_run *run)
{
	bool ok = true;
	u32 i;

	for (i = 0; i < ROUNDS && ok; i++)
		ok = memmem_round(run);
	tap_point(ok, "memmem: %u random searches, as in the C library", ROUNDS);
}

/* Find the needle around the ends of the pieces of a search. */
static void test_memmem_pieces(struct device_run *run)
{
	const u64 hay_len = 4 * KCSD_TICK_BYTES;
	bool ok = true;
	u64 at, len;

	for (len = 2; len <= 9; len++)
		for (at = KCSD_TICK_BYTES - 20; at < KCSD_TICK_BYTES + 20; at++) {
			memset(host(run, BASE), 'x', hay_len);
			fill(host(run, BASE + hay_len), len, 3, len);
			memcpy(host(run, BASE + at), host(run, BASE + hay_len), len);
			ok &= memmem_same(run, hay_len, len);
		}
	tap_point(ok, "memmem: around the end of a piece of work");
}

/* Check that a search reads each byte at most this often, by its ticks. */
static void expect_linear(struct device_run *run, u64 hay_len, u64 len, const char *what)
{
	u64 most = 5 * (hay_len + len) / KCSD_TICK_BYTES + 2;
	u64 least = hay_len / KCSD_TICK_BYTES;
	s64 got = call(run, KCSD_HELPER_memmem, BASE, hay_len, BASE + hay_len, len);

	tap_point(!got && run->ticks <= most && run->ticks >= least,
		  "memmem: %s takes linear time", what);
	tap_note("%u ticks, at most %llu", run->ticks, (unsigned long long)most);
}

static void test_memmem_worst(struct device_run *run)
{
	const u64 hay_len = 2 << 20, len = 1 << 20;
	u8 *hay = host(run, BASE), *needle = hay + hay_len;

	memset(hay, 'a', hay_len + len);
	needle[len - 1] = 'b';
	expect_linear(run, hay_len, len, "aaa...ab in aaa...");
	needle[len - 1] = 'a';
	needle[0] = 'b';
	expect_linear(run, hay_len, len, "baaa... in aaa...");
	needle[0] = 'a';
	needle[len / 2] = 'b';
	expect_linear(run, hay_len, len, "aa...b...aa in aaa...");
	memset(needle, 'a', 1000);
	needle[998] = 'b';
	expect_linear(run, hay_len, 1000, "a shorter one");
	hay[hay_len - 2] = 'b';
	needle[999] = 'c';
	expect_linear(run, hay_len, 1000, "one that is almost there");
}

/* ---- the others ---- */

static void test_memcpy(struct device_run *run)
{
	static const s64 shifts[] = { -70000, -32768, -1000, -1, 0, 1, 1000, 32768, 70000 };
	const u64 at = BASE + 100000, len = 200000;
	u8 *want = malloc(MEM_LEN);
	bool ok = true;
	u32 i;

	assert(want);
	for (i = 0; i < ARRAY_SIZE(shifts); i++) {
		fill(run->vm.mem, 500000, 26, 500000);
		memcpy(want, run->vm.mem, MEM_LEN);
		memmove(want + (at + shifts[i] - KCSD_GUEST_CTX),
			want + (at - KCSD_GUEST_CTX), len);
		call(run, KCSD_HELPER_memcpy, at + shifts[i], at, len, 0);
		ok &= !memcmp(want, run->vm.mem, MEM_LEN);
	}
	free(want);
	tap_point(ok, "memcpy: %zu distances, longer than a piece of work", ARRAY_SIZE(shifts));
}

static void test_memcmp(struct device_run *run)
{
	const u64 len = 3 * KCSD_TICK_BYTES + 5, other = BASE + len;
	bool ok = true;
	u64 at;

	memset(host(run, BASE), 'x', 2 * len);
	for (at = KCSD_TICK_BYTES - 10; at < len; at += at == KCSD_TICK_BYTES + 9 ?
	     2 * KCSD_TICK_BYTES - 13 : 1) {
		*host(run, BASE + at) = 'y';
		ok &= call(run, KCSD_HELPER_memcmp, BASE, other, len, 0) == 1 &&
		      call(run, KCSD_HELPER_memcmp, other, BASE, len, 0) == -1 &&
		      !call(run, KCSD_HELPER_memcmp, BASE, other, at, 0) &&
		      (u64)call(run, KCSD_HELPER_memchr, BASE, 'y', len, 0) == BASE + at &&
		      !call(run, KCSD_HELPER_memchr, BASE, 'y', at, 0);
		*host(run, BASE + at) = 'x';
	}
	tap_point(ok, "memcmp, memchr: a difference around the ends of pieces");
}

/* ---- positions ---- */

/* The numbers that positions() is to write, found byte by byte. Returns how many. */
static u64 find_positions(const u8 *src, u64 len, u64 bytes, u64 max, u32 *want)
{
	u64 at, nr = 0;
	u32 i;

	for (at = 0; at < len; at++)
		for (i = 0; i < 8 && nr < max; i++)
			if (src[at] == (u8)(bytes >> (8 * i))) {
				want[nr++] = at | i << KCSD_POSITION_SHIFT;
				break;
			}
	return nr;
}

static bool positions_same(struct device_run *run, u64 len, u64 bytes, u64 max)
{
	const u64 dst = BASE + len + below(8);
	u32 *want = calloc(max + 1, sizeof(*want));
	u64 nr = want ? find_positions(host(run, BASE), len, bytes, max, want) : 0;
	s64 got = call_all(run, KCSD_HELPER_positions,
			   (const u64[5]){ BASE, len, bytes, dst, 4 * max + below(4) });
	bool ok = want && got == (s64)nr && !memcmp(host(run, dst), want, 4 * nr);

	if (!ok)
		tap_note("%llu bytes, %#llx: expected %llu, got %lld", (unsigned long long)len,
			 (unsigned long long)bytes, (unsigned long long)nr, (long long)got);
	free(want);
	return ok;
}

static void test_positions(struct device_run *run)
{
	u64 bytes, len;
	bool ok = true;
	u32 i, j;

	for (i = 0; i < ROUNDS && ok; i++) {
		len = below(200);
		fill(host(run, BASE), len, 1 + below(12), 1 + below(9));
		for (j = 0, bytes = 0; j < 8; j++)
			bytes = bytes << 8 | ('a' + below(14));
		ok = positions_same(run, len, bytes, below(4) ? len + 1 : below(20));
	}
	tap_point(ok, "positions: %u random searches, as byte by byte", ROUNDS);
	fill(host(run, BASE), 4 * KCSD_TICK_BYTES, 26, 4 * KCSD_TICK_BYTES);
	for (len = 4 * KCSD_TICK_BYTES - 3, ok = true; len < 4 * KCSD_TICK_BYTES; len++)
		ok &= positions_same(run, len, 0x6161616161616561, len);
	tap_point(ok, "positions: in pieces");
}

/* Compare a checksum made in pieces with one made at once. */
static void test_digests(struct device_run *run)
{
	const u64 len = 3 * KCSD_TICK_BYTES + 5, hash = BASE + len;
	struct kcsd_sha256 want = {};

	fill(host(run, BASE), len, 26, len);
	tap_point(call(run, KCSD_HELPER_crc32c, 0, BASE, len, 0) ==
		  (u32)~kcsd_crc32c(~0u, host(run, BASE), len), "crc32c: in pieces");
	memset(host(run, hash), 0, sizeof(want));
	call(run, KCSD_HELPER_sha256_add, hash, BASE, len, 0);
	kcsd_sha256_add(&want, host(run, BASE), len);
	tap_point(!memcmp(host(run, hash), &want, sizeof(want)), "sha256_add: in pieces");
}

void helper_tests(void)
{
	struct device_run *run = run_create();

	memset(run->vm.mem, 0, MEM_LEN);
	test_memmem(run);
	test_memmem_pieces(run);
	test_memmem_worst(run);
	test_memcpy(run);
	test_memcmp(run);
	test_positions(run);
	test_digests(run);
	run_destroy(run);
}
