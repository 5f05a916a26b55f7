// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Any bytes as an object file. It is either refused with a sentence, or accepted, and then the
 * image is valid.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <engine.h>
#include <libkcsd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *judge_refusal(int ret, const struct kcsd_object *obj,
				 const struct kcsd_error *err)
{
	size_t len = strnlen(err->text, KCSD_ERROR_LEN), i;

	if (ret > 0 || obj)
		return "refused, and yet there is an object";
	if (!len || len == KCSD_ERROR_LEN)
		return "refused without a sentence";
	for (i = 0; i < len; i++)
		if ((unsigned char)err->text[i] < ' ' || err->text[i] == 0x7f)
			return "refused with control characters";
	return NULL;
}

/* Names may be those of the file: to read them is what ASan looks at. */
static const char *judge_places(const struct kcsd_object *obj, uint32_t insn_cnt)
{
	struct kcsd_where where;
	size_t all = 0;
	uint32_t pc;

	for (pc = 0; pc < insn_cnt; pc++) {
		if (kcsd_object_where(obj, pc, &where, sizeof(where)) || where.insn > pc)
			return "an instruction is nowhere";
		all += where.function ? strlen(where.function) : 0;
		all += where.file ? strlen(where.file) : 0;
		all += where.source ? strlen(where.source) : 0;
	}
	return all == SIZE_MAX ? "names without end" : NULL;
}

static const char *judge_object(const struct kcsd_object *obj)
{
	struct kcsd_verdict verdict;
	struct kcsd_image_view view;
	const void *image;
	size_t len;

	image = kcsd_object_image(obj, &len);
	if (kcsd_image_parse(image, len, &view))
		return "taken, but it is no image";
	if (kcsd_validate_insns(view.insns, view.insn_cnt, &verdict))
		return "accepted, but not valid";
	return judge_places(obj, view.insn_cnt);
}

static const char *open_one(const uint8_t *data, size_t len, const char *program)
{
	KCSD_OPTS(kcsd_object_opts, opts, .program = program);
	struct kcsd_object *obj = NULL;
	struct kcsd_error err;
	const char *bad;
	int ret;

	memset(&err, 0xff, sizeof(err));
	ret = kcsd_object_open_mem(data, len, &opts, &obj, &err);
	bad = ret ? judge_refusal(ret, obj, &err) : judge_object(obj);
	kcsd_object_close(obj);
	return bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *bad = open_one(data, len, NULL);

	if (bad) {
		fprintf(stderr, "fuzz_object: %s\n", bad);
		abort();
	}
	return 0;
}
