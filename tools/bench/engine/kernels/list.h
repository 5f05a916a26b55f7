/* SPDX-License-Identifier: GPL-2.0 */
/* List the kernels of the suite, each in a source file of that name. K(name, "description") */
#ifndef BENCH_LIST_H
#define BENCH_LIST_H

#define BENCH_KERNELS(K) \
	K(word,		"count a word in text") \
	K(filter,	"copy the lines that have a word") \
	K(csv,		"sum and extremes of a CSV column") \
	K(crc32,	"CRC-32, 8 bytes at a time") \
	K(histogram,	"how often each byte occurs") \
	K(bsearch,	"look keys up in a sorted array") \
	K(bloom,	"probe a Bloom filter") \
	K(join,		"probe a hash table, join rows") \
	K(varint,	"decode and add variable-length integers") \
	K(json,		"sum a field of JSON lines") \
	K(sort,		"sort pages of 4 KiB of 64-bit keys")

#endif
