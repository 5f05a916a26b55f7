/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KCSD_KV_TESTS_H
#define KCSD_KV_TESTS_H

#include "disk.h"
#include "model.h"
#include "names.h"
#include "reader.h"
#include "tap.h"

void use_tests(void);
void sizes_tests(void);
void list_tests(void);
void crash_tests(void);
void threads_tests(void);
void full_tests(void);
void flip_tests(void);
void errors_tests(void);
void memory_tests(void);
void hostile_tests(void);
void lies_tests(void);
void bad_tests(void);
void torture_tests(void);
void rough_tests(void);

/* Return n times what KV_ROUNDS says. */
u32 rounds(u32 n);
/* Let the allocation of this number from now on fail; 0: none. Returns true if the last one did. */
bool fail_allocation(u32 nr);

#endif
