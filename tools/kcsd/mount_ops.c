// SPDX-License-Identifier: GPL-2.0
/* Requests of the kernel to a mount. It never asks for a change: the mount is read-only. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "mount.h"

#define VALID_S		1.0	/* what the kernel may keep of a file that has no mark */

struct mount_dir {
	DIR *dir;
	off_t offset;		/* of the entry that is next */
	struct dirent *entry;	/* the next one, read already; or NULL */
};

static struct mount *of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static void init(void *arg, struct fuse_conn_info *conn)
{
	(void)arg;
	conn->want |= conn->capable & (FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
				       FUSE_CAP_POSIX_ACL);
}

/* ---- attributes ---- */

/* Make attributes those of the output, as far as it is known. Return how long they stay valid. */
static double show_output(struct mount_node *node, struct stat *st)
{
	bool marked = kcsd_mount_is_marked(node);
	struct mount_stamp stamp;

	if (!node->is_file)
		return VALID_S;
	kcsd_mount_stamp(st, &stamp);
	pthread_mutex_lock(&node->lock);
	if (node->output >= 0 ||
	    (marked && !node->nr_plain && kcsd_mount_same_stamp(&stamp, &node->output_of))) {
		st->st_size = node->output_len;
		st->st_blocks = (node->output_len + 511) / 512;
		marked = true;
	}
	pthread_mutex_unlock(&node->lock);
	return marked ? 0 : VALID_S;
}

static void get_attr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mount_node *node = kcsd_mount_node(of(req), ino);
	struct stat st;
	double valid;

	(void)fi;
	if (fstat(node->fd, &st)) {
		fuse_reply_err(req, errno);
		return;
	}
	valid = show_output(node, &st);
	fuse_reply_attr(req, &st, valid);
}

static void read_link(fuse_req_t req, fuse_ino_t ino)
{
	char target[PATH_MAX + 1];
	ssize_t len = readlinkat(kcsd_mount_node(of(req), ino)->fd, "", target, sizeof(target));

	if (len < 0 || len == sizeof(target)) {
		fuse_reply_err(req, len < 0 ? errno : ENAMETOOLONG);
		return;
	}
	target[len] = '\0';
	fuse_reply_readlink(req, target);
}

static void stat_fs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs st;

	if (fstatvfs(kcsd_mount_node(of(req), ino)->fd, &st))
		fuse_reply_err(req, errno);
	else
		fuse_reply_statfs(req, &st);
}

/* ---- names ---- */

/* Stay on the filesystem of the directory: what is mounted below has another owner. */
static int open_entry(int dir, const char *name)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH,
	};
	int fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* True if another change may leave the same times: filesystems count in ticks, of 10 ms at most. */
static bool is_of_this_tick(const struct stat *st)
{
	struct timespec now;
	int64_t ns;

	clock_gettime(CLOCK_REALTIME, &now);
	ns = (now.tv_sec - st->st_ctim.tv_sec) * 1000000000LL + now.tv_nsec - st->st_ctim.tv_nsec;
	return ns < 20000000;
}

/* Remember what the kernel knows of a node now: nothing, if that can still change unseen. */
static void set_looked_up(struct mount_node *node, const struct stat *st)
{
	pthread_mutex_lock(&node->lock);
	node->looked_up = is_of_this_tick(st) ? (struct timespec){} : st->st_ctim;
	node->looked_up_ns = now_ns();
	pthread_mutex_unlock(&node->lock);
}

/*
 * How long a name stands for a node. An open sees to the name of a file (must_look_again()), but
 * not to names on the way to it.
 */
static double name_valid_s(const struct stat *st)
{
	return S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode) ? 0 : VALID_S;
}

/* Look a name up and count that. Returns 0 or -errno. */
static int look_up(struct mount *m, fuse_ino_t parent, const char *name,
		   struct fuse_entry_param *entry)
{
	int fd = open_entry(kcsd_mount_node(m, parent)->fd, name);
	struct mount_node *node;

	memset(entry, 0, sizeof(*entry));
	if (fd < 0)
		return fd;
	if (fd > m->max_known || fstat(fd, &entry->attr)) {
		close(fd);
		return fd > m->max_known ? -EMFILE : -EIO;
	}
	node = kcsd_mount_node_get(m, fd, &entry->attr);
	if (!node)
		return -ENOMEM;
	set_looked_up(node, &entry->attr);
	entry->ino = kcsd_mount_node_ino(m, node);
	entry->attr_timeout = show_output(node, &entry->attr);
	entry->entry_timeout = name_valid_s(&entry->attr);
	return 0;
}

static void log_lookup(struct mount *m, fuse_ino_t parent, int ret)
{
	if (ret == -EMFILE || ret == -ENFILE)
		kcsd_mount_log(m, kcsd_mount_node(m, parent), "too many files are known: raise "
			       "the limit of open files (ulimit -Hn) before 'kcsd mount'");
}

static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry;
	int ret = look_up(of(req), parent, name, &entry);

	log_lookup(of(req), parent, ret);
	if (ret) {
		fuse_reply_err(req, -ret);
		return;
	}
	if (fuse_reply_entry(req, &entry))
		kcsd_mount_node_forget(of(req), kcsd_mount_node(of(req), entry.ino), 1);
}

static void forget(fuse_req_t req, fuse_ino_t ino, uint64_t nr)
{
	kcsd_mount_node_forget(of(req), kcsd_mount_node(of(req), ino), nr);
	fuse_reply_none(req);
}

static void forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *all)
{
	size_t i;

	for (i = 0; i < count; i++)
		kcsd_mount_node_forget(of(req), kcsd_mount_node(of(req), all[i].ino),
				       all[i].nlookup);
	fuse_reply_none(req);
}

/* ---- directories ---- */

static void open_dir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	int fd = openat(kcsd_mount_node(of(req), ino)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mount_dir *d = calloc(1, sizeof(*d));
	int ret = fd < 0 ? errno : ENOMEM;

	if (fd >= 0 && d && (d->dir = fdopendir(fd))) {
		fi->fh = (uintptr_t)d;
		fi->cache_readdir = 0;
		if (!fuse_reply_open(req, fi))
			return;
		closedir(d->dir);
		free(d);
		return;
	}
	if (fd >= 0)
		close(fd);
	free(d);
	fuse_reply_err(req, ret);
}

/* Add an entry to buf. Returns its length, more than room if it does not fit. */
static size_t add_entry(fuse_req_t req, fuse_ino_t ino, const struct dirent *e, bool plus,
			char *buf, size_t room)
{
	bool dots = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	struct fuse_entry_param entry = {
		.attr = { .st_ino = e->d_ino, .st_mode = DTTOIF(e->d_type) },
	};
	size_t len;

	if (!plus)
		return fuse_add_direntry(req, buf, room, e->d_name, &entry.attr, e->d_off);
	if (!dots && look_up(of(req), ino, e->d_name, &entry)) {
		/* Name it, without attributes: who wants them gets the error. */
		memset(&entry, 0, sizeof(entry));
		entry.attr.st_ino = e->d_ino;
		entry.attr.st_mode = DTTOIF(e->d_type);
	}
	len = fuse_add_direntry_plus(req, buf, room, e->d_name, &entry, e->d_off);
	if (len > room && entry.ino)
		kcsd_mount_node_forget(of(req), kcsd_mount_node(of(req), entry.ino), 1);
	return len;
}

/* Fill buf with entries from offset on. Returns its length or -errno. */
static ssize_t fill_dir(fuse_req_t req, fuse_ino_t ino, struct mount_dir *d, off_t offset,
			bool plus, char *buf, size_t size)
{
	size_t len = 0, n;

	if (offset != d->offset) {
		seekdir(d->dir, offset);
		d->entry = NULL;
		d->offset = offset;
	}
	for (;;) {
		if (!d->entry) {
			errno = 0;
			d->entry = readdir(d->dir);
		}
		if (!d->entry)
			return len || !errno ? (ssize_t)len : -errno;
		n = add_entry(req, ino, d->entry, plus, buf + len, size - len);
		if (n > size - len)
			return len;
		len += n;
		d->offset = d->entry->d_off;
		d->entry = NULL;
	}
}

static void reply_dir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		      struct fuse_file_info *fi, bool plus)
{
	char *buf = malloc(size);
	ssize_t len = -ENOMEM;

	if (buf)
		len = fill_dir(req, ino, (struct mount_dir *)(uintptr_t)fi->fh, offset, plus, buf,
			       size);
	if (len < 0)
		fuse_reply_err(req, -len);
	else
		fuse_reply_buf(req, buf, len);
	free(buf);
}

static void read_dir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	reply_dir(req, ino, size, offset, fi, false);
}

static void read_dir_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			  struct fuse_file_info *fi)
{
	reply_dir(req, ino, size, offset, fi, true);
}

static void release_dir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mount_dir *d = (struct mount_dir *)(uintptr_t)fi->fh;

	(void)ino;
	closedir(d->dir);
	free(d);
	fuse_reply_err(req, 0);
}

/* ---- files ---- */

/* With the last change longer ago a change from now on changes the stamp: the clock has gone on. */
#define SETTLED_S	1
/* With the last change longer ago the kernel has no older attributes, however late it got them. */
#define RENEWED_S	10

static bool is_older(const struct stat *st, time_t seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec > st->st_ctim.tv_sec + seconds &&
	       now.tv_sec > st->st_mtim.tv_sec + seconds;
}

/* What the kernel has of a file is still right. */
struct valid {
	bool pages, attrs;
};

/* Count an open of the file as it is. */
static int count_plain(struct mount *m, struct mount_node *node, const struct stat *st,
		       struct valid *valid)
{
	struct mount_stamp stamp;
	struct timespec late;
	int ret = 0;

	kcsd_mount_stamp(st, &stamp);
	kcsd_mount_time(MOUNT_LATE_MS, &late);
	pthread_mutex_lock(&node->lock);
	if (node->nr_marked && kcsd_mount_begin_delay(m)) {
		while (node->nr_marked && kcsd_mount_node_wait(node, &late))
			;
		kcsd_mount_end_delay(m);
	}
	if (node->nr_marked) {
		ret = -EBUSY;
	} else {
		valid->attrs = is_older(st, RENEWED_S);
		valid->pages = node->settled && kcsd_mount_same_stamp(&stamp, &node->cached);
		node->cached = stamp;
		node->settled = is_older(st, SETTLED_S);
		node->nr_plain++;
	}
	pthread_mutex_unlock(&node->lock);
	return ret;
}

static int open_plain(struct mount *m, struct mount_node *node, struct valid *valid)
{
	int fd = kcsd_mount_node_open(m, node), ret;
	struct stat st;

	if (fd < 0)
		return fd;
	ret = fstat(fd, &st) ? -errno : count_plain(m, node, &st, valid);
	if (ret == -EBUSY)
		kcsd_mount_log(m, node, "its mark was taken off while others read the output: "
			       "the file can be read when they have closed it");
	if (ret)
		close(fd);
	return ret ? ret : fd;
}

static void close_file(struct mount_node *node, int fd)
{
	bool marked;

	pthread_mutex_lock(&node->lock);
	marked = node->nr_marked;
	if (!marked) {
		node->nr_plain--;
		pthread_cond_broadcast(&node->end);
	}
	pthread_mutex_unlock(&node->lock);
	if (marked)
		kcsd_mount_output_close(node);
	else
		close(fd);
}

/*
 * The kernel keeps names and rights for a second. True if this file may have lost the name that it
 * was opened by, or given it up to another, or has other rights. A thread is asked once: a file
 * that is written all the time looks so each time.
 */
static bool must_look_again(fuse_req_t req, struct mount_node *node)
{
	int pid = fuse_req_ctx(req)->pid;
	struct mount_asked *asked = &of(req)->asked[(uint32_t)pid % MOUNT_NR_ASKED];
	uint64_t now = now_ns(), looked_up;
	bool must, was_asked;
	struct stat st;

	if (!pid || fstat(node->fd, &st))
		return false;
	pthread_mutex_lock(&node->lock);
	must = !kcsd_mount_same_time(&node->looked_up, &st.st_ctim);
	looked_up = node->looked_up_ns;
	pthread_mutex_unlock(&node->lock);
	pthread_mutex_lock(&of(req)->asked_lock);
	/*
	 * The name may be that of another file by now. An old one is of an open that the kernel
	 * refused when it had looked.
	 */
	was_asked = asked->pid == pid && looked_up >= asked->at_ns &&
		    now - asked->at_ns < 1000000000;
	must = must && !was_asked;
	if (must)
		*asked = (struct mount_asked){ pid, now };
	else if (asked->pid == pid)
		asked->pid = 0;
	pthread_mutex_unlock(&of(req)->asked_lock);
	return must;
}

/* Open the file, or its output. Returns a descriptor or -errno. */
static int open_node(fuse_req_t req, struct mount_node *node, struct valid *valid)
{
	struct mount_mark *mark = malloc(sizeof(*mark));
	struct mount *m = of(req);
	struct kcsd_error err = {};
	int marked = mark ? kcsd_mount_mark_read(node, mark, &err) : -ENOMEM;

	if (marked > 0)
		return kcsd_mount_output_open(m, req, node, mark);
	free(mark);
	if (!marked)
		return open_plain(m, node, valid);
	if (marked == -ENOMEM)
		return marked;
	kcsd_mount_log(m, node, "%s", err.text);
	return -EIO;
}

/*
 * Let the kernel forget the size that it knows. It may be of the file, of an older output, or of an
 * older state: of two replies the kernel drops one whose request began before it took the other.
 * It asks for the new size before it reads, but not before sendfile(2), splice(2) or mmap(2): with
 * the last page it gets the size of an output, too. A smaller one it finds by reading.
 */
static void renew_size(struct mount *m, struct mount_node *node, fuse_ino_t ino)
{
	struct fuse_bufvec last = FUSE_BUFVEC_INIT(0);
	off_t len;

	fuse_lowlevel_notify_inval_inode(m->session, ino, -1, 0);
	pthread_mutex_lock(&node->lock);
	len = node->output >= 0 ? node->output_len : 0;
	last.buf[0].fd = node->output;
	pthread_mutex_unlock(&node->lock);
	if (!len)
		return;
	last.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	last.buf[0].pos = (len - 1) / 4096 * 4096;
	last.buf[0].size = len - last.buf[0].pos;
	fuse_lowlevel_notify_store(m->session, ino, last.buf[0].pos, &last, 0);
}

static void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mount *m = of(req);
	struct mount_node *node = kcsd_mount_node(m, ino);
	struct valid valid = {};
	int fd;

	if (must_look_again(req, node)) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	fd = open_node(req, node, &valid);
	if (fd < 0) {
		fuse_reply_err(req, -fd);
		return;
	}
	if (!valid.attrs)
		renew_size(m, node, ino);
	fi->fh = fd;
	fi->keep_cache = valid.pages;
	if (fuse_reply_open(req, fi))
		close_file(node, fd);
}

static void release_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	close_file(kcsd_mount_node(of(req), ino), fi->fh);
	fuse_reply_err(req, 0);
}

static void read_file(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		      struct fuse_file_info *fi)
{
	struct fuse_bufvec from = FUSE_BUFVEC_INIT(size);

	(void)ino;
	from.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	from.buf[0].fd = fi->fh;
	from.buf[0].pos = offset;
	fuse_reply_data(req, &from, FUSE_BUF_SPLICE_MOVE);
}

/* ---- extended attributes ---- */

static void reply_attr(fuse_req_t req, const char *value, size_t size, ssize_t len)
{
	if (len < 0)
		fuse_reply_err(req, errno);
	else if (!size)
		fuse_reply_xattr(req, len);
	else
		fuse_reply_buf(req, value, len);
}

static void get_xattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	char path[MOUNT_FD_PATH], *value = malloc(size ? size : 1);
	ssize_t len;

	if (!value) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	kcsd_mount_fd_path(kcsd_mount_node(of(req), ino)->fd, path);
	len = getxattr(path, name, value, size);
	/* Without ACLs the mode decides; the kernel takes another error for a failure. */
	if (len < 0 && errno == EOPNOTSUPP && !strncmp(name, "system.posix_acl_", 17))
		errno = ENODATA;
	reply_attr(req, value, size, len);
	free(value);
}

/* True if a name is not listed: who copies a file must not mark the output. */
static bool is_hidden(fuse_req_t req, const char *name)
{
	/* The kernel lists these to root alone, and a mount by root has all. */
	return !strcmp(name, MOUNT_ATTR) ||
		(!strncmp(name, "trusted.", 8) && fuse_req_ctx(req)->uid);
}

/* Take hidden names off a list. Returns its new length. */
static ssize_t hide_names(fuse_req_t req, char *names, ssize_t len)
{
	char *from = names, *to = names, *end = names + len;

	while (from < end) {
		size_t one = strlen(from) + 1;

		if (!is_hidden(req, from)) {
			memmove(to, from, one);
			to += one;
		}
		from += one;
	}
	return to - names;
}

static void list_xattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	char path[MOUNT_FD_PATH], *names = malloc(size ? size : 1);
	ssize_t len;

	if (!names) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	kcsd_mount_fd_path(kcsd_mount_node(of(req), ino)->fd, path);
	len = listxattr(path, names, size);
	if (size && len > 0)
		len = hide_names(req, names, len);
	reply_attr(req, names, size, len);
	free(names);
}

const struct fuse_lowlevel_ops kcsd_mount_ops = {
	.init = init,
	.lookup = lookup,
	.forget = forget,
	.forget_multi = forget_multi,
	.getattr = get_attr,
	.readlink = read_link,
	.statfs = stat_fs,
	.opendir = open_dir,
	.readdir = read_dir,
	.readdirplus = read_dir_plus,
	.releasedir = release_dir,
	.open = open_file,
	.release = release_file,
	.read = read_file,
	.getxattr = get_xattr,
	.listxattr = list_xattr,
};
