// SPDX-License-Identifier: GPL-2.0
/* Set, clear and show bad blocks of a drive, in the syntax of null_blk. */
#include <linux/ctype.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "config.h"
#include "media/lbas.h"
#include "media/badblocks.h"

#define MAX_SECTOR	(BIT_ULL(54) - 1)	/* badblocks entries have 54 bits for it */
#define SPLITS		64	/* entries reserved for clears that split an entry */
#define CLEARS		8	/* of these, reserved for clears that run at the same time */

int kcsd_badblocks_init(struct kcsd_lbas_retained *retained)
{
	int ret = badblocks_init(&retained->badblocks, 1);

	if (ret)
		return ret;
	ret = badblocks_init(&retained->uncorrectable, 1);
	if (ret)
		badblocks_exit(&retained->badblocks);
	return ret;
}

void kcsd_badblocks_exit(struct kcsd_lbas_retained *retained)
{
	badblocks_exit(&retained->uncorrectable);
	badblocks_exit(&retained->badblocks);
}

static int parse_sector(const char *text, u64 *sector)
{
	return text && isdigit(*text) ? kstrtou64(text, 10, sector) : -EINVAL;
}

static int clear_sectors(struct badblocks *bad, u64 first, int nr)
{
	if (!READ_ONCE(bad->count))
		return 0;
	return kcsd_compat_badblocks_clear(bad, first, nr) ? 0 : -ENOSPC;
}

static bool are_set(struct badblocks *bad, u64 first, int nr)
{
	sector_t first_bad, end_bad, end = first + nr;

	for (; first < end; first = end_bad)
		if (!kcsd_compat_badblocks_check(bad, first, end - first, &first_bad, &end_bad) ||
		    first_bad > first || end_bad <= first)
			return false;
	return true;
}

static int set_sectors(struct badblocks *bad, u64 first, int nr)
{
	/* badblocks_set() also succeeds if only a part of the range found room. */
	if (!kcsd_compat_badblocks_set(bad, first, nr) || !are_set(bad, first, nr))
		return -ENOSPC;
	return 0;
}

static int contain_sectors(struct badblocks *bad, u64 first, int nr)
{
	sector_t first_bad, end_bad;

	return kcsd_compat_badblocks_check(bad, first, nr, &first_bad, &end_bad);
}

/* Apply "+first-last" or "-first-last". Modifies text. 0, -EINVAL or -ENOSPC. */
static int set_range(struct kcsd_lbas_retained *retained, char *text)
{
	struct badblocks *bad = &retained->badblocks;
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
		return clear_sectors(bad, first, last - first + 1) ?:
		       clear_sectors(&retained->uncorrectable, first, last - first + 1);
	return set_sectors(bad, first, last - first + 1);
}

int kcsd_badblocks_store(struct kcsd_lbas_retained *retained, const char *text)
{
	char *copy = kstrdup(text, GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	ret = set_range(retained, strim(copy));
	kfree(copy);
	return ret;
}

ssize_t kcsd_badblocks_show(struct kcsd_lbas_retained *retained, char *page)
{
	/* badblocks_show() cuts off lines beyond the page, but counts them. */
	ssize_t len = min(badblocks_show(&retained->badblocks, page, 0),
			  (ssize_t)KCSD_CONFIGFS_LEN - 1);
	char *rest;

	if (!READ_ONCE(retained->uncorrectable.count))
		return len;
	rest = (char *)get_zeroed_page(GFP_KERNEL);
	if (!rest)
		return -ENOMEM;
	badblocks_show(&retained->uncorrectable, rest, 0);
	len += scnprintf(page + len, KCSD_CONFIGFS_LEN - len, "%s", rest);
	free_page((unsigned long)rest);
	return len;
}

void kcsd_badblocks_forget(struct badblocks *bad)
{
	u64 sector;

	for (sector = 0; READ_ONCE(bad->count) && sector < MAX_SECTOR; sector += SZ_1G)
		clear_sectors(bad, sector, SZ_1G);
}

/* Call fn on parts of a range of LBAs, in sectors. Stops at the first result that is not 0. */
static int each_part(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 slba, u64 nlb,
		     int (*fn)(struct badblocks *bad, u64 first, int nr))
{
	u32 shift = lbas->lba_shift - SECTOR_SHIFT;
	u64 sector = slba << shift, left = nlb << shift;
	int nr, ret = 0;

	for (; left && !ret; left -= nr, sector += nr) {
		nr = min_t(u64, left, SZ_1G);
		ret = fn(bad, sector, nr);
	}
	return ret;
}

bool kcsd_badblocks_contain(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 slba, u64 nlb)
{
	return each_part(lbas, bad, slba, nlb, contain_sectors);
}

int kcsd_badblocks_set(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 slba, u64 nlb)
{
	return each_part(lbas, bad, slba, nlb, set_sectors);
}

int kcsd_badblocks_clear(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 slba, u64 nlb)
{
	return each_part(lbas, bad, slba, nlb, clear_sectors);
}

bool kcsd_badblocks_can_set(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 nlb)
{
	u64 sectors = nlb << (lbas->lba_shift - SECTOR_SHIFT);

	/* Setting adds at most so many entries, wherever the range lies. */
	return READ_ONCE(bad->count) + sectors / BB_MAX_LEN + 2 <= MAX_BADBLOCKS - SPLITS;
}

bool kcsd_badblocks_can_clear(const struct kcsd_lbas *lbas, struct badblocks *bad, u64 slba,
			      u64 nlb)
{
	u32 shift = lbas->lba_shift - SECTOR_SHIFT;
	u64 first = slba << shift, sectors = nlb << shift;
	sector_t first_bad, end_bad;

	if (likely(READ_ONCE(bad->count) < MAX_BADBLOCKS - CLEARS) || sectors >= BB_MAX_LEN)
		return true;
	return !kcsd_compat_badblocks_check(bad, first, sectors, &first_bad, &end_bad) ||
	       first_bad >= first || end_bad <= first + sectors;
}
