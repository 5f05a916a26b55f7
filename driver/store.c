// SPDX-License-Identifier: GPL-2.0
/* Choosing a medium. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/printk.h>

#include "config.h"
#include "store.h"

int kcsd_store_open(struct kcsd_store *s, const struct kcsd_config *c, const char *name)
{
	if (c->size % c->block_size) {
		pr_err("%s: size %llu is not a multiple of block_size %llu\n", name, c->size,
		       c->block_size);
		return -EINVAL;
	}
	if (c->backing_file)
		return kcsd_store_file_open(s, c, name);
	return kcsd_store_mem_open(s, c, name);
}

void kcsd_store_close(struct kcsd_store *s)
{
	if (!s->ops)
		return;
	s->ops->close(s);
	s->ops = NULL;
}
