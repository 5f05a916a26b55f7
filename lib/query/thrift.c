// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read the compact protocol of Thrift. */
#include <string.h>

#include "thrift.h"

#define MAX_DEPTH	32	/* of structures, lists and maps in one another */

static uint64_t fail(struct thrift *t)
{
	t->failed = true;
	t->p = t->end;
	return 0;
}

static uint8_t get_byte(struct thrift *t)
{
	return t->p < t->end ? *t->p++ : fail(t);
}

static uint64_t get_varint(struct thrift *t)
{
	uint64_t value = 0;
	unsigned int shift;
	uint8_t byte;

	for (shift = 0; shift < 64; shift += 7) {
		byte = get_byte(t);
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	return fail(t);
}

static int64_t get_zigzag(struct thrift *t)
{
	uint64_t value = get_varint(t);

	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

bool kcsd_thrift_field(struct thrift *t, struct thrift_field *field)
{
	uint8_t head = get_byte(t);

	if (t->failed || !(head & 0x0f))
		return false;
	field->type = head & 0x0f;
	if (field->type > THRIFT_STRUCT)
		fail(t);
	field->id = head >> 4 ? field->id + (head >> 4) : (int16_t)get_zigzag(t);
	return !t->failed;
}

int64_t kcsd_thrift_int(struct thrift *t, const struct thrift_field *field)
{
	if (field->type == THRIFT_I8)
		return (int8_t)get_byte(t);
	if (field->type < THRIFT_I16 || field->type > THRIFT_I64)
		return fail(t);
	return get_zigzag(t);
}

bool kcsd_thrift_bool(struct thrift *t, const struct thrift_field *field)
{
	if (field->type != THRIFT_TRUE && field->type != THRIFT_FALSE)
		fail(t);
	return field->type == THRIFT_TRUE;
}

const char *kcsd_thrift_binary(struct thrift *t, const struct thrift_field *field, size_t *len)
{
	uint64_t nr = field->type == THRIFT_BINARY ? get_varint(t) : fail(t);
	const char *text = (const char *)t->p;

	*len = 0;
	if (nr > (uint64_t)(t->end - t->p)) {
		fail(t);
		return "";
	}
	t->p += nr;
	*len = nr;
	return text;
}

/* Read the head of a list or set. */
static uint32_t list_head(struct thrift *t, uint8_t *type)
{
	uint8_t head = get_byte(t);
	uint64_t nr = head >> 4;

	*type = head & 0x0f;
	if (nr == 15)
		nr = get_varint(t);
	/* Each element has a byte at least. */
	return nr <= (uint64_t)(t->end - t->p) ? nr : fail(t);
}

uint32_t kcsd_thrift_list(struct thrift *t, const struct thrift_field *field,
			  enum thrift_type type)
{
	uint32_t nr;
	uint8_t has;

	if (field->type != THRIFT_LIST)
		return fail(t);
	nr = list_head(t, &has);
	return !nr || has == type ? nr : fail(t);
}

static void skip_bytes(struct thrift *t, uint64_t len)
{
	if (len > (uint64_t)(t->end - t->p))
		fail(t);
	else
		t->p += len;
}

static void skip_list(struct thrift *t)
{
	uint8_t type;
	uint32_t nr = list_head(t, &type);

	for (; nr && !t->failed; nr--) {
		/* In lists a boolean has a byte. */
		if (type == THRIFT_TRUE || type == THRIFT_FALSE)
			get_byte(t);
		else
			kcsd_thrift_skip(t, type);
	}
}

static void skip_map(struct thrift *t)
{
	uint64_t nr = get_varint(t);
	uint8_t types = nr ? get_byte(t) : 0;

	if (nr > (uint64_t)(t->end - t->p))
		fail(t);
	for (; nr && !t->failed; nr--) {
		kcsd_thrift_skip(t, types >> 4);
		kcsd_thrift_skip(t, types & 0x0f);
	}
}

static void skip_struct(struct thrift *t)
{
	struct thrift_field field = {};

	while (kcsd_thrift_field(t, &field))
		kcsd_thrift_skip(t, field.type);
}

void kcsd_thrift_skip(struct thrift *t, enum thrift_type type)
{
	if (++t->depth > MAX_DEPTH)
		fail(t);
	switch (type) {
	case THRIFT_TRUE:
	case THRIFT_FALSE:
		break;
	case THRIFT_I8:
		get_byte(t);
		break;
	case THRIFT_I16:
	case THRIFT_I32:
	case THRIFT_I64:
		get_varint(t);
		break;
	case THRIFT_DOUBLE:
		skip_bytes(t, 8);
		break;
	case THRIFT_BINARY:
		skip_bytes(t, get_varint(t));
		break;
	case THRIFT_LIST:
	case THRIFT_SET:
		skip_list(t);
		break;
	case THRIFT_MAP:
		skip_map(t);
		break;
	case THRIFT_STRUCT:
		skip_struct(t);
		break;
	default:
		fail(t);
	}
	t->depth--;
}
