// SPDX-License-Identifier: GPL-2.0
/* Test each rule of parse.c with valid and invalid text. Print TAP. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "tap.h"

#define NSZE	1000
#define R	KCSD_GRANT_READ
#define W	KCSD_GRANT_WRITE
#define A	KCSD_GRANT_APPEND
#define M	KCSD_GRANT_MANAGE
#define ZONE	300	/* the third zone is the last complete one */

static void ok(bool good, const char *what, const char *text)
{
	tap_point(good, "%s '%s'", what, text);
}

struct number {
	const char *text;
	const char *wrong;	/* part of the message; NULL: text is valid */
	uint64_t value;
};

static const struct number numbers[] = {
	{ "0", NULL, 0 },
	{ "42", NULL, 42 },
	{ "007", NULL, 7 },
	{ "0x1000", NULL, 4096 },
	{ "0XfF", NULL, 255 },
	{ "18446744073709551615", NULL, UINT64_MAX },
	{ "0xffffffffffffffff", NULL, UINT64_MAX },
	{ "18446744073709551616", "64 bits", 0 },
	{ "0x10000000000000000", "64 bits", 0 },
	{ "", "not a number", 0 },
	{ "-1", "not a number", 0 },
	{ "+1", "not a number", 0 },
	{ " 1", "not a number", 0 },
	{ "1 ", "not a number", 0 },
	{ "1x", "not a number", 0 },
	{ "0x", "not a number", 0 },
	{ "0x0x1", "not a number", 0 },
	{ "x1", "not a number", 0 },
	{ "1K", "not a number", 0 },
};

static const struct bytes {
	const char *text;
	const char *wrong;
	uint64_t start, len;
} bytes[] = {
	{ "0+1", NULL, 0, 1 },
	{ "4K+1M", NULL, 4096, 1 << 20 },
	{ "0x10+0x20", NULL, 16, 32 },
	{ "0+18446744073709551615", NULL, 0, UINT64_MAX },
	{ "0+0", "empty range", 0, 0 },
	{ "", "not a range of bytes", 0, 0 },
	{ "4096", "not a range of bytes", 0, 0 },
	{ "+4096", "not a range of bytes", 0, 0 },
	{ "0+", "not a range of bytes", 0, 0 },
	{ "0+1+2", "not a range of bytes", 0, 0 },
	{ "-1+2", "not a range of bytes", 0, 0 },
	{ "0-4095", "not a range of bytes", 0, 0 },
	{ "00000000000000000000000000000000+1", "not a range of bytes", 0, 0 },
	{ "0+16E", "64 bits", 0, 0 },
	{ "16E+1", "64 bits", 0, 0 },
};

static const struct number sizes[] = {
	{ "0", NULL, 0 },
	{ "512", NULL, 512 },
	{ "0x1000", NULL, 4096 },
	{ "1k", NULL, 1024 },
	{ "512M", NULL, 512ULL << 20 },
	{ "1G", NULL, 1ULL << 30 },
	{ "3t", NULL, 3ULL << 40 },
	{ "2P", NULL, 2ULL << 50 },
	{ "15E", NULL, 15ULL << 60 },
	{ "16E", "64 bits", 0 },
	{ "18446744073709551615K", "64 bits", 0 },
	{ "1KB", "not a size", 0 },
	{ "1x", "not a size", 0 },
	{ "1 K", "not a size", 0 },
	{ "K", "not a number", 0 },
	{ "-1M", "not a number", 0 },
	{ "1.5G", "not a size", 0 },
	{ "", "not a number", 0 },
};

static const struct {
	const char *text;
	const char *wrong;
	struct kcsd_range range;
} ranges[] = {
	{ "0+1000", NULL, { 0, 1000, R } },
	{ "0-999", NULL, { 0, 1000, R } },
	{ "5", NULL, { 5, 1, R } },
	{ "999", NULL, { 999, 1, R } },
	{ "7-7", NULL, { 7, 1, R } },
	{ "0x10+0x20", NULL, { 16, 32, R } },
	{ "all", NULL, { 0, NSZE, R } },
	{ "all:rw", NULL, { 0, NSZE, R | W } },
	{ "1+2:r", NULL, { 1, 2, R } },
	{ "1+2:w", NULL, { 1, 2, W } },
	{ "1-2:rw", NULL, { 1, 2, R | W } },
	{ "0+0", "empty", { 0 } },
	{ "9-8", "before it starts", { 0 } },
	{ "0-18446744073709551615", "64 bits", { 0 } },
	{ "1000", "beyond", { 0 } },
	{ "0+1001", "beyond", { 0 } },
	{ "999+2", "beyond", { 0 } },
	{ "1-1000", "beyond", { 0 } },
	{ "1+18446744073709551615", "beyond", { 0 } },
	{ "18446744073709551616+1", "64 bits", { 0 } },
	{ "", "not a range", { 0 } },
	{ "+5", "not a range", { 0 } },
	{ "5+", "not a range", { 0 } },
	{ "5-", "not a range", { 0 } },
	{ "1+2x", "not a range", { 0 } },
	{ "1+2:", "not a range", { 0 } },
	{ "1+2:x", "not a range", { 0 } },
	{ "1+2:wr", "not a range", { 0 } },
	{ "1+2:a", NULL, { 1, 2, A } },
	{ "1+2:rwa", NULL, { 1, 2, R | W | A } },
	{ "1+2:ra", NULL, { 1, 2, R | A } },
	{ "1+2:m", NULL, { 1, 2, M } },
	{ "z0:rwam", NULL, { 0, 300, R | W | A | M } },
	{ "1+2:ma", "not a range", { 0 } },
	{ "1+2:ar", "not a range", { 0 } },
	{ "1+2:aa", "not a range", { 0 } },
	{ "z0", NULL, { 0, 300, R } },
	{ "z1:a", NULL, { 300, 300, A } },
	{ "z1+2:rw", NULL, { 300, 600, R | W } },
	{ "z0-2", NULL, { 0, 900, R } },
	{ "z3", "last zone", { 0 } },
	{ "z1+3", "last zone", { 0 } },
	{ "z0+18446744073709551615", "last zone", { 0 } },
	{ "z", "not a range", { 0 } },
	{ "zz1", "not a range", { 0 } },
	{ "zall", "not a range", { 0 } },
	{ "z0+0", "empty", { 0 } },
	{ "allr", "not a range", { 0 } },
	{ "1..2", "not a range", { 0 } },
};

static const struct {
	const char *text;
	bool wrong;
	size_t len;
	const char *bytes;
} hexes[] = {
	{ "", false, 0, "" },
	{ "00", false, 1, "\0" },
	{ "aB", false, 1, "\xab" },
	{ "01 02:03ff", false, 4, "\1\2\3\xff" },
	{ "\t01\f02", false, 2, "\1\2" },
	{ "0", true, 0, "" },
	{ "0g", true, 0, "" },
	{ "012", true, 0, "" },
	{ "0 1", true, 0, "" },
	{ "0x12", true, 0, "" },
};

static bool matches(const char *wrong, const char *expected)
{
	if (!expected || !wrong)
		return !expected && !wrong;
	return strstr(wrong, expected);
}

static void test_numbers(const struct number *row, size_t count, const char *what,
			 const char *(*parse)(const char *text, uint64_t *value))
{
	const char *wrong;
	uint64_t value;

	for (; count; count--, row++) {
		wrong = parse(row->text, &value);
		ok(matches(wrong, row->wrong) && (wrong || value == row->value), what, row->text);
	}
}

static void test_ranges(void)
{
	struct kcsd_range range;
	const char *wrong;
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		wrong = kcsd_parse_range(ranges[i].text, NSZE, ZONE, &range);
		ok(matches(wrong, ranges[i].wrong) &&
		   (wrong || (range.first == ranges[i].range.first &&
			      range.count == ranges[i].range.count &&
			      range.access == ranges[i].range.access)), "range", ranges[i].text);
	}
}

static void test_no_zones(void)
{
	struct kcsd_range range;

	ok(matches(kcsd_parse_range("z0", NSZE, 0, &range), "the drive has none"), "no zones",
	   "z0");
}

static void test_hexes(void)
{
	uint8_t bytes[8];
	const char *wrong;
	size_t i, len;

	for (i = 0; i < sizeof(hexes) / sizeof(hexes[0]); i++) {
		wrong = kcsd_parse_hex(hexes[i].text, bytes, &len);
		ok(!!wrong == hexes[i].wrong &&
		   (wrong || (len == hexes[i].len && !memcmp(bytes, hexes[i].bytes, len))),
		   "hex", hexes[i].text);
	}
}

static void test_bytes(void)
{
	size_t i;

	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		const struct bytes *b = &bytes[i];
		uint64_t start = 0, len = 0;
		const char *wrong = kcsd_parse_bytes(b->text, &start, &len);

		ok(b->wrong ? wrong && strstr(wrong, b->wrong) :
		   !wrong && start == b->start && len == b->len, "bytes", b->text);
	}
}

int main(void)
{
	test_numbers(numbers, sizeof(numbers) / sizeof(numbers[0]), "number", kcsd_parse_number);
	test_numbers(sizes, sizeof(sizes) / sizeof(sizes[0]), "size", kcsd_parse_size);
	test_ranges();
	test_no_zones();
	test_bytes();
	test_hexes();
	return tap_end();
}
