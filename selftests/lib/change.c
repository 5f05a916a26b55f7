// SPDX-License-Identifier: GPL-2.0
#include "change.h"

#include <stdio.h>

static struct nvme_uring_cmd cmd_changed(const struct nvme_uring_cmd *c,
					 const struct cmd_change *ch)
{
	struct nvme_uring_cmd changed = *c;

	memcpy((char *)&changed + ch->off, &ch->value, ch->len);
	return changed;
}

bool cmd_refused(int way, bool admin, int fd, const struct nvme_uring_cmd *base,
		 const struct cmd_change *ch)
{
	struct nvme_uring_cmd c = cmd_changed(base, ch);
	__u64 field = ~0ULL;
	int res = admin ? cmd_admin_way(way, fd, &c, &field) : cmd_io_way(way, fd, &c, &field);

	if (res == ch->want && (res != KCSD_SC_INVALID_FIELD || way == CMD_URING_CQE16 ||
				field == ch->blamed))
		return true;
	printf("# %s by %s: got %#x (%d), expected %#x; field %llu\n", ch->what,
	       cmd_way_name(way), res, res, ch->want, (unsigned long long)field);
	return false;
}

bool cmd_each_refused(bool admin, int fd, const struct nvme_uring_cmd *base,
		      const struct cmd_change *changes, size_t nr)
{
	bool ok = true;

	for (size_t i = 0; i < nr; i++)
		for (int way = 0; way < CMD_WAYS; way++)
			ok &= cmd_refused(way, admin, fd, base, &changes[i]);
	return ok;
}
