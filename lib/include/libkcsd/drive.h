/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Open drives, identify them, access their LBAs. By <libkcsd.h>. */
#ifndef LIBKCSD_DRIVE_H
#define LIBKCSD_DRIVE_H

#include <libkcsd/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Drives ---- */

struct kcsd_drive;

#define KCSD_OPEN_RDONLY	0x1u	/* commands that modify fail with -EACCES */

/*
 * Open a drive that is powered on. name: "kcsd0" or "/dev/kcsd0". Opens the controller and gets the
 * size of namespace 1; the other nodes are opened when they are first needed. flags: 0 (read and
 * write) or KCSD_OPEN_RDONLY. Without the right to write to the controller, flags 0 opens it for
 * reading: admin commands that modify fail with -EACCES then, those of namespaces do not.
 *
 * -EINVAL: malformed name, or unknown flag. -ENOENT: no such drive, or it is off. -ENOTTY: not a
 * kcsd drive. Others as open(2), or a status of Identify.
 */
KCSD_API int kcsd_drive_open(const char *name, unsigned int flags, struct kcsd_drive **drv);

/* Close a drive; NULL is allowed. Destroy its queues first. */
KCSD_API void kcsd_drive_close(struct kcsd_drive *drv);

/* Returns the name, "kcsd0". Valid until kcsd_drive_close(). */
KCSD_API const char *kcsd_drive_name(const struct kcsd_drive *drv);
/*
 * Return the number of LBAs of namespace 1, and the bytes of one, as they were when the drive was
 * opened.
 */
KCSD_API uint64_t kcsd_drive_nsze(const struct kcsd_drive *drv);
KCSD_API uint32_t kcsd_drive_lba_size(const struct kcsd_drive *drv);

/*
 * Returns a file descriptor (>= 0) for commands of the caller: nsid 0 is the controller, else the
 * generic node of that namespace (opened now if necessary). The drive handle owns and closes it.
 * Returns -errno as open(2) on failure; never a status.
 */
KCSD_API int kcsd_drive_fd(struct kcsd_drive *drv, uint32_t nsid);

/*
 * Call fn for each drive that is powered on, by ascending number, with its name
 * ("kcsd0"). A value other than 0 from fn ends the walk and is returned.
 * -ENOENT: the module is not loaded. Others as opendir(3).
 */
KCSD_API int kcsd_drive_each(int (*fn)(const char *name, void *arg), void *arg);

/* ---- Identify. size: sizeof(*info); the rest of a larger struct is zeroed. ---- */

struct kcsd_ctrl_info {
	char serial[21];	/* NUL-terminated, padding removed; also model and firmware */
	char model[41];
	char firmware[9];
	uint8_t mdts;		/* as in NVMe: 2^n pages of 4096 bytes; 0: no limit */
	uint32_t max_transfer;	/* mdts in bytes; 0: no limit */
	uint32_t version;	/* major << 16 | minor << 8 | tertiary */
	uint32_t nn;		/* highest namespace id */
	uint16_t vid;		/* PCI vendor id */
	uint16_t ssvid;
	uint16_t cntlid;
	uint16_t oncs;		/* optional NVM commands, bits as in NVMe */
	uint8_t vwc;		/* bit 0: a volatile write cache is present */
	uint8_t rsvd[3];
};

struct kcsd_ns_info {
	uint64_t nsze;		/* LBAs; also ncap and nuse */
	uint64_t ncap;
	uint64_t nuse;
	uint32_t lba_size;	/* bytes, of the format in use */
	uint16_t ms;		/* bytes of metadata of the format in use */
	uint8_t nsfeat;
	uint8_t dlfeat;
};

struct kcsd_compute_info {
	uint32_t maxact;	/* programs active at once */
	uint32_t maxprog;	/* program indices that can be loaded to */
	uint32_t cus;		/* compute units */
	uint32_t lpg;		/* granularity of a load, bytes */
	uint32_t max_program_len; /* bytes of one program */
	uint32_t timeout_ms;	/* time limit of every run */
	uint64_t maxpb;		/* bytes of all programs */
	uint64_t arena_len;	/* bytes of memory a program can have */
	uint64_t insn_budget;	/* of every run, instructions; 0: no limit */
	uint32_t maxmemrs;	/* memory range sets; 0: the drive has no SLM */
	uint32_t maxmemr;	/* ranges in a set */
	uint32_t mrsg;		/* granularity of ranges, bytes */
	uint32_t nr_device;	/* indices of device-defined programs, from maxprog on */
};

KCSD_API int kcsd_ctrl_identify(struct kcsd_drive *drv, struct kcsd_ctrl_info *info, size_t size);
/* nsid: an NVM namespace (KCSD_NSID_NVM). KCSD_SC_INVALID_NS: there is none. */
KCSD_API int kcsd_ns_identify(struct kcsd_drive *drv, uint32_t nsid, struct kcsd_ns_info *info,
			      size_t size);
KCSD_API int kcsd_compute_identify(struct kcsd_drive *drv, struct kcsd_compute_info *info,
				   size_t size);
/* Get the raw data of Identify, 4096 bytes, little-endian: NVMe Base, "Identify command". */
#define KCSD_IDENTIFY_LEN	4096
KCSD_API int kcsd_drive_identify(struct kcsd_drive *drv, uint8_t cns, uint8_t csi, uint32_t nsid,
				 void *buf);

/* ---- LBAs of namespace 1 ---- */

/*
 * slba: first LBA. len: bytes, a multiple of the LBA size (else -EINVAL); large transfers are split
 * into several commands. KCSD_SC_LBA_RANGE: past the end (parts before may have been transferred),
 * KCSD_SC_READ_ERROR, KCSD_SC_WRITE_FAULT, KCSD_SC_CAPACITY_EXCEEDED.
 */
KCSD_API int kcsd_lba_read(struct kcsd_drive *drv, uint64_t slba, void *buf, size_t len);
KCSD_API int kcsd_lba_write(struct kcsd_drive *drv, uint64_t slba, const void *buf, size_t len);
KCSD_API int kcsd_lba_flush(struct kcsd_drive *drv);

#ifdef __cplusplus
}
#endif

#endif
