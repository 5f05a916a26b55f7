// SPDX-License-Identifier: GPL-2.0
/* Make and test the content of LBAs. */
#include <string.h>

#include "content.h"

#define CONTENT_MAGIC	0x687372636473636bULL
#define CRC32C_POLY	0x82f63b78u

static uint32_t crc_table[256];

static void make_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? CRC32C_POLY : 0);
		crc_table[i] = c;
	}
}

__attribute__((constructor)) static void prepare(void)
{
	make_table();
}

uint32_t crc32c(uint32_t crc, const void *buf, size_t len)
{
	const uint8_t *p = buf;

	crc = ~crc;
	while (len--)
		crc = crc >> 8 ^ crc_table[(crc ^ *p++) & 0xff];
	return ~crc;
}

/* Fill the rest of an LBA, different for each command and LBA, so that mix-ups are detected. */
static void fill(struct content *c)
{
	uint64_t x = c->lba ^ c->version << 24 ^ c->seq << 40 ^ (uint64_t)c->writer << 58 ^
		     c->index;

	for (size_t i = 0; i < sizeof(c->fill); i += 4) {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		uint32_t v = x >> 32;

		memcpy(c->fill + i, &v, 4);
	}
}

void content_seal(struct content *c)
{
	c->magic = CONTENT_MAGIC;
	fill(c);
	c->crc = crc32c(0, c, offsetof(struct content, crc));
}

static bool is_zero(const void *buf, size_t len)
{
	const uint8_t *p = buf;

	return !*p && !memcmp(p, p + 1, len - 1);
}

enum content_kind content_kind(const struct content *c)
{
	if (c->magic == CONTENT_MAGIC && c->crc == crc32c(0, c, offsetof(struct content, crc)))
		return CONTENT_WHOLE;
	return is_zero(c, sizeof(*c)) ? CONTENT_ZERO : CONTENT_OTHER;
}
