/* SPDX-License-Identifier: GPL-2.0 */
/* Catch signals in commands that must undo something when they are interrupted. */
#ifndef KCSD_SIGNALS_H
#define KCSD_SIGNALS_H

#include <stdbool.h>

/*
 * Note signals that end a process from now on, also those of timers, of limits and of batch systems
 * (SIGALRM, SIGXCPU, SIGUSR1, SIGUSR2), and ignore SIGPIPE. The command tests
 * kcsd_signals_caught(), undoes its work and exits with kcsd_signals_code().
 */
void kcsd_signals_catch(void);
/* Return the signal that was caught, or 0. */
int kcsd_signals_caught(void);
/* Exit code for a signal, the same as in a shell. */
#define kcsd_signals_code(signal)	(128 + (signal))
/* True if fd is a pipe without a reader, as in "kcsd ... | head". */
bool kcsd_nobody_reads(int fd);

#endif
