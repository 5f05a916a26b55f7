// SPDX-License-Identifier: GPL-2.0
/*
 * Make faults on purpose, for tools/check/detectors: the kernel must detect each of them, and
 * tools/vm/bad_lines must find its report. Loading always fails, with -ENODEV after a fault.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

/* Smallest and largest size that kmalloc() takes from its caches. */
#define LEAK_MIN	8
#define LEAK_MAX	KMALLOC_MAX_CACHE_SIZE

static char *kind = "";
module_param(kind, charp, 0);
MODULE_PARM_DESC(kind, "which fault: one of faults[]");

static DEFINE_MUTEX(mutex_a);
static DEFINE_MUTEX(mutex_b);
static DEFINE_SPINLOCK(spin);

/* An index out of bounds, but inside of this object: only UBSAN detects it. */
static struct {
	int few[4];
	int more[4];
} numbers;

static void fault_locks(void)
{
	mutex_lock(&mutex_a);
	mutex_lock(&mutex_b);
	mutex_unlock(&mutex_b);
	mutex_unlock(&mutex_a);
	mutex_lock(&mutex_b);
	mutex_lock(&mutex_a);
	mutex_unlock(&mutex_a);
	mutex_unlock(&mutex_b);
}

static void fault_warn(void)
{
	WARN(1, "on purpose\n");
}

static void fault_index(void)
{
	int i = ARRAY_SIZE(numbers.few) + 1;

	OPTIMIZER_HIDE_VAR(i);
	WRITE_ONCE(numbers.few[i], 1);
}

static void fault_sleep(void)
{
	spin_lock(&spin);
	might_sleep();
	spin_unlock(&spin);
}

static void fault_memory(void)
{
	char *p = kmalloc(24, GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	WRITE_ONCE(p[8], 1);
}

/*
 * Lose memory of each size of the caches. Overwrite it: fresh memory may still contain the address
 * of the next free object, which would hide that one from kmemleak.
 */
static void fault_leak(void)
{
	size_t size;

	for (size = LEAK_MIN; size <= LEAK_MAX; size *= 2)
		memset(kmalloc(size, GFP_KERNEL | __GFP_NOFAIL), 0xa5, size);
}

static void fault_hung(void)
{
	msleep(20000);
}

static const struct {
	const char *name;
	void (*run)(void);
} faults[] = {
	{ "locks", fault_locks },
	{ "warn", fault_warn },
	{ "index", fault_index },
	{ "sleep", fault_sleep },
	{ "memory", fault_memory },
	{ "hung", fault_hung },
	{ "leak", fault_leak },
};

static int __init faults_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(faults[i].name, kind)) {
			faults[i].run();
			return -ENODEV;
		}
	return -EINVAL;
}

module_init(faults_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Faults on purpose");
