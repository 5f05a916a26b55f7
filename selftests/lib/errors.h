/* SPDX-License-Identifier: GPL-2.0 */
/* A drive whose errors are injected; I/O of one LBA by each way that the drive offers. */
#ifndef KST_ERRORS_H
#define KST_ERRORS_H

#include "drive.h"
#include "run.h"

#include <endian.h>

#define LBA		4096
#define SHORT_MS	150	/* an injected delay */
#define SHORT		"150"
#define PROMPT_MS	5000	/* limit for a wait that was cancelled, on a busy machine */

enum { READ, WRITE, SEVEN };	/* indexes of programs */

/* Programs: read or write LBA cparam1 through the heap; they return the result of the helper. */
static const struct bpf_insn prog_read[] = {
	I_CTX(R2, R1, heap), I_CTX(R3, R1, lba_size), I_CTX(R1, R1, cparam1), I_HELPER(read),
	I_EXIT,
};
static const struct bpf_insn prog_write[] = {
	I_CTX(R2, R1, heap), I_CTX(R3, R1, lba_size), I_CTX(R1, R1, cparam1), I_HELPER(write),
	I_EXIT,
};

struct errors {
	struct drive d;
	char file[32];		/* the backing file; "": memory */
	__u8 *buf;		/* a MiB */
	int block;
};

static inline int errors_install(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 nr)
{
	struct image im = { .insns = insns, .insn_cnt = nr, .heap_len = LBA };

	return prog_install_image(ctrl, pind, &im);
}

/* Open the block node and install the programs: power off discards them. */
static inline int errors_open(struct errors *e)
{
	int ret;

	e->block = drive_open_block(&e->d, O_RDWR | O_DIRECT);
	if (e->block < 0)
		return e->block;
	ret = errors_install(e->d.ctrl, READ, prog_read, ARRAY_SIZE(prog_read));
	if (!ret)
		ret = errors_install(e->d.ctrl, WRITE, prog_write, ARRAY_SIZE(prog_write));
	return ret ? ret : prog_install(e->d.ctrl, SEVEN, prog_seven);
}

static inline int errors_make_file(struct errors *e)
{
	int fd, ret;

	strcpy(e->file, "/tmp/kst-errors-XXXXXX");
	fd = mkstemp(e->file);
	if (fd < 0)
		return -errno;
	ret = ftruncate(fd, 16 * KST_MIB);
	close(fd);
	return ret;
}

static inline int errors_up(struct errors *e, bool file)
{
	const struct drive_attr attrs[] = {
		DRIVE_SMALL, { "slm_size", "1048576" }, { "backing_file", e->file },
		{ "timeout_ms", "60000" }, {}
	};
	int ret = 0;

	*e = (struct errors){ .d = DRIVE_INIT, .block = -1 };
	e->buf = aligned_alloc(LBA, KST_MIB);
	if (!e->buf)
		return -ENOMEM;
	memset(e->buf, 0, KST_MIB);
	if (file)
		ret = errors_make_file(e);
	if (!ret)
		ret = drive_create(&e->d, "errors", attrs);
	return ret ? ret : errors_open(e);
}

/* Remove the drive. Succeeds also if its directory has been removed. */
static inline int errors_down(struct errors *e)
{
	int ret;

	fd_close(&e->block);
	ret = drive_remove(&e->d);
	if (e->file[0]) {
		unlink(e->file);
		strcat(e->file, ".kcsd");
		unlink(e->file);
	}
	free(e->buf);
	return ret == -ENOENT ? 0 : ret;
}

static inline int errors_power(struct errors *e, bool on)
{
	int ret;

	if (!on) {
		fd_close(&e->block);
		drive_close(&e->d);
		return drive_power(&e->d, false);
	}
	ret = drive_power(&e->d, true);
	if (!ret)
		ret = drive_open(&e->d, O_RDWR);
	return ret ? ret : errors_open(e);
}

static inline int set_rule(const struct drive *d, const char *rule)
{
	return drive_set(d->name, "inject", rule);
}

static inline int nvm_io(const struct drive *d, __u8 opcode, __u64 slba, __u32 nlb, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(opcode, slba, nlb, buf, nlb * LBA);

	return cmd_io(d->nvm, &c);
}

static inline int nvm_flush(const struct drive *d)
{
	struct nvme_uring_cmd c = cmd_flush();

	return cmd_io(d->nvm, &c);
}

/* Returns 0 or -errno. */
static inline int block_io(int fd, __u8 opcode, __u64 slba, __u32 nlb, void *buf)
{
	ssize_t n = opcode == NVM_WRITE ? pwrite(fd, buf, nlb * LBA, slba * LBA) :
					  pread(fd, buf, nlb * LBA, slba * LBA);

	return n < 0 ? -errno : n == nlb * LBA ? 0 : -EIO;
}

/* Returns the result of the helper, or the status of the command. */
static inline __s64 run_io(const struct drive *d, __u16 pind, __u64 lba)
{
	struct run r = { .pind = pind, .cparam1 = lba };
	int ret;

	run_grant(&r, 0, 4096, pind == WRITE ? KCSD_GRANT_WRITE : KCSD_GRANT_READ);
	ret = run_exec(d->compute, &r);
	return ret ? ret : (__s64)r.result;
}

static inline __u64 stat_of(const struct drive *d, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/stats/%s", d->index, name);
	return file_number(path);
}

static inline __u64 ms_since(__u64 start_ns)
{
	return (time_ns() - start_ns) / 1000000;
}

#endif
