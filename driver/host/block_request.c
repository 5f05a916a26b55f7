// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of the block device. If the store does not block, queue_rq executes a request itself.
 * Otherwise, and while rules of inject delay commands, a work item of the request executes it.
 */
#include <linux/blk-mq.h>
#include <linux/highmem.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "clock/clock.h"
#include "drive.h"
#include "host/block.h"
#include "host/block_zone.h"
#include "media/lba_io.h"
#include "media/lbas.h"
#include "stats/counters.h"
#include "stats/error_log.h"

static struct kcsd_lbas *request_lbas(struct request *rq)
{
	return rq->q->queuedata;
}

static u64 request_slba(struct request *rq)
{
	return blk_rq_pos(rq) >> (request_lbas(rq)->lba_shift - SECTOR_SHIFT);
}

/* Make an iterator over the data of one bio. A split bio starts within a bvec: bi_bvec_done. */
static void bio_to_iter(struct bio *bio, struct iov_iter *iter)
{
	struct bvec_iter pos;
	struct bio_vec bvec;
	int nr = 0;

	bio_for_each_bvec(bvec, bio, pos)
		nr++;
	iov_iter_bvec(iter, bio_data_dir(bio) == WRITE ? ITER_SOURCE : ITER_DEST,
		      __bvec_iter_bvec(bio->bi_io_vec, bio->bi_iter), nr, bio->bi_iter.bi_size);
	iter->iov_offset = bio->bi_iter.bi_bvec_done;
}

/*
 * Flush the pages of a request that has this op. The CPU moves the data, not DMA, so all mappings
 * of the pages must agree.
 */
static void flush_pages(struct request *rq, enum req_op op)
{
	struct req_iterator iter;
	struct bio_vec bvec;

	if (ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE && req_op(rq) == op)
		rq_for_each_segment(bvec, rq, iter)
			flush_dcache_page(bvec.bv_page);
}

/* Move data bio by bio: each is a whole number of LBAs, and this needs no allocation. */
static int move_data(struct request *rq)
{
	struct kcsd_lbas *lbas = request_lbas(rq);
	u64 slba = request_slba(rq);
	struct iov_iter iter;
	struct bio *bio;
	int ret;

	flush_pages(rq, REQ_OP_WRITE);
	__rq_for_each_bio(bio, rq) {
		bio_to_iter(bio, &iter);
		if (req_op(rq) == REQ_OP_WRITE)
			ret = kcsd_lba_io_write(lbas, slba, &iter);
		else
			ret = kcsd_lba_io_read(lbas, slba, &iter);
		if (ret)
			return ret;
		slba += bio->bi_iter.bi_size >> lbas->lba_shift;
	}
	flush_pages(rq, REQ_OP_READ);
	return 0;
}

static int do_read(struct request *rq)
{
	struct kcsd_lbas *lbas = request_lbas(rq);
	int ret = move_data(rq);

	if (ret)
		return ret;
	kcsd_stat_inc(lbas, read_commands);
	kcsd_stat_add(lbas, read_bytes, blk_rq_bytes(rq));
	kcsd_stat_add(lbas, host_read_bytes, blk_rq_bytes(rq));
	return 0;
}

/* Append the only bio: appends are never merged. The sender finds the LBA in the bio. */
static int append_data(struct request *rq)
{
	struct kcsd_lbas *lbas = request_lbas(rq);
	struct iov_iter iter;
	u64 lba;
	int ret;

	bio_to_iter(rq->bio, &iter);
	ret = kcsd_lba_io_append(lbas, request_slba(rq), &iter, &lba);
	if (!ret)
		rq->__sector = lba << (lbas->lba_shift - SECTOR_SHIFT);
	return ret;
}

static int do_write(struct request *rq)
{
	struct kcsd_lbas *lbas = request_lbas(rq);
	int ret = req_op(rq) == REQ_OP_ZONE_APPEND ? append_data(rq) : move_data(rq);

	if (!ret && rq->cmd_flags & REQ_FUA)
		ret = kcsd_lba_io_flush(lbas);
	if (ret)
		return ret;
	kcsd_stat_inc(lbas, write_commands);
	kcsd_stat_add(lbas, write_bytes, blk_rq_bytes(rq));
	kcsd_stat_add(lbas, host_write_bytes, blk_rq_bytes(rq));
	return 0;
}

static int do_zero(struct request *rq, bool unmap)
{
	struct kcsd_lbas *lbas = request_lbas(rq);

	return kcsd_lba_io_zero(lbas, request_slba(rq), blk_rq_bytes(rq) >> lbas->lba_shift,
				unmap);
}

static int do_discard(struct request *rq)
{
	struct kcsd_lbas *lbas = request_lbas(rq);
	int ret = do_zero(rq, true);

	if (ret)
		return ret;
	kcsd_stat_inc(lbas, discard_commands);
	kcsd_stat_add(lbas, discard_bytes, blk_rq_bytes(rq));
	return 0;
}

static int do_write_zeroes(struct request *rq)
{
	struct kcsd_lbas *lbas = request_lbas(rq);
	int ret = do_zero(rq, !(rq->cmd_flags & REQ_NOUNMAP));

	if (!ret && rq->cmd_flags & REQ_FUA)
		ret = kcsd_lba_io_flush(lbas);
	if (ret)
		return ret;
	kcsd_stat_inc(lbas, write_zeroes_commands);
	kcsd_stat_add(lbas, write_zeroes_bytes, blk_rq_bytes(rq));
	return 0;
}

static int do_flush(struct request *rq)
{
	struct kcsd_lbas *lbas = request_lbas(rq);
	int ret = kcsd_lba_io_flush(lbas);

	if (!ret)
		kcsd_stat_inc(lbas, flush_commands);
	return ret;
}

static int do_request(struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
		return do_read(rq);
	case REQ_OP_WRITE:
	case REQ_OP_ZONE_APPEND:
		return do_write(rq);
	case REQ_OP_FLUSH:
		return do_flush(rq);
	case REQ_OP_DISCARD:
		return do_discard(rq);
	case REQ_OP_WRITE_ZEROES:
		return do_write_zeroes(rq);
	default:
		return kcsd_block_zone_manage(rq);
	}
}

/* Returns KCSD_NR_INJECT_OPS for requests into which no errors are injected. */
static enum kcsd_inject_op inject_op(const struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
		return KCSD_INJECT_READ;
	case REQ_OP_WRITE:
	case REQ_OP_DISCARD:
	case REQ_OP_WRITE_ZEROES:
		return KCSD_INJECT_WRITE;
	case REQ_OP_ZONE_APPEND:
		return KCSD_INJECT_APPEND;
	case REQ_OP_FLUSH:
		return KCSD_INJECT_FLUSH;
	default:
		return KCSD_NR_INJECT_OPS;
	}
}

/* Returns 0, or the status of an injected error. Sleeps for an injected delay. */
static int inject(struct request *rq)
{
	struct kcsd_block_work *bw = blk_mq_rq_to_pdu(rq);
	struct kcsd_lbas *lbas = request_lbas(rq);
	struct kcsd_inject_cmd cmd = {
		.op = inject_op(rq),
		.slba = request_slba(rq),
		.nlb = blk_rq_bytes(rq) >> lbas->lba_shift,
		.timeout_ms = jiffies_to_msecs(rq->timeout),
		.delay_ns = &bw->held.time.delay_ns,
	};

	if (cmd.op == KCSD_INJECT_APPEND)
		cmd.nlb = 1ULL << lbas->zones.shift;
	return kcsd_inject(lbas, &cmd);
}

/* Log a failed request in the error log, like a failed passthrough command. */
static void log_failure(struct request *rq, int ret)
{
	struct kcsd_lbas *lbas = request_lbas(rq);
	bool read = req_op(rq) == REQ_OP_READ;
	struct kcsd_failure f = {
		.status = kcsd_lba_io_status(ret, read ? KCSD_SC_READ_ERROR : KCSD_SC_WRITE_FAULT),
		.nsid = KCSD_NSID_NVM,
		.place = KCSD_ERROR_NO_PLACE,
		.lba = req_op(rq) == REQ_OP_FLUSH ? 0 : request_slba(rq),
	};

	kcsd_error_log_add(lbas->ns.drive->errors, &f);
}

/* Unlike errno_to_blk_status(), do not let the block layer retry -ENOMEM or -EAGAIN of a store. */
static blk_status_t to_blk_status(int ret)
{
	switch (ret) {
	case 0:
		return BLK_STS_OK;
	case -ENOSPC:
	case -EDQUOT:
		return BLK_STS_NOSPC;
	case -EOPNOTSUPP:
		return BLK_STS_NOTSUPP;
	case KCSD_SC_TOO_MANY_OPEN_ZONES:
		return BLK_STS_ZONE_OPEN_RESOURCE;
	case KCSD_SC_TOO_MANY_ACTIVE_ZONES:
		return BLK_STS_ZONE_ACTIVE_RESOURCE;
	case KCSD_SC_READ_ERROR:
	case KCSD_SC_WRITE_FAULT:
		return BLK_STS_MEDIUM;
	case KCSD_SC_ABORT_REQUESTED:
		return BLK_STS_TIMEOUT;
	default:
		return BLK_STS_IOERR;
	}
}

/* ---- device time ---- */

static struct kcsd_clock *request_clock(struct request *rq)
{
	return request_lbas(rq)->clock;
}

/* Describe what a request did, for the model of time. */
static struct kcsd_timing_cmd describe(struct request *rq)
{
	struct kcsd_timing_cmd piece = {
		.op = KCSD_TIMING_OTHER,
		.offset = blk_rq_pos(rq) << SECTOR_SHIFT,
		.bytes = blk_rq_bytes(rq),
		.flags = rq->cmd_flags & REQ_FUA ? KCSD_TIMING_FUA : 0,
	};

	switch (req_op(rq)) {
	case REQ_OP_READ:
		piece.op = KCSD_TIMING_READ;
		break;
	case REQ_OP_WRITE:
	case REQ_OP_ZONE_APPEND:
		piece.op = KCSD_TIMING_WRITE;
		break;
	case REQ_OP_DISCARD:
	case REQ_OP_WRITE_ZEROES:
		piece.op = KCSD_TIMING_TRIM;
		break;
	case REQ_OP_FLUSH:
		piece.op = KCSD_TIMING_FLUSH;
		break;
	case REQ_OP_ZONE_RESET:
	case REQ_OP_ZONE_RESET_ALL:
		piece.op = KCSD_TIMING_ZONE_RESET;
		break;
	case REQ_OP_ZONE_FINISH:
		piece.op = KCSD_TIMING_ZONE_FINISH;
		break;
	default:
		break;
	}
	if (piece.op > KCSD_TIMING_TRIM)
		piece.bytes = 0;
	return piece;
}

static void take_time(struct request *rq, int status)
{
	struct kcsd_block_work *bw = blk_mq_rq_to_pdu(rq);
	struct kcsd_flow *flow = &request_lbas(rq)->disk->flow;
	struct kcsd_clock *clock = request_clock(rq);
	struct kcsd_timing_cmd piece = describe(rq);
	struct kcsd_time *time = &bw->held.time;

	time->cpu_ns = ktime_get_ns() - time->begin_ns - time->delay_ns;
	if (status)
		piece.op = KCSD_TIMING_OTHER;
	else if (req_op(rq) == REQ_OP_ZONE_RESET_ALL)
		kcsd_zones_take_time(request_lbas(rq), flow, time, KCSD_TIMING_ZONE_RESET);
	else
		kcsd_clock_submit(clock, flow, time, piece, KCSD_CLOCK_ABREAST);
	kcsd_clock_leave(clock, flow, time, piece.op, (__force u8)req_op(rq));
}

static void held_done(struct kcsd_held *held)
{
	struct kcsd_block_work *bw = container_of(held, struct kcsd_block_work, held);

	blk_mq_end_request(blk_mq_rq_from_pdu(bw), bw->status);
}

/* End a request, when its device time is over. */
static void end_request(struct request *rq, int ret)
{
	struct kcsd_block_work *bw = blk_mq_rq_to_pdu(rq);

	if (likely(!bw->held.time.begin_ns)) {
		blk_mq_end_request(rq, to_blk_status(ret));
		return;
	}
	take_time(rq, ret);
	bw->status = to_blk_status(ret);
	bw->held.clock = request_clock(rq);
	bw->held.done = held_done;
	kcsd_clock_hold(&bw->held, false);
}

static void begin_request(struct request *rq)
{
	struct kcsd_block_work *bw = blk_mq_rq_to_pdu(rq);
	struct kcsd_clock *clock = request_clock(rq);

	bw->held.time.begin_ns = 0;
	if (unlikely(READ_ONCE(clock->on))) {
		bw->held.time = (struct kcsd_time){};
		kcsd_clock_begin(clock, NULL, &bw->held.time);
		bw->held.time.sender = task_pid_nr(current);
		if (bw->held.time.begin_ns)
			bw->held.time.number =
				atomic_inc_return(&request_lbas(rq)->disk->begun);
	}
	blk_mq_start_request(rq);
}

/* ---- requests ---- */

static void carry_out(struct request *rq)
{
	int ret = inject(rq) ?: do_request(rq);

	if (ret && ret != -EOPNOTSUPP)
		log_failure(rq, ret);
	end_request(rq, ret);
}

static void work_fn(struct work_struct *work)
{
	struct kcsd_block_work *bw = container_of(work, struct kcsd_block_work, work);

	carry_out(blk_mq_rq_from_pdu(bw));
}

static blk_status_t block_queue_rq_work(struct blk_mq_hw_ctx *hctx,
					const struct blk_mq_queue_data *bd)
{
	struct kcsd_block_work *bw = blk_mq_rq_to_pdu(bd->rq);

	begin_request(bd->rq);
	INIT_WORK(&bw->work, work_fn);
	queue_work(request_lbas(bd->rq)->disk->wq, &bw->work);
	return BLK_STS_OK;
}

static blk_status_t block_queue_rq_inline(struct blk_mq_hw_ctx *hctx,
					  const struct blk_mq_queue_data *bd)
{
	if (unlikely(kcsd_inject_sleeps(request_lbas(bd->rq))))
		return block_queue_rq_work(hctx, bd);
	begin_request(bd->rq);
	carry_out(bd->rq);
	return BLK_STS_OK;
}

/* Restart the timer: the store may be slow, but every started request completes. */
static enum blk_eh_timer_return block_timeout(struct request *rq)
{
	return BLK_EH_RESET_TIMER;
}

const struct blk_mq_ops kcsd_block_inline_ops = {
	.queue_rq	= block_queue_rq_inline,
	.timeout	= block_timeout,
};

const struct blk_mq_ops kcsd_block_work_ops = {
	.queue_rq	= block_queue_rq_work,
	.timeout	= block_timeout,
};
