// SPDX-License-Identifier: GPL-2.0
/* Identifiers: UUID, NGUID and EUI64. NVMe Base, "Namespace Identifiers". */
#define pr_fmt(fmt) "kcsd: " fmt

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/printk.h>

#include "drive.h"
#include "nvme/uuid.h"

#define OUI_AT		8	/* offset in an NGUID, which ends with an EUI64 */
#define OUI_GROUP	BIT(0)
#define OUI_LOCAL	BIT(1)

static DEFINE_MUTEX(drives_lock);
static LIST_HEAD(drives);	/* powered drives, by uuid_entry */

void kcsd_uuid_names(const struct kcsd_drive *drive, u32 nsid, struct kcsd_ns_names *names)
{
	names->uuid = drive->uuid;
	names->uuid.b[15] ^= nsid;
	export_uuid(names->nguid, &names->uuid);
	names->nguid[OUI_AT] = (names->nguid[OUI_AT] & ~OUI_GROUP) | OUI_LOCAL;
	memcpy(names->eui64, names->nguid + OUI_AT, sizeof(names->eui64));
}

int kcsd_uuid_claim(struct kcsd_drive *drive, const char *name)
{
	struct kcsd_drive *other;

	guard(mutex)(&drives_lock);
	list_for_each_entry(other, &drives, uuid_entry) {
		if (!uuid_equal(&other->uuid, &drive->uuid))
			continue;
		pr_err("%s: backing file %s: kcsd%u has the same UUID: if one is a copy of the other, see kcsd new-uuid\n",
		       name, drive->cfg.backing_file ?: "", other->index);
		return -EEXIST;
	}
	list_add(&drive->uuid_entry, &drives);
	return 0;
}

void kcsd_uuid_release(struct kcsd_drive *drive)
{
	guard(mutex)(&drives_lock);
	list_del(&drive->uuid_entry);
}
