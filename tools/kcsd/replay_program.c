// SPDX-License-Identifier: GPL-2.0
/*
 * What a run of a program does: the engine counts the cost of one run in the simulator, up to each
 * access to the media.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/kcsd_bpf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/sim_cost.h"
#include "program_file.h"
#include "replay.h"
#include "run.h"

#define MAX_ERRNO	4095

struct count {
	struct replay_program *program;
	uint64_t cost;			/* up to the last access */
	uint64_t base;			/* first byte of the LBAs on the drive */
	uint64_t len;			/* of the LBAs, bytes */
	uint64_t stream_len;
	uint32_t block_size;
	bool full;			/* too many steps, or no memory */
	void *lbas;			/* mapped */
	uint64_t mapped;
};

/* ---- steps ---- */

/* End a step with an access; cost: of the run up to it. */
static void add_step(struct count *c, uint64_t cost, uint8_t op, uint64_t offset, uint64_t len)
{
	struct replay_program *p = c->program;
	struct replay_step *more;
	size_t room;

	if (p->nr == p->room) {
		room = p->room ? 2 * p->room : 64;
		more = room > REPLAY_MAX_STEPS ? NULL :
		       reallocarray(p->step, room, sizeof(*more));
		if (!more) {
			c->full = true;
			return;
		}
		p->step = more;
		p->room = room;
	}
	p->step[p->nr++] = (struct replay_step){ cost - c->cost, offset, len, op };
	c->cost = cost;
}

/* An access to LBAs. What goes beyond them fails, and takes no time. */
static void access_lbas(struct count *c, uint64_t cost, uint8_t op, uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len, bs = c->block_size;

	if (!len || end < offset || end > c->len)
		return;
	/* Whole LBAs are moved. */
	offset -= offset % bs;
	add_step(c, cost, op, c->base + offset, (end + bs - 1) / bs * bs - offset);
}

/* The same by an offset in the stream, which a read may exceed. */
static void access_stream(struct count *c, uint64_t cost, uint8_t op, uint64_t offset, uint64_t len)
{
	if (op == KCSD_TIMING_READ && offset < c->stream_len && len > c->stream_len - offset)
		len = c->stream_len - offset;
	access_lbas(c, cost, op, offset, len);
}

static void see_helper(u32 id, const u64 val[5], u64 cost, void *arg)
{
	struct count *c = arg;

	switch (id) {
	case KCSD_HELPER_read:
	case KCSD_HELPER_write:
		if (val[0] <= UINT64_MAX / c->block_size)
			access_lbas(c, cost, id == KCSD_HELPER_read ? KCSD_TIMING_READ :
				    KCSD_TIMING_WRITE, val[0] * c->block_size, val[2]);
		break;
	case KCSD_HELPER_stream_read:
		access_stream(c, cost, KCSD_TIMING_READ, val[0], val[2]);
		break;
	case KCSD_HELPER_stream_write:
		access_stream(c, cost, KCSD_TIMING_WRITE, val[0], val[2]);
		break;
	case KCSD_HELPER_flush:
		add_step(c, cost, KCSD_TIMING_FLUSH, 0, 0);
		break;
	}
}

/* ---- the run ---- */

/* Count the output, and drop it. Cancels the run if there is no room for more steps. */
static int take_output(void *arg, const void *bytes, size_t len)
{
	struct count *c = arg;

	(void)bytes;
	c->program->output += len;
	return c->full;
}

static int stop_if_full(uint64_t read_bytes, void *arg)
{
	const struct count *c = arg;

	(void)read_bytes;
	return c->full;
}

/* Read the content of the LBAs from a file; the rest of them stays zero. */
static int read_content(struct count *c, const struct replay_run_opts *o, int fd)
{
	uint64_t done = 0;
	ssize_t n;

	while (done < c->mapped) {
		n = read(fd, (char *)c->lbas + done, c->mapped - done);
		if (n < 0 && errno != EINTR)
			return kcsd_fail("--content: %s: %s", o->content, strerror(errno));
		if (!n)
			break;
		done += n > 0 ? n : 0;
	}
	return 0;
}

static int map_lbas(struct count *c, const struct replay_run_opts *o)
{
	uint64_t nlb = o->lbas.nlb;
	struct stat st = {};
	int fd = -1, code = 0;

	if (o->content) {
		fd = open(o->content, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st)) {
			code = kcsd_fail("--content: %s: %s", o->content, strerror(errno));
			goto out_close;
		}
	}
	if (!nlb)
		nlb = (st.st_size + o->block_size - 1) / o->block_size;
	c->base = o->lbas.slba * o->block_size;
	if (!nlb)
		goto out_close;
	if (nlb <= UINT32_MAX) {
		c->mapped = nlb * o->block_size;
		c->lbas = mmap(NULL, c->mapped, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	}
	if (nlb > UINT32_MAX || c->lbas == MAP_FAILED) {
		c->lbas = NULL;
		code = kcsd_fail("--lba: cannot map %llu LBAs into memory",
				 (unsigned long long)nlb);
	} else if (fd >= 0) {
		code = read_content(c, o, fd);
	}
	c->len = c->mapped;
	c->program->end = c->base + c->mapped;
	c->stream_len = o->content && !o->lbas.nlb ? (uint64_t)st.st_size : c->mapped;
out_close:
	if (fd >= 0)
		close(fd);
	return code;
}

static void print_log(const char *line, size_t len, void *arg)
{
	(void)arg;
	kcsd_print_log_line(line, len);
}

/* Judge the run as kcsd sim does: what failed is no work of a drive. Return the exit code. */
static int judge(int ret, uint64_t result, const struct kcsd_error *error)
{
	if (ret) {
		kcsd_fail("--run: %s", error->text);
		return ret > 0 && (ret & KCSD_SC_MASK) >> 8 == 7 ? KCSD_EXIT_FAULT :
		       KCSD_EXIT_FAILED;
	}
	if (-result < 1 || -result > MAX_ERRNO)
		return 0;
	kcsd_fail("--run: the program returned an error: %lld (%s)", (long long)result,
		  kcsd_program_error_text(-result));
	return KCSD_EXIT_ERROR;
}

static int simulate(struct count *c, struct kcsd_sim *sim, const struct replay_run_opts *o)
{
	struct kcsd_lba_range grant = {
		.nlb = c->mapped / o->block_size,
		.access = o->lbas.access,
	};
	struct kcsd_run_result result;
	struct kcsd_run_opts run = o->run;
	struct kcsd_error error;
	int ret;

	run.sz = sizeof(run);
	run.grants = &grant;
	run.nr_grants = !!grant.nlb;
	run.timeout_ms = UINT32_MAX;
	run.flags |= KCSD_RUN_LEN;
	run.stream_len = c->stream_len;
	run.output = take_output;
	run.output_arg = c;
	ret = kcsd_sim_run(sim, &run, &result, sizeof(result), &error);
	c->program->insns = result.info.insns;
	c->program->result = result.r0;
	kcsd_run_result_free(&result, sizeof(result));
	c->program->cycles = kcsd_sim_cost(sim);
	add_step(c, c->program->cycles, REPLAY_STEP_END, 0, 0);
	if (c->full)
		return kcsd_fail("--run: the program accesses its LBAs more than %u times, or there "
				 "is no memory for so many", REPLAY_MAX_STEPS);
	return judge(ret, c->program->result, &error);
}

static int count_program(struct count *c, const struct program_file *file,
			 const struct replay_run_opts *o)
{
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = c->lbas, .nsze = c->mapped / o->block_size,
		  .lba_size = o->block_size, .progress = stop_if_full, .log = print_log,
		  .arg = c);
	struct kcsd_error error;
	struct kcsd_sim *sim;
	int code;

	if (kcsd_sim_create(file->image, file->len, &opts, &sim, &error))
		return kcsd_fail("%s: the program is refused: %s", o->path, error.text);
	code = kcsd_sim_set_costs(sim, &o->costs, see_helper) ? kcsd_fail("out of memory") :
	       simulate(c, sim, o);
	kcsd_sim_destroy(sim);
	return code;
}

static void add_up(struct replay_program *p)
{
	size_t i;

	for (i = 0; i < p->nr; i++)
		p->accessed += p->step[i].len;
}

int kcsd_replay_program_run(struct replay_program *program, const struct replay_run_opts *o)
{
	KCSD_OPTS(kcsd_object_opts, object, .program = o->name, .heap_len = o->heap);
	struct count c = { .program = program, .block_size = o->block_size };
	struct program_file file = {};
	int code = kcsd_program_open(&file, o->path, &object);

	if (!code)
		code = map_lbas(&c, o);
	if (!code)
		code = count_program(&c, &file, o);
	if (!code)
		add_up(program);
	if (c.lbas)
		munmap(c.lbas, c.mapped);
	kcsd_program_close(&file);
	return code;
}

void kcsd_replay_program_free(struct replay_program *program)
{
	free(program->step);
}
