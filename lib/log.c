// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Get log pages, and decode that of the program log. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* Get Log Page, NVMe Base: CDW10 LID, NUMDL; CDW11 NUMDU; CDW12-13 LPO. */
static int get_log(struct kcsd_drive *drv, uint8_t lid, uint32_t nsid, uint64_t offset, void *buf,
		   uint32_t len)
{
	uint32_t numd = len / 4 - 1;
	struct nvme_passthru_cmd64 cmd = {
		.opcode = NVME_ADMIN_GET_LOG,
		.nsid = nsid,
		.addr = (uintptr_t)buf,
		.data_len = len,
		.cdw10 = lid | numd << 16,
		.cdw11 = numd >> 16,
		.cdw12 = (uint32_t)offset,
		.cdw13 = offset >> 32,
	};

	return kcsd_drive_admin(drv, &cmd);
}

int kcsd_log_page_get(struct kcsd_drive *drv, uint8_t lid, uint32_t nsid, uint64_t offset,
		      void *buf, size_t len)
{
	char *p = buf;
	size_t n;
	int ret;

	if (!len || len & 3 || offset & 3)
		return -EINVAL;
	for (; len; len -= n, p += n, offset += n) {
		n = MIN(len, drv->max_transfer & ~3u);
		ret = get_log(drv, lid, nsid, offset, p, n);
		if (ret)
			return ret;
	}
	return 0;
}

static int visit_entry(const struct kcsd_log_entry *e,
		       int (*fn)(const struct kcsd_program_log_entry *line, void *arg), void *arg)
{
	struct kcsd_program_log_entry line = {
		.seq = le64toh(e->seq),
		.time_ns = le64toh(e->time_ns),
		.pind = le16toh(e->pind),
		.type = e->type,
		.reason = le32toh(e->reason),
		.pc = le32toh(e->pc),
		.lba = le64toh(e->lba),
		.text_len = MIN(e->text_len, KCSD_LOG_TEXT_LEN),
	};

	memcpy(line.text, e->text, line.text_len);
	return fn(&line, arg);
}

/* Read the page in one command, so that all entries are of the same moment. */
int kcsd_program_log_each(struct kcsd_drive *drv, uint64_t seq,
			  int (*fn)(const struct kcsd_program_log_entry *line, void *arg),
			  void *arg)
{
	const size_t len = sizeof(struct kcsd_log_header) +
			   KCSD_LOG_ENTRIES * sizeof(struct kcsd_log_entry);
	const struct kcsd_log_entry *entry;
	struct kcsd_log_header *page;
	uint32_t nr, i;
	int ret;

	page = malloc(len);
	if (!page)
		return -ENOMEM;
	ret = get_log(drv, KCSD_LOG_PROGRAM_OUTPUT, 0, 0, page, len);
	if (ret)
		goto out;
	nr = le32toh(page->nr);
	if (nr > KCSD_LOG_ENTRIES || le32toh(page->entry_len) != sizeof(*entry)) {
		ret = -EPROTO;
		goto out;
	}
	entry = (const void *)(page + 1);
	for (i = 0; i < nr && !ret; i++)
		if (le64toh(entry[i].seq) > seq)
			ret = visit_entry(&entry[i], fn, arg);
out:
	free(page);
	return ret;
}
