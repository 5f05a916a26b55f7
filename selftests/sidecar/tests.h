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

/* memory.c: the allocation of this number from now on fails, counted from 1; 0: none. */
void fail_allocation(u32 nr);

#endif
