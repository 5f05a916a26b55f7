// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "super.h"

static const u64 copies[] = { 0, KCSD_KV_SUPER_COPY };

static u32 crc_of(const struct kcsd_kv_super *super)
{
	return kcsd_kv_crc(0, super, offsetof(struct kcsd_kv_super, crc));
}

static bool numbers_valid(const struct kcsd_kv_super *super)
{
	return le64_to_cpu(super->generation) < KCSD_KV_NUMBERS &&
	       le64_to_cpu(super->record_version) < KCSD_KV_NUMBERS &&
	       le64_to_cpu(super->segment_generation) < KCSD_KV_NUMBERS &&
	       le64_to_cpu(super->begun) < KCSD_KV_NUMBERS;
}

static bool is_valid(const struct kcsd_kv_super *super)
{
	u32 shift = le32_to_cpu(super->shift);

	return !memcmp(super->magic, KCSD_KV_SUPER_MAGIC, sizeof(super->magic)) &&
	       le32_to_cpu(super->crc) == crc_of(super) &&
	       le32_to_cpu(super->version) == KCSD_KV_FILE_VERSION &&
	       shift >= KCSD_KV_MIN_SHIFT && shift <= KCSD_KV_MAX_SHIFT &&
	       super->nr_segments && le32_to_cpu(super->nr_segments) <= KCSD_KV_MAX_SEGMENTS &&
	       numbers_valid(super);
}

int kcsd_kv_super_read(struct kcsd_kv_medium *m, struct kcsd_kv_super *super, void *mem,
		       u32 *damaged)
{
	const struct kcsd_kv_super *found = mem;
	u32 i, valid = 0;
	int ret;

	*damaged = 0;
	if (!m->len)
		return -ENODATA;
	for (i = 0; i < ARRAY_SIZE(copies); i++) {
		ret = m->ops->read(m, copies[i], mem, KCSD_KV_BLOCK, false);
		if (ret && !kcsd_kv_is_damage(ret))
			return ret;
		if (ret || !is_valid(found))
			continue;
		if (!valid || le64_to_cpu(found->generation) > le64_to_cpu(super->generation))
			*super = *found;
		valid++;
	}
	if (!valid)
		return -EUCLEAN;
	*damaged = ARRAY_SIZE(copies) - valid;
	return 0;
}

bool kcsd_kv_super_reaches(const struct kcsd_kv_medium *m, const struct kcsd_kv_super *super)
{
	u32 shift = le32_to_cpu(super->shift);
	u64 end = (u64)(le32_to_cpu(super->reaches) + 1) << shift;
	u64 index = (u64)(le32_to_cpu(super->nr_segments) + 1) << shift;

	if (!super->reaches)
		return true;
	return m->len >= end && (!le32_to_cpu(super->clean) ||
				 m->len >= index + le64_to_cpu(super->index_len));
}

int kcsd_kv_super_write(struct kcsd_kv_medium *m, struct kcsd_kv_super *super, void *mem)
{
	u32 i;
	int ret;

	super->generation = cpu_to_le64(le64_to_cpu(super->generation) + 1);
	super->crc = cpu_to_le32(crc_of(super));
	memset(mem, 0, KCSD_KV_BLOCK);
	memcpy(mem, super, sizeof(*super));
	for (i = 0; i < ARRAY_SIZE(copies); i++) {
		ret = m->ops->write(m, copies[i], mem, KCSD_KV_BLOCK);
		if (!ret)
			ret = m->ops->sync(m);
		if (ret)
			return ret;
	}
	return 0;
}
