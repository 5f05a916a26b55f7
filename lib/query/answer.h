/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What a program of a query sends: messages (bpf/query/row.h) for the host's part of the query. */
#ifndef KCSD_QUERY_ANSWER_H
#define KCSD_QUERY_ANSWER_H

#include "host.h"
#include "table.h"

struct answer {
	const struct plan *plan;
	struct kcsd_host *host;
	const struct kcsd_query_run_opts *opts;
	struct kcsd_query_stats *stats;
	struct kcsd_error *err;
	const char *source;		/* name of the one that is read */
	struct kcsd_value *columns;	/* by index; owned */
	struct kcsd_value *keys;	/* of a group; owned */
	struct kcsd_partial *partials;	/* owned */
	uint8_t *part;			/* the beginning of a message; owned */
	size_t part_len, part_room;
	uint64_t no_rows;		/* of this source: the host could not parse them */
	bool took;			/* a message of this source counts already */
	bool ended;			/* the last message of this run has come */
	uint64_t next, state;		/* then: where another run goes on, see bpf/query/row.h */
	bool enough;			/* no further row changes the result */
	int ret;			/* first error */
};

/* plan, host, opts, stats and err are set. Returns -ENOMEM. */
int kcsd_answer_init(struct answer *answer);
void kcsd_answer_destroy(struct answer *answer);
/* Begin with a source. */
void kcsd_answer_begin(struct answer *answer, const char *source);
/*
 * Take output of the program. Returns 0, or what says that no more is needed: answer->enough, or
 * answer->ret. -EPROTO: it is no answer.
 */
int kcsd_answer_take(struct answer *answer, const void *bytes, size_t len);
/*
 * Report a row that is none. Returns 0: it is skipped; -EILSEQ, with a sentence. at and number as
 * in struct kcsd_bad_row.
 */
int kcsd_answer_bad_row(struct answer *answer, uint64_t number, uint64_t at, const char *reason);

#endif
