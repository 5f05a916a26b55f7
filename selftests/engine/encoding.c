// SPDX-License-Identifier: GPL-2.0
/* Tests of the opcodes against RFC 9669: lines of "instruction = bytes in hex". */
#include <glob.h>
#include <stdio.h>

#include "asm.h"
#include "disasm.h"
#include "insn.h"
#include "runner.h"
#include "tap.h"

static bool seen[KCSD_NR_OPS];

/* Print units as 16 hex digits each, in the order of their bytes. */
static void to_hex(const struct bpf_insn *insns, u32 nr, char *hex)
{
	const u8 *p = (const u8 *)insns;
	u32 i;

	for (i = 0; i < nr * sizeof(*insns); i++)
		hex += sprintf(hex, i && i % 8 == 0 ? " %02x" : "%02x", p[i]);
}

/* The disassembler must print the same text as the file has. */
static bool shown_so(const struct assembler *a, const char *text)
{
	char got[KCSD_DISASM_LEN];

	return kcsd_disasm(a->insns, a->insn_cnt, 0, NULL, got) == a->insn_cnt &&
		!strcmp(got, text);
}

static bool encoded_so(const char *text, const char *want, const char *place)
{
	struct assembler a;
	char got[40];
	bool ok;
	u32 op;

	asm_init(&a, NULL);
	ok = asm_line(&a, text) && asm_finish(&a) && a.insn_cnt <= 2;
	if (!ok) {
		tap_point(0, "%s", place);
		tap_note("%s: %s", text, a.error);
	} else {
		to_hex(a.insns, a.insn_cnt, got);
		ok = !strcmp(want, got);
		op = kcsd_insn_find(a.insns);
		if (op < KCSD_NR_OPS)
			seen[op] = true;
		if (!ok) {
			tap_point(0, "%s", place);
			tap_note("%s: expected %s, got %s", text, want, got);
		} else if (!shown_so(&a, text)) {
			ok = false;
			tap_point(0, "%s", place);
			tap_note("%s: disassembled it is something else", text);
		}
	}
	asm_exit(&a);
	return ok;
}

static void encoding_file(const char *path, const char *name)
{
	FILE *f = fopen(path, "r");
	char line[160], *equals;
	u32 nr = 0;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "#\n")] = 0;
		equals = strstr(line, " = ");
		if (!equals)
			continue;
		*equals = 0;
		nr++;
		if (!encoded_so(line, equals + 3, name))
			goto close;
	}
	tap_point(nr, "%s", name);
close:
	if (f)
		fclose(f);
}

static void all_seen(void)
{
	u32 op;

	for (op = 0; op < KCSD_NR_OPS; op++) {
		if (seen[op])
			continue;
		tap_point(0, "encoding: every instruction has a line");
		tap_note("%s is in no file", kcsd_insn_get(op)->mnemonic);
		return;
	}
	tap_point(1, "encoding: every instruction has a line");
}

void encoding_tests(const char *dir)
{
	char pattern[PATH_MAX];
	glob_t files;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/encoding/*.txt", dir);
	if (glob(pattern, 0, NULL, &files)) {
		tap_point(0, "encoding: no files %s", pattern);
		return;
	}
	for (i = 0; i < files.gl_pathc; i++)
		encoding_file(files.gl_pathv[i], files.gl_pathv[i] + strlen(dir) + 1);
	globfree(&files);
	all_seen();
}
