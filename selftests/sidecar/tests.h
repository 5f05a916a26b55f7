/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KCSD_SIDECAR_TESTS_H
#define KCSD_SIDECAR_TESTS_H

#include "model.h"
#include "tap.h"

void use_tests(void);
void damage_tests(void);
void torn_tests(void);
void content_tests(void);
void errors_tests(void);
void memory_tests(void);
void dirty_tests(void);

/* Make the nr-th allocation from now on fail, counted from 1; 0: none. In memory.c. */
void fail_allocation(u32 nr);

#endif
