// SPDX-License-Identifier: GPL-2.0
#include "tenant.h"

#include <stdlib.h>

const struct bpf_insn prog_when[] = {
	I_CTX(R6, R1, cparam1), I_HELPER(time), I_JMP(BPF_JEQ, R6, 0, 2),
	I_ADD(R6, -1), I_JA(-3), I_EXIT,
};

int tenant_open_fd(struct tenant *t, int fd)
{
	struct io_uring_params p = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_CQE32 | IORING_SETUP_CQSIZE,
		.cq_entries = TENANT_RUNS,
	};

	t->fd = fd;
	return fd < 0 ? -EBADF : io_uring_queue_init_params(TENANT_BATCH, &t->ring, &p);
}

int tenant_open(struct tenant *t, const struct drive *d)
{
	char path[64];

	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_COMPUTE);
	return tenant_open_fd(t, open(path, O_RDWR | O_CLOEXEC));
}

void tenant_close(struct tenant *t)
{
	if (t->fd < 0)
		return;
	io_uring_queue_exit(&t->ring);
	fd_close(&t->fd);
}

struct nvme_uring_cmd tenant_cmd(__u16 pind, __u64 cparam1, __u32 timeout_ms)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_CMD_EXECUTE_LBA, .nsid = KCSD_NSID_COMPUTE, .cdw2 = pind,
		.cdw10 = (__u32)cparam1, .cdw11 = cparam1 >> 32, .timeout_ms = timeout_ms,
	};
}

int tenant_send(struct tenant *t, const struct nvme_uring_cmd *c, int nr, __u64 first)
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

int tenant_reap(struct tenant *t, struct completion *e, int nr)
{
	struct completion dummy;

	for (int i = 0; i < nr; i++) {
		struct completion *to = e ? &e[i] : &dummy;
		int ret = ring_get(&t->ring, 30000, &to->tag, &to->res, &to->r0);

		if (ret)
			return ret;
	}
	return 0;
}

__u64 tenant_number(int fd, const char *key)
{
	char path[64], text[1024], *line;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (file_read(path, text, sizeof(text)) <= 0)
		return ~0ULL;
	line = strstr(text, key);
	return line ? strtoull(line + strlen(key) + 1, NULL, 10) : ~0ULL;
}
