/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Random queries over random rows, run on the host and by a program. */
#ifndef QUERY_RANDOM_H
#define QUERY_RANDOM_H

#include <stdio.h>

#include "query/host.h"
#include "query_gen.h"

#define ROWS	40

/* One comparison: what the library says, and what PostgreSQL is asked. */
struct item {
	char *text;		/* SQL, for the reader */
	char *ours;
	char *sql;		/* asked first */
	char *again;		/* asked if that differs: without constants to fold; or NULL */
	char *plan;		/* asked if that differs: fails if constants do; or NULL */
	char *theirs;
	bool same, skipped;
	bool decimal;		/* there is nothing to skip */
	bool runs;		/* it is a query that is valid: which error comes first is open */
	bool limited;		/* rows behind LIMIT may have errors */
};

extern struct kcsd_value rows[ROWS][GEN_COLUMNS];
extern struct kcsd_arena keep;		/* of all items */

/* Programs that compare with the host, and how many queries they did. */
struct programs {
	struct kcsd_table *table;	/* with the same rows */
	bool on_drive;
	uint32_t queries, differ;
	uint32_t grouped, filtered;	/* queries of which the program does so much */
};

void check_memory(const void *p);
/* Print to memory of keep. */
char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Append the text of a value, as a cast to text prints it. */
char *append(char *line, const struct kcsd_value *value);

/* Make the rows, and if out is not NULL write statements that make them in PostgreSQL. */
void make_rows(struct gen *g, FILE *out);
/* Write the rows as CSV. */
void write_rows(FILE *file);
/* Make a query and run it on the host; then, if programs is not NULL, by a program. */
void make_random_query(struct gen *g, struct item *item, struct programs *programs);

#endif
