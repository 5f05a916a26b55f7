// SPDX-License-Identifier: GPL-2.0
/* Compare the counters of a drive with the expected values, to the byte. */
#include "harness.h"
#include "admin.h"
#include "kv.h"
#include "nvm.h"
#include "run.h"

#include <endian.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

#define LBA	4096

static const struct drive_attr small[] = { DRIVE_SMALL, {} };

/* Counters that only the test changes; the order is that of names[]. */
enum {
	HOST_READ, HOST_WRITE, MEDIA_READ, MEDIA_WRITE, RUNS, FAILED, INSNS,
	F_MEMORY, F_LBA_READ, F_LBA_WRITE, F_BUDGET, F_TIME, F_CANCELLED,
	READS, READ_BYTES, WRITES, WRITE_BYTES, FLUSHES, DISCARDS, ZEROES,
	COUNTERS
};

static const char * const names[COUNTERS] = {
	"stats/host_read_bytes", "stats/host_write_bytes", "stats/media_read_bytes",
	"stats/media_write_bytes", "stats/runs", "stats/runs_failed", "stats/insns",
	"stats/faults_memory", "stats/faults_lba_read", "stats/faults_lba_write",
	"stats/faults_budget", "stats/faults_time", "stats/faults_cancelled",
	"ns1/read_commands", "ns1/read_bytes", "ns1/write_commands", "ns1/write_bytes",
	"ns1/flush_commands", "ns1/discard_commands", "ns1/write_zeroes_commands",
};

struct counts {
	__u64 v[COUNTERS];
};

FIXTURE(counters) {
	struct drive d;
	int block;
	struct run r;
	struct counts before;
	struct counts want;	/* expected changes */
	__u8 *buf;
};

static __u64 counter(int index, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/%s", index, name);
	return file_number(path);
}

static struct counts counts_read(int index)
{
	struct counts c;

	for (int i = 0; i < COUNTERS; i++)
		c.v[i] = counter(index, names[i]);
	return c;
}

/* Wait until the counters stand still: udev may read a new block device to find partitions. */
static void wait_for_counts(int index)
{
	struct counts a, b = counts_read(index);

	for (int i = 0; i < 50; i++) {
		a = b;
		sleep_ms(20);
		b = counts_read(index);
		if (!memcmp(&a, &b, sizeof(a)))
			break;
	}
}

FIXTURE_SETUP(counters)
{
	drive_sweep();
	self->buf = aligned_alloc(LBA, 1 << 20);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, drive_create(&self->d, "counters", small));
	self->block = drive_open_block(&self->d, O_RDWR | O_DIRECT);
	ASSERT_LE(0, self->block);
	ASSERT_EQ(0, prog_install(self->d.ctrl, 0, prog_seven));
	ASSERT_EQ(0, prog_install(self->d.ctrl, 1, prog_endless));
	wait_for_counts(self->d.index);
	self->before = counts_read(self->d.index);
}

FIXTURE_TEARDOWN(counters)
{
	fd_close(&self->block);
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

/* True if the counters changed by exactly want since *before. Updates *before and clears *want. */
static bool counts_moved(int index, struct counts *before, struct counts *want)
{
	struct counts now = counts_read(index);
	bool ok = true;

	for (int i = 0; i < COUNTERS; i++) {
		if (now.v[i] - before->v[i] == want->v[i])
			continue;
		ksft_print_msg("%s: changed by %lld, expected %llu\n", names[i],
			       (long long)(now.v[i] - before->v[i]),
			       (unsigned long long)want->v[i]);
		ok = false;
	}
	*before = now;
	memset(want, 0, sizeof(*want));
	return ok;
}

#define EXPECT_MOVED() \
	EXPECT_TRUE(counts_moved(self->d.index, &self->before, &self->want))

TEST_F(counters, all_start_at_zero)
{
	for (int i = 0; i < COUNTERS; i++) {
		EXPECT_NE(~0ULL, self->before.v[i]) TH_LOG("%s", names[i]);
	}
	for (int i = RUNS; i <= F_CANCELLED; i++) {
		EXPECT_EQ(0, self->before.v[i]) TH_LOG("%s", names[i]);
	}
	EXPECT_EQ(0, self->before.v[WRITES]);
	EXPECT_EQ(0, self->before.v[MEDIA_WRITE]);
	EXPECT_EQ(0, self->before.v[DISCARDS]);
	EXPECT_NE(~0ULL, counter(self->d.index, "stats/memory_bytes"));
	EXPECT_NE(~0ULL, counter(self->d.index, "stats/cu_busy_ns"));
	EXPECT_NE(~0ULL, counter(self->d.index, "stats/cu_idle_ns"));
}

TEST_F(counters, reading_changes_nothing)
{
	for (int i = 0; i < 3; i++) {
		EXPECT_MOVED();
	}
}

TEST_F(counters, files_are_read_only)
{
	char path[128];
	struct stat st;

	for (int i = 0; i < COUNTERS; i++) {
		snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/%s", self->d.index, names[i]);
		EXPECT_GT(0, file_write(path, "0")) TH_LOG("%s", names[i]);
		EXPECT_EQ(0, stat(path, &st));
		EXPECT_EQ(0, st.st_mode & 0222) TH_LOG("%s", names[i]);
	}
	EXPECT_MOVED();
}

static int rw(int fd, __u8 opcode, __u64 slba, __u32 nlb, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(opcode, slba, nlb, buf, nlb * LBA);

	return cmd_io(fd, &c);
}

TEST_F(counters, nvm_commands)
{
	struct nvme_uring_cmd flush = cmd_flush();
	__u64 *want = self->want.v;

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, rw(self->d.nvm, NVM_WRITE, i, 5, self->buf));
	}
	want[WRITES] = 3;
	want[WRITE_BYTES] = want[HOST_WRITE] = want[MEDIA_WRITE] = 15 * LBA;
	EXPECT_MOVED();
	ASSERT_EQ(0, rw(self->d.nvm, NVM_READ, 0, 7, self->buf));
	want[READS] = 1;
	want[READ_BYTES] = want[HOST_READ] = want[MEDIA_READ] = 7 * LBA;
	EXPECT_MOVED();
	ASSERT_EQ(0, cmd_io(self->d.nvm, &flush));
	want[FLUSHES] = 1;
	EXPECT_MOVED();
}

TEST_F(counters, block_commands)
{
	__u64 *want = self->want.v;
	__u64 range[] = { 1 << 20, 1 << 16 };

	ASSERT_EQ(65536, pwrite(self->block, self->buf, 65536, 0));
	want[WRITES] = 1;
	want[WRITE_BYTES] = want[HOST_WRITE] = want[MEDIA_WRITE] = 65536;
	EXPECT_MOVED();
	ASSERT_EQ(8192, pread(self->block, self->buf, 8192, 4096));
	want[READS] = 1;
	want[READ_BYTES] = want[HOST_READ] = want[MEDIA_READ] = 8192;
	EXPECT_MOVED();
	ASSERT_EQ(0, ioctl(self->block, BLKDISCARD, range));
	want[DISCARDS] = 1;
	EXPECT_MOVED();
	ASSERT_EQ(0, ioctl(self->block, BLKZEROOUT, range));
	want[ZEROES] = 1;
	EXPECT_MOVED();
}

/* A refused command changes no counter of I/O. */
TEST_F(counters, refused_commands)
{
	struct run none = { .pind = 9 };

	EXPECT_EQ(KCSD_SC_LBA_RANGE, rw(self->d.nvm, NVM_READ, 4096, 1, self->buf));
	EXPECT_EQ(KCSD_SC_LBA_RANGE, rw(self->d.nvm, NVM_WRITE, 4095, 2, self->buf));
	EXPECT_EQ(KCSD_SC_NO_PROGRAM, run_exec(self->d.compute, &none));
	EXPECT_MOVED();
}

TEST_F(counters, admin_commands)
{
	struct nvme_uring_cmd c = cmd_identify(1, 0, 0, self->buf);

	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	self->want.v[HOST_READ] = 4096;
	EXPECT_MOVED();
	c = cmd_log(KCSD_LOG_PROGRAM_LIST, self->buf, 80, 0);
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	self->want.v[HOST_READ] = 80;
	EXPECT_MOVED();
	ASSERT_EQ(0, prog_load(self->d.ctrl, 5, prog_seven, sizeof(prog_seven), NULL));
	self->want.v[HOST_WRITE] = sizeof(prog_seven);
	EXPECT_MOVED();
	ASSERT_EQ(0, prog_activate(self->d.ctrl, 5));
	EXPECT_MOVED();
}

/* A run that reads a MiB moves a MiB inside the drive, and almost nothing over the link. */
TEST_F(counters, execute_over_a_mebibyte)
{
	static const struct bpf_insn insns[] = {
		I_MOVR(R6, R1), I_MOV(R7, 0),
		I_MOVR(R1, R7), I_CTX(R2, R6, heap), I_CTX(R3, R6, heap_len), I_HELPER(read),
		I_ADD(R7, 16), I_JMP(BPF_JNE, R7, 256, -6),
		I_CTX(R1, R6, heap), I_MOV(R2, 16), I_HELPER(emit), I_MOVR(R0, R7), I_EXIT,
	};
	struct image im = {
		.insns = insns, .insn_cnt = ARRAY_SIZE(insns), .heap_len = 65536,
	};
	__u64 *want = self->want.v;
	struct run *r = &self->r;

	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 2, &im));
	self->before = counts_read(self->d.index);
	r->pind = 2;
	r->budget = 1000;
	run_grant(r, 0, 256, KCSD_GRANT_READ);
	run_args(r, "word", 4);
	ASSERT_EQ(0, run_exec(self->d.compute, r));
	EXPECT_EQ(256, r->result);
	EXPECT_EQ(KST_MIB, le64toh(r->out.rec.read_bytes));
	want[MEDIA_READ] = KST_MIB;
	want[HOST_WRITE] = 16 + 4;
	want[HOST_READ] = sizeof(struct kcsd_run_record) + 16;
	want[RUNS] = 1;
	want[INSNS] = le64toh(r->out.rec.insns);
	EXPECT_EQ(2 + 16 * 6 + 5, want[INSNS]);
	EXPECT_MOVED();
}

TEST_F(counters, media_written_by_a_program)
{
	static const struct bpf_insn insns[] = {
		I_MOVR(R6, R1), I_MOV(R1, 8), I_CTX(R2, R6, heap), I_CTX(R3, R6, heap_len),
		I_HELPER(write), I_EXIT,
	};
	struct image im = { .insns = insns, .insn_cnt = ARRAY_SIZE(insns), .heap_len = 3 * LBA };
	__u64 *want = self->want.v;

	ASSERT_EQ(0, prog_install_image(self->d.ctrl, 2, &im));
	self->before = counts_read(self->d.index);
	self->r.pind = 2;
	self->r.budget = 1000;
	run_grant(&self->r, 8, 3, KCSD_GRANT_WRITE);
	ASSERT_EQ(0, run_exec(self->d.compute, &self->r));
	want[MEDIA_WRITE] = 3 * LBA;
	want[HOST_WRITE] = 16;
	want[HOST_READ] = sizeof(struct kcsd_run_record);
	want[RUNS] = 1;
	want[INSNS] = 6;
	EXPECT_MOVED();
}

static const struct bpf_insn fault_memory[] = { I_MOV(R1, 0), I_LDX(BPF_B, R0, R1, 0), I_EXIT };
static const struct bpf_insn fault_read[] = {
	I_MOV(R1, 0), I_MOV(R2, KCSD_GUEST_DATA), I_MOV(R3, LBA), I_HELPER(read), I_EXIT,
};
static const struct bpf_insn fault_write[] = {
	I_MOV(R1, 0), I_MOV(R2, KCSD_GUEST_DATA), I_MOV(R3, LBA), I_HELPER(write), I_EXIT,
};

static int install_bss(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 cnt)
{
	struct image im = { .insns = insns, .insn_cnt = cnt, .bss_len = LBA };

	return prog_install_image(ctrl, pind, &im);
}

TEST_F(counters, faults_by_reason)
{
	static const struct {
		__u16 pind;
		int counter;
		int status;
		__u64 budget;
	} cases[] = {
		{ 2, F_MEMORY, KCSD_SC_PROGRAM_FAULT, 0 },
		{ 3, F_LBA_READ, KCSD_SC_PROGRAM_FAULT, 0 },
		{ 4, F_LBA_WRITE, KCSD_SC_PROGRAM_FAULT, 0 },
		{ 1, F_BUDGET, KCSD_SC_PROGRAM_BUDGET, 1000 },
		{ 1, F_TIME, KCSD_SC_PROGRAM_TIME, ~0ULL },
	};
	int ctrl = self->d.ctrl;

	ASSERT_EQ(0, install_bss(ctrl, 2, fault_memory, ARRAY_SIZE(fault_memory)));
	ASSERT_EQ(0, install_bss(ctrl, 3, fault_read, ARRAY_SIZE(fault_read)));
	ASSERT_EQ(0, install_bss(ctrl, 4, fault_write, ARRAY_SIZE(fault_write)));
	self->before = counts_read(self->d.index);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		self->r.pind = cases[i].pind;
		self->r.budget = cases[i].budget;
		self->r.timeout_ms = 20;
		EXPECT_EQ(cases[i].status, run_exec(self->d.compute, &self->r));
		self->want.v[RUNS] = self->want.v[FAILED] = 1;
		self->want.v[cases[i].counter] = 1;
		self->want.v[INSNS] = le64toh(self->r.out.rec.insns);
		self->want.v[HOST_READ] = sizeof(struct kcsd_run_record);
		EXPECT_MOVED();
	}
}

static __u64 program_counter(int index, int pind, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "programs/%d/%s", pind, name);
	return counter(index, path);
}

static bool program_dir(int index, int pind)
{
	char path[128];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/programs/%d", index, pind);
	return !access(path, F_OK);
}

TEST_F(counters, files_of_a_program)
{
	struct image im = {
		.insns = prog_seven, .insn_cnt = ARRAY_SIZE(prog_seven), .name = "seventh",
	};
	int index = self->d.index;
	char path[128], buf[64];
	struct nvme_uring_cmd c;
	__u32 len;
	void *prog = image_build(&im, &len);

	EXPECT_FALSE(program_dir(index, 6));
	c = prog_load_cmd(6, prog, len, 0, len);
	c.cdw10 |= KCSD_PIT_VENDOR << KCSD_LOAD_PIT_SHIFT;
	c.cdw12 = 0x9abcdef0;
	c.cdw13 = 0x12345678;
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	ASSERT_TRUE(program_dir(index, 6));
	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/programs/6/name", index);
	EXPECT_LT(0, file_read(path, buf, sizeof(buf)));
	EXPECT_STREQ("seventh", buf);
	EXPECT_EQ(0x123456789abcdef0ULL, program_counter(index, 6, "puid"));
	EXPECT_EQ(len, program_counter(index, 6, "size"));
	EXPECT_EQ(0, program_counter(index, 6, "active"));
	EXPECT_EQ(0, program_counter(index, 6, "runs"));
	EXPECT_EQ(0, program_counter(index, 6, "min_ns"));
	EXPECT_EQ(0, program_counter(index, 6, "max_ns"));
	ASSERT_EQ(0, prog_activate(self->d.ctrl, 6));
	EXPECT_EQ(1, program_counter(index, 6, "active"));
	ASSERT_EQ(0, prog_deactivate(self->d.ctrl, 6));
	EXPECT_EQ(0, program_counter(index, 6, "active"));
	ASSERT_EQ(0, prog_unload(self->d.ctrl, 6));
	EXPECT_FALSE(program_dir(index, 6));
	/* A refused program leaves no entry. */
	EXPECT_EQ(KCSD_SC_INVALID_PROGRAM_DATA, prog_load(self->d.ctrl, 6, prog_seven, 8, NULL));
	EXPECT_FALSE(program_dir(index, 6));
}

TEST_F(counters, open_file_outlives_its_program)
{
	char path[128], buf[32];
	int fd;

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/programs/0/runs", self->d.index);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, prog_deactivate(self->d.ctrl, 0));
	ASSERT_EQ(0, prog_unload(self->d.ctrl, 0));
	EXPECT_EQ(-1, read(fd, buf, sizeof(buf)));
	EXPECT_EQ(ENODEV, errno);
	close(fd);
}

TEST_F(counters, runs_of_a_program)
{
	__u64 insns = 0, total = 0, min = ~0ULL, max = 0;
	struct run *r = &self->r;
	int index = self->d.index;

	for (int i = 0; i < 10; i++) {
		__u64 ns;

		r->pind = i < 8 ? 0 : 1;
		r->budget = 1000;
		EXPECT_EQ(i < 8 ? 0 : KCSD_SC_PROGRAM_BUDGET, run_exec(self->d.compute, r));
		if (r->pind)
			continue;
		ns = le64toh(r->out.rec.run_ns);
		insns += le64toh(r->out.rec.insns);
		total += ns;
		min = ns < min ? ns : min;
		max = ns > max ? ns : max;
	}
	EXPECT_EQ(16, insns);
	EXPECT_EQ(8, program_counter(index, 0, "runs"));
	EXPECT_EQ(0, program_counter(index, 0, "faults"));
	EXPECT_EQ(insns, program_counter(index, 0, "insns"));
	EXPECT_EQ(total, program_counter(index, 0, "total_ns"));
	EXPECT_EQ(min, program_counter(index, 0, "min_ns"));
	EXPECT_EQ(max, program_counter(index, 0, "max_ns"));
	EXPECT_EQ(2, program_counter(index, 1, "runs"));
	EXPECT_EQ(2, program_counter(index, 1, "faults"));
}

static const char * const kv_names[] = {
	"ns4/store_commands", "ns4/store_bytes", "ns4/retrieve_commands", "ns4/retrieve_bytes",
	"ns4/list_commands", "ns4/list_keys", "ns4/delete_commands", "ns4/exist_commands",
	"ns4/flush_commands", "kv/keys", "kv/used_bytes",
};

TEST_F(counters, objects)
{
	static const __u64 want[ARRAY_SIZE(kv_names)] = { 2, 300, 2, 150, 1, 2, 2, 2, 1, 1, 201 };
	int fd = self->d.kv;
	__u64 len;

	for (size_t i = 0; i < ARRAY_SIZE(kv_names); i++) {
		EXPECT_EQ(0, counter(self->d.index, kv_names[i])) TH_LOG("%s", kv_names[i]);
	}
	ASSERT_EQ(0, kv_store(fd, KV_STR("a"), self->buf, 100, 0));
	ASSERT_EQ(0, kv_store(fd, KV_STR("b"), self->buf, 200, 0));
	ASSERT_EQ(KCSD_SC_KEY_EXISTS, kv_store(fd, KV_STR("b"), self->buf, 1,
					       KCSD_KV_MUST_NOT_EXIST));
	ASSERT_EQ(0, kv_retrieve(fd, KV_STR("a"), self->buf, 4096, &len));
	ASSERT_EQ(0, kv_retrieve(fd, KV_STR("b"), self->buf, 50, &len));
	ASSERT_EQ(KCSD_SC_NO_KEY, kv_retrieve(fd, KV_STR("c"), self->buf, 50, &len));
	ASSERT_EQ(0, kv_list(fd, KV_STR(""), self->buf, 64));
	ASSERT_EQ(0, kv_exist(fd, KV_STR("a")));
	ASSERT_EQ(KCSD_SC_NO_KEY, kv_exist(fd, KV_STR("c")));
	ASSERT_EQ(0, kv_delete(fd, KV_STR("a")));
	ASSERT_EQ(0, kv_delete(fd, KV_STR("a")));
	ASSERT_EQ(0, kv_flush(fd));
	for (size_t i = 0; i < ARRAY_SIZE(kv_names); i++) {
		EXPECT_EQ(want[i], counter(self->d.index, kv_names[i])) TH_LOG("%s", kv_names[i]);
	}
	self->want.v[HOST_WRITE] = 300;
	/* Two values; a list of two keys: 4 bytes, and 4 for each. */
	self->want.v[HOST_READ] = 150 + 12;
	EXPECT_MOVED();
}

TEST_F(counters, memory_in_use)
{
	struct image im = { .insns = prog_seven, .insn_cnt = 2, .data_len = 100000 };
	__u64 before = counter(self->d.index, "stats/memory_bytes");

	/* Subtract the LBA store, the SLM and two compute units. */
	before -= drive_get_number(self->d.name, "slm_size");
	EXPECT_LE(16777216 + 2 * 1048576, before);
	EXPECT_GE(16777216 + 2 * 1048576 + (4 << 20), before);
	before = counter(self->d.index, "stats/memory_bytes");
	ASSERT_EQ(0, prog_load_image(self->d.ctrl, 5, &im, NULL));
	EXPECT_LE(before + im.data_len, counter(self->d.index, "stats/memory_bytes"));
	ASSERT_EQ(0, prog_unload(self->d.ctrl, 5));
	EXPECT_EQ(before, counter(self->d.index, "stats/memory_bytes"));
}

TEST_F(counters, busy_and_idle_time)
{
	int index = self->d.index;
	__u64 busy = counter(index, "stats/cu_busy_ns");
	__u64 start = time_ns();
	__u64 idle = counter(index, "stats/cu_idle_ns");
	__u64 all;

	self->r.pind = 1;
	self->r.budget = ~0ULL;
	self->r.timeout_ms = 100;
	EXPECT_EQ(KCSD_SC_PROGRAM_TIME, run_exec(self->d.compute, &self->r));
	busy = counter(index, "stats/cu_busy_ns") - busy;
	idle = counter(index, "stats/cu_idle_ns") - idle;
	all = 2 * (time_ns() - start);
	EXPECT_LE(100000000 / 10 * 9, busy);
	EXPECT_GE(all / 2, busy);
	/* One unit was busy, the other idle; together they account for the elapsed time of both. */
	EXPECT_LE(100000000 / 10 * 9, idle);
	EXPECT_GE(all + 50000000, busy + idle);
}

struct runner {
	pthread_t thread;
	const struct drive *d;
	atomic_bool stop;
};

/*
 * Thread: submit runs of several lengths one after another, so that the units are busy and idle in
 * turn.
 */
static void *runner_loop(void *arg)
{
	struct runner *runner = arg;
	struct run *r = calloc(1, sizeof(*r));

	r->pind = 1;
	for (int i = 0; !atomic_load(&runner->stop); i++) {
		r->budget = 1000ULL << i % 12;
		run_exec(runner->d->compute, r);
	}
	free(r);
	return NULL;
}

/*
 * Returns 1 if the number in the file is less than *last, or cannot be read; otherwise stores it in
 * *last and returns 0.
 */
static int file_decreases(int fd, __u64 *last)
{
	char buf[32] = {};
	__u64 now;

	if (pread(fd, buf, sizeof(buf) - 1, 0) <= 0)
		return 1;
	now = strtoull(buf, NULL, 10);
	if (now >= *last) {
		*last = now;
		return 0;
	}
	return 1;
}

TEST_F(counters, times_never_decrease)
{
	static const char * const times[] = {
		"units/0/idle_ns", "units/0/busy_ns", "stats/cu_idle_ns", "stats/cu_busy_ns",
	};
	struct runner runner = { .d = &self->d };
	int fd[ARRAY_SIZE(times)], decreases[ARRAY_SIZE(times)] = {};
	__u64 last[ARRAY_SIZE(times)] = {};
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/%s", self->d.index, times[i]);
		fd[i] = open(path, O_RDONLY);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(0, pthread_create(&runner.thread, NULL, runner_loop, &runner));
	for (int round = 0; round < 5000; round++)
		for (size_t i = 0; i < ARRAY_SIZE(times); i++)
			decreases[i] += file_decreases(fd[i], &last[i]);
	atomic_store(&runner.stop, true);
	pthread_join(runner.thread, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		EXPECT_EQ(0, decreases[i]) TH_LOG("%s", times[i]);
		close(fd[i]);
	}
}

/* Counters start at zero at each power on, and each drive has its own. */
TEST_F(counters, power_off_resets)
{
	struct drive *d = &self->d;

	ASSERT_EQ(0, rw(d->nvm, NVM_WRITE, 0, 1, self->buf));
	EXPECT_TRUE(run_works(d->compute, 0));
	fd_close(&self->block);
	drive_close(d);
	ASSERT_EQ(0, drive_power(d, false));
	EXPECT_EQ(~0ULL, counter(d->index, "stats/runs"));
	ASSERT_EQ(0, drive_power(d, true));
	d->index = drive_get_number(d->name, "index");
	EXPECT_EQ(0, counter(d->index, "stats/runs"));
	EXPECT_EQ(0, counter(d->index, "ns1/write_commands"));
	EXPECT_FALSE(program_dir(d->index, 0));
}

DRIVE_TEST_MAIN
