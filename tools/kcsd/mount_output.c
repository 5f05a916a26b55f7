// SPDX-License-Identifier: GPL-2.0
/*
 * Outputs: one for all who have a marked file open, kept as long as one of them has. A thread of
 * its own makes it: it belongs to all who wait, and ends early when the last of them is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mount.h"

/* Owned by its thread. */
struct maker {
	struct mount *m;
	struct mount_node *node;	/* kept by those who wait */
	struct mount_mark *mark;	/* owned */
};

bool kcsd_mount_is_abandoned(const struct mount *m, const struct mount_node *node)
{
	return atomic_load(&node->abandoned) || fuse_session_exited(m->session);
}

/* Take one of the programs that may run at once; post m->runs to give it back. */
static int begin_run(struct mount *m, const struct mount_node *node)
{
	struct timespec at;

	for (;;) {
		kcsd_mount_time(MOUNT_POLL_MS, &at);
		if (!sem_clockwait(&m->runs, CLOCK_MONOTONIC, &at))
			return 0;
		if (kcsd_mount_is_abandoned(m, node))
			return -EINTR;
	}
}

/* Make the output. Returns a descriptor or -errno. */
static int make_output(struct mount *m, const struct mount_node *node,
		       const struct mount_mark *mark)
{
	int fd, ret;

	fd = open(m->spool, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		ret = -errno;
		kcsd_mount_log(m, node, "--spool %s: %s", m->spool, strerror(errno));
		return ret;
	}
	ret = begin_run(m, node);
	if (!ret) {
		ret = kcsd_mount_run(m, node, mark, fd);
		sem_post(&m->runs);
	}
	if (ret)
		close(fd);
	return ret ? ret : fd;
}

/* Give the output, or the error, to all who wait. */
static void hand_over(struct mount_node *node, int fd, const struct stat *file)
{
	struct stat output = {};

	pthread_mutex_lock(&node->lock);
	if (fd >= 0) {
		fstat(fd, &output);
		node->output = fd;
		node->output_len = output.st_size;
		kcsd_mount_stamp(file, &node->output_of);
	}
	node->run_ret = fd < 0 ? fd : 0;
	node->nr_runs++;
	node->running = false;
	atomic_store(&node->abandoned, false);
	pthread_cond_broadcast(&node->end);
	pthread_mutex_unlock(&node->lock);
}

static void *make(void *arg)
{
	struct maker *maker = arg;
	struct mount *m = maker->m;
	struct stat file = {};

	fstat(maker->node->fd, &file);
	hand_over(maker->node, make_output(m, maker->node, maker->mark), &file);
	free(maker->mark);
	free(maker);
	sem_post(&m->makers_ended);
	return NULL;
}

void kcsd_mount_await_makers(struct mount *m)
{
	while (atomic_load(&m->nr_makers)) {
		while (sem_wait(&m->makers_ended))
			;
		atomic_fetch_sub(&m->nr_makers, 1);
	}
}

/* Begin to make the output. The caller holds the lock of the node. */
static int begin_maker(struct mount *m, struct mount_node *node, struct mount_mark *mark)
{
	struct maker *maker = malloc(sizeof(*maker));
	pthread_t thread;

	if (!maker) {
		free(mark);
		return -ENOMEM;
	}
	*maker = (struct maker){ m, node, mark };
	while (!sem_trywait(&m->makers_ended))
		atomic_fetch_sub(&m->nr_makers, 1);
	if (pthread_create(&thread, NULL, make, maker)) {
		free(mark);
		free(maker);
		return -EAGAIN;
	}
	pthread_detach(thread);
	atomic_fetch_add(&m->nr_makers, 1);
	node->running = true;
	return 0;
}

static bool is_cancelled(const struct mount *m, fuse_req_t req)
{
	return fuse_req_interrupted(req) || fuse_session_exited(m->session);
}

/*
 * Wait for the run under way. Who is interrupted goes; the last of them ends the run and waits for
 * that, since the run needs the node.
 */
static int await_run(struct mount *m, fuse_req_t req, struct mount_node *node)
{
	uint64_t before = node->nr_runs;
	struct timespec at;

	node->nr_waiting++;
	while (node->nr_runs == before) {
		if (is_cancelled(m, req)) {
			if (node->nr_waiting > 1)
				break;
			atomic_store(&node->abandoned, true);
		}
		kcsd_mount_time(MOUNT_POLL_MS, &at);
		kcsd_mount_node_wait(node, &at);
	}
	node->nr_waiting--;
	if (node->nr_runs == before)
		return -EINTR;
	return node->output >= 0 ? node->output : node->run_ret;
}

/* Wait until a run that nobody wants has ended. */
static int await_abandoned(struct mount *m, fuse_req_t req, struct mount_node *node)
{
	struct timespec at;

	while (atomic_load(&node->abandoned)) {
		if (is_cancelled(m, req))
			return -EINTR;
		kcsd_mount_time(MOUNT_POLL_MS, &at);
		kcsd_mount_node_wait(node, &at);
	}
	return 0;
}

/* Return the output that there is, or wait for it. The caller holds the lock of the node. */
static int await_output(struct mount *m, fuse_req_t req, struct mount_node *node,
			struct mount_mark *mark)
{
	int ret = await_abandoned(m, req, node);

	if (!ret && node->output < 0 && !node->running) {
		ret = begin_maker(m, node, mark);
		mark = NULL;
		if (ret)
			kcsd_mount_log(m, node, "cannot begin a thread: %s", strerror(-ret));
	}
	free(mark);
	if (ret)
		return ret;
	return node->output >= 0 ? node->output : await_run(m, req, node);
}

/* The same, as one of those who may wait. */
static int await_output_busy(struct mount *m, fuse_req_t req, struct mount_node *node,
			     struct mount_mark *mark)
{
	int ret;

	if (atomic_fetch_add(&m->nr_busy, 1) < MOUNT_MAX_BUSY) {
		ret = await_output(m, req, node, mark);
	} else {
		free(mark);
		kcsd_mount_log(m, node, "%d opens wait for programs already: try again",
			       MOUNT_MAX_BUSY);
		ret = -EAGAIN;
	}
	atomic_fetch_sub(&m->nr_busy, 1);
	return ret;
}

/* Count an open less; the last frees the output. The caller holds the lock of the node. */
static void drop_open(struct mount_node *node)
{
	if (--node->nr_marked || node->output < 0)
		return;
	close(node->output);
	node->output = -1;
}

/* True if opens of the file itself, or of the output of an older state, are there. */
static bool is_in_the_way(const struct mount_node *node)
{
	struct mount_stamp now;
	struct stat st = {};

	if (node->output < 0)
		return node->nr_plain;
	fstat(node->fd, &st);
	kcsd_mount_stamp(&st, &now);
	return !kcsd_mount_same_stamp(&now, &node->output_of);
}

int kcsd_mount_output_open(struct mount *m, fuse_req_t req, struct mount_node *node,
			   struct mount_mark *mark)
{
	struct timespec late;
	int ret = -EBUSY;

	kcsd_mount_time(MOUNT_LATE_MS, &late);
	pthread_mutex_lock(&node->lock);
	if (is_in_the_way(node) && kcsd_mount_begin_delay(m)) {
		while (is_in_the_way(node) && kcsd_mount_node_wait(node, &late))
			;
		kcsd_mount_end_delay(m);
	}
	if (!node->nr_plain) {
		node->nr_marked++;
		node->settled = false;
		if (node->output >= 0) {
			ret = node->output;
			free(mark);
		} else {
			ret = await_output_busy(m, req, node, mark);
		}
		if (ret < 0)
			drop_open(node);
	} else {
		free(mark);
	}
	pthread_mutex_unlock(&node->lock);
	if (ret == -EBUSY)
		kcsd_mount_log(m, node, "it was marked while others read it as it is: its output "
			       "can be read when they have closed it");
	return ret;
}

void kcsd_mount_output_close(struct mount_node *node)
{
	pthread_mutex_lock(&node->lock);
	drop_open(node);
	pthread_cond_broadcast(&node->end);
	pthread_mutex_unlock(&node->lock);
}
