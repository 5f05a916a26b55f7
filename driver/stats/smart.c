// SPDX-License-Identifier: GPL-2.0
/*
 * Retained state, and the SMART log page: NVMe Base, "SMART / Health Information (Log Page
 * Identifier 02h)".
 */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/fs.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/nvme.h>
#include <linux/printk.h>
#include <linux/unaligned.h>

#include "drive.h"
#include "media/badblocks.h"

#define KCSD_DATA_UNIT		(1000 * 512)	/* bytes */
#define KCSD_NSEC_PER_MINUTE	(60 * NSEC_PER_SEC)
#define KCSD_NSEC_PER_HOUR	(60 * KCSD_NSEC_PER_MINUTE)

int kcsd_retained_init(struct kcsd_retained *retained)
{
	uuid_gen(&retained->uuid);
	kcsd_error_log_init(&retained->errors);
	kcsd_inject_init(&retained->inject);
	return kcsd_badblocks_init(retained);
}

void kcsd_retained_destroy(struct kcsd_retained *retained)
{
	kcsd_badblocks_exit(retained);
}

static struct kcsd_medium_id medium_of(const struct kcsd_drive *drive)
{
	struct kcsd_medium_id id = { .uuid = drive->uuid };
	const struct inode *inode;

	BUILD_BUG_ON(sizeof(id) != sizeof(uuid_t) + 16);	/* no padding */
	if (!drive->cfg.backing_file)
		return id;
	inode = file_inode(kcsd_store_medium(&drive->store)->file);
	id.inode = inode->i_ino;
	id.dev = inode->i_sb->s_dev;
	id.generation = inode->i_generation;
	return id;
}

/*
 * Forget the retained state of another medium. A Sanitize that continues erases the medium, so it
 * must be the same one.
 */
static void change_medium(struct kcsd_drive *drive)
{
	const struct kcsd_medium_id id = medium_of(drive);
	struct kcsd_retained *retained = drive->retained;

	if (!memcmp(&retained->medium, &id, sizeof(id)))
		return;
	if (retained->sanitize.state == KCSD_SANITIZE_IN_PROGRESS)
		pr_warn("kcsd%u: another medium: the Sanitize of the one before was not completed\n",
			drive->index);
	memset(&retained->sanitize, 0, sizeof(retained->sanitize));
	kcsd_badblocks_forget(&retained->uncorrectable);
	retained->medium = id;
}

/* Forget uncorrectable LBAs from the write pointer of each zone on: it may have moved back. */
static void forget_unwritten(struct kcsd_drive *drive)
{
	struct badblocks *bad = &drive->retained->uncorrectable;
	const struct kcsd_zones *zs = &drive->zones;
	u32 i;

	for (i = zs->nr_conventional; i < zs->nr && READ_ONCE(bad->count); i++) {
		u32 wp = zs->zones[i].wp;

		kcsd_badblocks_clear(drive, bad, kcsd_zone_start(zs, i) + wp,
				     kcsd_zone_size(zs) - wp);
		cond_resched();
	}
}

void kcsd_retained_power_on(struct kcsd_drive *drive)
{
	change_medium(drive);
	forget_unwritten(drive);
	drive->retained->power_cycles++;
}

/* Sum up the health of this power cycle and all before it. */
static void health_sum(struct kcsd_drive *drive, struct kcsd_health *h)
{
	struct kcsd_unit_times times;
	int cpu;

	*h = drive->retained->past;
	for_each_possible_cpu(cpu) {
		const struct kcsd_stats *s = per_cpu_ptr(drive->stats, cpu);

		h->read_bytes += READ_ONCE(s->read_bytes);
		h->write_bytes += READ_ONCE(s->write_bytes);
		h->read_commands += READ_ONCE(s->read_commands);
		h->write_commands += READ_ONCE(s->write_commands);
		/* SMART counts these as reads. */
		h->read_commands += READ_ONCE(s->compare_commands) + READ_ONCE(s->verify_commands);
		h->read_bytes += READ_ONCE(s->compare_bytes) + READ_ONCE(s->verify_bytes);
		h->media_errors += READ_ONCE(s->media_errors);
	}
	kcsd_units_get_times(drive, &times);
	h->busy_ns += times.busy_ns;
	h->on_ns += ktime_get_ns() - drive->units.started_ns;
}

void kcsd_retained_power_off(struct kcsd_drive *drive)
{
	struct kcsd_health h;

	health_sum(drive, &h);
	drive->retained->past = h;
}

/*
 * The drive has no sensor and does not wear: fields about these stay 0, and all of the spare is
 * available.
 */
void *kcsd_health_page(struct kcsd_drive *drive, u32 *len)
{
	struct nvme_smart_log *page;
	struct kcsd_health h;

	BUILD_BUG_ON(sizeof(*page) != 512);
	*len = sizeof(*page);
	page = kvzalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!page)
		return NULL;

	health_sum(drive, &h);
	/* The drive is not reliable, and read-only. */
	if (READ_ONCE(drive->data_lost))
		page->critical_warning = NVME_SMART_CRIT_RELIABILITY | NVME_SMART_CRIT_MEDIA;
	page->avail_spare = 100;
	put_unaligned_le64(DIV_ROUND_UP_ULL(h.read_bytes, KCSD_DATA_UNIT), page->data_units_read);
	put_unaligned_le64(DIV_ROUND_UP_ULL(h.write_bytes, KCSD_DATA_UNIT),
			   page->data_units_written);
	put_unaligned_le64(h.read_commands, page->host_reads);
	put_unaligned_le64(h.write_commands, page->host_writes);
	put_unaligned_le64(div64_u64(h.busy_ns, KCSD_NSEC_PER_MINUTE), page->ctrl_busy_time);
	put_unaligned_le64(drive->retained->power_cycles, page->power_cycles);
	put_unaligned_le64(drive->retained->cuts, page->unsafe_shutdowns);
	put_unaligned_le64(div64_u64(h.on_ns, KCSD_NSEC_PER_HOUR), page->power_on_hours);
	put_unaligned_le64(h.media_errors, page->media_errors);
	put_unaligned_le64(kcsd_error_log_count(&drive->retained->errors),
			   page->num_err_log_entries);
	return page;
}
