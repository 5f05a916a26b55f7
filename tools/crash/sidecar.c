// SPDX-License-Identifier: GPL-2.0
/* Read the sidecar of a drive. */
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content.h"
#include "sidecar.h"

#define SECTOR	KCSD_SIDECAR_SECTOR

/* A half in memory and the position of the reader. */
struct half {
	const uint8_t *bytes;
	uint64_t len;
	struct kcsd_sidecar_header header;
	uint64_t pos;
	uint64_t seq;
};

static int wrong(const char *what, uint64_t where)
{
	printf("sidecar: %s at %llu\n", what, (unsigned long long)where);
	return -1;
}

static bool header_at(const uint8_t *bytes, uint64_t file_size, struct kcsd_sidecar_header *h)
{
	memcpy(h, bytes, sizeof(*h));
	return !memcmp(h->magic, KCSD_SIDECAR_MAGIC, sizeof(h->magic)) &&
	       le32toh(h->version) == KCSD_SIDECAR_VERSION && le64toh(h->file_size) == file_size &&
	       le32toh(h->crc) == crc32c(0, h, offsetof(struct kcsd_sidecar_header, crc));
}

static bool half_open(struct half *h, const uint8_t *file, uint64_t file_size, int which)
{
	h->len = file_size / 2;
	h->bytes = file + which * h->len;
	h->pos = KCSD_SIDECAR_HEADER_LEN;
	h->seq = 1;
	return header_at(h->bytes, file_size, &h->header) ||
	       header_at(h->bytes + KCSD_SIDECAR_HEADER_COPY, file_size, &h->header);
}

/* True if pos has a first sector of a record of this half, with any sequence number. */
static bool record_head(const struct half *h, uint64_t pos, struct kcsd_sidecar_record *r)
{
	if (pos > h->len - SECTOR)
		return false;
	memcpy(r, h->bytes + pos, sizeof(*r));
	return le32toh(r->magic) == KCSD_SIDECAR_RECORD_MAGIC && r->id == h->header.id &&
	       le32toh(r->crc) == crc32c(0, r, offsetof(struct kcsd_sidecar_record, crc));
}

static uint64_t record_sectors(const struct kcsd_sidecar_record *r)
{
	return (sizeof(*r) + (uint64_t)le32toh(r->len) + SECTOR - 1) / SECTOR;
}

/*
 * Join the payload of a record from these copies of its first sector and of its rest. Return it,
 * for the caller to free; NULL if the copies do not fit together.
 */
static uint8_t *record_join(const struct half *h, const struct kcsd_sidecar_record *r, int first,
			    int rest)
{
	uint64_t n = record_sectors(r), others = h->pos + 2 * SECTOR;
	uint8_t *joined;

	if (h->len - h->pos < 2 * n * SECTOR)
		return NULL;
	joined = malloc(n * SECTOR);
	memcpy(joined, h->bytes + h->pos + first * SECTOR, SECTOR);
	memcpy(joined + SECTOR, h->bytes + others + rest * (n - 1) * SECTOR, (n - 1) * SECTOR);
	if (le32toh(r->payload_crc) == crc32c(0, joined + sizeof(*r), le32toh(r->len))) {
		memmove(joined, joined + sizeof(*r), le32toh(r->len));
		return joined;
	}
	free(joined);
	return NULL;
}

/* Return the payload of the next record, or NULL. Try all combinations of copies. */
static uint8_t *record_next(struct half *h, struct kcsd_sidecar_record *r)
{
	for (int copies = 0; copies < 4; copies++) {
		int first = copies & 1;
		uint8_t *payload;

		if (!record_head(h, h->pos + first * SECTOR, r) || le64toh(r->seq) != h->seq)
			continue;
		payload = record_join(h, r, first, copies >> 1);
		if (payload)
			return payload;
	}
	return NULL;
}

/* Refuse later records behind the last valid one. */
static int check_tail(const struct half *h)
{
	struct kcsd_sidecar_record r;

	for (uint64_t pos = h->pos; pos + SECTOR <= h->len; pos += SECTOR)
		if (record_head(h, pos, &r) && le64toh(r.seq) > h->seq)
			return wrong("a later record behind a damaged one", pos);
	return 0;
}

static int apply_zones(struct sidecar *s, const uint8_t *payload, uint32_t len)
{
	struct kcsd_sidecar_zone z;
	uint64_t capacity = le64toh(s->drive.zone_capacity) / le32toh(s->drive.block_size);

	if (!len || len % sizeof(z))
		return wrong("a length that is none of zones", len);
	for (; len; len -= sizeof(z), payload += sizeof(z)) {
		uint32_t index;

		memcpy(&z, payload, sizeof(z));
		index = le32toh(z.zone);
		if (index >= s->nr_zones || index < le32toh(s->drive.conventional))
			return wrong("the number of no sequential zone", index);
		s->zones[index] = (struct side_zone){ z.cond, le64toh(z.wp) };
		if (s->zones[index].wp > capacity)
			return wrong("a write pointer past the capacity", index);
		if (z.cond == KCSD_SIDECAR_EMPTY ? !!z.wp : z.cond == KCSD_SIDECAR_CLOSED && !z.wp)
			return wrong("a condition that does not fit the write pointer", index);
	}
	return 0;
}

static int apply_program(struct sidecar *s, const uint8_t *payload, uint32_t len)
{
	struct kcsd_sidecar_program p;

	if (len <= sizeof(p))
		return wrong("a program without an image", len);
	memcpy(&p, payload, sizeof(p));
	if (le16toh(p.pind) >= SIDECAR_MAX_PROGRAMS)
		return wrong("a program of an index that no drive here has", le16toh(p.pind));
	s->programs[le16toh(p.pind)] = (struct sidecar_program){ true, p.active, le64toh(p.puid) };
	return 0;
}

static int apply_change(struct sidecar *s, const uint8_t *payload, uint32_t len)
{
	struct kcsd_sidecar_change c;
	struct sidecar_program *p;

	if (len != sizeof(c))
		return wrong("a length that no change has", len);
	memcpy(&c, payload, sizeof(c));
	p = &s->programs[le16toh(c.pind) % SIDECAR_MAX_PROGRAMS];
	if (!p->there)
		return wrong("a change of no program", le16toh(c.pind));
	p->active = c.what == KCSD_SIDECAR_ACTIVATE;
	p->there = c.what != KCSD_SIDECAR_UNLOAD;
	return 0;
}

static int apply(struct sidecar *s, const struct kcsd_sidecar_record *r, const uint8_t *payload)
{
	s->records++;
	switch (le32toh(r->kind)) {
	case KCSD_SIDECAR_ZONES:
		return apply_zones(s, payload, le32toh(r->len));
	case KCSD_SIDECAR_PROGRAM:
		return apply_program(s, payload, le32toh(r->len));
	case KCSD_SIDECAR_PROGRAM_CHANGE:
		return apply_change(s, payload, le32toh(r->len));
	default:
		return wrong("a record of an unknown kind", le32toh(r->kind));
	}
}

static int replay(struct sidecar *s, struct half *h)
{
	struct kcsd_sidecar_record r;
	uint8_t *payload;
	int ret = 0;

	while (!ret && (payload = record_next(h, &r))) {
		ret = apply(s, &r, payload);
		free(payload);
		h->pos += 2 * record_sectors(&r) * SECTOR;
		h->seq++;
	}
	return ret ? ret : check_tail(h);
}

static int sidecar_start(struct sidecar *s, const struct half *h)
{
	memset(s, 0, sizeof(*s));
	s->drive = h->header.drive;
	s->generation = le64toh(h->header.generation);
	if (!s->drive.zone_size)
		return wrong("the header of a drive without zones", 0);
	s->nr_zones = le64toh(s->drive.size) / le64toh(s->drive.zone_size);
	if (s->nr_zones > SIDECAR_MAX_ZONES)
		return wrong("too many zones for this reader", s->nr_zones);
	for (uint32_t i = 0; i < s->nr_zones; i++)
		s->zones[i].cond = KCSD_SIDECAR_EMPTY;
	return 0;
}

/*
 * Parse a sidecar. With two valid headers power failed just before the old one was cleared; the
 * newer half is then complete.
 */
static int sidecar_parse(struct sidecar *s, const uint8_t *file, uint64_t size)
{
	struct half halves[2], *h;
	bool first = half_open(&halves[0], file, size, 0);
	bool second = half_open(&halves[1], file, size, 1);

	if (!first && !second)
		return wrong("no valid header", 0);
	h = &halves[first ? 0 : 1];
	if (first && second &&
	    le64toh(halves[1].header.generation) > le64toh(halves[0].header.generation))
		h = &halves[1];
	return sidecar_start(s, h) ? -1 : replay(s, h);
}

int sidecar_read(struct sidecar *s, const char *path)
{
	int fd = open(path, O_RDONLY), ret = -1;
	struct stat st;
	uint8_t *file;

	if (fd < 0 || fstat(fd, &st)) {
		perror(path);
		return -1;
	}
	file = malloc(st.st_size + 1);
	if (st.st_size < 2 * (off_t)(KCSD_SIDECAR_HEADER_LEN + SECTOR))
		wrong("too short a file", st.st_size);
	else if (read(fd, file, st.st_size) != st.st_size)
		perror(path);
	else
		ret = sidecar_parse(s, file, st.st_size);
	free(file);
	close(fd);
	return ret;
}
