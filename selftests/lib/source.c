// SPDX-License-Identifier: GPL-2.0
#include "source.h"

#include <endian.h>

#define PER_CMD		40000	/* sources that fit 1 MiB */
#define BYTES_PER_CMD	(1u << 20)
#define READER_HEAP	(256u << 10)

struct kcsd_source source_lbas(__u64 slba, __u64 len)
{
	return (struct kcsd_source) {
		.start = htole64(slba), .len = htole64(len),
		.type = KCSD_SOURCE_LBAS, .access = KCSD_GRANT_READ,
	};
}

struct kcsd_source source_zeroes(__u64 len)
{
	return (struct kcsd_source) {
		.len = htole64(len), .type = KCSD_SOURCE_ZEROES, .access = KCSD_GRANT_READ,
	};
}

struct kcsd_source source_bytes(__u64 at, __u64 len)
{
	return (struct kcsd_source) {
		.start = htole64(at), .len = htole64(len),
		.type = KCSD_SOURCE_BYTES, .access = KCSD_GRANT_READ,
	};
}

struct kcsd_source source_object(__u64 at, __u64 len)
{
	return (struct kcsd_source) {
		.start = htole64(at), .len = htole64(len),
		.type = KCSD_SOURCE_OBJECT, .access = KCSD_GRANT_READ,
	};
}

struct kcsd_kv_key source_key(const void *key, __u8 len)
{
	struct kcsd_kv_key k = { .len = len };

	memcpy(k.key, key, len);
	return k;
}

struct nvme_uring_cmd source_sel_cmd(__u16 slid, __u32 sel)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_CMD_SOURCES, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = slid | sel << KCSD_SOURCES_SEL_SHIFT,
	};
}

struct nvme_uring_cmd source_add_cmd(__u16 slid, const struct kcsd_source *source, __u32 nr,
				     __u32 first, __u32 all, __u32 bytes_len)
{
	struct nvme_uring_cmd c = source_sel_cmd(slid, KCSD_SOURCES_ADD);

	c.addr = (uintptr_t)source;
	c.data_len = nr * sizeof(*source);
	c.cdw11 = all;
	c.cdw12 = first;
	c.cdw13 = bytes_len;
	return c;
}

struct nvme_uring_cmd source_bytes_cmd(__u16 slid, const void *bytes, __u32 len, __u32 first)
{
	struct nvme_uring_cmd c = source_sel_cmd(slid, KCSD_SOURCES_BYTES);

	c.addr = (uintptr_t)bytes;
	c.data_len = len;
	c.cdw12 = first;
	return c;
}

static int send_bytes(int fd, __u16 slid, const void *bytes, __u32 len)
{
	__u32 done, n;
	int ret = 0;

	for (done = 0; !ret && done < len; done += n) {
		struct nvme_uring_cmd c;

		n = len - done < BYTES_PER_CMD ? len - done : BYTES_PER_CMD;
		c = source_bytes_cmd(slid, bytes + done, n, done);
		ret = cmd_io_way(CMD_IOCTL64, fd, &c, NULL);
	}
	return ret;
}

int source_send(int fd, __u16 slid, const struct kcsd_source *source, __u32 nr)
{
	return source_send_with(fd, slid, source, nr, NULL, 0);
}

int source_send_with(int fd, __u16 slid, const struct kcsd_source *source, __u32 nr,
		     const void *bytes, __u32 len)
{
	__u32 done, n;
	int ret = 0;

	for (done = 0; !ret && done < nr; done += n) {
		struct nvme_uring_cmd c;

		n = nr - done < PER_CMD ? nr - done : PER_CMD;
		c = source_add_cmd(slid, source + done, n, done, nr, len);
		ret = cmd_io_way(CMD_IOCTL64, fd, &c, NULL);
	}
	return ret ? ret : send_bytes(fd, slid, bytes, len);
}

int source_watch(int fd, __u16 slid)
{
	struct nvme_uring_cmd c = source_sel_cmd(slid, KCSD_SOURCES_WATCH);

	return cmd_io_way(CMD_IOCTL64, fd, &c, NULL);
}

int source_delete(int fd, __u16 slid)
{
	struct nvme_uring_cmd c = source_sel_cmd(slid, KCSD_SOURCES_DELETE);

	return cmd_io_way(CMD_IOCTL64, fd, &c, NULL);
}

struct nvme_uring_cmd source_run_cmd(struct source_run *r)
{
	r->data.header.size = htole32(sizeof(r->data.header));
	memset(&r->out, 0xa5, sizeof(r->out));
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_CMD_EXECUTE_SOURCES, .nsid = KCSD_NSID_COMPUTE,
		.cdw2 = r->pind, .cdw3 = r->slid,
		.addr = (uintptr_t)&r->data, .data_len = sizeof(r->data.header) + r->args_len,
		.metadata = (uintptr_t)&r->out, .metadata_len = sizeof(r->out),
		.cdw10 = (__u32)r->cparam1, .cdw11 = r->cparam1 >> 32,
		.cdw12 = (__u32)r->cparam2, .cdw13 = r->cparam2 >> 32,
	};
}

int source_run(int fd, struct source_run *r)
{
	struct nvme_uring_cmd c = source_run_cmd(r);

	r->result = ~0ULL;
	return cmd_io_way(CMD_IOCTL64, fd, &c, &r->result);
}

int source_install_reader(int ctrl, __u16 pind)
{
	static const struct bpf_insn insns[] = {
		I_MOVR(R6, R1),
		I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, cparam2),
		I_HELPER(stream_read),
		I_MOVR(R7, R0), I_JMP(BPF_JSLT, R0, 0, 3),
		I_CTX(R1, R6, heap), I_MOVR(R2, R7), I_HELPER(emit),
		I_MOVR(R0, R7), I_EXIT,
	};
	struct image im = {
		.insns = insns, .insn_cnt = ARRAY_SIZE(insns), .heap_len = READER_HEAP,
	};

	return prog_install_image(ctrl, pind, &im);
}
