// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Decode the audit of a run: what it read and wrote. Format: <linux/kcsd.h>. */
#include <errno.h>

#include "private.h"

#define HEADER_LEN	sizeof(struct kcsd_audit_header)

/*
 * Find the audit by the record. Returns NULL if there is none, or if it is not wholly in the
 * buffer.
 */
static const struct kcsd_audit_header *find(const struct kcsd_run_record *record, size_t len,
					    uint32_t *nr)
{
	const struct kcsd_audit_header *header;
	size_t off = le32toh(record->audit_off), audit_len = le32toh(record->audit_len);

	if (off < sizeof(*record) || off % 8 || off > len || audit_len > len - off ||
	    audit_len < HEADER_LEN)
		return NULL;
	header = (const void *)((const char *)record + off);
	*nr = le32toh(header->nr);
	if (*nr > KCSD_MAX_AUDIT ||
	    *nr > (audit_len - HEADER_LEN) / sizeof(struct kcsd_audit_range))
		return NULL;
	return header;
}

int kcsd_audit_decode(const struct kcsd_run_record *record, size_t len,
		      struct kcsd_lba_range *ranges, struct kcsd_run_result *result)
{
	const struct kcsd_audit_header *header;
	const struct kcsd_audit_range *from;
	uint32_t i, nr;

	header = find(record, len, &nr);
	if (!header)
		return -ENODATA;
	from = (const void *)(header + 1);
	for (i = 0; i < nr; i++)
		ranges[i] = (struct kcsd_lba_range){
			.slba = le64toh(from[i].slba),
			.nlb = le64toh(from[i].nlb),
			.access = from[i].access,
			.key_len = from[i].key_len,
		};
	result->audit = ranges;
	result->nr_audit = nr;
	result->audit_flags = le32toh(header->flags);
	return 0;
}

int kcsd_audit_key(const struct kcsd_lba_range *range, struct kcsd_kv_key *key)
{
	const uint64_t raw[2] = { htole64(range->slba), htole64(range->nlb) };

	if (range->access != (KCSD_GRANT_WRITE | KCSD_AUDIT_OBJECT))
		return -ENOENT;
	return kcsd_kv_key_set(key, raw, range->key_len);
}
