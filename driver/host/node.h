/* SPDX-License-Identifier: GPL-2.0 */
/* Char nodes of the controller and of namespaces. */
#ifndef KCSD_NODE_H
#define KCSD_NODE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>

struct kcsd_drive;

/*
 * A char node: the controller (nsid 0) or a namespace. Holds a reference to the drive. Lives until
 * its device is deleted and the last file of it is closed.
 */
struct kcsd_node {
	struct device dev;
	struct cdev cdev;
	struct kcsd_drive *drive;
	u32 nsid;
};

int kcsd_node_init(void);
void kcsd_node_exit(void);
/*
 * Create a char node and announce it to user space. groups may be NULL. Returns the node or
 * ERR_PTR.
 */
struct kcsd_node *kcsd_node_create(struct kcsd_drive *drive, u32 nsid, struct device *parent,
				   const struct attribute_group **groups,
				   const char *fmt, ...) __printf(5, 6);
/* Delete a node: it cannot be opened any more. Files that are still open keep the struct. */
void kcsd_node_destroy(struct kcsd_node *node);

static inline struct kcsd_node *kcsd_file_node(struct file *file)
{
	return container_of(file_inode(file)->i_cdev, struct kcsd_node, cdev);
}

#endif
