// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <string.h>

#include "elf_file.h"

bool kcsd_elf_copy(const struct kcsd_elf *elf, uint64_t off, void *to, size_t len)
{
	if (off > elf->len || len > elf->len - off)
		return false;
	memcpy(to, elf->buf + off, len);
	return true;
}

bool kcsd_elf_section(const struct kcsd_elf *elf, uint32_t index, Elf64_Shdr *sh)
{
	return index < elf->head.e_shnum &&
	       elf->head.e_shoff <= elf->len &&
	       kcsd_elf_copy(elf, elf->head.e_shoff + (uint64_t)index * sizeof(*sh), sh,
			     sizeof(*sh));
}

const char *kcsd_elf_string(const struct kcsd_elf *elf, const Elf64_Shdr *table, uint32_t off)
{
	const char *text;

	if (table->sh_offset > elf->len || table->sh_size > elf->len - table->sh_offset ||
	    off >= table->sh_size)
		return "";
	text = (const char *)elf->buf + table->sh_offset + off;
	return memchr(text, 0, table->sh_size - off) ? text : "";
}

bool kcsd_elf_entry(const struct kcsd_elf *elf, const Elf64_Shdr *sh, uint64_t index, void *to,
		    size_t len)
{
	return index < sh->sh_size / len && sh->sh_offset <= elf->len &&
	       kcsd_elf_copy(elf, sh->sh_offset + index * len, to, len);
}
