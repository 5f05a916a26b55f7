// SPDX-License-Identifier: GPL-2.0
/* Test watches: which changes trip them, and that a program never gets a byte from after one. */
#include "harness.h"
#include "change.h"
#include "errors.h"
#include "freezer.h"
#include "nvm.h"
#include "process.h"
#include "source.h"
#include "zns.h"

#include <endian.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#define LBA	4096
#define FIRST	64		/* watched LBAs */
#define NR	64
#define KILLED	20		/* processes that wait for a watch, one after the other */
#define RUNS	50		/* of the torture: as many that trip, and as many that do not */
#define TORTURE_S	60	/* at most */

FIXTURE(watch) {
	struct drive d;
	__u8 *buf;
	struct source_run r;
};

FIXTURE_SETUP(watch)
{
	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	self->buf = aligned_alloc(LBA, NR * LBA);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, 0, NR * LBA);
	self->r = (struct source_run) { .slid = 1, .cparam2 = 16 };
}

FIXTURE_TEARDOWN(watch)
{
	freezer_close();
	EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
}

static int create(FIXTURE_DATA(watch) *self, const struct drive_attr *attr)
{
	int ret = drive_create(&self->d, "watch", attr);

	return ret ? ret : source_install_reader(self->d.ctrl, 0);
}

/* Watch NR LBAs from slba on. */
static int arm(FIXTURE_DATA(watch) *self, __u64 slba)
{
	struct kcsd_source s = source_lbas(slba, NR * LBA);
	int ret = source_send(self->d.compute, 1, &s, 1);

	return ret ? ret : source_watch(self->d.compute, 1);
}

/* Returns 1 if the watch is tripped, 0 if not, else the error of the run. */
static int tripped(FIXTURE_DATA(watch) *self)
{
	int ret = source_run(self->d.compute, &self->r);

	if (ret != KCSD_SC_PROGRAM_CHANGED)
		return ret;
	return le32toh(self->r.out.rec.reason) == KCSD_FAULT_CHANGED &&
	       !self->r.out.rec.out_len ? 1 : -EPROTO;
}

/* Changes of nr LBAs from slba on. */
static int change_write(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr)
{
	return nvm_write(self->d.nvm, slba, nr, LBA, self->buf);
}

static int change_zeroes(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr)
{
	return nvm_on(self->d.nvm, NVM_WRITE_ZEROES, slba, nr);
}

static int change_deallocate(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr)
{
	struct dsm_range range = { .nlb = htole32(nr), .slba = htole64(slba) };
	struct nvme_uring_cmd c = nvm_dsm(&range, 1, DSM_AD);

	return cmd_io(self->d.nvm, &c);
}

static int change_copy(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr)
{
	struct kcsd_nvm_copy_lba from = nvm_source(1000, nr);
	struct nvme_uring_cmd c = nvm_copy(slba, &from, 1);

	return cmd_io(self->d.nvm, &c);
}

/* Also makes the LBAs readable again, which is a change, too. */
static int change_uncorrectable(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr)
{
	int ret = nvm_on(self->d.nvm, NVM_WRITE_UNCOR, slba, nr);

	return ret ? ret : change_write(self, slba, nr);
}

static int block_fd(FIXTURE_DATA(watch) *self)
{
	return drive_open_block(&self->d, O_RDWR | O_DIRECT);
}

static int change_block_write(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr)
{
	int fd = block_fd(self);
	ssize_t ret = pwrite(fd, self->buf, nr * LBA, slba * LBA);

	close(fd);
	return ret == nr * LBA ? 0 : -EIO;
}

static int block_ioctl(FIXTURE_DATA(watch) *self, unsigned long op, __u64 slba, __u32 nr)
{
	__u64 range[2] = { slba * LBA, (__u64)nr * LBA };
	int fd = block_fd(self), ret = ioctl(fd, op, range);

	close(fd);
	return ret ? -errno : 0;
}

static int change_discard(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr)
{
	return block_ioctl(self, BLKDISCARD, slba, nr);
}

static int change_zeroout(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr)
{
	return block_ioctl(self, BLKZEROOUT, slba, nr);
}

/* A program calls a helper with slba, its heap and its length. */
static int call_helper(FIXTURE_DATA(watch) *self, struct bpf_insn helper, __u8 access, __u64 slba,
		       __u32 nr)
{
	const struct bpf_insn insns[] = {
		I_CTX(R2, R1, heap), I_CTX(R3, R1, cparam2), I_CTX(R1, R1, cparam1),
		helper, I_EXIT,
	};
	struct image im = { .insns = insns, .insn_cnt = ARRAY_SIZE(insns), .heap_len = NR * LBA };
	struct kcsd_lba_grant grant = {
		.slba = htole64(slba), .nlb = htole32(nr), .access = access,
	};
	struct nvme_uring_cmd c = {
		.opcode = KCSD_CMD_EXECUTE_LBA, .nsid = KCSD_NSID_COMPUTE,
		.cdw2 = 1, .cdw3 = 1, .addr = (uintptr_t)&grant, .data_len = sizeof(grant),
		.cdw10 = slba, .cdw12 = nr * LBA,
	};
	int ret;

	prog_deactivate(self->d.ctrl, 1);
	prog_unload(self->d.ctrl, 1);
	ret = prog_install_image(self->d.ctrl, 1, &im);
	return ret ? ret : cmd_io(self->d.compute, &c);
}

static int change_program(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr)
{
	const struct bpf_insn helper = I_HELPER(write);

	return call_helper(self, helper, KCSD_GRANT_WRITE, slba, nr);
}

TEST_F(watch, every_kind_of_change)
{
	static const struct {
		const char *name;
		int (*change)(FIXTURE_DATA(watch) *self, __u64 slba, __u32 nr);
	} kinds[] = {
		{ "Write", change_write }, { "Write Zeroes", change_zeroes },
		{ "Deallocate", change_deallocate }, { "Copy", change_copy },
		{ "Write Uncorrectable", change_uncorrectable },
		{ "block write", change_block_write }, { "discard", change_discard },
		{ "zero out", change_zeroout }, { "program", change_program },
	};
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };
	static const struct { __u64 slba; __u32 nr; int trips; } places[] = {
		{ FIRST - 2, 2, 0 }, { FIRST + NR, 2, 0 }, { FIRST - 2, 3, 1 },
		{ FIRST + NR - 1, 2, 1 }, { FIRST + NR / 2, 1, 1 },
	};

	ASSERT_EQ(0, create(self, small));
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t p = 0; p < ARRAY_SIZE(places); p++) {
			ASSERT_EQ(0, arm(self, FIRST));
			ASSERT_EQ(0, kinds[k].change(self, places[p].slba, places[p].nr))
				TH_LOG("%s", kinds[k].name);
			EXPECT_EQ(places[p].trips, tripped(self))
				TH_LOG("%s of %u from %llu on", kinds[k].name, places[p].nr,
				       (unsigned long long)places[p].slba);
		}
	/* A tripped watch stays so until it is armed again. */
	EXPECT_EQ(1, tripped(self));
	ASSERT_EQ(0, source_watch(self->d.compute, 1));
	EXPECT_EQ(0, tripped(self));
	EXPECT_EQ(4 * ARRAY_SIZE(kinds) - ARRAY_SIZE(kinds) + 1,
		  drive_stat(&self->d, "faults_changed"));
}

/* Reads change nothing, and without a watch nothing trips. */
TEST_F(watch, no_change)
{
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };
	struct kcsd_source s = source_lbas(FIRST, NR * LBA);

	ASSERT_EQ(0, create(self, small));
	ASSERT_EQ(0, arm(self, FIRST));
	ASSERT_EQ(0, nvm_read(self->d.nvm, FIRST, NR, LBA, self->buf));
	ASSERT_EQ(0, nvm_flush(&self->d));
	EXPECT_EQ(0, tripped(self));
	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	ASSERT_EQ(0, change_write(self, FIRST, 1));
	EXPECT_EQ(0, tripped(self));
}

TEST_F(watch, zones)
{
	static const struct drive_attr zoned[] = { ZNS_DRIVE, {} };
	__u64 lba;

	ASSERT_EQ(0, create(self, zoned));
	ASSERT_EQ(0, zns_append(self->d.nvm, 2, 8, self->buf, &lba));
	/* 4 LBAs of data, and 60 behind the write pointer. */
	ASSERT_EQ(0, arm(self, zns_start(2) + 4));
	ASSERT_EQ(0, zns_append(self->d.nvm, 3, 1, self->buf, &lba));
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_CLOSE, 2));
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_OPEN, 2));
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_RESET, 3));
	EXPECT_EQ(0, tripped(self));
	ASSERT_EQ(0, zns_append(self->d.nvm, 2, 1, self->buf, &lba));
	EXPECT_EQ(1, tripped(self));
	ASSERT_EQ(0, arm(self, zns_start(2)));
	ASSERT_EQ(0, zns_write(self->d.nvm, zns_start(2) + 9, 1, self->buf));
	EXPECT_EQ(1, tripped(self));
	ASSERT_EQ(0, arm(self, zns_start(2)));
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_FINISH, 2));
	EXPECT_EQ(0, tripped(self));
	ASSERT_EQ(0, zns_send(self->d.nvm, ZNS_RESET, 2));
	EXPECT_EQ(1, tripped(self));
	ASSERT_EQ(0, arm(self, zns_start(2)));
	ASSERT_EQ(0, zns_send_all(self->d.nvm, ZNS_RESET));
	EXPECT_EQ(1, tripped(self));
}

/* Returns the status of a program that calls a helper on zone 2, as call_helper(). */
static int in_zone_2(FIXTURE_DATA(watch) *self, struct bpf_insn helper, __u8 access)
{
	return call_helper(self, helper, access | KCSD_GRANT_ZONES, zns_start(2), 1);
}

TEST_F(watch, zones_changed_by_programs)
{
	static const struct drive_attr zoned[] = { ZNS_DRIVE, {} };
	const struct bpf_insn append = I_HELPER(append), reset = I_HELPER(zone_reset),
			      finish = I_HELPER(zone_finish);

	ASSERT_EQ(0, create(self, zoned));
	ASSERT_EQ(0, arm(self, zns_start(2)));
	ASSERT_EQ(0, in_zone_2(self, append, KCSD_GRANT_APPEND));
	EXPECT_EQ(1, tripped(self));
	ASSERT_EQ(0, arm(self, zns_start(2)));
	ASSERT_EQ(0, in_zone_2(self, finish, KCSD_GRANT_MANAGE));
	EXPECT_EQ(0, tripped(self));
	ASSERT_EQ(0, in_zone_2(self, reset, KCSD_GRANT_MANAGE));
	EXPECT_EQ(1, tripped(self));
}

static void *hanging_write(void *arg)
{
	FIXTURE_DATA(watch) *self = arg;

	change_write(self, 2000, 1);
	return NULL;
}

/* A write that hangs since the filesystem below the drive is frozen. */
struct hanging {
	pthread_t writer;
	int fs;
};

/* Create a drive with two source lists, the second of them watched, then begin the write. */
static void hang(struct __test_metadata *_metadata, FIXTURE_DATA(watch) *self, struct hanging *h)
{
	static const struct drive_attr file[] = {
		DRIVE_SMALL, { "backing_file", "/tmp/kst-watch/fs/disk" }, {}
	};
	const struct kcsd_source s = source_lbas(FIRST, LBA);

	ASSERT_EQ(0, system("mkdir -p /tmp/kst-watch/fs && cd /tmp/kst-watch && "
			    "truncate -s 100M image && mkfs.ext4 -q -F image && "
			    "mount -o loop image fs && truncate -s 16M fs/disk"));
	ASSERT_EQ(0, create(self, file));
	h->fs = open("/tmp/kst-watch/fs", O_RDONLY);
	ASSERT_EQ(0, source_send(self->d.compute, 1, &s, 1));
	ASSERT_EQ(0, source_send(self->d.compute, 2, &s, 1));
	ASSERT_EQ(0, source_watch(self->d.compute, 2));
	ASSERT_EQ(0, ioctl(h->fs, FIFREEZE, 0));
	ASSERT_EQ(0, pthread_create(&h->writer, NULL, hanging_write, self));
	usleep(300000 * time_slow());
}

static void go_on(struct __test_metadata *_metadata, struct hanging *h)
{
	EXPECT_EQ(0, ioctl(h->fs, FITHAW, 0));
	pthread_join(h->writer, NULL);
}

static void unhang(struct __test_metadata *_metadata, FIXTURE_DATA(watch) *self, struct hanging *h)
{
	close(h->fs);
	EXPECT_EQ(0, drive_remove(&self->d));
	self->d = (struct drive)DRIVE_INIT;
	EXPECT_EQ(0, system("umount /tmp/kst-watch/fs && rm -r /tmp/kst-watch"));
}

/* Fork a process that watches list 1 and waits for the write. Exits with the error. */
static pid_t watch_in_child(FIXTURE_DATA(watch) *self)
{
	pid_t child = fork();

	if (!child)
		_exit(-source_watch(self->d.compute, 1));
	return process_becomes(child, "D") ? child : -1;
}

/* Kill a process; true if it ends although it waits for the write. */
static bool dies(pid_t child)
{
	kill(child, SIGKILL);
	for (int i = 0; i < 500 * time_slow() && waitpid(child, NULL, WNOHANG) != child; i++)
		usleep(10000);
	return waitpid(child, NULL, WNOHANG) == -1;
}

/*
 * The end of a watch does not wait for a change that hangs, nor do processes that are killed while
 * they wait for a watch; and a single thread of the kernel waits for all of them.
 */
TEST_F(watch, a_change_that_hangs)
{
	struct hanging h;
	pid_t child;

	hang(_metadata, self, &h);
	EXPECT_EQ(0, source_delete(self->d.compute, 2));
	for (int i = 0; i < KILLED; i++) {
		child = watch_in_child(self);
		ASSERT_LT(0, child);
		EXPECT_EQ(0, waitpid(child, NULL, WNOHANG));
		EXPECT_TRUE(dies(child));
	}
	EXPECT_GE(1, process_count_kthreads("+kcsd_watch"));
	/* That watch has not seen all changes end: no run may trust it. */
	EXPECT_EQ(1, tripped(self));
	go_on(_metadata, &h);
	EXPECT_EQ(0, source_watch(self->d.compute, 1));
	EXPECT_EQ(0, tripped(self));
	unhang(_metadata, self, &h);
}

/* A process that is frozen while it waits for a watch holds nothing that power off waits for. */
TEST_F(watch, frozen)
{
	struct hanging h;
	pid_t child;
	int status;

	if (freezer_open(1))
		SKIP(return, "the kernel has no control group freezer of version 1");
	hang(_metadata, self, &h);
	child = watch_in_child(self);
	EXPECT_LT(0, child);
	EXPECT_EQ(0, freezer_freeze(child));
	go_on(_metadata, &h);
	EXPECT_TRUE(freezer_power_off(&self->d));
	EXPECT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(ENODEV, WEXITSTATUS(status));
	unhang(_metadata, self, &h);
}

TEST_F(watch, format)
{
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };
	struct nvme_uring_cmd c = { .opcode = 0x80, .nsid = KCSD_NSID_NVM };

	ASSERT_EQ(0, create(self, small));
	ASSERT_EQ(0, arm(self, FIRST));
	ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
	EXPECT_EQ(1, tripped(self));
}

/* A write that was sent before the watch, and is carried out after it, is a change. */
TEST_F(watch, write_sent_before)
{
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, FIRST, 1, self->buf, LBA);
	struct io_uring ring;
	__u64 tag;
	int res;

	ASSERT_EQ(0, create(self, small));
	ASSERT_EQ(0, set_rule(&self->d, "write delay=3000ms next=1"));
	ASSERT_EQ(0, ring_open(&ring, 2, true));
	ASSERT_EQ(0, ring_put(&ring, self->d.nvm, NVME_URING_CMD_IO, &c, 1));
	ASSERT_EQ(1, io_uring_submit(&ring));
	EXPECT_EQ(0, arm(self, FIRST));
	EXPECT_EQ(0, tripped(self));
	EXPECT_EQ(0, ring_get(&ring, 10000, &tag, &res, NULL));
	EXPECT_EQ(0, cmd_status(res));
	EXPECT_EQ(1, tripped(self));
	io_uring_queue_exit(&ring);
}

struct writer {
	struct drive *d;
	bool block;		/* by the block node */
	bool stop;
	int failed;
};

/* Returns the i-th LBA to be written: each of them once. */
static int nth(int i)
{
	return i * 37 % NR;
}

/* By ioctl: another thread has the ring. */
static int write_lba(int fd, __u64 lba, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, lba, 1, buf, LBA);

	return cmd_io_way(CMD_IOCTL64, fd, &c, NULL);
}

/*
 * Write generation after generation to the LBAs, one by one in the order of nth(). So at each
 * moment some of the first have generation g + 1 and the others g. A run that reads them upwards
 * while they are written finds them out of this order.
 */
static void *write_generations(void *arg)
{
	struct writer *w = arg;
	__u64 *buf = aligned_alloc(LBA, LBA), generation = 1;
	int fd = w->block ? drive_open_block(w->d, O_RDWR | O_DIRECT) : -1;

	for (; !__atomic_load_n(&w->stop, __ATOMIC_RELAXED); generation++) {
		for (int i = 0; i < LBA / 8; i++)
			buf[i] = htole64(generation);
		for (int i = 0; i < NR; i++)
			w->failed += w->block ?
				     pwrite(fd, buf, LBA, (FIRST + nth(i)) * LBA) != LBA :
				     write_lba(w->d->nvm, FIRST + nth(i), buf) != 0;
		usleep(generation % 8 * 3000);
	}
	free(buf);
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* Returns the generation of an LBA, 0 if its bytes are of several. */
static __u64 generation_of(const __u8 *lba)
{
	return memcmp(lba, lba + 8, LBA - 8) ? 0 : le64toh(*(const __le64 *)lba);
}

/* True if the LBAs that a run emitted are of one moment. */
static bool is_one_moment(const __u8 *bytes)
{
	__u64 first = generation_of(bytes + nth(0) * LBA), before = first, now;

	for (int i = 1; i < NR; i++) {
		now = generation_of(bytes + nth(i) * LBA);
		if (now > before || now + 1 < first)
			return false;
		before = now;
	}
	return true;
}

/* Runs of a torture by their ends. */
struct runs {
	int whole;		/* succeeded, the LBAs were of one moment */
	int torn;		/* succeeded, but were of several */
	int changed;		/* ended because of the watch */
	int failed;
};

static void run_once(FIXTURE_DATA(watch) *self, bool watched, struct runs *runs)
{
	int ret = watched ? source_watch(self->d.compute, 1) : 0;

	if (!ret)
		ret = source_run(self->d.compute, &self->r);
	if (ret)
		*(ret == KCSD_SC_PROGRAM_CHANGED ? &runs->changed : &runs->failed) += 1;
	else
		*(is_one_moment(self->r.out.bytes) ? &runs->whole : &runs->torn) += 1;
}

/* True if there were enough runs: with a watch of both good ends, without one that is torn. */
static bool enough(const struct runs *runs, bool watched)
{
	if (runs->failed)
		return true;
	return watched ? runs->whole >= RUNS && runs->changed >= RUNS : runs->torn;
}

/* Run beside a writer until there were enough runs, or the time is over. */
static struct runs torture(FIXTURE_DATA(watch) *self, struct writer *w, bool watched)
{
	time_t end = time(NULL) + TORTURE_S * time_slow();
	struct runs runs = {};
	pthread_t thread;

	self->r.cparam2 = NR * LBA;
	w->stop = false;
	if (pthread_create(&thread, NULL, write_generations, w))
		return runs;
	while (!enough(&runs, watched) && time(NULL) < end)
		run_once(self, watched, &runs);
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	return runs;
}

static void test_torture(struct __test_metadata *_metadata, FIXTURE_DATA(watch) *self, bool block)
{
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };
	struct writer w = { .d = &self->d, .block = block };
	struct runs runs;

	ASSERT_EQ(0, create(self, small));
	ASSERT_EQ(0, arm(self, FIRST));
	runs = torture(self, &w, true);
	EXPECT_EQ(0, runs.torn);
	EXPECT_EQ(0, runs.failed);
	EXPECT_LE(RUNS, runs.whole);
	EXPECT_LE(RUNS, runs.changed);
	EXPECT_EQ(0, w.failed);
}

TEST_F(watch, torture_by_passthrough)
{
	test_torture(_metadata, self, false);
}

TEST_F(watch, torture_by_block_node)
{
	test_torture(_metadata, self, true);
}

/* Without the watch the same runs do read LBAs of several moments: the torture can fail. */
TEST_F(watch, torture_can_fail)
{
	static const struct drive_attr small[] = { DRIVE_SMALL, {} };
	struct writer w = { .d = &self->d };

	ASSERT_EQ(0, create(self, small));
	ASSERT_EQ(0, source_send(self->d.compute, 1,
				 &(struct kcsd_source) {
					.start = htole64(FIRST), .len = htole64(NR * LBA),
					.access = KCSD_GRANT_READ,
				 }, 1));
	EXPECT_LT(0, torture(self, &w, false).torn);
}

DRIVE_TEST_MAIN
