/* SPDX-License-Identifier: GPL-2.0 */
/* Device nodes of a drive. */
#ifndef KST_NODE_H
#define KST_NODE_H

#include <stddef.h>

/*
 * Build the path of a node. suffix follows the index: "" is the controller, "n1" the block device.
 */
void drive_node(char *buf, size_t len, int index, const char *suffix);

/* Build the path of the generic node of a namespace. */
void drive_generic_node(char *buf, size_t len, int index, int nsid);

#define DRIVE_NODES	6	/* nodes of a drive that has all namespaces */

/* Returns how many nodes of the drive exist. */
int drive_nodes_present(int index);

#endif
