// SPDX-License-Identifier: GPL-2.0
/* Nodes: the files and directories that the kernel knows. */
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "mount.h"

struct mount_nodes {
	pthread_mutex_t lock;
	void *tree;			/* of tsearch(3), by dev and ino; without the root */
	struct mount_node *root;
};

static int compare(const void *a, const void *b)
{
	const struct mount_node *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return 0;
}

static struct mount_node *new_node(int fd, const struct stat *st)
{
	struct mount_node *node = calloc(1, sizeof(*node));
	pthread_condattr_t attr;

	if (!node)
		return NULL;
	node->dev = st->st_dev;
	node->ino = st->st_ino;
	node->fd = fd;
	node->is_file = S_ISREG(st->st_mode);
	node->output = -1;
	pthread_mutex_init(&node->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&node->end, &attr);
	pthread_condattr_destroy(&attr);
	return node;
}

static void free_node(void *arg)
{
	struct mount_node *node = arg;

	close(node->fd);
	if (node->output >= 0)
		close(node->output);
	pthread_mutex_destroy(&node->lock);
	pthread_cond_destroy(&node->end);
	free(node);
}

struct mount_nodes *kcsd_mount_nodes_create(int root)
{
	struct mount_nodes *nodes = calloc(1, sizeof(*nodes));
	struct stat st;

	if (!nodes || fstat(root, &st) || !(nodes->root = new_node(root, &st))) {
		close(root);
		free(nodes);
		return NULL;
	}
	pthread_mutex_init(&nodes->lock, NULL);
	return nodes;
}

void kcsd_mount_nodes_destroy(struct mount_nodes *nodes)
{
	if (!nodes)
		return;
	tdestroy(nodes->tree, free_node);
	free_node(nodes->root);
	pthread_mutex_destroy(&nodes->lock);
	free(nodes);
}

struct mount_node *kcsd_mount_node(const struct mount *m, fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? m->nodes->root : (struct mount_node *)ino;
}

fuse_ino_t kcsd_mount_node_ino(const struct mount *m, const struct mount_node *node)
{
	return node == m->nodes->root ? FUSE_ROOT_ID : (fuse_ino_t)node;
}

struct mount_node *kcsd_mount_node_get(struct mount *m, int fd, const struct stat *st)
{
	struct mount_node *fresh = new_node(fd, st), **found = NULL, *node;

	if (!fresh) {
		close(fd);
		return NULL;
	}
	pthread_mutex_lock(&m->nodes->lock);
	found = tsearch(fresh, &m->nodes->tree, compare);
	node = found ? *found : NULL;
	if (node)
		node->nr_lookups++;
	pthread_mutex_unlock(&m->nodes->lock);
	if (node != fresh)
		free_node(fresh);
	return node;
}

void kcsd_mount_node_forget(struct mount *m, struct mount_node *node, uint64_t nr)
{
	bool last;

	if (node == m->nodes->root)
		return;
	pthread_mutex_lock(&m->nodes->lock);
	node->nr_lookups -= nr;
	last = !node->nr_lookups;
	if (last)
		tdelete(node, &m->nodes->tree, compare);
	pthread_mutex_unlock(&m->nodes->lock);
	if (last)
		free_node(node);
}

const char *kcsd_mount_fd_path(int fd, char path[MOUNT_FD_PATH])
{
	snprintf(path, MOUNT_FD_PATH, "/proc/self/fd/%d", fd);
	return path;
}

void kcsd_mount_time(uint32_t ms_from_now, struct timespec *at)
{
	clock_gettime(CLOCK_MONOTONIC, at);
	at->tv_nsec += ms_from_now * 1000000L;
	at->tv_sec += at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
}

bool kcsd_mount_node_wait(struct mount_node *node, const struct timespec *until)
{
	return !pthread_cond_timedwait(&node->end, &node->lock, until);
}

bool kcsd_mount_begin_delay(struct mount *m)
{
	if (atomic_fetch_add(&m->nr_delayed, 1) < MOUNT_MAX_DELAYED)
		return true;
	kcsd_mount_end_delay(m);
	return false;
}

void kcsd_mount_end_delay(struct mount *m)
{
	atomic_fetch_sub(&m->nr_delayed, 1);
}

static int try_open(const struct mount_node *node)
{
	char path[MOUNT_FD_PATH];
	int fd = open(kcsd_mount_fd_path(node->fd, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/* Not for the 45 s that a process with a lease may take: no signal ends such an open. */
int kcsd_mount_node_open(struct mount *m, const struct mount_node *node)
{
	const struct timespec pause = { .tv_nsec = MOUNT_POLL_MS * 1000000 };
	int tries, fd = try_open(node);

	if (fd == -EWOULDBLOCK && kcsd_mount_begin_delay(m)) {
		for (tries = 0; fd == -EWOULDBLOCK && tries < 10; tries++) {
			nanosleep(&pause, NULL);
			fd = try_open(node);
		}
		kcsd_mount_end_delay(m);
	}
	if (fd == -EWOULDBLOCK)
		kcsd_mount_log(m, node, "a process holds a lease on it: try again");
	return fd;
}

void kcsd_mount_stamp(const struct stat *st, struct mount_stamp *stamp)
{
	stamp->mtime = st->st_mtim;
	stamp->ctime = st->st_ctim;
	stamp->size = st->st_size;
}

bool kcsd_mount_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool kcsd_mount_same_stamp(const struct mount_stamp *a, const struct mount_stamp *b)
{
	return a->size == b->size && kcsd_mount_same_time(&a->mtime, &b->mtime) &&
	       kcsd_mount_same_time(&a->ctime, &b->ctime);
}
