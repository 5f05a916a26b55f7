// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Objects: good ones become images that the engine runs, bad ones a sentence.
 *
 *	object_test DIRECTORY-OF-BPF-OBJECTS DIRECTORY-OF-THESE-TESTS-OBJECTS
 */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <engine.h>
#include <libkcsd.h>

#include "tap.h"

static const char *bpf, *own;

static const char *in(const char *dir, const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* One of the objects of these tests, to be changed and freed. */
static char *read_own(const char *name, size_t *len)
{
	FILE *file = fopen(in(own, name), "r");
	char *buf = aligned_alloc(8, 1 << 20);

	if (!file || !buf)
		exit(2);
	*len = fread(buf, 1, 1 << 20, file);
	fclose(file);
	return buf;
}

static struct kcsd_object *open_program(const char *path, const char *program)
{
	KCSD_OPTS(kcsd_object_opts, opts, .program = program);
	struct kcsd_object *obj = NULL;
	struct kcsd_error err = {};

	IS(kcsd_object_open(path, &opts, &obj, &err), 0, "%s is opened",
	   strrchr(path, '/') + 1);
	if (!obj)
		printf("# %s\n", err.text);
	return obj;
}

/* ---- good ones ---- */

static s64 no_helper(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *args)
{
	(void)args;
	OK(false, "no helper is called, %u was", id);
	kcsd_vm_fault(vm, KCSD_FAULT_INTERNAL, 0);
	return 0;
}

static u32 no_tick(struct kcsd_vm *vm)
{
	(void)vm;
	return KCSD_FAULT_NONE;
}

static const struct kcsd_vm_ops ops = { .helper = no_helper, .tick = no_tick };

static struct kcsd_vm_end run_with(const struct kcsd_object *obj, u64 cparam1, u64 cparam2)
{
	struct kcsd_vm_input in = { .cparam1 = cparam1, .cparam2 = cparam2, .lba_size = 512 };
	struct kcsd_vm vm = { .budget = 1 << 20, .ops = &ops };
	struct kcsd_image_view view;
	struct kcsd_verdict verdict;
	struct kcsd_code *code;
	const void *image;
	size_t len;

	vm.end.reason = KCSD_FAULT_INTERNAL;
	image = kcsd_object_image(obj, &len);
	if (kcsd_image_parse(image, len, &view) ||
	    kcsd_code_create(view.insns, view.insn_cnt, &code, &verdict))
		return vm.end;
	vm.mem_len = kcsd_layout_init(&vm.layout, &view, 0);
	vm.mem = malloc(vm.mem_len);
	kcsd_vm_setup(&vm, &view, &in);
	kcsd_interp(code, &vm);
	free(vm.mem);
	kcsd_code_destroy(code);
	return vm.end;
}

static struct kcsd_vm_end run(const struct kcsd_object *obj, u64 cparam1)
{
	return run_with(obj, cparam1, 0);
}

static void test_image(void)
{
	KCSD_OPTS(kcsd_object_opts, opts, .heap_len = 12345);
	const struct kcsd_image *image;
	struct kcsd_object *obj;
	size_t len;

	IS(kcsd_object_open(in(bpf, "word.bpf.o"), &opts, &obj, NULL), 0, "word, with a heap");
	IS_TEXT(kcsd_object_name(obj), "word", "word: its name");
	image = kcsd_object_image(obj, &len);
	OK(!memcmp(image->magic, KCSD_IMAGE_MAGIC, KCSD_IMAGE_MAGIC_LEN), "word: magic");
	IS(le16toh(image->version), KCSD_IMAGE_VERSION, "word: version");
	IS(le32toh(image->heap_len), 12345, "word: heap");
	IS_TEXT(image->name, "word", "word: name in the image");
	IS(len, sizeof(*image) + le32toh(image->insn_cnt) * 8ULL + le32toh(image->data_len),
	   "word: length");
	kcsd_object_close(obj);
	kcsd_object_close(NULL);
}

static void test_data(void)
{
	struct kcsd_object *obj = open_program(in(own, "data.bpf.o"), "data");
	struct kcsd_vm_end end;
	const struct kcsd_image *image;
	size_t len;

	if (!obj)
		return;
	end = run(obj, 0);
	IS(end.reason, KCSD_FAULT_NONE, "data: it runs");
	IS(end.r0, 231143, "data: all of it is at its place");
	IS(run(obj, 0).r0, 231143, "data: fresh for every run");
	image = kcsd_object_image(obj, &len);
	OK(le32toh(image->bss_len) >= 100, "data: zeroes are not in the image");
	kcsd_object_close(obj);

	obj = open_program(in(own, "data.bpf.o"), "other");
	if (!obj)
		return;
	IS_TEXT(kcsd_object_name(obj), "other", "a program in section kcsd/other");
	IS(run(obj, 6).r0, 30, "  and its result");
	kcsd_object_close(obj);
}

/* Programs of one object, and what they return; each run twice. */
static const struct answer {
	const char *file, *program;
	u64 cparam1, cparam2, result;
} answers[] = {
	{ "pointers.bpf.o", "words_of", 0, 'a', 2005 },
	{ "pointers.bpf.o", "words_of", 1, 'a', 1004 },
	{ "pointers.bpf.o", "words_of", 2, 'm', 2005 },
	{ "pointers.bpf.o", "words_of", 3, 'a', 0 },
	{ "pointers.bpf.o", "list", 0, 0, 71 },
	{ "pointers.bpf.o", "writes", 0, 0, 104 },
	{ "pointers.bpf.o", "aligned", 0, 0, 4 },
	{ "functions.bpf.o", "calls", 3, 0, 34334 },
	{ "functions.bpf.o", "by_address", 30, 0, 30000465 },
	{ "functions.bpf.o", "deep", 1, 0, 7765432 },
	{ "functions.bpf.o", "mixed", 2, 0, 54321 + 22222 + 1000 + 1001 },
	{ "functions.bpf.o", "alone", 6, 0, 7 },
	{ "functions.bpf.o", "copies", 5, 2999, 5 + 500 },
	{ "functions.bpf.o", "copies", 4, 2998, 4 + 500 + 200000 },
};

static void test_answer(const struct answer *a)
{
	struct kcsd_object *obj = open_program(in(own, a->file), a->program);
	struct kcsd_vm_end end;
	int i;

	for (i = 0; obj && i < 2; i++) {
		end = run_with(obj, a->cparam1, a->cparam2);
		IS(end.reason, KCSD_FAULT_NONE, "  %s runs", a->program);
		IS(end.r0, a->result, "  and returns the right number%s", i ? " again" : "");
	}
	kcsd_object_close(obj);
}

static uint32_t insn_cnt(const char *file, const char *program)
{
	struct kcsd_object *obj = open_program(in(own, file), program);
	const struct kcsd_image *image;
	uint32_t cnt = 0;
	size_t len;

	if (obj) {
		image = kcsd_object_image(obj, &len);
		cnt = le32toh(image->insn_cnt);
	}
	kcsd_object_close(obj);
	return cnt;
}

static void test_answers(void)
{
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		test_answer(&answers[i]);
	OK(insn_cnt("functions.bpf.o", "alone") < 8, "unused functions are left out");
}

static void test_memory(void)
{
	KCSD_OPTS(kcsd_object_opts, opts, .program = "data");
	struct kcsd_object *obj;
	size_t len;
	char *buf = read_own("data.bpf.o", &len);

	IS(kcsd_object_open_mem(buf, len, &opts, &obj, NULL), 0, "from memory");
	memset(buf, 0xaa, len);
	free(buf);
	IS(run(obj, 0).r0, 231143, "from memory: the buffer can be freed");
	kcsd_object_close(obj);
}

static void test_where(void)
{
	struct kcsd_object *obj = open_program(in(own, "data.bpf.o"), "data");
	bool length = false, shared = false, source = false, lines = true;
	struct kcsd_where w;
	const struct kcsd_image *image;
	uint32_t pc, insns;
	size_t len;

	if (!obj)
		return;
	image = kcsd_object_image(obj, &len);
	insns = le32toh(image->insn_cnt);
	IS(kcsd_object_where(obj, 0, &w, sizeof(w)), 0, "where: the first instruction");
	OK(w.function && !strcmp(w.function, "data"), "where: function");
	OK(w.section && !strcmp(w.section, "kcsd"), "where: section");
	OK(w.file && strstr(w.file, "data.bpf.c"), "where: file");
	IS(w.insn, 0, "where: instruction");
	for (pc = 0; pc < insns; pc++) {
		if (kcsd_object_where(obj, pc, &w, sizeof(w)) || !w.function || !w.line)
			lines = false;
		else if (!strcmp(w.function, "data"))
			source |= w.source && strstr(w.source, "shared(7)");
		else if (!strcmp(w.function, "length"))
			length |= !strcmp(w.section, ".text");
		else if (!strcmp(w.function, "shared"))
			shared |= w.insn == 0 && !strcmp(w.section, ".text");
	}
	OK(lines, "where: every instruction has a line");
	OK(source, "where: source");
	OK(length, "where: functions that functions call");
	OK(shared, "where: instructions count from their function");
	IS(kcsd_object_where(obj, insns, &w, sizeof(w)), -ERANGE, "where: beyond the last");
	IS(kcsd_object_where(obj, UINT32_MAX, &w, sizeof(w)), -ERANGE, "where: far beyond");
	kcsd_object_close(obj);
}

/* Without BTF a place has no line, but all else that there is. */
static void test_plain(void)
{
	struct kcsd_object *obj = open_program(in(own, "plain.bpf.o"), "good");
	struct kcsd_where w;

	if (!obj)
		return;
	IS(run(obj, 5).r0, 10, "no debug information: it runs");
	IS(kcsd_object_where(obj, 0, &w, sizeof(w)), 0, "no debug information: where");
	OK(!w.file && !w.source && !w.line && !w.insn, "no debug information: no line");
	OK(w.section && !strcmp(w.section, "kcsd"), "no debug information: the section is known");
	kcsd_object_close(obj);
}

struct list {
	char text[512];
	int stop_after;
};

static int add_name(const char *program, void *arg)
{
	struct list *list = arg;
	size_t len = strlen(list->text);

	snprintf(list->text + len, sizeof(list->text) - len, "%s ", program);
	return list->stop_after && !--list->stop_after ? 77 : 0;
}

static void test_each(void)
{
	struct list list = {}, one = { .stop_after = 1 }, none = {};

	IS(kcsd_object_program_each(in(own, "data.bpf.o"), add_name, &list, NULL), 0,
	   "each program");
	OK(strstr(list.text, "data ") && strstr(list.text, "other ") &&
	   !strstr(list.text, "shared"), "each program, and no other function: %s", list.text);
	IS(kcsd_object_program_each(in(own, "data.bpf.o"), add_name, &one, NULL), 77,
	   "each program: the value of the callback is returned");
	IS(kcsd_object_program_each(in(bpf, "tests/no_program.bpf.o"), add_name, &none, NULL), 0,
	   "each program, of none");
	IS_TEXT(none.text, "", "each program, of none: not called");
	IS(kcsd_object_program_each(in(own, "none.o"), add_name, &none, NULL), -ENOENT,
	   "each program, no file");
}

/* ---- bad ones ---- */

static const struct refusal {
	const char *file;
	const char *program;
	int ret;
	uint32_t verdict;
	const char *says[4];
} refusals[] = {
	{ "own/none.o", NULL, -ENOENT, 0, { "none.o", "No such file" } },
	{ "own/", NULL, -EISDIR, 0, { "directory" } },
	{ "own/check.text", NULL, -ENOEXEC, 0, { "check.text" } },
	{ "own/empty.o", NULL, -ENOEXEC, 0, { "empty.o" } },
	{ "own/host.o", NULL, -ENOEXEC, 0, { "host.o", "BPF" } },
	{ "bpf/tests/no_program.bpf.o", NULL, -ENOENT, 0, { "no_program.bpf.o", "kcsd" } },
	{ "bpf/word.bpf.o", "words", -ENOENT, 0, { "word.bpf.o", "words" } },
	{ "bpf/tests/behave.bpf.o", NULL, -ENOTUNIQ, 0, { "behave.bpf.o", "echo", "spin" } },
	{ "bpf/tests/unknown_helper.bpf.o", NULL, -EINVAL, KCSD_VERDICT_HELPER,
	  { "unknown_helper.bpf.o: section kcsd, function unknown, instruction ",
	    "unknown_helper.bpf.c:", "unknown helper", "65613" } },
	{ "bpf/tests/linux_helper.bpf.o", NULL, -EINVAL, KCSD_VERDICT_LINUX_HELPER,
	  { "linux_helper.bpf.c:", "<kcsd_helpers.h>", ": 5, bpf_ktime_get_ns()" } },
	{ "own/refused.bpf.o", "helper_in_function", -EINVAL, KCSD_VERDICT_HELPER,
	  { "function calls_helper, instruction ", "refused.bpf.c:", "65635" } },
	{ "own/plain.bpf.o", "helper_in_function", -EINVAL, KCSD_VERDICT_HELPER,
	  { "plain.bpf.o: section ", "instruction ", "65635" } },
	{ "own/refused.bpf.o", "recursion", -EINVAL, KCSD_VERDICT_RECURSION,
	  { "function forever", "recursive call" } },
	{ "own/refused.bpf.o", "function_address", -EINVAL, 0,
	  { "function function_address", "address of a function" } },
	{ "own/function_table.bpf.o", NULL, -EINVAL, 0,
	  { "function_table.bpf.o: section .", "address of a function" } },
	{ "own/functions.bpf.o", "too_deep", -EINVAL, KCSD_VERDICT_DEPTH, { "functions.bpf.o" } },
	{ "own/undefined.bpf.o", NULL, -EINVAL, 0, { "undefined.bpf.o", "elsewhere" } },
	{ "own/map.bpf.o", NULL, -EINVAL, 0, { "map.bpf.o", "map" } },
	{ "own/core.bpf.o", NULL, -EINVAL, 0, { "core.bpf.o", "preserve_access_index" } },
	{ "own/many.bpf.o", NULL, -EFBIG, 0, { "many.bpf.o", "functions" } },
	{ "own/huge.bpf.o", NULL, -EFBIG, 0, { "huge.bpf.o" } },
	{ "own/large.o", NULL, -EFBIG, 0, { "large.o" } },
};

/* One line, printable, ended. */
static bool is_sentence(const char *text)
{
	size_t len = strnlen(text, KCSD_ERROR_LEN), i;

	if (!len || len == KCSD_ERROR_LEN)
		return false;
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

static void test_refusal(const struct refusal *r)
{
	const char *slash = strchr(r->file, '/');
	const char *dir = slash - r->file == 3 && !strncmp(r->file, "own", 3) ? own : bpf;
	KCSD_OPTS(kcsd_object_opts, opts, .program = r->program);
	struct kcsd_object *obj = NULL;
	struct kcsd_error err;
	const char *at;
	size_t i;
	int ret;

	memset(&err, 0xff, sizeof(err));
	ret = kcsd_object_open(in(dir, slash + 1), &opts, &obj, &err);
	IS(ret, r->ret, "refused: %s %s", r->file, r->program ? r->program : "");
	kcsd_object_close(obj);
	if (!ret)
		return;
	OK(is_sentence(err.text), "  with a sentence");
	IS(err.verdict, r->verdict, "  and the reason");
	for (i = 0; i < 4 && r->says[i]; i++)
		SAYS(err.text, r->says[i]);
	at = strstr(err.text, ", instruction ");
	if (at)
		IS(strtoul(at + strlen(", instruction "), NULL, 10), err.pc,
		   "  and the instruction is that of the program, as disasm counts");
	IS(kcsd_object_open(in(dir, slash + 1), &opts, &obj, NULL), r->ret,
	   "  also without an error to fill in");
}

static void test_refusals(void)
{
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		test_refusal(&refusals[i]);
}

static Elf64_Shdr *section_headers(char *buf)
{
	return (Elf64_Shdr *)(buf + ((Elf64_Ehdr *)buf)->e_shoff);
}

/* A section of the buffer, moved to where the file is not, or made what it is not. */
static void test_section(char *buf, size_t len, Elf64_Shdr *sh)
{
	KCSD_OPTS(kcsd_object_opts, opts, .program = "data");
	const Elf64_Shdr was = *sh;
	struct kcsd_object *obj;
	struct kcsd_error err;
	size_t nr = sh - section_headers(buf);

	sh->sh_offset = len + 1;
	IS(kcsd_object_open_mem(buf, len, &opts, &obj, &err), -ENOEXEC,
	   "section %zu is removed", nr);
	SAYS(err.text, "not wholly in it");
	*sh = was;
	sh->sh_size = -was.sh_offset;
	IS(kcsd_object_open_mem(buf, len, &opts, &obj, &err), -ENOEXEC, "section %zu is cut", nr);
	*sh = was;
	sh->sh_flags |= SHF_EXECINSTR;
	sh->sh_type = SHT_RELA;
	IS(kcsd_object_open_mem(buf, len, &opts, &obj, &err), -ENOEXEC,
	   "section %zu: invalid code", nr);
	*sh = was;
}

/* All sections are the same code: a walk through each would take hours. */
static void test_shared_bytes(void)
{
	size_t len, i;
	char *buf = read_own("data.bpf.o", &len);
	Elf64_Shdr *sh = section_headers(buf);
	struct kcsd_object *obj;
	struct kcsd_error err;

	for (i = 1; i < 4; i++) {
		sh[i].sh_type = SHT_PROGBITS;
		sh[i].sh_flags = SHF_EXECINSTR;
		sh[i].sh_offset = 0;
		sh[i].sh_size = len / 2;
	}
	IS(kcsd_object_open_mem(buf, len, NULL, &obj, &err), -ENOEXEC, "sections share bytes");
	SAYS(err.text, "sections that share bytes");
	free(buf);
}

static void test_sections(void)
{
	size_t len, i;
	char *buf = read_own("data.bpf.o", &len);
	const Elf64_Ehdr *head = (void *)buf;
	Elf64_Shdr *sh = section_headers(buf);

	for (i = 1; i < head->e_shnum; i++)
		if (sh[i].sh_type != SHT_NOBITS && i != head->e_shstrndx)
			test_section(buf, len, &sh[i]);
	free(buf);
}

/* The first with that name; the test ends if there is none. */
static Elf64_Shdr *find_section(char *buf, const char *name)
{
	const Elf64_Ehdr *head = (void *)buf;
	Elf64_Shdr *sh = section_headers(buf), *end = sh + head->e_shnum;
	const char *names = buf + sh[head->e_shstrndx].sh_offset;

	while (sh < end && strcmp(names + sh->sh_name, name))
		sh++;
	if (sh == end)
		exit(2);
	return sh;
}

/* The calls in insns, without relocations: of the functions of text, one after the other. */
static void resolve_calls(struct bpf_insn *insns, size_t nr, const struct bpf_insn *text)
{
	size_t i, next = 0;

	for (i = 0; i < nr; i++) {
		if (insns[i].code != (BPF_JMP | BPF_CALL))
			continue;
		insns[i].imm = (int)(next - i - 1);
		while (text[next++].code != (BPF_JMP | BPF_EXIT))
			;
	}
}

/* libbpf up to 1.2 frees twice what it keeps of such a program. */
static void test_calls(void)
{
	size_t len;
	char *buf = read_own("calls.bpf.o", &len);
	const Elf64_Shdr *text = find_section(buf, ".text"), *code = find_section(buf, "kcsd");
	struct kcsd_object *obj;
	struct kcsd_error err;

	IS(kcsd_object_open_mem(buf, len, NULL, &obj, &err), 0, "calls with relocations");
	kcsd_object_close(obj);
	find_section(buf, ".relkcsd")->sh_type = SHT_PROGBITS;
	resolve_calls((void *)(buf + code->sh_offset), code->sh_size / 8,
		      (void *)(buf + text->sh_offset));
	IS(kcsd_object_open_mem(buf, len, NULL, &obj, &err), -ENOEXEC, "calls without");
	SAYS(err.text, "a call of a function without a relocation");
	kcsd_object_close(obj);
	free(buf);
}

static void test_options(void)
{
	struct { struct kcsd_object_opts o; uint64_t more; } longer = {
		.o = { .sz = sizeof(longer), .file = "some\nname" },
	};
	KCSD_OPTS(kcsd_object_opts, flags, .flags = 2);
	KCSD_OPTS(kcsd_object_opts, none);
	struct kcsd_object *obj;
	struct kcsd_error err;

	IS(kcsd_object_open(in(bpf, "word.bpf.o"), &flags, &obj, &err), -EINVAL, "unknown flags");
	none.sz = 0;
	IS(kcsd_object_open(in(bpf, "word.bpf.o"), &none, &obj, &err), -EINVAL,
	   "options of no size");
	IS(kcsd_object_open(in(bpf, "word.bpf.o"), &longer.o, &obj, &err), 0,
	   "options of a newer library, not used");
	kcsd_object_close(obj);
	longer.more = 1;
	OK(kcsd_object_open(in(bpf, "word.bpf.o"), &longer.o, &obj, &err) < 0,
	   "options of a newer library, used");
	IS(kcsd_object_open(in(bpf, "word.bpf.o"), NULL, &obj, &err), 0, "no options");
	kcsd_object_close(obj);
	longer.more = 0;
	IS(kcsd_object_open_mem("junk", 4, &longer.o, &obj, &err), -ENOEXEC, "junk");
	SAYS(err.text, "some?name");
	IS(kcsd_object_open_mem("", 0, NULL, &obj, &err), -ENOEXEC, "nothing");
	OK(is_sentence(err.text), "nothing: a sentence");
}

/* Make the files for the refused objects that no compiler makes. */
static void make_files(void)
{
	FILE *file = fopen(in(own, "check.text"), "w");

	fputs("#!/bin/sh\necho this is no object\n", file);
	fclose(file);
	fclose(fopen(in(own, "empty.o"), "w"));
	fclose(fopen(in(own, "large.o"), "w"));
	if (truncate(in(own, "large.o"), KCSD_MAX_OBJECT + 1))
		OK(false, "large.o");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	bpf = argv[1];
	own = argv[2];
	make_files();
	test_image();
	test_data();
	test_answers();
	test_memory();
	test_where();
	test_plain();
	test_each();
	test_refusals();
	test_sections();
	test_shared_bytes();
	test_calls();
	test_options();
	return tap_end();
}
