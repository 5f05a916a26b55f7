/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Read structures of Thrift in its compact protocol, from memory with untrusted contents. */
#ifndef KCSD_QUERY_THRIFT_H
#define KCSD_QUERY_THRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum thrift_type {
	THRIFT_STOP, THRIFT_TRUE, THRIFT_FALSE, THRIFT_I8, THRIFT_I16, THRIFT_I32, THRIFT_I64,
	THRIFT_DOUBLE, THRIFT_BINARY, THRIFT_LIST, THRIFT_SET, THRIFT_MAP, THRIFT_STRUCT,
};

/* Once it has failed, all that is read is 0. */
struct thrift {
	const uint8_t *p, *end;
	bool failed;
	unsigned int depth;
};

struct thrift_field {
	int16_t id;
	enum thrift_type type;
};

/* Get the next field of a structure; *field: the one before, zeroed at first. False: its end. */
bool kcsd_thrift_field(struct thrift *t, struct thrift_field *field);
/* Read an integer; it fails unless the field is one, of any size. */
int64_t kcsd_thrift_int(struct thrift *t, const struct thrift_field *field);
bool kcsd_thrift_bool(struct thrift *t, const struct thrift_field *field);
/* Read a text of *len bytes. */
const char *kcsd_thrift_binary(struct thrift *t, const struct thrift_field *field, size_t *len);
/* Read the head of a list whose elements have this type. Returns their number. */
uint32_t kcsd_thrift_list(struct thrift *t, const struct thrift_field *field,
			  enum thrift_type type);
/* Skip the value of a field. */
void kcsd_thrift_skip(struct thrift *t, enum thrift_type type);

#endif
