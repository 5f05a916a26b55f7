// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Read the SMART log page and the error log page. NVMe Base. */
#include <string.h>

#include "private.h"

#define LID_ERROR	0x01
#define LID_HEALTH	0x02

/* Offsets of SMART / Health Information. The numbers have 16 bytes; the lower 8 are enough. */
enum {
	HEALTH_WARNING = 0,
	HEALTH_UNITS_READ = 32, HEALTH_UNITS_WRITTEN = 48, HEALTH_READS = 64, HEALTH_WRITES = 80,
	HEALTH_BUSY = 96, HEALTH_CYCLES = 112, HEALTH_HOURS = 128, HEALTH_MEDIA = 160,
	HEALTH_ERRORS = 176, HEALTH_LEN = 512,
};

/* An entry of Error Information. */
struct error_slot {
	uint64_t count;
	uint16_t sqid;
	uint16_t cid;
	uint16_t status;	/* above the phase tag */
	uint16_t place;		/* [7:0] byte [10:8] bit */
	uint64_t lba;
	uint32_t nsid;
	uint8_t rest[36];
};

#define ERROR_ENTRIES	64
#define ERROR_NO_PLACE	0xffff

int kcsd_health_get(struct kcsd_drive *drv, struct kcsd_health_info *info, size_t size)
{
	struct kcsd_health_info h;
	uint8_t page[HEALTH_LEN];
	int ret = kcsd_log_page_get(drv, LID_HEALTH, 0, 0, page, sizeof(page));

	if (ret)
		return ret;
	h = (struct kcsd_health_info){
		.data_units_read = kcsd_get64(page + HEALTH_UNITS_READ),
		.data_units_written = kcsd_get64(page + HEALTH_UNITS_WRITTEN),
		.host_reads = kcsd_get64(page + HEALTH_READS),
		.host_writes = kcsd_get64(page + HEALTH_WRITES),
		.busy_minutes = kcsd_get64(page + HEALTH_BUSY),
		.power_cycles = kcsd_get64(page + HEALTH_CYCLES),
		.power_on_hours = kcsd_get64(page + HEALTH_HOURS),
		.media_errors = kcsd_get64(page + HEALTH_MEDIA),
		.errors = kcsd_get64(page + HEALTH_ERRORS),
		.critical_warning = page[HEALTH_WARNING],
	};
	kcsd_info_copy(info, size, &h, sizeof(h));
	return 0;
}

static int visit_error(const struct error_slot *slot,
		       int (*fn)(const struct kcsd_error_log_entry *entry, void *arg), void *arg)
{
	uint16_t place = le16toh(slot->place);
	const struct kcsd_error_log_entry entry = {
		.count = le64toh(slot->count),
		.lba = le64toh(slot->lba),
		.nsid = le32toh(slot->nsid),
		.status = le16toh(slot->status) >> 1 & KCSD_SC_MASK,
		.field = place == ERROR_NO_PLACE ? -1 : place & 0xff,
		.admin = !slot->sqid,
	};

	return fn(&entry, arg);
}

/* Read the page in one command, so that all entries are of the same moment. */
int kcsd_error_log_each(struct kcsd_drive *drv,
			int (*fn)(const struct kcsd_error_log_entry *entry, void *arg), void *arg)
{
	struct error_slot page[ERROR_ENTRIES];
	int ret, i;

	_Static_assert(sizeof(page[0]) == 64, "an entry has 64 bytes");
	ret = kcsd_log_page_get(drv, LID_ERROR, 0, 0, page, sizeof(page));
	for (i = 0; i < ERROR_ENTRIES && !ret && page[i].count; i++)
		ret = visit_error(&page[i], fn, arg);
	return ret;
}
