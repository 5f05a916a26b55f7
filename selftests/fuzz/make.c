// SPDX-License-Identifier: GPL-2.0
/* Make commands: first one that is valid, at least on a new drive; then change parts of it. */
#include "fuzz.h"
#include "admin.h"
#include "kv.h"
#include "nvm.h"
#include "range_set.h"
#include "slm.h"
#include "source.h"

#include <sys/uio.h>

#define LBA		4096
#define LBAS		(FUZZ_SIZE / LBA)
#define MAX_LBAS	8
#define NVM_APPEND	0x7d
#define NVM_ZONE_SEND	0x79
#define NVM_ZONE_RECV	0x7a
#define SET_FEATURES	0x09
#define GET_FEATURES	0x0a

void fuzz_shot_fence(struct fuzz_shot *s);

static void *data_of(struct fuzz_random *r, struct fuzz_shot *s, __u32 len)
{
	return fuzz_room_place(r, &s->data, len);
}

static __u64 edge(struct fuzz_random *r, __u64 n)
{
	switch (fuzz_below(r, 8)) {
	case 0: return 0;
	case 1: return n - 1;
	case 2: return n;
	default: return fuzz_below(r, (__u32)n);
	}
}

/* ---- NVM, ZNS ---- */

static void make_rw(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nlb = 1 + fuzz_below(r, MAX_LBAS), lba = fuzz_one_in(r, 2) ? 512 : LBA;
	__u8 op = fuzz_one_in(r, 2) ? NVM_READ : NVM_WRITE;

	s->cmd = cmd_rw(op, edge(r, LBAS), nlb, data_of(r, s, nlb * lba), nlb * lba);
	if (op == NVM_WRITE && fuzz_one_in(r, 8))
		s->cmd.cdw12 |= NVM_CDW12_FUA;
}

static void make_flush(struct fuzz_random *r, struct fuzz_shot *s)
{
	(void)r;
	s->cmd = cmd_flush();
}

/* Commands on LBAs: Write Zeroes, Verify, Write Uncorrectable, without data; Compare. */
static void make_lbas(struct fuzz_random *r, struct fuzz_shot *s)
{
	static const __u8 op[] = { NVM_WRITE_ZEROES, NVM_VERIFY, NVM_WRITE_UNCOR, NVM_COMPARE };
	__u32 nlb = 1 + fuzz_below(r, fuzz_one_in(r, 4) ? LBAS : MAX_LBAS);

	s->cmd = nvm_lbas(op[fuzz_below(r, sizeof(op))], edge(r, LBAS), nlb);
	if (s->cmd.opcode == NVM_COMPARE)
		s->cmd = cmd_rw(NVM_COMPARE, edge(r, LBAS), 1, data_of(r, s, LBA), LBA);
	else if (s->cmd.opcode == NVM_WRITE_ZEROES)
		s->cmd.cdw12 |= fuzz_below(r, 2) ? NVM_CDW12_DEAC : NVM_CDW12_FUA;
}

static void make_dsm(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nr = 1 + fuzz_below(r, fuzz_one_in(r, 4) ? 256 : 4);
	struct dsm_range *d = data_of(r, s, nr * sizeof(*d));

	for (__u32 i = 0; i < nr; i++)
		d[i] = (struct dsm_range){ .nlb = htole32(fuzz_below(r, MAX_LBAS)),
					   .slba = htole64(edge(r, LBAS - MAX_LBAS)) };
	s->cmd = nvm_dsm(d, nr, DSM_AD);
}

static void make_nvm_copy(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nr = 1 + fuzz_below(r, fuzz_one_in(r, 4) ? 128 : 4);
	struct kcsd_nvm_copy_lba *d = data_of(r, s, nr * sizeof(*d));

	for (__u32 i = 0; i < nr; i++)
		d[i] = nvm_source(edge(r, LBAS / 2), 1 + fuzz_below(r, MAX_LBAS));
	s->cmd = nvm_copy(LBAS / 2 + edge(r, LBAS / 2), d, nr);
}

/* Format, or Sanitize with one or two passes. */
static void make_erase(struct fuzz_random *r, struct fuzz_shot *s)
{
	if (fuzz_one_in(r, 2))
		s->cmd = (struct nvme_uring_cmd){
			.opcode = ADMIN_FORMAT,
			.nsid = fuzz_one_in(r, 2) ? KCSD_NSID_NVM : KCSD_NSID_KV,
		};
	else
		s->cmd = (struct nvme_uring_cmd){
			.opcode = ADMIN_SANITIZE,
			.cdw10 = (1 + fuzz_below(r, 3)) | (1 + fuzz_below(r, 2)) << 4,
		};
}

static void make_append(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nlb = 1 + fuzz_below(r, MAX_LBAS);

	s->cmd = cmd_rw(NVM_APPEND, fuzz_below(r, 8) * 256, nlb, data_of(r, s, nlb * LBA),
			nlb * LBA);
}

static void make_zone_send(struct fuzz_random *r, struct fuzz_shot *s)
{
	s->cmd = (struct nvme_uring_cmd) {
		.opcode = NVM_ZONE_SEND, .nsid = KCSD_NSID_NVM,
		.cdw10 = fuzz_below(r, 8) * 256,
		.cdw13 = fuzz_below(r, 6) | (__u32)fuzz_one_in(r, 8) << 8,
	};
}

static void make_zone_recv(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 len = 4 << fuzz_below(r, 13);

	s->cmd = (struct nvme_uring_cmd) {
		.opcode = NVM_ZONE_RECV, .nsid = KCSD_NSID_NVM,
		.addr = (uintptr_t)data_of(r, s, len), .data_len = len,
		.cdw10 = fuzz_below(r, 8) * 256, .cdw12 = len / 4 - 1,
		.cdw13 = fuzz_below(r, 8) << 8 | (__u32)fuzz_one_in(r, 2) << 16,
	};
}

/* ---- SLM ---- */

static void make_slm_rw(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 len = 1 + fuzz_below(r, FUZZ_DATA_ROOM);

	s->cmd = slm_cmd(fuzz_one_in(r, 2) ? KCSD_SLM_READ : KCSD_SLM_WRITE,
			 edge(r, FUZZ_SLM - len), len, data_of(r, s, len));
}

static void make_slm_fill(struct fuzz_random *r, struct fuzz_shot *s)
{
	s->cmd = slm_cmd(KCSD_SLM_FILL, edge(r, FUZZ_SLM / 2), 1 + fuzz_below(r, FUZZ_SLM / 2),
			 NULL);
	s->cmd.cdw13 = fuzz_below(r, 256);
}

static void make_copy_slm(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nr = 1 + fuzz_below(r, 8), len = 0;
	struct kcsd_copy_slm *d = data_of(r, s, nr * sizeof(*d));

	for (__u32 i = 0; i < nr; i++) {
		__u32 n = 1 + fuzz_below(r, 20000);

		d[i] = slm_from_slm(edge(r, FUZZ_SLM / 4), n);
		len += n;
	}
	s->cmd = slm_copy_cmd(FUZZ_SLM / 2 + edge(r, FUZZ_SLM / 4), len, KCSD_COPY_SLM, nr, d,
			      nr * sizeof(*d));
}

static void make_copy_lba(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nr = 1 + fuzz_below(r, 8), len = 0;
	bool pi = fuzz_one_in(r, 2);
	__u32 size = pi ? sizeof(struct kcsd_copy_lba_pi) : sizeof(struct kcsd_copy_lba);
	__u8 *d = data_of(r, s, nr * size);

	memset(d, 0, nr * size);
	for (__u32 i = 0; i < nr; i++) {
		__u32 nlb = 1 + fuzz_below(r, MAX_LBAS);
		struct kcsd_copy_lba lba = slm_from_lbas(edge(r, LBAS), nlb);

		memcpy(d + i * size, &lba, sizeof(lba));
		len += nlb * LBA;
	}
	s->cmd = slm_copy_cmd(edge(r, FUZZ_SLM / 2), len, pi ? KCSD_COPY_LBA_PI : KCSD_COPY_LBA,
			      nr, d, nr * size);
}

/* ---- objects ---- */

/* A key of few different ones, so that they meet. */
static __u8 kv_key(struct fuzz_random *r, char key[16])
{
	memset(key, 0, 16);
	key[0] = 'a' + fuzz_below(r, 8);
	key[15] = fuzz_one_in(r, 4) ? 'z' : 0;
	return key[15] ? 16 : 1;
}

static void make_kv(struct fuzz_random *r, struct fuzz_shot *s)
{
	static const __u8 op[] = {
		KCSD_KV_STORE, KCSD_KV_STORE, KCSD_KV_STORE, KCSD_KV_RETRIEVE, KCSD_KV_RETRIEVE,
		KCSD_KV_LIST, KCSD_KV_DELETE, KCSD_KV_EXIST, KCSD_KV_FLUSH,
	};
	__u8 opcode = op[fuzz_below(r, sizeof(op))];
	__u32 len = fuzz_below(r, fuzz_one_in(r, 4) ? FUZZ_DATA_ROOM : 200);
	char key[16];
	__u8 key_len = kv_key(r, key);

	if (opcode == KCSD_KV_LIST && len < sizeof(struct kcsd_kv_list))
		len = sizeof(struct kcsd_kv_list);
	if (opcode != KCSD_KV_STORE && opcode != KCSD_KV_RETRIEVE && opcode != KCSD_KV_LIST)
		len = 0;
	if (opcode == KCSD_KV_FLUSH)
		memset(key, key_len = 0, sizeof(key));
	s->cmd = kv_cmd(opcode, key, key_len, len ? data_of(r, s, len) : NULL, len);
	if (opcode == KCSD_KV_STORE)
		s->cmd.cdw11 |= fuzz_below(r, 8) << 8;
	else if (opcode == KCSD_KV_RETRIEVE && fuzz_one_in(r, 4))
		s->cmd.cdw11 |= KCSD_KV_RAW;
}

/* ---- programs ---- */

/* Read LBA cparam1 to the heap, write it back, emit it, and log some of it. */
static const struct bpf_insn prog_moves[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, lba_size), I_HELPER(read),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, lba_size), I_HELPER(write),
	I_CTX(R1, R6, heap), I_CTX(R2, R6, lba_size), I_HELPER(emit),
	I_CTX(R1, R6, heap), I_MOV(R2, 40), I_HELPER(log),
	I_MOV(R0, 7), I_EXIT,
};

/* Add all bytes of the arguments, and store each sum in place of the byte. */
static const struct bpf_insn prog_sums[] = {
	I_CTX(R2, R1, args), I_CTX(R3, R1, args_len), I_MOV(R0, 0),
	I_JMP(BPF_JEQ, R3, 0, 6), I_LDX(BPF_B, R4, R2, 0), I_ALUR(BPF_ADD, R0, R4),
	I_STX(BPF_B, R2, 0, R0), I_ADD(R2, 1), I_ADD(R3, -1), I_JA(-7),
	I_EXIT,
};

static const struct {
	const struct bpf_insn *insns;
	__u32 cnt;
	__u32 heap_len;
} programs[] = {
	{ prog_seven, ARRAY_SIZE(prog_seven), 0 },
	{ prog_endless, ARRAY_SIZE(prog_endless), 0 },
	{ prog_moves, ARRAY_SIZE(prog_moves), LBA },
	{ prog_sums, ARRAY_SIZE(prog_sums), 0 },
};

/* Store the image of a program at *p. Returns its length. */
static __u32 program_bytes(struct fuzz_random *r, struct fuzz_shot *s, __u8 **p)
{
	int n = fuzz_below(r, ARRAY_SIZE(programs));
	struct kcsd_image hdr = {
		.version = KCSD_IMAGE_VERSION, .hdr_len = sizeof(hdr),
		.insn_cnt = programs[n].cnt, .heap_len = programs[n].heap_len,
		.bss_len = fuzz_below(r, 100), .name = "fuzz",
	};
	__u32 code_len = programs[n].cnt * sizeof(struct bpf_insn);

	memcpy(hdr.magic, KCSD_IMAGE_MAGIC, KCSD_IMAGE_MAGIC_LEN);
	*p = data_of(r, s, sizeof(hdr) + code_len);
	memcpy(*p, &hdr, sizeof(hdr));
	memcpy(*p + sizeof(hdr), programs[n].insns, code_len);
	return sizeof(hdr) + code_len;
}

static void make_load(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 len, off = 0, part;
	__u8 *p;

	len = part = program_bytes(r, s, &p);
	if (fuzz_one_in(r, 4)) {
		off = fuzz_one_in(r, 2) ? 0 : len / 2;
		part = off ? len - off : len / 2;
	}
	s->cmd = prog_load_cmd(fuzz_below(r, FUZZ_PROGRAMS), p + off, part, off, len);
}

static void make_unload(struct fuzz_random *r, struct fuzz_shot *s)
{
	s->cmd = prog_unload_cmd(fuzz_below(r, FUZZ_PROGRAMS));
}

static void make_activation(struct fuzz_random *r, struct fuzz_shot *s)
{
	s->cmd = prog_activation_cmd(fuzz_below(r, FUZZ_PROGRAMS), !fuzz_one_in(r, 4));
}

static __u32 put_ranges(struct fuzz_random *r, struct kcsd_memory_range *to, __u32 nr)
{
	for (__u32 i = 0; i < nr; i++)
		to[i] = range((i * 4 + fuzz_below(r, 3)) * KCSD_RANGE_GRANULARITY,
			      KCSD_RANGE_GRANULARITY * (1 + fuzz_below(r, 2)));
	return nr * sizeof(*to);
}

static void make_range_set(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nr = 1 + fuzz_below(r, 16);
	struct kcsd_memory_range *to = data_of(r, s, nr * sizeof(*to));

	put_ranges(r, to, nr);
	s->cmd = fuzz_one_in(r, 3) ? range_set_delete_cmd(1 + fuzz_below(r, 8)) :
				     range_set_create_cmd(to, nr);
}

/* Set all fields of a run except its grants or ranges. */
static void finish_run(struct fuzz_random *r, struct fuzz_shot *s, __u8 *data, __u32 len)
{
	__u32 out = sizeof(struct kcsd_run_record) + fuzz_below(r, 2 * LBA);
	__u64 budget = fuzz_one_in(r, 4) ? 1 + fuzz_below(r, 100000) : 0;

	s->cmd.nsid = KCSD_NSID_COMPUTE;
	s->cmd.cdw2 |= fuzz_below(r, FUZZ_PROGRAMS);
	s->cmd.addr = (uintptr_t)data;
	s->cmd.data_len = len;
	if (!fuzz_one_in(r, 4)) {
		s->cmd.metadata = (uintptr_t)fuzz_room_place(r, &s->meta, out);
		s->cmd.metadata_len = out;
	}
	s->cmd.cdw10 = fuzz_below(r, LBAS);
	s->cmd.cdw12 = fuzz_next(r);
	s->cmd.cdw14 = budget;
	s->cmd.timeout_ms = 1 + fuzz_below(r, FUZZ_MAX_MS);
}

/*
 * Sometimes set a length of the stream, at the start of the `args` bytes behind grants or ranges.
 */
static __u32 put_len(struct fuzz_random *r, __u8 *to, __u32 args)
{
	__le64 len = htole64(fuzz_below(r, 16384));

	if (!fuzz_one_in(r, 4))
		return 0;
	if (args >= sizeof(len) && !fuzz_one_in(r, 8))
		memcpy(to, &len, sizeof(len));
	return KCSD_EXEC_LEN;
}

static void make_exec_lba(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nr = fuzz_below(r, 5), args = fuzz_below(r, 200);
	__u32 len = nr * sizeof(struct kcsd_lba_grant) + args;
	__u8 *data = data_of(r, s, len);

	for (__u32 i = 0; i < nr; i++) {
		struct kcsd_lba_grant g = {
			.slba = edge(r, LBAS), .nlb = 1 + fuzz_below(r, LBAS / 2),
			.access = 1 + fuzz_below(r, 3),
		};

		memcpy(data + i * sizeof(g), &g, sizeof(g));
	}
	s->cmd.opcode = KCSD_CMD_EXECUTE_LBA;
	s->cmd.cdw3 = nr | (fuzz_one_in(r, 4) ? KCSD_EXEC_AUDIT : 0);
	s->cmd.cdw3 |= put_len(r, data + len - args, args);
	finish_run(r, s, data, len);
}

static void make_exec(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nr = fuzz_below(r, 5), args = fuzz_below(r, 200);
	__u32 len = nr * sizeof(struct kcsd_memory_range) + args;
	__u8 *data = data_of(r, s, len);

	s->cmd.opcode = KCSD_CMD_EXECUTE;
	if (fuzz_one_in(r, 2)) {
		put_ranges(r, (struct kcsd_memory_range *)data, nr);
		s->cmd.cdw3 = nr;
	} else {
		s->cmd.cdw2 = (1 + fuzz_below(r, 8)) << KCSD_EXEC_RSID_SHIFT;
		nr = 0;
	}
	s->cmd.cdw3 |= put_len(r, data + nr * sizeof(struct kcsd_memory_range), args);
	finish_run(r, s, data, len);
}

static void make_exec_sources(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 len = sizeof(struct kcsd_run_header) + fuzz_below(r, 200);
	__u8 *data = data_of(r, s, len);
	struct kcsd_run_header h = {
		.size = htole32(sizeof(h)), .flags = htole32(fuzz_one_in(r, 4)),
		.budget = htole64(fuzz_one_in(r, 4) ? 1 + fuzz_below(r, 100000) : 0),
		.timeout_ms = htole32(1 + fuzz_below(r, FUZZ_MAX_MS)),
	};

	memcpy(data, &h, sizeof(h));
	s->cmd.opcode = KCSD_CMD_EXECUTE_SOURCES;
	finish_run(r, s, data, len);
	s->cmd.cdw3 = fuzz_below(r, 4);
	s->cmd.cdw14 = 0;
	s->cmd.timeout_ms = 0;
	if (fuzz_one_in(r, 2))
		return;
	/* Output to receive; half of these runs may wait for that. */
	h.oid = htole16(1 + fuzz_below(r, 3));
	h.out_len = htole32(fuzz_one_in(r, 2) ? KCSD_MIN_WINDOW : 1 + fuzz_below(r, 10000));
	h.flags |= htole32(le32toh(h.out_len) == KCSD_MIN_WINDOW ? KCSD_RUN_HEADER_WAIT : 0);
	memcpy(data, &h, sizeof(h));
	s->cmd.metadata_len = 0;
}

static void make_receive(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 len = 1 + fuzz_below(r, 40000);

	s->cmd.opcode = KCSD_CMD_RUN_RECEIVE;
	s->cmd.cdw10 = (1 + fuzz_below(r, 3)) | (fuzz_one_in(r, 3) ? KCSD_RECEIVE_RECORD : 0);
	s->cmd.cdw11 = len;
	s->cmd.addr = (uintptr_t)data_of(r, s, len);
	s->cmd.data_len = len;
}

static struct kcsd_source any_source(struct fuzz_random *r)
{
	switch (fuzz_below(r, 3)) {
	case 0:
		return source_lbas(edge(r, LBAS), 1 + fuzz_below(r, 4 * LBA));
	case 1:
		return source_zeroes(1 + fuzz_below(r, 100000));
	default:
		return source_bytes(fuzz_below(r, 8), 1 + fuzz_below(r, 8));
	}
}

/* Lists of one or two sources and 16 bytes, in one to three commands. */
static void make_sources(struct fuzz_random *r, struct fuzz_shot *s)
{
	struct kcsd_source list[2] = { any_source(r), any_source(r) };
	__u32 all = 1 + fuzz_below(r, 2), first = fuzz_below(r, all);
	__u16 slid = 1 + fuzz_below(r, 3);
	__u8 *data = data_of(r, s, sizeof(list));

	memcpy(data, list, sizeof(list));
	switch (fuzz_below(r, 6)) {
	case 0:
		s->cmd = source_bytes_cmd(slid, data, 16, 0);
		break;
	case 1:
		s->cmd = source_sel_cmd(slid, KCSD_SOURCES_WATCH);
		break;
	case 2:
		s->cmd = source_sel_cmd(slid, KCSD_SOURCES_DELETE);
		break;
	default:
		s->cmd = source_add_cmd(slid, (struct kcsd_source *)data, all - first, first, all,
					fuzz_one_in(r, 2) ? 16 : 0);
	}
}

/* ---- admin ---- */

static void make_identify(struct fuzz_random *r, struct fuzz_shot *s)
{
	static const __u8 cns[] = { 0, 1, 2, 3, 5, 6, 7, 8, 0x0a, 0x10, 0x1c };

	s->cmd = cmd_identify(cns[fuzz_below(r, sizeof(cns))], fuzz_below(r, 5), fuzz_below(r, 6),
			      data_of(r, s, 4096));
}

static void make_log(struct fuzz_random *r, struct fuzz_shot *s)
{
	static const __u8 lid[] = { 0, 1, 2, 3, 5, 0x82, 0x83, 0x84, 0xc0 };
	__u32 len = 4 << fuzz_below(r, 14);

	s->cmd = cmd_log(lid[fuzz_below(r, sizeof(lid))], data_of(r, s, len), len,
			 fuzz_one_in(r, 4) ? 4 * fuzz_below(r, 5000) : 0);
	if (fuzz_one_in(r, 2))
		s->cmd.nsid = 0;
}

static void make_features(struct fuzz_random *r, struct fuzz_shot *s)
{
	static const __u8 fid[] = {
		0x06, 0x07, 0x02, KCSD_FEATURE_TIMEOUT, KCSD_FEATURE_BUDGET, KCSD_FEATURE_KV,
	};

	s->cmd = (struct nvme_uring_cmd) {
		.opcode = fuzz_one_in(r, 3) ? SET_FEATURES : GET_FEATURES,
		.cdw10 = fid[fuzz_below(r, sizeof(fid))],
	};
	if (s->cmd.cdw10 == KCSD_FEATURE_KV)
		s->cmd.nsid = KCSD_NSID_KV;
	if (s->cmd.opcode == SET_FEATURES && s->cmd.cdw10 == KCSD_FEATURE_KV)
		s->cmd.cdw11 = fuzz_below(r, 2);
	else if (s->cmd.opcode == SET_FEATURES)
		s->cmd.cdw11 = 1 + fuzz_below(r, 100000);
	else
		s->cmd.cdw10 |= fuzz_below(r, 4) << 8;
}

/* X(name, node, admin, how often) */
#define KINDS(X) \
	X(rw,		FUZZ_NVM, false, 6) \
	X(flush,	FUZZ_NVM, false, 1) \
	X(lbas,		FUZZ_NVM, false, 3) \
	X(dsm,		FUZZ_NVM, false, 1) \
	X(nvm_copy,	FUZZ_NVM, false, 2) \
	X(erase,	FUZZ_CTRL, true, 1) \
	X(append,	FUZZ_NVM, false, 1) \
	X(zone_send,	FUZZ_NVM, false, 1) \
	X(zone_recv,	FUZZ_NVM, false, 1) \
	X(slm_rw,	FUZZ_SLM_NODE, false, 3) \
	X(slm_fill,	FUZZ_SLM_NODE, false, 1) \
	X(copy_slm,	FUZZ_SLM_NODE, false, 3) \
	X(copy_lba,	FUZZ_SLM_NODE, false, 3) \
	X(kv,		FUZZ_KV, false, 8) \
	X(exec_lba,	FUZZ_COMPUTE, false, 8) \
	X(exec,		FUZZ_COMPUTE, false, 8) \
	X(exec_sources,	FUZZ_COMPUTE, false, 4) \
	X(receive,	FUZZ_COMPUTE, false, 4) \
	X(sources,	FUZZ_COMPUTE, false, 6) \
	X(load,		FUZZ_CTRL, true, 5) \
	X(unload,	FUZZ_CTRL, true, 1) \
	X(activation,	FUZZ_CTRL, true, 5) \
	X(range_set,	FUZZ_CTRL, true, 3) \
	X(identify,	FUZZ_CTRL, true, 2) \
	X(log,		FUZZ_CTRL, true, 3) \
	X(features,	FUZZ_CTRL, true, 1)

static const struct kind {
	const char *name;
	enum fuzz_node node;
	bool admin;
	__u32 weight;
	void (*make)(struct fuzz_random *r, struct fuzz_shot *s);
} kinds[] = {
#define KIND(name, node, admin, weight) { #name, node, admin, weight, make_##name },
	KINDS(KIND)
#undef KIND
};

int fuzz_kinds(void)
{
	return ARRAY_SIZE(kinds);
}

const char *fuzz_kind_name(int kind)
{
	return kinds[kind].name;
}

int fuzz_kind_of(const struct fuzz_shot *s)
{
	for (int i = 0; i < fuzz_kinds(); i++)
		if (s->what == kinds[i].name)
			return i;
	return 0;
}

static const struct kind *pick_kind(struct fuzz_random *r)
{
	__u32 sum = 0, at;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		sum += kinds[i].weight;
	at = fuzz_below(r, sum);
	for (size_t i = 0;; i++) {
		if (at < kinds[i].weight)
			return &kinds[i];
		at -= kinds[i].weight;
	}
}

/* ---- changes ---- */

/* Returns one of these addresses only: any other could be memory that the fuzzer itself uses. */
static __u64 bad_address(struct fuzz_random *r, const struct fuzz_room *room)
{
	const __u64 base = (uintptr_t)room->base;
	const __u64 from[] = {
		0, 1, base - 1, base - 4096, base + 1, base + 3, base + room->len,
		base + room->len - 1, base + room->len - 511, 0xffff888000000000ULL,
		0x0000800000000000ULL, ~0ULL, ~0ULL - 4095,
	};

	return from[fuzz_below(r, ARRAY_SIZE(from))];
}

static __u64 changed_number(struct fuzz_random *r, __u64 v, unsigned int bits)
{
	switch (fuzz_below(r, 8)) {
	case 0: return v + 1;
	case 1: return v - 1;
	case 2: return v ^ 1ULL << fuzz_below(r, bits);
	case 3: return 0;
	case 4: return ~0ULL;
	case 5: return 1ULL << fuzz_below(r, bits);
	case 6: return v + fuzz_below(r, 5000);
	default: return fuzz_next(r);
	}
}

static void change_field(struct fuzz_random *r, struct fuzz_shot *s)
{
	static const struct { __u8 off, len; } f[] = {
#define F(field) \
	{ offsetof(struct nvme_uring_cmd, field), sizeof(((struct nvme_uring_cmd *)0)->field) }
		F(opcode), F(flags), F(rsvd1), F(nsid), F(cdw2), F(cdw3), F(metadata_len),
		F(data_len), F(cdw10), F(cdw11), F(cdw12), F(cdw13), F(cdw14), F(cdw15),
		F(timeout_ms), F(rsvd2), F(cdw10), F(cdw11), F(cdw12), F(cdw2), F(cdw3),
		F(data_len),
#undef F
	};
	__u32 i = fuzz_below(r, ARRAY_SIZE(f) + 2);
	__u64 v = 0;

	if (i == ARRAY_SIZE(f)) {
		s->cmd.addr = bad_address(r, &s->data);
	} else if (i == ARRAY_SIZE(f) + 1) {
		s->cmd.metadata = bad_address(r, &s->meta);
	} else {
		memcpy(&v, (__u8 *)&s->cmd + f[i].off, f[i].len);
		v = changed_number(r, v, f[i].len * 8);
		memcpy((__u8 *)&s->cmd + f[i].off, &v, f[i].len);
	}
}

/* Change the data that the drive reads: descriptors, programs. */
static void change_data(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u8 *p = (__u8 *)(uintptr_t)s->cmd.addr;
	__u32 len = s->cmd.data_len;

	if (p < s->data.base || p >= s->data.base + s->data.len || !len)
		return;
	if (len > s->data.base + s->data.len - p)
		len = s->data.base + s->data.len - p;
	for (__u32 n = 1 + fuzz_below(r, 3); n; n--)
		p[fuzz_below(r, len)] = changed_number(r, p[fuzz_below(r, len)], 8);
}

/* Split the data into iovecs. Use it for commands only whose data the driver does not parse. */
static void make_vec(struct fuzz_random *r, struct fuzz_shot *s)
{
	__u32 nr = 1 + fuzz_below(r, 12), rest = s->cmd.data_len, part;
	/* The argument of an ioctl is at the end of the same room. */
	struct iovec *iov = (struct iovec *)s->arg.base;
	__u8 *p = (__u8 *)(uintptr_t)s->cmd.addr;

	for (__u32 i = 0; i < nr; i++) {
		part = i == nr - 1 ? rest : fuzz_below(r, rest + 1);
		if (fuzz_one_in(r, 2))
			part = part & ~511u;
		if (part > rest)
			part = rest;
		iov[i] = (struct iovec){ p, part };
		if (fuzz_one_in(r, 40))
			iov[i].iov_base = (void *)(uintptr_t)bad_address(r, &s->data);
		if (fuzz_one_in(r, 60))
			iov[i].iov_len = changed_number(r, part, 64) & 0xffff;
		p += part;
		rest -= part;
	}
	s->cmd.addr = (uintptr_t)iov;
	s->cmd.data_len = fuzz_one_in(r, 30) ? changed_number(r, nr, 32) : nr;
	s->vec = true;
}

/* Limit the time of a run, except for endless ones, which the sender cancels. */
static void bound_time(struct fuzz_random *r, struct fuzz_shot *s)
{
	s->endless = s->node == FUZZ_COMPUTE && !s->admin && fuzz_one_in(r, 64);
	if (s->endless)
		s->cmd.timeout_ms = 100000;
	else if (!s->cmd.timeout_ms || s->cmd.timeout_ms > FUZZ_MAX_MS)
		s->cmd.timeout_ms = 1 + fuzz_below(r, FUZZ_MAX_MS);
}

void fuzz_make(struct fuzz_random *r, struct fuzz_shot *s)
{
	const struct kind *kind = pick_kind(r);
	__u32 changes = fuzz_one_in(r, 3) ? 0 : 1 + fuzz_below(r, 3);

	memset(&s->cmd, 0, sizeof(s->cmd));
	s->vec = false;
	s->what = kind->name;
	s->node = fuzz_one_in(r, 40) ? fuzz_below(r, FUZZ_NODES) : kind->node;
	s->admin = fuzz_one_in(r, 40) ? !kind->admin : kind->admin;
	kind->make(r, s);
	if (changes && fuzz_one_in(r, 4))
		change_data(r, s);
	if (fuzz_one_in(r, 8) && s->cmd.data_len && s->cmd.addr)
		make_vec(r, s);
	while (changes--)
		change_field(r, s);
	bound_time(r, s);
	fuzz_shot_fence(s);
}
