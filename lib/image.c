// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Make an image, valid for the drive, from a relocated program and its data. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "object.h"

#define PLACE_LEN	448

struct layout {
	uint32_t *base;		/* guest address of each map; 0: not data of the program */
	size_t nr_maps;
	uint64_t len;		/* bytes from KCSD_GUEST_DATA on, zeroes included */
	uint8_t *data;		/* the first data_len of them */
	uint64_t data_len;
};

/* ---- data ---- */

/*
 * True if map is a section of this kind. libbpf calls them kcsd.data, kcsd.rodata.str, .data.mine
 * etc.
 */
static bool is_section(const struct bpf_map *map, const char *section)
{
	const char *name = bpf_map__name(map), *dot;

	dot = name && bpf_map__is_internal(map) ? strchr(name, '.') : NULL;
	return dot && !strncmp(dot, section, strlen(section));
}

static bool is_bss(const struct bpf_map *map)
{
	return is_section(map, ".bss");
}

static bool is_data(const struct bpf_map *map)
{
	return is_bss(map) || is_section(map, ".data") || is_section(map, ".rodata");
}

/* Reserve room for a section; align is a power of two or 0. */
static void place(struct layout *layout, size_t index, size_t size, uint64_t align)
{
	uint64_t mask = max(align, (uint64_t)KCSD_GUEST_ALIGN) - 1;

	layout->len = ((KCSD_GUEST_DATA + layout->len + mask) & ~mask) - KCSD_GUEST_DATA;
	/* Past the limit the address is wrong, but then the layout is refused. */
	layout->base[index] = KCSD_GUEST_DATA + (uint32_t)layout->len;
	layout->len += size;
}

/* Place the sections with content, or with bss those of zeroes. */
static void place_sections(struct layout *layout, const struct kcsd_object *obj, bool bss)
{
	const struct bpf_map *map;
	size_t i = 0, size;

	bpf_object__for_each_map(map, obj->bpf) {
		size = bpf_map__value_size(map);
		if (is_data(map) && is_bss(map) == bss && layout->len <= KCSD_MAX_DATA)
			place(layout, i, size, obj->map_align[i]);
		i++;
	}
}

static int copy_sections(struct layout *layout, const struct bpf_object *bpf)
{
	struct bpf_map *map;
	const void *content;
	size_t i = 0, size;

	layout->data = calloc(1, layout->data_len + 1);
	if (!layout->data)
		return -ENOMEM;
	bpf_object__for_each_map(map, bpf) {
		if (is_data(map) && !is_bss(map)) {
			content = bpf_map__initial_value(map, &size);
			if (content)
				memcpy(layout->data + layout->base[i] - KCSD_GUEST_DATA, content,
				       MIN(size, bpf_map__value_size(map)));
		}
		i++;
	}
	return 0;
}

/*
 * Set an address in data. elf_data.c made sure that it is in a section with content, and that its
 * target is in data.
 */
static void set_pointer(struct layout *layout, const struct kcsd_pointer *p)
{
	uint8_t *at = layout->data + layout->base[p->map] - KCSD_GUEST_DATA + p->off;
	uint64_t value = 0;

	memcpy(&value, at, p->size);
	value = htole64(le64toh(value) + layout->base[p->to_map] + p->to_off);
	memcpy(at, &value, p->size);
}

/* Drop zeroes at the end of data, which need not be in the image. */
static void trim(struct layout *layout)
{
	while (layout->data_len && !layout->data[layout->data_len - 1])
		layout->data_len--;
}

static int layout_init(struct layout *layout, const struct kcsd_object *obj,
		       struct kcsd_error *err)
{
	const struct bpf_map *map;
	size_t i;

	*layout = (struct layout){};
	bpf_object__for_each_map(map, obj->bpf)
		layout->nr_maps++;
	layout->base = calloc(layout->nr_maps + 1, sizeof(*layout->base));
	if (!layout->base)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	place_sections(layout, obj, false);
	layout->data_len = layout->len;
	place_sections(layout, obj, true);
	if (layout->len > KCSD_MAX_DATA)
		return kcsd_error_set(err, -EFBIG, "%s: %llu bytes of data or more: at most %u are "
				      "possible", obj->file, (unsigned long long)layout->len,
				      KCSD_MAX_DATA);
	if (copy_sections(layout, obj->bpf))
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	for (i = 0; i < obj->nr_pointers; i++)
		set_pointer(layout, &obj->pointers[i]);
	trim(layout);
	return 0;
}

static void layout_destroy(struct layout *layout)
{
	free(layout->base);
	free(layout->data);
}

/* ---- instructions ---- */

static const char *map_name(const struct bpf_object *bpf, size_t index)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, bpf)
		if (!index--)
			return bpf_map__name(map);
	return "?";
}

static int refuse_insn(const struct kcsd_object *obj, uint32_t pc, struct kcsd_error *err,
		       const char *what, const char *name)
{
	char text[PLACE_LEN];

	kcsd_where_text(obj, pc, text, sizeof(text));
	kcsd_error_set(err, -EINVAL, "%s: %s%s%s", text, what, name ? ": " : "", name ? name : "");
	if (err)
		err->pc = pc;
	return -EINVAL;
}

/*
 * Resolve a 64-bit immediate. Of those with a special meaning, only the address of data is valid.
 */
static int fix_imm64(const struct kcsd_object *obj, const struct layout *layout, uint32_t pc,
		     struct kcsd_error *err)
{
	struct bpf_insn *insn = &obj->insns[pc];
	size_t map = (uint32_t)insn[0].imm;
	uint32_t addr;

	switch (insn->src_reg) {
	case 0:
		return 0;
	case BPF_PSEUDO_FUNC:
		return refuse_insn(obj, pc, err, "the address of a function cannot be taken: "
				   "only call it, or have it inlined", NULL);
	case BPF_PSEUDO_MAP_IDX:
	case BPF_PSEUDO_MAP_FD:
		return refuse_insn(obj, pc, err, "there are no maps: use a global variable",
				   map_name(obj->bpf, map));
	case BPF_PSEUDO_MAP_IDX_VALUE:
		if (map < layout->nr_maps && layout->base[map])
			break;
		return refuse_insn(obj, pc, err, "not data of the program",
				   map_name(obj->bpf, map));
	default:
		return refuse_insn(obj, pc, err, "an address that means nothing on a drive", NULL);
	}
	addr = layout->base[map] + (uint32_t)insn[1].imm;
	insn[0].src_reg = 0;
	insn[0].imm = addr;
	insn[1].imm = 0;
	return 0;
}

static int fix_insns(const struct kcsd_object *obj, const struct layout *layout,
		     struct kcsd_error *err)
{
	const struct bpf_insn *insn;
	uint32_t pc;
	int ret;

	for (pc = 0; pc < obj->insn_cnt; pc++) {
		insn = &obj->insns[pc];
		if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_KFUNC_CALL)
			return refuse_insn(obj, pc, err, "call of a function of the kernel", NULL);
		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		/* Leave an incomplete one at the end for the validator. */
		if (pc + 1 == obj->insn_cnt)
			break;
		ret = fix_imm64(obj, layout, pc, err);
		if (ret)
			return ret;
		pc++;
	}
	return 0;
}

/* ---- validate ---- */

/* Returns the name of a helper of Linux; NULL if the headers of this build do not know it. */
static const char *linux_helper(int32_t id)
{
	static const char *const names[] = {
#define NAME(name, ...) [BPF_FUNC_##name] = "bpf_" #name
		__BPF_FUNC_MAPPER(NAME)
#undef NAME
	};

	return id > 0 && (size_t)id < ARRAY_SIZE(names) ? names[id] : NULL;
}

void kcsd_insn_describe(const struct bpf_insn *insn, uint32_t reason, char buf[KCSD_DETAIL_LEN])
{
	const char *name = linux_helper(insn->imm);

	*buf = '\0';
	if (reason == KCSD_VERDICT_LINUX_HELPER && name)
		snprintf(buf, KCSD_DETAIL_LEN, ": %u, %s()", insn->imm, name);
	else if (reason == KCSD_VERDICT_LINUX_HELPER || reason == KCSD_VERDICT_HELPER)
		snprintf(buf, KCSD_DETAIL_LEN, ": %u", insn->imm);
	else if (reason == KCSD_VERDICT_OPCODE || reason == KCSD_VERDICT_RESERVED)
		snprintf(buf, KCSD_DETAIL_LEN, ": opcode 0x%02x", insn->code);
}

static int refuse_reason(const struct kcsd_object *obj, uint32_t reason, uint32_t pc,
			 struct kcsd_error *err)
{
	char text[PLACE_LEN], detail[KCSD_DETAIL_LEN] = "";
	int ret = -EINVAL;

	if (pc < obj->insn_cnt)
		kcsd_insn_describe(&obj->insns[pc], reason, detail);
	if (reason == KCSD_VERDICT_TOO_LONG) {
		kcsd_error_set(err, ret, "%s: section %s, function %s: %s: %u, at most %u are "
			       "possible", obj->file, obj->section, obj->name,
			       kcsd_verdict_text(reason), obj->insn_cnt, KCSD_MAX_INSNS);
	} else {
		kcsd_where_text(obj, pc, text, sizeof(text));
		kcsd_error_set(err, ret, "%s: %s%s", text, kcsd_verdict_text(reason), detail);
	}
	if (err) {
		err->verdict = reason;
		err->pc = pc;
	}
	return ret;
}

int kcsd_image_validate(const struct kcsd_object *obj, struct kcsd_error *err)
{
	struct kcsd_verdict verdict = {};
	struct kcsd_image_view view;
	int ret;

	verdict.reason = kcsd_image_parse(obj->image, obj->image_len, &view);
	if (verdict.reason)
		return refuse_reason(obj, verdict.reason, 0, err);
	ret = kcsd_validate_insns(view.insns, view.insn_cnt, &verdict);
	if (ret == -EINVAL)
		return refuse_reason(obj, verdict.reason, verdict.pc, err);
	return ret ? kcsd_error_set(err, ret, "out of memory") : 0;
}

/* ---- the image ---- */

/* Copy a name; characters that are not printable become '?', because the drive displays names. */
static void copy_name(char *to, const char *from)
{
	size_t i;

	for (i = 0; from[i] && i < KCSD_PROGRAM_NAME_LEN - 1; i++)
		to[i] = from[i] > ' ' && from[i] <= '~' ? from[i] : '?';
}

static int build(struct kcsd_object *obj, const struct layout *layout, uint32_t heap_len,
		 struct kcsd_error *err)
{
	size_t insns_len = obj->insn_cnt * sizeof(*obj->insns);
	struct kcsd_image *image;
	char *p;

	obj->image_len = sizeof(*image) + insns_len + layout->data_len;
	image = calloc(1, obj->image_len);
	obj->image = image;
	if (!image)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	memcpy(image->magic, KCSD_IMAGE_MAGIC, KCSD_IMAGE_MAGIC_LEN);
	image->version = htole16(KCSD_IMAGE_VERSION);
	image->hdr_len = htole16(sizeof(*image));
	image->insn_cnt = htole32(obj->insn_cnt);
	image->data_len = htole32(layout->data_len);
	image->bss_len = htole32(layout->len - layout->data_len);
	image->heap_len = htole32(heap_len);
	copy_name(image->name, obj->name);
	p = (char *)(image + 1);
	memcpy(p, obj->insns, insns_len);
	memcpy(p + insns_len, layout->data, layout->data_len);
	return 0;
}

int kcsd_image_create(struct kcsd_object *obj, const struct kcsd_object_opts *o,
		      struct kcsd_error *err)
{
	struct layout layout;
	int ret;

	if (obj->insn_cnt > KCSD_MAX_INSNS)
		return refuse_reason(obj, KCSD_VERDICT_TOO_LONG, 0, err);
	ret = layout_init(&layout, obj, err);
	if (!ret)
		ret = fix_insns(obj, &layout, err);
	if (!ret)
		ret = build(obj, &layout, o->heap_len, err);
	if (!ret && !(o->flags & KCSD_OBJECT_UNVALIDATED))
		ret = kcsd_image_validate(obj, err);
	layout_destroy(&layout);
	return ret;
}
