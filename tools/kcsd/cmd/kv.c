// SPDX-License-Identifier: GPL-2.0
/* kcsd kv: store, read, list and delete objects. */
#include <stdio.h>
#include <string.h>

#include "kv.h"

static const struct opt opts[] = { KV_OPTIONS(OPT_ROW) };

int kcsd_kv_fail(const struct kv *kv, int ret)
{
	const char *hint = kcsd_advice(ret);

	kcsd_fail("%s%s%s%s", kv->err.text, hint ? " (" : "", hint ? hint : "", hint ? ")" : "");
	return ret == KCSD_SC_NO_KEY || ret == KCSD_SC_KEY_EXISTS ? KCSD_EXIT_KEY :
								    KCSD_EXIT_FAILED;
}

int kcsd_kv_take_key(const struct args *args, const char *text, struct kcsd_kv_key *key)
{
	struct kcsd_error err;

	return kcsd_kv_key_parse(text, key, &err) ? kcsd_usage(args->cmd, "%s", err.text) : 0;
}

int kcsd_kv_take_prefix(const struct args *args, const char *text, struct kcsd_kv_key *prefix)
{
	*prefix = (struct kcsd_kv_key){};
	return *text && strcmp(text, "hex:") ? kcsd_kv_take_key(args, text, prefix) : 0;
}

/* Parse the operands behind the action, before anything is done. Return 0, or the exit code. */
static int validate_keys(const struct args *args)
{
	struct kcsd_kv_key key;
	int i, code = 0;

	for (i = 1; i < args->nr_operands && !code; i++)
		code = kcsd_kv_take_key(args, args->operand[i], &key);
	return code;
}

static int identify(struct kv *kv)
{
	int ret = kcsd_kv_identify(kv->drv, &kv->info, sizeof(kv->info));

	if (ret == KCSD_SC_INVALID_NS || ret == KCSD_SC_INVALID_FIELD)
		return kcsd_fail("%s has no objects: create a drive with --kv-size",
				 kcsd_drive_name(kv->drv));
	return ret ? kcsd_fail_ret(ret, "%s: cannot identify the objects",
				   kcsd_drive_name(kv->drv)) : 0;
}

/* Open the drive and call fn. Return the exit code. */
static int with_drive(const struct args *args, unsigned int flags, int (*fn)(struct kv *kv))
{
	struct kv kv = { .args = args };
	int code = kcsd_pick_namespace(kcsd_args_value(args, OPT_DRIVE), flags, KCSD_NSID_KV,
				       &kv.drv);

	if (code)
		return code;
	code = identify(&kv);
	if (!code)
		code = fn(&kv);
	kcsd_drive_close(kv.drv);
	return code;
}

void kcsd_kv_print_moved(const struct kv *kv, uint64_t objects, uint64_t bytes)
{
	json_object *json;

	if (!kcsd_args_has(kv->args, OPT_JSON)) {
		printf("objects: %llu\nbytes: %llu\n", (unsigned long long)objects,
		       (unsigned long long)bytes);
		return;
	}
	json = json_object_new_object();
	json_object_object_add(json, "objects", json_object_new_uint64(objects));
	json_object_object_add(json, "bytes", json_object_new_uint64(bytes));
	kcsd_json_print(json);
}

/* ---- short actions ---- */

static int exists(struct kv *kv)
{
	struct kcsd_kv_key key;
	int i, ret, code = 0;

	for (i = 1; i < kv->args->nr_operands; i++) {
		kcsd_kv_take_key(kv->args, kv->args->operand[i], &key);
		ret = kcsd_kv_exists(kv->drv, &key, &kv->err);
		if (ret)
			code = kcsd_kv_fail(kv, ret);
		if (ret && ret != KCSD_SC_NO_KEY)
			break;
	}
	return code;
}

static void print_stat(const struct kcsd_kv_key *key, uint64_t len, json_object *json)
{
	char text[KCSD_KV_KEY_TEXT_LEN];
	json_object *row;

	if (!json) {
		printf("%s: %llu bytes\n", kcsd_kv_key_text(key, text), (unsigned long long)len);
		return;
	}
	row = json_object_new_object();
	json_object_object_add(row, "key", json_object_new_string(kcsd_kv_key_text(key, text)));
	json_object_object_add(row, "bytes", json_object_new_uint64(len));
	json_object_array_add(json, row);
}

static int stat_keys(struct kv *kv)
{
	json_object *json = kcsd_args_has(kv->args, OPT_JSON) ? json_object_new_array() : NULL;
	struct kcsd_kv_key key;
	int i, ret, code = 0;
	uint64_t len;

	for (i = 1; i < kv->args->nr_operands; i++) {
		kcsd_kv_take_key(kv->args, kv->args->operand[i], &key);
		ret = kcsd_kv_stat(kv->drv, &key, &len, &kv->err);
		if (ret)
			code = kcsd_kv_fail(kv, ret);
		else
			print_stat(&key, len, json);
	}
	if (json)
		kcsd_json_print(json);
	return code;
}

static int flush(struct kv *kv)
{
	int ret = kcsd_kv_flush(kv->drv, &kv->err);

	return ret ? kcsd_kv_fail(kv, ret) : 0;
}

int kcsd_kv_end(struct kv *kv, int code)
{
	return code || !kcsd_args_has(kv->args, OPT_FLUSH) ? code : flush(kv);
}

/* ---- the command ---- */

static int run_put(const struct args *args)
{
	struct kcsd_kv_key key;
	int code = kcsd_kv_take_key(args, args->operand[1], &key);

	if (!code && kcsd_args_has(args, OPT_IF_EXISTS) && kcsd_args_has(args, OPT_IF_MISSING))
		code = kcsd_usage(args->cmd, "--if-exists and --if-missing exclude each other");
	return code ? code : with_drive(args, 0, kcsd_kv_put);
}

static int run_get(const struct args *args)
{
	struct kcsd_kv_key key;
	int code = kcsd_kv_take_key(args, args->operand[1], &key);

	return code ? code : with_drive(args, KCSD_OPEN_RDONLY, kcsd_kv_get);
}

static int run_ls(const struct args *args)
{
	struct kcsd_kv_key prefix;
	int code = args->nr_operands > 1 ? kcsd_kv_take_prefix(args, args->operand[1], &prefix) : 0;

	return code ? code : with_drive(args, KCSD_OPEN_RDONLY, kcsd_kv_ls);
}

static int run_rm(const struct args *args)
{
	const char *text = kcsd_args_value(args, OPT_PREFIX);
	struct kcsd_kv_key prefix;
	int code = text ? kcsd_kv_take_prefix(args, text, &prefix) : validate_keys(args);

	if (!code && !text == (args->nr_operands == 1))
		code = kcsd_usage(args->cmd, "rm: name the objects either by KEYs or by --prefix");
	return code ? code : with_drive(args, 0, kcsd_kv_rm);
}

static int run_exists(const struct args *args)
{
	int code = validate_keys(args);

	return code ? code : with_drive(args, KCSD_OPEN_RDONLY, exists);
}

static int run_stat(const struct args *args)
{
	int code = validate_keys(args);

	return code ? code : with_drive(args, KCSD_OPEN_RDONLY, stat_keys);
}

static int run_import(const struct args *args)
{
	const char *text = kcsd_args_value(args, OPT_PREFIX);
	struct kcsd_kv_key prefix;
	int code = text ? kcsd_kv_take_prefix(args, text, &prefix) : 0;

	return code ? code : with_drive(args, 0, kcsd_kv_import);
}

static int run_export(const struct args *args)
{
	const char *text = kcsd_args_value(args, OPT_PREFIX);
	struct kcsd_kv_key prefix;
	int code = text ? kcsd_kv_take_prefix(args, text, &prefix) : 0;

	return code ? code : with_drive(args, KCSD_OPEN_RDONLY, kcsd_kv_export);
}

static int run_flush(const struct args *args)
{
	return with_drive(args, KCSD_OPEN_RDONLY, flush);
}

#define DRIVE	OPT_BIT(DRIVE)
#define COMMON	(OPT_BIT(DRIVE) | OPT_BIT(JSON))

static const struct action actions[] = {
	{ "put", "KEY", 1, 2, DRIVE | OPT_BIT(IF_EXISTS) | OPT_BIT(IF_MISSING) | OPT_BIT(FLUSH),
	  run_put },
	{ "get", "KEY", 1, 2, DRIVE, run_get },
	{ "ls", "PREFIX", 0, 1, COMMON | OPT_BIT(LONG), run_ls },
	{ "rm", "KEY...", 0, -1, COMMON | OPT_BIT(PREFIX), run_rm },
	{ "exists", "KEY...", 1, -1, DRIVE, run_exists },
	{ "stat", "KEY...", 1, -1, COMMON, run_stat },
	{ "import", "DIR", 1, 1,
	  COMMON | OPT_BIT(LITERAL) | OPT_BIT(PREFIX) | OPT_BIT(SKIP) | OPT_BIT(FLUSH),
	  run_import },
	{ "export", "DIR", 1, 1, COMMON | OPT_BIT(PREFIX), run_export },
	{ "flush", "", 0, 0, DRIVE, run_flush },
	{}
};

const struct command kcsd_cmd_kv = {
	.name = "kv",
	.operands = "put|get|ls|rm|exists|stat|import|export|flush [KEY|DIR]...",
	.min_operands = 1,
	.max_operands = -1,
	.summary = "store, read, list and delete objects: values under keys",
	.detail = "  kcsd kv put KEY [FILE] [--if-exists | --if-missing] [--flush]\n"
		  "  kcsd kv get KEY [FILE]\n"
		  "  kcsd kv ls [PREFIX] [--long]\n"
		  "  kcsd kv rm KEY... | --prefix PREFIX\n"
		  "  kcsd kv exists|stat KEY...\n"
		  "  kcsd kv import DIR [--prefix PREFIX] [--literal] [--skip] [--flush]\n"
		  "  kcsd kv export DIR [--prefix PREFIX]\n"
		  "  kcsd kv flush\n\n"
		  "A KEY is 1 to 16 bytes: text, or hex: and pairs of hexadecimal digits. Without\n"
		  "FILE, or with '-', a value comes from standard input, or goes to standard\n"
		  "output. import stores the files below DIR, each under its path; export writes\n"
		  "such files into a new or empty directory. Values are durable after --flush, or\n"
		  "the action flush.\n\n"
		  "Exit code 6: no object has the key; put --if-missing: one has it already.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.actions = actions,
	.run = kcsd_action_run,
};
