// SPDX-License-Identifier: GPL-2.0
/*
 * The program of a client, in a slot of its own.
 *
 * Its identifier (PUID) is of this connection alone. Loads do not meet in one slot (libkcsd locks
 * the node), and a drive does not replace a program that is active. Whoever has rights to the drive
 * can unload and load by hand; so the identifier is compared after the activation and before the
 * unloading.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "serve.h"

/* A PUID: mark, process of the service, number. */
#define MARK		0x6b63ull
#define MARK_SHIFT	48
#define PID_SHIFT	24
#define LOW_BITS	0xffffffu

#define UNLOAD_TRIES	200	/* a run that was cancelled ends soon */
#define UNLOAD_PAUSE_MS	50

uint64_t kcsd_serve_puid(uint32_t nr)
{
	return MARK << MARK_SHIFT | (uint64_t)getpid() << PID_SHIFT | (nr & LOW_BITS);
}

/* True for a program of a service that is gone, or of an earlier one with the same number. */
static bool is_left_over(uint64_t puid)
{
	pid_t pid = puid >> PID_SHIFT & LOW_BITS;

	return puid >> MARK_SHIFT == MARK &&
	       (pid == getpid() || (kill(pid, 0) && errno == ESRCH));
}

/* A search for a program. */
struct search {
	uint64_t puid;		/* 0: what is left over */
	uint32_t from;		/* index */
	struct kcsd_program_info found;
};

static int compare(const struct kcsd_program_info *info, void *arg)
{
	struct search *search = arg;

	if (info->pind < search->from ||
	    !(search->puid ? info->puid == search->puid : is_left_over(info->puid)))
		return 0;
	search->found = *info;
	return 1;
}

/* True if the program is active in its slot. */
static bool is_mine(const struct serve_program *p)
{
	struct search search = { .puid = p->puid, .from = p->pind };

	return kcsd_program_each(p->drv, compare, &search) == 1 &&
	       search.found.pind == p->pind && search.found.active;
}

static int activate(struct serve_program *p, struct kcsd_error *err)
{
	int ret = kcsd_program_activate(p->drv, p->pind);

	if (!ret && !is_mine(p))
		ret = -ESTALE;
	if (ret)
		snprintf(err->text, sizeof(err->text), "the program cannot be activated: %s",
			 ret == -ESTALE ? "somebody has replaced it" : kcsd_error_text(ret));
	return ret;
}

int kcsd_serve_load(struct serve_program *p, const struct serve_request *r, struct kcsd_error *err)
{
	KCSD_OPTS(kcsd_load_opts, opts, .pind = KCSD_PIND_ANY, .puid = p->puid);
	int ret = kcsd_program_load(p->drv, r->image, r->image_len, &opts, &p->pind, err);

	if (ret)
		return ret;
	p->loaded = true;
	return activate(p, err);
}

static void pause_ms(unsigned int ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000l }, NULL);
}

/* Unload a program once its last run has ended. */
static int unload(struct kcsd_drive *drv, uint32_t pind)
{
	int ret = KCSD_SC_PROGRAM_IN_USE, try;

	for (try = 0; ret == KCSD_SC_PROGRAM_IN_USE && try < UNLOAD_TRIES; try++) {
		if (try)
			pause_ms(UNLOAD_PAUSE_MS);
		ret = kcsd_program_deactivate(drv, pind);
		if (!ret)
			ret = kcsd_program_unload(drv, pind);
	}
	return ret;
}

bool kcsd_serve_unload(struct serve_program *p)
{
	struct search search = { .puid = p->puid };
	int ret;

	if (!p->loaded)
		return true;
	ret = kcsd_program_each(p->drv, compare, &search);
	if (ret == 1)
		ret = unload(p->drv, search.found.pind);
	p->loaded = ret;
	return !ret;
}

static int sweep_drive(const char *name, void *arg)
{
	struct search search = { .puid = *(uint64_t *)arg };
	struct kcsd_drive *drv;

	if (kcsd_drive_open(name, 0, &drv))
		return 0;
	while (kcsd_program_each(drv, compare, &search) == 1) {
		if (unload(drv, search.found.pind))
			fprintf(stderr, "kcsd: program %u of a client stays on %s\n",
				search.found.pind, name);
		search.from = search.found.pind + 1;
	}
	kcsd_drive_close(drv);
	return 0;
}

void kcsd_serve_sweep(uint64_t puid)
{
	kcsd_drive_each(sweep_drive, &puid);
}
