// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Make the command and memory of a run, and read its result. Execute Program and Execute on LBAs,
 * <linux/kcsd.h>.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define WANTED_MS	50	/* between two looks if somebody wants a file that is written */

#define MAX_PIND	0xffff
#define MAX_RSID	0xffff
#define AUDIT_LEN	(sizeof(struct kcsd_audit_header) + \
			 KCSD_MAX_AUDIT * sizeof(struct kcsd_audit_range))

/* ---- before ---- */

static int validate_grant(const struct kcsd_lba_range *g, uint32_t i, struct kcsd_error *err)
{
	if (!g->nlb)
		return kcsd_error_set(err, -EINVAL, "grant %u: it has no LBAs", i);
	if (g->nlb > UINT32_MAX)
		return kcsd_error_set(err, -EINVAL, "grant %u: it has 2^32 LBAs or more", i);
	if (g->key_len)
		return kcsd_error_set(err, -EINVAL, "grant %u: a reserved field is not 0", i);
	if (!(g->access & KCSD_GRANT_ANY) || g->access & ~(KCSD_GRANT_ANY | KCSD_GRANT_ZONES))
		return kcsd_error_set(err, -EINVAL, "grant %u: no such access: %#x", i, g->access);
	return 0;
}

/* True if the command is Execute on Sources. */
static bool has_header(const struct kcsd_run_opts *o)
{
	return o->output || o->nr_key_grants || (o->sources && kcsd_sources_slid(o->sources));
}

/* Bytes of the buffer besides the output; the audit begins at a multiple of 8. */
static uint32_t reserved_len(const struct kcsd_run_opts *o)
{
	uint32_t len = sizeof(struct kcsd_run_record);

	return o->flags & KCSD_RUN_AUDIT ? len + AUDIT_LEN + -o->out_len % 8 : len;
}

static int validate_range(const struct kcsd_slm_range *r, uint32_t i, struct kcsd_error *err)
{
	if (!r->len)
		return kcsd_error_set(err, -EINVAL, "range %u: it has no bytes", i);
	if (r->len > UINT32_MAX)
		return kcsd_error_set(err, -EINVAL, "range %u: it has 4 GiB or more", i);
	return 0;
}

static int validate_ranges(const struct kcsd_run_opts *o, struct kcsd_error *err)
{
	uint32_t i;
	int ret = 0;

	if (o->nr_ranges > KCSD_GUEST_MAX_RANGES)
		return kcsd_error_set(err, -E2BIG, "%u ranges: at most %d are possible",
				      o->nr_ranges, KCSD_GUEST_MAX_RANGES);
	if (o->nr_ranges && !o->ranges)
		return kcsd_error_set(err, -EINVAL, "ranges: a length without an address");
	if (o->rsid > MAX_RSID)
		return kcsd_error_set(err, -EINVAL, "%u is no range set (1 to %d)", o->rsid,
				      MAX_RSID);
	if (o->nr_ranges && (o->rsid || o->nr_grants))
		return kcsd_error_set(err, -EINVAL, "ranges and %s exclude each other",
				      o->rsid ? "a range set" : "grants");
	for (i = 0; !ret && i < o->nr_ranges; i++)
		ret = validate_range(&o->ranges[i], i, err);
	return ret;
}

static int validate_key_grants(const struct kcsd_run_opts *o, struct kcsd_error *err)
{
	uint32_t i;

	if (o->nr_key_grants > KCSD_MAX_KEY_GRANTS)
		return kcsd_error_set(err, -E2BIG, "%u key grants: at most %d are possible",
				      o->nr_key_grants, KCSD_MAX_KEY_GRANTS);
	if (o->nr_key_grants && (o->nr_ranges || !o->key_grants))
		return kcsd_error_set(err, -EINVAL, o->nr_ranges ? "key grants and ranges exclude "
				      "each other: use a range set" :
				      "key grants: a length without an address");
	for (i = 0; i < o->nr_key_grants; i++)
		if (o->key_grants[i].len > KCSD_KV_MAX_KEY ||
		    o->key_grants[i].access != KCSD_GRANT_WRITE)
			return kcsd_error_set(err, -EINVAL, "key grant %u: %s", i,
					      o->key_grants[i].len > KCSD_KV_MAX_KEY ?
					      "the prefix has too many bytes" : "no such access");
	return 0;
}

static int validate_sources(const struct kcsd_run_opts *o, struct kcsd_error *err)
{
	if (o->sources && (o->nr_grants || o->nr_ranges || o->flags & KCSD_RUN_LEN))
		return kcsd_error_set(err, -EINVAL, "sources and %s exclude each other",
				      o->nr_grants ? "grants" : o->nr_ranges ? "ranges" :
									       "a length");
	if (o->output && o->nr_ranges)
		return kcsd_error_set(err, -EINVAL, "output as it is emitted needs a range set, "
				      "not ranges");
	return 0;
}

static int validate_opts(const struct kcsd_run_opts *o, struct kcsd_error *err)
{
	uint32_t i;
	int ret;

	if (o->pind > MAX_PIND)
		return kcsd_error_set(err, -EINVAL, "%u is no program index (0 to %d)", o->pind,
				      MAX_PIND);
	if (o->flags & ~(KCSD_RUN_AUDIT | KCSD_RUN_LEN))
		return kcsd_error_set(err, -EINVAL, "flags: no such flag: %#x", o->flags);
	if (o->nr_grants > KCSD_MAX_GRANTS)
		return kcsd_error_set(err, -E2BIG, "%u grants: at most %d are possible",
				      o->nr_grants, KCSD_MAX_GRANTS);
	if (o->args_len > KCSD_MAX_ARGS)
		return kcsd_error_set(err, -E2BIG, "arguments of %u bytes: at most %u are possible",
				      o->args_len, KCSD_MAX_ARGS);
	if (o->out_len > KCSD_MAX_OUTPUT - reserved_len(o))
		return kcsd_error_set(err, -E2BIG, "output of %u bytes: at most %u are possible",
				      o->out_len, KCSD_MAX_OUTPUT - reserved_len(o));
	if ((o->nr_grants && !o->grants) || (o->args_len && !o->args))
		return kcsd_error_set(err, -EINVAL, "%s: a length without an address",
				      o->nr_grants && !o->grants ? "grants" : "arguments");
	for (i = 0; i < o->nr_grants; i++) {
		ret = validate_grant(&o->grants[i], i, err);
		if (ret)
			return ret;
	}
	ret = validate_sources(o, err);
	if (!ret)
		ret = validate_key_grants(o, err);
	return ret ? ret : validate_ranges(o, err);
}

int kcsd_run_opts_take(struct kcsd_run_opts *o, const struct kcsd_run_opts *opts,
		       struct kcsd_error *err)
{
	int ret = opts ? kcsd_opts_copy(o, sizeof(*o), opts) : -EINVAL;

	if (ret)
		return kcsd_error_set(err, ret, "kcsd_run_opts: impossible size");
	return validate_opts(o, err);
}

static int validate_access(const struct kcsd_drive *drv, const struct kcsd_run_opts *o,
			   struct kcsd_error *err)
{
	uint32_t i;

	if ((drv->open_flags & O_ACCMODE) != O_RDONLY)
		return 0;
	if (o->nr_ranges || o->rsid)
		return kcsd_error_set(err, -EACCES, "memory ranges: %s must be open for writing",
				      drv->name);
	if (o->nr_key_grants)
		return kcsd_error_set(err, -EACCES, "key grants: %s must be open for writing",
				      drv->name);
	for (i = 0; i < o->nr_grants; i++)
		if (o->grants[i].access &
		    (KCSD_GRANT_WRITE | KCSD_GRANT_APPEND | KCSD_GRANT_MANAGE))
			return kcsd_error_set(err, -EACCES, "grant %u: to write, %s must be open "
					      "for writing", i, drv->name);
	return 0;
}

/*
 * Validate the length of the stream. Leave zones and sets of ranges to the drive: only it knows
 * their sizes.
 */
static int validate_len(const struct kcsd_drive *drv, const struct kcsd_run_opts *o,
			struct kcsd_error *err)
{
	uint64_t max = 0;
	uint32_t i;

	if (!(o->flags & KCSD_RUN_LEN) || (o->rsid && !o->nr_grants))
		return 0;
	for (i = 0; i < o->nr_grants; i++) {
		if (o->grants[i].access & KCSD_GRANT_ZONES)
			return 0;
		if (o->grants[i].access & KCSD_GRANT_READ)
			max += o->grants[i].nlb * drv->lba_size;
	}
	for (i = 0; i < o->nr_ranges; i++)
		max += o->ranges[i].len;
	return kcsd_stream_validate(o->stream_len, max, err);
}

int kcsd_stream_validate(uint64_t len, uint64_t max, struct kcsd_error *err)
{
	if (len <= max)
		return 0;
	return kcsd_error_set(err, -EINVAL, "the length, %llu bytes, is more than is granted to be "
			      "read, %llu bytes", (unsigned long long)len,
			      (unsigned long long)max);
}

/* Bytes of grants and key grants, or ranges. */
static uint32_t table_len(const struct kcsd_run_opts *o)
{
	return o->nr_grants * sizeof(struct kcsd_lba_grant) +
	       o->nr_key_grants * sizeof(struct kcsd_key_grant) +
	       o->nr_ranges * sizeof(struct kcsd_memory_range);
}

/* Bytes in front of the arguments. */
static uint32_t head_len(const struct kcsd_run_opts *o)
{
	if (has_header(o))
		return sizeof(struct kcsd_run_header) + table_len(o);
	return table_len(o) + (o->flags & KCSD_RUN_LEN ? sizeof(__le64) : 0);
}

static void fill_grants(struct kcsd_lba_grant *grant, const struct kcsd_run_opts *o)
{
	uint32_t i;

	for (i = 0; i < o->nr_grants; i++)
		grant[i] = (struct kcsd_lba_grant){
			.slba = htole64(o->grants[i].slba),
			.nlb = htole32(o->grants[i].nlb),
			.access = o->grants[i].access,
		};
}

/*
 * Fill in the data of the command: grants or ranges in the byte order of the drive, the length, the
 * arguments.
 */
static void fill_data(void *data, const struct kcsd_run_opts *o)
{
	struct kcsd_memory_range *range = data;
	uint64_t len = htole64(o->stream_len);
	uint32_t i;

	fill_grants(data, o);
	for (i = 0; i < o->nr_ranges; i++)
		*range++ = (struct kcsd_memory_range){
			.nsid = htole32(KCSD_NSID_SLM),
			.start = htole64(o->ranges[i].start),
			.len = htole32(o->ranges[i].len),
		};
	if (o->flags & KCSD_RUN_LEN)
		memcpy((char *)data + table_len(o), &len, sizeof(len));
	if (o->args_len)
		memcpy((char *)data + head_len(o), o->args, o->args_len);
}

/* Fill in the data of Execute on Sources: the header, the grants and the arguments. */
static void fill_source_data(void *data, const struct kcsd_run_opts *o)
{
	struct kcsd_run_header *header = data;
	struct kcsd_lba_grant *grants;

	*header = (struct kcsd_run_header){
		.size = htole32(sizeof(*header)),
		.flags = htole32((o->flags & KCSD_RUN_AUDIT ? KCSD_RUN_HEADER_AUDIT : 0) |
				 (o->flags & KCSD_RUN_LEN ? KCSD_RUN_HEADER_LEN : 0)),
		.budget = htole64(o->budget),
		.stream_len = htole64(o->flags & KCSD_RUN_LEN ? o->stream_len : 0),
		.timeout_ms = htole32(o->timeout_ms),
		.nr_grants = htole16(o->nr_grants),
		.nr_key_grants = htole16(o->nr_key_grants),
	};
	grants = (struct kcsd_lba_grant *)(header + 1);
	fill_grants(grants, o);
	if (o->nr_key_grants)
		memcpy(grants + o->nr_grants, o->key_grants,
		       o->nr_key_grants * sizeof(*o->key_grants));
	if (o->args_len)
		memcpy((char *)data + head_len(o), o->args, o->args_len);
}

/* Change the command to Execute on Sources, which has a header instead of some fields. */
static void use_sources(struct kcsd_run *run, const struct kcsd_run_opts *o)
{
	run->cmd.opcode = KCSD_CMD_EXECUTE_SOURCES;
	run->cmd.cdw3 = o->sources ? kcsd_sources_slid(o->sources) : 0;
	run->cmd.cdw14 = 0;
	run->cmd.cdw15 = 0;
	run->cmd.timeout_ms = 0;
	run->streams = o->output;
	if (!run->streams)
		return;
	run->cmd.metadata = 0;
	run->cmd.metadata_len = 0;
}

static void fill_cmd(struct kcsd_run *run, const struct kcsd_run_opts *o, uint32_t data_len)
{
	bool ranges = o->nr_ranges || o->rsid;

	run->cmd = (struct nvme_passthru_cmd64){
		.opcode = ranges && !o->nr_grants ? KCSD_CMD_EXECUTE : KCSD_CMD_EXECUTE_LBA,
		.nsid = KCSD_NSID_COMPUTE,
		.cdw2 = o->pind | o->rsid << KCSD_EXEC_RSID_SHIFT,
		.cdw3 = (o->nr_grants + o->nr_ranges) |
			(o->flags & KCSD_RUN_AUDIT ? KCSD_EXEC_AUDIT : 0) |
			(o->flags & KCSD_RUN_LEN ? KCSD_EXEC_LEN : 0),
		.metadata = (uintptr_t)run->out,
		.addr = (uintptr_t)run->data,
		.metadata_len = reserved_len(o) + o->out_len,
		.data_len = data_len,
		.cdw10 = (uint32_t)o->cparam1,
		.cdw11 = o->cparam1 >> 32,
		.cdw12 = (uint32_t)o->cparam2,
		.cdw13 = o->cparam2 >> 32,
		.cdw14 = (uint32_t)o->budget,
		.cdw15 = o->budget >> 32,
		.timeout_ms = o->timeout_ms,
	};
}

static int validate_use(const struct kcsd_drive *drv, const struct kcsd_run_opts *o,
			struct kcsd_error *err)
{
	if (kcsd_sources_of(o->sources) != drv)
		return kcsd_error_set(err, -EINVAL, "the sources are of another handle");
	/* A reader of the output who stalls would keep others from the files. */
	if (o->output && kcsd_sources_are_written(o->sources))
		return kcsd_error_set(err, -EINVAL, "output as it is emitted, of a program that "
				      "writes files: use out_len");
	if (!kcsd_sources_are_leased(o->sources))
		return kcsd_error_set(err, -EINVAL, "the sources were settled: renew them");
	return 0;
}

int kcsd_run_init(struct kcsd_run *run, struct kcsd_drive *drv,
		  const struct kcsd_run_opts *opts, struct kcsd_error *err)
{
	struct kcsd_run_opts o;
	uint32_t data_len;
	int ret;

	*run = (struct kcsd_run){};
	ret = kcsd_run_opts_take(&o, opts, err);
	if (!ret)
		ret = validate_access(drv, &o, err);
	if (!ret)
		ret = validate_len(drv, &o, err);
	if (!ret && o.sources)
		ret = validate_use(drv, &o, err);
	if (ret)
		return ret;
	data_len = head_len(&o) + o.args_len;
	run->data = data_len ? malloc(data_len) : NULL;
	run->out = malloc(reserved_len(&o) + o.out_len);
	if (o.flags & KCSD_RUN_AUDIT)
		run->audit = malloc(KCSD_MAX_AUDIT * sizeof(*run->audit));
	if ((data_len && !run->data) || !run->out ||
	    (o.flags & KCSD_RUN_AUDIT && !run->audit)) {
		kcsd_run_destroy(run);
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	}
	/* Size 0 shows that the drive wrote no record. */
	memset(run->out, 0, sizeof(struct kcsd_run_record));
	if (has_header(&o))
		fill_source_data(run->data, &o);
	else
		fill_data(run->data, &o);
	fill_cmd(run, &o, data_len);
	if (has_header(&o))
		use_sources(run, &o);
	return 0;
}

/* ---- after ---- */

void kcsd_run_destroy(struct kcsd_run *run)
{
	free(run->data);
	free(run->out);
	free(run->audit);
	*run = (struct kcsd_run){};
}

/* True for a status whose result is the index of a range. */
static bool names_range(int status)
{
	return status == KCSD_SC_INVALID_RANGE_SET || status == KCSD_SC_INVALID_MEMORY_NS ||
	       status == KCSD_SC_OVERLAPPING_RANGES;
}

/* True for a status whose result is the index of a source: an object could not be got. */
static bool names_source(int status)
{
	return status == KCSD_SC_NO_KEY || status == KCSD_SC_INVALID_KEY_SIZE;
}

bool kcsd_run_has_result(int status)
{
	return !status || status == KCSD_SC_INVALID_FIELD || names_range(status) ||
	       names_source(status);
}

static void decode_record(const struct kcsd_run_record *r, struct kcsd_run_info *info)
{
	*info = (struct kcsd_run_info){
		.reason = le32toh(r->reason),
		.pc = le32toh(r->pc),
		.helper = le32toh(r->helper),
		.engine = le16toh(r->engine),
		.addr = le64toh(r->addr),
		.lba = le64toh(r->lba),
		.insns = le64toh(r->insns),
		.run_ns = le64toh(r->run_ns),
		.wait_ns = le64toh(r->wait_ns),
		.read_bytes = le64toh(r->read_bytes),
		.written_bytes = le64toh(r->written_bytes),
		.device_ns = le64toh(r->device.end) - le64toh(r->device.arrival),
		.link_ns = le64toh(r->device.link_ns),
		.controller_ns = le64toh(r->device.controller_ns),
		.media_ns = le64toh(r->device.media_ns),
		.compute_ns = le64toh(r->device.compute_ns),
		.waiting_ns = le64toh(r->device.waiting_ns),
		.late_ns = le64toh(r->late_ns),
	};
}

void kcsd_run_decode(const struct kcsd_run_record *record, struct kcsd_run_result *result)
{
	result->recorded = 1;
	if (le16toh(record->flags) & KCSD_RECORD_CUT)
		result->flags |= KCSD_RESULT_CUT;
	if (le16toh(record->flags) & KCSD_RECORD_MEDIUM)
		result->flags |= KCSD_RESULT_MEDIUM;
	if (le16toh(record->flags) & KCSD_RECORD_OBJECT)
		result->flags |= KCSD_RESULT_OBJECT;
	decode_record(record, &result->info);
}

void kcsd_run_complete(struct kcsd_run *run, int ret, uint64_t r0, struct kcsd_run_result *result)
{
	struct kcsd_run_record *record = run->out;
	size_t room = run->cmd.metadata_len - sizeof(*record);

	/* The result of an invalid command is the field, the range or the source. */
	*result = (struct kcsd_run_result){
		.status = ret,
		.r0 = kcsd_run_has_result(ret) ? r0 : 0,
	};
	if (ret >= 0 && le32toh(record->size) >= sizeof(*record)) {
		kcsd_run_decode(record, result);
		result->out_len = MIN(le32toh(record->out_len), room);
		if (run->audit && !kcsd_audit_decode(record, run->cmd.metadata_len, run->audit,
						     result))
			run->audit = NULL;	/* now owned by result */
	}
	if (result->out_len) {
		/*
		 * Move the output to the start of the allocation, so that the caller can free it.
		 */
		memmove(run->out, record + 1, result->out_len);
		result->out = run->out;
		run->out = NULL;
	}
	kcsd_run_destroy(run);
}

void kcsd_run_result_free(struct kcsd_run_result *result, size_t size)
{
	if (size >= offsetof(struct kcsd_run_result, out) + sizeof(result->out))
		free(result->out);
	if (size >= offsetof(struct kcsd_run_result, audit) + sizeof(result->audit))
		free(result->audit);
	memset(result, 0, size);
}

/* ---- a sentence ---- */

/* Write the address or LBA of a failed access, " (guest address 0x10)", or "". */
static void describe_access(char *to, size_t len, const struct kcsd_run_info *info)
{
	*to = '\0';
	switch (info->reason) {
	case KCSD_FAULT_MEMORY:
		snprintf(to, len, " (guest address 0x%llx)", (unsigned long long)info->addr);
		break;
	case KCSD_FAULT_LBA_READ:
	case KCSD_FAULT_LBA_WRITE:
		snprintf(to, len, " (LBA %llu)", (unsigned long long)info->lba);
		break;
	}
}

/* Write the known parts of "function count, instruction 12 (word.c:31: x = 1;)". */
static void describe_place(char *to, size_t len, uint32_t pc, const struct kcsd_object *obj)
{
	struct kcsd_where w = {};
	int n;

	if (obj)
		kcsd_object_where(obj, pc, &w, sizeof(w));
	n = snprintf(to, len, "%s%.100s%sinstruction %u", w.function ? "function " : "",
		     w.function ? w.function : "", w.function ? ", " : "", pc);
	if (w.file)
		kcsd_where_line(&w, to + n, len - n);
}

const char *kcsd_run_describe(const struct kcsd_run_result *result, size_t size,
			      const struct kcsd_object *obj, struct kcsd_error *err)
{
	char access[64], place[448], helper[32] = "";
	struct kcsd_run_result r;
	const struct kcsd_run_info *info = &r.info;

	kcsd_info_copy(&r, sizeof(r), result, size);
	if (!err)
		return kcsd_error_text(r.status);
	if (!r.recorded && names_range(r.status)) {
		kcsd_error_set(err, 0, "range %llu: %s", (unsigned long long)r.r0,
			       kcsd_error_text(r.status));
		return err->text;
	}
	if (!r.recorded || !info->reason) {
		kcsd_error_set(err, 0, "%s%s%s", kcsd_error_text(r.status),
			       r.status == KCSD_SC_INVALID_FIELD ? ": " : "",
			       r.status == KCSD_SC_INVALID_FIELD ? kcsd_field_name(r.r0) : "");
		return err->text;
	}
	describe_access(access, sizeof(access), info);
	describe_place(place, sizeof(place), info->pc, obj);
	if (info->helper)
		snprintf(helper, sizeof(helper), " in helper %s", kcsd_helper_name(info->helper));
	kcsd_error_set(err, 0, "%s: %s%s: %s%s", kcsd_status_text(r.status), place, helper,
		       kcsd_fault_text(info->reason), access);
	err->pc = info->pc;
	return err->text;
}

/* ---- a synchronous run ---- */

/* Name the first grant with LBAs that the drive does not have. */
static void describe_range(struct kcsd_drive *drv, const struct kcsd_run_opts *opts,
			   struct kcsd_error *err)
{
	struct kcsd_run_opts o;
	uint32_t i;

	if (kcsd_opts_copy(&o, sizeof(o), opts))
		return;
	for (i = 0; i < o.nr_grants; i++)
		if (o.grants[i].slba > drv->nsze ||
		    o.grants[i].nlb > drv->nsze - o.grants[i].slba) {
			kcsd_error_set(err, 0, "grant %u: LBAs %llu+%llu are not all on the drive, "
				       "which has %llu", i,
				       (unsigned long long)o.grants[i].slba,
				       (unsigned long long)o.grants[i].nlb,
				       (unsigned long long)drv->nsze);
			return;
		}
}

/* Name the object that could not be got. */
static void describe_object(const struct kcsd_run_opts *opts, const struct kcsd_run_result *result,
			    struct kcsd_error *err)
{
	const struct kcsd_kv_key *key = NULL;
	char text[KCSD_KV_KEY_TEXT_LEN];
	struct kcsd_run_opts o;

	if (!kcsd_opts_copy(&o, sizeof(o), opts) && o.sources)
		key = kcsd_sources_key(o.sources, result->r0);
	if (key)
		kcsd_error_set(err, 0, "object %s: %s", kcsd_kv_key_text(key, text),
			       kcsd_error_text(result->status));
}

static void describe_run(struct kcsd_drive *drv, const struct kcsd_run_opts *opts, uint32_t pind,
			 const struct kcsd_run_result *result, struct kcsd_error *err)
{
	struct kcsd_error why;

	if (!err)
		return;
	if (result->recorded)
		kcsd_run_describe(result, sizeof(*result), NULL, err);
	else
		kcsd_error_set(err, 0, "cannot run program %u of %s: %s", pind, drv->name,
			       kcsd_run_describe(result, sizeof(*result), NULL, &why));
	if (result->status == KCSD_SC_LBA_RANGE)
		describe_range(drv, opts, err);
	if (!result->recorded && names_source(result->status))
		describe_object(opts, result, err);
}

/* Run without streaming. Returns an error with r->status 0 if it could not be sent. */
static int run_once(struct kcsd_drive *drv, const struct kcsd_run_opts *o,
		    struct kcsd_run_result *r, struct kcsd_error *err)
{
	struct kcsd_run run;
	int ret;

	*r = (struct kcsd_run_result){};
	ret = kcsd_run_init(&run, drv, o, err);
	if (ret)
		return ret;
	ret = kcsd_drive_io(drv, &run.cmd);
	kcsd_run_complete(&run, ret, run.cmd.result, r);
	return ret;
}

/* The same for a program that writes files: cancel it if another process wants to open one. */
static int run_alone(struct kcsd_drive *drv, const struct kcsd_run_opts *o,
		     struct kcsd_run_result *r, struct kcsd_error *err)
{
	struct kcsd_queue *queue;
	int ret = kcsd_queue_create(drv, 1, &queue);

	*r = (struct kcsd_run_result){};
	if (ret)
		return kcsd_error_set(err, ret, "cannot set up io_uring: %s", strerror(-ret));
	ret = kcsd_queue_submit(queue, o, 0, err);
	while (!ret) {
		ret = kcsd_queue_reap(queue, r, sizeof(*r), WANTED_MS);
		if (ret != -ETIME && ret != -EINTR)
			break;
		ret = kcsd_sources_is_wanted(o->sources) ?
		      kcsd_error_set(err, -ECANCELED, "another process wants to open a file that "
				     "the program writes: the run was cancelled") : 0;
	}
	/* Cancels the run. */
	kcsd_queue_destroy(queue);
	return ret ? ret : r->status;
}

int kcsd_program_run(struct kcsd_drive *drv, const struct kcsd_run_opts *opts,
		     struct kcsd_run_result *result, size_t size, struct kcsd_error *err)
{
	struct kcsd_run_result r;
	struct kcsd_run_opts o;
	int ret;

	memset(result, 0, size);
	ret = kcsd_run_opts_take(&o, opts, err);
	if (ret)
		return ret;
	if (o.output)
		ret = kcsd_run_stream(drv, &o, &r, err);
	else if (o.sources && kcsd_sources_are_written(o.sources))
		ret = run_alone(drv, &o, &r, err);
	else
		ret = run_once(drv, &o, &r, err);
	if (ret < 0 && !r.status)
		return ret;
	if (ret)
		describe_run(drv, opts, o.pind, &r, err);
	if (ret < 0)
		kcsd_run_result_free(&r, sizeof(r));
	kcsd_info_copy(result, size, &r, sizeof(r));
	return ret;
}
