// SPDX-License-Identifier: GPL-2.0
/* Open a store, with a cache if the configuration has one. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/printk.h>
#include <linux/slab.h>

#include "config.h"
#include "media/store.h"

static int open_bottom(struct kcsd_store *s, const struct kcsd_config *c, const char *name)
{
	if (c->backing_file)
		return kcsd_store_file_open(s, c, name);
	return kcsd_store_mem_open(s, c, name);
}

static int open_cached(struct kcsd_store *s, const struct kcsd_config *c, const char *name)
{
	struct kcsd_store *below = kzalloc(sizeof(*below), GFP_KERNEL);
	int ret;

	if (!below)
		return -ENOMEM;
	ret = open_bottom(below, c, name);
	if (ret)
		goto out_free;
	ret = kcsd_store_cache_open(s, below, c, name);
	if (ret)
		goto out_close;
	return 0;

out_close:
	kcsd_store_close(below);
out_free:
	kfree(below);
	return ret;
}

int kcsd_store_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name)
{
	if (c->size % c->block_size) {
		pr_err("%s: size %llu is not a multiple of block_size %llu\n", name, c->size,
		       c->block_size);
		return -EINVAL;
	}
	return c->cache_size ? open_cached(s, c, name) : open_bottom(s, c, name);
}

void kcsd_store_close(struct kcsd_store *s)
{
	if (!s->ops)
		return;
	s->ops->close(s);
	s->ops = NULL;
}
