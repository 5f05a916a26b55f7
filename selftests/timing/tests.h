/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KCSD_TIMING_TESTS_H
#define KCSD_TIMING_TESTS_H

#include "loop.h"
#include "path.h"
#include "tap.h"

#define KB	1024ULL
#define MB	(1024 * KB)
#define GB	(1024 * MB)

void params_tests(void);
void resource_tests(void);
void latency_tests(void);
void limit_tests(void);
void collect_tests(void);
void property_tests(void);
void zone_tests(void);
void run_tests(void);
void hostile_tests(void);
void late_tests(void);
void memory_tests(void);

/* Make a model, or end the test with the sentence that refuses it. */
struct kcsd_timing *make_model(const struct kcsd_timing_params *p, u64 capacity, u64 zone_size);
/* The same from a preset, with its zones. */
struct kcsd_timing *make_preset(const char *name, u64 capacity);
/* Submit one command that must be taken. */
struct kcsd_timing_done submit(struct kcsd_timing *t, u64 arrival, u8 op, u64 offset, u64 bytes);

/* Make the nr-th allocation from now on fail, counted from 1; 0: none. In memory.c. */
void fail_allocation(u32 nr);

#endif
