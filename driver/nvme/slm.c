// SPDX-License-Identifier: GPL-2.0
/* Subsystem Local Memory: allocate and erase it; Memory Read and Memory Write. */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "drive.h"
#include "nvme/cmd.h"
#include "nvme/identify.h"

/* Fail rather than invoke the OOM killer. */
#define KCSD_SLM_GFP	(GFP_KERNEL | __GFP_ZERO | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* ---- memory ---- */

static void slm_free_pages(struct page **pages, u64 nr)
{
	while (nr)
		__free_page(pages[--nr]);
	kvfree(pages);
}

static struct page **slm_alloc_pages(u64 nr)
{
	struct page **pages;
	u64 i;

	pages = kcsd_config_alloc_array(nr, sizeof(*pages));
	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++) {
		pages[i] = alloc_page(KCSD_SLM_GFP);
		if (!pages[i]) {
			slm_free_pages(pages, i);
			return NULL;
		}
		cond_resched();
	}
	return pages;
}

/* Allocate single pages, so that mappings can map parts of SLM, too. */
int kcsd_slm_init(struct kcsd_drive *drive)
{
	u64 size = drive->cfg.slm_size, nr = DIV_ROUND_UP(size, PAGE_SIZE);
	struct kcsd_slm *slm = &drive->slm;
	struct page **pages;
	char name[16];

	if (!size)
		return 0;
	snprintf(name, sizeof(name), "kcsd%u", drive->index);
	if (!kcsd_config_fits_memory(name, "slm_size", size))
		return -ENOMEM;
	pages = slm_alloc_pages(nr);
	if (!pages)
		goto fail;
	slm->mem = vmap(pages, nr, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (!slm->mem) {
		slm_free_pages(pages, nr);
		goto fail;
	}
	slm->pages = pages;
	slm->size = size;
	return 0;

fail:
	pr_err("%s: no memory for slm_size %llu\n", name, size);
	return -ENOMEM;
}

void kcsd_slm_destroy(struct kcsd_drive *drive)
{
	/* Also frees the pages and their array: VM_MAP_PUT_PAGES. */
	vfree(drive->slm.mem);
}

void kcsd_slm_erase(struct kcsd_drive *drive)
{
	struct kcsd_slm *slm = &drive->slm;
	u64 pos;

	for (pos = 0; pos < slm->size; pos += PAGE_SIZE) {
		clear_page(slm->mem + pos);
		cond_resched();
	}
}

/* ---- commands ---- */

static u64 slm_start(const struct kcsd_cmd *cmd)
{
	return kcsd_cmd_u64(cmd->cdw10, cmd->cdw11);
}

static u32 slm_len(const struct kcsd_cmd *cmd)
{
	return cmd->cdw12;
}

static int slm_read(struct kcsd_cmd *cmd)
{
	u32 len = slm_len(cmd);
	int ret = kcsd_cmd_copy_to_host(cmd, cmd->drive->slm.mem + slm_start(cmd), len);

	if (!ret) {
		kcsd_stat_inc(cmd->drive, slm_read_commands);
		kcsd_stat_add(cmd->drive, slm_read_bytes, len);
	}
	return ret;
}

static int slm_write(struct kcsd_cmd *cmd)
{
	u32 len = slm_len(cmd);
	int ret = kcsd_cmd_copy_from_host(cmd, cmd->drive->slm.mem + slm_start(cmd), len);

	if (!ret) {
		kcsd_stat_inc(cmd->drive, slm_write_commands);
		kcsd_stat_add(cmd->drive, slm_write_bytes, len);
	}
	return ret;
}

int kcsd_slm_check_bytes(struct kcsd_cmd *cmd)
{
	if (!slm_len(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	if (!kcsd_slm_has(&cmd->drive->slm, slm_start(cmd), slm_len(cmd)))
		return KCSD_SC_LBA_RANGE;
	return 0;
}

int kcsd_slm_parse_rw(struct kcsd_cmd *cmd)
{
	static const struct kcsd_cmd_uses uses = {
		.cdw10 = U32_MAX, .cdw11 = U32_MAX,	/* first byte */
		.cdw12 = U32_MAX,			/* length */
	};
	int ret = kcsd_cmd_check_unused(cmd, &uses);

	if (ret)
		return ret;
	if (slm_len(cmd) > KCSD_MAX_TRANSFER)
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_CDW12);
	ret = kcsd_slm_check_bytes(cmd);
	if (ret)
		return ret;
	if (iov_iter_count(&cmd->data) != slm_len(cmd))
		return kcsd_cmd_invalid(cmd, KCSD_FIELD_DPTR);
	cmd->execute = cmd->opcode == KCSD_SLM_WRITE ? slm_write : slm_read;
	return 0;
}
