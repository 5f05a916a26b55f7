// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * The library on a drive, which must be idle and have at least 8 MiB, 2 compute
 * units and 32 program indices; its data is overwritten. It ends powered off.
 *
 *	drive_test NAME DIRECTORY-OF-BPF-OBJECTS	NAME in configfs
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <libkcsd.h>

#include "tap.h"

#define RUNS	100
#define DEPTH	16

static const char *config_name, *bpf;
static char name[32];
static struct kcsd_drive *drv;

static struct kcsd_object *open_program(const char *file, const char *program)
{
	KCSD_OPTS(kcsd_object_opts, opts, .program = program);
	struct kcsd_object *obj = NULL;
	struct kcsd_error err;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", bpf, file);
	if (kcsd_object_open(path, &opts, &obj, &err))
		OK(false, "%s", err.text);
	return obj;
}

/* An active program of behave.bpf.o: its index. */
static uint32_t make_program(const char *program)
{
	struct kcsd_object *obj = open_program("tests/behave.bpf.o", program);
	struct kcsd_error err;
	uint32_t pind = 0;

	if (kcsd_object_load(drv, obj, NULL, &pind, &err))
		OK(false, "%s", err.text);
	if (kcsd_program_activate(drv, pind))
		OK(false, "%s is activated", program);
	kcsd_object_close(obj);
	return pind;
}

static void remove_program(uint32_t pind)
{
	IS(kcsd_program_deactivate(drv, pind), 0, "deactivate");
	IS(kcsd_program_unload(drv, pind), 0, "unload");
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static uint64_t counter(const char *counter_name)
{
	uint64_t value = 0;

	if (kcsd_stats_get(name, counter_name, &value))
		OK(false, "counter %s", counter_name);
	return value;
}

/* ---- the drive ---- */

static int is_it(const char *other, void *arg)
{
	(void)arg;
	return !strcmp(other, name) ? 42 : 0;
}

static void test_identify(void)
{
	struct kcsd_compute_info compute;
	struct kcsd_ctrl_info ctrl;
	struct kcsd_ns_info ns;

	IS(kcsd_drive_each(is_it, NULL), 42, "the drive is listed");
	IS_TEXT(kcsd_drive_name(drv), name, "its name");
	IS(kcsd_ctrl_identify(drv, &ctrl, sizeof(ctrl)), 0, "identify controller");
	OK(ctrl.serial[0] && ctrl.model[0] && ctrl.nn >= KCSD_NSID_COMPUTE && ctrl.max_transfer,
	   "identify controller: %s, %s", ctrl.model, ctrl.serial);
	IS(kcsd_ns_identify(drv, KCSD_NSID_NVM, &ns, sizeof(ns)), 0, "identify namespace");
	OK(ns.nsze == kcsd_drive_nsze(drv) && ns.lba_size == kcsd_drive_lba_size(drv),
	   "identify namespace: its size");
	IS(kcsd_ns_identify(drv, 100, &ns, sizeof(ns)), KCSD_SC_INVALID_NS,
	   "identify namespace, missing");
	IS(kcsd_compute_identify(drv, &compute, sizeof(compute)), 0, "identify compute");
	OK(compute.cus >= 2 && compute.maxprog >= 32 && compute.max_program_len &&
	   compute.timeout_ms && compute.arena_len, "identify compute: values");
	OK(compute.maxmemrs && compute.maxmemr && compute.mrsg, "identify compute: range sets");
}

static void test_lbas(void)
{
	const size_t len = 3 << 20;
	uint32_t size = kcsd_drive_lba_size(drv);
	unsigned char *to = malloc(len), *from = malloc(len);
	struct kcsd_drive *reader = NULL;
	uint64_t last = kcsd_drive_nsze(drv) - 1;
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = i * 7 + (i >> 12);
	IS(kcsd_lba_write(drv, 5, to, len), 0, "write, more than one command");
	IS(kcsd_lba_flush(drv), 0, "flush");
	IS(kcsd_lba_read(drv, 5, from, len), 0, "read");
	OK(!memcmp(to, from, len), "read: what was written");
	IS(kcsd_lba_read(drv, last, from, size), 0, "read, the last LBA");
	IS(kcsd_lba_read(drv, last, from, 2 * size), KCSD_SC_LBA_RANGE,
	   "read, beyond the namespace");
	IS(kcsd_lba_write(drv, UINT64_MAX, to, size), KCSD_SC_LBA_RANGE,
	   "write, far beyond the namespace");
	IS(kcsd_drive_open(name, KCSD_OPEN_RDONLY, &reader), 0, "open, read-only");
	IS(kcsd_lba_read(reader, 5, from, size), 0, "read, read-only");
	IS(kcsd_lba_write(reader, 5, to, size), -EACCES, "write, read-only");
	IS(kcsd_program_activate(reader, 0), -EACCES, "activate, read-only");
	kcsd_drive_close(reader);
	free(from);
	free(to);
}

/* ---- programs ---- */

static int count_program(const struct kcsd_program_info *info, void *arg)
{
	(void)info;
	(*(unsigned int *)arg)++;
	return 0;
}

static unsigned int programs(void)
{
	unsigned int nr = 0;

	IS(kcsd_program_each(drv, count_program, &nr), 0, "programs are listed");
	return nr;
}

static int is_loaded(const struct kcsd_program_info *info, void *arg)
{
	(void)arg;
	return info->pind == 7 && info->puid == 99 && !info->active &&
	       !strcmp(info->name, "word") ? 42 : 0;
}

static void test_slm(void)
{
	struct kcsd_lba_range lbas[] = { { .slba = 6, .nlb = 1 }, { .slba = 5, .nlb = 2 } };
	struct kcsd_slm_range sources[] = { { .start = 1, .len = 9 }, { .start = 0, .len = 1 } };
	const size_t len = 3 << 20;
	uint32_t size = kcsd_drive_lba_size(drv);
	unsigned char *to = malloc(len), *from = malloc(len);
	struct kcsd_slm_info info;
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = i * 11 + (i >> 13);
	IS(kcsd_slm_identify(drv, &info, sizeof(info)), 0, "identify SLM");
	OK(info.size >= 2 * len && info.max_sources, "identify SLM: values");
	IS(kcsd_slm_write(drv, 7, to, len), 0, "SLM write, more than one command");
	IS(kcsd_slm_read(drv, 7, from, len), 0, "SLM read");
	OK(!memcmp(to, from, len), "SLM read: what was written");
	IS(kcsd_slm_fill(drv, 8, 5, 0xab), 0, "SLM fill");
	IS(kcsd_slm_copy(drv, 100, sources, 2), 0, "SLM copy");
	IS(kcsd_slm_read(drv, 100, from, 10), 0, "SLM read, copied bytes");
	OK(from[6] == to[0] && from[7] == 0xab && from[8] == 0xab && !from[9],
	   "SLM copy: bytes are equal");
	IS(kcsd_slm_copy_lbas(drv, 3, lbas, 2), 0, "SLM copy from LBAs");
	IS(kcsd_slm_read(drv, 3, from, 3 * size), 0, "SLM read, the LBAs");
	IS(kcsd_lba_read(drv, 5, to, 2 * size), 0, "read, the LBAs");
	OK(!memcmp(from, to + size, size) && !memcmp(from + size, to, 2 * size),
	   "SLM copy from LBAs: bytes are equal");
	IS(kcsd_slm_write(drv, info.size, to, 1), KCSD_SC_LBA_RANGE,
	   "SLM write, beyond the memory");
	IS(kcsd_slm_fill(drv, 0, info.size + 1, 0), KCSD_SC_LBA_RANGE,
	   "SLM fill, beyond the memory");
	IS(kcsd_slm_copy(drv, 2, sources, 1), KCSD_SC_OVERLAPPING_IO_RANGE,
	   "SLM copy, overlapping");
	IS(kcsd_slm_copy(drv, 50, sources, 0), -EINVAL, "SLM copy of nothing");
	IS(kcsd_slm_copy(drv, 50, sources, 257), -EINVAL, "SLM copy, too many sources");
	lbas[1].nlb = 0;
	IS(kcsd_slm_copy_lbas(drv, 3, lbas, 2), -EINVAL, "SLM copy of no LBAs");
	lbas[1].nlb = KCSD_COPY_MAX_NLB + 1;
	IS(kcsd_slm_copy_lbas(drv, 3, lbas, 2), -EINVAL, "SLM copy of too many LBAs");
	free(from);
	free(to);
}

static int count_ranges(const struct kcsd_range_set_info *info, void *arg)
{
	uint32_t i;

	for (i = 0; i < info->nr; i++)
		*(uint64_t *)arg += info->rsid * info->ranges[i].start + info->ranges[i].len;
	return 0;
}

static void test_range_sets(void)
{
	struct kcsd_slm_range r[] = { { 4096, 8192 }, { 65536, 4096 } };
	uint64_t sum = 0;
	uint32_t one = 0, two = 0;

	IS(kcsd_range_set_each(drv, count_ranges, &sum), 0, "range sets, none");
	IS(sum, 0, "range sets, none: the list is empty");
	IS(kcsd_range_set_create(drv, r, 2, &one), 0, "range set, two ranges");
	IS(kcsd_range_set_create(drv, r, 1, &two), 0, "range set, one range");
	IS(kcsd_range_set_each(drv, count_ranges, &sum), 0, "range sets");
	IS(sum, one * (4096 + 65536) + two * 4096 + 2 * 8192 + 4096, "range sets: both are listed");
	IS(kcsd_range_set_delete(drv, one), 0, "range set, delete");
	IS(kcsd_range_set_delete(drv, one), KCSD_SC_INVALID_RANGE_SET_ID,
	   "range set, delete again");
	IS(kcsd_range_set_delete(drv, two), 0, "range set, delete the other");
	IS(kcsd_range_set_delete(drv, 65536 + two), -EINVAL, "range set, no such number");
	IS(kcsd_range_set_create(drv, r, 0, &one), -EINVAL, "range set of none");
	r[1].start = 4096;
	IS(kcsd_range_set_create(drv, r, 2, &one), KCSD_SC_OVERLAPPING_RANGES,
	   "range set, overlap");
	r[0].len = 1ULL << 32;
	IS(kcsd_range_set_create(drv, r, 1, &one), -EINVAL, "range set, too long a range");
}

static void test_load(void)
{
	struct kcsd_object *obj = open_program("word.bpf.o", NULL);
	KCSD_OPTS(kcsd_load_opts, opts, .pind = 7, .chunk = 8, .puid = 99);
	struct kcsd_error err;
	uint32_t pind;

	IS(kcsd_object_load(drv, obj, &opts, &pind, &err), 0, "load, in chunks of 8 bytes");
	IS(pind, 7, "load: the index");
	IS(kcsd_program_each(drv, is_loaded, NULL), 42, "load: it is listed");
	IS(kcsd_object_load(drv, obj, &opts, &pind, &err), KCSD_SC_PROGRAM_IN_USE,
	   "load, index taken");
	SAYS(err.text, "7");
	IS(programs(), 1, "load: the first program stays");
	IS(kcsd_program_activate(drv, 7), 0, "activate");
	IS(kcsd_program_activate(drv, 7), 0, "activate, again");
	IS(kcsd_program_unload(drv, 7), KCSD_SC_PROGRAM_IN_USE, "unload, active");
	remove_program(7);
	IS(kcsd_program_unload(drv, 7), KCSD_SC_NO_PROGRAM, "unload, twice");
	IS(kcsd_program_activate(drv, 7), KCSD_SC_NO_PROGRAM, "activate, empty index");
	opts.pind = 65535;
	IS(kcsd_object_load(drv, obj, &opts, &pind, &err), KCSD_SC_INVALID_PROGRAM_INDEX,
	   "load, no such index");
	kcsd_object_close(obj);
}

static void test_load_refused(void)
{
	/* mov r0, 0; call; exit */
	static const uint64_t code[] = { 0xb7, (KCSD_HELPER_BASE + 77ULL) << 32 | 0x85, 0x95 };
	KCSD_OPTS(kcsd_load_opts, opts, .pind = KCSD_PIND_ANY, .chunk = 8);
	struct kcsd_error err;
	void *large = calloc(1, 2 << 20);
	uint32_t pind;

	IS(kcsd_program_load(drv, code, sizeof(code), &opts, &pind, &err),
	   KCSD_SC_INVALID_PROGRAM_DATA,
	   "load, an unknown helper");
	IS(err.verdict, KCSD_VERDICT_HELPER, "  and the reason");
	IS(err.pc, 1, "  and the instruction");
	SAYS(err.text, "call of an unknown helper");
	IS(kcsd_program_load(drv, large, 2 << 20, NULL, &pind, &err), KCSD_SC_PROGRAM_TOO_BIG,
	   "load, 2 MiB");
	IS(programs(), 0, "load, refused: nothing stays");
	free(large);
}

static void *load_many(void *arg)
{
	struct kcsd_object *obj = arg;
	KCSD_OPTS(kcsd_load_opts, opts, .pind = KCSD_PIND_ANY, .chunk = 256);
	uintptr_t failed = 0;
	uint32_t pind;
	int i;

	for (i = 0; i < 10; i++)
		failed += !!kcsd_object_load(drv, obj, &opts, &pind, NULL);
	return (void *)failed;
}

/* Test that chunks of threads that load at the same time do not mix. */
static void test_load_together(void)
{
	struct kcsd_object *obj = open_program("word.bpf.o", NULL);
	struct kcsd_compute_info compute;
	pthread_t threads[3];
	void *failed;
	uint32_t pind;
	int i, ret = 0;

	for (i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, load_many, obj);
	for (i = 0; i < 3; i++) {
		pthread_join(threads[i], &failed);
		IS((uintptr_t)failed, 0, "threads load at the same time");
	}
	IS(programs(), 30, "  each has its own index");
	kcsd_compute_identify(drv, &compute, sizeof(compute));
	for (i = 30; i < (int)compute.maxprog && !ret; i++)
		ret = kcsd_object_load(drv, obj, NULL, &pind, NULL);
	IS(ret, 0, "load, until it is full");
	IS(kcsd_object_load(drv, obj, NULL, &pind, NULL), KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES,
	   "load, no index is free");
	for (i = 0; i < (int)compute.maxprog; i++)
		ret |= kcsd_program_unload(drv, i);
	IS(ret, 0, "unload all");
	kcsd_object_close(obj);
}

/* ---- runs ---- */

static void test_run(void)
{
	uint32_t pind = make_program("echo");
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .args = "some text", .args_len = 9,
		  .out_len = 100, .budget = 1000);
	struct kcsd_lba_range beyond = {
		.slba = kcsd_drive_nsze(drv), .nlb = 1, .access = KCSD_GRANT_READ,
	};
	struct kcsd_run_result r;
	struct kcsd_error err;

	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), &err), 0, "run");
	OK(r.out_len == 9 && !memcmp(r.out, "some text", 9), "run: output");
	OK(r.recorded && r.info.insns && !r.info.reason, "run: cost");
	kcsd_run_result_free(&r, sizeof(r));
	opts.grants = &beyond;
	opts.nr_grants = 1;
	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), &err), KCSD_SC_LBA_RANGE,
	   "run, a grant beyond");
	SAYS(err.text, "grant 0");
	IS(kcsd_program_deactivate(drv, pind), 0, "deactivate");
	opts.nr_grants = 0;
	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), &err), KCSD_SC_NOT_ACTIVATED,
	   "run, not active");
	OK(!r.recorded && err.text[0], "  with a sentence: %s", err.text);
	IS(kcsd_program_unload(drv, pind), 0, "unload");
	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), &err), KCSD_SC_NO_PROGRAM,
	   "run, empty index");
}

static void test_fault(void)
{
	uint32_t pind = make_program("load");
	struct kcsd_object *obj = open_program("tests/behave.bpf.o", "load");
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .cparam1 = 0x10);
	struct kcsd_run_result r;
	struct kcsd_error err;

	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), &err), KCSD_SC_PROGRAM_FAULT,
	   "run, a fault");
	OK(r.recorded && r.info.reason == KCSD_FAULT_MEMORY && r.info.addr == 0x10,
	   "fault: its record");
	SAYS(kcsd_run_describe(&r, sizeof(r), obj, &err), "function load");
	SAYS(err.text, "behave.bpf.c:");
	SAYS(err.text, "0x10");
	kcsd_run_result_free(&r, sizeof(r));
	kcsd_object_close(obj);
	remove_program(pind);
}

static void test_audit(void)
{
	uint32_t pind = make_program("read_lba");
	struct kcsd_lba_range grant = { .nlb = 10, .access = KCSD_GRANT_READ };
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .nr_grants = 1, .grants = &grant,
		  .cparam1 = 7, .out_len = 13, .flags = KCSD_RUN_AUDIT);
	struct kcsd_run_result r;

	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), NULL), 0, "audit: a run");
	OK(r.audit && r.nr_audit == 1 && !r.audit_flags && r.audit[0].slba == 7 &&
	   r.audit[0].nlb == 1 && r.audit[0].access == KCSD_GRANT_READ, "audit: LBAs that it read");
	kcsd_run_result_free(&r, sizeof(r));
	opts.cparam1 = 10;
	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), NULL), KCSD_SC_PROGRAM_FAULT,
	   "audit: a fault");
	OK(r.audit && !r.nr_audit, "audit: no denied LBAs");
	kcsd_run_result_free(&r, sizeof(r));
	remove_program(pind);
}

static int note_line(const struct kcsd_program_log_entry *line, void *arg)
{
	*(uint64_t *)arg = line->seq;
	return line->type == KCSD_LOG_LINE && !strcmp(line->text, "hello") ? 42 : 0;
}

static void test_log(void)
{
	uint32_t pind = make_program("say");
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .args = "hello", .args_len = 5);
	struct kcsd_run_result r;
	uint64_t last = 0, seq = 0;

	IS(kcsd_program_log_each(drv, 0, note_line, &last), 0, "log");
	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), NULL), 0, "log: a line");
	kcsd_run_result_free(&r, sizeof(r));
	IS(kcsd_program_log_each(drv, last, note_line, &seq), 42, "log: its text");
	IS(seq, last + 1, "log: its number");
	IS(kcsd_program_log_each(drv, seq, note_line, &seq), 0, "log: no line after it");
	remove_program(pind);
}

/* ---- output as it is emitted ---- */

struct taken {
	size_t len, stop_after;
	unsigned int pieces;
	bool wrong;
};

static int take(void *arg, const void *bytes, size_t len)
{
	struct taken *t = arg;
	size_t i;

	/* Program "spill" emits bytes of one value. */
	for (i = 0; i < len; i++)
		t->wrong |= ((const char *)bytes)[i] != ((const char *)bytes)[0];
	t->len += len;
	t->pieces += !!len;
	return t->stop_after && t->len >= t->stop_after;
}

static void test_output(void)
{
	const struct kcsd_slm_range range = { .len = 4096 };
	struct taken t = {};
	KCSD_OPTS(kcsd_run_opts, opts, .pind = make_program("spill"), .cparam1 = 3000000,
		  .output = take, .output_arg = &t);
	struct kcsd_queue *queue;
	struct kcsd_run_result r;
	struct kcsd_error err;
	int i;

	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), &err), 0, "output: a run");
	IS(t.len, 3000000, "output: the function takes all");
	OK(t.pieces > 1 && !t.wrong, "output: in %u pieces", t.pieces);
	OK(r.recorded && !r.out && r.out_len == 3000000, "output: the result has the length");
	t = (struct taken){ .stop_after = 1 };
	for (i = 0; i < 20; i++)
		if (kcsd_program_run(drv, &opts, &r, sizeof(r), &err) != -ECANCELED)
			break;
	IS(i, 20, "output: a function that stops cancels the run: %s", err.text);
	t = (struct taken){};
	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), &err), 0, "output: then another run");
	IS(t.len, 3000000, "  has its own output");
	opts.pind = 9;
	OK(kcsd_program_run(drv, &opts, &r, sizeof(r), &err) > 0 && !r.recorded,
	   "output: a run that the drive refuses");
	IS(kcsd_queue_create(drv, 1, &queue), 0, "output: a queue");
	IS(kcsd_queue_submit(queue, &opts, 0, &err), -EINVAL, "  does not take a function");
	kcsd_queue_destroy(queue);
	opts.ranges = &range;
	opts.nr_ranges = 1;
	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), &err), -EINVAL, "output: with ranges");
}

/* ---- queues ---- */

static void reap_all(struct kcsd_queue *queue, uint64_t *sum, unsigned int *seen, bool all)
{
	struct kcsd_run_result r;

	while (kcsd_queue_inflight(queue)) {
		if (kcsd_queue_reap(queue, &r, sizeof(r), -1))
			break;
		if (!r.status && r.user_data < RUNS && !seen[r.user_data]++)
			*sum += r.r0;
		kcsd_run_result_free(&r, sizeof(r));
		if (!all)
			break;
	}
}

static void test_queue(void)
{
	uint32_t pind = make_program("add");
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .cparam2 = 1000);
	unsigned int seen[RUNS] = {}, i, refused = 0;
	struct kcsd_run_result r;
	struct kcsd_queue *queue;
	uint64_t sum = 0;
	int ret;

	IS(kcsd_queue_create(drv, DEPTH, &queue), 0, "queue");
	IS(kcsd_queue_reap(queue, &r, sizeof(r), -1), -ENOENT, "queue: none in flight");
	for (i = 0; i < RUNS; ) {
		opts.cparam1 = i;
		ret = kcsd_queue_submit(queue, &opts, i, NULL);
		if (ret == -EAGAIN)
			refused++;
		else if (ret)
			break;
		else
			i++;
		if (ret)
			reap_all(queue, &sum, seen, false);
	}
	reap_all(queue, &sum, seen, true);
	IS(refused, RUNS - DEPTH, "queue: no more than its depth are in flight");
	IS(sum, RUNS * 1000 + RUNS * (RUNS - 1) / 2, "queue: %d runs, each result once", RUNS);
	IS(kcsd_queue_inflight(queue), 0, "queue: all were reaped");

	IS(kcsd_queue_submit(queue, &opts, 0, NULL), 0, "queue: one run more");
	IS(poll(&(struct pollfd){ .fd = kcsd_queue_fd(queue), .events = POLLIN }, 1, 10000), 1,
	   "queue: poll reports completion");
	IS(kcsd_queue_reap(queue, &r, sizeof(r), 0), 0, "queue: reap without waiting");
	opts.pind = 31;
	IS(kcsd_queue_submit(queue, &opts, 7, NULL), 0, "queue: a run that the drive refuses");
	IS(kcsd_queue_reap(queue, &r, sizeof(r), 10000), 0, "  completes");
	OK(r.status == KCSD_SC_NO_PROGRAM && r.user_data == 7, "  with its status");
	opts.flags = 0x80000000;
	IS(kcsd_queue_submit(queue, &opts, 7, NULL), -EINVAL, "queue: a run that is not valid");
	IS(kcsd_queue_inflight(queue), 0, "  is not in flight");
	kcsd_queue_destroy(queue);
	remove_program(pind);
}

static void test_cancel(void)
{
	uint32_t pind = make_program("spin");
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .timeout_ms = 60000, .out_len = 1 << 20);
	uint64_t cancelled = counter("stats/faults_cancelled"), start;
	struct kcsd_run_result r;
	struct kcsd_queue *queue;
	int i;

	IS(kcsd_queue_create(drv, 8, &queue), 0, "cancel: a queue");
	for (i = 0; i < 8; i++)
		IS(kcsd_queue_submit(queue, &opts, i, NULL), 0, "cancel: an endless run");
	IS(kcsd_queue_reap(queue, &r, sizeof(r), 0), -EAGAIN, "cancel: no run has completed");
	start = now_ms();
	IS(kcsd_queue_reap(queue, &r, sizeof(r), 200), -ETIME, "cancel: nor after a while");
	OK(now_ms() - start >= 200, "cancel: the wait lasted that long");
	start = now_ms();
	kcsd_queue_destroy(queue);
	OK(now_ms() - start < 30000, "cancel: the queue is destroyed quickly");
	IS(counter("stats/faults_cancelled") - cancelled, 8, "cancel: all runs completed");
	remove_program(pind);
}

/* ---- histograms ---- */

static void keep_latencies(const char *text)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/kcsd/%s/timing/latencies", name);
	file = fopen(path, "w");
	OK(file && fputs(text, file) >= 0 && !fclose(file), "histograms: latencies %s", text);
}

static int take_reads(const struct kcsd_histogram *h, void *arg)
{
	if (h->what == KCSD_LATENCY_HOST && h->op == KCSD_TIME_READ)
		*(struct kcsd_histogram *)arg = *h;
	return 0;
}

/* Read some LBAs and find these reads in the difference of two readings. */
static void read_between(struct kcsd_histograms *before, int reads)
{
	struct kcsd_histograms *now, *diff = NULL, *merged = NULL;
	struct kcsd_histogram h = {};
	char buf[4096];
	int i;

	for (i = 0; i < reads; i++)
		kcsd_lba_read(drv, i, buf, kcsd_drive_lba_size(drv));
	IS(kcsd_histograms_get(drv, &now), 0, "histograms: read them again");
	IS(kcsd_histograms_subtract(now, before, &diff), 0, "histograms: the difference");
	OK(kcsd_histograms_ns(diff) > 0, "  has a time");
	IS(kcsd_histograms_merge(diff, KCSD_HISTOGRAMS_OP, &merged), 0, "  merged");
	kcsd_histograms_each(merged, take_reads, &h);
	IS(h.count, reads, "  has the reads that came between");
	OK(h.nr && h.max >= kcsd_histogram_percentile(&h, 500000) && h.sum / h.count <= h.max,
	   "  and their times");
	kcsd_histograms_free(merged);
	kcsd_histograms_free(diff);
	kcsd_histograms_free(now);
}

static void test_histograms(void)
{
	struct kcsd_histograms *before = NULL;

	keep_latencies("1");
	IS(kcsd_histograms_get(drv, &before), 0, "histograms: read them");
	read_between(before, 40);
	kcsd_histograms_free(before);
	IS(kcsd_histograms_get(drv, &before), 0, "histograms: from now on");
	read_between(before, 7);
	kcsd_histograms_free(before);
	keep_latencies("0");
}

/* Last: the drive goes away under a queue and handles. */
static void test_power_off(void)
{
	uint32_t pind = make_program("spin");
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .timeout_ms = 60000);
	struct kcsd_run_result r;
	struct kcsd_queue *queue;
	char buf[4096];

	IS(kcsd_queue_create(drv, 1, &queue), 0, "power off: a queue");
	IS(kcsd_queue_submit(queue, &opts, 3, NULL), 0, "power off: an endless run");
	IS(kcsd_drive_power(config_name, false), 0, "power off");
	IS(kcsd_queue_reap(queue, &r, sizeof(r), 30000), 0, "power off: the run completes");
	OK(r.status == KCSD_SC_PROGRAM_CANCELLED || r.status == -ENODEV,
	   "power off: the run was cancelled (%s)", kcsd_error_text(r.status));
	kcsd_run_result_free(&r, sizeof(r));
	kcsd_queue_destroy(queue);
	IS(kcsd_lba_read(drv, 0, buf, kcsd_drive_lba_size(drv)), -ENODEV, "power off: read");
	IS(kcsd_program_activate(drv, 0), -ENODEV, "power off: activate");
	IS(kcsd_program_run(drv, &opts, &r, sizeof(r), NULL), -ENODEV, "power off: run");
	kcsd_drive_close(drv);
	IS(kcsd_drive_open(name, 0, &drv), -ENOENT, "power off: open");
}

int main(int argc, char **argv)
{
	struct kcsd_config_info info;

	if (argc != 3)
		return 2;
	config_name = argv[1];
	bpf = argv[2];
	IS(kcsd_config_get(config_name, &info, sizeof(info)), 0, "configuration of %s",
	   config_name);
	snprintf(name, sizeof(name), "kcsd%u", info.index);
	IS(kcsd_drive_open(name, 0, &drv), 0, "open %s", name);
	if (!drv)
		return 1;
	test_identify();
	test_lbas();
	test_slm();
	test_range_sets();
	test_load();
	test_load_refused();
	test_load_together();
	test_run();
	test_fault();
	test_audit();
	test_log();
	test_output();
	test_queue();
	test_cancel();
	test_histograms();
	test_power_off();
	return tap_end();
}
