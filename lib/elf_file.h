/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* An ELF file in memory with untrusted contents: every read is bounded. */
#ifndef KCSD_ELF_FILE_H
#define KCSD_ELF_FILE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kcsd_elf {
	const uint8_t *buf;
	size_t len;
	Elf64_Ehdr head;
	Elf64_Shdr names;		/* header of the section that has the names of sections */
};

/* Copy the bytes [off, off + len). Returns false if they are not all in the file. */
bool kcsd_elf_copy(const struct kcsd_elf *elf, uint64_t off, void *to, size_t len);
bool kcsd_elf_section(const struct kcsd_elf *elf, uint32_t index, Elf64_Shdr *sh);
/* Get a string of a table. Returns "" if it is not wholly in the table. */
const char *kcsd_elf_string(const struct kcsd_elf *elf, const Elf64_Shdr *table, uint32_t off);
/*
 * Copy entry number index of a section whose entries have len bytes. Returns false if there is
 * none.
 */
bool kcsd_elf_entry(const struct kcsd_elf *elf, const Elf64_Shdr *sh, uint64_t index, void *to,
		    size_t len);

#endif
