// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Write a sidecar. */
#include "journal.h"

/* Bytes of a half for records after the state, besides one that names every zone. */
#define SLACK(half)	((half) / 8)

static u64 half_len(const struct kcsd_sidecar_journal *journal)
{
	return journal->file_size / 2;
}

static u64 copies_len(const struct kcsd_sidecar_draft *d)
{
	return 2ULL * KCSD_SIDECAR_SECTOR * d->sectors;
}

/* Return the bytes for zones: in the state and in one more record, each in two copies. */
static u64 zones_reserve(u32 nr_zones)
{
	return 4ULL * (nr_zones * (u64)sizeof(struct kcsd_sidecar_zone) * 9 / 8 +
		       KCSD_SIDECAR_SECTOR);
}

u64 kcsd_sidecar_file_size(u32 nr_zones, u64 program_bytes)
{
	const u64 unit = 1 << 20;
	u64 half = KCSD_SIDECAR_HEADER_LEN + zones_reserve(nr_zones) + 2 * program_bytes;

	half = (half / 7 * 8 + 2 * unit - 1) / unit * unit;
	return 2 * half;
}

/* Place of the next record: in the half in use, or in the other one. */
struct place {
	struct kcsd_sidecar_journal *journal;
	u32 half;
	u64 id;
	u64 seq;
	u64 pos;
	bool begun;		/* a first sector is written, but its record is not acknowledged */
};

static int write_copies(struct kcsd_sidecar_io *io, u64 pos, const struct kcsd_sidecar_draft *d,
			bool *begun)
{
	const u8 *record = (const u8 *)d->record;
	u32 len = d->sectors * KCSD_SIDECAR_SECTOR;
	int ret;

	ret = io->write(io, pos, record, KCSD_SIDECAR_SECTOR);
	*begun = !ret;
	if (!ret)
		ret = io->write(io, pos + KCSD_SIDECAR_SECTOR, record, len);
	if (!ret && d->sectors > 1)
		ret = io->write(io, pos + KCSD_SIDECAR_SECTOR + len, record + KCSD_SIDECAR_SECTOR,
				len - KCSD_SIDECAR_SECTOR);
	return ret;
}

static int put_record(void *arg, struct kcsd_sidecar_draft *d)
{
	struct kcsd_sidecar_record *r = d->record;
	struct place *p = arg;
	u64 half = half_len(p->journal);
	int ret;

	if (copies_len(d) > half - p->pos)
		return -ENOSPC;
	r->magic = cpu_to_le32(KCSD_SIDECAR_RECORD_MAGIC);
	r->id = cpu_to_le64(p->id);
	r->seq = cpu_to_le64(p->seq);
	r->payload_crc = cpu_to_le32(kcsd_sidecar_crc(kcsd_sidecar_payload(d),
						      le32_to_cpu(r->len)));
	r->crc = cpu_to_le32(kcsd_sidecar_crc(r, offsetof(struct kcsd_sidecar_record, crc)));
	ret = write_copies(p->journal->io, p->half * half + p->pos, d, &p->begun);
	if (ret)
		return ret;
	p->pos += copies_len(d);
	p->seq++;
	return 0;
}

/* ---- headers ---- */

static int write_header(struct kcsd_sidecar_journal *journal, u32 half,
			const struct kcsd_sidecar_header *h)
{
	u8 *page = kcsd_alloc_own(KCSD_SIDECAR_HEADER_LEN);
	int ret;

	if (!page)
		return -ENOMEM;
	if (h) {
		memcpy(page, h, sizeof(*h));
		memcpy(page + KCSD_SIDECAR_HEADER_COPY, h, sizeof(*h));
	}
	ret = journal->io->write(journal->io, half * half_len(journal), page,
				 KCSD_SIDECAR_HEADER_LEN);
	kcsd_free(page);
	return ret ? ret : journal->io->sync(journal->io);
}

/*
 * Clear the other header. Two valid ones must not stay, since the next open must look where records
 * are appended.
 */
static int clear_header(struct kcsd_sidecar_journal *journal)
{
	int ret;

	if (journal->clear < 0)
		return 0;
	ret = write_header(journal, journal->clear, NULL);
	if (!ret)
		journal->clear = -1;
	return ret;
}

static int announce(struct kcsd_sidecar_journal *journal, const struct place *p)
{
	struct kcsd_sidecar_header h = {
		.version = cpu_to_le32(KCSD_SIDECAR_VERSION),
		.generation = cpu_to_le64(journal->generation + 1),
		.id = cpu_to_le64(p->id),
		.file_size = cpu_to_le64(journal->file_size),
		.drive = journal->state.drive,
	};

	memcpy(h.magic, KCSD_SIDECAR_MAGIC, sizeof(h.magic));
	h.crc = cpu_to_le32(kcsd_sidecar_crc(&h, offsetof(struct kcsd_sidecar_header, crc)));
	return write_header(journal, p->half, &h);
}

/* Overwrite a record that was not acknowledged, so that no later open finds it. */
static int take_back(struct kcsd_sidecar_journal *journal)
{
	static const u8 zeroes[2 * KCSD_SIDECAR_SECTOR];
	u64 pos = journal->half * half_len(journal) + journal->pos;
	int ret = journal->io->write(journal->io, pos, zeroes, sizeof(zeroes));

	return ret ? ret : journal->io->sync(journal->io);
}

int kcsd_sidecar_journal_clear_failed(struct kcsd_sidecar_journal *journal)
{
	int ret = clear_header(journal);

	if (!ret && journal->must_clear)
		ret = take_back(journal);
	if (!ret)
		journal->must_clear = false;
	return ret;
}

/* ---- change halves ---- */

/* Write the state, then d if not NULL, to the other half, and use that half. */
static int move_over(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_draft *d)
{
	struct place p = {
		.journal = journal, .half = !journal->half, .id = journal->io->random(journal->io),
		.seq = 1, .pos = KCSD_SIDECAR_HEADER_LEN,
	};
	int ret = clear_header(journal);

	/* A failed record need not be taken back: its half goes out of use. */
	if (!ret)
		ret = kcsd_sidecar_state_each(&journal->state, put_record, &p);
	if (!ret && d)
		ret = put_record(&p, d);
	if (!ret)
		ret = journal->io->sync(journal->io);
	if (ret)
		return ret;
	ret = announce(journal, &p);
	journal->clear = ret ? p.half : journal->half;
	if (!ret) {
		journal->half = p.half;
		journal->generation++;
		journal->id = p.id;
		journal->seq = p.seq;
		journal->pos = p.pos;
		journal->must_clear = false;
	}
	/* If this fails it is tried again before the next record. */
	clear_header(journal);
	return ret;
}

int kcsd_sidecar_journal_rewrite(struct kcsd_sidecar_journal *journal)
{
	return move_over(journal, NULL);
}

int kcsd_sidecar_journal_create(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_io *io,
				u64 file_size, const struct kcsd_sidecar_drive *drive)
{
	int ret;

	*journal = (struct kcsd_sidecar_journal){
		.io = io, .file_size = file_size, .half = 1, .clear = 1,
	};
	ret = kcsd_sidecar_state_init(&journal->state, drive);
	if (!ret)
		ret = kcsd_sidecar_journal_rewrite(journal);
	if (ret)
		kcsd_sidecar_journal_close(journal);
	return ret;
}

/* ---- append ---- */

static int append_here(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_draft *d)
{
	struct place p = {
		.journal = journal, .half = journal->half, .id = journal->id,
		.seq = journal->seq, .pos = journal->pos,
	};
	int ret = kcsd_sidecar_journal_clear_failed(journal);

	if (ret)
		return ret;
	ret = put_record(&p, d);
	if (!ret)
		ret = journal->io->sync(journal->io);
	if (ret) {
		journal->must_clear = p.begun;
		/* If this fails it is tried again before the next record, or flush. */
		kcsd_sidecar_journal_clear_failed(journal);
		return ret;
	}
	journal->seq = p.seq;
	journal->pos = p.pos;
	return 0;
}

/* Return true if d fits. Programs must not use the room that zones need. */
static bool has_room(const struct kcsd_sidecar_journal *journal, const struct kcsd_sidecar_draft *d)
{
	u64 half = half_len(journal);

	return le32_to_cpu(d->record->kind) != KCSD_SIDECAR_PROGRAM ||
	       KCSD_SIDECAR_HEADER_LEN + zones_reserve(journal->state.nr_zones) + SLACK(half) +
	       kcsd_sidecar_programs_len(&journal->state) + copies_len(d) <= half;
}

int kcsd_sidecar_journal_append(struct kcsd_sidecar_journal *journal, struct kcsd_sidecar_draft *d)
{
	int ret = -EINVAL;

	if (!kcsd_sidecar_state_allows(&journal->state, d))
		goto out;
	ret = -ENOSPC;
	if (!has_room(journal, d))
		goto out;
	if (copies_len(d) > half_len(journal) - journal->pos)
		ret = move_over(journal, d);
	else
		ret = append_here(journal, d);
	if (ret)
		goto out;
	kcsd_sidecar_state_apply(&journal->state, d);
	return 0;

out:
	kcsd_free(d);
	return ret;
}
