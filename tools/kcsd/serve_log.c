// SPDX-License-Identifier: GPL-2.0
/* Send a client what its program has logged, as kcsd run prints it: it may show the cause. */
#include <errno.h>

#include "serve.h"

#define MAX_ERRNO	4095

/* The lines of one run: while its program is loaded, nobody else's has its index. */
struct lines {
	int sock;
	uint32_t pind;
	uint64_t end_seq;
};

static int note_seq(const struct kcsd_program_log_entry *line, void *arg)
{
	*(uint64_t *)arg = line->seq;
	return 0;
}

uint64_t kcsd_serve_log_seq(const struct serve_program *p)
{
	uint64_t seq = 0;

	return kcsd_program_log_each(p->drv, 0, note_seq, &seq) ? UINT64_MAX : seq;
}

bool kcsd_serve_failed(const struct kcsd_run_result *result)
{
	return result->status || (-result->r0 >= 1 && -result->r0 <= MAX_ERRNO);
}

static int send_line(const struct kcsd_program_log_entry *line, void *arg)
{
	const struct lines *lines = arg;

	if (line->pind != lines->pind || line->type != KCSD_LOG_LINE || line->seq > lines->end_seq)
		return 0;
	return kcsd_serve_send_log_line(lines->sock, line->text, line->text_len) ? -EPIPE : 0;
}

int kcsd_serve_send_log(int sock, const struct serve_program *p, uint64_t begin_seq,
			uint64_t end_seq)
{
	struct lines lines = { sock, p->pind, end_seq };

	if (begin_seq >= end_seq)
		return 0;
	/* Without its log a run is still a run. */
	return kcsd_program_log_each(p->drv, begin_seq, send_line, &lines) == -EPIPE ? -EPIPE : 0;
}
