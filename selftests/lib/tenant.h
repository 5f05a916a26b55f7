/* SPDX-License-Identifier: GPL-2.0 */
/* A tenant: an open file of the compute node, and a ring deep enough for thousands of runs. */
#ifndef KST_TENANT_H
#define KST_TENANT_H

#include "drive.h"
#include "run.h"

#define TENANT_RUNS	16384	/* runs in flight, at most */
#define TENANT_BATCH	256

/* Read the time, loop cparam1 times without reading it again, return it. */
static const struct bpf_insn prog_when[] = {
	I_CTX(R6, R1, cparam1), I_HELPER(time), I_JMP(BPF_JEQ, R6, 0, 2),
	I_ADD(R6, -1), I_JA(-3), I_EXIT,
};

struct tenant {
	int fd;
	struct io_uring ring;
};

/* Completion of a run without output: tag, res as in the completion, r0. */
struct ended {
	__u64 tag;
	int res;
	__u64 r0;
};

static inline int tenant_open_fd(struct tenant *t, int fd)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | IORING_SETUP_CQSIZE,
		.cq_entries = TENANT_RUNS,
	};

	t->fd = fd;
	return fd < 0 ? -EBADF : io_uring_queue_init_params(TENANT_BATCH, &t->ring, &p);
}

static inline int tenant_open(struct tenant *t, const struct drive *d)
{
	char path[64];

	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_COMPUTE);
	return tenant_open_fd(t, open(path, O_RDWR | O_CLOEXEC));
}

static inline void tenant_close(struct tenant *t)
{
	if (t->fd < 0)
		return;
	io_uring_queue_exit(&t->ring);
	fd_close(&t->fd);
}

/* Command for a run without output. */
static inline struct nvme_uring_cmd tenant_cmd(__u16 pind, __u64 cparam1, __u32 timeout_ms)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_CMD_EXECUTE_LBA, .nsid = KCSD_NSID_COMPUTE, .cdw2 = pind,
		.cdw10 = (__u32)cparam1, .cdw11 = cparam1 >> 32, .timeout_ms = timeout_ms,
	};
}

/* Send the command nr times, with tags first, first + 1, ... */
static inline int tenant_send(struct tenant *t, const struct nvme_uring_cmd *c, int nr, __u64 first)
{
	for (int i = 0; i < nr; i++) {
		int ret = ring_put(&t->ring, t->fd, NVME_URING_CMD_IO, c, first + i);

		if (!ret && (i == nr - 1 || i % TENANT_BATCH == TENANT_BATCH - 1)) {
			ret = io_uring_submit(&t->ring);
			ret = ret == i % TENANT_BATCH + 1 ? 0 : -EIO;
		}
		if (ret)
			return ret;
	}
	return 0;
}

/* Wait for nr completions. If e is NULL, drop them. */
static inline int tenant_reap(struct tenant *t, struct ended *e, int nr)
{
	struct ended dummy;

	for (int i = 0; i < nr; i++) {
		struct ended *to = e ? &e[i] : &dummy;
		int ret = ring_get(&t->ring, 30000, &to->tag, &to->res, &to->r0);

		if (ret)
			return ret;
	}
	return 0;
}

static inline __u64 drive_number(const struct drive *d, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/%s", d->index, file);
	return file_number(path);
}

/* Wait until a file of the drive has the value. False if it takes more than about 10 seconds. */
static inline bool drive_becomes(const struct drive *d, const char *file, __u64 value)
{
	for (int i = 0; i < 20000; i++) {
		if (drive_number(d, file) == value)
			return true;
		usleep(500);
	}
	ksft_print_msg("%s is %lld, not %llu\n", file, (long long)drive_number(d, file),
		       (unsigned long long)value);
	return false;
}

/* Bytes by which the free memory of the machine may vary for reasons outside of a test. */
#define MEMORY_SLACK	(3 * KST_MIB)

/* Returns the sum of the numbers that follow a key in a file of /proc. */
static inline __u64 proc_sum(const char *path, const char *key)
{
	FILE *f = fopen(path, "r");
	char line[256], *at;
	__u64 sum = 0;

	while (f && fgets(line, sizeof(line), f)) {
		at = strstr(line, key);
		if (at)
			sum += strtoull(at + strlen(key), NULL, 10);
	}
	if (f)
		fclose(f);
	return sum;
}

/*
 * Free memory, bytes. Adds pages that were freed to the lists of a CPU: they may stay there for a
 * long time, and MemAvailable does not count them.
 */
static inline __u64 memory_available(void)
{
	return (proc_sum("/proc/meminfo", "MemAvailable:") << 10) +
	       proc_sum("/proc/zoneinfo", " count:") * sysconf(_SC_PAGESIZE);
}

/* Returns the number in a line of the fdinfo of the file, or ~0. */
static inline __u64 tenant_number(int fd, const char *key)
{
	char path[64], text[1024], *line;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (file_read(path, text, sizeof(text)) <= 0)
		return ~0ULL;
	line = strstr(text, key);
	return line ? strtoull(line + strlen(key) + 1, NULL, 10) : ~0ULL;
}

#endif
