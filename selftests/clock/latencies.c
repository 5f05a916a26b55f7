// SPDX-License-Identifier: GPL-2.0
/*
 * Test the histograms of latencies, log page C5h, against the device times of commands and against
 * the percentiles of log page C3h.
 */
#define _GNU_SOURCE
#include "harness.h"
#include "admin.h"
#include "histogram.h"
#include "kv.h"
#include "nvm.h"

#include <endian.h>
#include <sched.h>
#include <stdlib.h>

#define LBA	4096u
#define READS	200

FIXTURE(latencies) {
	struct drive d;
	__u8 *buf, *page;
};

FIXTURE_SETUP(latencies)
{
	drive_sweep();
	self->d = (struct drive)DRIVE_INIT;
	self->buf = aligned_alloc(LBA, 64 * LBA);
	self->page = calloc(2, HISTOGRAMS_LEN);
	ASSERT_NE(NULL, self->buf);
	ASSERT_NE(NULL, self->page);
	memset(self->buf, 0x5a, 64 * LBA);
}

FIXTURE_TEARDOWN(latencies)
{
	if (self->d.index >= 0)
		EXPECT_EQ(0, drive_remove(&self->d));
	free(self->buf);
	free(self->page);
}

static int make_timed(struct drive *d)
{
	static const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "timing/model", "flash" }, { "timing/clock", "virtual" }, {}
	};
	const struct nvme_uring_cmd setup = {
		.opcode = KCSD_CMD_TIMING, .nsid = KCSD_NSID_NVM, .cdw10 = KCSD_TIMING_SETUP,
		.cdw11 = 1, .cdw12 = KCSD_TIMING_RESULT,
	};
	int ret = drive_create(d, "latencies", attrs);

	return ret ?: cmd_io(d->nvm, &setup);
}

/* Read so many LBAs; return the device time, 0 after a failure. */
static __u64 read_some(const struct drive *d, __u64 slba, __u32 nlb, void *buf)
{
	const struct nvme_uring_cmd c = cmd_rw(NVM_READ, slba, nlb, buf, nlb * LBA);
	__u64 result = 0;

	return cmd_io_way(CMD_IOCTL64, d->nvm, &c, &result) ? 0 : result;
}

struct percentiles {
	struct kcsd_latency_log header;
	struct kcsd_latency row[KCSD_NR_LATENCIES * KCSD_NR_TIME_OPS * KCSD_DEPTH_CLASSES];
};

static const struct kcsd_latency *get_percentiles(const struct drive *d, struct percentiles *p)
{
	struct nvme_uring_cmd c = cmd_log(KCSD_LOG_LATENCIES, p, sizeof(*p), 0);

	c.nsid = 0;
	return cmd_admin(d->ctrl, &c) ? NULL : p->row;
}

/* The histogram of device times has exactly those that the commands had. */
TEST_F(latencies, device_times)
{
	__u64 before[READS], sum = 0, max = 0, ns[READS];
	const struct kcsd_latency_histogram *h;
	int i, n, others;

	ASSERT_EQ(0, make_timed(&self->d));
	ASSERT_EQ(0, histograms_get(self->d.ctrl, self->page));
	h = histogram_find(self->page, KCSD_LATENCY_DEVICE, KCSD_TIME_READ, 0);
	others = h ? le64toh(h->count) : 0;
	sum = h ? le64toh(h->sum) : 0;
	max = h ? le64toh(h->max) : 0;
	for (i = 0; i < READS; i++) {
		ns[i] = read_some(&self->d, 64 * i % 4000, i % 63 + 1, self->buf);
		ASSERT_NE(0, ns[i]);
		before[i] = histogram_bucket(h, histogram_last_of(ns[i]));
		sum += ns[i];
		max = ns[i] > max ? ns[i] : max;
	}
	ASSERT_EQ(0, histograms_get(self->d.ctrl, self->page + HISTOGRAMS_LEN));
	ASSERT_TRUE(histograms_are_valid(self->page + HISTOGRAMS_LEN));
	h = histogram_find(self->page + HISTOGRAMS_LEN, KCSD_LATENCY_DEVICE, KCSD_TIME_READ, 0);
	ASSERT_NE(NULL, h);
	EXPECT_EQ(others + READS, le64toh(h->count));
	EXPECT_EQ(sum, le64toh(h->sum));
	EXPECT_EQ(max, le64toh(h->max));
	for (i = 0; i < READS; i++) {
		__u64 last = histogram_last_of(ns[i]), same = before[i];

		for (n = 0; n < READS; n++)
			same += histogram_last_of(ns[n]) == last;
		EXPECT_EQ(same, histogram_bucket(h, last)) TH_LOG("bucket up to %llu", last);
	}
}

/* Both log pages tell the same of the same commands. */
TEST_F(latencies, percentiles)
{
	static struct percentiles p;
	const struct kcsd_latency *row;
	__u32 i, nr = 0;

	ASSERT_EQ(0, make_timed(&self->d));
	for (i = 0; i < READS; i++)
		ASSERT_NE(0, read_some(&self->d, i, i % 7 + 1, self->buf));
	row = get_percentiles(&self->d, &p);
	ASSERT_NE(NULL, row);
	ASSERT_EQ(0, histograms_get(self->d.ctrl, self->page));
	ASSERT_TRUE(histograms_are_valid(self->page));
	for (i = 0; i < le32toh(p.header.nr); i++, row++) {
		const struct kcsd_latency_histogram *h =
			histogram_find(self->page, row->what, row->op, row->depth);

		ASSERT_NE(NULL, h);
		/* The commands that read the pages are counted as well. */
		if (row->op == KCSD_TIME_OTHER)
			continue;
		nr++;
		EXPECT_EQ(row->count, h->count);
		EXPECT_EQ(row->sum, h->sum);
		EXPECT_EQ(row->max, h->max);
		EXPECT_EQ(le64toh(row->p50), histogram_percentile(h, 5000));
		EXPECT_EQ(le64toh(row->p90), histogram_percentile(h, 9000));
		EXPECT_EQ(le64toh(row->p95), histogram_percentile(h, 9500));
		EXPECT_EQ(le64toh(row->p99), histogram_percentile(h, 9900));
		EXPECT_EQ(le64toh(row->p999), histogram_percentile(h, 9990));
		EXPECT_EQ(le64toh(row->p9999), histogram_percentile(h, 9999));
	}
	/* Device time, time of the host and CPU time of reads. */
	EXPECT_LE(3, nr);
}

static int keep(const struct drive *d, bool on)
{
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/class/kcsd/kcsd%d/timing/latencies", d->index);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	ret = write(fd, on ? "1" : "0", 1) == 1 ? 0 : -errno;
	close(fd);
	return ret;
}

/* Those of all CPUs count. Without a model they are kept on demand; nothing changes afterwards. */
TEST_F(latencies, host)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, {} };
	const struct kcsd_histogram_log *log = (void *)self->page;
	__u8 *piece = self->page + HISTOGRAMS_LEN;
	const struct kcsd_latency_histogram *h;
	const __u8 whats[] = { KCSD_LATENCY_HOST, KCSD_LATENCY_CPU };
	__u32 len, off, n;
	cpu_set_t all;
	size_t i;
	int cpu;

	ASSERT_EQ(0, drive_create(&self->d, "latencies", attrs));
	ASSERT_EQ(0, histograms_get(self->d.ctrl, self->page));
	EXPECT_EQ(0, le32toh(log->nr));
	EXPECT_TRUE(histograms_are_valid(self->page));
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(all), &all));
	ASSERT_EQ(0, keep(&self->d, true));
	for (cpu = 0, n = 0; cpu < CPU_SETSIZE; cpu++) {
		cpu_set_t one;

		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
		for (i = 0; i < 10; i++, n++)
			EXPECT_EQ(0, nvm_read(self->d.nvm, i, 1, LBA, self->buf));
	}
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(all), &all));
	ASSERT_EQ(0, keep(&self->d, false));
	ASSERT_EQ(0, histograms_get(self->d.ctrl, self->page));
	ASSERT_TRUE(histograms_are_valid(self->page));
	for (i = 0; i < ARRAY_SIZE(whats); i++) {
		h = histogram_find(self->page, whats[i], KCSD_TIME_READ, 0);
		ASSERT_NE(NULL, h);
		EXPECT_EQ(n, le64toh(h->count));
	}
	EXPECT_EQ(NULL, histogram_find(self->page, KCSD_LATENCY_DEVICE, KCSD_TIME_READ, 0));
	EXPECT_EQ(NULL, histogram_find(self->page, KCSD_LATENCY_LATE, KCSD_TIME_READ, 0));

	/* In pieces, after its end, beyond it. The time is another one. */
	len = le32toh(log->len);
	for (off = sizeof(*log); off < len; off += n) {
		struct nvme_uring_cmd c;

		n = len - off < 100 ? len - off : 100;
		c = cmd_log(KCSD_LOG_HISTOGRAMS, piece, n, off);
		c.nsid = 0;
		ASSERT_EQ(0, cmd_admin(self->d.ctrl, &c));
		EXPECT_EQ(0, memcmp(piece, self->page + off, n)) TH_LOG("at %u", off);
	}
	for (off = len; off <= len + 4; off += 4) {
		struct nvme_uring_cmd c = cmd_log(KCSD_LOG_HISTOGRAMS, piece, 4, off);

		c.nsid = 0;
		memset(piece, 0xff, 4);
		EXPECT_EQ(off == len ? 0 : KCSD_SC_INVALID_FIELD, cmd_admin(self->d.ctrl, &c));
		EXPECT_EQ(off == len ? 0 : 0xff, piece[0]);
	}
	for (off = len; off < HISTOGRAMS_LEN; off++)
		if (self->page[off])
			break;
	EXPECT_EQ(HISTOGRAMS_LEN, off);
}

/* Commands on objects are of kinds of their own; only failed ones are all of one. */
TEST_F(latencies, objects)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, KV_SMALL, {} };
	static const struct {
		__u8 op;
		__u64 nr;
	} kinds[] = {
		{ KCSD_TIME_STORE, 1 }, { KCSD_TIME_RETRIEVE, 2 }, { KCSD_TIME_LIST, 3 },
		{ KCSD_TIME_EXIST, 4 }, { KCSD_TIME_DELETE, 1 }, { KCSD_TIME_FLUSH, 1 },
	};
	const struct kcsd_latency_histogram *h;
	__u64 len;
	int i;

	ASSERT_EQ(0, drive_create(&self->d, "latencies", attrs));
	ASSERT_EQ(0, keep(&self->d, true));
	ASSERT_EQ(0, kv_store(self->d.kv, KV_STR("a"), "x", 1, 0));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, kv_retrieve(self->d.kv, KV_STR("a"), self->buf, LBA, &len));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, kv_list(self->d.kv, "", 0, self->buf, LBA));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, kv_exist(self->d.kv, KV_STR("a")));
	ASSERT_EQ(KCSD_SC_NO_KEY, kv_exist(self->d.kv, KV_STR("b")));
	ASSERT_EQ(0, kv_delete(self->d.kv, KV_STR("a")));
	ASSERT_EQ(0, kv_flush(self->d.kv));
	ASSERT_EQ(0, histograms_get(self->d.ctrl, self->page));
	ASSERT_TRUE(histograms_are_valid(self->page));
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++) {
		h = histogram_find(self->page, KCSD_LATENCY_HOST, kinds[i].op, 0);
		ASSERT_NE(NULL, h) TH_LOG("kind %u", kinds[i].op);
		EXPECT_EQ(kinds[i].nr, le64toh(h->count)) TH_LOG("kind %u", kinds[i].op);
	}
	EXPECT_EQ(NULL, histogram_find(self->page, KCSD_LATENCY_HOST, KCSD_TIME_MEM_READ, 0));
}

/* A drive that was powered on again counts from 0, and tells that. */
TEST_F(latencies, power_on)
{
	const struct kcsd_histogram_log *log = (void *)self->page;
	const struct kcsd_latency_histogram *h;
	__u64 start;
	int i;

	ASSERT_EQ(0, make_timed(&self->d));
	for (i = 0; i < READS; i++)
		ASSERT_NE(0, read_some(&self->d, i, 1, self->buf));
	ASSERT_EQ(0, histograms_get(self->d.ctrl, self->page));
	start = le64toh(log->start_ns);
	EXPECT_NE(0, start);
	ASSERT_EQ(0, histograms_get(self->d.ctrl, self->page));
	EXPECT_EQ(start, le64toh(log->start_ns));
	drive_close(&self->d);
	ASSERT_EQ(0, drive_power(&self->d, false));
	ASSERT_EQ(0, drive_power(&self->d, true));
	ASSERT_EQ(0, drive_open(&self->d, O_RDWR));
	ASSERT_EQ(0, histograms_get(self->d.ctrl, self->page));
	EXPECT_LT(start, le64toh(log->start_ns));
	h = histogram_find(self->page, KCSD_LATENCY_DEVICE, KCSD_TIME_READ, 0);
	EXPECT_GT(READS, h ? le64toh(h->count) : 0);
}

DRIVE_TEST_MAIN
