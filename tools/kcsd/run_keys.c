// SPDX-License-Identifier: GPL-2.0
/* Objects as the stream of a run: parse their keys, list those below a prefix, make the list. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static bool is_of_keys(const struct run *run, const struct given *given)
{
	return given->opt == run->key_opt || given->opt == run->prefix_opt;
}

/* Append a key. */
static int add_key(const struct kcsd_kv_key *key, void *arg)
{
	struct run *run = arg;
	uint32_t room = run->nr_keys;
	struct kcsd_kv_key *keys;

	/* The room doubles when it is full. */
	if (!(room & (room - 1))) {
		keys = realloc(run->keys, (room ? 2 * room : 1) * sizeof(*keys));
		if (!keys)
			return -ENOMEM;
		run->keys = keys;
	}
	run->keys[run->nr_keys++] = *key;
	return run->nr_keys > KCSD_MAX_SOURCES ? -E2BIG : 0;
}

/* Note that the keys from the one with this index on have one prefix. */
static int add_span(struct run *run, uint32_t first)
{
	struct key_span *spans = realloc(run->spans, (run->nr_spans + 1) * sizeof(*spans));

	if (!spans)
		return kcsd_fail("out of memory");
	run->spans = spans;
	spans[run->nr_spans++] = (struct key_span){ first, run->nr_keys - first };
	return 0;
}

static int add_prefix(struct run *run, const char *text, const struct kcsd_kv_key *prefix)
{
	struct kcsd_error error = {};
	uint32_t before = run->nr_keys;
	int ret = kcsd_kv_each(run->drv, prefix, add_key, run, &error);

	if (ret == -E2BIG)
		return kcsd_fail("--%s: a run reads at most %u objects",
				 run->args->cmd->opts[run->prefix_opt].name, KCSD_MAX_SOURCES);
	if (ret == -ENOMEM)
		return kcsd_fail("out of memory");
	if (ret == KCSD_SC_INVALID_NS || ret == KCSD_SC_INVALID_FIELD || ret == -ENODEV)
		return kcsd_fail("%s has no objects: create a drive with --kv-size",
				 kcsd_drive_name(run->drv));
	if (ret)
		return kcsd_fail("%s", error.text);
	if (run->nr_keys == before)
		return kcsd_fail("--%s: no key begins with '%s'",
				 run->args->cmd->opts[run->prefix_opt].name, text);
	return add_span(run, before);
}

/* Parse a key, or a prefix, which may have no bytes. */
static int parse_key(const struct run *run, const struct given *given, struct kcsd_kv_key *key)
{
	struct kcsd_error error;

	*key = (struct kcsd_kv_key){};
	if (given->opt != run->key_opt && (!*given->value || !strcmp(given->value, "hex:")))
		return 0;
	return kcsd_kv_key_parse(given->value, key, &error) ?
	       kcsd_usage(run->args->cmd, "--%s: %s", run->args->cmd->opts[given->opt].name,
			  error.text) : 0;
}

/* Parse a value, and with a drive add its keys. */
static int take_value(struct run *run, const struct given *given)
{
	struct kcsd_kv_key key;
	int code = parse_key(run, given, &key);

	if (code || !run->drv)
		return code;
	if (given->opt == run->prefix_opt)
		return add_prefix(run, given->value, &key);
	return add_key(&key, run) ? kcsd_fail("--%s: out of memory, or more than %u",
					      run->args->cmd->opts[run->key_opt].name,
					      KCSD_MAX_SOURCES) : 0;
}

/* Take all values, in their order. */
static int take_values(struct run *run)
{
	const struct args *args = run->args;
	int i, code = 0;

	run->nr_keys = 0;
	run->nr_spans = 0;
	for (i = 0; !code && i < args->nr_given; i++)
		if (is_of_keys(run, &args->given[i]))
			code = take_value(run, &args->given[i]);
	return code;
}

bool kcsd_run_has_keys(const struct run *run)
{
	return kcsd_args_has(run->args, run->key_opt) || kcsd_args_has(run->args, run->prefix_opt);
}

int kcsd_run_validate_keys(struct run *run)
{
	const struct args *args = run->args;

	if (!kcsd_run_has_keys(run))
		return 0;
	if (kcsd_args_has(args, run->range_opt) || kcsd_args_has(args, run->file_opt) ||
	    run->opts.nr_ranges || run->opts.flags & KCSD_RUN_LEN || run->anywhere)
		return kcsd_usage(args->cmd, "--key and --key-prefix exclude --%s, --%s, --range, "
				  "--len and --anywhere", args->cmd->opts[run->range_opt].name,
				  args->cmd->opts[run->file_opt].name);
	return take_values(run);
}

static int add_key_grant(struct run *run, const struct given *given)
{
	struct kcsd_key_grant *grant = &run->key_grants[run->opts.nr_key_grants];
	struct kcsd_kv_key prefix;
	int code;

	if (run->opts.nr_key_grants == KCSD_MAX_KEY_GRANTS)
		return kcsd_usage(run->args->cmd, "--%s: at most %d times",
				  run->args->cmd->opts[given->opt].name, KCSD_MAX_KEY_GRANTS);
	code = parse_key(run, given, &prefix);
	if (code)
		return code;
	*grant = (struct kcsd_key_grant){ .len = prefix.len, .access = KCSD_GRANT_WRITE };
	memcpy(grant->prefix, prefix.key, sizeof(grant->prefix));
	run->opts.key_grants = run->key_grants;
	run->opts.nr_key_grants++;
	return 0;
}

int kcsd_run_store_prefixes(struct run *run, int opt)
{
	const struct args *args = run->args;
	int i, code = 0;

	if (kcsd_args_has(args, opt) && (run->anywhere || run->opts.nr_ranges))
		return kcsd_usage(args->cmd, "--%s excludes --%s", args->cmd->opts[opt].name,
				  run->anywhere ? "anywhere" : "range");
	for (i = 0; !code && i < args->nr_given; i++)
		if (args->given[i].opt == opt)
			code = add_key_grant(run, &args->given[i]);
	return code;
}

int kcsd_run_take_keys(struct run *run)
{
	struct kcsd_error error = {};
	int ret, code;

	if (!kcsd_run_has_keys(run))
		return 0;
	kcsd_run_drop_sources(run);
	code = take_values(run);
	if (code)
		return code;

	KCSD_OPTS(kcsd_sources_opts, opts, .keys = run->keys, .nr_keys = run->nr_keys);
	ret = kcsd_sources_create(run->drv, &opts, &run->sources, &error);
	if (ret == KCSD_SC_INVALID_NS)
		return kcsd_fail("%s has no objects: create a drive with --kv-size",
				 kcsd_drive_name(run->drv));
	if (ret)
		return kcsd_fail("%s", error.text);
	run->opts.sources = run->sources;
	return 0;
}

/* Name the object that a run could not get, or whose value is damaged. */
const char *kcsd_run_key(const struct run *run, uint64_t source, char text[KCSD_KV_KEY_TEXT_LEN])
{
	const struct kcsd_kv_key *key = NULL;

	if (run->sources)
		key = kcsd_sources_key(run->sources, source);
	return key ? kcsd_kv_key_text(key, text) : NULL;
}

void kcsd_run_free_keys(struct run *run)
{
	free(run->keys);
	run->keys = NULL;
	run->nr_keys = 0;
	free(run->spans);
	run->spans = NULL;
	run->nr_spans = 0;
}
