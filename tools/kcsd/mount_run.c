// SPDX-License-Identifier: GPL-2.0
/* Run a program on a marked file: by 'kcsd run', in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mount.h"

#define MAX_SAID	4096	/* bytes of its messages that are kept */

/* A run, from its begin to its end. */
struct child {
	pid_t pid;
	int messages;		/* end of a pipe: its standard error */
	bool cancelled;
	size_t len;
	char said[MAX_SAID + 1];
};

/* Set path to the program, if a directory of the mount has it. */
static bool find_program(const struct mount *m, const char *name, char **path)
{
	struct stat st;
	uint32_t i;

	for (i = 0; i < m->nr_programs; i++) {
		if (asprintf(path, "%s/%s", m->programs[i], name) < 0)
			break;
		if (!stat(*path, &st) && S_ISREG(st.st_mode))
			return true;
		free(*path);
	}
	*path = NULL;
	return false;
}

/* Give signals what they do by default: a handler of the mount would act on the mount. */
static void reset_signals(void)
{
	static const int caught[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };
	sigset_t none;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(caught); i++)
		signal(caught[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child of vfork(2): system calls only, and nothing that the parent would see. */
static void become_run(const struct mount *m, char **argv, pid_t parent, int file, int spool,
		       int messages)
{
	int null = open("/dev/null", O_RDWR);
	struct rlimit size;

	reset_signals();
	if (getrlimit(RLIMIT_FSIZE, &size))
		_exit(KCSD_EXIT_FAILED);
	if (size.rlim_max > m->max_output)
		size.rlim_max = m->max_output;
	size.rlim_cur = size.rlim_max;
	/* SIGTERM: it takes its program off the drive. */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(messages, 2) < 0 ||
	    fcntl(file, F_SETFD, 0) || fcntl(spool, F_SETFD, 0) ||
	    setrlimit(RLIMIT_FSIZE, &size) || prctl(PR_SET_PDEATHSIG, SIGTERM) ||
	    getppid() != parent)
		_exit(KCSD_EXIT_FAILED);
	execv("/proc/self/exe", argv);
	_exit(KCSD_EXIT_FAILED);
}

/*
 * Begin a process. Not by fork(2): its copy-on-write takes pages from under libfuse, which has put
 * them into a pipe (vmsplice) and still changes the header of its reply there. The reply of
 * another thread was lost, and its reader waited for ever.
 */
static pid_t begin_process(const struct mount *m, char **argv, int file, int spool, int messages)
{
	pid_t self = getpid(), pid;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = vfork();
	if (!pid)
		become_run(m, argv, self, file, spool, messages);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* Append an option, if it has a value. */
static void give(char **argv, int *n, const char *name, const char *value)
{
	if (!value)
		return;
	argv[(*n)++] = (char *)name;
	argv[(*n)++] = (char *)value;
}

static int begin_child(const struct mount *m, const struct mount_mark *mark, const char *program,
		       int file, int spool, struct child *child)
{
	char from[MOUNT_FD_PATH], to[MOUNT_FD_PATH], *argv[24];
	int ends[2], n = 0;

	argv[n++] = "kcsd";
	argv[n++] = "run";
	give(argv, &n, "--file", kcsd_mount_fd_path(file, from));
	give(argv, &n, "--output", kcsd_mount_fd_path(spool, to));
	give(argv, &n, "--timeout", m->timeout);
	give(argv, &n, "--program", mark->program);
	give(argv, &n, "--cparam1", mark->cparam1);
	give(argv, &n, "--cparam2", mark->cparam2);
	give(argv, &n, "--arg", mark->argument);
	if (m->anywhere)
		argv[n++] = "--anywhere";
	argv[n++] = (char *)program;	/* last: POSIXLY_CORRECT ends options at an operand */
	argv[n] = NULL;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child->pid = begin_process(m, argv, file, spool, ends[1]);
	close(ends[1]);
	child->messages = ends[0];
	if (child->pid < 0)
		close(ends[0]);
	return child->pid < 0 ? -EAGAIN : 0;
}

/* Take what it says, until it ends; end it if nobody waits any more. Return its status. */
static int await_child(const struct mount *m, const struct mount_node *node, struct child *child)
{
	struct pollfd poll_fd = { .fd = child->messages, .events = POLLIN };
	char skipped[512];
	ssize_t n = 1;
	int status;

	while (n) {
		if (!child->cancelled && kcsd_mount_is_abandoned(m, node)) {
			child->cancelled = true;
			kill(child->pid, SIGTERM);
			kill(child->pid, SIGCONT);	/* one that is stopped sees it then */
		}
		if (poll(&poll_fd, 1, MOUNT_POLL_MS) != 1)
			continue;
		if (child->len < MAX_SAID)
			n = read(child->messages, child->said + child->len,
				 MAX_SAID - child->len);
		else
			n = read(child->messages, skipped, sizeof(skipped));
		if (n > 0 && child->len < MAX_SAID)
			child->len += n;
	}
	child->said[child->len] = '\0';
	close(child->messages);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/*
 * Write what it said to the log, without the "kcsd: " before each line; if all is well, that is
 * only that the host runs the program.
 */
static void log_said(const struct mount *m, const struct mount_node *node, const char *program,
		     struct child *child, int status)
{
	char *line, *rest = NULL;

	if (WIFSIGNALED(status))
		kcsd_mount_log(m, node, "%s: signal %d ended the run", program,
			       WTERMSIG(status));
	else if (status && !child->len)
		kcsd_mount_log(m, node, "%s: the run ended with code %d", program,
			       WEXITSTATUS(status));
	for (line = strtok_r(child->said, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		kcsd_mount_log(m, node, "%s: %s", program,
			       strncmp(line, "kcsd: ", 6) ? line : line + 6);
}

static int run_on(struct mount *m, const struct mount_node *node,
		  const struct mount_mark *mark, const char *program, int file, int spool)
{
	char size[KCSD_HUMAN_LEN];
	struct child child = {};
	struct stat st;
	int ret = begin_child(m, mark, program, file, spool, &child), status;

	if (ret) {
		kcsd_mount_log(m, node, "cannot begin a process: %s", strerror(-ret));
		return ret;
	}
	status = await_child(m, node, &child);
	if (child.cancelled && status)
		return -EINTR;
	if (status && !fstat(spool, &st) && (uint64_t)st.st_size >= m->max_output)
		kcsd_mount_log(m, node, "%s: the output has more than %s: --max-output allows "
			       "more", mark->object, kcsd_human_bytes(m->max_output, size));
	else
		log_said(m, node, mark->object, &child, status);
	return status ? -EIO : 0;
}

int kcsd_mount_run(struct mount *m, const struct mount_node *node,
		   const struct mount_mark *mark, int spool)
{
	char *program;
	int file, ret;

	if (!find_program(m, mark->object, &program)) {
		kcsd_mount_log(m, node, "%s: no directory of --programs has it", mark->object);
		return -EIO;
	}
	file = kcsd_mount_node_open(m, node);
	ret = file < 0 ? file : run_on(m, node, mark, program, file, spool);
	if (file >= 0)
		close(file);
	free(program);
	return ret;
}
