// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "signals.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = signal;
}

void kcsd_signals_catch(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGXCPU, SIGUSR1,
				    SIGUSR2 };
	struct sigaction note = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };
	struct sigaction old;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		/* Keep signals ignored that nohup(1), or a shell for background jobs, ignores. */
		if (!sigaction(ends[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(ends[i], &note, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

int kcsd_signals_caught(void)
{
	return interrupted;
}

bool kcsd_nobody_reads(int fd)
{
	struct pollfd out = { .fd = fd };

	return poll(&out, 1, 0) == 1 && out.revents & POLLERR;
}
