/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A namespace of a drive. The struct of each kind of namespace begins with struct kcsd_ns;
 * nvme/namespaces.c has the table of the kinds.
 */
#ifndef KCSD_NS_H
#define KCSD_NS_H

#include <linux/types.h>
#include <linux/kcsd.h>

struct kcsd_cmd;
struct kcsd_drive;
struct kcsd_gate;
struct kcsd_node;
struct kcsd_ns;
struct kcsd_opcode;

/* A kind of namespace: its command set and its life. From stop() on, NULL means: nothing to do. */
struct kcsd_ns_ops {
	u8 csi;
	u8 nr_opcodes;
	const struct kcsd_opcode *opcodes;	/* frequent ones first: the search is linear */

	/*
	 * Allocate a namespace of the drive, which is not open yet. Returns NULL without memory.
	 * The drive frees it with itself: what commands may use after power off must stay valid.
	 */
	struct kcsd_ns *(*alloc)(struct kcsd_drive *drive);
	void (*free)(struct kcsd_ns *ns);
	/*
	 * Power on: open the media, create what executes commands, and set active. name is that of
	 * the drive. On failure returns -errno, logs one line, owns nothing.
	 */
	int (*open)(struct kcsd_ns *ns, const char *name);
	/* Power off: no command is left. */
	void (*close)(struct kcsd_ns *ns);
	/* Power off begins, no command can begin: cancel those under way. */
	void (*stop)(struct kcsd_ns *ns);
	/* Sanitize has closed the gate: cancel the commands under way; they complete soon. */
	void (*cancel)(struct kcsd_ns *ns);
	/* Sanitize: clear all memory that may hold user data. No command is inside the gate. */
	void (*erase_memory)(struct kcsd_ns *ns);

	/*
	 * Fill in a zeroed page of Identify: of the namespace (CNS 00h, 05h), of any with its
	 * format (CNS 0Ah), and of the command set in the controller (CNS 06h). Return 0 or a
	 * status.
	 */
	int (*identify)(struct kcsd_cmd *cmd, void *page);
	int (*identify_set)(struct kcsd_cmd *cmd, void *page);
	int (*identify_format)(struct kcsd_cmd *cmd, void *page);
	int (*identify_ctrl)(struct kcsd_cmd *cmd, void *page);
};

/* Constant from power on to power off. */
struct kcsd_ns {
	u32 nsid;
	bool active;			/* the drive has this namespace */
	bool blocks;			/* commands may wait for media */
	const struct kcsd_ns_ops *ops;
	struct kcsd_drive *drive;
	/*
	 * Gate for Sanitize: each I/O command is inside it from its validation to its completion.
	 * NULL: the namespace has a gate that it passes for each access.
	 */
	struct kcsd_gate *gate;
	struct kcsd_node *node;		/* /dev/kcsdgNnNSID; NULL: not active */
};

#endif
