// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Read a sidecar. */
#include "journal.h"

#define SCAN_LEN	(64u * 1024)

static const char * const verdict_texts[] = {
#define VERDICT_TEXT(name, text) [KCSD_SIDECAR_VERDICT_##name] = text,
	KCSD_SIDECAR_VERDICTS(VERDICT_TEXT)
#undef VERDICT_TEXT
};

const char *kcsd_sidecar_verdict_text(enum kcsd_sidecar_verdict verdict)
{
	return verdict_texts[verdict];
}

/* ---- records ---- */

static bool record_valid(const struct kcsd_sidecar_record *r, u64 id)
{
	return le32_to_cpu(r->magic) == KCSD_SIDECAR_RECORD_MAGIC && le64_to_cpu(r->id) == id &&
	       le32_to_cpu(r->crc) ==
	       kcsd_sidecar_crc(r, offsetof(struct kcsd_sidecar_record, crc));
}

static bool payload_valid(struct kcsd_sidecar_draft *d)
{
	return le32_to_cpu(d->record->payload_crc) ==
	       kcsd_sidecar_crc(kcsd_sidecar_payload(d), le32_to_cpu(d->record->len));
}

/* Read the sectors after the first. *good: number of copies that match the first sector. */
static int read_rest(struct kcsd_sidecar_io *io, u64 pos, struct kcsd_sidecar_draft *d, u32 *good)
{
	u32 len = (d->sectors - 1) * KCSD_SIDECAR_SECTOR;
	u8 *rest = (u8 *)d->record + KCSD_SIDECAR_SECTOR;
	int copy, ret;

	*good = 0;
	if (!len) {
		*good = payload_valid(d) ? 2 : 0;
		return 0;
	}
	/* Read the first copy last: then the second stays in d only if the first is bad. */
	for (copy = 1; copy >= 0; copy--) {
		ret = io->read(io, pos + copy * (u64)len, rest, len);
		if (ret)
			return ret;
		*good += payload_valid(d);
	}
	if (*good != 1 || payload_valid(d))
		return 0;
	return io->read(io, pos + len, rest, len);
}

/* Read the record whose first sector is first[]. *good: number of valid copies of the others. */
static int read_with(struct kcsd_sidecar_io *io, u64 pos, u64 end, const u8 *first,
		     struct kcsd_sidecar_draft **out, u32 *good)
{
	const struct kcsd_sidecar_record *r = (const void *)first;
	u32 len = le32_to_cpu(r->len);
	struct kcsd_sidecar_draft *d;
	int ret;

	*good = 0;
	if (2ULL * KCSD_SIDECAR_SECTOR * kcsd_sidecar_sectors(len) > end - pos)
		return 0;
	d = kcsd_sidecar_draft_alloc(le32_to_cpu(r->kind), len);
	if (!d)
		return -ENOMEM;
	memcpy(d->record, first, KCSD_SIDECAR_SECTOR);
	ret = read_rest(io, pos + 2 * KCSD_SIDECAR_SECTOR, d, good);
	if (!ret && *good) {
		*out = d;
		return 0;
	}
	kcsd_free(d);
	return ret;
}

/*
 * Read the record at pos; the bytes from end on do not belong to it. Sets *out, which the caller
 * owns, or NULL if there is no valid record. Adds the number of bad copies to *damaged. Return 0 or
 * -errno.
 */
static int record_read(struct kcsd_sidecar_io *io, u64 pos, u64 end, u64 id, u64 seq,
		       struct kcsd_sidecar_draft **out, u32 *damaged)
{
	u8 *first;
	u32 i, good, bad = 0;
	int ret;

	*out = NULL;
	if (end - pos < 2 * KCSD_SIDECAR_SECTOR)
		return 0;
	first = kcsd_alloc(2 * KCSD_SIDECAR_SECTOR);
	if (!first)
		return -ENOMEM;
	ret = io->read(io, pos, first, 2 * KCSD_SIDECAR_SECTOR);
	for (i = 0; i < 2 && !ret; i++) {
		const u8 *copy = first + i * KCSD_SIDECAR_SECTOR;
		const struct kcsd_sidecar_record *r = (const void *)copy;

		if (*out) {
			bad += !!memcmp(copy, first, KCSD_SIDECAR_SECTOR);
			break;
		}
		good = 0;
		if (record_valid(r, id) && le64_to_cpu(r->seq) == seq)
			ret = read_with(io, pos, end, copy, out, &good);
		bad += good ? 2 - good : 1;
	}
	if (*out)
		*damaged += bad;
	kcsd_free(first);
	return ret;
}

/* ---- headers ---- */

static bool header_valid(const struct kcsd_sidecar_header *h)
{
	return !memcmp(h->magic, KCSD_SIDECAR_MAGIC, sizeof(h->magic)) &&
	       le32_to_cpu(h->crc) ==
	       kcsd_sidecar_crc(h, offsetof(struct kcsd_sidecar_header, crc));
}

/* Read the header of a half. *h is all zero if the half has none. */
static int read_header(struct kcsd_sidecar_journal *journal, u32 half,
		       struct kcsd_sidecar_header *h, u32 *damaged)
{
	u64 pos = half * (journal->file_size / 2);
	u8 *page = kcsd_alloc(KCSD_SIDECAR_HEADER_LEN);
	const struct kcsd_sidecar_header *copy;
	u32 i, good = 0;
	int ret;

	if (!page)
		return -ENOMEM;
	memset(h, 0, sizeof(*h));
	ret = journal->io->read(journal->io, pos, page, KCSD_SIDECAR_HEADER_LEN);
	for (i = 0; i < 2 && !ret; i++) {
		copy = (const void *)(page + i * KCSD_SIDECAR_HEADER_COPY);
		if (!header_valid(copy))
			continue;
		*h = *copy;
		good++;
	}
	*damaged += good == 1;
	kcsd_free(page);
	return ret;
}

/* ---- the whole file ---- */

static int verdict(struct kcsd_sidecar_report *report, enum kcsd_sidecar_verdict v, u64 pos)
{
	report->verdict = v;
	report->pos = pos;
	return -EUCLEAN;
}

/* Choose the half to use; set up journal and state from its header. */
static int take_header(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_report *report)
{
	struct kcsd_sidecar_header h[2];
	bool valid[2];
	u32 i;
	int ret;

	for (i = 0; i < 2; i++) {
		ret = read_header(journal, i, &h[i], &report->damaged);
		if (ret)
			return ret;
		valid[i] = h[i].magic[0];
	}
	if (!valid[0] && !valid[1])
		return verdict(report, KCSD_SIDECAR_VERDICT_HEADER, 0);
	journal->half = !valid[0] || (valid[1] && le64_to_cpu(h[1].generation) >
				      le64_to_cpu(h[0].generation));
	journal->clear = valid[!journal->half] ? !journal->half : -1;
	i = journal->half;
	journal->generation = le64_to_cpu(h[i].generation);
	journal->id = le64_to_cpu(h[i].id);
	if (le32_to_cpu(h[i].version) != KCSD_SIDECAR_VERSION)
		return verdict(report, KCSD_SIDECAR_VERDICT_VERSION, i * (journal->file_size / 2));
	if (le64_to_cpu(h[i].file_size) != journal->file_size)
		return verdict(report, KCSD_SIDECAR_VERDICT_LENGTH, journal->file_size);
	ret = kcsd_sidecar_state_init(&journal->state, &h[i].drive);
	if (ret == -EINVAL)
		return verdict(report, KCSD_SIDECAR_VERDICT_DRIVE, i * (journal->file_size / 2));
	return ret;
}

/*
 * Return true if buf has the start of a record of this half that comes after the next one. Sets
 * *torn if it has the start of another record of this half.
 */
static bool find_later(const struct kcsd_sidecar_journal *journal, const u8 *buf, u32 len,
		       bool *torn)
{
	u32 at;

	for (at = 0; at < len; at += KCSD_SIDECAR_SECTOR) {
		const struct kcsd_sidecar_record *r = (const void *)(buf + at);

		if (!record_valid(r, journal->id))
			continue;
		if (le64_to_cpu(r->seq) > journal->seq)
			return true;
		*torn = true;
	}
	return false;
}

/*
 * Search behind journal->pos, where no valid record is. If power failed during an append, only the
 * rest of that record can be there. A later record proves that the one at journal->pos was complete
 * and is damaged now.
 */
static int validate_tail(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_report *report)
{
	u64 half = journal->file_size / 2, start = journal->half * half;
	u64 pos = start + journal->pos, end = start + half;
	const u64 sectors = ~(u64)(KCSD_SIDECAR_SECTOR - 1);
	u8 *buf = kcsd_alloc(SCAN_LEN);
	int ret = 0;

	if (!buf)
		return -ENOMEM;
	while (!ret && (pos = journal->io->skip(journal->io, pos) & sectors) < end) {
		u32 len = min(end - pos, (u64)SCAN_LEN) & ~(KCSD_SIDECAR_SECTOR - 1);

		ret = journal->io->read(journal->io, pos, buf, len);
		if (!ret && find_later(journal, buf, len, &report->torn))
			ret = verdict(report, KCSD_SIDECAR_VERDICT_RECORD, start + journal->pos);
		pos += len;
	}
	kcsd_free(buf);
	return ret;
}

static int replay(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_report *report)
{
	u64 half = journal->file_size / 2, start = journal->half * half;
	struct kcsd_sidecar_draft *d;
	int ret;

	for (;;) {
		ret = record_read(journal->io, start + journal->pos, start + half, journal->id,
				  journal->seq, &d, &report->damaged);
		if (ret)
			return ret;
		if (!d)
			return validate_tail(journal, report);
		if (!kcsd_sidecar_state_allows(&journal->state, d)) {
			kcsd_free(d);
			return verdict(report, KCSD_SIDECAR_VERDICT_CONTENT, start + journal->pos);
		}
		journal->pos += 2ULL * KCSD_SIDECAR_SECTOR * d->sectors;
		journal->seq++;
		report->records++;
		kcsd_sidecar_state_apply(&journal->state, d);
	}
}

int kcsd_sidecar_journal_open(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_io *io,
			      u64 file_size, struct kcsd_sidecar_report *report)
{
	int ret;

	*report = (struct kcsd_sidecar_report){ .verdict = KCSD_SIDECAR_VERDICT_SOUND };
	*journal = (struct kcsd_sidecar_journal){
		.io = io, .file_size = file_size, .seq = 1, .pos = KCSD_SIDECAR_HEADER_LEN,
	};
	if (file_size < 2 * KCSD_SIDECAR_HEADER_LEN || file_size % (2 * KCSD_SIDECAR_SECTOR))
		return verdict(report, KCSD_SIDECAR_VERDICT_HEADER, 0);
	ret = take_header(journal, report);
	if (!ret)
		ret = replay(journal, report);
	if (ret)
		kcsd_sidecar_journal_close(journal);
	return ret;
}

void kcsd_sidecar_journal_close(struct kcsd_sidecar_journal *journal)
{
	kcsd_sidecar_state_destroy(&journal->state);
}
