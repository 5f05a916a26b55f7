/* SPDX-License-Identifier: GPL-2.0 */
/* For commands that leave something behind when a signal ends them half way. */
#ifndef KCSD_SIGNALS_H
#define KCSD_SIGNALS_H

#include <stdbool.h>

/*
 * From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT are noted, and SIGPIPE is ignored: the command
 * looks at kcsd_signals_caught(), undoes what it did, and ends with kcsd_signals_code().
 */
void kcsd_signals_catch(void);
/* The signal, or 0. */
int kcsd_signals_caught(void);
/* As a shell shows the end by this signal. */
#define kcsd_signals_code(signal)	(128 + (signal))
/* Is fd a pipe whose reader has gone, as of "kcsd ... | head"? */
bool kcsd_nobody_reads(int fd);

#endif
