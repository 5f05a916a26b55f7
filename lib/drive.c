// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Open the nodes of a drive, and send commands to them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "private.h"

#define MAX_INDEX	99999
#define DEFAULT_TRANSFER (128u << 10)	/* bytes, if the drive reports no limit */
#define MAX_TRANSFER	(1u << 20)	/* bytes: larger commands gain nothing */

const char *kcsd_sysfs_root = "/sys/class/kcsd";

int kcsd_drive_index(const char *name)
{
	uint64_t index;

	if (!strncmp(name, "/dev/", 5))
		name += 5;
	if (strncmp(name, "kcsd", 4) || kcsd_number_parse(name + 4, &index) ||
	    index > MAX_INDEX || (name[4] == '0' && name[5]))
		return -EINVAL;
	return index;
}

static int issue(int fd, unsigned long op, struct nvme_passthru_cmd64 *cmd)
{
	int ret = ioctl(fd, op, cmd);

	return ret < 0 ? -errno : ret & KCSD_SC_MASK;
}

/*
 * In opcodes of commands that only read, bits 1:0 are 10b (NVMe Base, "Opcode"); flush is 0. Exist
 * has no data.
 */
bool kcsd_drive_may_send(const struct kcsd_drive *drv, const struct nvme_passthru_cmd64 *cmd,
			 bool admin)
{
	bool rdonly = (drv->open_flags & O_ACCMODE) == O_RDONLY || (admin && drv->ctrl_rdonly);

	if (!rdonly || (cmd->opcode & 3) == 2)
		return true;
	if (cmd->nsid == KCSD_NSID_KV && cmd->opcode == KCSD_KV_EXIST)
		return !admin;
	return !admin && (!cmd->opcode || cmd->nsid == KCSD_NSID_COMPUTE);
}

int kcsd_drive_admin(struct kcsd_drive *drv, struct nvme_passthru_cmd64 *cmd)
{
	if (!kcsd_drive_may_send(drv, cmd, true))
		return -EACCES;
	return issue(drv->ctrl_fd, NVME_IOCTL_ADMIN64_CMD, cmd);
}

int kcsd_drive_io(struct kcsd_drive *drv, struct nvme_passthru_cmd64 *cmd)
{
	int fd = kcsd_drive_fd(drv, cmd->nsid);

	if (!kcsd_drive_may_send(drv, cmd, false))
		return -EACCES;
	return fd < 0 ? fd : issue(fd, NVME_IOCTL_IO64_CMD, cmd);
}

static struct kcsd_drive *alloc_drive(unsigned int index, unsigned int flags)
{
	struct kcsd_drive *drv = calloc(1, sizeof(*drv));
	size_t i;

	if (!drv)
		return NULL;
	drv->index = index;
	drv->open_flags = (flags & KCSD_OPEN_RDONLY ? O_RDONLY : O_RDWR) | O_CLOEXEC;
	drv->ctrl_fd = -1;
	for (i = 0; i < ARRAY_SIZE(drv->ns_fd); i++)
		drv->ns_fd[i] = -1;
	snprintf(drv->name, sizeof(drv->name), "kcsd%u", index);
	pthread_mutex_init(&drv->lock, NULL);
	pthread_mutex_init(&drv->load_lock, NULL);
	return drv;
}

static int identify_drive(struct kcsd_drive *drv)
{
	struct kcsd_ctrl_info ctrl;
	struct kcsd_ns_info ns;
	int ret;

	ret = kcsd_ctrl_identify(drv, &ctrl, sizeof(ctrl));
	if (!ret)
		ret = kcsd_ns_identify(drv, KCSD_NSID_NVM, &ns, sizeof(ns));
	if (ret)
		return ret;
	drv->nsze = ns.nsze;
	drv->lba_size = ns.lba_size;
	drv->max_transfer = ctrl.max_transfer ? MIN(ctrl.max_transfer, MAX_TRANSFER) :
						DEFAULT_TRANSFER;
	drv->max_data = ctrl.max_transfer ? ctrl.max_transfer : UINT32_MAX;
	return ns.lba_size && ns.lba_size <= drv->max_transfer ? 0 : -EPROTO;
}

/*
 * Open the controller; for reading only if writing is refused: then admin commands that modify fail
 * with -EACCES. Returns a descriptor or -errno.
 */
static int open_ctrl(struct kcsd_drive *drv)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", drv->name);
	fd = open(path, drv->open_flags);
	if (fd < 0 && errno == EACCES && (drv->open_flags & O_ACCMODE) != O_RDONLY) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		drv->ctrl_rdonly = fd >= 0;
	}
	return fd < 0 ? -errno : fd;
}

int kcsd_drive_open(const char *name, unsigned int flags, struct kcsd_drive **out)
{
	struct kcsd_drive *drv;
	int index, ret;

	*out = NULL;
	index = kcsd_drive_index(name);
	if (index < 0 || flags & ~KCSD_OPEN_RDONLY)
		return -EINVAL;
	drv = alloc_drive(index, flags);
	if (!drv)
		return -ENOMEM;
	drv->ctrl_fd = open_ctrl(drv);
	ret = drv->ctrl_fd < 0 ? drv->ctrl_fd : identify_drive(drv);
	if (ret) {
		kcsd_drive_close(drv);
		return ret;
	}
	*out = drv;
	return 0;
}

void kcsd_drive_close(struct kcsd_drive *drv)
{
	size_t i;

	if (!drv)
		return;
	for (i = 0; i < ARRAY_SIZE(drv->ns_fd); i++)
		if (drv->ns_fd[i] >= 0)
			close(drv->ns_fd[i]);
	if (drv->ctrl_fd >= 0)
		close(drv->ctrl_fd);
	pthread_mutex_destroy(&drv->lock);
	pthread_mutex_destroy(&drv->load_lock);
	free(drv);
}

const char *kcsd_drive_name(const struct kcsd_drive *drv)
{
	return drv->name;
}

uint64_t kcsd_drive_nsze(const struct kcsd_drive *drv)
{
	return drv->nsze;
}

uint32_t kcsd_drive_lba_size(const struct kcsd_drive *drv)
{
	return drv->lba_size;
}

int kcsd_drive_fd(struct kcsd_drive *drv, uint32_t nsid)
{
	char path[40];
	int fd;

	if (!nsid)
		return drv->ctrl_fd;
	if (nsid >= ARRAY_SIZE(drv->ns_fd))
		return -ENODEV;
	pthread_mutex_lock(&drv->lock);
	fd = drv->ns_fd[nsid];
	if (fd < 0) {
		snprintf(path, sizeof(path), "/dev/kcsdg%un%u", drv->index, nsid);
		fd = open(path, drv->open_flags);
		/*
		 * The drive is open but the node is missing: it was powered off, or has no such ns.
		 */
		if (fd < 0)
			fd = errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
		else
			drv->ns_fd[nsid] = fd;
	}
	pthread_mutex_unlock(&drv->lock);
	return fd;
}

struct drive_each {
	int (*fn)(const char *name, void *arg);
	void *arg;
};

static int visit_drive(const char *path, const char *name, void *arg)
{
	const struct drive_each *each = arg;

	(void)path;
	return kcsd_drive_index(name) < 0 ? 0 : each->fn(name, each->arg);
}

int kcsd_drive_each(int (*fn)(const char *name, void *arg), void *arg)
{
	struct drive_each each = { .fn = fn, .arg = arg };

	return kcsd_dir_walk(kcsd_sysfs_root, KCSD_WALK_DIRS | KCSD_WALK_LINKS, visit_drive,
			     &each);
}
