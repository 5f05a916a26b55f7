// SPDX-License-Identifier: GPL-2.0
/* The programs of a drive: the commands that bring them to their indices and activate them. */
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include "control/debugfs.h"
#include "drive.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"
#include "persist/sidecar.h"

/* ---- slots; programs.lock is held ---- */

static struct kcsd_program_slot *kcsd_slot(struct kcsd_drive *drive, u16 pind)
{
	lockdep_assert_held(&drive->programs.lock);
	return &drive->programs.slots[array_index_nospec(pind, drive->programs.nr)];
}

static struct kcsd_program *slot_program(struct kcsd_drive *drive,
					      struct kcsd_program_slot *slot)
{
	return rcu_dereference_protected(slot->program,
					 lockdep_is_held(&drive->programs.lock));
}

/* Forget a program that has not fully arrived. */
static void slot_abort(struct kcsd_drive *drive, struct kcsd_program_slot *slot)
{
	if (!slot->loading.image)
		return;
	drive->programs.bytes -= slot->loading.psize;
	kvfree(slot->loading.image);
	slot->loading = (struct kcsd_loading){};
}

/* On success the slot owns the image, of cdw11 bytes. */
static int slot_begin(struct kcsd_drive *drive, struct kcsd_program_slot *slot,
			   const struct kcsd_cmd *cmd, void *image)
{
	struct kcsd_programs *ps = &drive->programs;
	struct kcsd_loading *l = &slot->loading;
	u32 psize = cmd->cdw11;

	slot_abort(drive, slot);
	if (psize > drive->cfg.max_program_bytes - ps->bytes)
		return KCSD_SC_MAX_PROGRAM_BYTES;
	l->image = image;
	l->psize = psize;
	l->pit = cmd->cdw10 >> KCSD_LOAD_PIT_SHIFT & 7;
	l->persistent = cmd->cdw10 & KCSD_LOAD_PERSISTENT;
	l->puid = kcsd_cmd_u64(cmd->cdw12, cmd->cdw13);
	ps->bytes += psize;
	return 0;
}

/* All bytes are here: loading becomes finishing, of *l. */
static void slot_complete(struct kcsd_program_slot *slot, struct kcsd_loading *l)
{
	*l = slot->loading;
	slot->loading = (struct kcsd_loading){};
	slot->finishing = true;
}

/* Finishing becomes loaded, or empty. */
static int slot_finish(struct kcsd_drive *drive, struct kcsd_program_slot *slot,
			    struct kcsd_program *p)
{
	struct kcsd_programs *ps = &drive->programs;
	u32 psize = p->psize;
	int ret;

	if (kcsd_program_add(drive, p)) {
		ps->bytes -= psize;
		return KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
	}
	ret = kcsd_program_keep(drive, p);
	if (ret) {
		ps->bytes -= psize;
		kcsd_program_remove(drive, p);
		return ret;
	}
	rcu_assign_pointer(slot->program, p);
	return 0;
}

static void slot_unload(struct kcsd_drive *drive, struct kcsd_program_slot *slot,
			     struct kcsd_program *p)
{
	RCU_INIT_POINTER(slot->program, NULL);
	if (!p->builtin)
		drive->programs.bytes -= p->psize;
	kcsd_program_remove(drive, p);
}

/* ---- the table ---- */

int kcsd_programs_init(struct kcsd_drive *drive)
{
	struct kcsd_programs *ps = &drive->programs;

	mutex_init(&ps->lock);
	ps->nr = drive->cfg.max_programs + kcsd_builtins_nr(&drive->cfg);
	ps->slots = kvcalloc(ps->nr, sizeof(*ps->slots), GFP_KERNEL);
	return ps->slots ? 0 : -ENOMEM;
}

/* 0 or -ENOMEM. One that the configuration leaves no memory to run in is left out. */
static int programs_add_builtin(struct kcsd_drive *drive, u32 i)
{
	u16 pind = drive->cfg.max_programs + i;
	struct kcsd_loading l = { .pit = KCSD_PIT_NONE, .builtin = true };
	struct kcsd_verdict verdict;
	struct kcsd_program *p;
	int ret;

	l.image = kcsd_builtin_image(i, &l.psize);
	if (!l.image)
		return -ENOMEM;
	ret = kcsd_program_create(drive, pind, &l, &p, &verdict);
	if (ret) {
		WARN_ON_ONCE(ret == -EINVAL && verdict.check != KCSD_CHECK_MEMORY);
		kvfree(l.image);
		return ret == -EINVAL ? 0 : ret;
	}
	ret = kcsd_program_add(drive, p);
	if (!ret)
		rcu_assign_pointer(kcsd_slot(drive, pind)->program, p);
	return ret;
}

/* Called when no command is under way and none can begin. */
static void programs_unload_all(struct kcsd_drive *drive)
{
	struct kcsd_program_slot *slot;
	struct kcsd_program *p;
	u16 pind;

	guard(mutex)(&drive->programs.lock);
	for (pind = 0; pind < drive->programs.nr; pind++) {
		slot = kcsd_slot(drive, pind);
		slot_abort(drive, slot);
		p = slot_program(drive, slot);
		if (p)
			slot_unload(drive, slot, p);
	}
}

void kcsd_programs_del_dir(struct kcsd_drive *drive)
{
	programs_unload_all(drive);
	kcsd_debugfs_del_drive(drive);
	kobject_put(drive->programs.dir);
	drive->programs.dir = NULL;
}

int kcsd_programs_add_dir(struct kcsd_drive *drive)
{
	struct kcsd_programs *ps = &drive->programs;
	int ret = 0;
	u32 i;

	guard(mutex)(&ps->lock);
	ps->dir = kobject_create_and_add("programs", &drive->ctrl->dev.kobj);
	if (!ps->dir)
		return -ENOMEM;
	kcsd_debugfs_add_drive(drive);
	for (i = 0; i < ps->nr - drive->cfg.max_programs && !ret; i++)
		ret = programs_add_builtin(drive, i);
	return ret ?: kcsd_programs_restore(drive);
}

void kcsd_programs_destroy(struct kcsd_drive *drive)
{
	kvfree(drive->programs.slots);
	mutex_destroy(&drive->programs.lock);
}

struct kcsd_program *kcsd_program_get(struct kcsd_drive *drive, u16 pind, int *status)
{
	struct kcsd_program *p;

	if (pind >= drive->programs.nr) {
		*status = KCSD_SC_INVALID_PROGRAM_INDEX;
		return NULL;
	}
	pind = array_index_nospec(pind, drive->programs.nr);

	guard(rcu)();
	p = rcu_dereference(drive->programs.slots[pind].program);
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

static void program_describe(struct kcsd_drive *drive, u16 pind,
				  struct kcsd_program_desc *d)
{
	struct kcsd_program *p = slot_program(drive, kcsd_slot(drive, pind));

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

void *kcsd_programs_page(struct kcsd_drive *drive, u32 *len)
{
	struct kcsd_program_list *list;
	struct kcsd_program_desc *d;
	u16 pind, nr = drive->programs.nr;

	BUILD_BUG_ON(sizeof(*d) != 64);
	*len = sizeof(*list) + nr * sizeof(*d);
	list = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!list)
		return NULL;
	list->nr = cpu_to_le16(nr);
	d = (void *)(list + 1);

	guard(mutex)(&drive->programs.lock);
	for (pind = 0; pind < nr; pind++)
		program_describe(drive, pind, d++);
	return list;
}

/* ---- commands ---- */

static u16 cmd_pind(const struct kcsd_cmd *cmd)
{
	return cmd->cdw10 & 0xffff;
}

/*
 * Put a chunk in its place. The first one has room for the whole image and becomes that: then
 * *chunk is NULL. With the last one *complete has an image.
 */
static int program_add_chunk(struct kcsd_cmd *cmd, void **chunk,
				  struct kcsd_loading *complete)
{
	struct kcsd_drive *drive = cmd->drive;
	u16 pind = cmd_pind(cmd);
	u32 numb = cmd->cdw14, loff = cmd->cdw15;
	struct kcsd_program_slot *slot;
	struct kcsd_loading *l;
	int ret;

	guard(mutex)(&drive->programs.lock);
	if (!drive->programs.dir)
		return KCSD_SC_NS_NOT_READY;
	slot = kcsd_slot(drive, pind);
	l = &slot->loading;
	if (slot->finishing || slot_program(drive, slot))
		return KCSD_SC_PROGRAM_IN_USE;
	if (!loff) {
		ret = slot_begin(drive, slot, cmd, *chunk);
		if (ret)
			return ret;
		*chunk = NULL;
	} else if (!l->image || loff != l->have) {
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW15);
	} else if (cmd->cdw11 != l->psize) {
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW11);
	} else {
		memcpy(l->image + loff, *chunk, numb);
	}
	l->have = loff + numb;
	if (l->have == l->psize)
		slot_complete(slot, complete);
	return 0;
}

static int program_refused(struct kcsd_cmd *cmd, int ret, const struct kcsd_verdict *verdict)
{
	if (ret == -EINTR)
		return ret;
	if (ret != -EINVAL)
		return KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
	cmd->result = KCSD_LOAD_RESULT(verdict->check, verdict->pc);
	return KCSD_SC_INVALID_PROGRAM_DATA;
}

/* Others get the lock while the program is checked. Its slot stays as it is: it is finishing. */
static int program_finish(struct kcsd_cmd *cmd, struct kcsd_loading *l)
{
	struct kcsd_drive *drive = cmd->drive;
	struct kcsd_program_slot *slot;
	struct kcsd_verdict verdict;
	struct kcsd_program *p;
	int ret = kcsd_program_create(drive, cmd_pind(cmd), l, &p, &verdict);

	guard(mutex)(&drive->programs.lock);
	slot = kcsd_slot(drive, cmd_pind(cmd));
	slot->finishing = false;
	/* On success the program owns the image. */
	if (!ret)
		return slot_finish(drive, slot, p);
	drive->programs.bytes -= l->psize;
	kvfree(l->image);
	return program_refused(cmd, ret, &verdict);
}

static int program_load(struct kcsd_cmd *cmd)
{
	struct kcsd_loading complete = {};
	u32 numb = cmd->cdw14;
	void *chunk;
	int ret;

	/* Not under the lock: a control group over its limit makes the sender wait for its memory. */
	chunk = kvmalloc(cmd->cdw15 ? numb : cmd->cdw11, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES;
	ret = kcsd_cmd_copy_from_host(cmd, chunk, numb) ?:
	      program_add_chunk(cmd, &chunk, &complete);
	kvfree(chunk);
	return complete.image ? program_finish(cmd, &complete) : ret;
}

static int program_unload(struct kcsd_cmd *cmd)
{
	struct kcsd_drive *drive = cmd->drive;
	struct kcsd_program_slot *slot;
	struct kcsd_program *p;
	int ret;

	guard(mutex)(&drive->programs.lock);
	slot = kcsd_slot(drive, cmd_pind(cmd));
	p = slot_program(drive, slot);
	if (slot->finishing)
		return KCSD_SC_PROGRAM_IN_USE;
	if (!p && !slot->loading.image)
		return KCSD_SC_NO_PROGRAM;
	slot_abort(drive, slot);
	if (!p)
		return 0;
	if (atomic_read(&p->users) >= 0)
		return KCSD_SC_PROGRAM_IN_USE;
	ret = kcsd_program_keep_change(drive, p, KCSD_SIDECAR_UNLOAD);
	if (!ret)
		slot_unload(drive, slot, p);
	return ret;
}

static int program_parse_index(const struct kcsd_cmd *cmd)
{
	return cmd_pind(cmd) < cmd->drive->programs.nr ? 0 : KCSD_SC_INVALID_PROGRAM_INDEX;
}

/* An index whose program the host may bring and take away. */
static int program_parse_host_index(const struct kcsd_cmd *cmd)
{
	int ret = program_parse_index(cmd);

	if (ret)
		return ret;
	return cmd_pind(cmd) < cmd->drive->cfg.max_programs ? 0 : KCSD_SC_NOT_DOWNLOADABLE;
}

static int program_parse_unload(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = 0xffff | KCSD_LOAD_SEL_UNLOAD,	/* PIND */
	};
	int ret = kcsd_cmd_check_unused(cmd, &uses);

	if (ret)
		return ret;
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = program_unload;
	return program_parse_host_index(cmd);
}

/* PTYPE, PIT and PUID, and whether it is to stay. */
static int program_check_type(struct kcsd_cmd *cmd)
{
	u8 pit = cmd->cdw10 >> KCSD_LOAD_PIT_SHIFT & 7;

	if ((cmd->cdw10 >> KCSD_LOAD_PTYPE_SHIFT & 0xff) != KCSD_PTYPE_EBPF)
		return KCSD_SC_INVALID_PROGRAM_TYPE;
	if (pit > KCSD_PIT_VENDOR)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (cmd->cdw10 & KCSD_LOAD_PERSISTENT && !kcsd_sidecar_has_programs(cmd->drive))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (pit == KCSD_PIT_NONE && (cmd->cdw12 || cmd->cdw13))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	return 0;
}

/* PSIZE, NUMB and LOFF. */
static int program_check_chunk(struct kcsd_cmd *cmd)
{
	u32 psize = cmd->cdw11, numb = cmd->cdw14, loff = cmd->cdw15;

	if (psize > KCSD_MAX_PROGRAM_LEN)
		return KCSD_SC_PROGRAM_TOO_BIG;
	if (!numb || numb > KCSD_MAX_TRANSFER || numb > psize)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW14);
	if (loff > psize - numb)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW15);
	/* LPG; the last chunk is what is left. */
	if (numb & (cmd->drive->cfg.load_granularity - 1) && numb != psize - loff)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW14);
	if (iov_iter_count(&cmd->data) != numb)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	return 0;
}

int kcsd_program_parse_load(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_LOAD_CDW10_ALL,
		.cdw11 = U32_MAX,			/* PSIZE */
		.cdw12 = U32_MAX, .cdw13 = U32_MAX,	/* PUID */
		.cdw14 = U32_MAX,			/* NUMB */
		.cdw15 = U32_MAX,			/* LOFF */
	};
	int ret;

	if (cmd->nsid != KCSD_NSID_COMPUTE)
		return KCSD_SC_INVALID_NS;
	if (cmd->cdw10 & KCSD_LOAD_SEL_UNLOAD)
		return program_parse_unload(cmd);
	ret = kcsd_cmd_check_unused(cmd, &uses) ?: program_check_type(cmd) ?:
	      program_check_chunk(cmd);
	if (ret)
		return ret;
	cmd->execute = program_load;
	return program_parse_host_index(cmd);
}

/*
 * No run begins before the activation is recorded, nor after the deactivation began to be. Nobody
 * else takes users below 0 or from there: programs.lock is held.
 */
static int program_set_active(struct kcsd_drive *drive, struct kcsd_program *p, bool on)
{
	int ret;

	if (!on && atomic_cmpxchg(&p->users, 0, -1))
		return KCSD_SC_PROGRAM_IN_USE;
	ret = kcsd_program_keep_change(drive, p, on ? KCSD_SIDECAR_ACTIVATE : KCSD_SIDECAR_DEACTIVATE);
	if (!ret)
		drive->programs.active += on ? 1 : -1;
	if (on == !ret)
		atomic_set(&p->users, 0);
	return ret;
}

static int program_activate(struct kcsd_cmd *cmd)
{
	bool on = cmd->cdw10 >> KCSD_ACTIVATION_SEL_SHIFT;
	struct kcsd_programs *ps = &cmd->drive->programs;
	struct kcsd_program *p;

	guard(mutex)(&ps->lock);
	p = slot_program(cmd->drive, kcsd_slot(cmd->drive, cmd_pind(cmd)));
	if (!p)
		return KCSD_SC_NO_PROGRAM;
	if (on == (atomic_read(&p->users) >= 0))
		return 0;
	if (on && ps->active == cmd->drive->cfg.max_active)
		return KCSD_SC_MAX_ACTIVATED;
	return program_set_active(cmd->drive, p, on);
}

int kcsd_program_parse_activation(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = KCSD_ACTIVATION_CDW10_ALL,
	};
	int ret;

	if (cmd->nsid != KCSD_NSID_COMPUTE)
		return KCSD_SC_INVALID_NS;
	ret = kcsd_cmd_check_unused(cmd, &uses);
	if (ret)
		return ret;
	if (cmd->cdw10 >> KCSD_ACTIVATION_SEL_SHIFT > KCSD_ACTIVATION_ACTIVATE)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = program_activate;
	return program_parse_index(cmd);
}
