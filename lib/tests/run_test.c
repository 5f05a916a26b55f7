// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Runs and loads without a drive: what is refused before a command is sent,
 * and what becomes of the record that a drive sends back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "private.h"
#include "tap.h"

static struct kcsd_drive drive = {
	.name = "kcsd5",
	.open_flags = O_RDONLY | O_CLOEXEC,
	.ctrl_fd = -1,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.load_lock = PTHREAD_MUTEX_INITIALIZER,
	.ns_fd = { -1, -1, -1, -1, -1 },
	.nsze = 100,
	.lba_size = 512,
	.max_transfer = 1 << 20,
};

#define AUDIT_LEN	(sizeof(struct kcsd_audit_header) + \
			 KCSD_MAX_AUDIT * sizeof(struct kcsd_audit_range))

/* ---- options of a run ---- */

static struct kcsd_lba_range many[KCSD_MAX_GRANTS + 1];

static struct kcsd_run_opts good(void)
{
	KCSD_OPTS(kcsd_run_opts, opts, .pind = 3, .nr_grants = 2, .grants = many, .args = "abc",
		  .args_len = 3, .out_len = 100, .cparam1 = 0x1122334455667788,
		  .cparam2 = 0x99aabbccddeeff00, .budget = 0x123456789abcdef0, .timeout_ms = 77);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct kcsd_lba_range){ .slba = i, .nlb = 1, .access = KCSD_GRANT_READ };
	return opts;
}

static void refused(const char *what, const struct kcsd_run_opts *opts, int wanted)
{
	struct kcsd_run_result result;
	struct kcsd_error err = {};

	memset(&result, 0xff, sizeof(result));
	IS(kcsd_program_run(&drive, opts, &result, sizeof(result), &err), wanted, "run refused: %s",
	   what);
	OK(err.text[0], "  with a sentence: %s", err.text);
	OK(!result.out && !result.recorded, "  and no result");
	kcsd_run_result_free(&result, sizeof(result));
	IS(kcsd_program_run(&drive, opts, &result, sizeof(result), NULL), wanted,
	   "  also without it");
}

#define REFUSED(what, member, value, wanted) \
do { \
	struct kcsd_run_opts opts_ = good(); \
\
	opts_.member = value; \
	refused(what, &opts_, wanted); \
} while (0)

static void test_refused(void)
{
	struct { struct kcsd_run_opts o; uint64_t more; } longer = { .o = good(), .more = 1 };
	struct kcsd_run_opts opts;

	REFUSED("no such flag", flags, 4, -EINVAL);
	REFUSED("no such flag besides one there is", flags, KCSD_RUN_AUDIT | 0x80000000, -EINVAL);
	REFUSED("no such index", pind, 65536, -EINVAL);
	REFUSED("too many grants", nr_grants, KCSD_MAX_GRANTS + 1, -E2BIG);
	REFUSED("no grants there", grants, NULL, -EINVAL);
	REFUSED("too many arguments", args_len, KCSD_MAX_ARGS + 1, -E2BIG);
	REFUSED("no arguments there", args, NULL, -EINVAL);
	REFUSED("too much output", out_len,
		KCSD_MAX_OUTPUT - sizeof(struct kcsd_run_record) + 1, -E2BIG);
	REFUSED("no size", sz, 0, -EINVAL);
	REFUSED("an impossible size", sz, SIZE_MAX, -EINVAL);
	/* Refused before anything looks into the list. */
	REFUSED("sources and grants", sources, (void *)&many, -EINVAL);
	opts = good();
	opts.sources = (void *)&many;
	opts.nr_grants = 0;
	opts.flags = KCSD_RUN_LEN;
	refused("sources and a length", &opts, -EINVAL);
	opts.flags = 0;
	opts.nr_ranges = 1;
	opts.ranges = &(struct kcsd_slm_range){ .len = 4096 };
	refused("sources and ranges", &opts, -EINVAL);
	opts = good();
	opts.flags = KCSD_RUN_AUDIT;
	opts.out_len = KCSD_MAX_OUTPUT - sizeof(struct kcsd_run_record) - AUDIT_LEN + 1;
	refused("too much output beside an audit", &opts, -E2BIG);
	opts = good();
	many[1].nlb = 0;
	refused("no LBAs", &opts, -EINVAL);
	opts = good();
	many[1].nlb = 1ULL << 32;
	refused("too many LBAs", &opts, -EINVAL);
	opts = good();
	many[1].key_len = 1;
	refused("a reserved field", &opts, -EINVAL);
	opts = good();
	many[1].access = 0;
	refused("no access", &opts, -EINVAL);
	opts = good();
	many[1].access = 16;
	refused("no such access", &opts, -EINVAL);
	opts = good();
	many[0].access = KCSD_GRANT_WRITE;
	refused("a write grant, read-only", &opts, -EACCES);
	opts = good();
	many[0].access = KCSD_GRANT_APPEND;
	refused("a grant to append, read-only", &opts, -EACCES);
	opts = good();
	many[0].access = KCSD_GRANT_MANAGE;
	refused("a grant to manage, read-only", &opts, -EACCES);
	opts = good();
	many[0].access = KCSD_GRANT_ZONES;
	refused("zones, for nothing", &opts, -EINVAL);
	longer.o.sz = sizeof(longer);
	OK(kcsd_program_run(&drive, &longer.o, &(struct kcsd_run_result){},
			    sizeof(struct kcsd_run_result),
			    NULL) < 0, "run refused: an unknown member");
}

/* ---- the command ---- */

static void test_command(void)
{
	struct kcsd_run_opts opts = good();
	const struct kcsd_lba_grant *grants;
	struct kcsd_run run;

	many[1] = (struct kcsd_lba_range){ .slba = 0x0102030405060708, .nlb = 0xa0b0c0d0,
					     .access = 1 };
	IS(kcsd_run_init(&run, &drive, &opts, NULL), 0, "command");
	IS(run.cmd.opcode, KCSD_CMD_EXECUTE_LBA, "command: opcode");
	IS(run.cmd.nsid, KCSD_NSID_COMPUTE, "command: namespace");
	OK(run.cmd.cdw2 == 3 && run.cmd.cdw3 == 2, "command: program, grants");
	OK(run.cmd.cdw10 == 0x55667788 && run.cmd.cdw11 == 0x11223344, "command: CPARAM1");
	OK(run.cmd.cdw12 == 0xddeeff00 && run.cmd.cdw13 == 0x99aabbcc, "command: CPARAM2");
	OK(run.cmd.cdw14 == 0x9abcdef0 && run.cmd.cdw15 == 0x12345678, "command: budget");
	IS(run.cmd.timeout_ms, 77, "command: time limit");
	IS(run.cmd.data_len, 2 * 16 + 3, "command: data");
	IS(run.cmd.metadata_len, sizeof(struct kcsd_run_record) + 100, "command: metadata");
	grants = run.data;
	OK(le64toh(grants[1].slba) == 0x0102030405060708 && le32toh(grants[1].nlb) == 0xa0b0c0d0 &&
	   grants[1].access == 1, "command: a grant");
	OK(!memcmp(grants + 2, "abc", 3), "command: arguments");
	kcsd_run_destroy(&run);
}

/* Between grants and arguments; the drive knows better where zones or a set are meant. */
static void test_length(void)
{
	struct kcsd_run_opts opts = good();
	struct kcsd_drive writable = drive;
	struct kcsd_run run;
	struct kcsd_error err;

	many[0] = (struct kcsd_lba_range){ .slba = 0, .nlb = 2, .access = KCSD_GRANT_READ };
	many[1] = (struct kcsd_lba_range){ .slba = 9, .nlb = 5, .access = KCSD_GRANT_WRITE };
	writable.open_flags = O_RDWR;
	opts.flags = KCSD_RUN_LEN;
	opts.stream_len = 1023;
	IS(kcsd_run_init(&run, &writable, &opts, NULL), 0, "length");
	IS(run.cmd.cdw3, 2 | KCSD_EXEC_LEN, "length: its flag in the command");
	IS(run.cmd.data_len, 2 * 16 + 8 + 3, "length: data");
	OK(!memcmp((char *)run.data + 32, "\xff\x03\0\0\0\0\0\0abc", 11),
	   "length: before the arguments");
	kcsd_run_destroy(&run);
	opts.stream_len = 1025;
	OK(kcsd_run_init(&run, &writable, &opts, &err) == -EINVAL &&
	   !strcmp(err.text,
	   "the length, 1025 bytes, is more than is granted to be read, 1024 bytes"),
	   "length: more than may be read");
	many[0].access |= KCSD_GRANT_ZONES;
	IS(kcsd_run_init(&run, &writable, &opts, NULL), 0, "length: zones");
	kcsd_run_destroy(&run);
	opts.nr_grants = 0;
	opts.rsid = 1;
	IS(kcsd_run_init(&run, &writable, &opts, NULL), 0, "length: a range set");
	kcsd_run_destroy(&run);
	opts.flags = 0;
	opts.stream_len = ~0ull;
	IS(kcsd_run_init(&run, &writable, &opts, NULL), 0, "length: without its flag");
	kcsd_run_destroy(&run);
}

/* ---- results ---- */

/* A run that ended with status, and whose record the drive filled in. */
static void finish(int status, uint32_t size, uint32_t out_len, uint32_t reason,
		   struct kcsd_run_result *result)
{
	struct kcsd_run_opts opts = good();
	struct kcsd_run_record *record;
	struct kcsd_run run;

	if (kcsd_run_init(&run, &drive, &opts, NULL)) {
		OK(false, "a command");
		return;
	}
	record = (void *)(uintptr_t)run.cmd.metadata;
	*record = (struct kcsd_run_record){
		.size = htole32(size),
		.reason = htole32(reason),
		.pc = htole32(12),
		.helper = htole32(reason ? KCSD_HELPER_read : 0),
		.addr = htole64(0xffff888000001234),
		.lba = htole64(4321),
		.insns = htole64(1000),
		.run_ns = htole64(2000),
		.wait_ns = htole64(3000),
		.read_bytes = htole64(4000),
		.written_bytes = htole64(5000),
		.out_len = htole32(out_len),
		.engine = htole32(KCSD_ENGINE_INTERP),
	};
	memset(record + 1, 'x', 100);
	kcsd_run_complete(&run, status, 99, result);
}

static void test_results(void)
{
	const uint32_t size = sizeof(struct kcsd_run_record);
	struct kcsd_run_result r;

	finish(0, size, 100, 0, &r);
	OK(r.status == 0 && r.r0 == 99 && r.recorded, "result: of a successful run");
	OK(r.out_len == 100 && !memcmp(r.out, "xxxx", 4) && ((char *)r.out)[99] == 'x',
	   "result: output");
	OK(r.info.insns == 1000 && r.info.run_ns == 2000 && r.info.wait_ns == 3000 &&
	   r.info.read_bytes == 4000 && r.info.written_bytes == 5000 &&
	   r.info.engine == KCSD_ENGINE_INTERP, "result: cost");
	kcsd_run_result_free(&r, sizeof(r));
	OK(!r.out && !r.out_len && !r.recorded, "result: freed");
	kcsd_run_result_free(&r, sizeof(r));

	finish(0, size, 0, 0, &r);
	OK(r.recorded && !r.out && !r.out_len, "result: no output");
	kcsd_run_result_free(&r, sizeof(r));
	finish(KCSD_SC_NO_PROGRAM, 0, 0, 0, &r);
	OK(r.status == KCSD_SC_NO_PROGRAM && !r.recorded && !r.out && !r.r0, "result: no record");
	kcsd_run_result_free(&r, sizeof(r));
	finish(-ENODEV, 0, 0, 0, &r);
	OK(r.status == -ENODEV && !r.recorded && !r.out, "result: no drive");
	kcsd_run_result_free(&r, sizeof(r));
	finish(KCSD_SC_PROGRAM_FAULT, size, 10, KCSD_FAULT_MEMORY, &r);
	OK(r.recorded && r.out_len == 10 && !r.r0, "result: output of a run that faulted");
	kcsd_run_result_free(&r, sizeof(r));
	finish(0, size, 0xffffffff, 0, &r);
	OK(r.out_len <= 100, "result: no more output than the buffer holds");
	kcsd_run_result_free(&r, sizeof(r));
}

/* ---- audits ---- */

struct audit {
	struct kcsd_audit_header header;
	struct kcsd_audit_range range[KCSD_MAX_AUDIT];
};

/* Complete a run whose output has an audit of nr ranges at off, len bytes long. */
static void finish_audit(uint32_t out_len, uint32_t off, uint32_t len, uint32_t nr,
			 struct kcsd_run_result *result)
{
	struct kcsd_run_opts opts = good();
	struct kcsd_run_record *record;
	struct audit *audit;
	struct kcsd_run run;
	uint32_t i;

	opts.flags = KCSD_RUN_AUDIT;
	opts.out_len = out_len;
	*result = (struct kcsd_run_result){};
	if (kcsd_run_init(&run, &drive, &opts, NULL)) {
		OK(false, "a command");
		return;
	}
	IS(run.cmd.cdw3, 2 | KCSD_EXEC_AUDIT, "audit: the command asks for it");
	record = run.out;
	*record = (struct kcsd_run_record){
		.size = htole32(sizeof(*record)),
		.out_len = htole32(out_len),
		.audit_off = htole32(off),
		.audit_len = htole32(len),
	};
	audit = (void *)((char *)run.out + sizeof(*record) + (out_len + 7) / 8 * 8);
	*audit = (struct audit){ { htole32(nr), htole32(KCSD_AUDIT_OVERFLOW), {} }, {} };
	for (i = 0; i < KCSD_MAX_AUDIT; i++)
		audit->range[i] = (struct kcsd_audit_range){
			.slba = htole64(0x100000000 * i), .nlb = htole64(i + 1),
			.access = KCSD_GRANT_WRITE,
		};
	kcsd_run_complete(&run, 0, 99, result);
}

static void test_audit_key(void)
{
	struct kcsd_lba_range range = {
		.slba = 0x80ff2f74756f,		/* out/, and two bytes */
		.access = KCSD_GRANT_WRITE | KCSD_AUDIT_OBJECT, .key_len = 6,
	};
	struct kcsd_kv_key key;

	OK(!kcsd_audit_key(&range, &key) && key.len == 6 &&
	   !memcmp(key.key, "out/\xff\x80\0\0\0\0\0\0\0\0\0", 16),
	   "audit: the key of a stored object");
	range.key_len = 17;
	IS(kcsd_audit_key(&range, &key), -EINVAL, "audit: no key has 17 bytes");
	range.key_len = 6;
	range.access = KCSD_GRANT_READ | KCSD_AUDIT_OBJECT;
	IS(kcsd_audit_key(&range, &key), -ENOENT, "audit: sources that are objects have no key");
	range.access = KCSD_GRANT_WRITE;
	IS(kcsd_audit_key(&range, &key), -ENOENT, "audit: nor LBAs");
}

static void test_audit(void)
{
	const uint32_t size = sizeof(struct kcsd_run_record), head = 16, range = 24;
	static const struct { const char *what; uint32_t off, len, nr; } bad[] = {
		{ "none", 0, 0, 0 }, { "in the record", 88, 16, 0 },
		{ "at an odd place", 97, 16, 0 },
		{ "half a header", 96, 15, 0 }, { "fewer than it says", 96, 16 + 24, 2 },
		{ "more than there can be", 96, 16 + 24 * (KCSD_MAX_AUDIT + 1),
		  KCSD_MAX_AUDIT + 1 },
		{ "beyond the buffer", 96 + AUDIT_LEN + 8, 16, 0 },
		{ "across its end", 96 + AUDIT_LEN - 8, 16, 0 }, { "far away", 0xfffffff8, 16, 0 },
		{ "of 4 GiB", 96, 0xffffffff, 0 },
	};
	struct kcsd_run_result r;
	uint32_t out_len;
	size_t i;

	for (out_len = 0; out_len < 9; out_len++) {
		finish_audit(out_len, size + (out_len + 7) / 8 * 8, AUDIT_LEN, KCSD_MAX_AUDIT, &r);
		OK(r.recorded && r.nr_audit == KCSD_MAX_AUDIT &&
		   r.audit_flags == KCSD_AUDIT_OVERFLOW,
		   "audit: after %u bytes of output", out_len);
		OK(r.audit && r.audit[511].slba == 511 * 0x100000000 && r.audit[511].nlb == 512 &&
		   r.audit[511].access == KCSD_GRANT_WRITE, "audit: its last range");
		IS(r.out_len, out_len, "audit: the output is unchanged");
		kcsd_run_result_free(&r, sizeof(r));
		OK(!r.audit && !r.nr_audit, "audit: freed");
	}
	finish_audit(0, size, head + range, 1, &r);
	OK(r.nr_audit == 1 && r.audit && r.audit[0].nlb == 1, "audit: of one range");
	kcsd_run_result_free(&r, sizeof(r));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		finish_audit(0, bad[i].off, bad[i].len, bad[i].nr, &r);
		OK(r.recorded && !r.audit && !r.nr_audit, "audit: %s", bad[i].what);
		kcsd_run_result_free(&r, sizeof(r));
	}
	finish(0, size, 10, 0, &r);
	OK(!r.audit, "audit: not requested");
	/* A caller that was built before there were audits. */
	kcsd_run_result_free(&r, offsetof(struct kcsd_run_result, audit));
}

static void test_describe(void)
{
	const uint32_t size = sizeof(struct kcsd_run_record);
	struct kcsd_run_result r;
	struct kcsd_error err;

	finish(KCSD_SC_PROGRAM_FAULT, size, 0, KCSD_FAULT_MEMORY, &r);
	OK(kcsd_run_describe(&r, sizeof(r), NULL, &err) == err.text, "fault, memory");
	SAYS(err.text, "access outside the memory of the program");
	SAYS(err.text, "0xffff888000001234");
	SAYS(err.text, "instruction 12");
	SAYS(err.text, "helper read");
	kcsd_run_result_free(&r, sizeof(r));

	finish(KCSD_SC_PROGRAM_FAULT, size, 0, KCSD_FAULT_LBA_READ, &r);
	SAYS(kcsd_run_describe(&r, sizeof(r), NULL, &err), "LBA 4321");
	OK(*kcsd_run_describe(&r, sizeof(r), NULL, NULL), "fault, no buffer for the sentence");
	kcsd_run_result_free(&r, sizeof(r));

	finish(KCSD_SC_PROGRAM_TIME, size, 0, KCSD_FAULT_TIME, &r);
	SAYS(kcsd_run_describe(&r, sizeof(r), NULL, &err), "time limit exceeded");
	kcsd_run_result_free(&r, sizeof(r));
	finish(KCSD_SC_NOT_ACTIVATED, 0, 0, 0, &r);
	IS_TEXT(kcsd_run_describe(&r, sizeof(r), NULL, &err), "Program Not Activated",
		"a status alone");
	kcsd_run_result_free(&r, sizeof(r));
}

/* The drive says which field it did not like. */
static void test_invalid_field(void)
{
	struct kcsd_run_result r = { .status = KCSD_SC_INVALID_FIELD, .r0 = 48 };
	struct kcsd_error err;

	SAYS(kcsd_run_describe(&r, sizeof(r), NULL, &err), "Invalid Field in Command");
	SAYS(err.text, "CDW12");
	finish(KCSD_SC_INVALID_FIELD, 0, 0, 0, &r);
	IS(r.r0, 99, "invalid field: it is in the result");
	kcsd_run_result_free(&r, sizeof(r));
}

/* ---- other calls ---- */

static void test_sizes(void)
{
	struct { uint32_t a, b; } from = { 1, 2 }, to = { 9, 9 };
	struct { uint32_t a, b, c; } longer = { 9, 9, 9 };

	kcsd_info_copy(&to, sizeof(to.a), &from, sizeof(from));
	OK(to.a == 1 && to.b == 9, "the struct of an older program is filled and not overrun");
	kcsd_info_copy(&longer, sizeof(longer), &from, sizeof(from));
	OK(longer.b == 2 && longer.c == 0, "the struct of a newer program is zeroed beyond");
}

static void test_load(void)
{
	static const char image[64];
	KCSD_OPTS(kcsd_load_opts, opts);
	struct kcsd_error err = {};
	uint32_t pind;

	IS(kcsd_program_load(&drive, image, 0, NULL, &pind, &err), -EINVAL, "load, nothing");
	OK(err.text[0], "  with a sentence: %s", err.text);
	IS(kcsd_program_load(&drive, image, 1ULL << 32, NULL, &pind, &err), -EINVAL, "load, 4 GiB");
	opts.pind = 65536;
	IS(kcsd_program_load(&drive, image, 64, &opts, &pind, &err), -EINVAL,
	   "load, no such index");
	opts.pind = -2;
	IS(kcsd_program_load(&drive, image, 64, &opts, &pind, &err), -EINVAL,
	   "load, a negative index");
	opts.pind = 0;
	opts.chunk = 12;
	IS(kcsd_program_load(&drive, image, 64, &opts, &pind, &err), -EINVAL,
	   "load, chunks of 12 bytes");
	opts.chunk = 0;
	IS(kcsd_program_load(&drive, image, 64, &opts, &pind, &err), -EBADF, "load, no drive");
	OK(err.text[0], "  with a sentence: %s", err.text);
	IS(kcsd_program_load(&drive, image, 64, &opts, &pind, NULL), -EBADF, "  also without it");
	IS(kcsd_program_activate(&drive, 65536), KCSD_SC_INVALID_PROGRAM_INDEX,
	   "activate, no such index");
	IS(kcsd_program_unload(&drive, 65536), KCSD_SC_INVALID_PROGRAM_INDEX,
	   "unload, no such index");
}

static void test_open(void)
{
	static const char *const names[] = { "", "kcsd", "kcsd-1", "kcsd01", "kcsd1x", "sda",
		"/dev/sda", "/dev/", "dev/kcsd0", "kcsdg0n1", "kcsd99999999999999999999" };
	struct kcsd_queue *queue;
	struct kcsd_drive *drv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		IS(kcsd_drive_open(names[i], 0, &drv), -EINVAL, "open '%s'", names[i]);
	IS(kcsd_drive_open("kcsd0", 2, &drv), -EINVAL, "open, no such flag");
	IS(kcsd_drive_open("/dev/kcsd98765", 0, &drv), -ENOENT, "open, no such drive");
	kcsd_drive_close(NULL);
	IS(kcsd_queue_create(&drive, 0, &queue), -EINVAL, "queue, of no depth");
	IS(kcsd_queue_create(&drive, KCSD_MAX_QUEUE_DEPTH + 1, &queue), -EINVAL,
	   "queue, too deep");
	IS(kcsd_queue_create(&drive, 1, &queue), -ENODEV, "queue, no such node");
	kcsd_queue_destroy(NULL);
	IS(kcsd_drive_fd(&drive, 17), -ENODEV, "a missing namespace");
	IS(kcsd_lba_read(&drive, 0, many, 511), -EINVAL, "read, a part of an LBA");
	IS(kcsd_log_page_get(&drive, 0x82, 3, 2, many, 8), -EINVAL, "log page, an odd offset");
}

int main(void)
{
	test_refused();
	test_command();
	test_length();
	test_results();
	test_audit();
	test_audit_key();
	test_describe();
	test_invalid_field();
	test_sizes();
	test_load();
	test_open();
	return tap_end();
}
