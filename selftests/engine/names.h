/* SPDX-License-Identifier: GPL-2.0 */
/* Names of checks and faults, as data files and reports have them: without prefix. */
#ifndef KCSD_NAMES_H
#define KCSD_NAMES_H

#include "engine.h"

const char *check_name(u32 check);
const char *fault_name(u32 reason);
/* Find the name at *p, which is moved on to the next word. Returns false if there is none. */
bool check_find(const char **p, u32 *check);
bool fault_find(const char **p, u32 *reason);

#endif
