// SPDX-License-Identifier: GPL-2.0
#include "nvmet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "timing.h"

#define NVMET		"/sys/kernel/config/nvmet"
#define NVMET_NAME	"kst-target"
#define NVMET_SUBSYSTEM	NVMET "/subsystems/" NVMET_NAME
#define NVMET_NAMESPACE	NVMET_SUBSYSTEM "/namespaces/1"
#define NVMET_PORT	NVMET "/ports/731"
#define NVMET_LINK	NVMET_PORT "/subsystems/" NVMET_NAME

bool nvmet_there(void)
{
	return !system("modprobe -q nvme-loop 2>/dev/null") && !access(NVMET, F_OK) &&
	       !access("/dev/nvme-fabrics", F_OK);
}

void nvmet_remove(struct nvmet *t)
{
	char path[64];

	fd_close(&t->generic);
	if (t->controller >= 0) {
		snprintf(path, sizeof(path), "/sys/class/nvme/nvme%d/delete_controller",
			 t->controller);
		file_write(path, "1");
	}
	unlink(NVMET_LINK);
	file_write(NVMET_NAMESPACE "/enable", "0");
	rmdir(NVMET_NAMESPACE);
	rmdir(NVMET_SUBSYSTEM);
	rmdir(NVMET_PORT);
	*t = (struct nvmet)NVMET_INIT;
}

static int nvmet_make_target(const char *device)
{
	int ret = 0;

	if (mkdir(NVMET_SUBSYSTEM, 0755) || mkdir(NVMET_NAMESPACE, 0755) || mkdir(NVMET_PORT, 0755))
		return -errno;
	ret = ret ?: file_write(NVMET_SUBSYSTEM "/attr_allow_any_host", "1");
	ret = ret ?: file_write(NVMET_NAMESPACE "/device_path", device);
	ret = ret ?: file_write(NVMET_NAMESPACE "/enable", "1");
	ret = ret ?: file_write(NVMET_PORT "/addr_trtype", "loop");
	if (!ret && symlink(NVMET_SUBSYSTEM, NVMET_LINK))
		ret = -errno;
	return ret;
}

static int nvmet_connect(struct nvmet *t)
{
	static const char options[] = "transport=loop,nqn=" NVMET_NAME;
	int fd = open("/dev/nvme-fabrics", O_RDWR), ret = 0;
	char answer[128] = "";

	if (fd < 0)
		return -errno;
	if (write(fd, options, strlen(options)) < 0 || read(fd, answer, sizeof(answer) - 1) < 0)
		ret = -errno;
	else if (sscanf(answer, "instance=%d", &t->controller) != 1)
		ret = -EPROTO;
	close(fd);
	return ret;
}

/* Open the namespace. Retries, as the node may appear a moment after the controller. */
static int nvmet_open(struct nvmet *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/ng%dn1", t->controller);
	for (int tries = 0; tries < 100; tries++) {
		t->generic = open(path, O_RDWR | O_CLOEXEC);
		if (t->generic >= 0)
			return 0;
		sleep_ms(50);
	}
	return -errno;
}

int nvmet_create(struct nvmet *t, const char *device)
{
	int ret;

	*t = (struct nvmet)NVMET_INIT;
	ret = nvmet_make_target(device);
	ret = ret ?: nvmet_connect(t);
	return ret ?: nvmet_open(t);
}
