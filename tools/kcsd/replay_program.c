// SPDX-License-Identifier: GPL-2.0
/*
 * What a run of a program does: one run in the simulator is traced instruction by instruction, and
 * its instructions are counted by class up to each access to the media.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/kcsd_bpf.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../engine/signatures.h"
#include "program_file.h"
#include "replay.h"

/* Classes of instructions. */
enum {
	CLASS_ALU, CLASS_MUL, CLASS_DIV, CLASS_ACCESS, CLASS_JUMP, CLASS_TAKEN, CLASS_CALL,
	CLASS_HELPER,
};

struct insn {
	uint8_t class;
	uint32_t helper;
};

struct count {
	struct replay_program *program;
	struct kcsd_timing_work work;	/* since the last access */
	struct insn *insns;		/* by pc; owned */
	uint32_t nr_insns;
	bool jumped;			/* the last instruction was a conditional jump */
	uint32_t next;			/* the pc behind it */
	uint64_t base;			/* first byte of the LBAs on the drive */
	uint64_t len;			/* of the LBAs, bytes */
	uint64_t stream_len;
	uint32_t block_size;
	bool full;			/* too many steps, or no memory */
	void *lbas;			/* mapped */
	uint64_t mapped;
};

/* ---- instructions ---- */

static uint8_t class_of(const struct bpf_insn *insn)
{
	uint8_t op = BPF_OP(insn->code);

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		return op == BPF_MUL ? CLASS_MUL :
		       op == BPF_DIV || op == BPF_MOD ? CLASS_DIV : CLASS_ALU;
	case BPF_JMP:
	case BPF_JMP32:
		if (op == BPF_CALL)
			return insn->src_reg ? CLASS_CALL : CLASS_HELPER;
		return op == BPF_EXIT ? CLASS_CALL : op == BPF_JA ? CLASS_TAKEN : CLASS_JUMP;
	case BPF_LD:
		return CLASS_ALU;	/* a 64-bit immediate */
	default:
		return CLASS_ACCESS;
	}
}

static int add_insn(const struct kcsd_insn_info *info, void *arg)
{
	struct count *c = arg;
	struct bpf_insn insn;

	if (info->pc >= c->nr_insns)
		return 0;
	memcpy(&insn, info->bytes, sizeof(insn));
	c->insns[info->pc] = (struct insn){ class_of(&insn), insn.imm };
	return 0;
}

/* ---- steps ---- */

/* End a step with an access; the work up to it is in c->work. */
static void add_step(struct count *c, uint8_t op, uint64_t offset, uint64_t len)
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
	p->step[p->nr++] = (struct replay_step){ c->work, offset, len, op };
	c->work = (struct kcsd_timing_work){};
}

/* An access to LBAs. What goes beyond them fails, and takes no time. */
static void access_lbas(struct count *c, uint8_t op, uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len, bs = c->block_size;

	if (!len || end < offset || end > c->len)
		return;
	/* Whole LBAs are moved. */
	offset -= offset % bs;
	add_step(c, op, c->base + offset, (end + bs - 1) / bs * bs - offset);
}

/* The same by an offset in the stream, which a read may exceed. */
static void access_stream(struct count *c, uint8_t op, uint64_t offset, uint64_t len)
{
	if (op == KCSD_TIMING_READ && offset < c->stream_len && len > c->stream_len - offset)
		len = c->stream_len - offset;
	access_lbas(c, op, offset, len);
}

/* Return the bytes that a helper works on in the memory of the program. */
static uint64_t helper_bytes(uint32_t id, const uint64_t r[11])
{
	enum { NONE, VAL, IN, OUT, LEN, HASH, DIGEST };
	static const uint8_t kinds[][5] = {
#define KINDS(name, nr, a, b, c, d, e) \
		[KCSD_HELPER_##name - KCSD_HELPER_BASE] = { a, b, c, d, e },
		KCSD_HELPERS(KINDS)
#undef KINDS
	};
	uint32_t i = id - KCSD_HELPER_BASE, arg;
	uint64_t bytes = 0;

	for (arg = 0; i < ARRAY_SIZE(kinds) && arg < 5; arg++)
		if (kinds[i][arg] == LEN)
			bytes += r[1 + arg];
	return bytes;
}

static void count_helper(struct count *c, uint32_t id, const uint64_t r[11])
{
	c->work.helper++;
	switch (id) {
	case KCSD_HELPER_read:
	case KCSD_HELPER_write:
		if (r[1] <= UINT64_MAX / c->block_size)
			access_lbas(c, id == KCSD_HELPER_read ? KCSD_TIMING_READ :
				    KCSD_TIMING_WRITE, r[1] * c->block_size, r[3]);
		break;
	case KCSD_HELPER_stream_read:
		access_stream(c, KCSD_TIMING_READ, r[1], r[3]);
		break;
	case KCSD_HELPER_stream_write:
		access_stream(c, KCSD_TIMING_WRITE, r[1], r[3]);
		break;
	case KCSD_HELPER_flush:
		add_step(c, KCSD_TIMING_FLUSH, 0, 0);
		break;
	default:
		c->work.helper_bytes += helper_bytes(id, r);
	}
}

static void count_jump(struct count *c, uint32_t pc)
{
	if (pc == c->next)
		c->work.not_taken++;
	else
		c->work.taken++;
	c->jumped = false;
}

static void count_step(const struct kcsd_sim_step *step, void *arg)
{
	struct count *c = arg;
	const struct insn *insn;

	if (step->pc >= c->nr_insns)
		return;
	insn = &c->insns[step->pc];
	if (c->jumped)
		count_jump(c, step->pc);
	c->program->insns++;
	switch (insn->class) {
	case CLASS_ALU:
		c->work.alu++;
		break;
	case CLASS_MUL:
		c->work.mul++;
		break;
	case CLASS_DIV:
		c->work.div++;
		break;
	case CLASS_ACCESS:
		c->work.access++;
		break;
	case CLASS_JUMP:
		c->jumped = true;
		c->next = step->pc + 1;
		break;
	case CLASS_TAKEN:
		c->work.taken++;
		break;
	case CLASS_CALL:
		c->work.call++;
		break;
	case CLASS_HELPER:
		count_helper(c, insn->helper, step->r);
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
	kcsd_run_result_free(&result, sizeof(result));
	add_step(c, REPLAY_STEP_END, 0, 0);
	if (c->full)
		return kcsd_fail("--run: the program accesses its LBAs more than %u times, or there "
				 "is no memory for so many", REPLAY_MAX_STEPS);
	return ret ? kcsd_fail("--run: %s", error.text) : 0;
}

static int count_program(struct count *c, const struct program_file *file,
			 const struct replay_run_opts *o)
{
	KCSD_OPTS(kcsd_sim_opts, opts, .lbas = c->lbas, .nsze = c->mapped / o->block_size,
		  .lba_size = o->block_size, .trace = count_step, .progress = stop_if_full,
		  .arg = c);
	struct kcsd_error error;
	struct kcsd_sim *sim;
	int code;

	c->nr_insns = file->len / sizeof(struct bpf_insn) + 1;
	c->insns = calloc(c->nr_insns, sizeof(*c->insns));
	if (!c->insns)
		return kcsd_fail("out of memory");
	if (kcsd_insn_each(file->image, file->len, file->obj, add_insn, c, &error) ||
	    kcsd_sim_create(file->image, file->len, &opts, &sim, &error))
		return kcsd_fail("%s: the program is refused: %s", o->path, error.text);
	code = simulate(c, sim, o);
	kcsd_sim_destroy(sim);
	return code;
}

/* Add up the work of all steps, for the report. */
static void add_up(struct replay_program *p)
{
	size_t i;

	for (i = 0; i < p->nr; i++) {
		p->accessed += p->step[i].len;
#define ADD(member)	p->work.member += p->step[i].work.member;
		REPLAY_WORK(ADD)
#undef ADD
	}
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
	free(c.insns);
	kcsd_program_close(&file);
	return code;
}

void kcsd_replay_program_free(struct replay_program *program)
{
	free(program->step);
}
