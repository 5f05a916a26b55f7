/* SPDX-License-Identifier: GPL-2.0 */
/* Names of verdicts and faults, as data files and reports have them: without prefix. */
#ifndef KCSD_NAMES_H
#define KCSD_NAMES_H

#include "engine.h"

const char *verdict_name(u32 reason);
const char *fault_name(u32 reason);
/* Find the name at *p, which is moved on to the next word. Returns false if there is none. */
bool verdict_find(const char **p, u32 *reason);
bool fault_find(const char **p, u32 *reason);

#endif
