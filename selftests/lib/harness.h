/* SPDX-License-Identifier: GPL-2.0 */
/* The harness of kselftest, for test programs that create drives. */
#ifndef KST_HARNESS_H
#define KST_HARNESS_H

/* Silence warnings that the macros of the harness cause under -Wextra. */
#pragma GCC diagnostic ignored "-Wsign-compare"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wclobbered"
#endif
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "kselftest_harness.h"
#pragma GCC diagnostic pop

#include "drive.h"

/* Limit the time of a test, in seconds. Replaces the limit of the harness. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT (30 * time_slow())

/* Replaces TEST_HARNESS_MAIN. */
#define DRIVE_TEST_MAIN \
	int main(int argc, char **argv) \
	{ \
		drive_begin(); \
		return test_harness_run(argc, argv); \
	}

#endif
