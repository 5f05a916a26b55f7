// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read the valid parts of an unusable sidecar. */
#include <errno.h>
#include <string.h>

#include "private.h"
#include "sidecar.h"

struct salvage {
	struct kcsd_sidecar_io *io;
	uint64_t len;
	struct kcsd_sidecar_header header;	/* the valid one of highest generation so far */
	uint64_t start;			/* start of its half */
	struct kcsd_sidecar_state *state;
	uint64_t seq;			/* of the last record that was read */
	uint32_t lost;
};

/*
 * Find the valid header with the highest generation. Try all places: halves begin with a header,
 * but the file may have been cut, or may have grown.
 */
static int find_header(struct salvage *s)
{
	union {
		struct kcsd_sidecar_header header;
		uint8_t sector[KCSD_SIDECAR_SECTOR];
	} u;
	uint64_t pos;
	int ret;

	for (pos = 0; pos + sizeof(u) <= s->len; pos += KCSD_SIDECAR_HEADER_COPY) {
		ret = s->io->read(s->io, pos, &u, sizeof(u));
		if (ret)
			return ret;
		if (!kcsd_sidecar_header_valid(&u.header) ||
		    le32toh(u.header.version) != KCSD_SIDECAR_VERSION ||
		    le64toh(u.header.generation) <= le64toh(s->header.generation))
			continue;
		s->header = u.header;
		s->start = pos;
	}
	/* Only the second copy was found: its half begins before it. */
	if (s->start && s->start != le64toh(s->header.file_size) / 2)
		s->start -= KCSD_SIDECAR_HEADER_COPY;
	return 0;
}

/* Apply a valid record, the next one or a later one; count those between as lost. Takes over d. */
static void take_record(struct salvage *s, struct kcsd_sidecar_draft *d)
{
	uint64_t seq = le64toh(d->record->seq);

	s->lost += seq - s->seq - 1;
	s->seq = seq;
	if (kcsd_sidecar_state_allows(s->state, d)) {
		kcsd_sidecar_state_apply(s->state, d);
		return;
	}
	s->lost++;
	kcsd_free(d);
}

static int take_records(struct salvage *s)
{
	uint64_t id = le64toh(s->header.id), half = le64toh(s->header.file_size) / 2;
	uint64_t pos = s->start + KCSD_SIDECAR_HEADER_LEN, end = MIN(s->len, s->start + half);
	struct kcsd_sidecar_draft *d;
	uint32_t damaged = 0;
	int ret;
	union {
		struct kcsd_sidecar_record record;
		uint8_t sector[KCSD_SIDECAR_SECTOR];
	} u;

	while (pos + sizeof(u) <= end) {
		pos = s->io->skip(s->io, pos) / sizeof(u) * sizeof(u);
		if (pos >= end || end - pos < sizeof(u))
			break;
		ret = s->io->read(s->io, pos, &u, sizeof(u));
		if (ret)
			return ret;
		d = NULL;
		if (kcsd_sidecar_record_valid(&u.record, id) && le64toh(u.record.seq) > s->seq)
			ret = kcsd_sidecar_record_read(s->io, pos, end, id,
						       le64toh(u.record.seq), &d, &damaged);
		if (ret)
			return ret;
		pos += d ? 2ULL * sizeof(u) * d->sectors : sizeof(u);
		if (d)
			take_record(s, d);
	}
	return 0;
}

int kcsd_sidecar_salvage(struct kcsd_sidecar_io *io, uint64_t len, struct kcsd_sidecar_state *state,
			 uint32_t *lost)
{
	struct salvage s = { .io = io, .len = len, .state = state };
	int ret;

	memset(state, 0, sizeof(*state));
	ret = find_header(&s);
	if (!ret && s.header.magic[0])
		ret = kcsd_sidecar_state_init(state, &s.header.drive);
	else
		s.lost++;
	if (!ret && s.header.magic[0])
		ret = take_records(&s);
	if (ret)
		kcsd_sidecar_state_destroy(state);
	*lost = s.lost;
	return ret;
}
