/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Files of a filesystem on the drive, and objects, as the stream of a run. By <libkcsd.h>. */
#ifndef LIBKCSD_SOURCE_H
#define LIBKCSD_SOURCE_H

#include <libkcsd/drive.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Source lists: Source List Management, KCSD_CMD_SOURCES (vendor specific) ---- */

/*
 * The bytes of files, one file after another, each as it was at one moment. The drive watches the
 * LBAs of the files: a run ends with KCSD_SC_PROGRAM_CHANGED before its program sees a byte that
 * was written after that moment. On xfs and btrfs the run reads a clone, which nobody writes.
 *
 * A list is of one drive handle, and can be used by any number of its runs, also at once. One
 * handle can have KCSD_MAX_FILE_WATCHES lists at once, and a drive KCSD_MAX_WATCHES
 * (KCSD_SC_INSUFFICIENT_RESOURCES).
 */
struct kcsd_sources;

struct kcsd_sources_opts {
	size_t sz;
	const int *fds;		/* of files, open for reading; the caller owns them and keeps */
				/* them open */
	uint32_t nr_fds;	/* not 0 */
	uint32_t flags;		/* KCSD_SOURCES_* */
	/*
	 * nr_fds bytes: 1: programs may write this file in place, by the helper stream_write; 0:
	 * they read it. NULL: they read all.
	 */
	const uint8_t *write;
	/*
	 * Objects, behind the files; nr_fds may then be 0. Each run reads their values as they are
	 * when it is submitted, whatever happens to them meanwhile. KCSD_SC_NO_KEY: one does not
	 * exist then; the result of the run is its source, see kcsd_sources_key(). Copied.
	 */
	const struct kcsd_kv_key *keys;
	uint32_t nr_keys;
	uint32_t rsvd;
};

/* Do not clone: read the files themselves. Faster if nobody writes them. */
#define KCSD_SOURCES_NO_CLONE	0x1u

/*
 * Files that programs write. The file must be open for reading and writing, and nowhere else: the
 * list has a write lease on it, so that whoever opens or truncates it waits. All its bytes must be
 * written extents that it does not share: no holes, no clones. Only ext4, xfs, and pinned files of
 * f2fs; not on a zoned drive, not on btrfs. The length of the file does not change.
 *
 * While runs use such a list, ask kcsd_sources_is_wanted() several times a second, and cancel them
 * if it returns true; kcsd_program_run() does so. After the last run call kcsd_sources_settle():
 * then all see what was written, and the times of the file are new. Its pages are dropped from the
 * cache before the first run, too: nobody sees old bytes even if this process is killed.
 */

/*
 * Find the drive with a file: "kcsd0". fd: a regular file that is open for reading, or a directory,
 * also with O_PATH; of a directory the drive has its filesystem, whatever can be said of its files.
 * -EOPNOTSUPP: it is not on a drive, or its filesystem is none that is known (ext4, xfs, btrfs,
 * f2fs), or it is neither file nor directory; err->text says which. -EBADF: fd is not open, or not
 * for reading. -EACCES: a directory of btrfs, which this process may not read.
 */
KCSD_API int kcsd_sources_drive(int fd, char name[16], struct kcsd_error *err);

/*
 * Sync the files, find their LBAs, and have the drive watch them. Free the list with
 * kcsd_sources_destroy().
 *
 * -EOPNOTSUPP: a file cannot be mapped (compressed, encrypted, on several devices, ...), err->text
 * says why; -EAGAIN: the files changed each time they were looked at; -EPERM: only the owner of a
 * file, or who may write to it, can ask if it is clean; -E2BIG: more than KCSD_MAX_SOURCES extents;
 * -EXDEV: files of several drives, or of another drive. Or a status of the commands.
 *
 * For files to write also: -EBADF: not open for reading and writing; -EBUSY: the file is open
 * elsewhere, or mapped to memory; -EACCES: not its owner (or who has CAP_LEASE), or the drive is
 * open for reading only; -EPERM: it is immutable or append-only.
 */
KCSD_API int kcsd_sources_create(struct kcsd_drive *drv, const struct kcsd_sources_opts *opts,
				 struct kcsd_sources **sources, struct kcsd_error *err);
/*
 * Take the files as they are now, after a run has ended with KCSD_SC_PROGRAM_CHANGED. No run may
 * use the list meanwhile. Errors as kcsd_sources_create(); the list can then only be renewed or
 * destroyed.
 */
KCSD_API int kcsd_sources_renew(struct kcsd_sources *sources, struct kcsd_error *err);
/*
 * Return true if another process wants to open a file that programs write: it waits, for as many
 * seconds as /proc/sys/fs/lease-break-time says, and then gets it by force. NULL: false.
 */
KCSD_API bool kcsd_sources_is_wanted(const struct kcsd_sources *sources);
/*
 * Let others have the files that programs wrote, after the last run: drop their pages from the
 * cache, set their times to now, sync them, give up the leases. Runs can use the list again after
 * kcsd_sources_renew(). Does nothing if there is no file to write.
 *
 * -EIO: blocks of a file moved, or it was truncated, while programs wrote: some of what they wrote
 * may be missing. Other errors are those of system calls. The leases are given up in any case.
 */
KCSD_API int kcsd_sources_settle(struct kcsd_sources *sources, struct kcsd_error *err);
/* Return the sum of the lengths of the files in bytes; only a run knows those of the objects. */
KCSD_API uint64_t kcsd_sources_len(const struct kcsd_sources *sources);
/*
 * Return the key of a source, by its index in the list: a result of a run, or the LBA of its record
 * with KCSD_RESULT_OBJECT. NULL: it is no object. Valid until the list is destroyed.
 */
KCSD_API const struct kcsd_kv_key *kcsd_sources_key(const struct kcsd_sources *sources,
						    uint64_t source);
/* Return the bytes that were sent to the drive for the list so far. */
KCSD_API uint64_t kcsd_sources_sent(const struct kcsd_sources *sources);
/*
 * Delete the list; NULL is allowed. No run may use it. Settles it, without a word of errors. Call
 * before kcsd_drive_close().
 */
KCSD_API void kcsd_sources_destroy(struct kcsd_sources *sources);

#ifdef __cplusplus
}
#endif

#endif
