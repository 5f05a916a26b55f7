// SPDX-License-Identifier: GPL-2.0
/* Bad blocks of a drive, in the syntax that null_blk has them in. */
#include <linux/ctype.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "badblocks.h"
#include "compat.h"
#include "drive.h"

#define MAX_SECTOR	(BIT_ULL(54) - 1)	/* an entry of the kernel's list has no more bits */

int kcsd_badblocks_init(struct badblocks *bad)
{
	return badblocks_init(bad, 1);
}

void kcsd_badblocks_exit(struct badblocks *bad)
{
	badblocks_exit(bad);
}

static int parse_sector(const char *text, u64 *sector)
{
	return text && isdigit(*text) ? kstrtou64(text, 10, sector) : -EINVAL;
}

/* text is taken apart. */
static int set_range(struct badblocks *bad, char *text)
{
	char sign = *text;
	u64 first, last;

	if (sign != '+' && sign != '-')
		return -EINVAL;
	text++;
	if (parse_sector(strsep(&text, "-"), &first) || parse_sector(text, &last))
		return -EINVAL;
	if (last < first || last - first >= INT_MAX || last > MAX_SECTOR)
		return -EINVAL;
	if (sign == '-')
		return kcsd_compat_badblocks_clear(bad, first, last - first + 1) ? 0 : -ENOSPC;
	/* It also succeeds if only a part of the range has found room. */
	if (!kcsd_compat_badblocks_set(bad, first, last - first + 1) || badblocks_full(bad))
		return -ENOSPC;
	return 0;
}

int kcsd_badblocks_store(struct badblocks *bad, const char *text)
{
	char *copy = kstrdup(text, GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	ret = set_range(bad, strim(copy));
	kfree(copy);
	return ret;
}

ssize_t kcsd_badblocks_show(struct badblocks *bad, char *page)
{
	/* What does not fit is cut off, but counted. */
	return min(badblocks_show(bad, page, 0), (ssize_t)KCSD_CONFIGFS_LEN - 1);
}

bool kcsd_badblocks_check(struct kcsd_drive *drive, u64 slba, u64 nlb)
{
	u32 shift = drive->lba_shift - SECTOR_SHIFT;
	u64 sector = slba << shift, left = nlb << shift;

	while (left) {
		int nr = min_t(u64, left, SZ_1G);

		if (kcsd_compat_badblocks_check(&drive->life->badblocks, sector, nr))
			return true;
		sector += nr;
		left -= nr;
	}
	return false;
}
