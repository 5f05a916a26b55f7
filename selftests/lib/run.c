// SPDX-License-Identifier: GPL-2.0
#include "run.h"

void run_grant(struct run *r, __u64 slba, __u32 nlb, __u8 access)
{
	struct kcsd_lba_grant g = { .slba = slba, .nlb = nlb, .access = access };

	memcpy(r->data + r->nr_grants++ * sizeof(g), &g, sizeof(g));
}

void run_range(struct run *r, __u64 start, __u32 len)
{
	struct kcsd_memory_range range = {
		.nsid = KCSD_NSID_SLM, .start = start, .len = len,
	};

	memcpy(r->data + r->nr_ranges++ * sizeof(range), &range, sizeof(range));
}

static __u32 run_head_len(const struct run *r)
{
	return r->nr_grants * sizeof(struct kcsd_lba_grant) +
	       r->nr_ranges * sizeof(struct kcsd_memory_range);
}

void run_args(struct run *r, const void *args, __u32 len)
{
	memcpy(r->data + run_head_len(r), args, len);
	r->args_len = len;
}

static __u8 run_opcode(const struct run *r)
{
	if (r->opcode)
		return r->opcode;
	return r->nr_ranges ? KCSD_CMD_EXECUTE : KCSD_CMD_EXECUTE_LBA;
}

struct nvme_uring_cmd run_cmd(struct run *r)
{
	memset(&r->out, 0xa5, sizeof(r->out));
	return (struct nvme_uring_cmd) {
		.opcode = run_opcode(r), .nsid = KCSD_NSID_COMPUTE,
		.cdw2 = r->pind | (__u32)r->rsid << KCSD_EXEC_RSID_SHIFT,
		.cdw3 = r->nr_grants + r->nr_ranges,
		.addr = (uintptr_t)r->data, .data_len = run_head_len(r) + r->args_len,
		.metadata = (uintptr_t)&r->out, .metadata_len = sizeof(r->out),
		.cdw10 = (__u32)r->cparam1, .cdw11 = r->cparam1 >> 32,
		.cdw12 = (__u32)r->cparam2, .cdw13 = r->cparam2 >> 32,
		.cdw14 = (__u32)r->budget, .cdw15 = r->budget >> 32,
		.timeout_ms = r->timeout_ms,
	};
}

int run_way(int way, int fd, struct run *r)
{
	struct nvme_uring_cmd c = run_cmd(r);

	r->result = ~0ULL;
	return cmd_io_way(way, fd, &c, &r->result);
}

int run_exec(int fd, struct run *r)
{
	return run_way(CMD_URING, fd, r);
}

bool run_works(int fd, __u16 pind)
{
	struct run r = { .pind = pind };

	return !run_exec(fd, &r) && r.result == 7 && r.out.rec.reason == KCSD_FAULT_NONE;
}
