/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Declarations shared by the files of the library, hidden from its users. */
#ifndef KCSD_PRIVATE_H
#define KCSD_PRIVATE_H

#include <endian.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <linux/nvme_ioctl.h>

#include <libkcsd.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))

/* Load little-endian numbers from any address. */
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

/* Directories in which drives appear; tests set other ones. */
extern const char *kcsd_sysfs_root;	/* /sys/class/kcsd */
extern const char *kcsd_configfs_root;	/* /sys/kernel/config/kcsd */

struct kcsd_drive {
	char name[16];			/* kcsdN */
	unsigned int index;
	int open_flags;			/* O_RDWR or O_RDONLY, O_CLOEXEC */
	int ctrl_fd;
	bool ctrl_rdonly;		/* writing to the controller was refused */
	pthread_mutex_t lock;		/* ns_fd */
	int ns_fd[KCSD_NN + 1];	/* by nsid; -1: not opened yet; protected by lock */
	pthread_mutex_t load_lock;	/* one load at a time; see program.c */
	uint32_t slids;			/* bit N: source list N is in use; protected by lock */
	uint32_t oids;			/* bit N: output N is in use; likewise */
	uint64_t nsze;			/* LBAs */
	uint32_t lba_size;		/* bytes */
	uint32_t max_transfer;		/* bytes of one command of several */
	uint32_t max_data;		/* bytes that a command can have */
};

/* drive.c */
/* Returns the N of "kcsdN" or "/dev/kcsdN", or -EINVAL. */
int kcsd_drive_index(const char *name);
/*
 * True if the open flags allow the command. KCSD_OPEN_RDONLY is enforced here, too, because the
 * drive lets CAP_SYS_ADMIN change things by any file. kcsd_run_init() validates runs.
 */
bool kcsd_drive_may_send(const struct kcsd_drive *drv, const struct nvme_passthru_cmd64 *cmd,
			 bool admin);
/* Send an admin command. Returns 0, -errno, or the status without DNR. */
int kcsd_drive_admin(struct kcsd_drive *drv, struct nvme_passthru_cmd64 *cmd);
/* Send an I/O command to cmd->nsid. Returns as kcsd_drive_admin(). */
int kcsd_drive_io(struct kcsd_drive *drv, struct nvme_passthru_cmd64 *cmd);

/* identify.c */
/* Get the command set of a namespace, KCSD_CSI_*. A drive that does not report it has NVM. */
int kcsd_ns_csi(struct kcsd_drive *drv, uint32_t nsid, uint8_t *csi);

/* opts.c */
/*
 * Copy a struct of the caller, which begins with its size, into *to, of size bytes; missing members
 * become zero. -EINVAL: its size is impossible; -E2BIG: it has members of a newer library that are
 * not zero.
 */
int kcsd_opts_copy(void *to, size_t size, const void *opts);
/* Copy a struct to a caller whose struct has to_size bytes: cut it, or fill up with zeroes. */
void kcsd_info_copy(void *to, size_t to_size, const void *from, size_t from_size);

/* error.c */
/*
 * Set err (unless NULL) and return ret. Replaces control characters, so that the text is one
 * printable line.
 */
int kcsd_error_set(struct kcsd_error *err, int ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* memory_need.c */
/*
 * Set err to a sentence saying that the program of this image needs more than the
 * `have` bytes of a unit, and for which parts.
 */
void kcsd_memory_describe(const void *image, size_t len, uint64_t have, struct kcsd_error *err);

/* Copy and validate the run options of a caller. Errors as kcsd_program_run(), except -EACCES. */
int kcsd_run_opts_take(struct kcsd_run_opts *o, const struct kcsd_run_opts *opts,
		       struct kcsd_error *err);
/* Validate the length of a stream that may have max bytes. Returns 0 or -EINVAL. */
int kcsd_stream_validate(uint64_t len, uint64_t max, struct kcsd_error *err);
/* Command and memory of one run. */
struct kcsd_run {
	struct nvme_passthru_cmd64 cmd;
	void *data;			/* grants, arguments; owned */
	void *out;			/* record, output, audit; owned */
	struct kcsd_lba_range *audit;	/* KCSD_MAX_AUDIT of them, NULL: no audit; owned */
	bool streams;			/* output is received while it runs; out is unused */
};

/*
 * Make the command of a run. On failure there is nothing to free. Errors as kcsd_program_run(),
 * never a status.
 */
int kcsd_run_init(struct kcsd_run *run, struct kcsd_drive *drv,
		  const struct kcsd_run_opts *opts, struct kcsd_error *err);
void kcsd_run_destroy(struct kcsd_run *run);
/* Convert a completed run into its result, which takes over the output. Destroys run. */
void kcsd_run_complete(struct kcsd_run *run, int ret, uint64_t r0,
		       struct kcsd_run_result *result);

/* True if the command has a result with this status: of the program, or what made it invalid. */
bool kcsd_run_has_result(int status);
/* Set result, but for audit and output, from a record. */
void kcsd_run_decode(const struct kcsd_run_record *record, struct kcsd_run_result *result);
/* run_stream.c: kcsd_program_run() with o->output. Returns and sets the result likewise. */
int kcsd_run_stream(struct kcsd_drive *drv, const struct kcsd_run_opts *o,
		    struct kcsd_run_result *result, struct kcsd_error *err);

/* queue.c, for commands that need not be runs. */
/* Create a queue for commands of a namespace. Errors as kcsd_queue_create(). */
int kcsd_queue_open(struct kcsd_drive *drv, uint32_t nsid, unsigned int depth,
		    struct kcsd_queue **queue);
/* Return the drive of a queue, NULL if its commands are of another namespace. */
struct kcsd_drive *kcsd_queue_drive(const struct kcsd_queue *q, uint32_t nsid);
/*
 * Send run->cmd. The queue owns the memory of the run until it is taken, or returns -EAGAIN: it is
 * full.
 */
int kcsd_queue_send(struct kcsd_queue *q, struct kcsd_run *run, uint64_t user_data);
/*
 * Take a completed command. Returns 0 and moves the run back, or an error of kcsd_queue_reap().
 * status: 0, -errno or an NVMe status.
 */
int kcsd_queue_take(struct kcsd_queue *q, struct kcsd_run *run, uint64_t *user_data, int *status,
		    uint64_t *result, int timeout_ms);

/* source.c */
/* Return the identifier of the list on the drive; 0: the stream is empty, there is no list. */
uint32_t kcsd_sources_slid(const struct kcsd_sources *sources);
/* Return the drive handle of the list. */
const struct kcsd_drive *kcsd_sources_of(const struct kcsd_sources *sources);
/* True if programs may write one of the files. */
bool kcsd_sources_are_written(const struct kcsd_sources *sources);
/* True if there is a lease on each file that programs may write. */
bool kcsd_sources_are_leased(const struct kcsd_sources *sources);

/* audit.c */
/*
 * Decode the audit of a run whose output has len bytes and begins with record. Fills ranges, an
 * array of KCSD_MAX_AUDIT, and sets the three audit members of result. -ENODATA: there is no audit.
 */
int kcsd_audit_decode(const struct kcsd_run_record *record, size_t len,
		      struct kcsd_lba_range *ranges, struct kcsd_run_result *result);

/* image.c */
#define KCSD_DETAIL_LEN	64
struct bpf_insn;
/* Write the detail of a refusal, ": ...", if the reason alone leaves it open; else "". */
void kcsd_insn_describe(const struct bpf_insn *insn, uint32_t reason, char buf[KCSD_DETAIL_LEN]);

/* where.c */
/* Write " (word.c:31: return x;)" for a place whose file is known. */
void kcsd_where_line(const struct kcsd_where *w, char *buf, size_t len);

/* files.c */
/*
 * Read a small file into buf, NUL-terminated, without a newline at the end. -ERANGE: it is larger.
 */
int kcsd_file_read(const char *path, char *buf, size_t len);
int kcsd_file_write(const char *path, const char *text);
/* Read until buf is full or the file ends. Returns the number of bytes, or -errno. */
ssize_t kcsd_file_read_fd(int fd, char *buf, size_t len);
/* Parse a decimal number without any other character. Returns 0 or -EINVAL. */
int kcsd_number_parse(const char *text, uint64_t *value);
#define KCSD_WALK_DIRS	1
#define KCSD_WALK_FILES	2
#define KCSD_WALK_LINKS	4	/* follow symbolic links, else skip them */
/*
 * Call fn with path and name of each entry of these kinds (KCSD_WALK_*), in version order, without
 * hidden entries. Any return value of fn other than 0 ends the walk and is returned.
 */
int kcsd_dir_walk(const char *path, unsigned int what,
		  int (*fn)(const char *path, const char *name, void *arg), void *arg);

#endif
