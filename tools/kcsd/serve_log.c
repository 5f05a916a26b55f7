// SPDX-License-Identifier: GPL-2.0
/* Send a client what its program has logged, as kcsd run prints it: it may show the cause. */
#include <errno.h>
#include <time.h>

#include "serve.h"

#define MAX_ERRNO	4095

/* The lines of one run. */
struct lines {
	int sock;
	uint32_t pind;
	uint64_t begin_ns, end_ns;
};

uint64_t kcsd_serve_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static bool failed(const struct kcsd_run_result *result)
{
	return result->status || (-result->r0 >= 1 && -result->r0 <= MAX_ERRNO);
}

static int send_line(const struct kcsd_program_log_entry *line, void *arg)
{
	const struct lines *lines = arg;

	if (line->pind != lines->pind || line->type != KCSD_LOG_LINE ||
	    line->time_ns < lines->begin_ns || line->time_ns > lines->end_ns)
		return 0;
	return kcsd_serve_send_log_line(lines->sock, line->text, line->text_len) ? -EPIPE : 0;
}

int kcsd_serve_send_log(int sock, const struct serve_program *p, uint64_t begin_ns,
			uint64_t end_ns, const struct kcsd_run_result *result)
{
	struct lines lines = { sock, p->pind, begin_ns, end_ns };

	if (!failed(result))
		return 0;
	/* Without its log a run is still a run. */
	return kcsd_program_log_each(p->drv, 0, send_line, &lines) == -EPIPE ? -EPIPE : 0;
}
