// SPDX-License-Identifier: GPL-2.0
/* Run kernels on a drive, with its configured engine. */
#include <err.h>
#include <string.h>

#include <libkcsd.h>

#include "bench.h"

static void *drive_open(const char *arg)
{
	struct kcsd_drive *drv;
	int ret = kcsd_drive_open(arg, 0, &drv);

	if (ret)
		errx(1, "%s: %s", arg, kcsd_error_text(ret));
	return drv;
}

static void load(struct kcsd_drive *drv, const struct bench_job *job, uint32_t *pind)
{
	struct kcsd_error error;
	int ret;

	if (kcsd_object_load(drv, job->object, NULL, pind, &error))
		errx(1, "%s", error.text);
	ret = kcsd_program_activate(drv, *pind);
	if (ret)
		errx(1, "%s: activate: %s", job->name, kcsd_error_text(ret));
}

static void unload(struct kcsd_drive *drv, uint32_t pind)
{
	if (kcsd_program_deactivate(drv, pind) || kcsd_program_unload(drv, pind))
		errx(1, "program %u cannot be unloaded", pind);
}

static void drive_run(void *handle, const struct bench_job *job, struct bench_outcome *outcome)
{
	struct kcsd_drive *drv = handle;
	struct kcsd_run_result result;
	struct kcsd_error error;
	uint32_t pind;

	load(drv, job, &pind);
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .cparam1 = job->rounds,
		  .cparam2 = BENCH_SEED, .out_len = sizeof(outcome->result));
	if (kcsd_program_run(drv, &opts, &result, sizeof(result), &error))
		errx(1, "%s: %s", job->name, error.text);
	if (result.out_len != sizeof(outcome->result))
		errx(1, "%s: %zu bytes of output", job->name, result.out_len);
	memcpy(&outcome->result, result.out, sizeof(outcome->result));
	outcome->insns = result.info.insns;
	kcsd_run_result_free(&result, sizeof(result));
	unload(drv, pind);
}

static void drive_close(void *handle)
{
	kcsd_drive_close(handle);
}

const struct bench_engine bench_drive = { drive_open, drive_run, drive_close };
