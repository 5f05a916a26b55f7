// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Run a program on all LBAs of a drive, or on some of its objects, and print what it returns and
 * emits.
 *
 *	run kcsd0 word.bpf.o Alpha [KEY]...
 *
 * Build: cc run.c $(pkg-config --cflags --libs libkcsd)
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <libkcsd.h>

#define OUTPUT_LEN	(1 << 20)
#define MAX_KEYS	64

static struct kcsd_kv_key keys[MAX_KEYS];
static unsigned int nr_keys;

/* Make the list of the objects with these keys, whose values are the stream of a run. */
static int make_sources(struct kcsd_drive *drv, struct kcsd_sources **sources)
{
	KCSD_OPTS(kcsd_sources_opts, opts, .keys = keys, .nr_keys = nr_keys);
	struct kcsd_error err;
	int ret = kcsd_sources_create(drv, &opts, sources, &err);

	if (ret)
		fprintf(stderr, "%s\n", err.text);
	return ret;
}

/* The program at pind, which is active. sources: NULL: all LBAs. */
static int run(struct kcsd_drive *drv, const struct kcsd_object *obj, uint32_t pind,
	       const char *argument, const struct kcsd_sources *sources)
{
	struct kcsd_lba_range all = {
		.nlb = kcsd_drive_nsze(drv),
		.access = KCSD_GRANT_READ,
	};
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .grants = &all, .nr_grants = !sources,
		  .sources = sources, .args = argument, .args_len = strlen(argument),
		  .out_len = OUTPUT_LEN);
	struct kcsd_run_result result;
	struct kcsd_error err;
	int ret = kcsd_program_run(drv, &opts, &result, sizeof(result), &err);

	if (!ret)
		printf("%" PRIu64 " (%" PRIu64 " instructions, %" PRIu64 " bytes read)\n",
		       result.r0, result.info.insns, result.info.read_bytes);
	else if (ret < 0)
		fprintf(stderr, "%s\n", err.text);
	else
		fprintf(stderr, "%s\n", kcsd_run_describe(&result, sizeof(result), obj, &err));
	fwrite(result.out, 1, result.out_len, stdout);
	kcsd_run_result_free(&result, sizeof(result));
	return ret;
}

static int load_and_run(struct kcsd_drive *drv, const struct kcsd_object *obj,
			const char *argument)
{
	struct kcsd_sources *sources = NULL;
	struct kcsd_error err;
	uint32_t pind;
	int ret = kcsd_object_load(drv, obj, NULL, &pind, &err);

	if (ret) {
		fprintf(stderr, "%s\n", err.text);
		return ret;
	}
	ret = kcsd_program_activate(drv, pind);
	if (!ret) {
		if (nr_keys)
			ret = make_sources(drv, &sources);
		if (!ret)
			ret = run(drv, obj, pind, argument, sources);
		kcsd_sources_destroy(sources);
		kcsd_program_deactivate(drv, pind);
	}
	kcsd_program_unload(drv, pind);
	return ret;
}

int main(int argc, char **argv)
{
	struct kcsd_object *obj;
	struct kcsd_drive *drv;
	struct kcsd_error err;
	int i, ret;

	if (argc < 4 || argc > 4 + MAX_KEYS) {
		fprintf(stderr, "usage: run DRIVE OBJECT ARGUMENT [KEY]...\n");
		return 2;
	}
	for (i = 4; i < argc; i++) {
		if (kcsd_kv_key_parse(argv[i], &keys[nr_keys++], &err)) {
			fprintf(stderr, "%s\n", err.text);
			return 2;
		}
	}
	if (kcsd_object_open(argv[2], NULL, &obj, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	ret = kcsd_drive_open(argv[1], 0, &drv);
	if (!ret) {
		ret = load_and_run(drv, obj, argv[3]);
		kcsd_drive_close(drv);
	} else {
		fprintf(stderr, "%s: %s\n", argv[1], kcsd_error_text(ret));
	}
	kcsd_object_close(obj);
	return ret ? 1 : 0;
}
