// SPDX-License-Identifier: GPL-2.0
/* Parse, show and apply rules that make commands fail. */
#include <linux/bitops.h>
#include <linux/ctype.h>
#include <linux/hrtimer.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/wait.h>
#include <linux/kcsd.h>

#include "media/inject.h"
#include "media/lbas.h"
#include "stats/counters.h"
#include "wait.h"

#define BILLION		1000000000u
#define MAX_DECIMALS	9

static const struct {
	const char *name;
	bool lbas;
} ops[] = {
#define OP_ROW(NAME, name, lbas) [KCSD_INJECT_##NAME] = { name, lbas },
	KCSD_INJECT_OPS(OP_ROW)
#undef OP_ROW
};

/* ---- parse ---- */

enum word { LBA, MEDIA_ERROR, TIMEOUT, DELAY, NEXT, PROBABILITY, SEED, NR_WORDS };

#define OUTCOMES	(BIT(MEDIA_ERROR) | BIT(TIMEOUT) | BIT(DELAY))

/* A word with "=" has a value after it. */
static const char * const words[NR_WORDS] = {
	[LBA]		= "lba=",
	[MEDIA_ERROR]	= "media_error",
	[TIMEOUT]	= "timeout",
	[DELAY]		= "delay=",
	[NEXT]		= "next=",
	[PROBABILITY]	= "probability=",
	[SEED]		= "seed=",
};

/* Parse digits only: kstrtou64() would also take a sign. */
static int parse_u64(const char *text, u64 *value)
{
	return isdigit(*text) ? kstrtou64(text, 10, value) : -EINVAL;
}

/* Parse S+N: first LBA and number of LBAs. */
static int parse_lbas(struct kcsd_inject_rule *r, char *text)
{
	char *start = strsep(&text, "+");

	if (!text || parse_u64(start, &r->slba) || parse_u64(text, &r->nlb))
		return -EINVAL;
	return r->nlb && r->nlb - 1 <= U64_MAX - r->slba ? 0 : -EINVAL;
}

static int parse_delay(struct kcsd_inject_rule *r, char *text)
{
	size_t digits = strspn(text, "0123456789");
	u64 ms;

	if (!strcmp(text + digits, "ms"))
		text[digits] = '\0';
	if (parse_u64(text, &ms) || !ms || ms > KCSD_MAX_TIMEOUT_MS)
		return -EINVAL;
	r->delay_ms = ms;
	return 0;
}

/* Parse a decimal fraction above 0, up to 1. */
static int parse_probability(struct kcsd_inject_rule *r, char *text)
{
	char *whole = strsep(&text, ".");
	size_t decimals = text ? strlen(text) : 0;
	u64 n, part = 0;

	if (parse_u64(whole, &n) || n > 1 || decimals > MAX_DECIMALS)
		return -EINVAL;
	if (text && parse_u64(text, &part))
		return -EINVAL;
	while (decimals++ < MAX_DECIMALS)
		part *= 10;
	n = n * BILLION + part;
	if (!n || n > BILLION)
		return -EINVAL;
	r->billionths = n;
	return 0;
}

static int parse_next(struct kcsd_inject_rule *r, const char *text)
{
	u64 n;

	if (parse_u64(text, &n) || !n || n > U32_MAX)
		return -EINVAL;
	r->next = n;
	r->counts = true;
	return 0;
}

static int parse_value(struct kcsd_inject_rule *r, enum word word, char *value)
{
	switch (word) {
	case LBA:
		return parse_lbas(r, value);
	case MEDIA_ERROR:
		r->outcome = KCSD_INJECT_MEDIA_ERROR;
		return 0;
	case TIMEOUT:
		r->outcome = KCSD_INJECT_TIMEOUT;
		return 0;
	case DELAY:
		r->outcome = KCSD_INJECT_DELAY;
		return parse_delay(r, value);
	case NEXT:
		return parse_next(r, value);
	case PROBABILITY:
		return parse_probability(r, value);
	case SEED:
		return parse_u64(value, &r->seed);
	default:
		return -EINVAL;
	}
}

/* Return the word at the start of text, or NR_WORDS if unknown. *value: the text after it. */
static enum word find_word(char *text, char **value)
{
	size_t len = strcspn(text, "=");
	int i;

	len += text[len] == '=';
	*value = text + len;
	for (i = 0; i < NR_WORDS; i++)
		if (len == strlen(words[i]) && !strncmp(text, words[i], len))
			break;
	return i;
}

static int parse_words(struct kcsd_inject_rule *r, char *text, unsigned long *seen)
{
	char *word, *value;
	enum word w;

	while ((word = strsep(&text, " \t"))) {
		if (!*word)
			continue;
		w = find_word(word, &value);
		if (w == NR_WORDS || __test_and_set_bit(w, seen) || parse_value(r, w, value))
			return -EINVAL;
	}
	return 0;
}

static int parse_op(struct kcsd_inject_rule *r, const char *name)
{
	int i;

	for (i = 0; i < KCSD_NR_INJECT_OPS; i++) {
		if (!strcmp(name, ops[i].name)) {
			r->op = i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Parse a rule. Modifies text. */
static int parse_rule(struct kcsd_inject_rule *r, char *text)
{
	unsigned long seen = 0;

	if (parse_op(r, strsep(&text, " \t")) || parse_words(r, text, &seen))
		return -EINVAL;
	if (hweight_long(seen & OUTCOMES) != 1)
		return -EINVAL;
	if (seen & BIT(LBA) && !ops[r->op].lbas)
		return -EINVAL;
	if (seen & BIT(SEED) && !(seen & BIT(PROBABILITY)))
		return -EINVAL;
	prandom_seed_state(&r->rnd, r->seed);
	return 0;
}

/* ---- set and show ---- */

/*
 * Let rules make commands sleep. From now on the block device hands requests to a context that may
 * sleep. On return, no request is under way any more in a context that cannot sleep.
 */
static void allow_sleep(struct kcsd_inject *inject, struct kcsd_lbas *lbas)
{
	WRITE_ONCE(inject->sleeps, true);
	if (lbas)
		lbas->quiesce(lbas);
}

static int add_rule(struct kcsd_inject *inject, struct kcsd_lbas *lbas, char *text)
{
	struct kcsd_inject_rule rule = {};
	int ret = parse_rule(&rule, text);

	if (ret)
		return ret;
	if (inject->nr == KCSD_MAX_INJECT_RULES)
		return -ENOSPC;
	if (rule.outcome != KCSD_INJECT_MEDIA_ERROR && !inject->sleeps)
		allow_sleep(inject, lbas);
	spin_lock(&inject->lock);
	inject->rule[inject->nr++] = rule;
	WRITE_ONCE(inject->armed, inject->armed | BIT(rule.op));
	spin_unlock(&inject->lock);
	return 0;
}

static void clear_rules(struct kcsd_inject *inject, struct kcsd_lbas *lbas)
{
	scoped_guard(spinlock, &inject->lock) {
		inject->nr = 0;
		WRITE_ONCE(inject->armed, 0);
		WRITE_ONCE(inject->sleeps, false);
		WRITE_ONCE(inject->cleared, inject->cleared + 1);
	}
	if (lbas)
		kcsd_delayed_wake(&lbas->delayed);
}

int kcsd_inject_store(struct kcsd_inject *inject, struct kcsd_lbas *lbas, const char *text)
{
	char *copy, *line;
	int ret = 0;

	copy = kstrdup(text, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	line = strim(copy);
	if (!strcmp(line, "clear"))
		clear_rules(inject, lbas);
	else
		ret = add_rule(inject, lbas, line);
	kfree(copy);
	return ret;
}

static int show_rule(const struct kcsd_inject_rule *r, char *page, int at)
{
	int start = at;

	at += sysfs_emit_at(page, at, "%s", ops[r->op].name);
	if (r->nlb)
		at += sysfs_emit_at(page, at, " lba=%llu+%llu", r->slba, r->nlb);
	if (r->outcome == KCSD_INJECT_DELAY)
		at += sysfs_emit_at(page, at, " delay=%ums", r->delay_ms);
	else
		at += sysfs_emit_at(page, at, " %s", r->outcome == KCSD_INJECT_TIMEOUT ?
				    "timeout" : "media_error");
	if (r->counts)
		at += sysfs_emit_at(page, at, " next=%u", r->next);
	if (r->billionths)
		at += sysfs_emit_at(page, at, " probability=%u.%09u seed=%llu",
				    r->billionths / BILLION, r->billionths % BILLION, r->seed);
	at += sysfs_emit_at(page, at, " hits=%llu\n", r->hits);
	return at - start;
}

ssize_t kcsd_inject_show(struct kcsd_inject *inject, char *page)
{
	int at = 0;
	u32 i;

	spin_lock(&inject->lock);
	for (i = 0; i < inject->nr; i++)
		at += show_rule(&inject->rule[i], page, at);
	spin_unlock(&inject->lock);
	return at;
}

/* ---- a command ---- */

struct verdict {
	enum kcsd_inject_outcome outcome;
	u64 delay_ms;
	u32 cleared;	/* value of inject->cleared when judged */
};

static bool matches(const struct kcsd_inject_rule *r, const struct kcsd_inject_cmd *cmd)
{
	if (r->op != cmd->op)
		return false;
	if (!r->nlb)
		return true;
	return cmd->slba < r->slba ? r->slba - cmd->slba < cmd->nlb : cmd->slba - r->slba < r->nlb;
}

/* Return true if a rule that matches applies this time. */
static bool hits(struct kcsd_inject_rule *r)
{
	if (r->counts && !r->next)
		return false;
	if (r->billionths && (u64)prandom_u32_state(&r->rnd) * BILLION >> 32 >= r->billionths)
		return false;
	r->next -= r->counts;
	r->hits++;
	return true;
}

static struct verdict judge(struct kcsd_inject *inject, const struct kcsd_inject_cmd *cmd)
{
	struct verdict v = {};
	u32 i;

	spin_lock(&inject->lock);
	v.cleared = inject->cleared;
	for (i = 0; i < inject->nr; i++) {
		struct kcsd_inject_rule *r = &inject->rule[i];

		if (!matches(r, cmd) || !hits(r))
			continue;
		if (r->outcome != KCSD_INJECT_DELAY) {
			v.outcome = r->outcome;
			break;
		}
		v.delay_ms += r->delay_ms;
	}
	spin_unlock(&inject->lock);
	return v;
}

static bool is_let_go(const struct kcsd_lbas *lbas, const struct kcsd_inject_cmd *cmd,
		      const struct verdict *v)
{
	return !READ_ONCE(lbas->delayed.on) ||
	       READ_ONCE(lbas->retained->inject.cleared) != v->cleared ||
	       (cmd->cancelled && READ_ONCE(*cmd->cancelled));
}

/* Wait once. Return 0 if released, -ETIME at the end of the time, -ERESTARTSYS after a signal. */
static int hold_once(struct kcsd_lbas *lbas, const struct kcsd_inject_cmd *cmd,
		     const struct verdict *v, ktime_t until, int state)
{
	return __wait_event_hrtimeout(lbas->delayed.wait, is_let_go(lbas, cmd, v),
				      ktime_sub(until, ktime_get()), state);
}

/*
 * Delay a command until ms have passed or it is released. Return false if the submitter must give
 * up (wait.h). By the clock: jiffies fall behind while no tick comes, and would end it too early.
 */
static bool hold(struct kcsd_lbas *lbas, const struct kcsd_inject_cmd *cmd,
		 const struct verdict *v, u64 ms)
{
	ktime_t until = ktime_add_ms(ktime_get(), min(ms, (u64)KCSD_MAX_TIMEOUT_MS));
	bool over = false;

	if (cmd->deadline_ns)
		until = min(until, ns_to_ktime(cmd->deadline_ns));
	if (current->flags & PF_KTHREAD) {
		hold_once(lbas, cmd, v, until, TASK_IDLE);
		return true;
	}
	while (!over && hold_once(lbas, cmd, v, until, kcsd_wait_state()) == -ERESTARTSYS)
		over = kcsd_wait_is_over();
	kcsd_wait_end();
	return !over;
}

/* The same, and count the delay as long as the rule says, but no longer than it was. */
static bool delay(struct kcsd_lbas *lbas, const struct kcsd_inject_cmd *cmd,
		  const struct verdict *v, u64 ms)
{
	u64 start = ktime_get_ns();
	bool done = hold(lbas, cmd, v, ms);

	if (cmd->delay_ns)
		*cmd->delay_ns += min(ktime_get_ns() - start, ms * NSEC_PER_MSEC);
	return done;
}

static int media_error(enum kcsd_inject_op op)
{
	switch (op) {
	case KCSD_INJECT_READ:
		return KCSD_SC_READ_ERROR;
	case KCSD_INJECT_RETRIEVE:
	case KCSD_INJECT_LIST:
	case KCSD_INJECT_EXIST:
		return KCSD_SC_UNRECOVERED;
	default:
		return KCSD_SC_WRITE_FAULT;
	}
}

int kcsd_inject_ask(struct kcsd_lbas *lbas, const struct kcsd_inject_cmd *cmd)
{
	struct verdict v = judge(&lbas->retained->inject, cmd);

	if (v.delay_ms && !delay(lbas, cmd, &v, v.delay_ms))
		return KCSD_SC_ABORT_REQUESTED;
	switch (v.outcome) {
	case KCSD_INJECT_MEDIA_ERROR:
		kcsd_stat_inc(lbas, media_errors);
		return media_error(cmd->op);
	case KCSD_INJECT_TIMEOUT:
		delay(lbas, cmd, &v, cmd->timeout_ms);
		return KCSD_SC_ABORT_REQUESTED;
	default:
		return 0;
	}
}

void kcsd_delayed_sleep(struct kcsd_delayed *delayed, u64 until, const bool *cancelled)
{
	u64 now = ktime_get_ns();

	if (until > now)
		__wait_event_hrtimeout(delayed->wait, !READ_ONCE(delayed->on) ||
				       READ_ONCE(*cancelled), ns_to_ktime(until - now), TASK_IDLE);
}

void kcsd_inject_init(struct kcsd_inject *inject)
{
	spin_lock_init(&inject->lock);
}

void kcsd_delayed_init(struct kcsd_delayed *delayed)
{
	init_waitqueue_head(&delayed->wait);
}

void kcsd_delayed_start(struct kcsd_delayed *delayed)
{
	WRITE_ONCE(delayed->on, true);
}

void kcsd_delayed_stop(struct kcsd_delayed *delayed)
{
	WRITE_ONCE(delayed->on, false);
	kcsd_delayed_wake(delayed);
}

void kcsd_delayed_wake(struct kcsd_delayed *delayed)
{
	if (wq_has_sleeper(&delayed->wait))
		wake_up_all(&delayed->wait);
}
