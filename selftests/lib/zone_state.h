/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state machine of zones of the NVMe Zoned Namespace Command Set, written a second time.
 */
#ifndef KST_ZONE_STATE_H
#define KST_ZONE_STATE_H

#include <linux/types.h>

/* The order is that of zone_letters. */
enum zone_is {
	Z_EMPTY, Z_IMPLICIT, Z_EXPLICIT, Z_CLOSED, Z_FULL, Z_READONLY, Z_OFFLINE,
	NR_ZONE_IS
};

enum zone_op {
	ZONE_WRITE,	/* writes one LBA */
	ZONE_APPEND,
	ZONE_OPEN,
	ZONE_CLOSE,
	ZONE_FINISH,
	ZONE_RESET,
	ZONE_OFFLINE,
	ZONE_OPEN_ALL,
	ZONE_CLOSE_ALL,
	ZONE_FINISH_ALL,
	ZONE_RESET_ALL,
	ZONE_OFFLINE_ALL,
	NR_ZONE_OPS
};

/* Indexed by enum zone_is, and by enum zone_op. */
extern const char zone_letters[];
extern const char * const zone_op_names[NR_ZONE_OPS];

enum zone_is zone_of_letter(char letter);
enum zone_is zone_of_cond(__u8 cond);

/* Returns the status that the operation must get; stores the state that must follow in *after. */
int zone_expect(enum zone_op op, enum zone_is before, enum zone_is *after);

#endif
