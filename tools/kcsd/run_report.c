// SPDX-License-Identifier: GPL-2.0
/* Print the reports of kcsd run and kcsd sim. */
#include <errno.h>
#include <ctype.h>
#include <endian.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run.h"
#include "signals.h"

#define HEX_ROW		16
#define TERMINAL_BYTES	256	/* of output that is not text */
#define MAX_ERRNO	4095
#define NSEC_PER_SEC	1e9

/* A limit of time or instructions. */
struct limit {
	uint64_t asked, drive;	/* 0: none */
	const char *unit, *option, *create;
};

static bool is_fault(int status)
{
	return status > 0 && (status & KCSD_SC_MASK) >> 8 == 7;
}

/* True if lba is the LBA of the fault, not of an access that failed on the medium or in a zone. */
static bool has_lba_fault(const struct kcsd_run_info *info)
{
	return info->reason == KCSD_FAULT_LBA_READ || info->reason == KCSD_FAULT_LBA_WRITE;
}

static bool is_cut(const struct kcsd_run_result *result)
{
	return result->flags & KCSD_RESULT_CUT;
}

/* Return the bytes that the run moved over the link to the drive, as the drive counts them. */
static uint64_t link_to_drive(const struct run *run)
{
	const struct kcsd_run_opts *o = &run->opts;
	uint64_t list = o->sources ? kcsd_sources_sent(o->sources) : 0;
	uint64_t len = o->nr_grants * sizeof(struct kcsd_lba_grant) +
		       o->nr_key_grants * sizeof(struct kcsd_key_grant) +
		       o->nr_ranges * sizeof(struct kcsd_memory_range) + o->args_len;

	/* A list of sources, which may have keys only, and key grants need Execute on Sources. */
	if (list || o->nr_key_grants || o->output)
		return list + sizeof(struct kcsd_run_header) + len;
	return len + (o->flags & KCSD_RUN_LEN ? sizeof(__le64) : 0);
}

static uint64_t link_from_drive(const struct run *run)
{
	return (run->result.recorded ? sizeof(struct kcsd_run_record) : 0) + run->result.out_len +
	       kcsd_audit_bytes(&run->result);
}

void kcsd_print_log_line(const char *line, size_t len)
{
	size_t i;

	fputs("log: ", stderr);
	for (i = 0; i < len; i++)
		fputc((unsigned char)line[i] < ' ' || line[i] == 0x7f ? '?' : line[i], stderr);
	fputc('\n', stderr);
}

static void print_hex(FILE *to, const uint8_t *bytes, size_t len)
{
	size_t row, i;

	for (row = 0; row < len; row += HEX_ROW) {
		fprintf(to, "%08zx ", row);
		for (i = row; i < row + HEX_ROW; i++) {
			if (i < len)
				fprintf(to, " %02x", bytes[i]);
			else
				fputs("   ", to);
		}
		fputs("  |", to);
		for (i = row; i < len && i < row + HEX_ROW; i++)
			fputc(isprint(bytes[i]) ? bytes[i] : '.', to);
		fputs("|\n", to);
	}
}

static void print_numbers(FILE *to, const uint8_t *bytes, size_t len, enum run_format format)
{
	uint64_t value;
	size_t i;

	for (i = 0; i + sizeof(value) <= len; i += sizeof(value)) {
		memcpy(&value, bytes + i, sizeof(value));
		value = le64toh(value);
		if (format == FORMAT_U64)
			fprintf(to, "%" PRIu64 "\n", value);
		else
			fprintf(to, "%" PRId64 "\n", (int64_t)value);
	}
	if (i < len)
		print_hex(to, bytes + i, len - i);
}

/* Print bytes in hex without --hex: on a terminal only the first ones. */
static void print_some_hex(FILE *to, const uint8_t *bytes, size_t len)
{
	size_t shown = isatty(fileno(to)) && len > TERMINAL_BYTES ? TERMINAL_BYTES : len;

	print_hex(to, bytes, shown);
	if (shown < len)
		fprintf(to, "... and %zu more bytes: --output FILE writes all to a file, --hex "
			"shows all\n", len - shown);
}

static void print_output(FILE *to, const struct run *run)
{
	const uint8_t *bytes = run->result.out;
	size_t len = run->result.out_len;
	enum run_format format = run->format;

	if (format == FORMAT_AUTO && !kcsd_is_text(bytes, len)) {
		print_some_hex(to, bytes, len);
		return;
	}
	switch (format) {
	case FORMAT_HEX:
		print_hex(to, bytes, len);
		break;
	case FORMAT_U64:
	case FORMAT_S64:
		print_numbers(to, bytes, len, format);
		break;
	default:
		fwrite(bytes, 1, len, to);
		if (len && bytes[len - 1] != '\n')
			fputc('\n', to);
	}
}

static void print_device_time(FILE *to, const struct kcsd_run_info *info)
{
	fprintf(to, "device time: %.6f s: computation %.6f, media %.6f, link %.6f, controller %.6f, "
		"waiting %.6f\n", info->device_ns / NSEC_PER_SEC, info->compute_ns / NSEC_PER_SEC,
		info->media_ns / NSEC_PER_SEC, info->link_ns / NSEC_PER_SEC,
		info->controller_ns / NSEC_PER_SEC, info->waiting_ns / NSEC_PER_SEC);
	if (info->late_ns)
		fprintf(to, "late: %.6f s after its device time\n", info->late_ns / NSEC_PER_SEC);
}

static void print_cost(FILE *to, const struct run *run)
{
	const struct kcsd_run_info *info = &run->result.info;

	if (info->insns || info->engine != KCSD_ENGINE_JIT)
		fprintf(to, "instructions: %" PRIu64 "\n", info->insns);
	else
		fprintf(to, "instructions: not counted (set a budget)\n");
	fprintf(to, "run time: %.6f s\n", info->run_ns / NSEC_PER_SEC);
	if (run->drv)
		fprintf(to, "wait time: %.6f s\n", info->wait_ns / NSEC_PER_SEC);
	if (info->device_ns)
		print_device_time(to, info);
	fprintf(to, "media: %" PRIu64 " bytes read, %" PRIu64 " bytes written\n",
		info->read_bytes, info->written_bytes);
	if (run->drv)
		fprintf(to, "link: %" PRIu64 " bytes to the drive, %" PRIu64 " bytes from it\n",
			link_to_drive(run), link_from_drive(run));
	fprintf(to, "engine: %s\n", kcsd_engine_name(info->engine));
}

/* True if r0 is a negative errno, as helpers return it. */
static bool is_error(const struct kcsd_run_result *result)
{
	return !result->status && -result->r0 >= 1 && -result->r0 <= MAX_ERRNO;
}

static void print_text(FILE *to, const struct run *run)
{
	const struct kcsd_run_result *result = &run->result;

	if (!result->status) {
		fprintf(to, "result: %" PRIu64, result->r0);
		if (is_error(result))
			fprintf(to, " (%" PRId64 ": %s)", (int64_t)result->r0,
				kcsd_program_error_text(-result->r0));
		fputc('\n', to);
	}
	if (result->recorded)
		print_cost(to, run);
	if (result->audit)
		kcsd_audit_print(to, run);
	kcsd_sim_zones_print(to, &run->zones);
	fprintf(to, "output: %zu bytes\n", result->out_len);
	if (run->output_fd < 0)
		print_output(to, run);
}

static json_object *base64(const uint8_t *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc((len + 2) / 3 * 4 + 1), *p = text;
	json_object *json;
	size_t i;

	if (!text)
		return NULL;
	for (i = 0; i < len; i += 3) {
		uint32_t x = bytes[i] << 16;

		if (i + 1 < len)
			x |= bytes[i + 1] << 8;
		if (i + 2 < len)
			x |= bytes[i + 2];
		*p++ = digits[x >> 18];
		*p++ = digits[x >> 12 & 63];
		*p++ = i + 1 < len ? digits[x >> 6 & 63] : '=';
		*p++ = i + 2 < len ? digits[x & 63] : '=';
	}
	json = json_object_new_string_len(text, p - text);
	free(text);
	return json;
}

static json_object *json_output(const struct run *run)
{
	const struct kcsd_run_result *result = &run->result;
	json_object *json = json_object_new_object();

	json_object_object_add(json, "bytes", json_object_new_uint64(result->out_len));
	json_object_object_add(json, "cut", json_object_new_boolean(is_cut(result)));
	if (run->output_fd >= 0)
		json_object_object_add(json, "file", json_object_new_string(
			kcsd_args_value(run->args, OPT_OUTPUT)));
	else if (kcsd_is_text(result->out, result->out_len))
		json_object_object_add(json, "text", json_object_new_string_len(
			result->out ? result->out : "", result->out_len));
	else
		json_object_object_add(json, "base64", base64(result->out, result->out_len));
	return json;
}

static void add_where(json_object *json, const struct run *run)
{
	struct kcsd_where where;

	if (!run->obj || kcsd_object_where(run->obj, run->result.info.pc, &where, sizeof(where)))
		return;
	if (where.function)
		json_object_object_add(json, "function", json_object_new_string(where.function));
	if (!where.file)
		return;
	json_object_object_add(json, "file", json_object_new_string(where.file));
	json_object_object_add(json, "line", json_object_new_uint64(where.line));
	if (where.source)
		json_object_object_add(json, "source", json_object_new_string(where.source));
}

static json_object *json_fault(const struct run *run)
{
	const struct kcsd_run_info *info = &run->result.info;
	json_object *json = json_object_new_object();

	json_object_object_add(json, "reason",
			       json_object_new_string(kcsd_fault_name(info->reason)));
	json_object_object_add(json, "text",
			       json_object_new_string(kcsd_fault_text(info->reason)));
	json_object_object_add(json, "pc", json_object_new_uint64(info->pc));
	json_object_object_add(json, "helper", info->helper ?
			       json_object_new_string(kcsd_helper_name(info->helper)) : NULL);
	if (info->reason == KCSD_FAULT_MEMORY)
		json_object_object_add(json, "addr", json_object_new_uint64(info->addr));
	if (has_lba_fault(info))
		json_object_object_add(json, "lba", json_object_new_uint64(info->lba));
	add_where(json, run);
	return json;
}

/* Describe the first access that failed on the medium or in a zone. */
static json_object *json_medium(const struct run *run)
{
	const struct kcsd_run_info *info = &run->result.info;
	json_object *json = json_object_new_object();
	char text[KCSD_KV_KEY_TEXT_LEN];

	if (run->on_host)
		json_object_object_add(json, "text", json_object_new_string(run->medium.text));
	else if (run->result.flags & KCSD_RESULT_OBJECT)
		json_object_object_add(json, "key", json_object_new_string(
			kcsd_run_key(run, info->lba, text) ? text : ""));
	else if (!has_lba_fault(info))
		json_object_object_add(json, "lba", json_object_new_uint64(info->lba));
	return json;
}

/* N(expression, "name"): costs of runs with a record; DRIVE_COST only for runs on a drive. */
#define COST(N) \
	N(info->insns, "insns") \
	N(info->run_ns, "run_ns") \
	N(info->read_bytes, "media_read_bytes") \
	N(info->written_bytes, "media_written_bytes")
#define DEVICE_COST(N) \
	N(info->device_ns, "device_ns") \
	N(info->link_ns, "device_link_ns") \
	N(info->controller_ns, "device_controller_ns") \
	N(info->media_ns, "device_media_ns") \
	N(info->compute_ns, "device_compute_ns") \
	N(info->waiting_ns, "device_waiting_ns") \
	N(info->late_ns, "late_ns")
#define DRIVE_COST(N) \
	N(info->wait_ns, "wait_ns") \
	N(link_to_drive(run), "link_to_drive_bytes") \
	N(link_from_drive(run), "link_from_drive_bytes")

static void add_cost(json_object *json, const struct run *run)
{
	const struct kcsd_run_info *info = &run->result.info;

#define ADD_COST(value, name) json_object_object_add(json, name, json_object_new_uint64(value));
	COST(ADD_COST)
	if (run->drv) {
		DRIVE_COST(ADD_COST)
	}
	if (info->device_ns) {
		DEVICE_COST(ADD_COST)
	}
#undef ADD_COST
	json_object_object_add(json, "engine",
			       json_object_new_string(kcsd_engine_name(info->engine)));
	if (run->on_host)
		json_object_object_add(json, "host", json_object_new_boolean(true));
	if (info->reason)
		json_object_object_add(json, "fault", json_fault(run));
	if (run->result.flags & KCSD_RESULT_MEDIUM)
		json_object_object_add(json, "medium", json_medium(run));
}

/* Return the key of which there was no object, or NULL. */
static const char *missing_key(const struct run *run, char text[KCSD_KV_KEY_TEXT_LEN])
{
	if (run->result.status != KCSD_SC_NO_KEY)
		return NULL;
	return kcsd_run_key(run, run->result.r0, text);
}

static void print_json(const struct run *run, const char *message)
{
	const struct kcsd_run_result *result = &run->result;
	json_object *json = json_object_new_object();
	char text[KCSD_KV_KEY_TEXT_LEN];
	const char *key = missing_key(run, text);

	if (run->by_service)
		json_object_object_add(json, "drive", json_object_new_string(run->drive_name));
	if (run->drv) {
		json_object_object_add(json, "drive",
				       json_object_new_string(kcsd_drive_name(run->drv)));
		json_object_object_add(json, "index", json_object_new_uint64(run->pind));
	}
	if (run->obj)
		json_object_object_add(json, "program", json_object_new_string(
			kcsd_object_name(run->obj)));
	json_object_object_add(json, "status", json_object_new_int(result->status));
	json_object_object_add(json, "status_name", json_object_new_string(result->status < 0 ?
			       "ERRNO" : kcsd_status_name(result->status)));
	if (message)
		json_object_object_add(json, "message", json_object_new_string(message));
	if (key)
		json_object_object_add(json, "key", json_object_new_string(key));
	if (!result->status)
		json_object_object_add(json, "result", json_object_new_uint64(result->r0));
	if (result->recorded)
		add_cost(json, run);
	if (result->audit)
		json_object_object_add(json, "audit", kcsd_audit_json(run));
	if (run->zones.size)
		json_object_object_add(json, "zones", kcsd_sim_zones_json(&run->zones));
	json_object_object_add(json, "output", json_output(run));
	kcsd_json_print(json);
}

/* True if the run may read more than its argument. */
static bool may_read(const struct kcsd_run_opts *o)
{
	uint32_t i;

	for (i = 0; i < o->nr_grants; i++)
		if (o->grants[i].access & KCSD_GRANT_READ)
			return true;
	return o->nr_ranges || o->rsid || o->sources;
}

/* Print the lines that the run logged; they may show the cause. */
static int print_logged(const struct kcsd_program_log_entry *line, void *arg)
{
	const struct run *run = arg;

	if (line->pind == run->pind && line->type == KCSD_LOG_LINE &&
	    line->time_ns >= run->begin_ns)
		kcsd_print_log_line(line->text, line->text_len);
	return 0;
}

/*
 * Append the limit that was reached: of the option, or of the drive if that is less. A limit of 0
 * on the drive means none.
 */
static void add_limit(struct kcsd_error *why, const struct limit *l)
{
	size_t len = strlen(why->text), room = sizeof(why->text) - len;

	if (!l->drive || (l->asked && l->asked <= l->drive))
		snprintf(why->text + len, room, ": %" PRIu64 " %s, set by --%s", l->asked,
			 l->unit, l->option);
	else if (l->asked)
		snprintf(why->text + len, room, ": %" PRIu64 " %s, the limit of the drive "
			 "(requested: %" PRIu64 "; 'kcsd create --%s' sets it)",
			 l->drive, l->unit, l->asked, l->create);
	else
		snprintf(why->text + len, room, ": %" PRIu64 " %s, the limit of the drive ('kcsd "
			 "create --%s' sets it)", l->drive, l->unit, l->create);
}

/* Append the time limit of runs on the host. */
static void add_default_time(struct kcsd_error *why)
{
	size_t len = strlen(why->text);

	snprintf(why->text + len, sizeof(why->text) - len, ": 30 s, --timeout allows more");
}

static void explain_limit(const struct run *run, struct kcsd_error *why)
{
	struct kcsd_compute_info info = {};

	if (run->drv && kcsd_compute_identify(run->drv, &info, sizeof(info)))
		return;
	if (run->result.info.reason == KCSD_FAULT_TIME && run->on_host && !run->opts.timeout_ms)
		add_default_time(why);
	else if (run->result.info.reason == KCSD_FAULT_TIME && (run->drv || run->opts.timeout_ms))
		add_limit(why, &(struct limit){ run->opts.timeout_ms, info.timeout_ms, "ms",
						"timeout", "timeout-ms" });
	if (run->result.info.reason == KCSD_FAULT_BUDGET && (run->drv || run->opts.budget))
		add_limit(why, &(struct limit){ run->opts.budget, info.insn_budget, "instructions",
						"budget", "insn-budget" });
}

/* Return the exit code of a completed run; set why to a sentence unless it is 0. */
static int judge(const struct run *run, struct kcsd_error *why)
{
	const struct kcsd_run_result *result = &run->result;
	char room[KCSD_HUMAN_LEN], most[KCSD_HUMAN_LEN], text[KCSD_KV_KEY_TEXT_LEN];
	const char *key = missing_key(run, text);

	if (key) {
		snprintf(why->text, sizeof(why->text), "no object has the key '%s'", key);
		return KCSD_EXIT_KEY;
	}
	if (result->status) {
		kcsd_run_describe(result, sizeof(*result), run->obj, why);
		explain_limit(run, why);
		return is_fault(result->status) ? KCSD_EXIT_FAULT : KCSD_EXIT_FAILED;
	}
	if (is_cut(result)) {
		snprintf(why->text, sizeof(why->text), "the output of the program was cut after "
			 "%zu bytes: --out-max SIZE allows more than %s, up to %s",
			 (size_t)result->out_len, kcsd_human_bytes(run->opts.out_len, room),
			 kcsd_human_bytes(RUN_OUT_MAX, most));
		return KCSD_EXIT_CUT;
	}
	if (is_error(result)) {
		snprintf(why->text, sizeof(why->text), "the program returned an error: %" PRId64
			 " (%s)", (int64_t)result->r0, kcsd_program_error_text(-result->r0));
		return KCSD_EXIT_ERROR;
	}
	return 0;
}

/* Report a run that did not begin. */
static void say_refused(const struct run *run, const char *why)
{
	const char *hint = kcsd_advice(run->result.status);

	if (run->result.status == KCSD_SC_INVALID_NS && run->drv && run->opts.nr_key_grants)
		kcsd_fail("%s has no objects: create a drive with --kv-size",
			  kcsd_drive_name(run->drv));
	else if (run->result.status == KCSD_SC_INVALID_PROGRAM_INDEX)
		kcsd_fail_program(run->drv, run->result.status, "run", run->pind);
	else if (run->drv)
		kcsd_fail("cannot run program %u: %s%s%s%s", run->pind, why, hint ? " (" : "",
			  hint ? hint : "", hint ? ")" : "");
	else
		kcsd_fail("cannot run the program: %s", why);
}

/* Report an access that failed on the medium or in a zone; the run may have continued. */
static void say_medium(const struct run *run, bool went_on)
{
	const char *then = went_on ? ", and the program continued" : "";
	char begins[64] = "", text[KCSD_KV_KEY_TEXT_LEN];

	if (run->on_host) {
		kcsd_fail("%s%s", run->medium.text, then);
		return;
	}
	if (run->result.flags & KCSD_RESULT_OBJECT)
		snprintf(begins, sizeof(begins), " of object %s",
			 kcsd_run_key(run, run->result.info.lba, text) ? text : "");
	else if (!has_lba_fault(&run->result.info))
		snprintf(begins, sizeof(begins), " at LBA %" PRIu64,
			 run->result.info.lba);
	kcsd_fail("an access%s failed%s: 'kcsd log -d %s' shows why", begins, then,
		  run->drv ? kcsd_drive_name(run->drv) : run->drive_name);
}

int kcsd_run_report(struct run *run)
{
	const struct kcsd_run_result *result = &run->result;
	struct kcsd_error why = {};
	int code = judge(run, &why), written;

	if (kcsd_args_has(run->args, OPT_JSON))
		print_json(run, code ? why.text : NULL);
	else if (!result->status || result->recorded)
		print_text(run->output_fd == STDOUT_FILENO ? stderr : stdout, run);
	if (run->drv && (code == KCSD_EXIT_ERROR || code == KCSD_EXIT_FAULT))
		kcsd_program_log_each(run->drv, 0, print_logged, run);
	if (!code && run->drv && !may_read(&run->opts))
		fprintf(stderr, "kcsd: the program could read nothing: grant LBAs (--lba) or SLM "
			"(--range)\n");
	if (code == KCSD_EXIT_FAILED)
		say_refused(run, why.text);
	else if (code)
		kcsd_fail("%s", why.text);
	if (result->flags & KCSD_RESULT_MEDIUM)
		say_medium(run, code != KCSD_EXIT_ERROR);
	written = kcsd_run_write_result(run);
	return written ? written : code;
}
