/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Create a drive for a test by configfs, open it, remove it.
 *
 * The name of every drive begins with KST_PREFIX: the next fixture, and this program at its exit,
 * find and remove the drives that a killed test has left behind. Functions return 0 or -errno.
 */
#ifndef KST_DRIVE_H
#define KST_DRIVE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

#include "file.h"
#include "node.h"
#include "timing.h"

#define KST_CONFIGFS	"/sys/kernel/config/kcsd"
#define KST_CLASS	"/sys/class/kcsd"
#define KST_PREFIX	"kst-"
#define KST_FAR_INDEX	731	/* a drive index that no other drive has */
#define KST_MIB		(1u << 20)

struct drive_attr {
	const char *name;
	const char *value;
};

/* A small drive, quick to create; most tests use it. A later entry overrides an earlier one. */
#define DRIVE_SMALL \
	{ "size", "16777216" }, { "block_size", "4096" }, { "queues", "2" }, \
	{ "cus", "2" }, { "arena_size", "1048576" }, { "timeout_ms", "10000" }, \
	{ "device_programs", "0" }, { "kv_size", "16M" }, { "kv_max_value", "1M" }

struct drive {
	char name[48];
	int index;
	int ctrl;	/* open files; -1: none */
	int nvm;
	int slm;	/* -1 also if the drive has no SLM */
	int compute;
	int kv;		/* -1 also if the drive has no objects */
};

#define DRIVE_INIT { .index = -1, .ctrl = -1, .nvm = -1, .slm = -1, .compute = -1, .kv = -1 }

/* Like `echo value > attr`. */
int drive_set(const char *drive, const char *attr, const char *value);

int drive_get(const char *drive, const char *attr, char *buf, size_t len);
__u64 drive_get_number(const char *drive, const char *attr);
int drive_mkdir(const char *drive);
int drive_rmdir(const char *drive);
void drive_close(struct drive *d);
int drive_open(struct drive *d, int flags);
int drive_open_block(const struct drive *d, int flags);
int drive_power(const struct drive *d, bool on);

/* Make the directory and set the attributes, but not power. An entry without a name ends attr[]. */
int drive_prepare(struct drive *d, const char *name, const struct drive_attr *attr);

/* Create a drive, power it on, and open all its nodes for writing. */
int drive_create(struct drive *d, const char *name, const struct drive_attr *attr);

/* Close and remove the drive, whatever state it is in. */
int drive_remove(struct drive *d);

/* Remove every drive that a test has left behind. */
void drive_sweep(void);

/* Begin a test program: skip it if it cannot run here, remove drives now and at the exit. */
void drive_begin(void);

/* Returns the number in a file of the drive directory in KST_CLASS, or ~0. */
__u64 drive_number(const struct drive *d, const char *file);

/* Returns one of its counters: a file in stats/. */
__u64 drive_stat(const struct drive *d, const char *name);

/* Wait until a file of the drive has the value. False if it takes more than about 10 seconds. */
bool drive_becomes(const struct drive *d, const char *file, __u64 value);

#endif
