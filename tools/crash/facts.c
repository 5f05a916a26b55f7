// SPDX-License-Identifier: GPL-2.0
/* Read the facts that the load reported, and what follows from them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <linux/kcsd_sidecar.h>

#include "facts.h"

#define MAX_LINE	256

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void facts_init(struct facts *f, uint32_t zone_lbas, uint32_t capacity)
{
	memset(f, 0, sizeof(*f));
	f->zone_lbas = zone_lbas;
	f->capacity = capacity;
	for (int i = 0; i < FACTS_MAX_PROGRAMS; i++)
		f->programs[i].active = f->programs[i].active_tried = 2;
}

static bool is_zone(uint64_t zone)
{
	return zone < FACTS_MAX_ZONES;
}

static void learn_conv(struct facts *f, uint64_t lba, uint64_t nlb, uint64_t version)
{
	for (; nlb-- && lba < FACTS_MAX_LBAS; lba++)
		f->lbas[lba].version = max_u64(f->lbas[lba].version, version);
}

static void learn_zeroing(struct facts *f, uint64_t lba, uint64_t nlb, uint64_t version)
{
	for (; nlb-- && lba < FACTS_MAX_LBAS; lba++)
		f->lbas[lba].zero_tried = max_u64(f->lbas[lba].zero_tried, version);
}

static void learn_wp(struct zone_facts *z, uint64_t gen, uint64_t wp)
{
	if (gen > z->gen) {
		z->gen = gen;
		z->wp = 0;
	}
	if (gen == z->gen)
		z->wp = max_u64(z->wp, wp);
}

static void learn_append(struct facts *f, uint64_t lba, uint64_t gen, uint32_t writer, uint64_t seq,
			 uint32_t count)
{
	uint64_t zone = lba / f->zone_lbas;

	for (uint32_t i = 0; i < count && lba + i < FACTS_MAX_LBAS; i++) {
		struct append_fact *a = &f->lbas[lba + i].append;

		if (gen >= a->gen)
			*a = (struct append_fact){ gen, seq, writer, i, count };
	}
	if (is_zone(zone))
		learn_wp(&f->zones[zone], gen, lba % f->zone_lbas + count);
}

/* Take over the state of a zone after a crash, valid or not. Earlier attempts are void. */
static void learn_zone(struct facts *f, uint32_t zone, const struct zone_seen *seen)
{
	struct zone_facts *z = &f->zones[zone];

	if (!facts_allow_zone(f, zone, seen))
		f->bad++;
	z->gen = seen->wp ? seen->gen : max_u64(z->gen, z->reset_tried);
	z->wp = seen->wp;
	z->reset = z->reset_tried = z->gen;
	z->finished = seen->cond == KCSD_SIDECAR_FULL ? z->gen : 0;
	z->finish_tried = z->finished;
}

static void learn_program(struct facts *f, uint32_t pind, uint64_t puid, int active)
{
	if (!facts_allow_program(f, pind, puid, active))
		f->bad++;
	f->programs[pind] = (struct program_facts){ puid, puid, active, active };
}

static bool learn_lba_line(struct facts *f, const char *line)
{
	uint64_t lba, gen, seq, n;
	uint32_t writer, count;

	if (sscanf(line, "conv %" SCNu64 " %" SCNu64 " %" SCNu64, &lba, &n, &gen) == 3 ||
	    sscanf(line, "zeroed %" SCNu64 " %" SCNu64 " %" SCNu64, &lba, &n, &gen) == 3)
		learn_conv(f, lba, n, gen);
	else if (sscanf(line, "zeroing %" SCNu64 " %" SCNu64 " %" SCNu64, &lba, &n, &gen) == 3)
		learn_zeroing(f, lba, n, gen);
	else if (sscanf(line, "at %" SCNu64 " %" SCNu64 " %u %" SCNu64 " %u", &lba, &gen, &writer,
			&seq, &count) == 5)
		learn_append(f, lba, gen, writer, seq, count);
	else
		return false;
	return true;
}

static bool learn_zone_line(struct facts *f, const char *line)
{
	struct zone_seen seen;
	uint32_t zone, cond;
	uint64_t gen, wp;
	char word[16];

	if (sscanf(line, "found %u %u %" SCNu64 " %" SCNu64, &zone, &cond, &wp, &gen) == 4 &&
	    is_zone(zone)) {
		seen = (struct zone_seen){ cond, wp, gen };
		learn_zone(f, zone, &seen);
		return true;
	}
	if (sscanf(line, "wp %u %" SCNu64 " %" SCNu64, &zone, &gen, &wp) == 3 && is_zone(zone)) {
		learn_wp(&f->zones[zone], gen, wp);
		return true;
	}
	if (sscanf(line, "%15s %u %" SCNu64, word, &zone, &gen) != 3 || !is_zone(zone))
		return false;
	if (!strcmp(word, "resetting"))
		f->zones[zone].reset_tried = gen;
	else if (!strcmp(word, "reset"))
		f->zones[zone].reset = gen;
	else if (!strcmp(word, "finishing"))
		f->zones[zone].finish_tried = gen;
	else if (!strcmp(word, "finished"))
		f->zones[zone].finished = gen;
	else
		return false;
	return true;
}

static bool learn_program_line(struct facts *f, const char *line)
{
	struct program_facts *p;
	uint32_t pind;
	uint64_t puid;
	char word[16];
	int active;

	if (sscanf(line, "%15s %u %" SCNu64 " %d", word, &pind, &puid, &active) != 4 ||
	    pind >= FACTS_MAX_PROGRAMS)
		return false;
	p = &f->programs[pind];
	if (!strcmp(word, "program")) {
		learn_program(f, pind, puid, active);
		return true;
	}
	p->puid_tried = puid;
	p->active_tried = active;
	if (!strcmp(word, "loaded")) {
		p->puid = puid;
		p->active = active;
		return true;
	}
	return !strcmp(word, "loading");
}

static bool learn_uuid_line(struct facts *f, const char *line)
{
	char uuid[33];

	if (sscanf(line, "uuid %32s", uuid) != 1)
		return false;
	if (f->uuid[0] && strcmp(f->uuid, uuid)) {
		printf("it is another drive: %s, not %s\n", uuid, f->uuid);
		f->bad++;
	}
	strcpy(f->uuid, uuid);
	return true;
}

static void learn_line(struct facts *f, const char *line)
{
	/* Those of objects are for object_facts.h. */
	if (!strncmp(line, "kv ", 3))
		return;
	f->lines++;
	if (!strstr(line, "ing "))
		f->claims++;
	if (learn_lba_line(f, line) || learn_zone_line(f, line) || learn_program_line(f, line) ||
	    learn_uuid_line(f, line) || !strncmp(line, "begin", 5))
		return;
	printf("the load said: %s", line);
	f->bad++;
}

int facts_read(struct facts *f, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[MAX_LINE];

	if (!file) {
		perror(path);
		return -1;
	}
	/* Skip a last line without its end: the crash may have cut it. */
	while (fgets(line, sizeof(line), file) && strchr(line, '\n'))
		learn_line(f, line);
	fclose(file);
	return 0;
}

static bool no_zone(uint32_t zone, const char *what, const struct zone_seen *seen,
		    const struct zone_facts *z)
{
	printf("zone %u: %s: condition %xh, generation %" PRIx64 ", write pointer %" PRIu64
	       "; promised %" PRIx64 ", %" PRIu64 ", reset %" PRIx64 ", tried %" PRIx64 "\n",
	       zone, what, seen->cond, seen->gen, seen->wp, z->gen, z->wp,
	       z->reset, z->reset_tried);
	return false;
}

/* True if a zone with data may have this generation and has all data that must exist. */
static bool allow_data(const struct facts *f, uint32_t zone, const struct zone_seen *seen)
{
	const struct zone_facts *z = &f->zones[zone];

	if (seen->gen < z->reset)
		return no_zone(zone, "data that was reset is back", seen, z);
	if (seen->gen < z->gen)
		return no_zone(zone, "older data than was flushed", seen, z);
	if (seen->gen > max_u64(z->gen, z->reset_tried))
		return no_zone(zone, "data from nowhere", seen, z);
	if (seen->gen == z->gen && seen->wp < z->wp)
		return no_zone(zone, "flushed data is lost", seen, z);
	return true;
}

bool facts_allow_zone(const struct facts *f, uint32_t zone, const struct zone_seen *seen)
{
	const struct zone_facts *z = &f->zones[zone];
	uint64_t newest = max_u64(z->gen, z->reset);

	if (seen->wp && !allow_data(f, zone, seen))
		return false;
	if (!seen->wp && z->wp && z->reset_tried <= z->gen)
		return no_zone(zone, "all that was flushed is lost", seen, z);
	if (z->finished && z->finished >= newest && z->reset_tried <= z->finished &&
	    seen->cond != KCSD_SIDECAR_FULL)
		return no_zone(zone, "it was finished and is not full", seen, z);
	if (seen->cond == KCSD_SIDECAR_FULL && seen->wp < f->capacity &&
	    z->finish_tried < max_u64(seen->gen, z->reset))
		return no_zone(zone, "it is full and was never finished", seen, z);
	return true;
}

bool facts_allow_program(const struct facts *f, uint32_t pind, uint64_t puid, int active)
{
	const struct program_facts *p = &f->programs[pind];

	if ((active == p->active && (active == 2 || puid == p->puid)) ||
	    (active == p->active_tried && (active == 2 || puid == p->puid_tried)))
		return true;
	printf("program %u: identifier %" PRIx64 ", state %d; promised %" PRIx64 ", %d, tried %"
	       PRIx64 ", %d\n", pind, puid, active, p->puid, p->active, p->puid_tried,
	       p->active_tried);
	return false;
}
