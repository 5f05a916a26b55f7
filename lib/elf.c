// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Parse and relocate ELF files with libbpf. libbpf is told to make a loader program, which it does
 * without asking the kernel, and is stopped when it passes the relocated instructions to a handler.
 *
 * libbpf has one print function and one table of section handlers for the whole process. The
 * library installs its own once and never removes them. They act only for a thread that is in this
 * file, and pass all other calls on.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

#define SECTION	"kcsd"

/* State of a thread while it is in libbpf. */
struct capture {
	struct kcsd_object *obj;
	int ret;		/* return value of our handler */
	bool called;		/* our handler was called */
	char message[256];	/* first warning of libbpf: later ones are its consequences */
};

static __thread struct capture *capture;
static libbpf_print_fn_t previous_print;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_ret;

/* ---- callbacks of libbpf ---- */

__attribute__((format(printf, 2, 0)))
static int print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	struct capture *c = capture;
	char text[256];

	if (!c)
		return previous_print ? previous_print(level, fmt, ap) : 0;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (level == LIBBPF_WARN && !c->message[0])
		snprintf(c->message, sizeof(c->message), "%.*s", (int)strcspn(text, "\n"),
			 text + (strncmp(text, "libbpf: ", 8) ? 0 : 8));
	return 0;
}

static int take_insns(struct kcsd_object *obj, const struct bpf_program *prog)
{
	size_t cnt = bpf_program__insn_cnt(prog);

	if (!cnt || cnt > UINT32_MAX)
		return -EINVAL;
	obj->insns = reallocarray(NULL, cnt, sizeof(*obj->insns));
	if (!obj->insns)
		return -ENOMEM;
	memcpy(obj->insns, bpf_program__insns(prog), cnt * sizeof(*obj->insns));
	obj->insn_cnt = cnt;
	return 0;
}

/* Take the relocated program from libbpf. The returned error stops libbpf, as intended. */
static int prepare_load(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	struct capture *c = capture;

	(void)cookie;
	/* Other code of this process loads a section of this name into the kernel: let it. */
	if (!c)
		return 0;
	c->called = true;
	c->ret = take_insns(c->obj, prog);
	if (!c->ret)
		c->ret = kcsd_where_init(c->obj, opts);
	return -ECANCELED;
}

static void init_libbpf(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = prepare_load);
	int ret = libbpf_register_prog_handler(SECTION "+", BPF_PROG_TYPE_SOCKET_FILTER, 0, &opts);

	if (ret < 0)
		once_ret = ret;
	previous_print = libbpf_set_print(print);
}

/* ---- */

/* Set err and add the warning of libbpf, if there was one. */
static int refuse(const struct kcsd_object *obj, const struct capture *c, int ret,
		  const char *what, struct kcsd_error *err)
{
	return kcsd_error_set(err, ret, "%s: %s%s%s%s", obj->file, what,
			      c->message[0] ? " (" : "", c->message, c->message[0] ? ")" : "");
}

/* Validate the size of data before bpf_object__load() copies it. */
static int validate_data(const struct kcsd_object *obj, struct kcsd_error *err)
{
	const struct bpf_map *map;
	uint64_t len = 0;

	bpf_object__for_each_map(map, obj->bpf)
		len += bpf_map__value_size(map);
	return len <= KCSD_MAX_DATA ? 0 :
	       kcsd_error_set(err, -EFBIG, "%s: %llu bytes of data: at most %u are possible",
			      obj->file, (unsigned long long)len, KCSD_MAX_DATA);
}

int kcsd_elf_open(struct kcsd_object *obj, const void *buf, size_t len, struct kcsd_error *err)
{
	/* libbpf makes the name of the object the prefix of the names of maps: see image.c. */
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "kcsd");
	struct capture c = { .obj = obj };
	int ret = kcsd_elf_validate(obj, buf, len, err);

	if (ret)
		return ret;
	pthread_once(&once, init_libbpf);
	if (once_ret)
		return kcsd_error_set(err, once_ret, "libbpf takes no section handler: %s",
				      kcsd_error_text(once_ret));
	capture = &c;
	errno = 0;
	obj->bpf = bpf_object__open_mem(buf, len, &opts);
	capture = NULL;
	if (!obj->bpf)
		return errno == ENOMEM ? kcsd_error_set(err, -ENOMEM, "out of memory") :
		       refuse(obj, &c, -ENOEXEC, "not a valid object file for BPF", err);
	return validate_data(obj, err);
}

bool kcsd_elf_is_program(const struct bpf_program *prog)
{
	const char *section = bpf_program__section_name(prog);
	size_t len = strlen(SECTION);

	return section && !strncmp(section, SECTION, len) &&
	       (!section[len] || section[len] == '/');
}

int kcsd_elf_relocate(struct kcsd_object *obj, struct bpf_program *prog, struct kcsd_error *err)
{
	LIBBPF_OPTS(gen_loader_opts, opts);
	struct capture c = { .obj = obj };
	struct bpf_program *p;
	int ret;

	obj->name = strdup(bpf_program__name(prog));
	obj->section = strdup(bpf_program__section_name(prog));
	if (!obj->name || !obj->section)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	bpf_object__for_each_program(p, obj->bpf)
		bpf_program__set_autoload(p, p == prog);
	capture = &c;
	ret = bpf_object__gen_loader(obj->bpf, &opts);
	if (!ret)
		ret = bpf_object__load(obj->bpf);
	capture = NULL;
	if (c.called && !c.ret)
		return 0;
	if (c.ret == -ENOMEM || ret == -ENOMEM)
		return kcsd_error_set(err, -ENOMEM, "out of memory");
	return refuse(obj, &c, -ENOEXEC, "the program cannot be linked", err);
}
