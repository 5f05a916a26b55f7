// SPDX-License-Identifier: GPL-2.0
/* Threads of the load; each runs until the machine dies. */
#include <linux/kcsd.h>
#include <stdatomic.h>

#include "load.h"

typedef unsigned long long ull;

static void prepare(struct worker *w, uint64_t lba, uint32_t zone, uint64_t version, uint32_t nlb)
{
	w->seq++;
	for (uint32_t i = 0; i < nlb; i++) {
		struct content *c = &w->buf[i];

		c->lba = lba == LBA_UNKNOWN ? lba : lba + i;
		c->version = version;
		c->seq = w->seq;
		c->zone = zone;
		c->writer = w->id;
		c->index = i;
		c->count = nlb;
		content_seal(c);
	}
}

/* Write w->buf by the block device or the generic node. True if the write had FUA. */
static bool write_by(struct worker *w, uint64_t lba, uint32_t nlb, bool block)
{
	bool durable = !worker_random(w, 4);
	int ret = block ? drive_write_block(w->l, lba, nlb, w->buf, durable) :
			  drive_write_command(w->l, lba, nlb, w->buf, durable);

	if (ret)
		say_bad("write of %u LBAs at %llu by the %s: %d", nlb, (ull)lba,
			block ? "block device" : "generic node", ret);
	return durable;
}

static void flush_somehow(struct worker *w)
{
	int ret = say_flush(SAY_LBAS, worker_random(w, 2) ? drive_flush_block : drive_flush_command,
			    w->l);

	if (ret)
		say_bad("flush: %d", ret);
}

static void conv_write(struct worker *w, uint64_t lba, uint32_t nlb)
{
	ull version = ++w->l->version;

	prepare(w, lba, lba / w->l->zone_lbas, version, nlb);
	if (write_by(w, lba, nlb, worker_random(w, 2)))
		say("conv %llu %u %llu", (ull)lba, nlb, version);
	else
		say_when_flushed(SAY_LBAS, "conv %llu %u %llu", (ull)lba, nlb, version);
}

static void conv_zero(struct worker *w, uint64_t lba, uint32_t nlb)
{
	ull version = ++w->l->version;
	int ret;

	say("zeroing %llu %u %llu", (ull)lba, nlb, version);
	ret = drive_zero(w->l, lba, nlb);
	if (ret)
		say_bad("write zeroes: %d", ret);
	say_when_flushed(SAY_LBAS, "zeroed %llu %u %llu", (ull)lba, nlb, version);
}

/* Write at random in the conventional zones of this thread. */
void *conv_worker(void *worker)
{
	struct worker *w = worker;
	uint32_t lbas = w->nr * w->l->zone_lbas;

	for (;;) {
		uint32_t nlb = 1 + worker_random(w, MAX_NLB);
		uint64_t lba = w->first * w->l->zone_lbas + worker_random(w, lbas - nlb);

		if (worker_random(w, 8))
			conv_write(w, lba, nlb);
		else
			conv_zero(w, lba, nlb);
		if (!worker_random(w, 32))
			flush_somehow(w);
	}
	return NULL;
}

static void seq_write(struct worker *w, uint32_t zone)
{
	struct zone *z = &w->l->zones[zone];
	uint64_t lba = (uint64_t)zone * w->l->zone_lbas + z->wp;
	uint32_t nlb = 1 + worker_random(w, MAX_NLB);

	if (nlb > w->l->capacity - z->wp)
		nlb = w->l->capacity - z->wp;
	prepare(w, lba, zone, z->gen, nlb);
	z->wp += nlb;
	/* Use one path per zone: the block layer tracks write pointers of its own writes only. */
	if (write_by(w, lba, nlb, zone % 2))
		say("wp %u %llu %u", zone, (ull)z->gen, z->wp);
	else
		say_when_flushed(SAY_LBAS, "wp %u %llu %u", zone, (ull)z->gen, z->wp);
}

/* Write at the write pointers of the zones of this thread. */
void *seq_worker(void *worker)
{
	struct worker *w = worker;

	for (;;) {
		uint32_t zone = w->first + worker_random(w, w->nr);
		struct zone *z = &w->l->zones[zone];

		if (z->cond == BLK_ZONE_COND_FULL || z->wp == w->l->capacity ||
		    !worker_random(w, 200))
			zone_reset(w->l, zone);
		else if (!worker_random(w, 200))
			zone_finish(w->l, zone);
		else
			seq_write(w, zone);
		if (!worker_random(w, 32))
			flush_somehow(w);
	}
	return NULL;
}

/* append_lock protects append_zone, the current zone of all appenders. */
static pthread_rwlock_t append_lock = PTHREAD_RWLOCK_INITIALIZER;
static uint32_t append_zone;

/* Continue a zone that the crash left unfinished. Finish others, which frees open resources. */
void append_start(struct load *l, uint32_t first, uint32_t nr)
{
	for (uint32_t zone = first; zone < first + nr; zone++) {
		if (!l->zones[zone].wp || l->zones[zone].cond == BLK_ZONE_COND_FULL)
			continue;
		if (append_zone)
			zone_finish(l, append_zone);
		append_zone = zone;
	}
	if (append_zone)
		return;
	append_zone = first;
	zone_reset(l, first);
}

/* Go on to the next zone: the old one has no space for a command. */
static void next_append_zone(struct worker *w, uint32_t old)
{
	pthread_rwlock_wrlock(&append_lock);
	if (append_zone == old) {
		uint32_t next = w->first + (old - w->first + 1) % w->nr;

		zone_finish(w->l, old);
		zone_reset(w->l, next);
		append_zone = next;
	}
	pthread_rwlock_unlock(&append_lock);
}

/* Append a command to the zone. False if it has no space. */
static bool append(struct worker *w, uint32_t zone)
{
	uint64_t start = (uint64_t)zone * w->l->zone_lbas, lba;
	bool fua = !worker_random(w, 4);
	uint32_t nlb = 1 + worker_random(w, MAX_NLB);
	ull gen = w->l->zones[zone].gen;
	int ret;

	prepare(w, LBA_UNKNOWN, zone, gen, nlb);
	ret = drive_append(w->l, start, nlb, w->buf, fua, &lba) & KCSD_SC_MASK;
	if (ret == KCSD_SC_ZONE_FULL || ret == KCSD_SC_ZONE_BOUNDARY)
		return false;
	if (ret || lba < start || lba + nlb > start + w->l->capacity)
		say_bad("append to zone %u: %x, LBA %llu", zone, ret, (ull)lba);
	if (fua)
		say("at %llu %llu %u %llu %u", (ull)lba, gen, w->id, (ull)w->seq, nlb);
	else
		say_when_flushed(SAY_LBAS, "at %llu %llu %u %llu %u", (ull)lba, gen, w->id,
				 (ull)w->seq, nlb);
	return true;
}

/* Append to the same zone as the other appenders. */
void *append_worker(void *worker)
{
	struct worker *w = worker;

	for (;;) {
		uint32_t zone;
		bool done;

		pthread_rwlock_rdlock(&append_lock);
		zone = append_zone;
		done = append(w, zone);
		pthread_rwlock_unlock(&append_lock);
		if (!done)
			next_append_zone(w, zone);
		if (!worker_random(w, 32))
			flush_somehow(w);
	}
	return NULL;
}

static void changed_program(uint32_t pind, ull puid, int state, int ret)
{
	if (ret)
		say_bad("program %u to state %d: %x", pind, state, ret);
	say("loaded %u %llu %d", pind, puid, state);
}

static void load_program(struct load *l, uint32_t pind, ull puid)
{
	say("loading %u %llu 0", pind, puid);
	changed_program(pind, puid, 0, drive_load_program(l, pind, puid));
}

static void activate_program(struct load *l, uint32_t pind, ull puid, bool active)
{
	say("loading %u %llu %d", pind, puid, active);
	changed_program(pind, puid, active, drive_activate_program(l, pind, active));
}

static void unload_program(struct load *l, uint32_t pind)
{
	say("loading %u 0 2", pind);
	changed_program(pind, 0, 2, drive_unload_program(l, pind));
}

/* Unload the programs from before the crash. */
static void unload_found(struct load *l)
{
	for (uint32_t pind = 0; pind < LOAD_PROGRAMS; pind++) {
		struct program *p = &l->programs[pind];

		if (p->state == 1)
			activate_program(l, pind, p->puid, false);
		if (p->state != 2)
			unload_program(l, pind);
	}
}

/* Load, activate, deactivate and unload programs at random indices; all are persistent. */
void *program_worker(void *worker)
{
	struct worker *w = worker;
	struct load *l = w->l;

	unload_found(l);
	for (;;) {
		uint32_t pind = worker_random(w, LOAD_PROGRAMS);
		ull puid = ++l->version;

		load_program(l, pind, puid);
		worker_pause(worker_random(w, 20));
		activate_program(l, pind, puid, true);
		worker_pause(worker_random(w, 20));
		activate_program(l, pind, puid, false);
		unload_program(l, pind);
	}
	return NULL;
}

/* Flush at times: a flush makes acknowledged writes of all threads durable. */
void *flush_worker(void *worker)
{
	struct worker *w = worker;

	for (;;) {
		worker_pause(worker_random(w, 60));
		flush_somehow(w);
	}
	return NULL;
}
