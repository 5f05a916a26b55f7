// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints of kcsd as text, from /sys/kernel/tracing/trace, trace-cmd report or perf script. All
 * have a time with a colon, the event with a colon, and then the text of driver/stats/trace.h:
 *
 *	 fio-1234  [001] d..1.  1234.567890: kcsd_cmd_submit: kcsd0 id=7 nsid=1 opcode=0x02 ...
 */
#include <linux/kcsd.h>

#include "replay_trace.h"

/* Opcodes of the namespace with the LBAs. */
enum {
	NVME_FLUSH		= 0x00,
	NVME_WRITE		= 0x01,
	NVME_READ		= 0x02,
	NVME_WRITE_ZEROES	= 0x08,
	NVME_DSM		= 0x09,
	NVME_COPY		= 0x19,
	NVME_ZONE_SEND		= 0x79,
	NVME_ZONE_APPEND	= 0x7d,
};

#define ZONE_SEND_FINISH	2
#define ZONE_SEND_RESET		4
#define ZONE_SEND_ALL		0x100u

/* Take the words up to the event; false if there is none. */
static bool take_event(struct replay_scan *line, uint64_t *ns, struct replay_word *event)
{
	struct replay_word w;

	while (kcsd_replay_word(line, &w)) {
		if (w.p[w.len - 1] != ':')
			continue;
		w.len--;
		if (kcsd_replay_seconds(&w, ns))
			return kcsd_replay_word(line, event) && event->p[event->len - 1] == ':';
	}
	return false;
}

/* Strip the system, which perf names, and the colon. */
static bool is_event(struct replay_word event, const char *name)
{
	static const char system[] = "kcsd:";
	const size_t len = sizeof(system) - 1;

	event.len--;
	if (event.len > len && !memcmp(event.p, system, len)) {
		event.p += len;
		event.len -= len;
	}
	return kcsd_replay_is(&event, name);
}

static bool is_ours(struct replay_word event)
{
	return is_event(event, "kcsd_cmd_submit") || is_event(event, "kcsd_cmd_start") ||
	       is_event(event, "kcsd_cmd_complete") || is_event(event, "kcsd_cmd_device");
}

static bool detect(struct replay_scan line)
{
	struct replay_word event;
	uint64_t ns;

	return take_event(&line, &ns, &event) && is_ours(event);
}

/* Take "NAME=VALUE", the next word. Its value may be of no use: NULL. */
static inline bool take_value(struct replay_scan *line, const char *name, uint64_t *value)
{
	struct replay_word w;
	const char *p, *end;

	if (!kcsd_replay_word(line, &w))
		return false;
	for (p = w.p, end = w.p + w.len; p < end && *name && *p == *name; p++)
		name++;
	if (*name || p == end || *p != '=')
		return false;
	w = (struct replay_word){ p + 1, end - p - 1 };
	return !value || (kcsd_replay_number(&w, value) && *value <= UINT32_MAX);
}

struct submit {
	struct replay_word drive;
	uint64_t nsid, opcode, admin, cdw10, cdw11, cdw12, cdw13;
};

static bool take_submit(struct replay_scan *line, struct submit *s)
{
	struct replay_word id;

	return kcsd_replay_word(line, &s->drive) && kcsd_replay_word(line, &id) &&
	       take_value(line, "nsid", &s->nsid) && take_value(line, "opcode", &s->opcode) &&
	       take_value(line, "admin", &s->admin) && take_value(line, "cdw2", NULL) &&
	       take_value(line, "cdw3", NULL) && take_value(line, "cdw10", &s->cdw10) &&
	       take_value(line, "cdw11", &s->cdw11) && take_value(line, "cdw12", &s->cdw12) &&
	       take_value(line, "cdw13", &s->cdw13);
}

/* Take a Zone Management Send. False if it has no time in the model. */
static bool take_zone_send(const struct submit *s, struct replay_cmd *cmd)
{
	uint32_t action = s->cdw13 & 0xff;

	cmd->kind = action == ZONE_SEND_RESET ? REPLAY_RESET : REPLAY_FINISH;
	cmd->all = s->cdw13 & ZONE_SEND_ALL;
	cmd->len = 0;
	if (cmd->all)
		cmd->offset = 0;
	return action == ZONE_SEND_RESET || action == ZONE_SEND_FINISH;
}

/* Take a command of the namespace with the LBAs. False if it is skipped. */
static bool take_nvm(struct replay_trace *t, const struct submit *s, struct replay_cmd *cmd)
{
	cmd->len = ((s->cdw12 & 0xffff) + 1) * t->source->block_size;
	switch (s->opcode) {
	case NVME_READ:
		cmd->kind = REPLAY_READ;
		return true;
	case NVME_WRITE:
		cmd->kind = REPLAY_WRITE;
		return true;
	case NVME_ZONE_APPEND:
		cmd->kind = REPLAY_APPEND;
		return true;
	case NVME_WRITE_ZEROES:
		cmd->kind = REPLAY_TRIM;
		return true;
	case NVME_FLUSH:
		cmd->kind = REPLAY_FLUSH;
		cmd->offset = cmd->len = 0;
		return true;
	case NVME_ZONE_SEND:
		if (take_zone_send(s, cmd))
			return true;
		break;
	case NVME_DSM:
	case NVME_COPY:
		kcsd_replay_skip(t, REPLAY_SKIP_RANGES);
		return false;
	}
	kcsd_replay_skip(t, REPLAY_SKIP_OTHER);
	return false;
}

/* Take a command of the SLM. False if it is skipped. */
static bool take_slm(struct replay_trace *t, const struct submit *s, struct replay_cmd *cmd)
{
	cmd->kind = s->opcode == KCSD_SLM_READ ? REPLAY_SLM_READ : REPLAY_SLM_WRITE;
	cmd->offset = 0;
	cmd->len = s->cdw12;
	if (s->opcode == KCSD_SLM_READ || s->opcode == KCSD_SLM_WRITE)
		return true;
	kcsd_replay_skip(t, REPLAY_SKIP_SLM);
	return false;
}

static bool take_command(struct replay_trace *t, const struct submit *s, struct replay_cmd *cmd)
{
	if (s->admin)
		kcsd_replay_skip(t, REPLAY_SKIP_ADMIN);
	else if (s->nsid == KCSD_NSID_COMPUTE)
		kcsd_replay_skip(t, REPLAY_SKIP_RUN);
	else if (s->nsid == KCSD_NSID_SLM)
		return take_slm(t, s, cmd);
	else if (s->nsid == KCSD_NSID_NVM || (!s->nsid && !s->opcode))
		return take_nvm(t, s, cmd);
	else
		kcsd_replay_skip(t, REPLAY_SKIP_OTHER);
	return false;
}

static const char *parse(struct replay_trace *t, struct replay_scan line, struct replay_cmd *cmd)
{
	static const char lost[] = " [LOST ";
	struct replay_scan whole = line;
	struct replay_word event;
	struct submit s;
	uint64_t slba;

	if (kcsd_replay_begins(&line, "#") || kcsd_replay_begins(&line, "cpus="))
		return NULL;
	if (!take_event(&line, &cmd->at_ns, &event)) {
		if (!memmem(whole.p, whole.end - whole.p, lost, sizeof(lost) - 1))
			return "it is not an event";
		kcsd_replay_skip(t, REPLAY_SKIP_LOST);
		return NULL;
	}
	if (!is_event(event, "kcsd_cmd_submit")) {
		kcsd_replay_skip(t, REPLAY_SKIP_EVENT);
		return NULL;
	}
	if (!take_submit(&line, &s))
		return "a field of kcsd_cmd_submit is missing, or not valid";
	slba = s.cdw11 << 32 | s.cdw10;
	/* In other commands these are other fields. */
	if (!s.admin && s.nsid <= KCSD_NSID_NVM && slba > UINT64_MAX / t->source->block_size)
		return "there is no such LBA";
	cmd->offset = slba * t->source->block_size;
	t->device = s.drive;
	t->has_cmd = take_command(t, &s, cmd);
	return NULL;
}

const struct replay_format kcsd_replay_kcsd = { "kcsd", detect, parse };
