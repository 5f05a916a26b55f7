/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Objects in tools/crash: keys have a number, a value names its key and has a checksum, so that a
 * reader can tell whether it is whole.
 */
#ifndef CRASH_OBJECT_H
#define CRASH_OBJECT_H

#include <linux/kcsd.h>
#include <stdbool.h>
#include <stdint.h>

#define OBJECT_KEYS	240u
#define OBJECT_MAX	(600u << 10)	/* bytes of a value */
#define OBJECT_MIN	((uint32_t)sizeof(struct object_value))

struct object_key {
	uint8_t len;
	uint8_t bytes[KCSD_KV_MAX_KEY];	/* zeroes after len */
};

struct object_value {
	uint64_t version;	/* greater than those of all changes of the key before */
	uint32_t key;
	uint32_t len;
	uint32_t crc;		/* CRC-32C of the value with crc 0 */
	uint8_t fill[];
};

struct object_key object_key(uint32_t nr);
/* Return the number of a key, or -1. */
int object_number(const struct object_key *key);

/* Make a value of len bytes, at least OBJECT_MIN. */
void object_make(struct object_value *v, uint32_t nr, uint64_t version, uint32_t len);
/* True if these bytes are a value that was made for this key. */
bool object_is_whole(struct object_value *v, uint32_t nr, uint32_t len);

#endif
