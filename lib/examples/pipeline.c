// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Sum the bytes of a drive inside it, as uring_pipeline does: copy a piece into the memory of the
 * drive while programs work on the pieces before it.
 *
 *	kcsd load -a -d kcsd0 range_sum.bpf.o
 *	pipeline kcsd0 0
 *
 * Build: cc pipeline.c $(pkg-config --cflags --libs libkcsd)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <libkcsd.h>

#define DEPTH	8	/* pieces */
#define PIECE	65536	/* bytes of SLM for one of them */

/* Wait for the oldest run, add its result to *sum, and set *place, which is free now, in SLM. */
static int reap(struct kcsd_queue *queue, uint64_t *place, uint64_t *sum)
{
	struct kcsd_run_result result;
	int ret = kcsd_queue_reap(queue, &result, sizeof(result), -1);

	if (ret)
		return ret;
	ret = result.status;
	*place = result.user_data;
	*sum += result.r0;
	kcsd_run_result_free(&result, sizeof(result));
	return ret;
}

static int sum_all(struct kcsd_drive *drv, struct kcsd_queue *queue, uint32_t pind, uint64_t *sum)
{
	uint64_t nsze = kcsd_drive_nsze(drv), place = 0, pieces = 0;
	struct kcsd_lba_range from = { .slba = 0 };
	struct kcsd_slm_range range = { .len = PIECE };
	KCSD_OPTS(kcsd_run_opts, opts, .pind = pind, .ranges = &range, .nr_ranges = 1,
		  .flags = KCSD_RUN_LEN);
	struct kcsd_error err;
	int ret = 0;

	for (; !ret && from.slba < nsze; from.slba += from.nlb) {
		from.nlb = PIECE / kcsd_drive_lba_size(drv);
		if (from.nlb > nsze - from.slba)
			from.nlb = nsze - from.slba;
		if (pieces < DEPTH)
			place = pieces++;
		else
			ret = reap(queue, &place, sum);
		range.start = place * PIECE;
		opts.stream_len = (uint64_t)from.nlb * kcsd_drive_lba_size(drv);
		if (!ret)
			ret = kcsd_slm_copy_lbas(drv, range.start, &from, 1);
		if (!ret)
			ret = kcsd_queue_submit(queue, &opts, place, &err);
	}
	while (!ret && kcsd_queue_inflight(queue))
		ret = reap(queue, &place, sum);
	return ret;
}

int main(int argc, char **argv)
{
	struct kcsd_queue *queue = NULL;
	struct kcsd_drive *drv;
	uint64_t sum = 0;
	int ret;

	if (argc != 3) {
		fprintf(stderr, "usage: pipeline DRIVE PIND\n");
		return 2;
	}
	ret = kcsd_drive_open(argv[1], 0, &drv);
	if (!ret) {
		ret = kcsd_queue_create(drv, DEPTH, &queue);
		if (!ret)
			ret = sum_all(drv, queue, strtoul(argv[2], NULL, 0), &sum);
		kcsd_queue_destroy(queue);
		kcsd_drive_close(drv);
	}
	if (ret)
		fprintf(stderr, "%s\n", kcsd_error_text(ret));
	else
		printf("%" PRIu64 "\n", sum);
	return ret != 0;
}
