// SPDX-License-Identifier: GPL-2.0
/* Accept clients, count them by user, start a process for each, end those that take too long. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "serve.h"
#include "signals.h"

#define GRACE_MS	5000	/* from SIGTERM to SIGKILL */
#define RETRY_MS	200	/* when the system is out of something */
#define CLOSE_US	1000	/* for what is closed together with a connection */

/* One process that serves a client. */
struct client {
	pid_t pid;		/* 0: none */
	uid_t uid;
	uint64_t puid;
	uint64_t end_ms;	/* when it is ended */
	bool asked;		/* SIGTERM was sent */
};

struct clients {
	int sock;
	int signals;
	const struct serve_limits *limits;
	sigset_t mask;		/* of signals before */
	uint32_t nr_accepted;
	struct client client[];	/* limits->total of them */
};

uint64_t kcsd_serve_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

/* ---- one client ---- */

/* Give a new process what it needs, and take what it does not. */
static void begin_process(struct clients *c, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	close(c->sock);
	close(c->signals);
	kcsd_signals_catch();
	sigprocmask(SIG_SETMASK, &c->mask, NULL);
}

/* Serve a client, in a process of its own. Return its exit code. */
static int serve(struct clients *c, const struct client *client, int sock, pid_t parent)
{
	struct kcsd_error err = {};
	/* First: a change of user resets the signal for the death of the parent. */
	int ret = kcsd_serve_become(client->uid);

	begin_process(c, parent);
	if (!ret)
		ret = kcsd_serve_set_limits(c->limits);
	if (!ret)
		return kcsd_serve_client(sock, client->puid) ? 0 : 1;
	snprintf(err.text, sizeof(err.text), "the service cannot act for user %u: %s", client->uid,
		 strerror(-ret));
	kcsd_serve_send_error(sock, ret, &err, MSG_DONTWAIT);
	return 0;
}

static void start(struct clients *c, struct client *client, int sock, uid_t uid)
{
	pid_t parent = getpid();
	struct kcsd_error err = { .text = "the service cannot start another process" };

	*client = (struct client){
		.uid = uid,
		.puid = kcsd_serve_puid(c->nr_accepted++),
		.end_ms = kcsd_serve_now_ms() + c->limits->seconds * 1000,
	};
	client->pid = fork();
	if (!client->pid)
		_exit(serve(c, client, sock, parent));
	if (client->pid < 0) {
		client->pid = 0;
		kcsd_serve_send_error(sock, -EAGAIN, &err, MSG_DONTWAIT);
	}
}

/* Find a place for a client of a user; NULL, with a sentence, if there is none. */
static struct client *find_place(struct clients *c, uid_t uid, struct kcsd_error *err)
{
	struct client *client, *place = NULL;
	uint64_t nr = 0;

	for (client = c->client; client < c->client + c->limits->total; client++) {
		if (!client->pid)
			place = client;
		else
			nr += client->uid == uid;
	}
	if (place && nr < c->limits->user)
		return place;
	snprintf(err->text, sizeof(err->text), "%s runs at once already: try again",
		 place ? "this user has too many" : "the service has too many");
	return NULL;
}

static void do_nothing(int signal)
{
	(void)signal;
}

/*
 * Close a connection. Files that the peer has sent and nobody has received are closed with it, and
 * the last close of one may wait, as that of a TCP socket with SO_LINGER: a signal ends this.
 */
static void drop(int sock)
{
	const struct itimerval soon = { { .tv_usec = CLOSE_US }, { .tv_usec = CLOSE_US } };
	const struct itimerval never = {};

	setitimer(ITIMER_REAL, &soon, NULL);
	close(sock);
	setitimer(ITIMER_REAL, &never, NULL);
}

static void accept_client(struct clients *c)
{
	struct client *place;
	struct kcsd_error err = {};
	struct ucred who;
	socklen_t len = sizeof(who);
	int sock = accept4(c->sock, NULL, NULL, SOCK_CLOEXEC);

	if (sock < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			poll(NULL, 0, RETRY_MS);
		return;
	}
	if (!getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &len)) {
		place = find_place(c, who.uid, &err);
		if (place)
			start(c, place, sock, who.uid);
		else
			kcsd_serve_send_error(sock, -EUSERS, &err, MSG_DONTWAIT);
	}
	drop(sock);
}

/* ---- ends ---- */

/* Unload the program that a process has left, in another process: a drive may keep it waiting. */
static void sweep(struct clients *c, uint64_t puid)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return;
	begin_process(c, parent);
	kcsd_serve_sweep(puid);
	_exit(0);
}

/*
 * Reap processes that have ended. ending: leave the sweeping to the caller. Return true if there
 * are more.
 */
static bool reap(struct clients *c, bool ending)
{
	struct client *client;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (client = c->client; client < c->client + c->limits->total; client++) {
			if (client->pid != pid)
				continue;
			client->pid = 0;
			if (status && !ending)
				sweep(c, client->puid);
		}
	}
	return !pid;
}

/* End the processes whose time is over. Return the milliseconds to the next end, -1: none. */
static int end_late(struct clients *c)
{
	uint64_t now = kcsd_serve_now_ms(), next = UINT64_MAX;
	struct client *client;

	for (client = c->client; client < c->client + c->limits->total; client++) {
		if (!client->pid)
			continue;
		if (client->end_ms <= now) {
			kill(client->pid, client->asked ? SIGKILL : SIGTERM);
			client->asked = true;
			client->end_ms = now + GRACE_MS;
		}
		if (client->end_ms < next)
			next = client->end_ms;
	}
	return next == UINT64_MAX ? -1 : (int)(next - now);
}

/* End all processes, wait for them for a while, and unload what they have left. */
static void end_all(struct clients *c)
{
	uint64_t until = kcsd_serve_now_ms() + 2 * GRACE_MS;
	struct client *client;

	for (client = c->client; client < c->client + c->limits->total; client++)
		client->end_ms = 0;
	while (reap(c, true) && kcsd_serve_now_ms() < until) {
		end_late(c);
		poll(NULL, 0, RETRY_MS);
	}
	kcsd_serve_sweep(0);
}

/* ---- all ---- */

/* Take a signal. Return true if it ends the service. */
static bool take_signal(struct clients *c)
{
	struct signalfd_siginfo info;

	if (read(c->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	reap(c, false);
	return info.ssi_signo != SIGCHLD;
}

static int open_signals(struct clients *c)
{
	const struct sigaction interrupt = { .sa_handler = do_nothing };
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	if (sigaction(SIGALRM, &interrupt, NULL) || sigprocmask(SIG_BLOCK, &mask, &c->mask))
		return -errno;
	c->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return c->signals < 0 ? -errno : 0;
}

static void loop(struct clients *c)
{
	struct pollfd fds[] = {
		{ .fd = c->signals, .events = POLLIN },
		{ .fd = c->sock, .events = POLLIN },
	};

	for (;;) {
		poll(fds, ARRAY_SIZE(fds), end_late(c));
		if (fds[0].revents && take_signal(c))
			return;
		if (fds[1].revents)
			accept_client(c);
	}
}

int kcsd_serve_clients(int sock, const struct serve_limits *limits)
{
	struct clients *c = calloc(1, sizeof(*c) + limits->total * sizeof(*c->client));
	int ret;

	if (!c)
		return kcsd_fail("out of memory");
	c->sock = sock;
	c->limits = limits;
	ret = open_signals(c);
	if (!ret) {
		kcsd_serve_sweep(0);
		loop(c);
		end_all(c);
		close(c->signals);
	}
	free(c);
	return ret ? kcsd_fail("signals: %s", strerror(-ret)) : 0;
}
