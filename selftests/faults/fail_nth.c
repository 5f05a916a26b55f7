// SPDX-License-Identifier: GPL-2.0
/*
 * Test drives while each of their allocations fails: creating, configuring, power on and off,
 * commands.
 */
#include "harness.h"
#include "admin.h"
#include "alloc_failure.h"
#include "kv.h"
#include "nvm.h"
#include "range_set.h"
#include "run.h"
#include "slm.h"
#include "zns.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LBA	4096
#define BUF_LEN	(32 * LBA)

/* Configure a drive with few allocations, as each of them is made to fail. */
#define DRIVE_TINY \
	{ "size", "4M" }, { "queues", "1" }, { "queue_depth", "2" }, { "cus", "1" }, \
	{ "arena_size", "128K" }, { "slm_size", "16K" }, { "max_programs", "4" }, \
	{ "kv_size", "4M" }, { "kv_max_value", "256K" }

enum { WORK, OTHER, KEPT };

#define RANGES	1	/* number of the range set, if there is one */

struct bed {
	struct drive d;
	char file[64];		/* backing file; "": in memory */
	struct io_uring ring;
	bool ring_stale;	/* a command is left in the ring */
	__u8 *buf;
};

/* ---- drives without power ---- */

static int act_mkdir(struct bed *b)
{
	return drive_mkdir(b->d.name);
}

static int act_rmdir(struct bed *b)
{
	return drive_rmdir(b->d.name);
}

static int set_backing_file(struct bed *b)
{
	return drive_set(b->d.name, "backing_file", b->file);
}

static int set_cu_cpus(struct bed *b)
{
	return drive_set(b->d.name, "cu_cpus", "0");
}

static int power_on(struct bed *b)
{
	return drive_power(&b->d, true);
}

static int power_off(struct bed *b)
{
	return drive_power(&b->d, false);
}

static const struct operation on_nothing = { "mkdir", NULL, act_mkdir, act_rmdir };

static const struct operation on_off_drive[] = {
	{ "set backing_file",	NULL,		set_backing_file,	NULL },
	{ "set cu_cpus",	NULL,		set_cu_cpus,		NULL },
	{ "power on",		NULL,		power_on,		power_off },
	{ "power off",		power_on,	power_off,		NULL },
};

/* ---- admin commands ---- */

static int admin(struct bed *b, struct nvme_uring_cmd c)
{
	return cmd_admin_way(CMD_IOCTL64, b->d.ctrl, &c, NULL);
}

static const struct bpf_insn prog_work[] = {
	I_MOVR(R6, R1),
	I_CTX(R1, R6, cparam1), I_CTX(R2, R6, heap), I_CTX(R3, R6, lba_size), I_HELPER(read),
	I_CTX(R1, R6, heap), I_MOV(R2, 100), I_HELPER(emit),
	I_MOV(R0, 7), I_EXIT,
};

static int load(struct bed *b, __u16 pind, bool persistent)
{
	static const struct image work = {
		.insns = prog_work, .insn_cnt = ARRAY_SIZE(prog_work), .heap_len = LBA,
		.name = "work",
	};
	__u32 len;
	void *image = image_build(&work, &len);
	struct nvme_uring_cmd c = prog_load_cmd(pind, image, len, 0, len);

	if (persistent)
		c.cdw10 |= KCSD_LOAD_PERSISTENT;
	return admin(b, c);
}

static int act_load(struct bed *b)
{
	return load(b, OTHER, false);
}

/* Load a program to be retained. Without a backing file this is not possible. */
static int act_load_kept(struct bed *b)
{
	return load(b, OTHER, b->file[0]);
}

static int unload(struct bed *b)
{
	return admin(b, prog_unload_cmd(OTHER));
}

static int activate(struct bed *b)
{
	return admin(b, prog_activation_cmd(OTHER, KCSD_ACTIVATION_ACTIVATE));
}

static int deactivate(struct bed *b)
{
	int ret = admin(b, prog_activation_cmd(OTHER, KCSD_ACTIVATION_DEACTIVATE));

	return ret ? ret : unload(b);
}

static int act_range_set(struct bed *b)
{
	struct kcsd_memory_range r = range(0, LBA);

	return admin(b, range_set_create_cmd(&r, 1));
}

static int after_range_set(struct bed *b)
{
	return admin(b, range_set_delete_cmd(RANGES));
}

static int act_identify(struct bed *b)
{
	return admin(b, cmd_identify(1, 0, 0, b->buf));
}

static int act_logs(struct bed *b)
{
	static const __u8 lids[] = {
		LOG_SUPPORTED, LOG_HEALTH, LOG_FIRMWARE, LOG_EFFECTS, LOG_FEATURES, LOG_MI,
		KCSD_LOG_PROGRAM_LIST, KCSD_LOG_PROGRAM_TYPES, KCSD_LOG_RANGE_SET_LIST,
		KCSD_LOG_PROGRAM_OUTPUT,
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(lids); i++) {
		struct nvme_uring_cmd c = cmd_log(lids[i], b->buf, 16, 0);

		c.nsid = 0;
		ret = admin(b, c);
	}
	return ret;
}

/* ---- programs ---- */

static int io(struct bed *b, int fd, struct nvme_uring_cmd c)
{
	(void)b;
	return cmd_io_way(CMD_IOCTL64, fd, &c, NULL);
}

/*
 * Send a command through the ring of the bed. Replace a ring from which the kernel could not take
 * the command.
 */
static int io_ring(struct bed *b, int fd, struct nvme_uring_cmd c)
{
	__u64 tag;
	int ret, res;

	if (b->ring_stale) {
		io_uring_queue_exit(&b->ring);
		ret = ring_open(&b->ring, 8, true);
		if (ret)
			return ret;
		b->ring_stale = false;
	}
	ret = ring_put(&b->ring, fd, NVME_URING_CMD_IO, &c, 1);
	if (ret)
		return ret;
	ret = io_uring_submit(&b->ring);
	if (ret != 1) {
		b->ring_stale = true;
		return ret < 0 ? ret : -EIO;
	}
	ret = ring_get(&b->ring, CMD_TIMEOUT_S * 1000, &tag, &res, NULL);
	return ret ? ret : cmd_status(res);
}

/* Build an Execute command with grants, output and an audit. */
static struct nvme_uring_cmd execute_cmd(struct bed *b, struct run *r)
{
	struct nvme_uring_cmd c;

	run_grant(r, 0, 8, KCSD_GRANT_READ | KCSD_GRANT_WRITE);
	c = run_cmd(r);
	c.cdw3 |= KCSD_EXEC_AUDIT;
	c.metadata = (uintptr_t)b->buf;
	c.metadata_len = BUF_LEN;
	return c;
}

static int act_execute(struct bed *b)
{
	struct run r = { .pind = WORK };

	return io(b, b->d.compute, execute_cmd(b, &r));
}

/* Execute with arguments, in memory that an earlier command has selected. */
static int act_execute_ranges(struct bed *b)
{
	struct run r = { .pind = WORK, .rsid = RANGES };

	run_grant(&r, 0, 1, KCSD_GRANT_READ);
	run_args(&r, "args", 4);
	return io(b, b->d.compute, run_cmd(&r));
}

static int act_execute_ring(struct bed *b)
{
	struct run r = { .pind = WORK };

	return io_ring(b, b->d.compute, execute_cmd(b, &r));
}

/* Open the node. A file of a compute node is also a tenant. */
static int act_open(struct bed *b)
{
	char path[64];
	int fd;

	drive_generic_node(path, sizeof(path), b->d.index, KCSD_NSID_COMPUTE);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return close(fd) ? -errno : 0;
}

/* ---- data ---- */

static int act_read(struct bed *b)
{
	return io(b, b->d.nvm, cmd_rw(NVM_READ, 4, 16, b->buf, 16 * LBA));
}

static int act_write(struct bed *b)
{
	return io(b, b->d.nvm, cmd_rw(NVM_WRITE, 4, 16, b->buf, 16 * LBA));
}

static int act_flush(struct bed *b)
{
	return io(b, b->d.nvm, cmd_flush());
}

/* Read to an address that is not aligned to LBAs, which needs more pages. */
static int act_read_ring(struct bed *b)
{
	return io_ring(b, b->d.nvm, cmd_rw(NVM_READ, 4, 16, b->buf + 4, 16 * LBA));
}

static int act_write_ring(struct bed *b)
{
	return io_ring(b, b->d.nvm, cmd_rw(NVM_WRITE, 4, 16, b->buf + 4, 16 * LBA));
}

/* Write in pieces that are not whole LBAs, which needs a bounce buffer. */
static int act_write_pieces(struct bed *b)
{
	struct iovec iov[20];
	struct nvme_passthru_cmd64 p = {};
	struct nvme_uring_cmd c = cmd_rw(NVM_WRITE, 4, 16, iov, ARRAY_SIZE(iov));
	int ret;

	for (size_t i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ b->buf + 3000 * i, 3000 };
	iov[ARRAY_SIZE(iov) - 1].iov_len = 16 * LBA - 3000 * (ARRAY_SIZE(iov) - 1);
	memcpy(&p, &c, sizeof(c));
	ret = ioctl(b->d.nvm, NVME_IOCTL_IO64_CMD_VEC, &p);
	return ret < 0 ? -errno : cmd_status(ret);
}

static int act_block(struct bed *b)
{
	int fd = drive_open_block(&b->d, O_RDWR | O_DIRECT);
	int ret = fd < 0 ? fd : 0;

	if (!ret && pwrite(fd, b->buf, 8 * LBA, 0) != 8 * LBA)
		ret = -errno;
	if (!ret && pread(fd, b->buf, 8 * LBA, 0) != 8 * LBA)
		ret = -errno;
	fd_close(&fd);
	return ret;
}

static int act_slm_write(struct bed *b)
{
	return io(b, b->d.slm, slm_cmd(KCSD_SLM_WRITE, 0, 4 * LBA, b->buf));
}

static int act_slm_fill(struct bed *b)
{
	return io(b, b->d.slm, slm_cmd(KCSD_SLM_FILL, 0, 4 * LBA, NULL));
}

static int act_slm_copy(struct bed *b)
{
	struct kcsd_copy_lba d = slm_from_lbas(0, 2);

	return io(b, b->d.slm, slm_copy_cmd(0, 2 * LBA, KCSD_COPY_LBA, 1, &d, sizeof(d)));
}

static int act_kv_store(struct bed *b)
{
	return io(b, b->d.kv, kv_cmd(KCSD_KV_STORE, KV_STR("key"), b->buf, BUF_LEN));
}

static int act_kv_store_ring(struct bed *b)
{
	return io_ring(b, b->d.kv, kv_cmd(KCSD_KV_STORE, KV_STR("key"), b->buf, 100));
}

static int act_kv_retrieve(struct bed *b)
{
	return io(b, b->d.kv, kv_cmd(KCSD_KV_RETRIEVE, KV_STR("key"), b->buf, BUF_LEN));
}

static int act_kv_list(struct bed *b)
{
	return io(b, b->d.kv, kv_cmd(KCSD_KV_LIST, KV_STR(""), b->buf, BUF_LEN));
}

static int act_kv_delete(struct bed *b)
{
	return io(b, b->d.kv, kv_cmd(KCSD_KV_DELETE, KV_STR("key"), NULL, 0));
}

/* Unpack a frame of zstd; often enough for quick runs, whose allocations can fail. */
static const struct bpf_insn prog_unpack[] = {
	I_MOVR(R6, R1), I_MOV(R1, KCSD_CODEC_ZSTD), I_CTX(R2, R6, args), I_CTX(R3, R6, args_len),
	I_MOVR(R4, R10), I_ADD(R4, -8), I_MOV(R5, 8), I_HELPER(decompress), I_EXIT,
};

static int act_unpack(struct bed *b)
{
	static const __u8 frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 9, 0, 0, 'x' };
	struct run r = { .pind = OTHER };

	run_args(&r, frame, sizeof(frame));
	return io(b, b->d.compute, run_cmd(&r));
}

static int before_unpack(struct bed *b)
{
	int ret = prog_install(b->d.ctrl, OTHER, prog_unpack);

	for (int i = 0; i < 8 && !ret; i++)
		ret = act_unpack(b);
	return ret;
}

static const struct operation on_drive[] = {
	{ "open",			NULL,		act_open,		NULL },
	{ "load",			NULL,		act_load,		unload },
	{ "load, to be kept",		NULL,		act_load_kept,		unload },
	{ "activate",			act_load,	activate,		deactivate },
	{ "execute",			NULL,		act_execute,		NULL },
	{ "execute on a range set",	act_range_set,	act_execute_ranges,	after_range_set },
	{ "execute by io_uring",	NULL,		act_execute_ring,	NULL },
	{ "decompress",			before_unpack,	act_unpack,		deactivate },
	{ "read",			NULL,		act_read,		NULL },
	{ "read by io_uring",		NULL,		act_read_ring,		NULL },
	{ "write",			NULL,		act_write,		NULL },
	{ "write by io_uring",		NULL,		act_write_ring,		NULL },
	{ "write in pieces",		NULL,		act_write_pieces,	NULL },
	{ "flush",			act_write,	act_flush,		NULL },
	{ "block device",		NULL,		act_block,		NULL },
	{ "SLM write",			NULL,		act_slm_write,		NULL },
	{ "SLM fill",			NULL,		act_slm_fill,		NULL },
	{ "SLM copy",			NULL,		act_slm_copy,		NULL },
	{ "store",			NULL,		act_kv_store,		act_kv_delete },
	{ "store by io_uring",		NULL,		act_kv_store_ring,	act_kv_delete },
	{ "retrieve",			act_kv_store,	act_kv_retrieve,	act_kv_delete },
	{ "list",			act_kv_store,	act_kv_list,		act_kv_delete },
	{ "delete",			act_kv_store,	act_kv_delete,		NULL },
	{ "range set",			NULL,		act_range_set,		after_range_set },
	{ "identify",			NULL,		act_identify,		NULL },
	{ "log pages",			NULL,		act_logs,		NULL },
};

/* ---- zones ---- */

static int act_append(struct bed *b)
{
	return io(b, b->d.nvm, zns_append_cmd(zns_start(1), 4, b->buf));
}

static int act_append_ring(struct bed *b)
{
	return io_ring(b, b->d.nvm, zns_append_cmd(zns_start(1), 4, b->buf));
}

static int act_reset(struct bed *b)
{
	return io(b, b->d.nvm, zns_send_cmd(ZNS_RESET, zns_start(1)));
}

static int act_finish(struct bed *b)
{
	return io(b, b->d.nvm, zns_send_cmd(ZNS_FINISH, zns_start(1)));
}

static int act_report(struct bed *b)
{
	return io(b, b->d.nvm, zns_receive_cmd(0, 0, b->buf, 2 * LBA));
}

static const struct operation on_zones[] = {
	{ "append",		NULL,		act_append,		act_reset },
	{ "append by io_uring",	NULL,		act_append_ring,	act_reset },
	{ "flush",		act_append,	act_flush,		act_reset },
	{ "finish",		act_append,	act_finish,		act_reset },
	{ "reset",		act_append,	act_reset,		NULL },
	{ "zone report",	NULL,		act_report,		NULL },
};

/* ---- the tests ---- */

FIXTURE(fail_nth) {
	struct bed b;
};

FIXTURE_VARIANT(fail_nth) {
	bool file;
	const struct operation *on;
	size_t nr_on;
	struct drive_attr attrs[24];
};

#define BACKEND(backend_name, is_on_file, operations, ...) \
	FIXTURE_VARIANT_ADD(fail_nth, backend_name) { \
		.file = is_on_file, .on = operations, .nr_on = ARRAY_SIZE(operations), \
		.attrs = { __VA_ARGS__, DRIVE_TINY, { "quick_us", "10000" }, {} }, \
	}

BACKEND(memory, false, on_drive, DRIVE_SMALL);
BACKEND(file, true, on_drive, DRIVE_SMALL);
BACKEND(cache, true, on_drive, DRIVE_SMALL, { "cache_size", "262144" });
BACKEND(zones, true, on_zones, ZNS_DRIVE);

FIXTURE_SETUP(fail_nth)
{
	struct bed *b = &self->b;

	b->d = (struct drive)DRIVE_INIT;
	b->buf = mmap(NULL, BUF_LEN, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, b->buf);
	ASSERT_EQ(0, ring_open(&b->ring, 8, true));
	ASSERT_EQ(0, drive_prepare(&b->d, "nth", variant->attrs));
	if (!variant->file)
		return;
	strcpy(b->file, "/tmp/kst-nth-XXXXXX");
	ASSERT_EQ(0, file_make(b->file, 4 * KST_MIB));
	ASSERT_EQ(0, set_backing_file(b));
}

FIXTURE_TEARDOWN(fail_nth)
{
	struct bed *b = &self->b;
	char side[80];

	EXPECT_EQ(0, drive_remove(&b->d));
	if (!b->file[0])
		return;
	snprintf(side, sizeof(side), "%s.kcsd", b->file);
	unlink(side);
	unlink(b->file);
}

/* Returns the memory of the drive without segments of objects, which stay for the next ones. */
static __u64 memory_of(const struct bed *b)
{
	return drive_number(&b->d, "stats/memory_bytes") - drive_number(&b->d, "kv/medium_bytes");
}

/* Power the drive on, open its nodes, activate WORK. */
static int bring_up(struct bed *b)
{
	int ret = power_on(b);

	if (ret)
		return ret;
	b->d.index = drive_get_number(b->d.name, "index");
	ret = drive_open(&b->d, O_RDWR);
	if (!ret)
		ret = load(b, WORK, false);
	return ret ? ret : admin(b, prog_activation_cmd(WORK, KCSD_ACTIVATION_ACTIVATE));
}

/*
 * Create a drive on a file, with a zone that is partly written, and an active program that is
 * retained.
 */
static int leave_something(struct bed *b, bool zoned)
{
	int ret = bring_up(b);

	if (!ret && b->file[0])
		ret = load(b, KEPT, true);
	if (!ret)
		ret = admin(b, prog_activation_cmd(KEPT, KCSD_ACTIVATION_ACTIVATE));
	if (!ret && zoned)
		ret = act_append(b);
	drive_close(&b->d);
	return ret ? ret : power_off(b);
}

TEST_F_TIMEOUT(fail_nth, powered_off, FAIL_TIMEOUT)
{
	struct bed *b = &self->b;

	if (variant->file)
		ASSERT_EQ(0, leave_something(b, variant->on == on_zones));
	for (size_t i = 0; i < ARRAY_SIZE(on_off_drive); i++)
		EXPECT_EQ(0, fail_all(&on_off_drive[i], b));
}

TEST_F_TIMEOUT(fail_nth, powered_on, FAIL_TIMEOUT)
{
	struct bed *b = &self->b;
	__u64 memory;

	ASSERT_EQ(0, bring_up(b));
	ASSERT_EQ(0, act_execute(b));
	memory = memory_of(b);
	for (size_t i = 0; i < variant->nr_on; i++)
		EXPECT_EQ(0, fail_all(&variant->on[i], b));
	/* All memory was freed. */
	EXPECT_EQ(memory, memory_of(b));
	EXPECT_EQ(0, prog_deactivate(b->d.ctrl, WORK));
	EXPECT_EQ(0, prog_unload(b->d.ctrl, WORK));
	drive_close(&b->d);
	EXPECT_EQ(0, power_off(b));
}

TEST_F_TIMEOUT(fail_nth, mkdir, FAIL_TIMEOUT)
{
	struct bed other = { .d = { .name = KST_PREFIX "nth-other" } };

	if (variant->file)
		SKIP(return, "the same for each backend");
	EXPECT_EQ(0, fail_all(&on_nothing, &other));
}

FAIL_TEST_MAIN
