// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

static const char not_a_number[] = "is not a number";
static const char too_large[] = "does not fit 64 bits";

/* Parse a number at the start of text; set *end behind it. Return NULL or an error text. */
static const char *take_number(const char *text, uint64_t *value, const char **end)
{
	int base = 10;
	char *stop;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	/* strtoull() accepts blanks, signs and a second 0x. */
	if (!(base == 16 ? isxdigit((unsigned char)*text) : isdigit((unsigned char)*text)))
		return not_a_number;
	if (base == 16 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return not_a_number;
	errno = 0;
	*value = strtoull(text, &stop, base);
	if (errno)
		return too_large;
	*end = stop;
	return NULL;
}

const char *kcsd_parse_number(const char *text, uint64_t *value)
{
	const char *end, *wrong = take_number(text, value, &end);

	if (wrong)
		return wrong;
	return *end ? not_a_number : NULL;
}

const char *kcsd_parse_size(const char *text, uint64_t *value)
{
	static const char units[] = "KMGTPE";
	const char *end, *unit, *wrong = take_number(text, value, &end);
	unsigned int shift;

	if (wrong)
		return wrong;
	if (!*end)
		return NULL;
	unit = strchr(units, toupper((unsigned char)*end));
	if (!unit || end[1])
		return "is not a size (a number, then K, M, G, T, P or E)";
	shift = 10 * (unit - units + 1);
	if (*value > UINT64_MAX >> shift)
		return too_large;
	*value <<= shift;
	return NULL;
}

const char *kcsd_parse_bytes(const char *text, uint64_t *start, uint64_t *len)
{
	const char *plus = strchr(text, '+'), *wrong;
	char first[32];

	if (!plus || (size_t)(plus - text) >= sizeof(first))
		return "is not a range of bytes (START+LENGTH)";
	memcpy(first, text, plus - text);
	first[plus - text] = '\0';
	wrong = kcsd_parse_size(first, start);
	if (!wrong)
		wrong = kcsd_parse_size(plus + 1, len);
	if (wrong)
		return wrong == too_large ? wrong : "is not a range of bytes (START+LENGTH)";
	return *len ? NULL : "is an empty range";
}

const char *kcsd_parse_slm_range(const char *text, uint64_t *start, uint64_t *len)
{
	const char *wrong = kcsd_parse_bytes(text, start, len);

	if (wrong)
		return wrong;
	if ((*start | *len) % KCSD_RANGE_GRANULARITY)
		return "does not begin and end at multiples of 4096 (4K)";
	return *len > UINT32_MAX ? "is 4 GiB or more" : NULL;
}

static const char not_a_range[] =
	"is not a range of LBAs (0+1000, 0-999, all, or z2 for zone 2; then :r, :w, :a, :m or several)";

/* Parse a colon and letters, each at most once, in this order. Without them: read access. */
static const char *take_access(const char *text, uint32_t *access)
{
	static const struct {
		char letter;
		uint32_t access;
	} letters[] = {
		{ 'r', KCSD_GRANT_READ },
		{ 'w', KCSD_GRANT_WRITE },
		{ 'a', KCSD_GRANT_APPEND },
		{ 'm', KCSD_GRANT_MANAGE },
	};
	size_t i;

	*access = *text ? 0 : KCSD_GRANT_READ;
	if (!*text)
		return NULL;
	if (*text++ != ':')
		return not_a_range;
	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (*text == letters[i].letter) {
			*access |= letters[i].access;
			text++;
		}
	return *text || !*access ? not_a_range : NULL;
}

/* Parse the part after the first LBA: +COUNT, -LAST or nothing. Advance *text. */
static const char *take_count(const char **text, struct kcsd_range *range)
{
	const char *wrong;
	uint64_t last;

	range->count = 1;
	if (**text == '+') {
		wrong = take_number(*text + 1, &range->count, text);
		if (!wrong && !range->count)
			return "is an empty range";
		return wrong;
	}
	if (**text != '-')
		return NULL;
	wrong = take_number(*text + 1, &last, text);
	if (wrong)
		return wrong;
	if (last < range->first)
		return "ends before it starts";
	if (last - range->first == UINT64_MAX)
		return too_large;
	range->count = last - range->first + 1;
	return NULL;
}

/* Convert a range of zones to LBAs. Return NULL or an error text. */
static const char *take_zones(uint64_t nsze, uint64_t zone_size, struct kcsd_range *range)
{
	uint64_t nr = zone_size ? nsze / zone_size : 0;

	if (!zone_size)
		return "needs zones, and the drive has none";
	if (range->first >= nr || range->count > nr - range->first)
		return "goes beyond the last zone of the drive";
	range->first *= zone_size;
	range->count *= zone_size;
	return NULL;
}

const char *kcsd_parse_range(const char *text, uint64_t nsze, uint64_t zone_size,
			     struct kcsd_range *range)
{
	bool zones = *text == 'z';
	const char *wrong;

	if (!strncmp(text, "all", 3)) {
		range->first = 0;
		range->count = nsze;
		return take_access(text + 3, &range->access);
	}
	wrong = take_number(text + zones, &range->first, &text);
	if (!wrong)
		wrong = take_count(&text, range);
	if (!wrong)
		wrong = take_access(text, &range->access);
	if (wrong)
		return wrong == not_a_number ? not_a_range : wrong;
	if (zones)
		return take_zones(nsze, zone_size, range);
	if (range->first >= nsze || range->count > nsze - range->first)
		return "goes beyond the last LBA of the drive";
	return NULL;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *kcsd_parse_hex(const char *text, uint8_t *bytes, size_t *len)
{
	*len = 0;
	while (*text) {
		if (isspace((unsigned char)*text) || *text == ':') {
			text++;
			continue;
		}
		if (hex_value(text[0]) < 0 || hex_value(text[1]) < 0)
			return "is not hex (pairs of digits)";
		bytes[(*len)++] = hex_value(text[0]) << 4 | hex_value(text[1]);
		text += 2;
	}
	return NULL;
}
