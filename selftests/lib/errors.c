// SPDX-License-Identifier: GPL-2.0
#include "errors.h"

#include <stdlib.h>

#include "nvm.h"

/* Programs: read or write LBA cparam1 through the heap; they return the result of the helper. */
static const struct bpf_insn prog_read[] = {
	I_CTX(R2, R1, heap), I_CTX(R3, R1, lba_size), I_CTX(R1, R1, cparam1), I_HELPER(read),
	I_EXIT,
};
static const struct bpf_insn prog_write[] = {
	I_CTX(R2, R1, heap), I_CTX(R3, R1, lba_size), I_CTX(R1, R1, cparam1), I_HELPER(write),
	I_EXIT,
};

static int errors_install(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 nr)
{
	struct image im = { .insns = insns, .insn_cnt = nr, .heap_len = LBA };

	return prog_install_image(ctrl, pind, &im);
}

/* Open the block node and install the programs: power off discards them. */
static int errors_open(struct errors *e)
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

int errors_up(struct errors *e, bool file)
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
	if (file) {
		strcpy(e->file, "/tmp/kst-errors-XXXXXX");
		ret = file_make(e->file, 16 * KST_MIB);
	}
	if (!ret)
		ret = drive_create(&e->d, "errors", attrs);
	return ret ? ret : errors_open(e);
}

int errors_down(struct errors *e)
{
	int ret;

	fd_close(&e->block);
	ret = drive_remove(&e->d);
	if (e->file[0])
		file_remove(e->file);
	free(e->buf);
	return ret == -ENOENT ? 0 : ret;
}

int errors_power(struct errors *e, bool on)
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

int set_rule(const struct drive *d, const char *rule)
{
	return drive_set(d->name, "inject", rule);
}

int nvm_io(const struct drive *d, __u8 opcode, __u64 slba, __u32 nlb, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(opcode, slba, nlb, buf, nlb * LBA);

	return cmd_io(d->nvm, &c);
}

int block_io(int fd, __u8 opcode, __u64 slba, __u32 nlb, void *buf)
{
	ssize_t n = opcode == NVM_WRITE ? pwrite(fd, buf, nlb * LBA, slba * LBA) :
					  pread(fd, buf, nlb * LBA, slba * LBA);

	return n < 0 ? -errno : n == nlb * LBA ? 0 : -EIO;
}

__s64 run_io(const struct drive *d, __u16 pind, __u64 lba)
{
	struct run r = { .pind = pind, .cparam1 = lba };
	int ret;

	run_grant(&r, 0, 4096, pind == WRITE ? KCSD_GRANT_WRITE : KCSD_GRANT_READ);
	ret = run_exec(d->compute, &r);
	return ret ? ret : (__s64)r.result;
}
