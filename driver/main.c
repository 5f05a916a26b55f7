// SPDX-License-Identifier: GPL-2.0
/* Load and unload the module. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/printk.h>

#include "compute/debugfs.h"
#include "config.h"
#include "control/configfs.h"
#include "drive.h"
#include "host/node.h"
#include "kv/kv.h"
#include "selftest/selftest.h"

#define MAX_DRIVES	256

/* X(option, valid values, description): text parameters, parsed by the setter of the option. */
#define OPTION_PARAMS(X) \
	X(size, "at least 1M, a multiple of the block size", \
	  "Size of each drive, bytes or like 512M (default: 512M, or size of the backing file)") \
	X(block_size, "512 or 4096", "Bytes of a logical block, 512 or 4096 (default)") \
	X(kv_size, "0 or a multiple of 4K", \
	  "Bytes of objects (Key Value), or like 1G (default: 256M; 0: no namespace 4)") \
	X(engine, "jit or interp", "How programs are run: jit (default) or interp") \
	X(zone_size, "0 or a power of 2, at most 1T", \
	  "Size of a zone, bytes or like 64M (default: 0, not zoned)") \
	X(zone_capacity, "at most 1T", \
	  "Part of a sequential zone that can be written, bytes or like 48M (default: 0, all)") \
	X(conventional_zones, "a number", "Number of conventional zones (default: 0)") \
	X(max_open_zones, "a number", "Zones open at once (default: 0, no limit)") \
	X(max_active_zones, "a number", "Zones open or closed at once (default: 0, no limit)")

static struct {
#define PARAM_FIELD(option, want, text) char *option;
	OPTION_PARAMS(PARAM_FIELD)
#undef PARAM_FIELD
	char *backing_file;
	unsigned int drives;
} params = {
	.drives = 1,
};

#define PARAM(option, want, text) \
	module_param_named(option, params.option, charp, 0444); \
	MODULE_PARM_DESC(option, text);
OPTION_PARAMS(PARAM)
#undef PARAM

module_param_named(backing_file, params.backing_file, charp, 0444);
MODULE_PARM_DESC(backing_file, "Absolute path of a raw image that has the data of the drive (default: memory)");

module_param_named(drives, params.drives, uint, 0444);
MODULE_PARM_DESC(drives, "Drives to make, 0 to 256 (default: 1); more by mkdir in configfs");

static int parse_params(struct kcsd_config *c)
{
	const char *path = params.backing_file;

	kcsd_config_init(c);
#define PARSE_PARAM(option, want, text) \
	if (params.option && kcsd_config_set_##option(c, params.option)) { \
		pr_err(#option "=%s: want " want "\n", params.option); \
		return -EINVAL; \
	}
	OPTION_PARAMS(PARSE_PARAM)
#undef PARSE_PARAM
	if (params.drives > MAX_DRIVES) {
		pr_err("drives=%u: want at most %u\n", params.drives, MAX_DRIVES);
		return -EINVAL;
	}
	if (path && params.drives > 1) {
		pr_err("backing_file=%s: one file cannot hold %u drives\n", path, params.drives);
		return -EINVAL;
	}
	if (path && kcsd_config_set_file(c, path, strlen(path))) {
		pr_err("backing_file=%s: want an absolute path\n", path);
		return -EINVAL;
	}
	return 0;
}

struct setup {
	struct kcsd_config config;
	struct completion done;
	int ret;
};

static int setup_thread(void *data)
{
	struct setup *s = data;

	s->ret = kcsd_configfs_init(&s->config, params.drives);
	kthread_complete_and_exit(&s->done, 0);
}

/*
 * Create the drives in a thread, as the partition scan opens the disk. The task of insmod would
 * close that file only on its way back to user space, when a module whose init failed is already
 * freed.
 */
static int run_setup(struct setup *s)
{
	struct task_struct *task;

	init_completion(&s->done);
	task = kthread_run(setup_thread, s, "kcsd-setup");
	if (IS_ERR(task))
		return PTR_ERR(task);
	wait_for_completion(&s->done);
	return s->ret;
}

/* Wait until no node of a failed module is open: a module whose init fails is freed even then. */
static void wait_for_close(int base_refs)
{
	while (module_refcount(THIS_MODULE) > base_refs)
		msleep(20);
}

static int __init module_load(void)
{
	int refs = module_refcount(THIS_MODULE);
	struct setup setup;
	int ret;

	ret = parse_params(&setup.config);
	if (ret)
		goto out;
	ret = kcsd_selftest();
	if (ret)
		goto out;
	ret = kcsd_kv_init();
	if (ret)
		goto out;
	ret = kcsd_node_init();
	if (ret)
		goto exit_kv;
	kcsd_debugfs_init();
	ret = run_setup(&setup);
	if (!ret)
		goto out;
	wait_for_close(refs);
	kcsd_drives_wait();
	kcsd_debugfs_exit();
	kcsd_node_exit();
exit_kv:
	kcsd_kv_exit();
out:
	kcsd_config_destroy(&setup.config);
	/* Not ENOENT, for a missing file in a parameter: insmod would report a missing symbol. */
	return ret == -ENOENT ? -EINVAL : ret;
}

static void __exit module_unload(void)
{
	kcsd_configfs_exit();
	kcsd_drives_wait();
	kcsd_debugfs_exit();
	kcsd_node_exit();
	kcsd_kv_exit();
}

module_init(module_load);
module_exit(module_unload);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("kcsd developers");
MODULE_DESCRIPTION("Computational storage drive");
MODULE_VERSION(KCSD_VERSION);
