/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The allocations of an operation fail: once the first, then the second, and so on, until the
 * operation has succeeded without meeting the failure. Each time it must fail cleanly or do its
 * whole work, and work when it is tried again. Memory that leaks is kmemleak's to find.
 *
 * By fail-nth, which counts for one task: threads of the drive's are out of reach. The kernel's
 * detectors allocate as well, and count; what they do without is nobody's loss.
 */
#ifndef KST_FAIL_NTH_H
#define KST_FAIL_NTH_H

#include "drive.h"
#include "cmd.h"

#define FAULTS_DEBUGFS	"/sys/kernel/debug"
#define FAULTS_NTH	"/proc/thread-self/fail-nth"
#define FAULTS_RCU	"/sys/kernel/rcu_expedited"
#define FAULTS_MANY	1000000		/* no operation allocates that often */
#define FAULTS_TRIES	40
#define FAULTS_NONE	"the kernel injects no faults (CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC)"

/* Seconds for all operations of a test: a thousand drives, on a kernel that checks itself. */
#define FAULTS_TIMEOUT	(getenv("KCSD_FAIL_TRIES") ? 36000 : 1200)

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
} faults_settings[] = {
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

static inline bool faults_set_up(void)
{
	char path[128];

	if (access(FAULTS_NTH, W_OK))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(faults_settings); i++) {
		snprintf(path, sizeof(path), FAULTS_DEBUGFS "/%s", faults_settings[i].path);
		if (file_write(path, faults_settings[i].value) && faults_settings[i].needed)
			return false;
	}
	return true;
}

static int faults_fd = -1;

/* From now on, the nth allocation of this thread fails, once. 0: none does. */
static inline void faults_fail(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (faults_fd < 0)
		faults_fd = open(FAULTS_NTH, O_RDWR | O_CLOEXEC);
	if (pwrite(faults_fd, text, len, 0) != len)
		ksft_exit_fail_msg("%s: %d\n", FAULTS_NTH, errno);
}

/* End that. How many were still to come before it, then; 0: it has failed. */
static inline unsigned int faults_end(void)
{
	char text[16] = "";

	if (pread(faults_fd, text, sizeof(text) - 1, 0) <= 0)
		ksft_exit_fail_msg("%s: %d\n", FAULTS_NTH, errno);
	faults_fail(0);
	return atoi(text);
}

/* Errors that mean that there was no memory, here or below. */
static inline bool faults_clean(int ret)
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

static inline int faults_say(const struct operation *op, const char *when, unsigned int nth,
			     int ret)
{
	ksft_print_msg("%s, %s allocation %u: %d (%#x)\n", op->name, when, nth, ret, ret);
	return ret;
}

/* Without failures. *allocations: how many act() makes. 0, or what went wrong. */
static inline int faults_count(const struct operation *op, struct bed *b, unsigned int *allocations)
{
	int ret = op->before ? op->before(b) : 0;

	if (ret)
		return faults_say(op, "before any", 0, ret);
	faults_fail(FAULTS_MANY);
	ret = op->act(b);
	*allocations = FAULTS_MANY - faults_end();
	if (ret)
		return faults_say(op, "without failing", 0, ret);
	ret = op->after ? op->after(b) : 0;
	return ret ? faults_say(op, "undone without failing", 0, ret) : 0;
}

/* Fail the nth. *met: act() got as far as that. 0, or what went wrong. */
static inline int faults_try(const struct operation *op, struct bed *b, unsigned int nth, bool *met)
{
	int ret = op->before ? op->before(b) : 0;

	if (ret)
		return faults_say(op, "before", nth, ret);
	faults_fail(nth);
	ret = op->act(b);
	*met = !faults_end();
	if (ret && (!*met || !faults_clean(ret)))
		return faults_say(op, "failing", nth, ret);
	if (ret)
		ret = op->act(b);
	if (ret)
		return faults_say(op, "again after failing", nth, ret);
	ret = op->after ? op->after(b) : 0;
	return ret ? faults_say(op, "undone after failing", nth, ret) : 0;
}

/* How many tries an operation is worth, spread over its allocations; KCSD_FAIL_TRIES=0: all. */
static inline unsigned int faults_step(unsigned int allocations)
{
	const char *given = getenv("KCSD_FAIL_TRIES");
	unsigned int tries = given ? atoi(given) : FAULTS_TRIES;

	return tries && allocations > tries ? (allocations + tries - 1) / tries : 1;
}

/*
 * Fail each of them but the first ones; of very many each so-manieth, from another one on each
 * time. How many there are varies: caches are full or not. 0: all was clean.
 */
static inline int faults_each(const struct operation *op, struct bed *b, unsigned int but,
			      unsigned int allocations)
{
	unsigned int step = faults_step(allocations - but), met = 0;
	unsigned int nth = but + 1 + time_ns() / 1000 % step;
	__u64 start = time_ns();
	bool more = true;
	int ret = 0;

	ksft_print_msg("%s: %u allocations, failing number %u and each %u after it\n", op->name,
		       allocations, nth, step);
	for (; !ret && more; nth += step) {
		ret = faults_try(op, b, nth, &more);
		met += more;
		if (!ret && nth > 4 * allocations + 1000)
			ret = faults_say(op, "no end at", nth, -ELOOP);
	}
	ksft_print_msg("%s: %u failures in %u ms\n", op->name, met,
		       (unsigned int)((time_ns() - start) / 1000000));
	if (!ret && !met && allocations > but)
		ret = faults_say(op, "not met:", 1, -EINVAL);
	return ret;
}

/* The first of an operation may be someone else's. */
static inline int faults_all_but(const struct operation *op, struct bed *b, unsigned int but)
{
	unsigned int allocations;
	int ret;

	/* Hundreds of drives go away: that is grace periods, most of all. */
	file_write(FAULTS_RCU, "1");
	/* Once more, so that what is allocated only once is there. */
	ret = faults_count(op, b, &allocations);
	if (!ret)
		ret = faults_count(op, b, &allocations);
	if (!ret)
		ret = faults_each(op, b, but, allocations);
	file_write(FAULTS_RCU, "0");
	return ret;
}

static inline int faults_all(const struct operation *op, struct bed *b)
{
	return faults_all_but(op, b, 0);
}

#define FAULTS_TEST_MAIN \
	int main(int argc, char **argv) \
	{ \
		if (geteuid() || faults_set_up()) \
			return drive_main(argc, argv); \
		ksft_print_header(); \
		ksft_exit_skip(FAULTS_NONE "\n"); \
	}

#endif
