// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * A first look at an object file, before libbpf gets it: what can never become
 * a program is refused in words, and what would cost libbpf (which trusts
 * compilers) time, stack or memory without bound. Whatever is not understood
 * here is left to libbpf to refuse.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "object.h"

#define MAX_SECTIONS	4096
#define MAX_FUNCTIONS	4096	/* libbpf walks calls by recursion */

struct elf {
	const struct kcsd_object *obj;	/* for messages */
	struct kcsd_error *err;
	const uint8_t *buf;
	size_t len;
	Elf64_Ehdr head;
	Elf64_Shdr names;		/* the section of section names */
};

static int damaged(const struct elf *elf, const char *what)
{
	return kcsd_error_set(elf->err, -ENOEXEC, "%s: not a valid object file for BPF (%s)",
			      elf->obj->file, what);
}

static bool copy_from(const struct elf *elf, uint64_t off, void *to, size_t len)
{
	if (off > elf->len || len > elf->len - off)
		return false;
	memcpy(to, elf->buf + off, len);
	return true;
}

static bool get_section(const struct elf *elf, uint32_t index, Elf64_Shdr *sh)
{
	return index < elf->head.e_shnum &&
	       elf->head.e_shoff <= elf->len &&
	       copy_from(elf, elf->head.e_shoff + (uint64_t)index * sizeof(*sh), sh, sizeof(*sh));
}

/* A string of a table, "" if it is not wholly in it. */
static const char *get_string(const struct elf *elf, const Elf64_Shdr *table, uint32_t off)
{
	const char *text;

	if (table->sh_offset > elf->len || table->sh_size > elf->len - table->sh_offset ||
	    off >= table->sh_size)
		return "";
	text = (const char *)elf->buf + table->sh_offset + off;
	return memchr(text, 0, table->sh_size - off) ? text : "";
}

/* ---- symbols ---- */

static int check_symbol(const struct elf *elf, const Elf64_Sym *sym, const Elf64_Shdr *strings,
			uint32_t *functions)
{
	const char *name = get_string(elf, strings, sym->st_name);

	if (sym->st_shndx == SHN_UNDEF && ELF64_ST_BIND(sym->st_info) != STB_LOCAL)
		return kcsd_error_set(elf->err, -EINVAL, "%s: %s is not defined: a program is all "
				      "in one file", elf->obj->file, *name ? name : "a symbol");
	if (ELF64_ST_TYPE(sym->st_info) == STT_FUNC && ++*functions > MAX_FUNCTIONS)
		return kcsd_error_set(elf->err, -EFBIG, "%s: more than %d functions",
				      elf->obj->file, MAX_FUNCTIONS);
	return 0;
}

static int check_symbols(const struct elf *elf, const Elf64_Shdr *table)
{
	Elf64_Shdr strings;
	uint32_t functions = 0;
	Elf64_Sym sym;
	uint64_t off;
	int ret = 0;

	if (!get_section(elf, table->sh_link, &strings))
		return damaged(elf, "symbols without names");
	/* The first one means nothing. */
	for (off = sizeof(sym); !ret && off + sizeof(sym) <= table->sh_size; off += sizeof(sym)) {
		if (table->sh_offset > elf->len ||
		    !copy_from(elf, table->sh_offset + off, &sym, sizeof(sym)))
			return damaged(elf, "symbols past its end");
		ret = check_symbol(elf, &sym, &strings, &functions);
	}
	return ret;
}

/* ---- sections ---- */

/* The start of .BTF.ext; what it says of CO-RE comes after two other tables. */
struct btf_ext_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t hdr_len;
	uint32_t other[4];
	uint32_t core_relo_off;
	uint32_t core_relo_len;
};

static int check_btf_ext(const struct elf *elf, const Elf64_Shdr *sh)
{
	struct btf_ext_header h;

	if (sh->sh_size < sizeof(h) || !copy_from(elf, sh->sh_offset, &h, sizeof(h)) ||
	    h.hdr_len < sizeof(h) || !h.core_relo_len)
		return 0;
	return kcsd_error_set(elf->err, -EINVAL, "%s: relocations against a kernel's types "
			      "(preserve_access_index) mean nothing on a drive", elf->obj->file);
}

/* libelf gives no data of others, which libbpf does not expect everywhere. */
static bool has_content(const struct elf *elf, const Elf64_Shdr *sh)
{
	if (sh->sh_flags & SHF_EXECINSTR &&
	    (sh->sh_type != SHT_PROGBITS || sh->sh_flags & SHF_COMPRESSED))
		return false;
	return sh->sh_type == SHT_NULL || sh->sh_type == SHT_NOBITS ||
	       (sh->sh_offset <= elf->len && sh->sh_size <= elf->len - sh->sh_offset);
}

static int check_section(const struct elf *elf, uint32_t index)
{
	const char *name;
	Elf64_Shdr sh;

	if (!get_section(elf, index, &sh))
		return damaged(elf, "section headers past its end");
	if (!has_content(elf, &sh))
		return damaged(elf, "a section that is not wholly in it");
	name = get_string(elf, &elf->names, sh.sh_name);
	if (!strcmp(name, ".maps") || !strcmp(name, "maps"))
		return kcsd_error_set(elf->err, -EINVAL, "%s: section %s: there are no maps: use "
				      "global variables", elf->obj->file, name);
	if (sh.sh_type == SHT_NOBITS && sh.sh_size > KCSD_MAX_DATA)
		return kcsd_error_set(elf->err, -EFBIG, "%s: section %s: %llu bytes of data: at "
				      "most %u are possible", elf->obj->file, name,
				      (unsigned long long)sh.sh_size, KCSD_MAX_DATA);
	if (sh.sh_type == SHT_SYMTAB)
		return check_symbols(elf, &sh);
	return strcmp(name, ".BTF.ext") ? 0 : check_btf_ext(elf, &sh);
}

int kcsd_elf_check(const struct kcsd_object *obj, const void *buf, size_t len,
		   struct kcsd_error *err)
{
	struct elf elf = { .obj = obj, .err = err, .buf = buf, .len = len };
	uint32_t i;
	int ret = 0;

	if (!copy_from(&elf, 0, &elf.head, sizeof(elf.head)) ||
	    memcmp(elf.head.e_ident, ELFMAG, SELFMAG))
		return kcsd_error_set(err, -ENOEXEC, "%s: not an ELF object file", obj->file);
	if (elf.head.e_ident[EI_CLASS] != ELFCLASS64 || elf.head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    elf.head.e_machine != EM_BPF || elf.head.e_type != ET_REL)
		return damaged(&elf, "it is for another machine: compile with -target bpf -c");
	if (elf.head.e_shentsize != sizeof(Elf64_Shdr) || !elf.head.e_shnum ||
	    elf.head.e_shnum > MAX_SECTIONS ||
	    !get_section(&elf, elf.head.e_shstrndx, &elf.names))
		return damaged(&elf, "its section headers make no sense");
	for (i = 1; i < elf.head.e_shnum && !ret; i++)
		ret = check_section(&elf, i);
	return ret;
}
