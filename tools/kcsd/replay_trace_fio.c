// SPDX-License-Identifier: GPL-2.0
/*
 * Logs of fio (write_iolog). Version 2 has lines "FILE ACTION [OFFSET LENGTH]", version 3 begins
 * each with microseconds since the start.
 */
#include "replay_trace.h"

#define NS_PER_US	1000u

/* Return the version in a first line, 0 if it is none. */
static unsigned int head_version(const struct replay_scan *line)
{
	static const char *const heads[] = { "fio version 2 iolog", "fio version 3 iolog" };
	const struct replay_word w = { line->p, line->end - line->p };
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (kcsd_replay_is(&w, heads[i]))
			return 2 + i;
	return 0;
}

static bool detect(struct replay_scan line)
{
	return head_version(&line);
}

/* Actions on files, which are no commands of a drive. */
static bool is_file_action(const struct replay_word *w)
{
	static const char *const names[] = { "add", "open", "close", "unlink" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (kcsd_replay_is(w, names[i]))
			return true;
	return false;
}

/* Find the kind of command. False if the action is none, or not known. */
static bool take_kind(const struct replay_word *w, enum replay_kind *kind)
{
	static const struct {
		const char *name;
		enum replay_kind kind;
	} kinds[] = {
		{ "read", REPLAY_READ },
		{ "write", REPLAY_WRITE },
		{ "trim", REPLAY_TRIM },
		{ "sync", REPLAY_FLUSH },
		{ "datasync", REPLAY_FLUSH },
		{ "syncfs", REPLAY_FLUSH },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kcsd_replay_is(w, kinds[i].name)) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

static const char *take_action(struct replay_trace *t, const struct replay_word *action,
			       struct replay_cmd *cmd)
{
	if (kcsd_replay_is(action, "wait")) {
		if (t->version != 2)
			return "version 3 has no waits";
		if (__builtin_add_overflow(t->wait_us, cmd->offset, &t->wait_us))
			return "the waits are too long";
		return NULL;
	}
	if (kcsd_replay_is(action, "sync_file_range")) {
		kcsd_replay_skip(t, REPLAY_SKIP_OTHER);
		return NULL;
	}
	if (!take_kind(action, &cmd->kind))
		return "the action is not known";
	if (cmd->kind == REPLAY_FLUSH)
		cmd->offset = cmd->len = 0;
	t->has_cmd = true;
	return NULL;
}

static const char *parse(struct replay_trace *t, struct replay_scan line, struct replay_cmd *cmd)
{
	struct replay_word time, action, offset, len, more;
	uint64_t us = t->wait_us;
	const char *wrong;

	if (!t->version) {
		t->version = head_version(&line);
		return t->version ? NULL : "the first line is not 'fio version 2 iolog', or 3";
	}
	if (t->version == 3 && (!kcsd_replay_word(&line, &time) || !kcsd_replay_number(&time, &us)))
		return "it does not begin with a time";
	if (!kcsd_replay_word(&line, &t->device) || !kcsd_replay_word(&line, &action))
		return "it has no action";
	if (!kcsd_replay_word(&line, &offset))
		return is_file_action(&action) ? NULL : "it has no offset";
	if (!kcsd_replay_number(&offset, &cmd->offset))
		return "the offset is not a number";
	cmd->len = 0;
	if (kcsd_replay_word(&line, &len) ? !kcsd_replay_number(&len, &cmd->len) :
	    !kcsd_replay_is(&action, "wait"))
		return "the length is not a number";
	if (kcsd_replay_word(&line, &more))
		return "something follows the length";
	wrong = take_action(t, &action, cmd);
	if (!wrong && t->has_cmd && __builtin_mul_overflow(us, NS_PER_US, &cmd->at_ns))
		wrong = "the time is too large";
	return wrong;
}

const struct replay_format kcsd_replay_fio = { "fio", detect, parse };
