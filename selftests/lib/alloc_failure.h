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
#ifndef KST_ALLOC_FAILURE_H
#define KST_ALLOC_FAILURE_H

#include <stdbool.h>
#include <stdlib.h>

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

bool fail_set_up(void);

/* From now on, make the nth allocation of this thread fail, once. 0: none. */
void fail_arm(unsigned int nth);
/* Disarm. Returns how many allocations were left before the failure; 0: one has failed. */
unsigned int fail_end(void);

/*
 * Run the operation without failures. Sets *allocations to the number that act() makes. Returns 0
 * or an error.
 */
int fail_count(const struct operation *op, struct bed *b, unsigned int *allocations);

/* Test the operation; the first `but` allocations may belong to other code. */
int fail_all_but(const struct operation *op, struct bed *b, unsigned int but);

int fail_all(const struct operation *op, struct bed *b);

#define FAIL_NONE	"the kernel injects no faults (CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC)"

/* Replaces TEST_HARNESS_MAIN; needs harness.h. Skips all tests on a kernel without fail-nth. */
#define FAIL_TEST_MAIN \
	int main(int argc, char **argv) \
	{ \
		if (!geteuid() && !fail_set_up()) { \
			ksft_print_header(); \
			ksft_exit_skip(FAIL_NONE "\n"); \
		} \
		drive_begin(); \
		return test_harness_run(argc, argv); \
	}

#endif
