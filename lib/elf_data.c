// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Read the properties of data sections that libbpf ignores: their alignment, and the addresses in
 * initialised data (for example tables of strings). The kernel does not support such addresses. A
 * drive does: the place of data is known when it is loaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"
#include "object.h"

#ifndef R_BPF_64_ABS64
#define R_BPF_64_ABS64	2
#define R_BPF_64_ABS32	3
#endif

#define NO_MAP		UINT32_MAX

struct reader {
	struct kcsd_object *obj;
	struct kcsd_error *err;
	struct kcsd_elf elf;
	uint32_t *map;			/* for each section: its index in libbpf, or NO_MAP */
};

static const char *section_name(const struct reader *r, const Elf64_Shdr *sh)
{
	return kcsd_elf_string(&r->elf, &r->elf.names, sh->sh_name);
}

static int damaged(const struct reader *r, const char *what)
{
	return kcsd_error_set(r->err, -ENOEXEC, "%s: not a valid object file for BPF (%s)",
			      r->obj->file, what);
}

/* ---- sections ---- */

static bool is_named(const char *name, const char *section)
{
	size_t len = strlen(section);

	return !strncmp(name, section, len) && (!name[len] || name[len] == '.');
}

static bool is_data(const char *name, const Elf64_Shdr *sh)
{
	if (sh->sh_type == SHT_NOBITS)
		return is_named(name, ".bss");
	return sh->sh_type == SHT_PROGBITS &&
	       (is_named(name, ".data") || is_named(name, ".rodata"));
}

/*
 * True if map is that of the section. Its name in libbpf is that of the section, or ends with it
 * after the name of the object.
 */
static bool is_map_of(const struct bpf_map *map, const char *section, const Elf64_Shdr *sh)
{
	const char *name = bpf_map__name(map), *dot = name ? strchr(name, '.') : NULL;

	return dot && bpf_map__is_internal(map) && is_data(section, sh) &&
	       bpf_map__value_size(map) == sh->sh_size && !strcmp(dot, section);
}

/* Find the maps of the data sections: libbpf creates them in the order of the sections. */
static int find_maps(struct reader *r)
{
	struct bpf_map *map = bpf_object__next_map(r->obj->bpf, NULL);
	uint32_t i, index = 0;
	Elf64_Shdr sh;

	for (i = 0; i < r->elf.head.e_shnum; i++) {
		r->map[i] = NO_MAP;
		if (!map || !kcsd_elf_section(&r->elf, i, &sh) ||
		    !is_map_of(map, section_name(r, &sh), &sh))
			continue;
		if (sh.sh_addralign & (sh.sh_addralign - 1) || sh.sh_addralign > KCSD_MAX_DATA)
			return damaged(r, "data with an impossible alignment");
		r->obj->map_align[index] = sh.sh_addralign;
		r->map[i] = index++;
		map = bpf_object__next_map(r->obj->bpf, map);
	}
	return 0;
}

/* ---- addresses ---- */

static int refuse(const struct reader *r, const Elf64_Shdr *target, const char *what,
		  const char *name)
{
	return kcsd_error_set(r->err, -EINVAL, "%s: section %s: %s%s%s", r->obj->file,
			      section_name(r, target), what, *name ? ": " : "", name);
}

/* Resolve the symbol of a relocation in a data section: set the target of p. */
static int resolve(const struct reader *r, const Elf64_Shdr *target, const Elf64_Shdr *symbols,
		   uint32_t index, struct kcsd_pointer *p)
{
	Elf64_Shdr strings, sh;
	Elf64_Sym sym;
	const char *name;

	if (!kcsd_elf_entry(&r->elf, symbols, index, &sym, sizeof(sym)) ||
	    !kcsd_elf_section(&r->elf, symbols->sh_link, &strings))
		return damaged(r, "an address of no symbol");
	name = kcsd_elf_string(&r->elf, &strings, sym.st_name);
	if (kcsd_elf_section(&r->elf, sym.st_shndx, &sh)) {
		if (sh.sh_flags & SHF_EXECINSTR)
			return refuse(r, target, "the address of a function cannot be in data: "
				      "only call it", name);
		if (r->map[sym.st_shndx] != NO_MAP) {
			p->to_map = r->map[sym.st_shndx];
			p->to_off = sym.st_value;
			return 0;
		}
	}
	return refuse(r, target, "an address outside the data of the program", name);
}

static int add_pointer(const struct reader *r, const Elf64_Shdr *target, const Elf64_Shdr *symbols,
		       const Elf64_Rel *rel, struct kcsd_pointer *p)
{
	uint32_t type = ELF64_R_TYPE(rel->r_info);

	if (type != R_BPF_64_ABS64 && type != R_BPF_64_ABS32)
		return refuse(r, target, "an address of an unknown kind", "");
	p->size = type == R_BPF_64_ABS64 ? 8 : 4;
	if (target->sh_type != SHT_PROGBITS || target->sh_size < p->size ||
	    rel->r_offset > target->sh_size - p->size)
		return damaged(r, "an address outside of its section");
	p->off = rel->r_offset;
	return resolve(r, target, symbols, ELF64_R_SYM(rel->r_info), p);
}

/* Read the addresses that one section of relocations puts into data. */
static int read_pointers(struct reader *r, const Elf64_Shdr *rels)
{
	struct kcsd_object *obj = r->obj;
	uint64_t nr = rels->sh_size / sizeof(Elf64_Rel), i;
	Elf64_Shdr target, symbols;
	struct kcsd_pointer *p;
	Elf64_Rel rel;
	int ret = 0;

	if (!kcsd_elf_section(&r->elf, rels->sh_info, &target) || r->map[rels->sh_info] == NO_MAP)
		return 0;
	if (rels->sh_type == SHT_RELA)
		return refuse(r, &target, "addresses of an unknown kind", "");
	if (!kcsd_elf_section(&r->elf, rels->sh_link, &symbols))
		return damaged(r, "addresses without symbols");
	p = reallocarray(obj->pointers, obj->nr_pointers + nr + 1, sizeof(*p));
	if (!p)
		return kcsd_error_set(r->err, -ENOMEM, "out of memory");
	obj->pointers = p;
	for (i = 0; i < nr && !ret; i++) {
		p = &obj->pointers[obj->nr_pointers];
		p->map = r->map[rels->sh_info];
		if (!kcsd_elf_entry(&r->elf, rels, i, &rel, sizeof(rel)))
			return damaged(r, "addresses past its end");
		ret = add_pointer(r, &target, &symbols, &rel, p);
		obj->nr_pointers++;
	}
	return ret;
}

static int read_all(struct reader *r)
{
	int ret = find_maps(r);
	Elf64_Shdr sh;
	uint32_t i;

	for (i = 0; i < r->elf.head.e_shnum && !ret; i++)
		if (kcsd_elf_section(&r->elf, i, &sh) &&
		    (sh.sh_type == SHT_REL || sh.sh_type == SHT_RELA))
			ret = read_pointers(r, &sh);
	return ret;
}

int kcsd_elf_read_data(struct kcsd_object *obj, const void *buf, size_t len,
		       struct kcsd_error *err)
{
	struct reader r = { .obj = obj, .err = err, .elf = { .buf = buf, .len = len } };
	const struct bpf_map *map;
	size_t nr_maps = 0;
	int ret;

	bpf_object__for_each_map(map, obj->bpf)
		nr_maps++;
	/* kcsd_elf_validate() has made sure that both are in the file. */
	kcsd_elf_copy(&r.elf, 0, &r.elf.head, sizeof(r.elf.head));
	kcsd_elf_section(&r.elf, r.elf.head.e_shstrndx, &r.elf.names);
	r.map = calloc(r.elf.head.e_shnum, sizeof(*r.map));
	obj->map_align = calloc(nr_maps + 1, sizeof(*obj->map_align));
	if (r.map && obj->map_align)
		ret = read_all(&r);
	else
		ret = kcsd_error_set(err, -ENOMEM, "out of memory");
	free(r.map);
	return ret;
}
