// SPDX-License-Identifier: GPL-2.0
#include "drive.h"

#include <dirent.h>
#include <stdlib.h>

#include "kselftest.h"

static void drive_attr_path(char *buf, size_t len, const char *drive, const char *attr)
{
	snprintf(buf, len, KST_CONFIGFS "/%s/%s", drive, attr);
}

int drive_set(const char *drive, const char *attr, const char *value)
{
	char path[512], text[4200];

	drive_attr_path(path, sizeof(path), drive, attr);
	snprintf(text, sizeof(text), "%s\n", value);
	return file_write(path, text);
}

int drive_get(const char *drive, const char *attr, char *buf, size_t len)
{
	char path[512];

	drive_attr_path(path, sizeof(path), drive, attr);
	return file_read(path, buf, len);
}

__u64 drive_get_number(const char *drive, const char *attr)
{
	char path[512];

	drive_attr_path(path, sizeof(path), drive, attr);
	return file_number(path);
}

int drive_mkdir(const char *drive)
{
	char path[512];

	drive_attr_path(path, sizeof(path), drive, "");
	return mkdir(path, 0755) ? -errno : 0;
}

int drive_rmdir(const char *drive)
{
	char path[512];

	drive_attr_path(path, sizeof(path), drive, "");
	return rmdir(path) ? -errno : 0;
}

void drive_close(struct drive *d)
{
	fd_close(&d->ctrl);
	fd_close(&d->nvm);
	fd_close(&d->slm);
	fd_close(&d->compute);
	fd_close(&d->kv);
}

int drive_open(struct drive *d, int flags)
{
	char path[64];

	drive_node(path, sizeof(path), d->index, "");
	d->ctrl = open(path, flags | O_CLOEXEC);
	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_NVM);
	d->nvm = open(path, flags | O_CLOEXEC);
	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_SLM);
	d->slm = open(path, flags | O_CLOEXEC);
	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_COMPUTE);
	d->compute = open(path, flags | O_CLOEXEC);
	drive_generic_node(path, sizeof(path), d->index, KCSD_NSID_KV);
	d->kv = open(path, flags | O_CLOEXEC);
	if (d->ctrl >= 0 && d->nvm >= 0 && d->compute >= 0)
		return 0;
	drive_close(d);
	return -ENOENT;
}

int drive_open_block(const struct drive *d, int flags)
{
	char path[64];
	int fd;

	drive_node(path, sizeof(path), d->index, "n1");
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int drive_power(const struct drive *d, bool on)
{
	return drive_set(d->name, "power", on ? "1" : "0");
}

int drive_prepare(struct drive *d, const char *name, const struct drive_attr *attr)
{
	int ret;

	*d = (struct drive)DRIVE_INIT;
	snprintf(d->name, sizeof(d->name), KST_PREFIX "%s", name);
	ret = drive_mkdir(d->name);
	for (; !ret && attr->name; attr++)
		ret = drive_set(d->name, attr->name, attr->value);
	return ret;
}

int drive_create(struct drive *d, const char *name, const struct drive_attr *attr)
{
	int ret = drive_prepare(d, name, attr);

	if (!ret)
		ret = drive_power(d, true);
	if (ret)
		return ret;
	d->index = drive_get_number(d->name, "index");
	return drive_open(d, O_RDWR);
}

int drive_remove(struct drive *d)
{
	drive_close(d);
	return d->name[0] ? drive_rmdir(d->name) : 0;
}

static bool drive_is_ours(const char *name)
{
	char far[32];

	snprintf(far, sizeof(far), "kcsd%d", KST_FAR_INDEX);
	return !strncmp(name, KST_PREFIX, strlen(KST_PREFIX)) || !strcmp(name, far);
}

void drive_sweep(void)
{
	DIR *dir = opendir(KST_CONFIGFS);
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (drive_is_ours(e->d_name))
			drive_rmdir(e->d_name);
	}
	closedir(dir);
}

void drive_begin(void)
{
	if (geteuid()) {
		ksft_print_header();
		ksft_exit_skip("not root: run as root\n");
	}
	if (access(KST_CONFIGFS, F_OK)) {
		ksft_print_header();
		ksft_exit_skip(KST_CONFIGFS " is missing: insmod kcsd.ko, mount configfs\n");
	}
	drive_sweep();
	atexit(drive_sweep);
}

__u64 drive_number(const struct drive *d, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), KST_CLASS "/kcsd%d/%s", d->index, file);
	return file_number(path);
}

__u64 drive_stat(const struct drive *d, const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "stats/%s", name);
	return drive_number(d, file);
}

bool drive_becomes(const struct drive *d, const char *file, __u64 value)
{
	for (int i = 0; i < 20000; i++) {
		if (drive_number(d, file) == value)
			return true;
		usleep(500);
	}
	ksft_print_msg("%s: got %lld, expected %llu\n", file, (long long)drive_number(d, file),
		       (unsigned long long)value);
	return false;
}
