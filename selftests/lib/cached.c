// SPDX-License-Identifier: GPL-2.0
#include "cached.h"

#include <stdlib.h>

#include "nvm.h"

static int cached_open(struct cached *c)
{
	int ret = drive_power(&c->d, true);

	if (!ret)
		ret = drive_open(&c->d, O_RDWR);
	if (ret)
		return ret;
	c->block = drive_open_block(&c->d, O_RDWR | O_DIRECT);
	return c->block < 0 ? c->block : 0;
}

static int cached_make_image(struct cached *c, char path[64])
{
	small_fs_path(&c->fs, "image", path);
	c->image = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (c->image < 0 || ftruncate(c->image, NSZE * LBA))
		return -errno;
	return 0;
}

int cached_up(struct cached *c)
{
	static const struct drive_attr attrs[] = { DRIVE_SMALL, { "cache_size", "262144" }, {} };
	char path[64];
	int ret;

	*c = (struct cached){ .d = DRIVE_INIT, .image = -1, .block = -1 };
	c->buf = aligned_alloc(LBA, KST_MIB);
	if (!c->buf)
		return -ENOMEM;
	ret = small_fs_mount(&c->fs);
	if (!ret)
		ret = cached_make_image(c, path);
	if (!ret)
		ret = drive_prepare(&c->d, "cache", attrs);
	if (!ret)
		ret = drive_set(c->d.name, "backing_file", path);
	if (ret)
		return ret;
	c->d.index = drive_get_number(c->d.name, "index");
	return cached_open(c);
}

int cached_down(struct cached *c)
{
	int ret;

	fd_close(&c->block);
	ret = drive_remove(&c->d);
	fd_close(&c->image);
	free(c->buf);
	return small_fs_umount(&c->fs) ?: ret;
}

int cached_io(const struct drive *d, __u8 opcode, __u64 slba, __u32 nlb, void *buf)
{
	struct nvme_uring_cmd c = cmd_rw(opcode, slba, nlb, buf, nlb * LBA);

	return cmd_io_way(CMD_IOCTL, d->nvm, &c, NULL);
}

__u64 cached_count(const struct drive *d, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/cache/%s", d->index, name);
	return file_number(path);
}

int cached_byte(const struct drive *d, int image, __u64 lba)
{
	static __u8 data[LBA] __attribute__((aligned(LBA)));

	if (image >= 0 ? pread(image, data, LBA, lba * LBA) != LBA :
			 cached_io(d, NVM_READ, lba, 1, data))
		return -2;
	return memcmp(data, data + 1, LBA - 1) ? -1 : data[0];
}

int cached_write(const struct drive *d, __u64 slba, __u32 nlb, __u8 *buf, __u8 byte)
{
	memset(buf, byte, nlb * LBA);
	return cached_io(d, NVM_WRITE, slba, nlb, buf);
}
