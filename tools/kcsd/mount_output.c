// SPDX-License-Identifier: GPL-2.0
/* Outputs: one for all who have a marked file open, kept as long as one of them has. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mount.h"

bool kcsd_mount_cancelled(const struct mount *m, fuse_req_t req)
{
	return fuse_req_interrupted(req) || fuse_session_exited(m->session);
}

/* Set at to MOUNT_POLL_MS from now. */
static void set_poll_time(struct timespec *at)
{
	clock_gettime(CLOCK_REALTIME, at);
	at->tv_nsec += MOUNT_POLL_MS * 1000000;
	at->tv_sec += at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
}

/* Take one of the programs that may run at once; post m->runs to give it back. */
static int begin_run(struct mount *m, fuse_req_t req)
{
	struct timespec at;

	for (;;) {
		set_poll_time(&at);
		if (!sem_timedwait(&m->runs, &at))
			return 0;
		if (kcsd_mount_cancelled(m, req))
			return -EINTR;
	}
}

/* Make the output. Returns a descriptor or -errno. */
static int make_output(struct mount *m, fuse_req_t req, const struct mount_node *node,
		       const struct mount_mark *mark)
{
	int fd, ret;

	fd = open(m->spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		ret = -errno;
		kcsd_mount_log(m, node, "--spool %s: %s", m->spool, strerror(errno));
		return ret;
	}
	ret = begin_run(m, req);
	if (!ret) {
		ret = kcsd_mount_run(m, req, node, mark, fd);
		sem_post(&m->runs);
	}
	if (ret)
		close(fd);
	return ret ? ret : fd;
}

/* Run the program, for all who wait. The caller holds the lock of the node. */
static int fill_output(struct mount *m, fuse_req_t req, struct mount_node *node,
		       const struct mount_mark *mark)
{
	struct stat file = {}, output = {};
	int fd;

	node->running = true;
	pthread_mutex_unlock(&node->lock);
	fstat(node->fd, &file);
	fd = make_output(m, req, node, mark);
	pthread_mutex_lock(&node->lock);
	node->running = false;
	if (fd >= 0) {
		fstat(fd, &output);
		node->output = fd;
		node->output_len = output.st_size;
		kcsd_mount_stamp(&file, &node->output_of);
	}
	pthread_cond_broadcast(&node->end);
	return fd;
}

/* Return the output that there is, or make it. The caller holds the lock of the node. */
static int await_output(struct mount *m, fuse_req_t req, struct mount_node *node,
			const struct mount_mark *mark)
{
	struct timespec at;

	while (node->running) {
		if (kcsd_mount_cancelled(m, req))
			return -EINTR;
		set_poll_time(&at);
		pthread_cond_timedwait(&node->end, &node->lock, &at);
	}
	return node->output >= 0 ? node->output : fill_output(m, req, node, mark);
}

/* Count an open less; the last frees the output. The caller holds the lock of the node. */
static void drop_open(struct mount_node *node)
{
	if (--node->nr_marked || node->output < 0)
		return;
	close(node->output);
	node->output = -1;
}

int kcsd_mount_output_open(struct mount *m, fuse_req_t req, struct mount_node *node,
			   const struct mount_mark *mark)
{
	int ret;

	if (atomic_fetch_add(&m->nr_busy, 1) >= MOUNT_MAX_BUSY) {
		atomic_fetch_sub(&m->nr_busy, 1);
		kcsd_mount_log(m, node, "%d opens wait for programs already: try again",
			       MOUNT_MAX_BUSY);
		return -EAGAIN;
	}
	pthread_mutex_lock(&node->lock);
	if (node->nr_plain) {
		ret = -EBUSY;
	} else {
		node->nr_marked++;
		node->settled = false;
		ret = await_output(m, req, node, mark);
		if (ret < 0)
			drop_open(node);
	}
	pthread_mutex_unlock(&node->lock);
	atomic_fetch_sub(&m->nr_busy, 1);
	if (ret == -EBUSY)
		kcsd_mount_log(m, node, "it was marked while others read it as it is: its output "
			       "can be read when they have closed it");
	return ret;
}

void kcsd_mount_output_close(struct mount_node *node)
{
	pthread_mutex_lock(&node->lock);
	drop_open(node);
	pthread_mutex_unlock(&node->lock);
}
