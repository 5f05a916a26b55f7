// SPDX-License-Identifier: GPL-2.0
/* One program: created from a complete image, its counters, its directory in sysfs. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "clock/clock.h"
#include "compute/compute.h"
#include "compute/debugfs.h"
#include "compute/jit_code.h"
#include "compute/program.h"
#include "config.h"
#include "stats/trace_cmd.h"

static struct kcsd_program *kobj_program(struct kobject *kobj)
{
	return container_of(kobj, struct kcsd_program, kobj);
}

static void program_release(struct kobject *kobj)
{
	struct kcsd_program *p = kobj_program(kobj);

	free_percpu(p->stats);
	kcsd_jit_code_destroy(p->jit);
	kcsd_code_destroy(p->code);
	kvfree(p->image);
	kfree_rcu(p, rcu);	/* kcsd_program_get() may still read users */
}

static struct kcsd_program_counters program_fold(const struct kcsd_program *p)
{
	struct kcsd_program_counters sum = {};
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct kcsd_program_counters *s = &per_cpu_ptr(p->stats, cpu)->counters;
		u64 min_ns = READ_ONCE(s->min_ns);

		sum.runs += READ_ONCE(s->runs);
		sum.runs_jit += READ_ONCE(s->runs_jit);
		sum.runs_interp += READ_ONCE(s->runs_interp);
		sum.faults += READ_ONCE(s->faults);
		sum.insns += READ_ONCE(s->insns);
		sum.total_ns += READ_ONCE(s->total_ns);
		sum.max_ns = max(sum.max_ns, READ_ONCE(s->max_ns));
		if (min_ns && (!sum.min_ns || min_ns < sum.min_ns))
			sum.min_ns = min_ns;
	}
	return sum;
}

struct kcsd_program_attr {
	struct attribute attr;
	ssize_t (*show)(struct kcsd_program *p, char *page);
};

#define KCSD_PROGRAM_ATTR(_name, fmt, value)						\
static ssize_t show_##_name(struct kcsd_program *p, char *page)				\
{											\
	return sysfs_emit(page, fmt "\n", value);					\
}											\
static struct kcsd_program_attr attr_##_name = {					\
	.attr = { .name = #_name, .mode = 0444 },					\
	.show = show_##_name,								\
}

KCSD_PROGRAM_ATTR(name, "%s", p->view.name);
KCSD_PROGRAM_ATTR(puid, "%llu", p->puid);
KCSD_PROGRAM_ATTR(active, "%d", atomic_read(&p->users) >= 0);
KCSD_PROGRAM_ATTR(persistent, "%d", p->persistent);
KCSD_PROGRAM_ATTR(size, "%u", p->psize);
KCSD_PROGRAM_ATTR(runs, "%llu", program_fold(p).runs);
KCSD_PROGRAM_ATTR(runs_jit, "%llu", program_fold(p).runs_jit);
KCSD_PROGRAM_ATTR(runs_interp, "%llu", program_fold(p).runs_interp);
KCSD_PROGRAM_ATTR(faults, "%llu", program_fold(p).faults);
KCSD_PROGRAM_ATTR(insns, "%llu", program_fold(p).insns);
KCSD_PROGRAM_ATTR(min_ns, "%llu", program_fold(p).min_ns);
KCSD_PROGRAM_ATTR(max_ns, "%llu", program_fold(p).max_ns);
KCSD_PROGRAM_ATTR(total_ns, "%llu", program_fold(p).total_ns);

static struct attribute *program_attrs[] = {
	&attr_name.attr,
	&attr_puid.attr,
	&attr_active.attr,
	&attr_persistent.attr,
	&attr_size.attr,
	&attr_runs.attr,
	&attr_runs_jit.attr,
	&attr_runs_interp.attr,
	&attr_faults.attr,
	&attr_insns.attr,
	&attr_min_ns.attr,
	&attr_max_ns.attr,
	&attr_total_ns.attr,
	NULL,
};
ATTRIBUTE_GROUPS(program);

static ssize_t program_attr_show(struct kobject *kobj, struct attribute *attr, char *page)
{
	return container_of(attr, struct kcsd_program_attr, attr)->show(kobj_program(kobj),
									page);
}

static const struct sysfs_ops program_sysfs_ops = {
	.show = program_attr_show,
};

static const struct kobj_type program_ktype = {
	.release	= program_release,
	.sysfs_ops	= &program_sysfs_ops,
	.default_groups	= program_groups,
};

/* Write only if the value changes: all units read it. */
static void program_note_quick(struct kcsd_program *p, bool was_quick)
{
	int quick = READ_ONCE(p->quick);

	if (!was_quick && quick > 0)
		WRITE_ONCE(p->quick, 0);
	else if (was_quick && quick < KCSD_QUICK_RUNS)
		WRITE_ONCE(p->quick, quick + 1);
}

void kcsd_program_account(struct kcsd_program *program, const struct kcsd_trace_run *run,
			  bool was_quick)
{
	u64 ns = run->run_ns;
	struct kcsd_program_stats *stats = get_cpu_ptr(program->stats);
	struct kcsd_program_counters *s = &stats->counters;

	WRITE_ONCE(s->runs, s->runs + 1);
	WRITE_ONCE(s->runs_jit, s->runs_jit + (run->engine == KCSD_ENGINE_JIT));
	WRITE_ONCE(s->runs_interp, s->runs_interp + (run->engine == KCSD_ENGINE_INTERP));
	WRITE_ONCE(s->faults, s->faults + !!run->reason);
	WRITE_ONCE(s->insns, s->insns + run->insns);
	WRITE_ONCE(s->total_ns, s->total_ns + ns);
	if (!s->min_ns || ns < s->min_ns)
		WRITE_ONCE(s->min_ns, ns);
	if (ns > s->max_ns)
		WRITE_ONCE(s->max_ns, ns);
	kcsd_histogram_add(&stats->latency, ns);
	if (run->insns)
		kcsd_histogram_add(&stats->insns_of_runs, run->insns);
	put_cpu_ptr(program->stats);
	program_note_quick(program, was_quick);
}

static bool program_calls(const struct kcsd_program *p, s32 helper)
{
	const struct bpf_insn *insn = p->view.insns, *end = insn + p->view.insn_cnt;

	/* The second half of a 64-bit immediate has opcode 0, so it is no call. */
	for (; insn < end; insn++)
		if (insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg && insn->imm == helper)
			return true;
	return false;
}

int kcsd_program_create(struct kcsd_compute *compute, u16 pind, struct kcsd_loading *l,
			struct kcsd_program **out, struct kcsd_verdict *verdict)
{
	struct kcsd_layout layout;
	struct kcsd_program *p;
	int ret = -ENOMEM;

	p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	if (!p)
		return -ENOMEM;
	p->stats = alloc_percpu_gfp(struct kcsd_program_stats, GFP_KERNEL_ACCOUNT);
	if (!p->stats)
		goto out_free;

	ret = -EINVAL;
	verdict->pc = 0;
	verdict->reason = kcsd_image_parse(l->image, l->psize, &p->view);
	if (verdict->reason)
		goto out_stats;
	if (kcsd_layout_init(&layout, &p->view, KCSD_MAX_ARGS) > compute->cfg->arena_size) {
		verdict->reason = KCSD_VERDICT_MEMORY;
		goto out_stats;
	}
	ret = kcsd_code_create(p->view.insns, p->view.insn_cnt, &p->code, verdict);
	if (ret)
		goto out_stats;
	if (compute->clock->model)
		ret = kcsd_code_set_costs(p->code, &compute->clock->costs);
	if (ret)
		goto out_code;
	p->pind = pind;
	p->builtin = l->builtin;
	ret = kcsd_jit_code_alloc(compute, &p->jit);
	if (ret)
		goto out_code;

	p->acts = program_calls(p, KCSD_HELPER_log) || program_calls(p, KCSD_HELPER_flush);
	p->pit = l->pit;
	p->persistent = l->persistent;
	p->puid = l->puid;
	p->psize = l->psize;
	p->image = l->image;
	atomic_set(&p->users, -1);
	*out = p;
	return 0;

out_code:
	kcsd_code_destroy(p->code);
out_stats:
	free_percpu(p->stats);
out_free:
	kfree(p);
	return ret;
}

int kcsd_program_add(struct kcsd_compute *compute, struct kcsd_program *p)
{
	int ret = kobject_init_and_add(&p->kobj, &program_ktype, compute->programs->dir, "%u",
				       p->pind);

	if (ret) {
		kobject_put(&p->kobj);
		return ret;
	}
	kcsd_debugfs_add_program(compute->programs, p);
	return 0;
}

void kcsd_program_remove(struct kcsd_compute *compute, struct kcsd_program *p)
{
	kcsd_debugfs_del_program(p);
	kobject_del(&p->kobj);
	kcsd_jit_code_drop(compute, p->jit);
	kobject_put(&p->kobj);
}
