// SPDX-License-Identifier: GPL-2.0
/*
 * Test the format that <linux/kcsd_sidecar.h> describes, with a separate encoder, and records and
 * headers that are valid in form but have impossible values.
 */
#include "tests.h"

#define ID	0x1122334455667788

/* Returns the CRC-32C, computed bit by bit. */
static u32 crc32c(const void *p, size_t len)
{
	const u8 *byte = p;
	u32 crc = ~0u, bit;

	while (len--) {
		crc ^= *byte++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

struct raw {
	struct disk *d;
	u64 pos;
	u64 seq;
};

static void le(u8 *to, u64 value, u32 bytes)
{
	while (bytes--) {
		*to++ = value;
		value >>= 8;
	}
}

static void raw_header(struct disk *d, u32 half, u64 generation, u64 id)
{
	u8 *at = d->now + half * (d->len / 2), h[128] = "kcsdside";

	le(h + 8, 1, 4);
	le(h + 16, generation, 8);
	le(h + 24, id, 8);
	le(h + 32, d->len, 8);
	memcpy(h + 40, model_drive.uuid, 16);
	le(h + 56, MODEL_ZONES * 128 * 4096, 8);
	le(h + 64, 128 * 4096, 8);
	le(h + 72, MODEL_CAPACITY * 4096, 8);
	le(h + 80, 4096, 4);
	le(h + 84, MODEL_CONVENTIONAL, 4);
	le(h + 124, crc32c(h, 124), 4);
	memcpy(at, h, 128);
	memcpy(at + 2048, h, 128);
}

static void raw_record(struct raw *r, u32 kind, const void *payload, u32 len)
{
	u32 sectors = (48 + len + 511) / 512, rest = sectors * 512 - 512;
	u8 *at = r->d->now + r->pos, *rec = calloc(sectors, 512);

	le(rec, 0x7263736b, 4);
	le(rec + 4, kind, 4);
	le(rec + 8, ID, 8);
	le(rec + 16, r->seq++, 8);
	le(rec + 24, len, 4);
	le(rec + 28, crc32c(payload, len), 4);
	le(rec + 44, crc32c(rec, 44), 4);
	memcpy(rec + 48, payload, len);
	memcpy(at, rec, 512);
	memcpy(at + 512, rec, 512);
	memcpy(at + 1024, rec + 512, rest);
	memcpy(at + 1024 + rest, rec + 512, rest);
	r->pos += 1024 * sectors;
	free(rec);
}

static struct raw raw_file(void)
{
	struct raw r = { .d = disk_create(MODEL_FILE), .pos = 4096, .seq = 1 };

	raw_header(r.d, 0, 7, ID);
	return r;
}

static void zone_bytes(u8 *to, u32 zone, u8 cond, u64 wp)
{
	memset(to, 0, 16);
	le(to, zone, 4);
	to[4] = cond;
	le(to + 8, wp, 8);
}

/*
 * Returns the verdict of opening the file, and destroys it. 99: the state is not that of the model.
 */
static enum kcsd_sidecar_verdict opened(struct disk *d, const struct model *m)
{
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;

	if (!kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r)) {
		if (m && !model_is(m, &journal.state))
			r.verdict = 99;
		kcsd_sidecar_journal_close(&journal);
	}
	disk_destroy(d);
	return r.verdict;
}

static void is_verdict(enum kcsd_sidecar_verdict got, enum kcsd_sidecar_verdict wanted,
		       const char *name)
{
	tap_point(got == wanted, "%s: %s", name, kcsd_sidecar_verdict_text(wanted));
	if (got != wanted)
		tap_note("expected %d, got %d", wanted, got);
}

/*
 * Test the encoding both ways: read a file of this encoder, and compare a file of the journal with
 * it.
 */
static void encoding(void)
{
	struct raw r = raw_file();
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_journal journal;
	u8 zones[2 * 16], program[16 + 700] = {};
	struct disk *ours;
	struct model m;
	u64 len;

	model_init(&m);
	zone_bytes(zones, 5, 0x4, 17);
	zone_bytes(zones + 16, 9, 0xe, 100);
	m.zone[5].cond = 0x4;
	m.zone[5].wp = 17;
	m.zone[9].cond = 0xe;
	m.zone[9].wp = 100;
	raw_record(&r, 1, zones, sizeof(zones));
	le(program, 3, 2);
	program[2] = 0xc0;
	program[3] = 1;
	le(program + 8, 77, 8);
	memset(program + 16, 0xab, 700);
	m.program[3].len = 700;
	m.program[3].puid = 77;
	memset(m.program[3].image, 0xab, 700);
	raw_record(&r, 2, program, sizeof(program));
	raw_record(&r, 3, "\3\0\1\0\0\0\0\0", 8);
	m.program[3].active = 1;
	ours = disk_copy(r.d);
	is_verdict(opened(r.d, &m), KCSD_SIDECAR_VERDICT_SOUND, "a file written as documented");

	if (kcsd_sidecar_journal_open(&journal, &ours->io, ours->len, &report) ||
	    kcsd_sidecar_journal_rewrite(&journal))
		abort();
	len = journal.pos - 4096;
	r = raw_file();
	memset(r.d->now, 0, 4096);
	r.pos = MODEL_FILE / 2 + 4096;
	raw_header(r.d, 1, 8, journal.id);
	raw_record(&r, 1, zones, sizeof(zones));
	program[4] = 1;
	raw_record(&r, 2, program, sizeof(program));
	/* The id is random, so parts that depend on it are not compared. */
	tap_point(!memcmp(ours->now + MODEL_FILE / 2, r.d->now + MODEL_FILE / 2, 4096) &&
		  r.pos == MODEL_FILE / 2 + 4096 + len &&
		  !memcmp(ours->now + MODEL_FILE / 2 + 4096 + 24,
			  r.d->now + MODEL_FILE / 2 + 4096 + 24, 20) &&
		  !memcmp(ours->now + MODEL_FILE / 2 + 4096 + 48,
			  r.d->now + MODEL_FILE / 2 + 4096 + 48, 464) &&
		  !memcmp(ours->now + MODEL_FILE / 2 + 6144, r.d->now + MODEL_FILE / 2 + 6144,
			  len - 2048),
		  "what is written is as documented");
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(ours);
	disk_destroy(r.d);
}

/* Append valid records and then this one, and check the verdict. */
static void content(const char *name, u32 kind, const void *payload, u32 len,
		    enum kcsd_sidecar_verdict wanted)
{
	struct raw r = raw_file();
	u8 zone[16];

	zone_bytes(zone, 2, 0x4, 1);
	raw_record(&r, 1, zone, 16);
	raw_record(&r, 2, "\1\0\xc0\1\0\0\0\0\1\0\0\0\0\0\0\0image", 21);
	raw_record(&r, kind, payload, len);
	is_verdict(opened(r.d, NULL), wanted, name);
}

static void zone_content(const char *name, u32 zone, u8 cond, u64 wp,
			 enum kcsd_sidecar_verdict wanted)
{
	u8 bytes[16];

	zone_bytes(bytes, zone, cond, wp);
	content(name, 1, bytes, sizeof(bytes), wanted);
}

static void contents(void)
{
	const enum kcsd_sidecar_verdict bad = KCSD_SIDECAR_VERDICT_CONTENT;
	const enum kcsd_sidecar_verdict good = KCSD_SIDECAR_VERDICT_SOUND;
	u8 zones[32];

	zone_content("an empty zone", 2, 0x1, 0, good);
	zone_content("an empty zone with data", 2, 0x1, 1, bad);
	zone_content("a closed zone with one LBA of room", 2, 0x4, 99, good);
	zone_content("a closed zone without data", 2, 0x4, 0, bad);
	zone_content("a closed zone that is full", 2, 0x4, 100, bad);
	zone_content("a full zone", 23, 0xe, 100, good);
	zone_content("a full zone without data", 23, 0xe, 0, good);
	zone_content("a zone with more than its capacity", 23, 0xe, 101, bad);
	zone_content("a pointer beyond all", 23, 0xe, ~0ULL, bad);
	zone_content("a read-only zone", 3, 0xd, 4, good);
	zone_content("an offline zone", 3, 0xf, 0, good);
	zone_content("an open zone", 3, 0x2, 4, bad);
	zone_content("an explicitly open zone", 3, 0x3, 4, bad);
	zone_content("a condition that there is not", 3, 0, 0, bad);
	zone_content("a conventional zone", 1, 0xf, 0, bad);
	zone_content("a zone too many", 24, 0x4, 1, bad);
	zone_content("a zone far too many", 0xffffffff, 0x4, 1, bad);
	zone_bytes(zones, 3, 0x4, 1);
	zone_bytes(zones + 16, 4, 0x4, 0);
	content("the second of two zones", 1, zones, 32, bad);
	content("half a zone", 1, zones, 24, bad);
	content("no zone", 1, zones, 0, bad);
	zones[5] = 1;
	content("a reserved field of a zone", 1, zones, 16, bad);
	content("a program without an image", 2, "\2\0\xc0\1\0\0\0\0\1\0\0\0\0\0\0\0", 16, bad);
	content("a program of one byte", 2, "\2\0\xc0\1\0\0\0\0\1\0\0\0\0\0\0\0i", 17, good);
	content("a program that is twice active", 2, "\2\0\xc0\1\2\0\0\0\1\0\0\0\0\0\0\0i", 17,
		bad);
	content("a reserved field of a program", 2, "\2\0\xc0\1\0\0\1\0\1\0\0\0\0\0\0\0i", 17, bad);
	content("half a program", 2, "\2\0\xc0", 3, bad);
	content("an unload", 3, "\1\0\2\0\0\0\0\0", 8, good);
	content("an unload of nothing", 3, "\2\0\2\0\0\0\0\0", 8, bad);
	content("an activation of nothing", 3, "\0\0\1\0\0\0\0\0", 8, bad);
	content("a change that there is not", 3, "\1\0\3\0\0\0\0\0", 8, bad);
	content("a reserved field of a change", 3, "\1\0\1\0\0\1\0\0", 8, bad);
	content("a longer change", 3, "\1\0\1\0\0\0\0\0\0", 9, bad);
	content("a kind of record that there is not", 4, "\1\0\1\0\0\0\0\0", 8, bad);
	content("no kind of record", 0, "", 0, bad);
}

/*
 * Test that a record longer than its half is no record, and one that ends with the half is the
 * last.
 */
static void longest(void)
{
	const u32 len = (MODEL_FILE / 2 - 4096) / 2 - 48;
	u8 *payload = calloc(1, len + 1);
	struct raw r = raw_file();
	struct kcsd_sidecar_report report;
	struct kcsd_sidecar_journal journal;

	le(payload, 1, 2);
	raw_record(&r, 2, payload, len);
	is_verdict(opened(r.d, NULL), KCSD_SIDECAR_VERDICT_SOUND, "a record that fills its half");
	r = raw_file();
	raw_record(&r, 2, payload, len + 1);
	raw_header(r.d, 1, 0, ID + 1);
	if (kcsd_sidecar_journal_open(&journal, &r.d->io, r.d->len, &report))
		abort();
	tap_point(!report.records && report.torn, "a record longer than its half is ignored");
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(r.d);
	free(payload);
}

/* Test a header with these bytes changed and its checksum made valid again. */
static void header(const char *name, u32 at, u64 value, u32 bytes, enum kcsd_sidecar_verdict wanted)
{
	struct raw r = raw_file();
	u8 *h = r.d->now;

	le(h + at, value, bytes);
	le(h + 124, crc32c(h, 124), 4);
	memcpy(h + 2048, h, 128);
	is_verdict(opened(r.d, NULL), wanted, name);
}

static void headers(void)
{
	const enum kcsd_sidecar_verdict drive = KCSD_SIDECAR_VERDICT_DRIVE;

	header("a header", 0, 'k', 1, KCSD_SIDECAR_VERDICT_SOUND);
	header("another magic", 7, 'f', 1, KCSD_SIDECAR_VERDICT_HEADER);
	header("another version", 8, 2, 4, KCSD_SIDECAR_VERDICT_VERSION);
	header("another length", 32, MODEL_FILE + 1024, 8, KCSD_SIDECAR_VERDICT_LENGTH);
	header("blocks of 1024", 80, 1024, 4, drive);
	header("no blocks", 80, 0, 4, drive);
	header("half a block", 56, MODEL_ZONES * 128 * 4096 + 512, 8, drive);
	header("half a zone", 56, MODEL_ZONES * 128 * 4096 + 4096, 8, drive);
	header("zones of no power of 2", 64, 3 * 4096, 8, drive);
	header("zones smaller than a block", 64, 512, 8, drive);
	header("too many zones", 56, 1ULL << 62, 8, drive);
	header("no capacity", 72, 0, 8, drive);
	header("more capacity than zone", 72, 129 * 4096, 8, drive);
	header("capacity that is no block", 72, 512, 8, drive);
	header("more conventional zones than there are", 84, 25, 4, drive);
	header("all zones conventional", 84, 24, 4, KCSD_SIDECAR_VERDICT_SOUND);
	header("zone capacity without zones", 64, 0, 8, drive);
}

/* Test which of two headers is used, and a file with the rest of an earlier use. */
static void generations(void)
{
	struct raw r = raw_file();
	struct model m;
	u8 zone[16];

	model_init(&m);
	zone_bytes(zone, 4, 0x4, 9);
	raw_record(&r, 1, zone, 16);
	raw_header(r.d, 1, 8, ID + 1);
	is_verdict(opened(r.d, &m), KCSD_SIDECAR_VERDICT_SOUND,
		   "two headers: the later generation");
	r = raw_file();
	raw_record(&r, 1, zone, 16);
	raw_header(r.d, 1, 6, ID + 1);
	m.zone[4].cond = 0x4;
	m.zone[4].wp = 9;
	is_verdict(opened(r.d, &m), KCSD_SIDECAR_VERDICT_SOUND, "two headers: an earlier one");
	r = raw_file();
	raw_record(&r, 1, zone, 16);
	raw_header(r.d, 0, 7, ID + 1);
	model_init(&m);
	is_verdict(opened(r.d, &m), KCSD_SIDECAR_VERDICT_SOUND, "records of an old use are none");
	r = raw_file();
	raw_record(&r, 1, zone, 16);
	r.seq++;
	raw_record(&r, 1, zone, 16);
	is_verdict(opened(r.d, NULL), KCSD_SIDECAR_VERDICT_RECORD, "a sequence number is left out");
}

/* Test that the journal does not write a record that it would not read. */
static void refusals(void)
{
	struct kcsd_sidecar_draft *d;
	struct kcsd_sidecar_journal journal;
	struct model m;
	struct disk *disk = model_use(&m, MODEL_FILE, 5);
	struct kcsd_sidecar_report r;
	u64 calls;
	int ret;

	kcsd_sidecar_journal_open(&journal, &disk->io, disk->len, &r);
	d = kcsd_sidecar_draft_alloc(KCSD_SIDECAR_ZONES, sizeof(struct kcsd_sidecar_zone));
	((struct kcsd_sidecar_zone *)kcsd_sidecar_payload(d))->zone = htole32(MODEL_ZONES);
	calls = disk->calls;
	ret = kcsd_sidecar_journal_append(&journal, d);
	tap_point(ret == -EINVAL && calls == disk->calls && model_is(&m, &journal.state),
		  "an impossible record is not written");
	kcsd_sidecar_journal_close(&journal);
	disk_destroy(disk);
}

void content_tests(void)
{
	seed(5);
	encoding();
	contents();
	longest();
	headers();
	generations();
	refusals();
}
