// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Convert values between types. */
#include <errno.h>

#include "../private.h"
#include "datetime.h"
#include "eval.h"
#include "numeric.h"

static int out_of_range(struct kcsd_sql_type type, struct kcsd_error *err)
{
	return kcsd_error_set(err, -ERANGE, "%s out of range", kcsd_type_word(type.type));
}

static int to_text(const struct kcsd_value *from, struct kcsd_arena *arena,
		   struct kcsd_value *value)
{
	struct kcsd_cell cell;

	if (from->type == KCSD_TYPE_BOOL) {
		value->text.data = from->i ? "true" : "false";
		value->text.len = strlen(value->text.data);
		return 0;
	}
	if (kcsd_value_print(from, arena, &cell))
		return -ENOMEM;
	value->text = (struct kcsd_text){ cell.text, cell.len };
	return 0;
}

/* Round a float half to even; rint() would need libm. */
static int float_to_int(double d, int64_t *i)
{
	double rest;

	/* 2^63 is the first that does not fit; NaN is not below it. */
	if (!(d >= -0x1p63 && d < 0x1p63))
		return -ERANGE;
	*i = d;
	rest = d - *i;
	if (rest > 0.5 || (rest == 0.5 && *i & 1))
		++*i;
	else if (rest < -0.5 || (rest == -0.5 && *i & 1))
		--*i;
	return 0;
}

static int to_int(const struct kcsd_value *from, struct kcsd_sql_type type,
		  struct kcsd_value *value, struct kcsd_error *err)
{
	int ret = 0;

	if (from->type == KCSD_TYPE_NUMERIC)
		ret = kcsd_numeric_to_int(&from->n, &value->i);
	else if (from->type == KCSD_TYPE_FLOAT8)
		ret = float_to_int(from->d, &value->i);
	else
		value->i = from->i;
	if (ret || (type.type == KCSD_TYPE_INT4 && value->i != (int32_t)value->i))
		return out_of_range(type, err);
	return 0;
}

static int to_numeric(const struct kcsd_value *from, struct kcsd_sql_type type,
		      struct kcsd_value *value, struct kcsd_error *err)
{
	int ret = 0;

	if (from->type == KCSD_TYPE_NUMERIC)
		value->n = from->n;
	else if (from->type == KCSD_TYPE_FLOAT8)
		ret = kcsd_numeric_from_double(from->d, &value->n, err);
	else
		kcsd_numeric_from_int(from->i, &value->n);
	if (ret || !type.precision)
		return ret;
	return kcsd_numeric_fit(&value->n, type.precision, type.scale, err);
}

static void to_float(const struct kcsd_value *from, struct kcsd_value *value)
{
	value->d = from->type == KCSD_TYPE_NUMERIC ? kcsd_numeric_to_double(&from->n) : from->i;
}

int kcsd_cast_eval(const struct kcsd_value *from, struct kcsd_sql_type type,
		   struct kcsd_arena *arena, struct kcsd_value *value, struct kcsd_error *err)
{
	if (from->type == KCSD_TYPE_TEXT && type.type != KCSD_TYPE_TEXT)
		return kcsd_value_parse(type, from->text.data, from->text.len, value, err);
	if (from->type == type.type && type.type != KCSD_TYPE_NUMERIC) {
		*value = *from;
		return 0;
	}
	memset(value, 0, sizeof(*value));
	value->type = type.type;
	switch (type.type) {
	case KCSD_TYPE_TEXT:
		return to_text(from, arena, value);
	case KCSD_TYPE_BOOL:
		value->i = from->i != 0;
		return 0;
	case KCSD_TYPE_INT4:
	case KCSD_TYPE_INT8:
		return to_int(from, type, value, err);
	case KCSD_TYPE_NUMERIC:
		return to_numeric(from, type, value, err);
	case KCSD_TYPE_FLOAT8:
		to_float(from, value);
		return 0;
	case KCSD_TYPE_DATE:
		value->i = kcsd_timestamp_to_date(from->i);
		return 0;
	case KCSD_TYPE_TIMESTAMP:
		return kcsd_date_to_timestamp(from->i, &value->i, err);
	default:
		return kcsd_error_set(err, -EINVAL, "cannot cast to type %s",
				      kcsd_type_word(type.type));
	}
}
