// SPDX-License-Identifier: GPL-2.0
/*
 * Test decompress with the decoders of the kernel: on what the usual libraries have compressed, on
 * damaged bytes, on memory that changes, at the time limit, and without memory.
 */
#include "harness.h"
#include "cgroup.h"
#include "file.h"
#include "node.h"
#include "range_drive.h"
#include "ring.h"
#include "run.h"
#include "slm.h"

#include <pthread.h>
#include <zlib.h>
#include <zstd.h>

#define SRC		0u			/* range 0, in bytes of SLM */
#define DST		(SLM / 2)		/* range 1 */
#define HALF		(SLM / 2)
#define LEN		400000u			/* of data */
#define FLIPS		60
#define LIMIT_MS	3
#define AFTER_NS	(time_slow() * 50000000)	/* longest time past its limit */
#define TRIES		10
#define MIB		(1 << 20)

/* decompress(cparam1, range 0, cparam2, range 1) */
static const struct bpf_insn prog_unpack[] = {
	I_CTX(R6, R1, ranges), I_MOVR(R7, R1),
	I_CTX(R1, R7, cparam1), I_LDX(BPF_DW, R2, R6, 0), I_CTX(R3, R7, cparam2),
	I_LDX(BPF_DW, R4, R6, 16), I_LDX(BPF_DW, R5, R6, 24),
	I_HELPER(decompress), I_EXIT,
};

/* The same with arguments and heap, which needs no ranges and so can be a quick run. */
static const struct bpf_insn prog_unpack_args[] = {
	I_MOVR(R6, R1), I_CTX(R1, R6, cparam1), I_CTX(R2, R6, args), I_CTX(R3, R6, args_len),
	I_CTX(R4, R6, heap), I_CTX(R5, R6, heap_len), I_HELPER(decompress), I_EXIT,
};

FIXTURE(decompress) {
	struct drive d;
	struct run r;
	__u8 *data, *packed, *got;	/* LEN, HALF and HALF bytes; static */
};

FIXTURE_VARIANT(decompress) {
	const char *engine;
};

FIXTURE_VARIANT_ADD(decompress, jit) { .engine = "jit" };
FIXTURE_VARIANT_ADD(decompress, interp) { .engine = "interp" };

static void fill(__u8 *p, __u32 len)
{
	for (__u32 i = 0; i < len; i++)
		p[i] = i > 100 && rand() % 10 ? p[i - 1 - rand() % 100] : 'a' + rand() % 26;
}

FIXTURE_SETUP(decompress)
{

	static __u8 data[LEN], packed[HALF], got[HALF];

	self->data = data;
	self->packed = packed;
	self->got = got;
	drive_sweep();
	ASSERT_EQ(0, range_drive_create(&self->d, "unpack", variant->engine, "2"));
	ASSERT_EQ(0, prog_replace(self->d.ctrl, SEVEN, prog_unpack));
	srand(1);
	fill(self->data, LEN);
	run_range(&self->r, SRC, HALF);
	run_range(&self->r, DST, HALF);
}

FIXTURE_TEARDOWN(decompress)
{
	EXPECT_EQ(0, drive_remove(&self->d));
}

/* Returns the length of what is in self->packed then. */
static __u32 pack(FIXTURE_DATA(decompress) *self, __u32 codec)
{
	static const int bits[] = {
		[KCSD_CODEC_GZIP] = 31, [KCSD_CODEC_ZLIB] = 15, [KCSD_CODEC_DEFLATE] = -15
	};
	z_stream s = { .next_in = self->data, .avail_in = LEN, .next_out = self->packed,
		       .avail_out = HALF };

	if (codec == KCSD_CODEC_ZSTD)
		return ZSTD_compress(self->packed, HALF, self->data, LEN, 3);
	if (deflateInit2(&s, 6, Z_DEFLATED, bits[codec], 8, Z_DEFAULT_STRATEGY) ||
	    deflate(&s, Z_FINISH) != Z_STREAM_END || deflateEnd(&s))
		return 0;
	return s.total_out;
}

/* Decompress here. Returns the number of bytes in self->got, or -1. */
static __s64 unpack_here(FIXTURE_DATA(decompress) *self, __u32 codec, __u32 len)
{
	z_stream s = { .next_in = self->packed, .avail_in = len, .next_out = self->got,
		       .avail_out = HALF };
	size_t n;
	int ret;

	if (codec == KCSD_CODEC_ZSTD) {
		n = ZSTD_decompress(self->got, HALF, self->packed, len);
		return ZSTD_isError(n) ? -1 : (__s64)n;
	}
	if (inflateInit2(&s, codec == KCSD_CODEC_GZIP ? 31 : codec == KCSD_CODEC_ZLIB ? 15 : -15))
		return -1;
	ret = inflate(&s, Z_FINISH);
	inflateEnd(&s);
	return ret == Z_STREAM_END && !s.avail_in ? (__s64)s.total_out : -1;
}

/* Decompress on the drive what is in its SLM. */
static int unpack(FIXTURE_DATA(decompress) *self, __u32 codec, __u32 len)
{
	self->r.pind = SEVEN;
	self->r.cparam1 = codec;
	self->r.cparam2 = len;
	return run_exec(self->d.compute, &self->r);
}

static int put_source(FIXTURE_DATA(decompress) *self, __u32 len)
{
	return slm_rw_all(self->d.slm, KCSD_SLM_WRITE, SRC, len, self->packed);
}

TEST_F(decompress, what_libraries_compress)
{
	for (__u32 codec = KCSD_CODEC_ZSTD; codec <= KCSD_CODEC_DEFLATE; codec++) {
		__u32 len = pack(self, codec);

		ASSERT_NE(0, len);
		ASSERT_EQ(0, put_source(self, len));
		ASSERT_EQ(0, slm_fill(self->d.slm, DST, HALF, 0xa5));
		ASSERT_EQ(0, unpack(self, codec, len));
		ASSERT_EQ(LEN, self->r.result) TH_LOG("codec %u", codec);
		ASSERT_EQ(0, slm_rw_all(self->d.slm, KCSD_SLM_READ, DST, HALF, self->got));
		EXPECT_EQ(0, memcmp(self->got, self->data, LEN)) TH_LOG("codec %u", codec);
		for (__u32 i = LEN; i < HALF; i++)
			ASSERT_EQ(0xa5, self->got[i]);
	}
}

/*
 * Test that the kernel judges damaged bytes as the libraries do; but of zstd it is another version,
 * and these differ in what they notice.
 */
TEST_F(decompress, damaged)
{
	for (__u32 codec = KCSD_CODEC_ZSTD; codec <= KCSD_CODEC_DEFLATE; codec++) {
		__u32 len = pack(self, codec), refused = 0;

		for (int i = 0; i < FLIPS; i++) {
			__u32 at = rand() % (i % 2 ? len : 64);
			__s64 want;

			self->packed[at] ^= 1 << i % 8;
			want = unpack_here(self, codec, len);
			ASSERT_EQ(0, put_source(self, len));
			ASSERT_EQ(0, unpack(self, codec, len));
			self->packed[at] ^= 1 << i % 8;
			if ((__s64)self->r.result >= 0) {
				EXPECT_EQ(want, (__s64)self->r.result);
				continue;
			}
			refused++;
			if (codec != KCSD_CODEC_ZSTD)
				EXPECT_EQ(-1, want);
			EXPECT_TRUE((__s64)self->r.result == -KCSD_EBADMSG ||
				    (__s64)self->r.result == -KCSD_ENOSPC ||
				    (__s64)self->r.result == -KCSD_ENOMEM);
		}
		EXPECT_LT(0, refused);
	}
}

/* ---- memory that changes meanwhile ---- */

struct scribbler {
	int slm;
	__u32 len;
	bool stop;
};

/* By ioctl: the threads of a test share the ring of slm_rw(). */
static void scribble_at(int slm, __u32 at, __u8 *bytes, __u32 len)
{
	struct nvme_uring_cmd c = slm_cmd(KCSD_SLM_WRITE, at, len, bytes);

	cmd_io_way(CMD_IOCTL64, slm, &c, NULL);
}

static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	unsigned int seed = 7;
	__u8 bytes[16];

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = rand_r(&seed);
		scribble_at(s->slm, SRC + rand_r(&seed) % s->len, bytes, 1);
		scribble_at(s->slm, DST + rand_r(&seed) % LEN, bytes, sizeof(bytes));
	}
	return NULL;
}

TEST_F(decompress, source_and_destination_change)
{
	struct scribbler s = { .slm = self->d.slm };
	pthread_t thread;

	for (__u32 codec = KCSD_CODEC_ZSTD; codec <= KCSD_CODEC_DEFLATE; codec++) {
		s.len = pack(self, codec);
		s.stop = false;
		ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, &s));
		for (int i = 0; i < 20; i++) {
			EXPECT_EQ(0, put_source(self, s.len));
			EXPECT_EQ(0, unpack(self, codec, s.len));
		}
		__atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
	}
	/* The drive still works. */
	s.len = pack(self, KCSD_CODEC_GZIP);
	ASSERT_EQ(0, put_source(self, s.len));
	ASSERT_EQ(0, unpack(self, KCSD_CODEC_GZIP, s.len));
	EXPECT_EQ(LEN, self->r.result);
}

/* ---- time ---- */

/* Fill the source with frames that have no content: little to write, much to do. */
static __u32 many_frames(FIXTURE_DATA(decompress) *self)
{
	static const __u8 frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0 };
	__u32 len = 0;

	for (; len + sizeof(frame) <= HALF; len += sizeof(frame))
		memcpy(self->packed + len, frame, sizeof(frame));
	return len;
}

TEST_F(decompress, time_limit)
{
	__u32 len = many_frames(self);
	__u64 best = ~0ULL;

	ASSERT_EQ(0, put_source(self, len));
	ASSERT_EQ(0, unpack(self, KCSD_CODEC_ZSTD, len));
	EXPECT_EQ(0, self->r.result);
	self->r.timeout_ms = LIMIT_MS;
	for (int i = 0; i < TRIES && best > LIMIT_MS * 1000000 + AFTER_NS; i++) {
		EXPECT_EQ(KCSD_SC_PROGRAM_TIME, unpack(self, KCSD_CODEC_ZSTD, len));
		EXPECT_EQ(KCSD_HELPER_decompress, le32toh(self->r.out.rec.helper));
		if (le64toh(self->r.out.rec.run_ns) < best)
			best = le64toh(self->r.out.rec.run_ns);
	}
	EXPECT_GE(LIMIT_MS * 1000000 + AFTER_NS, best);
}

/* Cancel by closing the ring, until a run was still under way. */
TEST_F(decompress, cancel)
{
	__u32 len = many_frames(self);
	struct nvme_uring_cmd c;
	struct io_uring ring;
	__u64 runs;

	ASSERT_EQ(0, put_source(self, len));
	self->r.pind = SEVEN;
	self->r.cparam1 = KCSD_CODEC_ZSTD;
	self->r.cparam2 = len;
	c = run_cmd(&self->r);
	for (int i = 0; i < TRIES && !drive_stat(&self->d, "faults_cancelled"); i++) {
		runs = drive_stat(&self->d, "runs");
		ASSERT_EQ(0, ring_open(&ring, 4, true));
		ASSERT_EQ(0, ring_put(&ring, self->d.compute, NVME_URING_CMD_IO, &c, 1));
		ASSERT_EQ(1, io_uring_submit(&ring));
		io_uring_queue_exit(&ring);
		ASSERT_TRUE(drive_becomes(&self->d, "stats/runs", runs + 1));
	}
	EXPECT_EQ(1, drive_stat(&self->d, "faults_cancelled"));
	EXPECT_EQ(0, unpack(self, KCSD_CODEC_ZSTD, 9));
}

/* ---- memory ---- */

/* Test a frame with the largest window: its memory is of the submitter, and freed at the end. */
TEST_F(decompress, window_is_charged)
{
	static const __u8 frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 0x68, 9, 0, 0, 'x' };
	char max[24];

	memcpy(self->packed, frame, sizeof(frame));
	ASSERT_EQ(0, put_source(self, sizeof(frame)));
	ASSERT_EQ(0, unpack(self, KCSD_CODEC_ZSTD, sizeof(frame)));
	EXPECT_EQ(1, self->r.result);
	ASSERT_EQ(0, cgroup_enter());
	snprintf(max, sizeof(max), "%llu",
		 (unsigned long long)cgroup_number("memory.current") + 6 * MIB);
	ASSERT_EQ(0, file_write(CGROUP "/memory.max", max));
	EXPECT_EQ(KCSD_SC_PROGRAM_FAULT, unpack(self, KCSD_CODEC_ZSTD, sizeof(frame)));
	EXPECT_EQ(KCSD_FAULT_INTERNAL, le32toh(self->r.out.rec.reason));
	EXPECT_EQ(0, cgroup_event("oom_kill"));
	ASSERT_EQ(0, file_write(CGROUP "/memory.max", "max"));
	EXPECT_EQ(0, unpack(self, KCSD_CODEC_ZSTD, sizeof(frame)));
	cgroup_leave();
	self->packed[5] = 0x69;
	ASSERT_EQ(0, put_source(self, sizeof(frame)));
	ASSERT_EQ(0, unpack(self, KCSD_CODEC_ZSTD, sizeof(frame)));
	EXPECT_EQ(-KCSD_ENOMEM, (__s64)self->r.result);
}

/* Test runs in the task of their submitter. */
TEST_F(decompress, quick_runs)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, { "quick_us", "10000" }, {} };
	struct image im = { .insns = prog_unpack_args, .insn_cnt = ARRAY_SIZE(prog_unpack_args),
			    .heap_len = 100 };
	struct run r = { .cparam1 = KCSD_CODEC_ZSTD };
	struct drive d;
	__u8 packed[200];

	ASSERT_EQ(0, drive_create(&d, "unpack-quick", attrs));
	ASSERT_EQ(0, prog_install_image(d.ctrl, 0, &im));
	run_args(&r, packed, ZSTD_compress(packed, sizeof(packed), "hello, hello, hello", 19, 3));
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, run_exec(d.compute, &r));
		ASSERT_EQ(19, r.result);
	}
	EXPECT_LT(0, drive_stat(&d, "runs_quick"));
	EXPECT_EQ(0, drive_remove(&d));
}

DRIVE_TEST_MAIN
