// SPDX-License-Identifier: GPL-2.0
/* kcsd slm: read, write, fill and copy bytes of Subsystem Local Memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "parse.h"

#define OPTIONS(X) \
	OPTION_DRIVE(X) \
	X(OUTPUT, "output", 'o', "FILE", \
	  "read: write the bytes to a file; default: standard output") \
	X(DATA, "data", 0, "FILE", "write: read the bytes from FILE; default: standard input") \
	X(HEX, "hex", 'x', "HEX", "write: these bytes") \
	X(BYTE, "byte", 'b', "N", "fill: value of each byte, 0 to 255; default: 0") \
	X(LBA, "lba", 'l', "RANGE", "copy: from these LBAs of namespace 1; repeatable") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

#define CHUNK	(1u << 20)	/* bytes read or written at once */

/* One command. */
struct slm {
	const struct args *args;
	struct kcsd_drive *drv;
	uint64_t bytes;		/* moved */
	uint8_t buf[CHUNK];
};

/* Return operand i after the action. */
static const char *operand(const struct slm *slm, int i)
{
	return slm->args->operand[i + 1];
}

static int nr_operands(const struct slm *slm)
{
	return slm->args->nr_operands - 1;
}

static int take_bytes(const struct slm *slm, int i, uint64_t *start, uint64_t *len)
{
	const char *wrong = kcsd_parse_bytes(operand(slm, i), start, len);

	return wrong ? kcsd_usage(slm->args->cmd, "'%s' %s", operand(slm, i), wrong) : 0;
}

static int take_start(const struct slm *slm, uint64_t *start)
{
	const char *wrong = kcsd_parse_size(operand(slm, 0), start);

	return wrong ? kcsd_usage(slm->args->cmd, "'%s' %s", operand(slm, 0), wrong) : 0;
}

static int failed(const struct slm *slm, int ret)
{
	struct kcsd_slm_info info;

	/* LBAs were validated before, so this status is about the size of SLM. */
	if (ret == KCSD_SC_LBA_RANGE &&
	    !kcsd_slm_identify(slm->drv, &info, sizeof(info)))
		return kcsd_fail("cannot %s SLM: %s: %s has %llu bytes of it",
				 slm->args->operand[0], kcsd_error_text(ret),
				 kcsd_drive_name(slm->drv), (unsigned long long)info.size);
	return kcsd_fail_ret(ret, "cannot %s SLM", slm->args->operand[0]);
}

/* ---- read ---- */

static int fail_output(const struct slm *slm)
{
	const char *path = kcsd_args_value(slm->args, OPT_OUTPUT);

	return kcsd_fail("--output: %s: %s", path ? path : "-", strerror(errno));
}

static int read_to(struct slm *slm, FILE *file, uint64_t start, uint64_t len)
{
	size_t n;
	int ret;

	for (; len; len -= n, start += n, slm->bytes += n) {
		n = len < CHUNK ? len : CHUNK;
		ret = kcsd_slm_read(slm->drv, start, slm->buf, n);
		if (ret)
			return failed(slm, ret);
		if (fwrite(slm->buf, 1, n, file) != n)
			return fail_output(slm);
	}
	return 0;
}

static int slm_read(struct slm *slm)
{
	const char *path = kcsd_args_value(slm->args, OPT_OUTPUT);
	bool to_stdout = !path || !strcmp(path, "-");
	uint64_t start, len;
	FILE *file = stdout;
	int code = take_bytes(slm, 0, &start, &len);

	if (code)
		return code;
	if (!path && isatty(STDOUT_FILENO))
		return kcsd_usage(slm->args->cmd, "standard output is a terminal: write the bytes "
				  "to a file with --output FILE, show them with '| od -tx1', or "
				  "force it with --output -");
	if (to_stdout && kcsd_args_has(slm->args, OPT_JSON))
		return kcsd_usage(slm->args->cmd, "--json needs --output FILE");
	if (!to_stdout)
		file = fopen(path, "w");
	if (!file)
		return fail_output(slm);
	code = read_to(slm, file, start, len);
	if (!to_stdout && fclose(file) && !code)
		code = fail_output(slm);
	return code;
}

/* ---- write ---- */

static int write_from(struct slm *slm, FILE *file, uint64_t start)
{
	size_t n;
	int ret;

	while ((n = fread(slm->buf, 1, CHUNK, file))) {
		ret = kcsd_slm_write(slm->drv, start, slm->buf, n);
		if (ret)
			return failed(slm, ret);
		start += n;
		slm->bytes += n;
	}
	return ferror(file) ? kcsd_fail("cannot read the data: %s", strerror(errno)) : 0;
}

static int write_hex(struct slm *slm, const char *hex, uint64_t start)
{
	uint8_t *bytes = malloc(strlen(hex) + 1);
	const char *wrong;
	size_t len;
	int ret;

	if (!bytes)
		return kcsd_fail("out of memory");
	wrong = kcsd_parse_hex(hex, bytes, &len);
	if (wrong) {
		free(bytes);
		return kcsd_usage(slm->args->cmd, "--hex: '%s' %s", hex, wrong);
	}
	ret = kcsd_slm_write(slm->drv, start, bytes, len);
	free(bytes);
	if (ret)
		return failed(slm, ret);
	slm->bytes = len;
	return 0;
}

static int slm_write(struct slm *slm)
{
	const char *path = kcsd_args_value(slm->args, OPT_DATA);
	const char *hex = kcsd_args_value(slm->args, OPT_HEX);
	uint64_t start;
	FILE *file = stdin;
	int code = take_start(slm, &start);

	if (code)
		return code;
	if (path && hex)
		return kcsd_usage(slm->args->cmd, "--data and --hex exclude each other");
	if (hex)
		return write_hex(slm, hex, start);
	if (path && strcmp(path, "-"))
		file = fopen(path, "r");
	if (!file)
		return kcsd_fail("--data: %s: %s", path, strerror(errno));
	code = write_from(slm, file, start);
	if (file != stdin)
		fclose(file);
	return code;
}

/* ---- fill, copy ---- */

static int slm_fill(struct slm *slm)
{
	uint64_t start, len, byte = 0;
	int ret = take_bytes(slm, 0, &start, &len);

	if (!ret)
		ret = kcsd_args_number(slm->args, OPT_BYTE, UINT8_MAX, &byte);
	if (ret)
		return ret;
	ret = kcsd_slm_fill(slm->drv, start, len, byte);
	if (ret)
		return failed(slm, ret);
	slm->bytes = len;
	return 0;
}

static int copy_bytes(struct slm *slm, uint64_t to)
{
	struct kcsd_slm_range sources[KCSD_SLM_COPY_MAX_SOURCES];
	int i, ret, nr = nr_operands(slm) - 1;

	if (nr > KCSD_SLM_COPY_MAX_SOURCES)
		return kcsd_usage(slm->args->cmd, "more than %u sources",
				  KCSD_SLM_COPY_MAX_SOURCES);
	for (i = 0; i < nr; i++) {
		ret = take_bytes(slm, i + 1, &sources[i].start, &sources[i].len);
		if (ret)
			return ret;
		slm->bytes += sources[i].len;
	}
	ret = kcsd_slm_copy(slm->drv, to, sources, nr);
	return ret ? failed(slm, ret) : 0;
}

/* Parse a range of LBAs and add as many sources as it needs. Return NULL or an error text. */
static const char *add_lbas(struct slm *slm, const char *text, struct kcsd_lba_range *sources,
			    uint32_t *nr)
{
	struct kcsd_range range;
	const char *wrong = kcsd_parse_range(text, kcsd_drive_nsze(slm->drv), 0, &range);
	uint32_t n;

	if (!wrong && range.access != KCSD_GRANT_READ)
		wrong = "asks for more than read access";
	for (; !wrong && range.count; range.count -= n, range.first += n) {
		if (*nr == KCSD_SLM_COPY_MAX_SOURCES)
			return "is too long for one copy";
		n = range.count < KCSD_COPY_MAX_NLB ? range.count : KCSD_COPY_MAX_NLB;
		sources[(*nr)++] = (struct kcsd_lba_range){ .slba = range.first, .nlb = n };
		slm->bytes += (uint64_t)n * kcsd_drive_lba_size(slm->drv);
	}
	return wrong;
}

static int copy_lbas(struct slm *slm, uint64_t to)
{
	struct kcsd_lba_range sources[KCSD_SLM_COPY_MAX_SOURCES];
	const char *text, *wrong;
	uint32_t nr = 0;
	int i, ret;

	for (i = 0; i < slm->args->nr_given; i++) {
		text = slm->args->given[i].value;
		if (slm->args->given[i].opt != OPT_LBA)
			continue;
		wrong = add_lbas(slm, text, sources, &nr);
		if (wrong)
			return kcsd_usage(slm->args->cmd, "--lba: '%s' %s", text, wrong);
	}
	ret = kcsd_slm_copy_lbas(slm->drv, to, sources, nr);
	return ret ? failed(slm, ret) : 0;
}

static int slm_copy(struct slm *slm)
{
	bool lbas = kcsd_args_has(slm->args, OPT_LBA);
	uint64_t to;
	int code = take_start(slm, &to);

	if (code)
		return code;
	if (lbas == (nr_operands(slm) > 1))
		return kcsd_usage(slm->args->cmd,
				  "copy: the source is either START+LENGTH... or --lba");
	return lbas ? copy_lbas(slm, to) : copy_bytes(slm, to);
}

/* ---- the command ---- */

static void print_moved(const struct slm *slm)
{
	json_object *json;

	if (!kcsd_args_has(slm->args, OPT_JSON))
		return;
	json = json_object_new_object();
	json_object_object_add(json, "bytes", json_object_new_uint64(slm->bytes));
	kcsd_json_print(json);
}

/* Open the drive and call fn. Return the exit code. */
static int with_drive(const struct args *args, unsigned int flags, int (*fn)(struct slm *slm))
{
	struct slm *slm = calloc(1, sizeof(*slm));
	int code;

	if (!slm)
		return kcsd_fail("out of memory");
	slm->args = args;
	code = kcsd_pick_drive(kcsd_args_value(args, OPT_DRIVE), flags, &slm->drv);
	if (!code) {
		code = fn(slm);
		kcsd_drive_close(slm->drv);
	}
	if (!code)
		print_moved(slm);
	free(slm);
	return code;
}

static int run_read(const struct args *args)
{
	return with_drive(args, KCSD_OPEN_RDONLY, slm_read);
}

static int run_write(const struct args *args)
{
	return with_drive(args, 0, slm_write);
}

static int run_fill(const struct args *args)
{
	return with_drive(args, 0, slm_fill);
}

static int run_copy(const struct args *args)
{
	return with_drive(args, 0, slm_copy);
}

#define COMMON_OPTS	(OPT_BIT(DRIVE) | OPT_BIT(JSON))

static const struct action actions[] = {
	{ "read", "START+LENGTH", 1, 1, COMMON_OPTS | OPT_BIT(OUTPUT), run_read },
	{ "write", "START", 1, 1, COMMON_OPTS | OPT_BIT(DATA) | OPT_BIT(HEX), run_write },
	{ "fill", "START+LENGTH", 1, 1, COMMON_OPTS | OPT_BIT(BYTE), run_fill },
	{ "copy", "TO", 1, KCSD_SLM_COPY_MAX_SOURCES + 1, COMMON_OPTS | OPT_BIT(LBA), run_copy },
	{}
};

const struct command kcsd_cmd_slm = {
	.name = "slm",
	.operands = "read|write|fill|copy WHERE [SOURCE...]",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "read, write, fill and copy Subsystem Local Memory",
	.detail = "  kcsd slm read START+LENGTH [--output FILE]\n"
		  "  kcsd slm write START [--data FILE | --hex HEX]\n"
		  "  kcsd slm fill START+LENGTH [--byte N]\n"
		  "  kcsd slm copy TO START+LENGTH...\n"
		  "  kcsd slm copy TO --lba RANGE...\n\n"
		  "START, LENGTH and TO are bytes, as 4096, 0x1000 or 4K.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.actions = actions,
	.run = kcsd_action_run,
};
