// SPDX-License-Identifier: GPL-2.0
/* Find the files of a directory that become objects. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv.h"
#include "kv_name.h"

#define MAX_REFUSALS	10	/* that are printed */

/* why: the end of a sentence. */
static void refuse(struct kv_tree *tree, const char *path, const char *why)
{
	char name[PATH_MAX];

	if (tree->refused++ < MAX_REFUSALS)
		kcsd_fail("%s %s", kcsd_printable(path, name, sizeof(name)), why);
}

static void refuse_error(struct kv_tree *tree, const char *path, int error)
{
	char name[PATH_MAX];

	if (tree->refused++ < MAX_REFUSALS)
		kcsd_fail("%s: %s", kcsd_printable(path, name, sizeof(name)), strerror(error));
}

/* Add a file. Return 0, or the exit code. */
static int add_file(struct kv_tree *tree, const struct kv_file *file)
{
	size_t room = tree->room ? tree->room * 2 : 256;
	struct kv_file *files;

	if (tree->nr == tree->room) {
		files = realloc(tree->files, room * sizeof(*files));
		if (!files)
			return kcsd_fail("out of memory");
		tree->files = files;
		tree->room = room;
	}
	tree->files[tree->nr] = *file;
	tree->files[tree->nr].path = strdup(file->path);
	if (!tree->files[tree->nr].path)
		return kcsd_fail("out of memory");
	tree->nr++;
	tree->bytes += file->size;
	return 0;
}

/* Parse a path, and put the prefix before it. Return NULL, or the end of a sentence. */
static const char *make_key(struct kv *kv, const char *path, struct kcsd_kv_key *key)
{
	const char *wrong = kcsd_kv_path_parse(path, kcsd_args_has(kv->args, OPT_LITERAL), key);
	const char *text = kcsd_args_value(kv->args, OPT_PREFIX);
	struct kcsd_kv_key prefix = {};

	if (wrong || !text)
		return wrong;
	kcsd_kv_take_prefix(kv->args, text, &prefix);
	if (prefix.len + key->len > KCSD_KV_MAX_KEY)
		return "and the prefix are longer than 16 bytes";
	memmove(key->key + prefix.len, key->key, key->len);
	memcpy(key->key, prefix.key, prefix.len);
	key->len += prefix.len;
	return NULL;
}

static int take_file(struct kv *kv, struct kv_tree *tree, const FTSENT *entry, char *path)
{
	struct kv_file file = { .path = path, .size = entry->fts_statp->st_size };
	const char *wrong = make_key(kv, path, &file.key);
	char why[128], human[KCSD_HUMAN_LEN];

	if (!wrong && faccessat(tree->dir, path, R_OK, AT_EACCESS)) {
		refuse_error(tree, entry->fts_path, errno);
		return 0;
	}
	if (!wrong && file.size > kv->info.max_value) {
		snprintf(why, sizeof(why), "has more than %s, the longest value that %s takes",
			 kcsd_human_bytes(kv->info.max_value, human), kcsd_drive_name(kv->drv));
		wrong = why;
	}
	if (!wrong)
		return add_file(tree, &file);
	refuse(tree, entry->fts_path, wrong);
	return 0;
}

static int take_entry(struct kv *kv, struct kv_tree *tree, const FTSENT *entry, size_t root_len)
{
	char *path = entry->fts_path + root_len;

	path += strspn(path, "/");
	switch (entry->fts_info) {
	case FTS_D:
	case FTS_DP:
		return 0;
	case FTS_F:
		return take_file(kv, tree, entry, path);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		refuse_error(tree, entry->fts_path, entry->fts_errno);
		return 0;
	case FTS_SL:
	case FTS_SLNONE:
		refuse(tree, entry->fts_path, "is a symbolic link, which is not followed");
		return 0;
	}
	refuse(tree, entry->fts_path, "is neither a file nor a directory");
	return 0;
}

static int compare_files(const void *a, const void *b)
{
	const struct kv_file *x = a, *y = b;
	int order = memcmp(x->key.key, y->key.key, sizeof(x->key.key));

	return order ? order : x->key.len - y->key.len;
}

/* Refuse two names of one key, such as a%62 and ab: leave all but the first out. */
static void refuse_doubles(struct kv_tree *tree, const char *dir)
{
	char why[PATH_MAX + 64], path[PATH_MAX];
	size_t i, kept = 0;

	if (tree->nr)
		qsort(tree->files, tree->nr, sizeof(*tree->files), compare_files);
	for (i = 0; i < tree->nr; i++) {
		struct kv_file *file = &tree->files[i];

		if (!i || compare_files(&tree->files[kept - 1], file)) {
			tree->files[kept++] = *file;
			continue;
		}
		snprintf(why, sizeof(why), "has the same key as %s", tree->files[kept - 1].path);
		snprintf(path, sizeof(path), "%s/%s", dir, file->path);
		refuse(tree, path, why);
		tree->bytes -= file->size;
		free(file->path);
	}
	tree->nr = kept;
}

static int walk(struct kv *kv, const char *dir, struct kv_tree *tree)
{
	char *roots[] = { (char *)(uintptr_t)dir, NULL };
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int code = 0;

	if (!fts)
		return kcsd_fail("%s: %s", dir, strerror(errno));
	errno = 0;
	while (!code && (entry = fts_read(fts)))
		code = take_entry(kv, tree, entry, strlen(dir));
	if (!code && errno)
		code = kcsd_fail("%s: %s", dir, strerror(errno));
	fts_close(fts);
	return code;
}

int kcsd_kv_tree_read(struct kv *kv, const char *dir, struct kv_tree *tree)
{
	int code;

	*tree = (struct kv_tree){ .dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	if (tree->dir < 0)
		return kcsd_fail("%s: %s", dir, strerror(errno));
	code = walk(kv, dir, tree);
	if (code)
		return code;
	refuse_doubles(tree, dir);
	if (!tree->refused)
		return 0;
	if (!kcsd_args_has(kv->args, OPT_SKIP))
		return kcsd_fail("nothing was stored: %zu of the files in %s cannot become objects; --skip leaves them out",
				 tree->refused, dir);
	kcsd_fail("%zu of the files in %s are left out", tree->refused, dir);
	return 0;
}

void kcsd_kv_tree_free(struct kv_tree *tree)
{
	size_t i;

	for (i = 0; i < tree->nr; i++)
		free(tree->files[i].path);
	free(tree->files);
	if (tree->dir >= 0)
		close(tree->dir);
}
