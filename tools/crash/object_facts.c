// SPDX-License-Identifier: GPL-2.0
#include "object_facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_LINE	256

static bool no_object(const struct object_facts *f, uint32_t nr, uint64_t version, const char *what)
{
	const struct object_fact *k = &f->keys[nr];

	printf("object %u: %s: version %" PRIx64 "; promised %s %" PRIx64 ", delete tried %" PRIx64
	       ", found %" PRIx64 " by boot %" PRIx64 "\n", nr, what, version,
	       k->deleted ? "delete" : "store", k->version, k->delete_tried, k->found, f->boot);
	return false;
}

bool object_facts_allow(const struct object_facts *f, uint32_t nr, uint64_t version)
{
	const struct object_fact *k = &f->keys[nr];

	if (!version)
		return !k->version || k->deleted || k->delete_tried > k->version ||
		       no_object(f, nr, version, "it is lost");
	if (version < k->version)
		return no_object(f, nr, version, k->deleted ? "what was deleted is back" :
							      "it is older than promised");
	if (version == k->refused)
		return no_object(f, nr, version, "the drive had refused it");
	if (version <= f->boot && version != k->found)
		return no_object(f, nr, version, "it did not exist at the last power on");
	return true;
}

/* Take over the state of an object after a crash, valid or not. Earlier attempts are void. */
static void learn_found(struct object_facts *f, uint32_t nr, uint64_t version)
{
	if (!object_facts_allow(f, nr, version))
		f->bad++;
	f->keys[nr] = (struct object_fact){ .version = version, .found = version };
}

/* What does not exist now is not to come back. */
static void learn_boot(struct object_facts *f, uint64_t version)
{
	f->boot = version;
	for (uint32_t nr = 0; nr < OBJECT_KEYS; nr++)
		if (!f->keys[nr].found)
			f->keys[nr] = (struct object_fact){ .version = version, .deleted = true };
}

static bool learn_key(struct object_facts *f, const char *word, uint32_t nr, uint64_t version)
{
	struct object_fact *k = &f->keys[nr];

	if (!strcmp(word, "deleting")) {
		k->delete_tried = version;
		return true;
	}
	if (!strcmp(word, "refused")) {
		k->refused = version;
		return true;
	}
	f->claims++;
	/* Lines of one key may come in another order than its changes. */
	if (version > k->version) {
		k->version = version;
		k->deleted = !strcmp(word, "deleted");
	}
	return !strcmp(word, "stored") || !strcmp(word, "deleted");
}

static bool learn_line(struct object_facts *f, const char *line)
{
	char word[16];
	uint64_t version;
	uint32_t nr;

	if (sscanf(line, "kv boot %" SCNu64, &version) == 1) {
		learn_boot(f, version);
		return true;
	}
	if (sscanf(line, "kv %15s %u %" SCNu64, word, &nr, &version) != 3 || nr >= OBJECT_KEYS)
		return false;
	if (strcmp(word, "found"))
		return learn_key(f, word, nr, version);
	learn_found(f, nr, version);
	return true;
}

int object_facts_read(struct object_facts *f, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[MAX_LINE];

	if (!file) {
		perror(path);
		return -1;
	}
	/* Skip a last line without its end: the crash may have cut it. */
	while (fgets(line, sizeof(line), file) && strchr(line, '\n')) {
		/* Of other lines, facts.h knows all but errors of the drive. */
		if (strncmp(line, "kv ", 3) && strncmp(line, "bad ", 4))
			continue;
		if (learn_line(f, line))
			continue;
		printf("the load said: %s", line);
		f->bad++;
	}
	fclose(file);
	return 0;
}
