// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Open a file with an image as an object without names and lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "object.h"

bool kcsd_image_detect(const void *buf, size_t len)
{
	return len >= KCSD_IMAGE_MAGIC_LEN && !memcmp(buf, KCSD_IMAGE_MAGIC, KCSD_IMAGE_MAGIC_LEN);
}

/* Set the members of an object, except file and image. */
static int describe(struct kcsd_object *obj, const struct kcsd_image_view *view)
{
	obj->name = strdup(*view->name ? view->name : "image");
	obj->section = strdup("kcsd");
	obj->functions = calloc(1, sizeof(*obj->functions));
	obj->insns = reallocarray(NULL, view->insn_cnt, sizeof(*obj->insns));
	if (!obj->name || !obj->section || !obj->functions || !obj->insns)
		return -ENOMEM;
	obj->nr_functions = 1;
	obj->insn_cnt = view->insn_cnt;
	memcpy(obj->insns, view->insns, view->insn_cnt * sizeof(*obj->insns));
	return 0;
}

int kcsd_image_open(struct kcsd_object *obj, const void *buf, size_t len,
		    const struct kcsd_object_opts *o, struct kcsd_error *err)
{
	struct kcsd_image_view view;

	obj->image = malloc(len);
	if (!obj->image)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	memcpy(obj->image, buf, len);
	obj->image_len = len;
	if (kcsd_image_parse(obj->image, len, &view))
		return kcsd_error_set(err, -ENOEXEC, "%s: malformed program image", obj->file);
	if (describe(obj, &view))
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	if (o->program && strcmp(o->program, obj->name))
		return kcsd_error_set(err, -ENOENT, "%s: no program %s: there is %s", obj->file,
				      o->program, obj->name);
	if (o->heap_len)
		obj->image->heap_len = htole32(o->heap_len);
	return o->flags & KCSD_OBJECT_UNVALIDATED ? 0 : kcsd_image_validate(obj, err);
}
