// SPDX-License-Identifier: GPL-2.0
/* Make allocations fail: -ENOMEM, no data lost, no memory leaked. */
#include "tests.h"

void *__real_calloc(size_t nmemb, size_t size);
void *__wrap_calloc(size_t nmemb, size_t size);

static u32 fail_in;

void fail_allocation(u32 nr)
{
	fail_in = nr;
}

void *__wrap_calloc(size_t nmemb, size_t size)
{
	if (fail_in && !--fail_in)
		return NULL;
	return __real_calloc(nmemb, size);
}

/* Open or rewrite the file, with each allocation failing in turn. */
static void each_allocation(struct disk *d, const struct model *m, bool rewrite)
{
	u32 at, failed = 0, wrong = 0;
	struct kcsd_sidecar_report r;
	struct kcsd_sidecar_journal journal;
	int ret = -ENOMEM;

	for (at = 1; ret && at < 1000; at++) {
		if (rewrite && kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r))
			abort();
		fail_in = at;
		ret = rewrite ? kcsd_sidecar_journal_rewrite(&journal) :
				kcsd_sidecar_journal_open(&journal, &d->io, d->len, &r);
		/* The last failure may have no effect: the old header is then cleared later. */
		failed += !fail_in;
		wrong += ret && ret != -ENOMEM;
		fail_in = 0;
		if (rewrite || !ret) {
			wrong += !model_is(m, &journal.state);
			kcsd_sidecar_journal_close(&journal);
		}
	}
	tap_point(!wrong && failed > 2, "no memory to %s: %u times",
		  rewrite ? "write a file afresh" : "open a file", failed);
}

void memory_tests(void)
{
	struct model m;
	struct disk *d;

	seed(8);
	d = model_use(&m, MODEL_FILE, 12);
	each_allocation(d, &m, false);
	each_allocation(d, &m, true);
	disk_destroy(d);
}
