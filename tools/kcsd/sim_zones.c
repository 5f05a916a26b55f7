// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "sim_zones.h"

static bool is_zero(const uint8_t *bytes, size_t len)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, len - 1);
}

/* Return the LBA behind the last one that is not all zeroes in the zone at first. */
static uint64_t end_of_data(const struct sim_zones *z, const struct kcsd_sim_opts *opts,
			    uint64_t first)
{
	const uint8_t *lbas = opts->lbas;
	uint64_t lba = first + z->cap;

	while (lba > first && is_zero(lbas + (lba - 1) * opts->lba_size, opts->lba_size))
		lba--;
	return lba;
}

static int validate_sizes(const struct command *cmd, uint64_t size, uint64_t cap,
			  const struct kcsd_sim_opts *opts)
{
	if (size & (size - 1) || size < opts->lba_size)
		return kcsd_usage(cmd, "--zone-size: '%llu' is not a power of 2 of at least an LBA",
				  (unsigned long long)size);
	if (cap > size || cap % opts->lba_size)
		return kcsd_usage(cmd, "--zone-capacity: '%llu' is more than the zone size, or not "
				  "a multiple of an LBA", (unsigned long long)cap);
	if (!opts->nsze || opts->nsze * opts->lba_size % size)
		return kcsd_fail("--zone-size: the --lba file is not a multiple of %llu bytes",
				 (unsigned long long)size);
	return 0;
}

int kcsd_sim_zones_make(struct sim_zones *z, const struct command *cmd, uint64_t size,
			uint64_t cap, struct kcsd_sim_opts *opts)
{
	int code = validate_sizes(cmd, size, cap, opts);
	uint64_t i;

	if (code)
		return code;
	z->size = size / opts->lba_size;
	z->cap = (cap ? cap : size) / opts->lba_size;
	z->nr = opts->nsze / z->size;
	z->wp = calloc(z->nr, 2 * sizeof(*z->wp));
	if (!z->wp)
		return kcsd_fail("out of memory");
	z->before = z->wp + z->nr;
	for (i = 0; i < z->nr; i++)
		z->before[i] = z->wp[i] = end_of_data(z, opts, i * z->size);
	opts->zone_size = z->size;
	opts->zone_cap = z->cap;
	opts->zone_wp = z->wp;
	return 0;
}

int kcsd_sim_zones_set(struct sim_zones *z, const struct command *cmd, const char *text)
{
	const char *colon = strchr(text, ':');
	uint64_t zone, lbas;
	char number[32];

	snprintf(number, sizeof(number), "%.*s", colon ? (int)(colon - text) : 0, text);
	if (!colon || kcsd_parse_number(number, &zone) || kcsd_parse_number(colon + 1, &lbas))
		return kcsd_usage(cmd, "--written: '%s' is not ZONE:LBAS", text);
	if (zone >= z->nr)
		return kcsd_usage(cmd, "--written: '%s': the last zone is %llu", text,
				  (unsigned long long)z->nr - 1);
	if (lbas > z->cap)
		return kcsd_usage(cmd, "--written: '%s': a zone has %llu LBAs", text,
				  (unsigned long long)z->cap);
	z->before[zone] = z->wp[zone] = zone * z->size + lbas;
	return 0;
}

void kcsd_sim_zones_free(struct sim_zones *z)
{
	free(z->wp);
	*z = (struct sim_zones){};
}

void kcsd_sim_zones_print(FILE *to, const struct sim_zones *z)
{
	uint64_t i;

	for (i = 0; i < z->nr; i++)
		if (z->wp[i] != z->before[i])
			fprintf(to, "zone %llu: %llu of %llu LBAs written\n", (unsigned long long)i,
				(unsigned long long)(z->wp[i] - i * z->size),
				(unsigned long long)z->cap);
}

json_object *kcsd_sim_zones_json(const struct sim_zones *z)
{
	json_object *zones = json_object_new_array(), *zone;
	uint64_t i;

	for (i = 0; i < z->nr; i++) {
		if (z->wp[i] == z->before[i])
			continue;
		zone = json_object_new_object();
		json_object_object_add(zone, "zone", json_object_new_uint64(i));
		json_object_object_add(zone, "start", json_object_new_uint64(i * z->size));
		json_object_object_add(zone, "written",
				       json_object_new_uint64(z->wp[i] - i * z->size));
		json_object_array_add(zones, zone);
	}
	return zones;
}
