/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Make the allocations of an operation fail: first the first one, then the second, and so on, until
 * the operation has succeeded without meeting the failure. Each time the operation must fail
 * cleanly or do all its work, and must work when it is tried again. kmemleak finds memory that
 * leaks.
 *
 * This uses fail-nth, which counts for one task: allocations of threads of the drive cannot fail.
 * The detectors of the kernel also allocate, and are counted; they work without the memory, but if
 * kmemleak stopped for it, the VM would report an error.
 */
#ifndef KST_FAIL_NTH_H
#define KST_FAIL_NTH_H

#include "drive.h"
#include "cmd.h"

#define FAIL_DEBUGFS	"/sys/kernel/debug"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define FAIL_RCU	"/sys/kernel/rcu_expedited"
#define FAIL_MANY	1000000		/* no operation allocates that often */
#define FAIL_TRIES	20
#define FAIL_NONE	"the kernel injects no faults (CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC)"

/* Seconds for all operations of a test: a thousand drives, on a kernel with debug checks. */
#define FAIL_TIMEOUT	(getenv("KCSD_FAIL_TRIES") ? 36000 : 1200)

/* State of a test; each test file defines its own. */
struct bed;

struct operation {
	const char *name;
	int (*before)(struct bed *b);	/* without failures; may be NULL */
	int (*act)(struct bed *b);	/* 0: all done; else -errno or a status */
	int (*after)(struct bed *b);	/* undo act() if it succeeded; may be NULL */
};

/* Let every allocation fail, and write no trace of failures to the kernel log. */
static const struct {
	const char *path;
	const char *value;
	bool needed;
} fail_settings[] = {
	{ "failslab/ignore-gfp-wait",		"0", true },
	{ "failslab/probability",		"0", true },
	{ "failslab/verbose",			"0", true },
	{ "fail_page_alloc/ignore-gfp-wait",	"0", true },
	{ "fail_page_alloc/ignore-gfp-highmem",	"0", true },
	{ "fail_page_alloc/min-order",		"0", true },
	{ "fail_page_alloc/probability",	"0", true },
	{ "fail_page_alloc/verbose",		"0", true },
	{ "fail_make_request/verbose",		"0", false },
	{ "fail_io_timeout/verbose",		"0", false },
	{ "fail_mempool_alloc/verbose",		"0", false },
	{ "fail_mempool_alloc_bulk/verbose",	"0", false },
};

static inline bool fail_set_up(void)
{
	char path[128];

	if (access(FAIL_NTH, W_OK))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(fail_settings); i++) {
		snprintf(path, sizeof(path), FAIL_DEBUGFS "/%s", fail_settings[i].path);
		if (file_write(path, fail_settings[i].value) && fail_settings[i].needed)
			return false;
	}
	return true;
}

static int fail_fd = -1;

/* From now on, make the nth allocation of this thread fail, once. 0: none. */
static inline void fail_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (fail_fd < 0)
		fail_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (pwrite(fail_fd, text, len, 0) != len)
		ksft_exit_fail_msg("%s: %d\n", FAIL_NTH, errno);
}

/*
 * Disarm. Returns the number of allocations that were left before the failure; 0: one has failed.
 */
static inline unsigned int fail_end(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) <= 0)
		ksft_exit_fail_msg("%s: %d\n", FAIL_NTH, errno);
	fail_arm(0);
	return atoi(text);
}

/* True for errors that can mean that there was no memory, here or in a lower layer. */
static inline bool fail_clean(int ret)
{
	switch (ret) {
	case -ENOMEM:
	case -EAGAIN:
	case -ENOBUFS:
	case -EIO:	/* from a file system, or from the block layer */
	case -EFAULT:	/* a page of the buffer could not be allocated */
	case KCSD_SC_WRITE_FAULT:
	case KCSD_SC_READ_ERROR:
	case KCSD_SC_INSUFFICIENT_RESOURCES:
	case KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES:
	case KCSD_SC_PROGRAM_FAULT:	/* I/O of a helper */
		return true;
	default:
		return false;
	}
}

static inline int fail_say(const struct operation *op, const char *when, unsigned int nth,
			   int ret)
{
	ksft_print_msg("%s, %s allocation %u: %d (%#x)\n", op->name, when, nth, ret, ret);
	return ret;
}

/*
 * Run the operation without failures. Sets *allocations to the number that act() makes. Returns 0
 * or an error.
 */
static inline int fail_count(const struct operation *op, struct bed *b, unsigned int *allocations)
{
	int ret = op->before ? op->before(b) : 0;

	if (ret)
		return fail_say(op, "before any", 0, ret);
	fail_arm(FAIL_MANY);
	ret = op->act(b);
	*allocations = FAIL_MANY - fail_end();
	if (ret)
		return fail_say(op, "without failing", 0, ret);
	ret = op->after ? op->after(b) : 0;
	return ret ? fail_say(op, "undone without failing", 0, ret) : 0;
}

/* Make the nth allocation fail. Sets *met if act() made that many. Returns 0 or an error. */
static inline int fail_try(const struct operation *op, struct bed *b, unsigned int nth, bool *met)
{
	int ret = op->before ? op->before(b) : 0;

	if (ret)
		return fail_say(op, "before", nth, ret);
	fail_arm(nth);
	ret = op->act(b);
	*met = !fail_end();
	if (ret && (!*met || !fail_clean(ret)))
		return fail_say(op, "failing", nth, ret);
	if (ret)
		ret = op->act(b);
	if (ret)
		return fail_say(op, "again after failing", nth, ret);
	ret = op->after ? op->after(b) : 0;
	return ret ? fail_say(op, "undone after failing", nth, ret) : 0;
}

/*
 * Returns the step between the allocations that fail, for KCSD_FAIL_TRIES tries; 0: every
 * allocation.
 */
static inline unsigned int fail_step(unsigned int allocations)
{
	const char *given = getenv("KCSD_FAIL_TRIES");
	unsigned int tries = given ? atoi(given) : FAIL_TRIES;

	return tries && allocations > tries ? (allocations + tries - 1) / tries : 1;
}

/*
 * Make each allocation fail except the first `but`. If there are too many, make every so manieth
 * fail, and begin with another one each time. The number of allocations varies: caches may be full
 * or not. Returns 0 if all tries were clean.
 */
static inline int fail_each(const struct operation *op, struct bed *b, unsigned int but,
			    unsigned int allocations)
{
	unsigned int step = fail_step(allocations - but), met = 0;
	unsigned int nth = but + 1 + time_ns() / 1000 % step;
	__u64 start = time_ns();
	bool more = true;
	int ret = 0;

	ksft_print_msg("%s: %u allocations, failing number %u and each %u after it\n", op->name,
		       allocations, nth, step);
	for (; !ret && more; nth += step) {
		ret = fail_try(op, b, nth, &more);
		met += more;
		if (!ret && nth > 4 * allocations + 1000)
			ret = fail_say(op, "no end at", nth, -ELOOP);
	}
	ksft_print_msg("%s: %u failures in %u ms\n", op->name, met,
		       (unsigned int)((time_ns() - start) / 1000000));
	if (!ret && !met && allocations > but)
		ret = fail_say(op, "not met:", 1, -EINVAL);
	return ret;
}

/* Test the operation; the first `but` allocations may belong to other code. */
static inline int fail_all_but(const struct operation *op, struct bed *b, unsigned int but)
{
	unsigned int allocations;
	int ret;

	/* Hundreds of drives are removed, which mostly waits for grace periods: make them short. */
	file_write(FAIL_RCU, "1");
	/* Run twice, so that memory that is allocated only once is there. */
	ret = fail_count(op, b, &allocations);
	if (!ret)
		ret = fail_count(op, b, &allocations);
	if (!ret)
		ret = fail_each(op, b, but, allocations);
	file_write(FAIL_RCU, "0");
	return ret;
}

static inline int fail_all(const struct operation *op, struct bed *b)
{
	return fail_all_but(op, b, 0);
}

#define FAIL_TEST_MAIN \
	int main(int argc, char **argv) \
	{ \
		if (geteuid() || fail_set_up()) \
			return drive_main(argc, argv); \
		ksft_print_header(); \
		ksft_exit_skip(FAIL_NONE "\n"); \
	}

#endif
