/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The scanners, as object files. */
	.section .rodata
	.macro scanner name, file
	.balign	16
	.globl	kcsd_\name\()_object, kcsd_\name\()_object_end
	.hidden	kcsd_\name\()_object, kcsd_\name\()_object_end
kcsd_\name\()_object:
	.incbin	"\file"
kcsd_\name\()_object_end:
	.endm

	scanner	csv, "query/csv.bpf.o"
	scanner	json, "query/json.bpf.o"
	scanner	parquet, "query/parquet.bpf.o"

	.section .note.GNU-stack, "", @progbits
