/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the library's files share and its users do not see. */
#ifndef KCSD_PRIVATE_H
#define KCSD_PRIVATE_H

#include <endian.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <linux/nvme_ioctl.h>

#include "libkcsd.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif
#define MIN(a, b)	((a) < (b) ? (a) : (b))

/* Little-endian numbers, at any address. */
static inline uint16_t kcsd_get16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static inline uint32_t kcsd_get32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static inline uint64_t kcsd_get64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* NVMe opcodes, Base and NVM Command Set specifications. */
#define NVME_ADMIN_GET_LOG	0x02
#define NVME_ADMIN_IDENTIFY	0x06
#define NVME_FLUSH		0x00
#define NVME_WRITE		0x01
#define NVME_READ		0x02
#define NVME_ZONE_SEND		0x79
#define NVME_ZONE_RECEIVE	0x7a
#define NVME_ZONE_APPEND	0x7d

/* Where drives appear; tests put other directories here. */
extern const char *kcsd_sysfs_root;	/* /sys/class/kcsd */
extern const char *kcsd_configfs_root;	/* /sys/kernel/config/kcsd */

struct kcsd_drive {
	char name[16];			/* kcsdN */
	unsigned int index;
	int open_flags;			/* O_RDWR or O_RDONLY, O_CLOEXEC */
	int ctrl_fd;
	pthread_mutex_t lock;		/* ns_fd */
	int ns_fd[KCSD_NSID_COMPUTE + 1];	/* by nsid; -1: not opened yet */
	pthread_mutex_t load_lock;	/* one load at a time; see program.c */
	uint64_t nsze;			/* LBAs */
	uint32_t lba_size;		/* bytes */
	uint32_t max_transfer;		/* bytes of one command */
};

/* drive.c */
/* The N of "kcsdN" or "/dev/kcsdN", or -EINVAL. */
int kcsd_drive_index(const char *name);
/* Send an admin command. Returns 0, -errno, or the status without DNR. */
int kcsd_admin_cmd(struct kcsd_drive *drv, struct nvme_passthru_cmd64 *cmd);
/* Send an I/O command to cmd->nsid. */
int kcsd_io_cmd(struct kcsd_drive *drv, struct nvme_passthru_cmd64 *cmd);

/* identify.c */
/* A namespace's command set: KCSD_CSI_*. */
int kcsd_identify_csi(struct kcsd_drive *drv, uint32_t nsid, uint8_t *csi);

/* opts.c */
/*
 * Copy a caller's struct that begins with its size into *to, of size bytes:
 * what it does not have becomes zero. -EINVAL: its size is impossible; -E2BIG:
 * it has members of a newer library that are not zero.
 */
int kcsd_opts_copy(void *to, size_t size, const void *opts);
/* Give a caller a struct of its size: cut, or filled up with zeroes. */
void kcsd_info_copy(void *to, size_t to_size, const void *from, size_t from_size);

/* error.c */
/* Set err (unless NULL), returning ret. The text is made printable, one line. */
int kcsd_error_set(struct kcsd_error *err, int ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* exec.c */
/* memory_need.c: that this image's program needs more than the `have` bytes of a unit, and why. */
void kcsd_describe_memory(const void *image, size_t len, uint64_t have, struct kcsd_error *err);

/* Copy and check what a caller wants of a run. Errors as kcsd_run(), but for -EACCES. */
int kcsd_run_opts_take(struct kcsd_run_opts *o, const struct kcsd_run_opts *opts,
		       struct kcsd_error *err);
/* Of a stream that may have max bytes: 0, or -EINVAL. */
int kcsd_stream_check(uint64_t len, uint64_t max, struct kcsd_error *err);
/* One run's command and memory. */
struct kcsd_exec {
	struct nvme_passthru_cmd64 cmd;
	void *data;			/* grants, arguments; owned */
	void *out;			/* record, output, audit; owned */
	struct kcsd_extent *audit;	/* KCSD_MAX_AUDIT of them, NULL: not asked for; owned */
};

/*
 * Make the command of a run. On failure there is nothing to free. Errors as
 * kcsd_run(), never a status.
 */
int kcsd_exec_init(struct kcsd_exec *exec, struct kcsd_drive *drv,
		   const struct kcsd_run_opts *opts, struct kcsd_error *err);
void kcsd_exec_destroy(struct kcsd_exec *exec);
/* Turn an ended run into its result, which takes over the output. Destroys exec. */
void kcsd_exec_finish(struct kcsd_exec *exec, int ret, uint64_t r0,
		      struct kcsd_run_result *result);

/* audit.c */
/*
 * The audit of a run whose output, record first, has len bytes: into extents, of which there are
 * KCSD_MAX_AUDIT, and the three members of result. -ENODATA: there is none.
 */
int kcsd_audit_decode(const struct kcsd_run_record *record, size_t len,
		      struct kcsd_extent *extents, struct kcsd_run_result *result);

/* image.c */
#define KCSD_DETAIL_LEN	64
struct bpf_insn;
/* What exactly a check did not like, ": ...", where the reason alone leaves that open; else "". */
void kcsd_describe_insn(const struct bpf_insn *insn, uint32_t check, char buf[KCSD_DETAIL_LEN]);

/* where.c */
/* " (word.c:31: return x;)", of a place that has a file. */
void kcsd_where_line(const struct kcsd_where *w, char *buf, size_t len);

/* files.c */
/* Read a small file; NUL-terminated, without a last newline. -ERANGE: it is larger. */
int kcsd_file_read(const char *path, char *buf, size_t len);
int kcsd_file_write(const char *path, const char *text);
/* Fill buf, or reach the file's end. Bytes read, or -errno. */
ssize_t kcsd_read_full(int fd, char *buf, size_t len);
/* A decimal number and nothing else, or -EINVAL. */
int kcsd_number_parse(const char *text, uint64_t *value);
#define KCSD_WALK_DIRS	1
#define KCSD_WALK_FILES	2
#define KCSD_WALK_LINKS	4	/* follow symbolic links, else leave them out */
/*
 * Call fn with path and name of each entry of these kinds (KCSD_WALK_*), in
 * version order, hidden ones left out. What fn returns but 0 ends the walk.
 */
int kcsd_dir_walk(const char *path, unsigned int what,
		  int (*fn)(const char *path, const char *name, void *arg), void *arg);

#endif
