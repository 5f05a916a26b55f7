// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Validate an object file before libbpf parses it. Refuse, with a message, files that cannot become
 * a program, and files that would cost libbpf (which trusts compilers) unlimited time, stack or
 * memory. libbpf itself refuses all other invalid files.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"
#include "object.h"

#define MAX_SECTIONS	4096
#define MAX_FUNCTIONS	4096	/* libbpf walks calls by recursion */

struct validator {
	const struct kcsd_object *obj;	/* for messages */
	struct kcsd_error *err;
	struct kcsd_elf elf;
	uint64_t walked;		/* bytes of the sections that validate_calls() walks */
};

static int damaged(const struct validator *c, const char *what)
{
	return kcsd_error_set(c->err, -ENOEXEC, "%s: not a valid object file for BPF (%s)",
			      c->obj->file, what);
}

/* ---- symbols ---- */

static int validate_symbol(const struct validator *c, const Elf64_Sym *sym,
			   const Elf64_Shdr *strings, uint32_t *functions)
{
	const char *name = kcsd_elf_string(&c->elf, strings, sym->st_name);

	if (sym->st_shndx == SHN_UNDEF && ELF64_ST_BIND(sym->st_info) != STB_LOCAL)
		return kcsd_error_set(c->err, -EINVAL, "%s: %s is not defined: a program is all "
				      "in one file", c->obj->file, *name ? name : "a symbol");
	if (ELF64_ST_TYPE(sym->st_info) == STT_FUNC && ++*functions > MAX_FUNCTIONS)
		return kcsd_error_set(c->err, -EFBIG, "%s: more than %d functions",
				      c->obj->file, MAX_FUNCTIONS);
	return 0;
}

static int validate_symbols(const struct validator *c, const Elf64_Shdr *table)
{
	Elf64_Shdr strings;
	uint32_t functions = 0;
	Elf64_Sym sym;
	uint64_t off;
	int ret = 0;

	if (!kcsd_elf_section(&c->elf, table->sh_link, &strings))
		return damaged(c, "symbols without names");
	/* The first symbol is unused. */
	for (off = sizeof(sym); !ret && off + sizeof(sym) <= table->sh_size; off += sizeof(sym)) {
		if (table->sh_offset > c->elf.len ||
		    !kcsd_elf_copy(&c->elf, table->sh_offset + off, &sym, sizeof(sym)))
			return damaged(c, "symbols past its end");
		ret = validate_symbol(c, &sym, &strings, &functions);
	}
	return ret;
}

/* ---- types ---- */

/* Start of .BTF.ext; the fields of CO-RE come after those of two other tables. */
struct btf_ext_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t hdr_len;
	uint32_t other[4];
	uint32_t core_relo_off;
	uint32_t core_relo_len;
};

static int validate_btf_ext(const struct validator *c, const Elf64_Shdr *sh)
{
	struct btf_ext_header h;

	if (sh->sh_size < sizeof(h) || !kcsd_elf_copy(&c->elf, sh->sh_offset, &h, sizeof(h)) ||
	    h.hdr_len < sizeof(h) || !h.core_relo_len)
		return 0;
	return kcsd_error_set(c->err, -EINVAL, "%s: relocations against kernel types "
			      "(preserve_access_index) mean nothing on a drive", c->obj->file);
}

/* ---- calls ---- */

/*
 * Mark the instructions of section index that have a relocation: one bit each, for nr instructions.
 */
static void mark_relocated(const struct validator *c, uint32_t index, uint8_t *bits, uint64_t nr)
{
	Elf64_Shdr sh;
	Elf64_Rel rel;
	uint64_t n, at;
	uint32_t i;

	for (i = 1; kcsd_elf_section(&c->elf, i, &sh); i++) {
		if (sh.sh_type != SHT_REL || sh.sh_info != index)
			continue;
		for (n = 0; kcsd_elf_entry(&c->elf, &sh, n, &rel, sizeof(rel)); n++) {
			at = rel.r_offset / sizeof(struct bpf_insn);
			if (at < nr)
				bits[at / 8] |= 1 << at % 8;
		}
	}
}

static bool is_call(const struct bpf_insn *insn)
{
	return (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL) ||
	       (insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC);
}

/*
 * Refuse calls of a function without a relocation. A valid program has relocations, as it calls
 * functions of .text. A program without relocations that has a call would make libbpf before 1.3
 * free memory twice.
 */
static int validate_calls(const struct validator *c, uint32_t index)
{
	struct bpf_insn insn;
	uint64_t nr, n;
	Elf64_Shdr sh;
	uint8_t *bits;
	int ret = 0;

	if (!kcsd_elf_section(&c->elf, index, &sh) || !(sh.sh_flags & SHF_EXECINSTR) ||
	    !strcmp(kcsd_elf_string(&c->elf, &c->elf.names, sh.sh_name), ".text"))
		return 0;
	nr = sh.sh_size / sizeof(insn);
	bits = calloc(nr / 8 + 1, 1);
	if (!bits)
		return kcsd_error_set(c->err, -ENOMEM, "out of memory");
	mark_relocated(c, index, bits, nr);
	for (n = 0; !ret && kcsd_elf_entry(&c->elf, &sh, n, &insn, sizeof(insn)); n++)
		if (is_call(&insn) && !(bits[n / 8] & 1 << n % 8))
			ret = damaged(c, "a call of a function without a relocation");
	free(bits);
	return ret;
}

/* ---- sections ---- */

/*
 * True if the file has all bytes of the section. libelf returns no data for other sections, and
 * libbpf does not handle that everywhere.
 */
static bool has_content(const struct validator *c, const Elf64_Shdr *sh)
{
	if (sh->sh_flags & SHF_EXECINSTR &&
	    (sh->sh_type != SHT_PROGBITS || sh->sh_flags & SHF_COMPRESSED))
		return false;
	return sh->sh_type == SHT_NULL || sh->sh_type == SHT_NOBITS ||
	       (sh->sh_offset <= c->elf.len && sh->sh_size <= c->elf.len - sh->sh_offset);
}

/* True if sections share bytes. These would cost time that the size of the file does not limit. */
static bool shares_bytes(struct validator *c, const Elf64_Shdr *sh)
{
	if (sh->sh_flags & SHF_EXECINSTR || sh->sh_type == SHT_REL)
		c->walked += sh->sh_size;
	return c->walked > c->elf.len;
}

static int validate_section(struct validator *c, uint32_t index)
{
	const char *name;
	Elf64_Shdr sh;

	if (!kcsd_elf_section(&c->elf, index, &sh))
		return damaged(c, "section headers past its end");
	if (!has_content(c, &sh))
		return damaged(c, "a section that is not wholly in it");
	if (shares_bytes(c, &sh))
		return damaged(c, "sections that share bytes");
	name = kcsd_elf_string(&c->elf, &c->elf.names, sh.sh_name);
	if (!strcmp(name, ".maps") || !strcmp(name, "maps"))
		return kcsd_error_set(c->err, -EINVAL, "%s: section %s: there are no maps: use "
				      "global variables", c->obj->file, name);
	if (sh.sh_type == SHT_NOBITS && sh.sh_size > KCSD_MAX_DATA)
		return kcsd_error_set(c->err, -EFBIG, "%s: section %s: %llu bytes of data: at "
				      "most %u are possible", c->obj->file, name,
				      (unsigned long long)sh.sh_size, KCSD_MAX_DATA);
	if (sh.sh_type == SHT_SYMTAB)
		return validate_symbols(c, &sh);
	return strcmp(name, ".BTF.ext") ? 0 : validate_btf_ext(c, &sh);
}

int kcsd_elf_validate(const struct kcsd_object *obj, const void *buf, size_t len,
		      struct kcsd_error *err)
{
	struct validator c = { .obj = obj, .err = err, .elf = { .buf = buf, .len = len } };
	uint32_t i;
	int ret = 0;

	if (!kcsd_elf_copy(&c.elf, 0, &c.elf.head, sizeof(c.elf.head)) ||
	    memcmp(c.elf.head.e_ident, ELFMAG, SELFMAG))
		return kcsd_error_set(err, -ENOEXEC, "%s: not an ELF object file", obj->file);
	if (c.elf.head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    c.elf.head.e_ident[EI_DATA] != ELFDATA2LSB ||
	    c.elf.head.e_machine != EM_BPF || c.elf.head.e_type != ET_REL)
		return damaged(&c, "it is for another machine: compile with -target bpf -c");
	if (c.elf.head.e_shentsize != sizeof(Elf64_Shdr) || !c.elf.head.e_shnum ||
	    c.elf.head.e_shnum > MAX_SECTIONS ||
	    !kcsd_elf_section(&c.elf, c.elf.head.e_shstrndx, &c.elf.names))
		return damaged(&c, "its section headers make no sense");
	for (i = 1; i < c.elf.head.e_shnum && !ret; i++)
		ret = validate_section(&c, i);
	for (i = 1; i < c.elf.head.e_shnum && !ret; i++)
		ret = validate_calls(&c, i);
	return ret;
}
