// SPDX-License-Identifier: GPL-2.0
/* kcsd build: run clang with the flags for programs of a drive. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"

#define MAX_ARGS	64
#define MAX_INCLUDES	16
#define NO_COMMAND	127	/* exit code, the same as in a shell */
#define MESSAGES_LEN	65536

#define OPTIONS(X) \
	X(OUTPUT, "output", 'o', "FILE", "the object file; default: FILE.bpf.o, here") \
	X(INCLUDE, "include", 'I', "DIRECTORY", \
	  "search this directory for headers, too; repeatable") \
	X(CLANG, "clang", 0, "COMMAND", "use this compiler; default: the newest clang") \
	X(VERBOSE, "verbose", 'v', NULL, "print the command line of the compiler")

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

struct build {
	const struct args *args;
	const char *clang;
	const char *cpu;
	char source[PATH_MAX];
	char object[PATH_MAX];
	char made[PATH_MAX];		/* temporary name of the object until it is validated */
	char helpers[PATH_MAX];		/* directory of kcsd_helpers.h */
	char uapi[PATH_MAX];		/* directory of <linux/kcsd.h>; "": same as helpers */
	char system[PATH_MAX];		/* directory of <asm/types.h>; "": clang finds it */
	char messages[MESSAGES_LEN];	/* of the compiler, as far as they fit */
};

/* ---- child process ---- */

/* Start argv with empty standard input, standard error to error_fd. Return the pid. */
static pid_t start(char *const argv[], int error_fd)
{
	pid_t pid;
	int null;

	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (pid)
		return pid;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(error_fd < 0 ? null : error_fd, STDERR_FILENO) < 0)
		_exit(126);
	execvp(argv[0], argv);
	_exit(NO_COMMAND);
}

static int wait_for(pid_t pid)
{
	int status;

	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- the compiler ---- */

/* Return the exit code of a trial run of this clang. */
static int try_clang(const char *clang, const char *cpu)
{
	char option[16];
	char *argv[] = { (char *)clang, "-target", "bpf", option, "-x", "c", "-c", "/dev/null",
			 "-o", "/dev/null", NULL };

	snprintf(option, sizeof(option), "-mcpu=%s", cpu);
	return wait_for(start(argv, -1));
}

static bool take_clang(struct build *b, const char *clang)
{
	static const char *const cpus[] = { "v4", "v3" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cpus); i++) {
		if (try_clang(clang, cpus[i]))
			continue;
		b->clang = clang;
		b->cpu = cpus[i];
		return true;
	}
	return false;
}

static int find_clang(struct build *b)
{
	static const char *const names[] = {
		"clang-22", "clang-21", "clang-20", "clang-19", "clang-18", "clang-17", "clang",
		"clang-16", "clang-15", "clang-14",
	};
	const char *wanted = kcsd_args_value(b->args, OPT_CLANG);
	size_t i;

	if (wanted && take_clang(b, wanted))
		return 0;
	if (wanted && try_clang(wanted, "v3") == NO_COMMAND)
		return kcsd_fail("--clang: there is no command '%s'", wanted);
	if (wanted)
		return kcsd_fail("--clang: '%s' does not compile for BPF: version 14 or newer is "
				 "needed", wanted);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (take_clang(b, names[i]))
			return 0;
	return kcsd_fail("no clang that compiles for BPF: install clang, version 14 or newer");
}

/* ---- the headers ---- */

/* True if the directory base/below has the file; then put the path of the directory in to. */
static bool find_in(char to[PATH_MAX], const char *base, const char *below, const char *file)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s/%s", base, below, file) >= (int)sizeof(path) ||
	    access(path, R_OK))
		return false;
	path[strlen(path) - strlen(file) - 1] = '\0';
	return realpath(path, to);
}

/* Find the headers relative to this executable: PREFIX/bin/kcsd, or build/kcsd in the tree. */
static int find_headers(struct build *b)
{
	static const char helpers[] = "kcsd_helpers.h";
	char base[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", base, sizeof(base) - 1);

	if (len < 0)
		return kcsd_fail("/proc/self/exe: %s", strerror(errno));
	base[len] = '\0';
	slash = strrchr(base, '/');
	if (slash)
		*slash = '\0';
	if (find_in(b->helpers, base, "../include", helpers))
		return 0;
	if (find_in(b->helpers, base, "../bpf", helpers) &&
	    find_in(b->uapi, base, "../include/uapi", "linux/kcsd.h"))
		return 0;
	if (kcsd_args_has(b->args, OPT_INCLUDE))
		return 0;
	return kcsd_fail("cannot find %s near this command: name its directory with --include",
			 helpers);
}

/* Find <asm/types.h>. On Debian clang does not look into its directory for this target. */
static void find_system(struct build *b)
{
	struct utsname name;
	char base[PATH_MAX];

	if (uname(&name))
		return;
	snprintf(base, sizeof(base), "/usr/include/%s-linux-gnu", name.machine);
	find_in(b->system, base, ".", "asm/types.h");
}

/* ---- the command line ---- */

static void add_includes(const struct build *b, char **argv, int *argc)
{
	int i;

	for (i = 0; i < b->args->nr_given; i++) {
		if (b->args->given[i].opt != OPT_INCLUDE)
			continue;
		argv[(*argc)++] = "-I";
		argv[(*argc)++] = (char *)b->args->given[i].value;
	}
	if (*b->helpers) {
		argv[(*argc)++] = "-I";
		argv[(*argc)++] = (char *)b->helpers;
	}
	if (*b->uapi) {
		argv[(*argc)++] = "-I";
		argv[(*argc)++] = (char *)b->uapi;
	}
	if (*b->system) {
		argv[(*argc)++] = "-idirafter";
		argv[(*argc)++] = (char *)b->system;
	}
}

static void make_command(struct build *b, char **argv, char cpu[16])
{
	static char *const first[] = { "-O2", "-g", "-target", "bpf", "-Wall" };
	int argc = 0;
	size_t i;

	argv[argc++] = (char *)b->clang;
	for (i = 0; i < ARRAY_SIZE(first); i++)
		argv[argc++] = first[i];
	snprintf(cpu, 16, "-mcpu=%s", b->cpu);
	argv[argc++] = cpu;
	add_includes(b, argv, &argc);
	argv[argc++] = "-c";
	argv[argc++] = b->source;
	argv[argc++] = "-o";
	argv[argc++] = b->made;
	argv[argc] = NULL;
}

static int validate_includes(const struct args *args)
{
	int i, nr = 0;

	for (i = 0; i < args->nr_given; i++)
		nr += args->given[i].opt == OPT_INCLUDE;
	return nr <= MAX_INCLUDES ? 0 : kcsd_usage(args->cmd, "more than %d --include",
						   MAX_INCLUDES);
}

/* ---- hints ---- */

#define NO_LIBRARY \
	"a drive has no C library: leave out <stdio.h> and similar headers, use the functions " \
	"of <kcsd_helpers.h> and <kcsd_string.h>"

/* Texts of clang and the hints for them. */
static const struct {
	const char *says;
	const char *hint;
} hints[] = {
	{ "gnu/stubs", NO_LIBRARY },
	{ "bits/libc-header-start.h' file not found", NO_LIBRARY },
	{ "BPF stack limit", "a function has 512 bytes of stack, and a drive has no maps: make the "
	  "variable 'static'; each run has its own copy" },
	{ "built-in function '__", "a drive has no floating point and no 128-bit integers" },
	{ "signed division", "signed division needs clang 17 or newer, as in 'kcsd build --clang "
	  "clang-19'; or divide unsigned numbers" },
	{ "built-in function 'm", "a drive does not have this function: <kcsd_string.h> has "
	  "memcpy() and others as helpers" },
	{ "kcsd_helpers.h' file not found", "name the directory of kcsd_helpers.h with --include" },
};

static void print_hint(const char *hint)
{
	fprintf(stderr, "kcsd build: hint: %s\n", hint);
}

static void print_hints(const struct build *b)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hints); i++)
		if (strstr(b->messages, hints[i].says))
			print_hint(hints[i].hint);
}

/* Pass the messages of the compiler on; keep as much as fits into b->messages. */
static void read_messages(struct build *b, int fd)
{
	size_t used = 0, room;
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		fwrite(chunk, 1, n, stderr);
		room = sizeof(b->messages) - 1 - used;
		room = room < (size_t)n ? room : (size_t)n;
		memcpy(b->messages + used, chunk, room);
		used += room;
	}
	b->messages[used] = '\0';
}

static int compile(struct build *b)
{
	char *argv[MAX_ARGS], cpu[16];
	int fds[2], i, code;
	pid_t pid;

	make_command(b, argv, cpu);
	for (i = 0; kcsd_args_has(b->args, OPT_VERBOSE) && argv[i]; i++)
		fprintf(stderr, "%s%s", argv[i], argv[i + 1] ? " " : "\n");
	if (pipe2(fds, O_CLOEXEC))
		return kcsd_fail("pipe: %s", strerror(errno));
	pid = start(argv, fds[1]);
	close(fds[1]);
	read_messages(b, fds[0]);
	close(fds[0]);
	code = wait_for(pid);
	print_hints(b);
	return code ? kcsd_fail("%s: %s failed", b->source, b->clang) : 0;
}

/* ---- the object ---- */

struct validated {
	const struct build *b;
	int nr, code;
};

static int validate_program(const char *program, void *arg)
{
	struct validated *v = arg;
	KCSD_OPTS(kcsd_object_opts, object, .program = program, .file = v->b->source);
	struct kcsd_object *obj;
	struct kcsd_error error;

	v->nr++;
	if (kcsd_object_open(v->b->made, &object, &obj, &error)) {
		v->code = kcsd_fail("%s", error.text);
		return 0;
	}
	printf("program: %s\n", kcsd_object_name(obj));
	kcsd_object_close(obj);
	return 0;
}

/* Print an error with the name of the source instead of the temporary name of the object. */
static int fail_object(const struct build *b, const char *text)
{
	size_t len = strlen(b->made);

	if (strstr(text, " is not defined"))
		print_hint(NO_LIBRARY);
	if (strncmp(text, b->made, len))
		return kcsd_fail("%s", text);
	return kcsd_fail("%s%s", b->source, text + len);
}

/* Validate the object as a drive does, but with names and source lines in the messages. */
static int validate_object(const struct build *b)
{
	struct validated v = { .b = b };
	struct kcsd_error error;

	if (kcsd_object_program_each(b->made, validate_program, &v, &error))
		return fail_object(b, error.text);
	if (!v.nr)
		return kcsd_fail("%s: no program: a program is a function with SEC(\"kcsd\")",
				 b->source);
	return v.code;
}

/* Rename the object if code is 0. Else remove it, so that an older good object stays. */
static int take_object(const struct build *b, int code)
{
	if (!code && rename(b->made, b->object))
		code = kcsd_fail("%s: %s", b->object, strerror(errno));
	if (code)
		unlink(b->made);
	else
		printf("object: %s\n", b->object);
	return code;
}

/* ---- names of files ---- */

/* Make a temporary name in the folder of the object, so that rename() works. */
static int name_made(struct build *b)
{
	int code = kcsd_args_validate_output(b->args, b->object);
	char dir[PATH_MAX];
	struct stat st;

	if (code)
		return code;
	if (!stat(b->object, &st) && !S_ISREG(st.st_mode))
		return kcsd_fail("--output: %s: not a regular file", b->object);
	snprintf(dir, sizeof(dir), "%s", b->object);
	if (access(dirname(dir), W_OK))
		return kcsd_fail("--output: %s: %s", b->object, strerror(errno));
	if (snprintf(b->made, sizeof(b->made), "%s.%d", b->object, getpid()) >=
	    (int)sizeof(b->made))
		return kcsd_fail("%s: %s", b->object, strerror(ENAMETOOLONG));
	return 0;
}

/* Name the object "word.bpf.o" for "dir/word.bpf.c", in the current directory. */
static int name_files(struct build *b)
{
	const char *source = b->args->operand[0], *object = kcsd_args_value(b->args, OPT_OUTPUT);
	const char *base = strrchr(source, '/');
	size_t len;

	base = base ? base + 1 : source;
	len = strlen(base);
	if (len < 3 || strcmp(base + len - 2, ".c"))
		return kcsd_usage(b->args->cmd, "'%s' is not a C file, FILE.bpf.c", source);
	if (strlen(source) + 2 >= sizeof(b->source) ||
	    (object && strlen(object) + 2 >= sizeof(b->object)))
		return kcsd_fail("%s: %s", source, strerror(ENAMETOOLONG));
	/* Keep the compiler from taking a leading '-' for an option. */
	snprintf(b->source, sizeof(b->source), "%s%s", *source == '-' ? "./" : "", source);
	if (object)
		snprintf(b->object, sizeof(b->object), "%s%s", *object == '-' ? "./" : "", object);
	else
		snprintf(b->object, sizeof(b->object), "%s%.*s.o", *base == '-' ? "./" : "",
			 (int)len - 2, base);
	if (access(source, R_OK))
		return kcsd_fail("%s: %s", source, strerror(errno));
	return name_made(b);
}

static int build(const struct args *args)
{
	struct build *b = calloc(1, sizeof(*b));
	int code;

	if (!b)
		return kcsd_fail("out of memory");
	b->args = args;
	if (!(code = validate_includes(args)) && !(code = name_files(b)) &&
	    !(code = find_clang(b)) && !(code = find_headers(b))) {
		find_system(b);
		code = compile(b);
		if (!code)
			code = validate_object(b);
		code = take_object(b, code);
	}
	free(b);
	return code;
}

const struct command kcsd_cmd_build = {
	.name = "build",
	.operands = "FILE.bpf.c",
	.min_operands = 1,
	.max_operands = 1,
	.summary = "compile a program for drives with clang",
	.detail = "Needs clang 14 or newer; from 17 on it uses more instructions. Validates the\n"
		  "programs in the object file, as a drive does.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = build,
};
