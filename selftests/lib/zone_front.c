// SPDX-License-Identifier: GPL-2.0
#include "zone_front.h"

#include "kselftest.h"

int zone_run(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset)
{
	return dev->front->run(dev, op, zone, offset, dev->lba);
}

bool zone_looks(const struct zone_dev *dev, __u32 zone, char letter, __u64 wp)
{
	struct zone_seen seen = { .is = NR_ZONE_IS };
	int ret = dev->front->look(dev, zone, &seen);

	if (!ret && seen.is == zone_of_letter(letter) &&
	    (seen.is >= Z_FULL || seen.wp == wp))
		return true;
	ksft_print_msg("%s: zone %u: got %d, state %c wp %lld, expected %c wp %lld\n",
		       dev->front->name, zone, ret,
		       seen.is < NR_ZONE_IS ? zone_letters[seen.is] : '?',
		       (long long)seen.wp, letter, (long long)wp);
	return false;
}

bool zone_gives(const struct zone_dev *dev, enum zone_op op, __u32 zone, __u64 offset, int status)
{
	int want = status ? dev->front->result(status) : 0;
	int got = zone_run(dev, op, zone, offset);

	if (got != want)
		ksft_print_msg("%s: %s zone %u: got %d, expected %d\n", dev->front->name,
			       zone_op_names[op], zone, got, want);
	return got == want;
}

int zone_wear_out(const struct zone_dev *dev, const char *attr, __u32 zone)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", zone);
	return drive_set(dev->d->name, attr, text);
}
