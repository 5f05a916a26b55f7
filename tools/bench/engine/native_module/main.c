// SPDX-License-Identifier: GPL-2.0
/*
 * Run the kernels of the suite as native code, to compare them with the engines of a drive. In
 * debugfs, kcsd_bench/:
 *
 *	rounds	number of rounds of a kernel for each read of its file
 *	NAME	read: run the kernel; "nanoseconds of the fastest round, checksum"
 */
#include <linux/debugfs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>

#include "kernels/kernel.h"
#include "kernels/list.h"

/* A run for a kernel thread: a drive executes runs on one, too. */
struct bench_work {
	struct work_struct work;
	bench_fn fn;
	struct bench_result result;
};

static DEFINE_MUTEX(bench_lock);	/* protects the buffers of the kernels: one run at a time */
static struct dentry *bench_dir;
static u64 bench_rounds = 1;

__u64 bench_now(void)
{
	return ktime_get_ns();
}

static void bench_work_fn(struct work_struct *work)
{
	struct bench_work *w = container_of(work, struct bench_work, work);

	w->fn(bench_rounds, BENCH_SEED, &w->result);
}

static void bench_run(struct seq_file *m, bench_fn fn)
{
	struct bench_work w = { .fn = fn };

	INIT_WORK_ONSTACK(&w.work, bench_work_fn);
	scoped_guard(mutex, &bench_lock) {
		queue_work(system_unbound_wq, &w.work);
		flush_work(&w.work);
	}
	destroy_work_on_stack(&w.work);
	seq_printf(m, "%llu %llu\n", w.result.ns, w.result.sum);
}

#define BENCH_FILE(name, text)						\
void bench_##name(__u64 rounds, __u64 seed, struct bench_result *result); \
static int name##_show(struct seq_file *m, void *unused)		\
{									\
	bench_run(m, bench_##name);					\
	return 0;							\
}									\
DEFINE_SHOW_ATTRIBUTE(name);
BENCH_KERNELS(BENCH_FILE)

static int __init bench_init(void)
{
	bench_dir = debugfs_create_dir("kcsd_bench", NULL);
	debugfs_create_u64("rounds", 0600, bench_dir, &bench_rounds);
#define BENCH_CREATE(name, text) \
	debugfs_create_file(#name, 0400, bench_dir, NULL, &name##_fops);
	BENCH_KERNELS(BENCH_CREATE)
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove(bench_dir);
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("native code beside the engines of kcsd");
MODULE_LICENSE("GPL");
