// SPDX-License-Identifier: GPL-2.0
#include "zone_checks.h"

#include "kselftest.h"

const struct zone_way zone_ways[NR_ZONE_WAYS] = {
	{ "", 'E' }, { "w", 'I' }, { "wcw", 'I' },
	{ "o", 'O' }, { "ow", 'O' }, { "wo", 'O' }, { "wco", 'O' },
	{ "oc", 'C' }, { "wc", 'C' }, { "owc", 'C' },
	{ "f", 'F' }, { "wf", 'F' }, { "of", 'F' }, { "wcf", 'F' }, { "W", 'F' }, { "oW", 'F' },
	{ "r", 'R' }, { "wr", 'R' }, { "owr", 'R' }, { "wcr", 'R' }, { "wfr", 'R' },
	{ "x", 'X' }, { "wx", 'X' }, { "ox", 'X' }, { "fx", 'X' }, { "wrx", 'X' },
};

int zone_step(const struct zone_dev *dev, char step, __u32 zone, __u64 *wp)
{
	int ret;

	switch (step) {
	case 'w':
		ret = zone_run(dev, ZONE_WRITE, zone, *wp);
		*wp += 1;
		return ret;
	case 'W':
		ret = dev->front->run(dev, ZONE_WRITE, zone, *wp, (dev->capacity - *wp) * dev->lba);
		*wp = dev->capacity;
		return ret;
	case 'o':
		return zone_run(dev, ZONE_OPEN, zone, 0);
	case 'c':
		return zone_run(dev, ZONE_CLOSE, zone, 0);
	case 'f':
		return zone_run(dev, ZONE_FINISH, zone, 0);
	case 'r':
		return zone_wear_out(dev, "zone_readonly", zone);
	default:
		return zone_wear_out(dev, "zone_offline", zone);
	}
}

/* Bring a zone that was never used into a state, then try the operation. */
static bool zone_try(const struct zone_dev *dev, const struct zone_way *way, enum zone_op op,
		     __u32 zone)
{
	enum zone_is after;
	int status = zone_expect(op, zone_of_letter(way->state), &after);
	bool ok = true;
	__u64 wp = 0;

	for (const char *step = way->steps; *step; step++) {
		int ret = zone_step(dev, *step, zone, &wp);

		if (ret)
			ksft_print_msg("step %c of '%s': got %d, expected 0\n", *step,
				       way->steps, ret);
		ok &= !ret;
	}
	ok = ok && zone_looks(dev, zone, way->state, wp) && zone_gives(dev, op, zone, wp, status);
	if (op <= ZONE_APPEND)
		wp++;
	if (after == Z_EMPTY)
		wp = 0;
	ok = ok && zone_looks(dev, zone, zone_letters[after], wp);
	if (!ok)
		ksft_print_msg("%s after '%s'\n", zone_op_names[op], way->steps);
	return ok;
}

int zone_try_all(const struct zone_dev *dev)
{
	__u32 zone = dev->first;
	int wrong = 0;

	for (int op = 0; op < NR_ZONE_OPS; op++) {
		if (!(dev->front->ops & 1u << op))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(zone_ways); i++, zone++) {
			if (zone >= dev->nr) {
				ksft_print_msg("the drive has too few zones\n");
				return -1;
			}
			wrong += !zone_try(dev, &zone_ways[i], op, zone);
		}
	}
	return wrong;
}

bool zone_closes_the_oldest(const struct zone_dev *dev, __u32 n)
{
	__u32 z = dev->first;
	bool ok = true;

	for (__u32 i = 0; i < n + 2; i++)
		ok &= zone_gives(dev, ZONE_WRITE, z + i, 0, 0);
	for (__u32 i = 0; i < n + 2; i++)
		ok &= zone_looks(dev, z + i, i < 2 ? 'C' : 'I', 1);
	/* A write to an open zone does not open it again: z + 2 is still the oldest. */
	ok &= zone_gives(dev, ZONE_WRITE, z + 2, 1, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 1, 0);
	ok &= zone_looks(dev, z + 2, 'C', 2) && zone_looks(dev, z, 'I', 2);
	/* An explicit open closes the oldest zone too. */
	ok &= zone_gives(dev, ZONE_OPEN, z + 1, 0, 0);
	ok &= zone_looks(dev, z + 1, 'O', 1);
	ok &= zone_looks(dev, n == 1 ? z : z + 3, 'C', n == 1 ? 2 : 1);
	return ok;
}

bool zone_keeps_explicit(const struct zone_dev *dev, __u32 n)
{
	__u32 z = dev->first;
	bool ok = true;

	for (__u32 i = 0; i < n; i++)
		ok &= zone_gives(dev, ZONE_OPEN, z + i, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n, 0, KCSD_SC_TOO_MANY_OPEN_ZONES);
	ok &= zone_gives(dev, ZONE_WRITE, z + n, 0, KCSD_SC_TOO_MANY_OPEN_ZONES);
	ok &= zone_looks(dev, z + n, 'E', 0);
	ok &= zone_gives(dev, ZONE_OPEN, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 0, 0);
	/* Each of these steps frees a place among the open zones. */
	ok &= zone_gives(dev, ZONE_CLOSE, z, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 1, KCSD_SC_TOO_MANY_OPEN_ZONES);
	ok &= zone_looks(dev, z, 'C', 1);
	ok &= zone_gives(dev, ZONE_FINISH, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z, 0, 0);
	ok &= zone_gives(dev, ZONE_RESET, z, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n + 1, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 0, KCSD_SC_TOO_MANY_OPEN_ZONES);
	ok &= !dev->front->run(dev, ZONE_WRITE, z + n + 1, 0, dev->capacity * dev->lba);
	ok &= zone_looks(dev, z + n + 1, 'F', 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n + 2, 0, 0);
	ok &= !zone_wear_out(dev, "zone_readonly", z + n + 2);
	ok &= zone_gives(dev, ZONE_OPEN, z + n + 3, 0, 0);
	ok &= !zone_wear_out(dev, "zone_offline", z + n + 3);
	ok &= zone_gives(dev, ZONE_OPEN, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z + n + 4, 0, KCSD_SC_TOO_MANY_OPEN_ZONES);
	return ok;
}

bool zone_counts_active(const struct zone_dev *dev, __u32 n)
{
	__u32 z = dev->first;
	bool ok = true;

	for (__u32 i = 0; i < n; i++) {
		ok &= zone_gives(dev, ZONE_WRITE, z + i, 0, 0);
		ok &= zone_gives(dev, ZONE_CLOSE, z + i, 0, 0);
	}
	ok &= zone_gives(dev, ZONE_WRITE, z + n, 0, KCSD_SC_TOO_MANY_ACTIVE_ZONES);
	ok &= zone_gives(dev, ZONE_OPEN, z + n, 0, KCSD_SC_TOO_MANY_ACTIVE_ZONES);
	ok &= zone_looks(dev, z + n, 'E', 0);
	/* Opening and writing a zone that is active already needs no new place. */
	ok &= zone_gives(dev, ZONE_OPEN, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z, 1, 0);
	ok &= zone_gives(dev, ZONE_FINISH, z, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_WRITE, z + n + 1, 0, KCSD_SC_TOO_MANY_ACTIVE_ZONES);
	ok &= zone_gives(dev, ZONE_RESET, z + n, 0, 0);
	ok &= zone_gives(dev, ZONE_OPEN, z + n + 1, 0, 0);
	/* An empty zone can be finished without a free place: it does not become active. */
	ok &= zone_gives(dev, ZONE_FINISH, z + n, 0, 0);
	return ok;
}
