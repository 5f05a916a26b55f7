// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Create, delete and list memory range sets: Memory Range Set Management, and log page 84h. */
#include <errno.h>
#include <stdlib.h>

#include "private.h"

#define MAX_RANGES	255	/* MAXMEMR has 8 bits */

static int manage(struct kcsd_drive *drv, uint32_t cdw10, const struct kcsd_memory_range *d,
		  uint32_t nr, uint32_t *rsid)
{
	struct nvme_passthru_cmd64 cmd = {
		.opcode = KCSD_ADMIN_RANGE_SET,
		.nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)d,
		.data_len = nr * sizeof(*d),
		.cdw10 = cdw10,
		.cdw11 = nr,
	};
	int ret = kcsd_drive_admin(drv, &cmd);

	if (!ret && rsid)
		*rsid = cmd.result;
	return ret;
}

int kcsd_range_set_create(struct kcsd_drive *drv, const struct kcsd_slm_range *ranges, uint32_t nr,
			  uint32_t *rsid)
{
	struct kcsd_memory_range d[MAX_RANGES] = {};
	uint32_t i;

	if (!nr)
		return -EINVAL;
	if (nr > MAX_RANGES)
		return KCSD_SC_MAX_RANGES;
	for (i = 0; i < nr; i++) {
		if (ranges[i].len > UINT32_MAX)
			return -EINVAL;
		d[i].nsid = htole32(KCSD_NSID_SLM);
		d[i].len = htole32(ranges[i].len);
		d[i].start = htole64(ranges[i].start);
	}
	return manage(drv, KCSD_RANGE_SET_CREATE, d, nr, rsid);
}

int kcsd_range_set_delete(struct kcsd_drive *drv, uint32_t rsid)
{
	if (rsid > UINT16_MAX)
		return -EINVAL;
	return manage(drv, KCSD_RANGE_SET_DELETE | rsid << KCSD_RANGE_SET_RSID_SHIFT, NULL, 0,
		      NULL);
}

/*
 * Decode the set at *p of the log page, move *p to the next one, and call fn. -EPROTO: the set is
 * longer than the page.
 */
static int visit_set(const char **p, const char *end,
		     int (*fn)(const struct kcsd_range_set_info *info, void *arg), void *arg)
{
	struct kcsd_slm_range ranges[MAX_RANGES];
	const struct kcsd_range_set_desc *d = (const void *)*p;
	const struct kcsd_memory_range *r = (const void *)(d + 1);
	struct kcsd_range_set_info info = { .ranges = ranges };
	uint32_t i;

	if ((size_t)(end - *p) < sizeof(*d))
		return -EPROTO;
	info.rsid = le16toh(d->rsid);
	info.nr = le16toh(d->numr);
	info.users = le32toh(d->users);
	if (info.nr > MAX_RANGES || (size_t)(end - (const char *)r) < info.nr * sizeof(*r))
		return -EPROTO;
	for (i = 0; i < info.nr; i++) {
		ranges[i].start = le64toh(r[i].start);
		ranges[i].len = le32toh(r[i].len);
	}
	*p = (const char *)(r + info.nr);
	return fn(&info, arg);
}

/* Returns the bytes of the longest page that a drive with these limits can have. */
static size_t max_page(const struct kcsd_compute_info *c)
{
	return sizeof(struct kcsd_range_set_list) + c->maxmemrs *
	       (sizeof(struct kcsd_range_set_desc) + c->maxmemr * sizeof(struct kcsd_memory_range));
}

int kcsd_range_set_each(struct kcsd_drive *drv,
			int (*fn)(const struct kcsd_range_set_info *info, void *arg), void *arg)
{
	const struct kcsd_range_set_list *list;
	struct kcsd_compute_info compute;
	const char *p;
	char *page;
	size_t len;
	int i, ret;

	ret = kcsd_compute_identify(drv, &compute, sizeof(compute));
	if (ret)
		return ret;
	/* Read in one command if possible, so that all sets are of the same moment. */
	len = MIN(max_page(&compute), drv->max_transfer);
	page = malloc(len);
	if (!page)
		return -ENOMEM;
	ret = kcsd_log_page_get(drv, KCSD_LOG_RANGE_SET_LIST, KCSD_NSID_COMPUTE, 0, page, len);
	list = (const void *)page;
	p = (const char *)(list + 1);
	for (i = 0; !ret && i < le16toh(list->nr); i++)
		ret = visit_set(&p, page + len, fn, arg);
	free(page);
	return ret;
}
