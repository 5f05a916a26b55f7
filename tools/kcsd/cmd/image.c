// SPDX-License-Identifier: GPL-2.0
/* kcsd image: write the image that Load Program takes to a file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program_file.h"

#define OPTIONS(X) \
	X(OUTPUT, "output", 'o', "FILE", "write the image to FILE; '-' is standard output") \
	X(PROGRAM, "program", 'p', "NAME", "the program, if the file has several") \
	X(HEAP, "heap", 0, "SIZE", "memory for the heap of the program; default: 0") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

static int write_file(const char *path, const void *image, size_t len)
{
	FILE *to = strcmp(path, "-") ? fopen(path, "w") : stdout;
	bool failed;

	if (!to)
		return kcsd_fail("--output: %s: %s", path, strerror(errno));
	failed = fwrite(image, 1, len, to) != len || fflush(to);
	if (to != stdout && fclose(to))
		failed = true;
	return failed ? kcsd_fail("--output: %s: %s", path, strerror(errno)) : 0;
}

static void print(const struct args *args, const char *name, size_t len)
{
	json_object *json;

	if (!kcsd_args_has(args, OPT_JSON)) {
		printf("program: %s\nsize: %zu bytes\n", name, len);
		return;
	}
	json = json_object_new_object();
	json_object_object_add(json, "program", json_object_new_string(name));
	json_object_object_add(json, "size", json_object_new_uint64(len));
	kcsd_json_print(json);
}

static int image(const struct args *args)
{
	KCSD_OPTS(kcsd_object_opts, object, .program = kcsd_args_value(args, OPT_PROGRAM));
	const char *path = kcsd_args_value(args, OPT_OUTPUT);
	struct kcsd_object *obj;
	const void *bytes;
	uint64_t heap = 0;
	size_t len;
	int code;

	if (!path)
		return kcsd_usage(args->cmd, "--output is missing");
	if (!strcmp(path, "-") && isatty(STDOUT_FILENO))
		return kcsd_usage(args->cmd, "an image cannot go to a terminal: use --output FILE");
	code = kcsd_args_size(args, OPT_HEAP, UINT32_MAX, &heap);
	if (code)
		return code;
	object.heap_len = heap;
	if (strcmp(path, "-") && (code = kcsd_args_validate_output(args, path)))
		return code;
	code = kcsd_open_object(args->operand[0], &object, &obj);
	if (code)
		return code;
	bytes = kcsd_object_image(obj, &len);
	code = write_file(path, bytes, len);
	if (!code && strcmp(path, "-"))
		print(args, kcsd_object_name(obj), len);
	kcsd_object_close(obj);
	return code;
}

const struct command kcsd_cmd_image = {
	.name = "image",
	.operands = "OBJECT",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "write the image of a program, as a drive loads it, to a file",
	.detail = "The image is the data of a Load Program command (85h), which any program can\n"
		  "send to a drive. 'kcsd load', 'kcsd run' and 'kcsd sim' take an image like an\n"
		  "object file.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = image,
};
