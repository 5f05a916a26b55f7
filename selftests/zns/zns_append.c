// SPDX-License-Identifier: GPL-2.0
/*
 * Append from many threads at once, by ioctl, by rings, by programs and by the block device, until
 * every zone is full. Then each LBA must hold the data of the append that returned it, and no LBA
 * may belong to two appends.
 */
#include "harness.h"
#include "nvmet.h"
#include "run.h"
#include "zns.h"

#include <pthread.h>

/* No thread appends to zone 0, which is conventional if the variant allows that. */
#define ZONES		8u
#define FIRST		1u
#define SIZE		1024u	/* LBAs */
#define CAP		768u
#define NSZE		(ZONES * SIZE)
#define WORDS		(ZNS_LBA / 8)
#define MAX_NLB		4u

#define BY_IOCTL	3	/* number of threads of each kind */
#define BY_RING		2
#define BY_PROGRAM	2
#define BY_BLOCK	2	/* only if there is an NVMe target */
#define THREADS		(BY_IOCTL + BY_RING + BY_PROGRAM + BY_BLOCK)
#define DEPTH		16	/* entries of a ring */
#define APPENDS		8	/* appends of one run */

#define ZONES_OF_4M \
	DRIVE_SMALL, { "size", "32M" }, { "zone_size", "4M" }, { "zone_capacity", "3M" }, \
	{ "conventional_zones", "1" }, { "max_append", "64K" }

static const struct drive_attr unlimited[] = { ZONES_OF_4M, {} };
static const struct drive_attr one_open[] = { ZONES_OF_4M, { "max_open_zones", "1" }, {} };
static const struct drive_attr interp[] = {
	ZONES_OF_4M, { "max_open_zones", "2" }, { "engine", "interp" }, {}
};
/* The NVMe target of the kernel accepts sequential zones only. */
static const struct drive_attr sequential[] = { ZONES_OF_4M, { "conventional_zones", "0" }, {} };
static const struct drive_attr sequential_one_open[] = {
	ZONES_OF_4M, { "conventional_zones", "0" }, { "max_open_zones", "1" }, {}
};

/*
 * Program: append APPENDS times and emit the LBA of each append. cparam1 is the seed of the first
 * append, cparam2 the zone. Word w of the data is seed + w; no two appends have the same seed.
 */
#define SEED(thread, nr)	((__u64)((thread) + 1) << 48 | (__u64)(nr) << 16)

static const struct bpf_insn appender[] = {
	I_MOVR(R6, R1), I_CTX(R7, R1, cparam1), I_MOV(R8, 0),
	/* 3: fill 1 to MAX_NLB LBAs with words, from the seed in r9 */
	I_MOVR(R9, R8), I_ALU(BPF_LSH, R9, 16), I_ALUR(BPF_ADD, R9, R7),
	I_MOVR(R3, R8), I_ALU(BPF_AND, R3, MAX_NLB - 1), I_ADD(R3, 1), I_ALU(BPF_MUL, R3, WORDS),
	I_MOV(R2, KCSD_GUEST_DATA), I_MOV(R4, 0),
	I_MOVR(R5, R9), I_ALUR(BPF_ADD, R5, R4), I_STX(BPF_DW, R2, 0, R5),
	I_ADD(R2, 8), I_ADD(R4, 1), I_JMPR(BPF_JLT, R4, R3, -6),
	/* append, and emit the LBA */
	I_CTX(R1, R6, cparam2), I_MOV(R2, KCSD_GUEST_DATA), I_ALU(BPF_LSH, R3, 3),
	I_HELPER(append),
	I_JMP(BPF_JSLT, R0, 0, 7),
	I_STX(BPF_DW, R10, -8, R0), I_MOVR(R1, R10), I_ADD(R1, -8), I_MOV(R2, 8), I_HELPER(emit),
	I_ADD(R8, 1), I_JMP(BPF_JLT, R8, APPENDS, -27),
	I_EXIT,
};

static __u32 program_nlb(__u32 k)
{
	return (k & (MAX_NLB - 1)) + 1;
}

struct record {
	__u64 lba;
	__u64 seed;
	__u32 nlb;
};

struct appender {
	pthread_t thread;
	__u32 id;
	struct test *test;
	struct record *record;
	__u32 nr;
	__u32 seq;
	char error[96];		/* reason, if the thread failed */
};

struct test {
	struct drive d;
	struct nvmet target;
	char file[32];		/* backing file; "": memory */
	bool full[ZONES];	/* set by any thread that finds the zone full */
	__u32 begun;		/* threads that have appended once: each waits until all have */
	struct appender appender[THREADS];
};

FIXTURE(zns_append) {
	struct test t;
};

FIXTURE_VARIANT(zns_append) {
	const struct drive_attr *attr;
	bool block;
	bool file;
};

FIXTURE_VARIANT_ADD(zns_append, unlimited) { .attr = unlimited };
FIXTURE_VARIANT_ADD(zns_append, one_open) { .attr = one_open };
FIXTURE_VARIANT_ADD(zns_append, interpreted) { .attr = interp };
FIXTURE_VARIANT_ADD(zns_append, block) { .attr = sequential, .block = true };
FIXTURE_VARIANT_ADD(zns_append, block_one_open) { .attr = sequential_one_open, .block = true };
FIXTURE_VARIANT_ADD(zns_append, file) { .attr = sequential, .block = true, .file = true };
FIXTURE_VARIANT_ADD(zns_append, file_one_open) {
	.attr = sequential_one_open, .block = true, .file = true
};

static int up(struct test *t, const struct drive_attr *attr, bool file)
{
	int ret, fd;

	if (file) {
		strcpy(t->file, "/tmp/kst-append-XXXXXX");
		fd = mkstemp(t->file);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	ret = drive_prepare(&t->d, "append", attr);
	ret = ret ?: drive_set(t->d.name, "backing_file", t->file);
	ret = ret ?: drive_power(&t->d, true);
	if (ret)
		return ret;
	t->d.index = drive_get_number(t->d.name, "index");
	return drive_open(&t->d, O_RDWR);
}

FIXTURE_SETUP(zns_append)
{
	static const struct image im = {
		.insns = appender, .insn_cnt = ARRAY_SIZE(appender), .bss_len = MAX_NLB * ZNS_LBA,
	};
	char block[64];

	drive_sweep();
	self->t.target = (struct nvmet)NVMET_INIT;
	if (variant->block && !nvmet_there())
		SKIP(return, "this kernel has no NVMe target: nvme-loop");
	ASSERT_EQ(0, up(&self->t, variant->attr, variant->file));
	ASSERT_EQ(0, prog_install_image(self->t.d.ctrl, 0, &im));
	drive_node(block, sizeof(block), self->t.d.index, "n1");
	if (variant->block)
		ASSERT_EQ(0, nvmet_create(&self->t.target, block));
}

FIXTURE_TEARDOWN(zns_append)
{
	nvmet_remove(&self->t.target);
	EXPECT_EQ(0, drive_remove(&self->t.d));
	if (self->t.file[0]) {
		unlink(self->t.file);
		strcat(self->t.file, ".kcsd");
		unlink(self->t.file);
	}
	for (int i = 0; i < THREADS; i++)
		free(self->t.appender[i].record);
}

/* ---- threads that append ---- */

static void note(struct appender *a, __u64 lba, __u64 seed, __u32 nlb)
{
	if (a->nr < NSZE)
		a->record[a->nr++] = (struct record){ .lba = lba, .seed = seed, .nlb = nlb };
}

static void give_up(struct appender *a, const char *what, int status)
{
	snprintf(a->error, sizeof(a->error), "thread %u: %s: %#x (%d)", a->id, what, status,
		 status);
}

/* Returns a zone that is not full, searching from this one; -1 if all are full. */
static int next_zone(const struct test *t, __u32 from)
{
	for (__u32 i = 0; i < ZONES - FIRST; i++) {
		__u32 zone = FIRST + (from + i) % (ZONES - FIRST);

		if (!__atomic_load_n(&t->full[zone], __ATOMIC_RELAXED))
			return zone;
	}
	return -1;
}

static void fill(__u64 *buf, __u64 seed, __u32 nlb)
{
	for (__u32 w = 0; w < nlb * WORDS; w++)
		buf[w] = seed + w;
}

static struct nvme_uring_cmd append_cmd(__u32 zone, __u32 nlb, const void *buf)
{
	return zns_append_cmd((__u64)zone * SIZE, nlb, buf);
}

/* The last threads are those that use the block device. */
static __u32 nr_threads(const struct test *t)
{
	return t->target.generic >= 0 ? THREADS : THREADS - BY_BLOCK;
}

static void begin(struct test *t)
{
	__atomic_add_fetch(&t->begun, 1, __ATOMIC_RELEASE);
}

static void begin_with_all(struct test *t)
{
	begin(t);
	while (__atomic_load_n(&t->begun, __ATOMIC_ACQUIRE) < nr_threads(t))
		sleep_ms(1);
}

/*
 * Record the completion of an append. True if the next append should be short, as the rest of the
 * zone is.
 */
static bool ended(struct appender *a, int status, __u32 zone, __u64 lba, __u64 seed, __u32 nlb)
{
	if (!status)
		note(a, lba, seed, nlb);
	else if (status == KCSD_SC_ZONE_FULL)
		__atomic_store_n(&a->test->full[zone], true, __ATOMIC_RELAXED);
	else if (status != KCSD_SC_ZONE_BOUNDARY)
		give_up(a, "append", status);
	return status == KCSD_SC_ZONE_BOUNDARY;
}

/*
 * Append by ioctl on fd, one command after another. If status does not tell the reason of a
 * failure, why() returns a status that does.
 */
static void append_by(struct appender *a, int fd,
		      int (*why)(struct appender *a, int zone, __u32 nlb, int status))
{
	__u64 *buf = malloc(MAX_NLB * ZNS_LBA), lba = 0;
	bool shorter = false;
	int zone, status;

	while (!a->error[0] && (zone = next_zone(a->test, shorter ? a->id : a->seq)) >= 0) {
		__u32 nlb = shorter ? 1 : 1 + a->seq % MAX_NLB;
		__u64 seed = SEED(a->id, a->seq++);
		struct nvme_uring_cmd c = append_cmd(zone, nlb, buf);

		fill(buf, seed, nlb);
		status = cmd_ioctl64(fd, NVME_IOCTL_IO64_CMD, &c, &lba);
		if (why)
			status = why(a, zone, nlb, status);
		shorter = ended(a, status, zone, lba, seed, nlb);
		if (a->seq == 1)
			begin_with_all(a->test);
	}
	free(buf);
}

static void *by_ioctl(void *arg)
{
	struct appender *a = arg;

	append_by(a, a->test->d.nvm, NULL);
	return NULL;
}

/* An append in flight on a ring. */
struct slot {
	__u64 seed;
	__u32 nlb;
	__u32 zone;
	__u64 *buf;
};

static int ring_append(struct appender *a, struct io_uring *ring, struct slot *slots, __u32 i)
{
	struct slot *s = &slots[i];
	int zone = next_zone(a->test, a->seq);
	struct nvme_uring_cmd c;

	if (zone < 0)
		return 0;
	s->zone = zone;
	s->nlb = a->seq % 3 ? 1 : 1 + a->seq % MAX_NLB;
	s->seed = SEED(a->id, a->seq++);
	fill(s->buf, s->seed, s->nlb);
	c = append_cmd(zone, s->nlb, s->buf);
	return ring_put(ring, a->test->d.nvm, NVME_URING_CMD_IO, &c, i) ? -1 : 1;
}

static void *by_ring(void *arg)
{
	struct appender *a = arg;
	struct slot slots[DEPTH] = {};
	struct io_uring ring;
	int inflight = 0, res;
	__u64 tag, lba = 0;

	if (ring_open(&ring, DEPTH, true)) {
		give_up(a, "no ring", 0);
		begin(a->test);
		return NULL;
	}
	for (__u32 i = 0; i < DEPTH; i++) {
		slots[i].buf = malloc(MAX_NLB * ZNS_LBA);
		inflight += ring_append(a, &ring, slots, i);
	}
	io_uring_submit(&ring);
	begin_with_all(a->test);
	while (inflight > 0) {
		if (ring_get(&ring, CMD_TIMEOUT_S * 1000, &tag, &res, &lba)) {
			give_up(a, "no completion", 0);
			break;
		}
		inflight--;
		ended(a, cmd_status(res), slots[tag].zone, lba, slots[tag].seed, slots[tag].nlb);
		if (!a->error[0])
			inflight += ring_append(a, &ring, slots, tag);
		io_uring_submit(&ring);
	}
	io_uring_queue_exit(&ring);
	for (__u32 i = 0; i < DEPTH; i++)
		free(slots[i].buf);
	return NULL;
}

static void take_run(struct appender *a, const struct run *r)
{
	__u32 nr = r->out.rec.out_len / 8;
	__u64 lba;

	for (__u32 k = 0; k < nr; k++) {
		memcpy(&lba, r->out.bytes + 8 * k, 8);
		note(a, lba, r->cparam1 + ((__u64)k << 16), program_nlb(k));
	}
}

static void *by_program(void *arg)
{
	struct appender *a = arg;
	struct run *r = calloc(1, sizeof(*r));
	struct nvme_uring_cmd c;
	int zone, status;

	run_grant(r, FIRST * SIZE, ZONES - FIRST, KCSD_GRANT_APPEND | KCSD_GRANT_ZONES);
	while (!a->error[0] && (zone = next_zone(a->test, a->seq / APPENDS)) >= 0) {
		r->cparam1 = SEED(a->id, a->seq);
		r->cparam2 = (__u64)zone * SIZE;
		a->seq += APPENDS;
		c = run_cmd(r);
		status = cmd_ioctl64(a->test->d.compute, NVME_IOCTL_IO64_CMD, &c, &r->result);
		if (status)
			give_up(a, "run", status);
		else if ((__s64)r->result < 0 && r->result != (__u64)-KCSD_ENOSPC)
			give_up(a, "append helper", (int)r->result);
		else
			take_run(a, r);
		if (a->seq == APPENDS)
			begin_with_all(a->test);
	}
	free(r);
	return NULL;
}

/*
 * Find the reason of a failed append by the block device, and return its status, or the given
 * status if there is none. The block layer does not report the reason, and the NVMe host sets the
 * bit More, which a kcsd drive never sets.
 */
static int why_refused(struct appender *a, int zone, __u32 nlb, int status)
{
	struct zns_desc *d;
	struct zns_report r;
	struct nvme_uring_cmd c = zns_receive_cmd(zone * SIZE, ZNS_PARTIAL, &r, 128);

	if ((status <= 0 && status != -EPROTO) ||
	    cmd_ioctl64(a->test->d.nvm, NVME_IOCTL_IO64_CMD, &c, NULL))
		return status;
	d = &r.desc[0];
	if (d->zs >> 4 == KCSD_ZONE_COND_FULL)
		return KCSD_SC_ZONE_FULL;
	return d->wp - d->zslba + nlb > CAP ? KCSD_SC_ZONE_BOUNDARY : status;
}

/* Send commands to the NVMe target of the kernel, which appends to the block device. */
static void *by_block(void *arg)
{
	struct appender *a = arg;

	append_by(a, a->test->target.generic, why_refused);
	return NULL;
}

static void *(*thread_of(__u32 i))(void *)
{
	if (i < BY_IOCTL)
		return by_ioctl;
	if (i < BY_IOCTL + BY_RING)
		return by_ring;
	return i < BY_IOCTL + BY_RING + BY_PROGRAM ? by_program : by_block;
}

static void append_all(struct test *t)
{
	for (__u32 i = 0; i < nr_threads(t); i++) {
		struct appender *a = &t->appender[i];

		a->id = i;
		a->test = t;
		a->record = calloc(NSZE, sizeof(*a->record));
		if (pthread_create(&a->thread, NULL, thread_of(i), a))
			give_up(a, "no thread", 0);
	}
	for (__u32 i = 0; i < nr_threads(t); i++)
		pthread_join(t->appender[i].thread, NULL);
}

/* ---- results ---- */

/*
 * Compare the LBAs of one append, which must be within the capacity of one zone, with its data.
 * owners counts the appends that returned each LBA.
 */
static bool check_record(int fd, const struct record *r, __u8 *owners)
{
	static __u64 got[MAX_NLB * WORDS];
	__u32 offset = r->lba % SIZE;

	if (r->lba < FIRST * SIZE || r->lba >= NSZE || offset + r->nlb > CAP) {
		ksft_print_msg("seed %llx: LBA %llu\n", (long long)r->seed, (long long)r->lba);
		return false;
	}
	for (__u32 i = 0; i < r->nlb; i++)
		owners[r->lba + i]++;
	if (zns_read(fd, r->lba, r->nlb, got))
		return false;
	for (__u32 w = 0; w < r->nlb * WORDS; w++) {
		if (got[w] == r->seed + w)
			continue;
		ksft_print_msg("seed %llx: LBA %llu of %llu+%u: %llx\n", (long long)r->seed,
			       (long long)r->lba + w / WORDS, (long long)r->lba, r->nlb,
			       (long long)got[w]);
		return false;
	}
	return true;
}

TEST_F_TIMEOUT(zns_append, appends_are_at_their_returned_lbas, 120)
{
	static __u8 owners[NSZE];
	struct test *t = &self->t;
	__u32 wrong = 0, owned = 0;

	append_all(t);
	memset(owners, 0, sizeof(owners));
	for (__u32 i = 0; i < nr_threads(t); i++) {
		const struct appender *a = &t->appender[i];

		EXPECT_EQ(0, a->error[0])
			TH_LOG("%s", a->error);
		EXPECT_LT(0, a->nr)
			TH_LOG("thread %u appended nothing", i);
		for (__u32 r = 0; r < a->nr; r++)
			wrong += !check_record(t->d.nvm, &a->record[r], owners);
	}
	EXPECT_EQ(0, wrong);
	/* Every zone is full: each LBA below its capacity must belong to exactly one append. */
	for (__u32 lba = FIRST * SIZE; lba < NSZE; lba++)
		owned += lba % SIZE < CAP && owners[lba] == 1;
	EXPECT_EQ((ZONES - FIRST) * CAP, owned);
	for (__u32 z = FIRST; z < ZONES; z++) {
		struct zns_report r;

		ASSERT_EQ(0, zns_receive(t->d.nvm, z * SIZE, ZNS_PARTIAL, &r, 128));
		EXPECT_EQ(KCSD_ZONE_COND_FULL, r.desc[0].zs >> 4);
	}
}

DRIVE_TEST_MAIN
