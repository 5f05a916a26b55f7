// SPDX-License-Identifier: GPL-2.0
#include "alloc_failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <linux/kcsd.h>

#include "file.h"
#include "kselftest.h"
#include "timing.h"

#define FAIL_DEBUGFS	"/sys/kernel/debug"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define FAIL_RCU	"/sys/kernel/rcu_expedited"
#define FAIL_MANY	1000000		/* no operation allocates that often */
#define FAIL_TRIES	20

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

bool fail_set_up(void)
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

void fail_arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (fail_fd < 0)
		fail_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (pwrite(fail_fd, text, len, 0) != len)
		ksft_exit_fail_msg("%s: %d\n", FAIL_NTH, errno);
}

unsigned int fail_end(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) <= 0)
		ksft_exit_fail_msg("%s: %d\n", FAIL_NTH, errno);
	fail_arm(0);
	return atoi(text);
}

/* True for errors that can mean that there was no memory, here or in a lower layer. */
static bool fail_clean(int ret)
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

static int fail_say(const struct operation *op, const char *when, unsigned int nth, int ret)
{
	ksft_print_msg("%s, %s allocation %u: %d (%#x)\n", op->name, when, nth, ret, ret);
	return ret;
}

int fail_count(const struct operation *op, struct bed *b, unsigned int *allocations)
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
static int fail_try(const struct operation *op, struct bed *b, unsigned int nth, bool *met)
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
static unsigned int fail_step(unsigned int allocations)
{
	const char *given = getenv("KCSD_FAIL_TRIES");
	unsigned int tries = given ? atoi(given) : FAIL_TRIES;

	return tries && allocations > tries ? (allocations + tries - 1) / tries : 1;
}

/*
 * Make every step-th allocation from number nth on fail, until there are fewer. Sets *met to how
 * many there were.
 */
static int fail_series(const struct operation *op, struct bed *b, unsigned int nth,
		       unsigned int step, unsigned int allocations, unsigned int *met)
{
	bool more = true;
	int ret = 0;

	for (*met = 0; !ret && more; nth += step) {
		ret = fail_try(op, b, nth, &more);
		*met += more;
		if (!ret && nth > 4 * allocations + 1000)
			ret = fail_say(op, "no end at", nth, -ELOOP);
	}
	return ret;
}

/*
 * Make each allocation fail except the first `but`. If there are too many, make every so manieth
 * fail, and begin with another one each time. The number of allocations varies: caches may be full
 * or not. Returns 0 if all tries were clean.
 */
static int fail_each(const struct operation *op, struct bed *b, unsigned int but,
		     unsigned int allocations)
{
	unsigned int step = fail_step(allocations - but), met;
	unsigned int nth = but + 1 + time_ns() / 1000 % step;
	__u64 start = time_ns();
	int ret;

	ksft_print_msg("%s: %u allocations, failing number %u and each %u after it\n", op->name,
		       allocations, nth, step);
	ret = fail_series(op, b, nth, step, allocations, &met);
	/* Far fewer than were counted: begin with the first, skip none. */
	if (!ret && !met && step > 1)
		ret = fail_series(op, b, but + 1, 1, allocations, &met);
	ksft_print_msg("%s: %u failures in %u ms\n", op->name, met,
		       (unsigned int)((time_ns() - start) / 1000000));
	if (!ret && !met && allocations > but)
		ret = fail_say(op, "not met:", 1, -EINVAL);
	return ret;
}

int fail_all_but(const struct operation *op, struct bed *b, unsigned int but)
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

int fail_all(const struct operation *op, struct bed *b)
{
	return fail_all_but(op, b, 0);
}
