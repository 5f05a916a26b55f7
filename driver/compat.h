/* SPDX-License-Identifier: GPL-2.0 */
/* Differences between kernels 6.12 and 7.2. No other file names a kernel version. */
#ifndef KCSD_COMPAT_H
#define KCSD_COMPAT_H

#include <crypto/sha2.h>
#include <linux/badblocks.h>
#include <linux/blkdev.h>
#include <linux/crc32.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/io_uring/cmd.h>
#include <linux/io_uring_types.h>
#include <linux/kthread.h>
#include <linux/nvme_ioctl.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "kcsd needs Linux 6.12 or newer"
#endif

#ifndef CONFIG_64BIT
#error "kcsd needs a 64-bit kernel"
#endif

/*
 * Do not initialise a local variable, on kernels that clear all of them
 * (CONFIG_INIT_STACK_ALL_ZERO). For large variables in short paths that read nothing before it is
 * written.
 */
#if __has_attribute(__uninitialized__)
#define KCSD_UNINITIALIZED	__attribute__((__uninitialized__))
#else
#define KCSD_UNINITIALIZED
#endif

/* Return the passthrough command, which is in the second half of an SQE128. */
static inline const struct nvme_uring_cmd *kcsd_uring_sqe(const struct io_uring_cmd *ioucmd)
{
#ifdef io_uring_sqe128_cmd
	return io_uring_sqe128_cmd(ioucmd->sqe, struct nvme_uring_cmd);
#else
	return io_uring_sqe_cmd(ioucmd->sqe);
#endif
}

/*
 * Save the SQE before the command returns -EAGAIN, which makes io_uring issue it again in a thread
 * of its own. Kernels before 6.14 copy the entry, but the command is still read from the ring,
 * where another entry may have taken its place.
 */
static inline void kcsd_uring_keep_sqe(struct io_uring_cmd *ioucmd)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
	void *copy = cmd_to_io_kiocb(ioucmd)->async_data;

	if (ioucmd->sqe == copy)
		return;
	memcpy(copy, ioucmd->sqe, 2 * sizeof(*ioucmd->sqe));	/* an SQE128 */
	ioucmd->sqe = copy;
#endif
}

/*
 * Complete a passthrough command. status: NVMe status or -errno. result: 64 bits, for rings with
 * CQE32.
 */
static inline void kcsd_uring_done(struct io_uring_cmd *ioucmd, int status, u64 result,
				   unsigned int issue_flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	io_uring_cmd_done(ioucmd, status, result, issue_flags);
#else
	io_uring_cmd_done32(ioucmd, status, result, issue_flags);
#endif
}

/* Set up an iterator over a part of a buffer that is registered with the ring of the command. */
static inline int kcsd_uring_import_fixed(struct io_uring_cmd *ioucmd, u64 addr, size_t len,
					  int dir, struct iov_iter *iter, unsigned int issue_flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	return io_uring_cmd_import_fixed(addr, len, dir, iter, ioucmd);
#else
	return io_uring_cmd_import_fixed(addr, len, dir, iter, ioucmd, issue_flags);
#endif
}

/*
 * True if the ring of the command is being closed, or if this task is cancelling all its requests.
 */
static inline bool kcsd_uring_going(struct io_uring_cmd *ioucmd)
{
	return percpu_ref_is_dying(&cmd_to_io_kiocb(ioucmd)->ctx->refs) ||
	       (current->io_uring && atomic_read(&current->io_uring->in_cancel));
}

/*
 * Define a callback name_tw for io_uring_cmd_complete_in_task() that calls
 * name(ioucmd, issue_flags).
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define KCSD_URING_TASK_WORK(name)						\
static void name##_tw(struct io_uring_cmd *ioucmd, unsigned int issue_flags)	\
{										\
	name(ioucmd, issue_flags);						\
}
#else
#define KCSD_URING_TASK_WORK(name)						\
static void name##_tw(struct io_tw_req req, io_tw_token_t tw)			\
{										\
	name(io_uring_cmd_from_tw(req), IO_URING_CMD_TASK_WORK_ISSUE_FLAGS);	\
}
#endif

/*
 * Set the CPUs on which a kernel thread shall run while one of them is online. Call it before the
 * first wakeup. Since 6.14 a new thread ignores an earlier set_cpus_allowed_ptr(). 0 or -errno.
 */
static inline int kcsd_kthread_prefer(struct task_struct *task, const struct cpumask *cpus)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
	return set_cpus_allowed_ptr(task, cpus);
#else
	return kthread_affine_preferred(task, cpus);
#endif
}

/*
 * Return, and reset to 0, the number of pages beyond memory.high for which this task will be made
 * to wait.
 */
static inline unsigned int kcsd_compat_take_over_high(void)
{
	unsigned int nr = 0;

#ifdef CONFIG_MEMCG
	swap(nr, current->memcg_nr_pages_over_high);
#endif
	return nr;
}

/* Add such a number of pages again. */
static inline void kcsd_compat_give_over_high(unsigned int nr)
{
#ifdef CONFIG_MEMCG
	current->memcg_nr_pages_over_high += nr;
#endif
}

/*
 * Allocate a page that is charged to a cgroup. Returns NULL if the cgroup or the machine has no
 * more, after one attempt to reclaim some. Free it with free_page(). Does not call the OOM killer.
 *
 * Avoids a sleep of up to 2 s each time for a cgroup above its memory.high: the kernel makes a task
 * sleep, if it may, when more than MEMCG_CHARGE_BATCH pages are recorded for it. One page is
 * charged in a batch of at most that many, so nothing may be recorded before the call. A task waits
 * for the recorded pages on its way back to user space; a kernel thread never goes there.
 */
static inline void *kcsd_compat_page_for(struct mem_cgroup *memcg)
{
	gfp_t gfp = GFP_NOIO | __GFP_ACCOUNT | __GFP_NORETRY | __GFP_NOWARN;
	unsigned int before = kcsd_compat_take_over_high();
	struct mem_cgroup *old = set_active_memcg(memcg);
	void *page = (void *)__get_free_page(gfp);

	set_active_memcg(old);
	if (current->flags & PF_KTHREAD)
		kcsd_compat_take_over_high();
	else
		kcsd_compat_give_over_high(before);
	return page;
}

/* Flag for a per-CPU workqueue. Needed since 6.17. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define KCSD_WQ_PERCPU	0
#else
#define KCSD_WQ_PERCPU	WQ_PERCPU
#endif

/* Set up a timer. Renamed in 6.13, where the function became an argument. */
static inline void kcsd_hrtimer_setup(struct hrtimer *timer,
				      enum hrtimer_restart (*function)(struct hrtimer *timer),
				      clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(timer, clock, mode);
	timer->function = function;
#else
	hrtimer_setup(timer, function, clock, mode);
#endif
}

/* Flag that lets the block layer merge requests; since 6.14 it always does. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define KCSD_BLK_MQ_FLAGS	BLK_MQ_F_SHOULD_MERGE
#else
#define KCSD_BLK_MQ_FLAGS	0
#endif

/* Name of the limit of native appends of a zoned disk, in struct queue_limits. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define kcsd_max_append_sectors	max_zone_append_sectors
#else
#define kcsd_max_append_sectors	max_hw_zone_append_sectors
#endif

/*
 * A report of zones in progress. KCSD_REPORT_ZONES(name) defines name_op for struct
 * block_device_operations. It calls name(reporter, sector, nr_zones), which calls
 * kcsd_report_zone() for each zone.
 */
struct kcsd_zone_reporter {
	struct gendisk *disk;
	unsigned int nr;	/* zones reported */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
	report_zones_cb cb;
	void *data;
#else
	struct blk_report_zones_args *args;
#endif
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define KCSD_REPORT_ZONES(name)							\
static int name##_op(struct gendisk *disk, sector_t sector, unsigned int nr_zones, \
		     report_zones_cb cb, void *data)				\
{										\
	struct kcsd_zone_reporter reporter = { .disk = disk, .cb = cb, .data = data }; \
										\
	return name(&reporter, sector, nr_zones);				\
}

static inline int kcsd_report_zone(struct kcsd_zone_reporter *r, struct blk_zone *zone)
{
	return r->cb(zone, r->nr++, r->data);
}
#else
#define KCSD_REPORT_ZONES(name)							\
static int name##_op(struct gendisk *disk, sector_t sector, unsigned int nr_zones, \
		     struct blk_report_zones_args *args)			\
{										\
	struct kcsd_zone_reporter reporter = { .disk = disk, .args = args };	\
										\
	return name(&reporter, sector, nr_zones);				\
}

static inline int kcsd_report_zone(struct kcsd_zone_reporter *r, struct blk_zone *zone)
{
	return disk_report_zone(r->disk, zone, r->nr++, r->args);
}
#endif

/*
 * Add and remove bad sectors; true on success. In 6.15 lengths grew, and true became the value for
 * success. Units are sectors. The list has its own lock.
 */
static inline bool kcsd_compat_badblocks_set(struct badblocks *bad, sector_t first, int nr)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	return !badblocks_set(bad, first, nr, 1);
#else
	return badblocks_set(bad, first, nr, 1);
#endif
}

static inline bool kcsd_compat_badblocks_clear(struct badblocks *bad, sector_t first, int nr)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	return !badblocks_clear(bad, first, nr);
#else
	return badblocks_clear(bad, first, nr);
#endif
}

/*
 * True if some of the sectors are bad: *first_bad and *end_bad are then the limits of the first
 * entry that has some.
 */
static inline bool kcsd_compat_badblocks_check(struct badblocks *bad, sector_t first, int nr,
					       sector_t *first_bad, sector_t *end_bad)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	int nr_bad = 0;
#else
	sector_t nr_bad = 0;
#endif
	bool ret;

	*first_bad = 0;
	ret = badblocks_check(bad, first, nr, first_bad, &nr_bad);
	*end_bad = *first_bad + nr_bad;
	return ret;
}

/* Name of crc32c(). Until 6.15 crc32c() was in a module of its own; this function needs none. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define kcsd_compat_crc32c	__crc32c_le
#else
#define kcsd_compat_crc32c	crc32c
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
typedef struct sha256_state kcsd_sha256_ctx;
#else
typedef struct sha256_ctx kcsd_sha256_ctx;
#endif

#endif
