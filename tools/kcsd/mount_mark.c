// SPDX-License-Identifier: GPL-2.0
/* The mark of a file, its attribute: "PROGRAM [OPTION...] [--] [ARGUMENT]". */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "mount.h"

static int refuse(struct kcsd_error *err, const char *why)
{
	snprintf(err->text, sizeof(err->text), "attribute " MOUNT_ATTR " %s", why);
	return -EINVAL;
}

/* Cut the first word, and one space behind it, off *rest. */
static char *take_word(char **rest)
{
	char *word = *rest, *end = word + strcspn(word, " ");

	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* True if an option is next; then *rest is at it. */
static bool find_option(char **rest)
{
	char *next = *rest + strspn(*rest, " ");

	if (strncmp(next, "--", 2))
		return false;
	*rest = next;
	return true;
}

static bool is_file_name(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

/* Take what an option says, or refuse it. */
static int take_option(struct mount_mark *mark, const char *word, struct kcsd_error *err)
{
	const struct {
		const char *name;
		const char **value;
	} all[] = {
		{ "--cparam1=", &mark->cparam1 },
		{ "--cparam2=", &mark->cparam2 },
		{ "--program=", &mark->program },
	};
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		len = strlen(all[i].name);
		if (strncmp(word, all[i].name, len))
			continue;
		*all[i].value = word + len;
		return 0;
	}
	return refuse(err, "has an unknown option: it may have --cparam1=N, --cparam2=N and "
		      "--program=NAME, and '--' before an argument that begins with '--'");
}

int kcsd_mount_mark_parse(struct mount_mark *mark, size_t len, struct kcsd_error *err)
{
	char *rest = mark->text, *word;
	int ret;

	mark->cparam1 = mark->cparam2 = mark->program = mark->argument = NULL;
	if (memchr(mark->text, '\0', len))
		return refuse(err, "has a zero byte");
	mark->text[len] = '\0';
	mark->object = take_word(&rest);
	if (!is_file_name(mark->object))
		return refuse(err, "must begin with the name of a program, without a directory");
	while (find_option(&rest)) {
		word = take_word(&rest);
		if (!word[2])
			break;
		ret = take_option(mark, word, err);
		if (ret)
			return ret;
	}
	if (*rest)
		mark->argument = rest;
	return 0;
}

bool kcsd_mount_is_marked(const struct mount_node *node)
{
	char path[MOUNT_FD_PATH];

	return node->is_file &&
	       getxattr(kcsd_mount_fd_path(node->fd, path), MOUNT_ATTR, NULL, 0) >= 0;
}

int kcsd_mount_mark_read(const struct mount_node *node, struct mount_mark *mark,
			 struct kcsd_error *err)
{
	char path[MOUNT_FD_PATH];
	ssize_t len = getxattr(kcsd_mount_fd_path(node->fd, path), MOUNT_ATTR, mark->text,
			       MOUNT_MARK_MAX);
	int ret;

	if (len < 0 && errno == ERANGE)
		return refuse(err, "has more than 4095 bytes");
	/* Who may not read the attribute may not read the file, either. */
	if (len < 0 && (errno == ENODATA || errno == EOPNOTSUPP || errno == EACCES))
		return 0;
	if (len < 0)
		return refuse(err, "cannot be read");
	ret = kcsd_mount_mark_parse(mark, len, err);
	return ret ? ret : 1;
}
