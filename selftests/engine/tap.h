/* SPDX-License-Identifier: GPL-2.0 */
/* Print one TAP stream for all tests of the program. */
#ifndef KCSD_TAP_H
#define KCSD_TAP_H

/* Print a point: passed if ok. Print diagnostics of a failure after it, by tap_note(). */
void tap_point(int ok, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
void tap_skip(const char *name, const char *reason);
/* Print why the point before it failed, or what to know about it. */
void tap_note(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
/* Print plan and summary. Returns the exit status: 0 if something passed and nothing failed. */
int tap_end(void);

#endif
