# SPDX-License-Identifier: GPL-2.0
# List the sources in kernels/, for user space, drives and the companion module.
bench-sources := word.c filter.c csv.c crc32.c histogram.c bsearch.c bloom.c join.c varint.c \
	json.c sort.c
