// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "engine.h"

_Static_assert(sizeof(struct kcsd_image) == 64, "");
_Static_assert(sizeof(struct bpf_insn) == 8, "");

static u32 validate_count(u64 insn_cnt)
{
	if (!insn_cnt)
		return KCSD_VERDICT_EMPTY;
	return insn_cnt > KCSD_MAX_INSNS ? KCSD_VERDICT_TOO_LONG : KCSD_VERDICT_OK;
}

/* True if name is printable and padded with at least one NUL. */
static bool name_valid(const char *name)
{
	u32 i = 0;

	while (i < KCSD_PROGRAM_NAME_LEN && name[i] >= ' ' && name[i] <= '~')
		i++;
	if (i == KCSD_PROGRAM_NAME_LEN)
		return false;
	while (i < KCSD_PROGRAM_NAME_LEN && !name[i])
		i++;
	return i == KCSD_PROGRAM_NAME_LEN;
}

static u32 parse_plain(const void *buf, u64 len, struct kcsd_image_view *view)
{
	u32 reason;

	if (len % sizeof(struct bpf_insn))
		return KCSD_VERDICT_IMAGE;
	reason = validate_count(len / sizeof(struct bpf_insn));
	if (reason)
		return reason;
	view->insns = buf;
	view->insn_cnt = len / sizeof(struct bpf_insn);
	return KCSD_VERDICT_OK;
}

static u32 parse_image(const struct kcsd_image *image, u64 len, struct kcsd_image_view *view)
{
	u32 insn_cnt, data_len, reason;

	if (len < sizeof(*image) || le16_to_cpu(image->version) != KCSD_IMAGE_VERSION ||
	    le16_to_cpu(image->hdr_len) != sizeof(*image) || image->rsvd ||
	    !name_valid(image->name))
		return KCSD_VERDICT_IMAGE;
	insn_cnt = le32_to_cpu(image->insn_cnt);
	data_len = le32_to_cpu(image->data_len);
	reason = validate_count(insn_cnt);
	if (reason)
		return reason;
	if (len != sizeof(*image) + (u64)insn_cnt * sizeof(struct bpf_insn) + data_len)
		return KCSD_VERDICT_IMAGE;
	view->insns = (const void *)(image + 1);
	view->insn_cnt = insn_cnt;
	view->data = view->insns + insn_cnt;
	view->data_len = data_len;
	view->bss_len = le32_to_cpu(image->bss_len);
	view->heap_len = le32_to_cpu(image->heap_len);
	memcpy(view->name, image->name, sizeof(view->name));
	return KCSD_VERDICT_OK;
}

u32 kcsd_image_parse(const void *buf, u64 len, struct kcsd_image_view *view)
{
	memset(view, 0, sizeof(*view));
	if (len >= KCSD_IMAGE_MAGIC_LEN && !memcmp(buf, KCSD_IMAGE_MAGIC, KCSD_IMAGE_MAGIC_LEN))
		return parse_image(buf, len, view);
	return parse_plain(buf, len, view);
}
