// SPDX-License-Identifier: GPL-2.0
/* The table of programs of a drive: load, activate, deactivate, unload, list. */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "compute/compute.h"
#include "compute/debugfs.h"
#include "compute/program.h"
#include "config.h"
#include "persist/sidecar.h"

/* ---- slots; the caller holds programs.lock ---- */

static struct kcsd_program_slot *find_slot(struct kcsd_compute *compute, u16 pind)
{
	lockdep_assert_held(&compute->programs->lock);
	return &compute->programs->slots[array_index_nospec(pind, compute->programs->nr)];
}

static struct kcsd_program *slot_program(struct kcsd_compute *compute,
					 struct kcsd_program_slot *slot)
{
	return rcu_dereference_protected(slot->program,
					 lockdep_is_held(&compute->programs->lock));
}

/* Free an image that has not fully arrived, if there is one. */
static void slot_abort(struct kcsd_compute *compute, struct kcsd_program_slot *slot)
{
	if (!slot->loading.image)
		return;
	compute->programs->bytes -= slot->loading.psize;
	kvfree(slot->loading.image);
	slot->loading = (struct kcsd_loading){};
}

/*
 * Start loading with the first chunk. Returns 0 or a status. On success the slot owns the data of
 * the chunk.
 */
static int slot_begin(struct kcsd_compute *compute, struct kcsd_program_slot *slot,
		      struct kcsd_program_chunk *c)
{
	struct kcsd_programs *ps = compute->programs;
	struct kcsd_loading *l = &slot->loading;

	slot_abort(compute, slot);
	if (c->psize > compute->cfg->max_program_bytes - ps->bytes)
		return KCSD_SC_MAX_PROGRAM_BYTES;
	l->image = c->data;
	l->psize = c->psize;
	l->pit = c->pit;
	l->persistent = c->persistent;
	l->puid = c->puid;
	ps->bytes += c->psize;
	c->data = NULL;
	return 0;
}

/* Move the complete image to *l. The slot is `finishing` until slot_finish() or a failure. */
static void slot_complete(struct kcsd_program_slot *slot, struct kcsd_loading *l)
{
	*l = slot->loading;
	slot->loading = (struct kcsd_loading){};
	slot->finishing = true;
}

/* Put a validated program into its slot. On failure return a status and free the program. */
static int slot_finish(struct kcsd_compute *compute, struct kcsd_program_slot *slot,
		       struct kcsd_program *p)
{
	struct kcsd_programs *ps = compute->programs;
	u32 psize = p->psize;
	int ret;

	if (kcsd_program_add(compute, p)) {
		ps->bytes -= psize;
		return KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
	}
	ret = kcsd_program_record(compute, p);
	if (ret) {
		ps->bytes -= psize;
		kcsd_program_remove(compute, p);
		return ret;
	}
	rcu_assign_pointer(slot->program, p);
	return 0;
}

static void slot_unload(struct kcsd_compute *compute, struct kcsd_program_slot *slot,
			struct kcsd_program *p)
{
	RCU_INIT_POINTER(slot->program, NULL);
	if (!p->builtin)
		compute->programs->bytes -= p->psize;
	kcsd_program_remove(compute, p);
}

/* ---- the table ---- */

int kcsd_programs_init(struct kcsd_compute *compute)
{
	struct kcsd_programs *ps = compute->programs;

	mutex_init(&ps->lock);
	ps->nr = compute->cfg->max_programs + kcsd_builtins_nr(compute->cfg);
	ps->slots = kvcalloc(ps->nr, sizeof(*ps->slots), GFP_KERNEL);
	return ps->slots ? 0 : -ENOMEM;
}

/*
 * Load one device-defined program. Returns 0 or -errno. A program that needs more memory than the
 * configuration gives it is left out.
 */
static int programs_add_builtin(struct kcsd_compute *compute, u32 i)
{
	u16 pind = compute->cfg->max_programs + i;
	struct kcsd_loading l = { .pit = KCSD_PIT_NONE, .builtin = true };
	struct kcsd_verdict verdict;
	struct kcsd_program *p;
	int ret;

	l.image = kcsd_builtin_image(i, &l.psize);
	if (!l.image)
		return -ENOMEM;
	ret = kcsd_program_create(compute, pind, &l, &p, &verdict);
	if (ret) {
		WARN_ON_ONCE(ret == -EINVAL && verdict.reason != KCSD_VERDICT_MEMORY);
		kvfree(l.image);
		return ret == -EINVAL ? 0 : ret;
	}
	ret = kcsd_program_add(compute, p);
	if (!ret)
		rcu_assign_pointer(find_slot(compute, pind)->program, p);
	return ret;
}

/* Unload all programs. No command is under way, and none can begin. */
static void programs_unload_all(struct kcsd_compute *compute)
{
	struct kcsd_program_slot *slot;
	struct kcsd_program *p;
	u16 pind;

	guard(mutex)(&compute->programs->lock);
	for (pind = 0; pind < compute->programs->nr; pind++) {
		slot = find_slot(compute, pind);
		slot_abort(compute, slot);
		p = slot_program(compute, slot);
		if (p)
			slot_unload(compute, slot, p);
	}
}

void kcsd_programs_del_dir(struct kcsd_compute *compute)
{
	programs_unload_all(compute);
	kcsd_debugfs_del(compute->programs);
	kobject_put(compute->programs->dir);
	compute->programs->dir = NULL;
}

int kcsd_programs_add_dir(struct kcsd_compute *compute, struct kobject *parent)
{
	struct kcsd_programs *ps = compute->programs;
	int ret = 0;
	u32 i;

	guard(mutex)(&ps->lock);
	ps->dir = kobject_create_and_add("programs", parent);
	if (!ps->dir)
		return -ENOMEM;
	kcsd_debugfs_add(ps, compute->index);
	for (i = 0; i < ps->nr - compute->cfg->max_programs && !ret; i++)
		ret = programs_add_builtin(compute, i);
	return ret ?: kcsd_programs_restore(compute);
}

void kcsd_programs_destroy(struct kcsd_compute *compute)
{
	kvfree(compute->programs->slots);
	mutex_destroy(&compute->programs->lock);
}

struct kcsd_program *kcsd_program_get(struct kcsd_compute *compute, u16 pind, int *status)
{
	struct kcsd_program *p;

	if (pind >= compute->programs->nr) {
		*status = KCSD_SC_INVALID_PROGRAM_INDEX;
		return NULL;
	}
	pind = array_index_nospec(pind, compute->programs->nr);

	guard(rcu)();
	p = rcu_dereference(compute->programs->slots[pind].program);
	if (!p) {
		*status = KCSD_SC_NO_PROGRAM;
		return NULL;
	}
	if (!atomic_inc_unless_negative(&p->users)) {
		*status = KCSD_SC_NOT_ACTIVATED;
		return NULL;
	}
	return p;
}

void kcsd_program_put(struct kcsd_program *program)
{
	atomic_dec(&program->users);
}

static void program_describe(struct kcsd_compute *compute, u16 pind,
			     struct kcsd_program_desc *d)
{
	struct kcsd_program *p = slot_program(compute, find_slot(compute, pind));

	if (!p)
		return;
	d->state = p->builtin ? KCSD_PROGRAM_PEOCC_DEVICE : KCSD_PROGRAM_PEOCC_DOWNLOADED;
	d->state |= p->pit << 3;
	if (atomic_read(&p->users) >= 0)
		d->state |= KCSD_PROGRAM_ACT;
	d->ptype = KCSD_PTYPE_EBPF;
	d->puid = cpu_to_le64(p->puid);
	d->psize = cpu_to_le32(p->psize);
	memcpy(d->name, p->view.name, sizeof(d->name));
}

void *kcsd_programs_page(struct kcsd_compute *compute, u32 *len)
{
	struct kcsd_program_list *list;
	struct kcsd_program_desc *d;
	u16 pind, nr = compute->programs->nr;

	BUILD_BUG_ON(sizeof(*d) != 64);
	*len = sizeof(*list) + nr * sizeof(*d);
	list = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!list)
		return NULL;
	list->nr = cpu_to_le16(nr);
	d = (void *)(list + 1);

	guard(mutex)(&compute->programs->lock);
	for (pind = 0; pind < nr; pind++)
		program_describe(compute, pind, d++);
	return list;
}

/* ---- load, unload, activate ---- */

int kcsd_programs_add_chunk(struct kcsd_compute *compute, u16 pind, struct kcsd_program_chunk *c,
			    struct kcsd_loading *complete, enum kcsd_field *field)
{
	struct kcsd_program_slot *slot;
	struct kcsd_loading *l;
	int ret;

	guard(mutex)(&compute->programs->lock);
	if (!compute->programs->dir)
		return KCSD_SC_NS_NOT_READY;
	slot = find_slot(compute, pind);
	l = &slot->loading;
	if (slot->finishing || slot_program(compute, slot))
		return KCSD_SC_PROGRAM_IN_USE;
	if (!c->off) {
		ret = slot_begin(compute, slot, c);
		if (ret)
			return ret;
	} else if (!l->image || c->off != l->have) {
		*field = KCSD_FIELD_CDW15;
		return KCSD_SC_INVALID_FIELD;
	} else if (c->psize != l->psize) {
		*field = KCSD_FIELD_CDW11;
		return KCSD_SC_INVALID_FIELD;
	} else {
		memcpy(l->image + c->off, c->data, c->len);
	}
	l->have = c->off + c->len;
	if (l->have == l->psize)
		slot_complete(slot, complete);
	return 0;
}

int kcsd_programs_finish(struct kcsd_compute *compute, u16 pind, struct kcsd_loading *l,
			 struct kcsd_verdict *verdict)
{
	struct kcsd_program_slot *slot;
	struct kcsd_program *p;
	int ret = kcsd_program_create(compute, pind, l, &p, verdict);

	guard(mutex)(&compute->programs->lock);
	slot = find_slot(compute, pind);
	slot->finishing = false;
	/* If the program was created, it owns the image. */
	if (!ret)
		return slot_finish(compute, slot, p);
	compute->programs->bytes -= l->psize;
	kvfree(l->image);
	return ret;
}

int kcsd_programs_unload(struct kcsd_compute *compute, u16 pind)
{
	struct kcsd_program_slot *slot;
	struct kcsd_program *p;
	int ret;

	guard(mutex)(&compute->programs->lock);
	slot = find_slot(compute, pind);
	p = slot_program(compute, slot);
	if (slot->finishing)
		return KCSD_SC_PROGRAM_IN_USE;
	if (!p && !slot->loading.image)
		return KCSD_SC_NO_PROGRAM;
	slot_abort(compute, slot);
	if (!p)
		return 0;
	if (atomic_read(&p->users) >= 0)
		return KCSD_SC_PROGRAM_IN_USE;
	ret = kcsd_program_record_change(compute, p, KCSD_SIDECAR_UNLOAD);
	if (!ret)
		slot_unload(compute, slot, p);
	return ret;
}

/*
 * Activate or deactivate a program. No run begins before the activation is recorded in the sidecar,
 * or after the deactivation starts to be recorded. programs.lock is held, so no other task changes
 * users from or to -1.
 */
static int program_set_active(struct kcsd_compute *compute, struct kcsd_program *p, bool on)
{
	int ret;

	if (!on && atomic_cmpxchg(&p->users, 0, -1))
		return KCSD_SC_PROGRAM_IN_USE;
	ret = kcsd_program_record_change(compute, p,
					 on ? KCSD_SIDECAR_ACTIVATE : KCSD_SIDECAR_DEACTIVATE);
	if (!ret)
		compute->programs->active += on ? 1 : -1;
	if (on == !ret)
		atomic_set(&p->users, 0);
	return ret;
}

int kcsd_programs_activate(struct kcsd_compute *compute, u16 pind, bool on)
{
	struct kcsd_programs *ps = compute->programs;
	struct kcsd_program *p;

	guard(mutex)(&ps->lock);
	p = slot_program(compute, find_slot(compute, pind));
	if (!p)
		return KCSD_SC_NO_PROGRAM;
	if (on == (atomic_read(&p->users) >= 0))
		return 0;
	if (on && ps->active == compute->cfg->max_active)
		return KCSD_SC_MAX_ACTIVATED;
	return program_set_active(compute, p, on);
}
