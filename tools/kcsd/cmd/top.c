// SPDX-License-Identifier: GPL-2.0
/* kcsd top: sample and show the counters in intervals; on a terminal as a screen. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "top.h"

#define DEFAULT_MS	2000
#define MIN_MS		100
#define ENTER_SCREEN	"\033[?1049h\033[?25l"	/* alternate screen, no cursor */
#define LEAVE_SCREEN	"\033[?25h\033[?1049l"

#define OPTIONS(X) \
	X(DRIVE, "drive", 'd', "DRIVE", "show only this drive, by its name or as kcsd0") \
	X(INTERVAL, "interval", 'i', "MS", "interval between two samples; default: 2000") \
	X(COUNT, "count", 'n', "N", "end after N intervals; default: never") \
	OPTION_JSON(X)

enum { OPTIONS(OPT_ENUM) };
static const struct opt opts[] = { OPTIONS(OPT_ROW) };

struct top {
	const struct args *args;
	char drive[KCSD_DRIVE_NAME_LEN];
	bool one;		/* show only drive, else all */
	bool screen;
	bool keys;		/* standard input is a terminal */
	uint64_t interval_ms;
	uint64_t count;		/* 0: until a key or a signal */
	struct termios termios;	/* to restore; valid if keys is set */
};

static volatile sig_atomic_t stopped;

static void on_stop(int signal)
{
	stopped = signal;
}

static void on_resize(int signal)
{
	(void)signal;	/* the signal ends the wait, so that the screen is drawn again */
}

static void catch_signals(void)
{
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
	struct sigaction stop = { .sa_handler = on_stop }, resize = { .sa_handler = on_resize };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stops); i++)
		sigaction(stops[i], &stop, NULL);
	sigaction(SIGWINCH, &resize, NULL);
}

static void enter_screen(struct top *top)
{
	struct termios raw;

	fputs(ENTER_SCREEN, stdout);
	top->keys = !tcgetattr(STDIN_FILENO, &top->termios);
	if (!top->keys)
		return;
	raw = top->termios;
	raw.c_lflag &= ~(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void leave_screen(const struct top *top)
{
	fputs(LEAVE_SCREEN, stdout);
	fflush(stdout);
	if (top->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &top->termios);
}

/* Draw as much of the text as fits on the screen. */
static void draw(const char *text)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int row;

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	fputs("\033[H", stdout);
	for (row = 1; row < size.ws_row && *text; row++) {
		int len = strcspn(text, "\n"), shown = len < size.ws_col ? len : size.ws_col;

		printf("%.*s\033[K\n", shown, text);
		text += len + (text[len] == '\n');
	}
	printf("\033[Jq: quit");
}

static int show(const struct top *top, const struct samples *before, const struct samples *now)
{
	char *text = NULL;
	size_t len;
	FILE *to;

	if (kcsd_args_has(top->args, OPT_JSON)) {
		json_object *json = kcsd_top_json(before, now);

		puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN));
		json_object_put(json);
		return fflush(stdout) ? KCSD_EXIT_FAILED : 0;
	}
	if (!top->screen) {
		kcsd_top_show(stdout, before, now);
		return fflush(stdout) ? KCSD_EXIT_FAILED : 0;
	}
	to = open_memstream(&text, &len);
	if (!to)
		return kcsd_fail("out of memory");
	kcsd_top_show(to, before, now);
	fclose(to);
	draw(text);
	free(text);
	return fflush(stdout) ? KCSD_EXIT_FAILED : 0;
}

/* Wait for the end of the interval, a key or a signal. False: top shall exit. */
static bool wait_next(const struct top *top)
{
	struct pollfd in = { .fd = top->keys ? STDIN_FILENO : -1, .events = POLLIN };
	char key;

	if (poll(&in, 1, top->interval_ms) <= 0)
		return !stopped;
	return read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q' && !stopped;
}

static int loop(const struct top *top)
{
	struct samples *both = calloc(2, sizeof(*both)), *before = both, *now = both + 1, *swap;
	const char *drive = top->one ? top->drive : NULL;
	uint64_t i;
	int ret;

	if (!both)
		return kcsd_fail("out of memory");
	ret = kcsd_top_sample(before, drive);
	for (i = 0; !ret && (!top->count || i < top->count) && wait_next(top); i++) {
		kcsd_top_release(now);
		ret = kcsd_top_sample(now, drive);
		if (ret || show(top, before, now))
			break;
		swap = before;
		before = now;
		now = swap;
	}
	kcsd_top_release(before);
	kcsd_top_release(now);
	free(both);
	return ret;
}

static int top(const struct args *args)
{
	struct top top = { .args = args, .interval_ms = DEFAULT_MS };
	int ret;

	if ((ret = kcsd_args_number(args, OPT_INTERVAL, 3600000, &top.interval_ms)) ||
	    (ret = kcsd_args_number(args, OPT_COUNT, UINT32_MAX, &top.count)))
		return ret;
	if (top.interval_ms < MIN_MS)
		return kcsd_usage(args->cmd, "--interval: less than %d ms", MIN_MS);
	if (kcsd_args_has(args, OPT_COUNT) && !top.count)
		return kcsd_usage(args->cmd, "--count: must be at least 1");
	top.one = kcsd_args_has(args, OPT_DRIVE);
	if (top.one && (ret = kcsd_pick_name(kcsd_args_value(args, OPT_DRIVE), top.drive)))
		return ret;
	top.screen = isatty(STDOUT_FILENO) && !kcsd_args_has(args, OPT_JSON);
	catch_signals();
	if (top.screen)
		enter_screen(&top);
	ret = loop(&top);
	if (top.screen)
		leave_screen(&top);
	if (ret == -ENOENT && top.one)
		return kcsd_fail_no_drive(top.drive);
	if (ret == -ENOENT)
		return kcsd_fail("the kcsd module is not loaded");
	return ret < 0 ? kcsd_fail_ret(ret, "cannot read the counters") : ret;
}

const struct command kcsd_cmd_top = {
	.name = "top",
	.operands = "",
	.summary = "show the activity of drives continuously",
	.detail = "Rates are per second; data is in MiB: between host and drive (HOST), and\n"
		  "between drive and medium (MEDIA). BUSY% is the share of time that compute\n"
		  "units are busy: all units, then each unit. DEVICE is the device time of a\n"
		  "drive with a model: of a command on average, and the commands that completed\n"
		  "late. On a terminal press q to quit; otherwise each interval prints a table.",
	.opts = opts,
	.nr_opts = ARRAY_SIZE(opts),
	.run = top,
};
