// SPDX-License-Identifier: GPL-2.0
/*
 * Read the file of the objects of a drive after a crash, and the facts that were reported before
 * it. Test that all promised objects exist, and nothing that cannot. Does not use code of the
 * driver.
 *
 *	crash-check-objects FILE FACTS...	FACTS: files of facts, one for each boot, in order
 *
 * Exit status 0: all is well. 1: prints a line for each error.
 */
#include <inttypes.h>
#include <stdio.h>

#include "object_facts.h"
#include "object_file.h"

struct check {
	struct object_facts facts;
	bool there[OBJECT_KEYS];
	uint64_t objects;
	uint64_t wrong;
};

static void found(void *arg, const struct object_key *key, struct object_value *value, uint32_t len)
{
	struct check *k = arg;
	int nr = object_number(key);

	k->objects++;
	if (nr < 0) {
		printf("an object with a key that was never stored\n");
		k->wrong++;
		return;
	}
	k->there[nr] = true;
	if (!value || !object_is_whole(value, nr, len)) {
		printf("object %d: %u bytes, %s\n", nr, len, value ? "not of one store" :
								     "damaged");
		k->wrong++;
		return;
	}
	k->wrong += !object_facts_allow(&k->facts, nr, value->version);
}

int main(int argc, char **argv)
{
	static struct check k;
	struct object_file file = { .found = found, .arg = &k };

	if (argc < 3) {
		fprintf(stderr, "usage: %s FILE FACTS...\n", argv[0]);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (object_facts_read(&k.facts, argv[i]))
			return 1;
	if (object_file_read(&file, argv[1]))
		return 1;
	for (uint32_t nr = 0; nr < OBJECT_KEYS; nr++)
		if (!k.there[nr])
			k.wrong += !object_facts_allow(&k.facts, nr, 0);
	printf("%" PRIu64 " facts about objects promise something; %" PRIu64 " objects in %" PRIu64
	       " records of %" PRIu64 " segments, %" PRIu64 " were not finished; wrong: %" PRIu64
	       "\n", k.facts.claims, k.objects, file.records, file.segments, file.torn,
	       k.wrong + k.facts.bad);
	return k.wrong + k.facts.bad ? 1 : 0;
}
