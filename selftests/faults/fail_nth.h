/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The allocations of an operation fail: once the first, then the second, and so on, until the
 * operation has succeeded without meeting the failure. Each time it must fail cleanly or do its
 * whole work, and work when it is tried again. Memory that leaks is kmemleak's to find.
 *
 * By fail-nth, which counts for one task: the drive's own threads are out of reach. The kernel's
 * detectors allocate as well, and count; what they do without is nobody's loss, and if kmemleak
 * gave up for it, the VM would end red.
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

/* Seconds for all operations of a test: a thousand drives, on a kernel that checks itself. */
#define FAIL_TIMEOUT	(getenv("KCSD_FAIL_TRIES") ? 36000 : 1200)

/* What a test operates on: its own. */
struct bed;

struct operation {
	const char *name;
	int (*before)(struct bed *b);	/* without failures; may be NULL */
	int (*act)(struct bed *b);	/* 0: it did all it is to do. Else -errno, or a status */
	int (*after)(struct bed *b);	/* undo what act() did when it succeeded; may be NULL */
};

/* Which allocations can fail: all. Nor is each failure worth a trace in the kernel log. */
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

/* From now on, the nth allocation of this thread fails, once. 0: none does. */
static inline void fail_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (fail_fd < 0)
		fail_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (pwrite(fail_fd, text, len, 0) != len)
		ksft_exit_fail_msg("%s: %d\n", FAIL_NTH, errno);
}

/* End that. How many were still to come before it, then; 0: it has failed. */
static inline unsigned int fail_end(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) <= 0)
		ksft_exit_fail_msg("%s: %d\n", FAIL_NTH, errno);
	fail_arm(0);
	return atoi(text);
}

/* Errors that mean that there was no memory, here or below. */
static inline bool fail_clean(int ret)
{
	switch (ret) {
	case -ENOMEM:
	case -EAGAIN:
	case -ENOBUFS:
	case -EIO:	/* of a file system, or of the block layer */
	case -EFAULT:	/* a page of the buffer could not be had */
	case KCSD_SC_WRITE_FAULT:
	case KCSD_SC_READ_ERROR:
	case KCSD_SC_INSUFFICIENT_RESOURCES:
	case KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES:
	case KCSD_SC_PROGRAM_FAULT:	/* a helper's I/O */
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

/* Without failures. *allocations: how many act() makes. 0, or what went wrong. */
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

/* Fail the nth. *met: act() got as far as that. 0, or what went wrong. */
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

/* How many tries an operation is worth, spread over its allocations; KCSD_FAIL_TRIES=0: all. */
static inline unsigned int fail_step(unsigned int allocations)
{
	const char *given = getenv("KCSD_FAIL_TRIES");
	unsigned int tries = given ? atoi(given) : FAIL_TRIES;

	return tries && allocations > tries ? (allocations + tries - 1) / tries : 1;
}

/*
 * Fail each of them but the first ones; of very many each so-manieth, from another one on each
 * time. How many there are varies: caches are full or not. 0: all was clean.
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

/* The first of an operation may be someone else's. */
static inline int fail_all_but(const struct operation *op, struct bed *b, unsigned int but)
{
	unsigned int allocations;
	int ret;

	/* Hundreds of drives go away: that is grace periods, most of all. */
	file_write(FAIL_RCU, "1");
	/* Once more, so that what is allocated only once is there. */
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
