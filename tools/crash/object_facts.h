/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Facts about objects that the load reports, one line each, and what follows from them:
 *
 *	kv boot VERSION		later versions are greater
 *	kv found KEY VERSION	state of an object after power on; 0: there is none
 *	kv stored KEY VERSION	the object has this version or a later one
 *	kv deleting, deleted KEY VERSION
 *	kv refused KEY VERSION	the drive had no room: this version is never there
 *
 * Lines "stored" and "deleted" are sent when the change is durable: after a flush, or at once while
 * the volatile write cache is off.
 */
#ifndef CRASH_OBJECT_FACTS_H
#define CRASH_OBJECT_FACTS_H

#include "object.h"

struct object_fact {
	uint64_t version;	/* the last change that is durable */
	bool deleted;		/* it was a delete */
	uint64_t delete_tried;	/* the newest */
	uint64_t found;		/* version after power on */
	uint64_t refused;	/* the newest */
};

struct object_facts {
	uint64_t claims;	/* lines that are a promise */
	uint64_t bad;
	uint64_t boot;		/* versions of this boot are greater */
	struct object_fact keys[OBJECT_KEYS];
};

/* Read the facts of one boot. Call it for all boots in order. Return 0 or -1. */
int object_facts_read(struct object_facts *f, const char *path);
/* True if an object may have this version, 0: not exist. Else print an error. */
bool object_facts_allow(const struct object_facts *f, uint32_t nr, uint64_t version);

#endif
