// SPDX-License-Identifier: GPL-2.0
/*
 * Text of blkparse in its default format:
 *
 *	  8,0    1       12     0.000123456   789  D   R 2048 + 8 [fio]
 *
 * device, CPU, sequence number, seconds, process, action, RWBS, then by action. A summary follows.
 */
#include "replay_trace.h"

#define SECTOR	512

/* Take "MAJOR,MINOR". */
static bool take_device(struct replay_scan *line, struct replay_word *device)
{
	const char *comma, *stop;
	uint64_t number;

	if (!kcsd_replay_word(line, device))
		return false;
	comma = memchr(device->p, ',', device->len);
	return comma && kcsd_replay_digits(device->p, comma, &number, &stop) && stop == comma &&
	       kcsd_replay_digits(comma + 1, device->p + device->len, &number, &stop) &&
	       stop == device->p + device->len;
}

struct head {
	struct replay_word device, action, rwbs;
	uint64_t ns;
};

/* Take what all lines of events begin with. */
static bool take_head(struct replay_scan *line, struct head *head)
{
	struct replay_word cpu, sequence, time, pid;
	uint64_t number;

	return take_device(line, &head->device) &&
	       kcsd_replay_word(line, &cpu) && kcsd_replay_number(&cpu, &number) &&
	       kcsd_replay_word(line, &sequence) && kcsd_replay_number(&sequence, &number) &&
	       kcsd_replay_word(line, &time) && kcsd_replay_seconds(&time, &head->ns) &&
	       kcsd_replay_word(line, &pid) && kcsd_replay_number(&pid, &number) &&
	       kcsd_replay_word(line, &head->action) && head->action.len <= 2 &&
	       kcsd_replay_word(line, &head->rwbs);
}

static bool detect(struct replay_scan line)
{
	struct head head;

	return take_head(&line, &head);
}

/* Find the kind of request. False if it is none of a drive. */
static bool take_kind(const struct replay_word *rwbs, bool sectors, enum replay_kind *kind)
{
	size_t i = rwbs->p[0] == 'F';	/* a flush goes before it */

	switch (i < rwbs->len ? rwbs->p[i] : 'N') {
	case 'R':
		*kind = REPLAY_READ;
		return sectors;
	case 'W':
		*kind = sectors ? REPLAY_WRITE : REPLAY_FLUSH;
		return sectors || i;
	case 'D':
		*kind = REPLAY_TRIM;
		return sectors;
	default:
		*kind = REPLAY_FLUSH;
		return i && !sectors;
	}
}

static const char *parse(struct replay_trace *t, struct replay_scan line, struct replay_cmd *cmd)
{
	struct replay_word sector, plus, count;
	struct head head;
	uint64_t nr = 0;

	if (t->summary || kcsd_replay_begins(&line, "CPU") ||
	    kcsd_replay_begins(&line, "Total (")) {
		t->summary = true;
		return NULL;
	}
	if (kcsd_replay_begins(&line, "Input file "))
		return NULL;
	if (!take_head(&line, &head))
		return "it is not an event of blkparse";
	if (head.action.len != 1 || head.action.p[0] != t->source->action) {
		kcsd_replay_skip(t, REPLAY_SKIP_ACTION);
		return NULL;
	}
	if (!kcsd_replay_word(&line, &sector))
		return "it has no sectors";
	cmd->offset = 0;
	if (sector.p[0] != '[' && sector.p[0] != '(') {
		if (!kcsd_replay_number(&sector, &cmd->offset))
			return "the sector is not a number";
		if (!kcsd_replay_word(&line, &plus) || !kcsd_replay_is(&plus, "+")) {
			kcsd_replay_skip(t, REPLAY_SKIP_PASSTHROUGH);
			return NULL;
		}
		if (!kcsd_replay_word(&line, &count) || !kcsd_replay_number(&count, &nr))
			return "the number of sectors is not a number";
		if (cmd->offset > UINT64_MAX / SECTOR || nr > UINT64_MAX / SECTOR)
			return "there are no such sectors";
	}
	if (!take_kind(&head.rwbs, nr, &cmd->kind)) {
		kcsd_replay_skip(t, REPLAY_SKIP_OTHER);
		return NULL;
	}
	cmd->offset = nr ? cmd->offset * SECTOR : 0;
	cmd->len = nr * SECTOR;
	cmd->at_ns = head.ns;
	t->device = head.device;
	t->has_cmd = true;
	return NULL;
}

const struct replay_format kcsd_replay_blkparse = { "blkparse", detect, parse };
