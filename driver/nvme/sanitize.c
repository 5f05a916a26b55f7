// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/nvme.h>
#include <linux/slab.h>

#include "clock/clock.h"
#include "drive.h"
#include "media/erase.h"
#include "media/lbas.h"
#include "media/objects.h"
#include "media/store.h"
#include "nvme/cmd.h"
#include "nvme/job.h"
#include "nvme/namespaces.h"
#include "nvme/opcodes.h"
#include "nvme/retained.h"
#include "nvme/sanitize.h"

/* CDW10 */
#define SANACT_MASK		0x7u
#define SANACT_EXIT_FAILURE	1
#define SANACT_BLOCK_ERASE	2
#define SANACT_OVERWRITE	3
#define AUSE			BIT(3)	/* Allow Unrestricted Sanitize Exit */
#define OWPASS(cdw10)		((cdw10) >> 4 & 0xf)
#define MOST_PASSES		16	/* passes if OWPASS is 0 */
#define OIPBP			BIT(8)	/* Overwrite Invert Pattern Between Passes */
#define NDAS			BIT(9)	/* No-Deallocate After Sanitize */
#define CDW10_ALL		0x3ffu

/* Log page 81h, Sanitize Status. */
#define SSTAT_PASSES_SHIFT	3
#define SSTAT_ERASED		BIT(8)	/* Global Data Erased */

struct sanitize_log {
	__le16 sprog;
	__le16 sstat;
	__le32 scdw10;
	__le32 estimates[6];	/* all ones: no estimate */
	u8 rsvd32[480];
};

static struct kcsd_sanitize_retained *retained_of(const struct kcsd_drive *drive)
{
	return &drive->retained->sanitize;
}

/* ---- all gates ---- */

/*
 * Close all gates. Returns 0, or the status with which one is closed already; then all stay as they
 * are. Only a holder of sanitize->lock closes a gate, or power on.
 */
static int close_gates(struct kcsd_drive *drive, int status)
{
	int ret = kcsd_gate_status(&drive->objects->gate) ?:
		  kcsd_gate_close(&drive->lbas->gate, status);

	return ret ?: kcsd_gate_close(&drive->objects->gate, status) ?:
		      kcsd_gate_close(&drive->memory_gate, status);
}

static void set_gates(struct kcsd_drive *drive, int status)
{
	kcsd_gate_set_status(&drive->lbas->gate, status);
	kcsd_gate_set_status(&drive->objects->gate, status);
	kcsd_gate_set_status(&drive->memory_gate, status);
}

/* Wait for runs first: they may be inside of all three. */
static void wait_gates(struct kcsd_drive *drive)
{
	kcsd_gate_wait(&drive->memory_gate);
	kcsd_gate_wait(&drive->lbas->gate);
	kcsd_objects_drain(drive->objects);
}

/* Open lbas->gate last: its status decides whether kcsd_sanitize_refuses() admits commands. */
static void open_gates(struct kcsd_drive *drive)
{
	kcsd_gate_open(&drive->memory_gate);
	kcsd_gate_open(&drive->objects->gate);
	kcsd_gate_open(&drive->lbas->gate);
}

/* ---- the worker ---- */

static bool is_going(void *ctx)
{
	struct kcsd_drive *drive = ctx;

	return percpu_ref_is_dying(&drive->live);
}

static void note_progress(void *ctx, u32 passes, u32 share)
{
	struct kcsd_sanitize_retained *retained = retained_of(ctx);

	WRITE_ONCE(retained->passes, passes);
	WRITE_ONCE(retained->share, share);
}

/* Returns 0, or the status of an injected error. Sleeps for an injected delay. */
static int sanitize_inject(struct kcsd_drive *drive)
{
	const struct kcsd_inject_cmd cmd = {
		.op = KCSD_INJECT_WRITE,
		.nlb = drive->lbas->nsze,
		.timeout_ms = READ_ONCE(drive->timeout_ms),
	};

	return kcsd_inject(drive->lbas, &cmd);
}

/* Tell the model of time. Objects, which are behind the LBAs, are never kept. */
static void purge_time(struct kcsd_drive *drive, bool keep)
{
	const struct kcsd_lbas *lbas = drive->lbas;

	if (!keep || lbas->zones.nr)
		kcsd_clock_purge(drive->clock, 0, lbas->nsze << lbas->lba_shift);
	kcsd_clock_purge(drive->clock, drive->objects->time_start, drive->objects->time_bytes);
}

static int sanitize_erase(struct kcsd_drive *drive)
{
	const struct kcsd_sanitize_retained *retained = retained_of(drive);
	struct kcsd_erase how = {
		.pattern = retained->pattern,
		.invert = retained->cdw10 & OIPBP,
		.keep = retained->cdw10 & NDAS,
		.stopped = is_going, .progress = note_progress, .ctx = drive,
	};
	int ret = sanitize_inject(drive);

	if (ret)
		return ret;
	/*
	 * NVMe Base, "Sanitize Operations", asks for all places that can hold user data, including
	 * controller memory buffers and log pages. The gates are closed, no command is inside.
	 * Objects first: compaction moves them until they are gone.
	 */
	ret = kcsd_objects_erase(drive->objects);
	kcsd_namespaces_erase_memory(drive);
	if ((retained->cdw10 & SANACT_MASK) == SANACT_OVERWRITE)
		how.passes = OWPASS(retained->cdw10) ?: MOST_PASSES;
	ret = ret ?: kcsd_erase(drive->lbas, &how);
	if (ret)
		return ret;
	kcsd_store_erase_cache(&drive->lbas->store);
	purge_time(drive, how.keep);
	WRITE_ONCE(retained_of(drive)->passes, how.passes);
	return 0;
}

/* Set state last: a reader that sees the end must find the gates changed already. */
static void sanitize_end(struct kcsd_drive *drive, int ret)
{
	struct kcsd_sanitize_retained *retained = retained_of(drive);

	guard(mutex)(&drive->sanitize->lock);
	retained->locked = ret;
	if (ret) {
		set_gates(drive, KCSD_SC_SANITIZE_FAILED);
	} else {
		WRITE_ONCE(drive->retained->lbas.erased, true);
		open_gates(drive);
	}
	smp_store_release(&retained->state, ret ? KCSD_SANITIZE_FAILED : KCSD_SANITIZE_DONE);
}

static void sanitize_work(struct work_struct *work)
{
	struct kcsd_drive *drive = container_of(work, struct kcsd_sanitize, work)->drive;
	int ret;

	kcsd_namespaces_cancel(drive);
	kcsd_jobs_cancel_memory(drive);
	wait_gates(drive);
	ret = sanitize_erase(drive);
	/* Leave the state as it is if power off interrupted: power on starts it again. */
	if (!ret || !(is_going(drive) || READ_ONCE(drive->lbas->dead)))
		sanitize_end(drive, ret);
	kcsd_drive_exit(drive);
}

/* Start the worker. The caller has closed the gates. */
static void sanitize_start(struct kcsd_drive *drive)
{
	note_progress(drive, 0, 0);
	percpu_ref_get(&drive->live);
	queue_work(system_unbound_wq, &drive->sanitize->work);
}

int kcsd_sanitize_alloc(struct kcsd_drive *drive)
{
	struct kcsd_sanitize *sanitize = kzalloc(sizeof(*sanitize), GFP_KERNEL);

	if (!sanitize)
		return -ENOMEM;
	sanitize->drive = drive;
	mutex_init(&sanitize->lock);
	INIT_WORK(&sanitize->work, sanitize_work);
	drive->sanitize = sanitize;
	return 0;
}

void kcsd_sanitize_power_on(struct kcsd_drive *drive)
{
	struct kcsd_sanitize_retained *retained = retained_of(drive);

	/* New memory holds no user data. */
	if (!drive->cfg.backing_file && !(drive->cfg.kv_file && drive->cfg.kv_size))
		drive->retained->lbas.erased = true;
	if (retained->state == KCSD_SANITIZE_IN_PROGRESS) {
		close_gates(drive, KCSD_SC_SANITIZE_IN_PROGRESS);
		sanitize_start(drive);
	} else if (retained->locked) {
		close_gates(drive, KCSD_SC_SANITIZE_FAILED);
	}
}

int kcsd_sanitize_close_gate(struct kcsd_drive *drive, struct kcsd_gate *gate, int status)
{
	guard(mutex)(&drive->sanitize->lock);
	return kcsd_gate_close(gate, status);
}

void kcsd_sanitize_destroy(struct kcsd_drive *drive)
{
	cancel_work_sync(&drive->sanitize->work);
}

/* ---- the command ---- */

/* True after a failed Sanitize without AUSE: until one succeeds, refuse Sanitize with AUSE. */
static bool is_restricted(const struct kcsd_sanitize_retained *retained)
{
	return retained->locked && !(retained->cdw10 & AUSE);
}

static int exit_failure(struct kcsd_drive *drive)
{
	struct kcsd_sanitize_retained *retained = retained_of(drive);

	if (kcsd_gate_status(&drive->lbas->gate) == KCSD_SC_SANITIZE_IN_PROGRESS)
		return KCSD_SC_SANITIZE_IN_PROGRESS;
	if (is_restricted(retained))
		return KCSD_SC_SANITIZE_FAILED;
	if (retained->locked) {
		retained->locked = false;
		wait_gates(drive);
		open_gates(drive);
	}
	return 0;
}

static int begin(struct kcsd_drive *drive, const struct kcsd_cmd *cmd)
{
	struct kcsd_sanitize_retained *retained = retained_of(drive);
	int ret = close_gates(drive, KCSD_SC_SANITIZE_IN_PROGRESS);

	if (ret == KCSD_SC_SANITIZE_FAILED && !(is_restricted(retained) && cmd->cdw10 & AUSE)) {
		set_gates(drive, KCSD_SC_SANITIZE_IN_PROGRESS);
		ret = 0;
	}
	if (ret)
		return ret;
	retained->cdw10 = cmd->cdw10;
	retained->pattern = cmd->cdw11;
	WRITE_ONCE(drive->retained->lbas.erased, false);
	WRITE_ONCE(retained->state, KCSD_SANITIZE_IN_PROGRESS);
	sanitize_start(drive);
	return 0;
}

static int sanitize_execute(struct kcsd_cmd *cmd)
{
	struct kcsd_drive *drive = cmd->drive;

	guard(mutex)(&drive->sanitize->lock);
	if ((cmd->cdw10 & SANACT_MASK) == SANACT_EXIT_FAILURE)
		return exit_failure(drive);
	return begin(drive, cmd);
}

int kcsd_sanitize_parse(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = CDW10_ALL,
		.cdw11 = U32_MAX,	/* OVRPAT */
	};
	u32 action = cmd->cdw10 & SANACT_MASK;
	int ret = kcsd_cmd_validate_unused(cmd, &uses);

	if (ret)
		return ret;
	if (iov_iter_count(&cmd->data))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	if (cmd->nsid && cmd->nsid != NVME_NSID_ALL)
		return KCSD_SC_INVALID_NS;
	if (action < SANACT_EXIT_FAILURE || action > SANACT_OVERWRITE)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW10);
	cmd->execute = sanitize_execute;
	return 0;
}

/* ---- other commands ---- */

/* NVMe Base, "Sanitize Operations - Admin Commands Allowed". All others would change something. */
static bool is_allowed_meanwhile(u8 opcode)
{
	switch (opcode) {
	case nvme_admin_get_log_page:
	case nvme_admin_identify:
	case nvme_admin_get_features:
	case nvme_admin_set_features:
	case nvme_admin_sanitize_nvm:
		return true;
	default:
		return false;
	}
}

int kcsd_sanitize_refuses(const struct kcsd_cmd *cmd)
{
	int status = kcsd_gate_status(&cmd->drive->lbas->gate);

	if (likely(!status))
		return 0;
	if (status == KCSD_SC_FORMAT_IN_PROGRESS)
		return !cmd->admin && cmd->nsid == KCSD_NSID_NVM ? status : 0;
	return cmd->admin && is_allowed_meanwhile(cmd->opcode) ? 0 : status;
}

static struct kcsd_gate *gate_of(const struct kcsd_cmd *cmd)
{
	return cmd->admin ? NULL : kcsd_cmd_ns(cmd)->gate;
}

int kcsd_sanitize_enter(const struct kcsd_cmd *cmd, const struct kcsd_opcode *opcode)
{
	struct kcsd_lbas_retained *retained = &cmd->drive->retained->lbas;
	struct kcsd_gate *gate = gate_of(cmd);
	int ret;

	if (!gate)
		return 0;
	ret = kcsd_gate_enter(gate);
	/* User data may stay in memory or in a log. */
	if (!ret && unlikely(READ_ONCE(retained->erased)) && opcode->effects & KCSD_CHANGES_DATA)
		WRITE_ONCE(retained->erased, false);
	return ret;
}

void kcsd_sanitize_exit(const struct kcsd_cmd *cmd)
{
	struct kcsd_gate *gate = gate_of(cmd);

	if (gate)
		kcsd_gate_exit(gate);
}

void *kcsd_sanitize_page(const struct kcsd_drive *drive, u32 *len)
{
	const struct kcsd_sanitize_retained *retained = retained_of(drive);
	u8 state = smp_load_acquire(&retained->state);
	struct sanitize_log *page;

	BUILD_BUG_ON(sizeof(*page) != 512);
	*len = sizeof(*page);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;
	page->sprog = cpu_to_le16(state == KCSD_SANITIZE_IN_PROGRESS ? READ_ONCE(retained->share) :
								       U16_MAX);
	page->sstat = cpu_to_le16(state | READ_ONCE(retained->passes) << SSTAT_PASSES_SHIFT |
				  (READ_ONCE(drive->retained->lbas.erased) ? SSTAT_ERASED : 0));
	page->scdw10 = cpu_to_le32(READ_ONCE(retained->cdw10));
	memset(page->estimates, 0xff, sizeof(page->estimates));
	return page;
}
