// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "replay_trace.h"

#define BUF_LEN		(1u << 20)	/* also the longest line */
#define SHOWN		60		/* bytes of a refused line */

const char *const kcsd_replay_kind_names[NR_REPLAY_KINDS] = {
#define X(id, name) name,
	REPLAY_KINDS(X)
#undef X
};

const char *const kcsd_replay_skip_names[NR_REPLAY_SKIPS] = {
#define X(id, name) name,
	REPLAY_SKIPS(X)
#undef X
};

static const struct replay_format *const formats[] = {
	&kcsd_replay_fio, &kcsd_replay_kcsd, &kcsd_replay_blkparse,
};

/* ---- words ---- */

bool kcsd_replay_digits(const char *p, const char *end, uint64_t *value, const char **stop)
{
	const char *begin = p;
	uint64_t v = 0;

	/* 19 digits always fit. */
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (p - begin < 19)
			v = 10 * v + (*p - '0');
		else if (__builtin_mul_overflow(v, 10, &v) ||
			 __builtin_add_overflow(v, *p - '0', &v))
			return false;
	*value = v;
	*stop = p;
	return p > begin;
}

static bool parse_hex(const char *p, const char *end, uint64_t *value)
{
	uint64_t v = 0;

	if (p == end)
		return false;
	for (; p < end; p++) {
		if (v >> 60)
			return false;
		if (*p >= '0' && *p <= '9')
			v = v << 4 | (*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			v = v << 4 | (*p - 'a' + 10);
		else
			return false;
	}
	*value = v;
	return true;
}

bool kcsd_replay_number(const struct replay_word *w, uint64_t *value)
{
	const char *end = w->p + w->len, *stop;

	if (w->len > 2 && w->p[0] == '0' && w->p[1] == 'x')
		return parse_hex(w->p + 2, end, value);
	return kcsd_replay_digits(w->p, end, value, &stop) && stop == end;
}

bool kcsd_replay_seconds(const struct replay_word *w, uint64_t *ns)
{
	const char *end = w->p + w->len, *dot, *stop;
	uint64_t seconds, fraction;
	int digits;

	if (!kcsd_replay_digits(w->p, end, &seconds, &dot) || dot == end || *dot != '.' ||
	    !kcsd_replay_digits(dot + 1, end, &fraction, &stop) || stop != end)
		return false;
	digits = end - dot - 1;
	if (digits > 9)
		return false;
	for (; digits < 9; digits++)
		fraction *= 10;
	return !__builtin_mul_overflow(seconds, 1000000000, ns) &&
	       !__builtin_add_overflow(*ns, fraction, ns);
}

const struct replay_format *kcsd_replay_format(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

/* ---- devices ---- */

static bool is_device(const struct replay_device *d, const struct replay_word *name)
{
	return d->len == name->len && !memcmp(d->name, name->p, d->len);
}

/* Find a device by its name; -1 if it is not known. */
static int find_device(struct replay_devices *ds, const struct replay_word *name)
{
	uint32_t i;

	if (ds->last < ds->nr && is_device(&ds->device[ds->last], name))
		return ds->last;
	for (i = 0; i < ds->nr; i++)
		if (is_device(&ds->device[i], name)) {
			ds->last = i;
			return i;
		}
	return -1;
}

static const char *add_device(struct replay_devices *ds, const struct replay_word *name)
{
	struct replay_device *more;
	char *copy;

	if (ds->nr && ds->one_pass)
		return "this is a second device, and traces from a pipe can have only one: choose "
		       "it with --device";
	if (ds->nr == REPLAY_MAX_DEVICES)
		return "there are too many devices";
	copy = malloc(name->len);
	more = reallocarray(ds->device, ds->nr + 1, sizeof(*more));
	if (more)
		ds->device = more;
	if (!copy || !more) {
		free(copy);
		return "out of memory";
	}
	memcpy(copy, name->p, name->len);
	ds->last = ds->nr;
	ds->device[ds->nr++] = (struct replay_device){ .name = copy, .len = name->len };
	return NULL;
}

/* Remember the name of a device that is not wanted, to tell the user if no other one is found. */
static void note_other(struct replay_devices *ds, const struct replay_word *name)
{
	char text[sizeof(ds->others)];
	size_t len = strlen(ds->others), more = name->len + 1 + !len;

	if (more >= sizeof(ds->others) - len)
		return;
	snprintf(text, sizeof(text), "\n%.*s\n", (int)name->len, name->p);
	if (!strstr(ds->others, text))
		memcpy(ds->others + len, text + !!len, more + 1);
}

/* Return how many bytes of the device a command is about. */
static uint64_t bytes_of(const struct replay_cmd *cmd)
{
	switch (cmd->kind) {
	case REPLAY_RESET:
	case REPLAY_FINISH:
		return 1;	/* it names the first byte of the zone */
	case REPLAY_SLM_READ:
	case REPLAY_SLM_WRITE:
		return 0;
	default:
		return cmd->len;
	}
}

/* Put the command where its device is on the drive. */
static const char *place(struct replay_devices *ds, const struct replay_word *name,
			 struct replay_cmd *cmd)
{
	uint64_t len = bytes_of(cmd), end;
	int i = find_device(ds, name);
	const char *wrong;

	if (i < 0) {
		if (ds->fixed && !ds->one_pass)
			return "the trace has changed while it was read";
		wrong = add_device(ds, name);
		if (wrong)
			return wrong;
		i = ds->last;
	}
	if (__builtin_add_overflow(cmd->offset, len, &end))
		return "it ends behind the last possible byte";
	if (!ds->fixed) {
		if (end > ds->device[i].end)
			ds->device[i].end = end;
		return NULL;
	}
	if (ds->size && (end > ds->size || ds->device[i].base > ds->size - end))
		return "it ends behind the end of the drive: --size gives a larger one";
	cmd->offset += ds->device[i].base;
	return NULL;
}

uint64_t kcsd_replay_devices_fix(struct replay_devices *ds, uint64_t align)
{
	uint64_t end = 0;
	uint32_t i;

	for (i = 0; i < ds->nr; i++) {
		struct replay_device *d = &ds->device[i];

		d->base = end;
		if (d->end > UINT64_MAX - align - end)
			return UINT64_MAX;
		end += (d->end + align - 1) / align * align;
	}
	ds->fixed = true;
	return end;
}

void kcsd_replay_devices_free(struct replay_devices *ds)
{
	uint32_t i;

	for (i = 0; i < ds->nr; i++)
		free(ds->device[i].name);
	free(ds->device);
}

/* ---- files ---- */

static bool is_stdin(const char *path)
{
	return !strcmp(path, "-");
}

bool kcsd_replay_is_pipe(const char *path)
{
	struct stat st;

	/* Opening, or reading, reports all else. */
	return !(is_stdin(path) ? fstat(STDIN_FILENO, &st) : stat(path, &st)) &&
	       !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

int kcsd_replay_open(struct replay_trace *t, const char *path, struct replay_source *source,
		     uint64_t base_ns)
{
	*t = (struct replay_trace){
		.source = source,
		.format = source->format,
		.name = is_stdin(path) ? "standard input" : path,
		.fd = is_stdin(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC),
		.base_ns = base_ns,
	};
	if (t->fd < 0)
		return kcsd_fail("%s: %s", path, strerror(errno));
	/* A pipe has no position. */
	if (lseek(t->fd, 0, SEEK_SET) < 0 && errno != ESPIPE)
		return kcsd_fail("%s: %s", path, strerror(errno));
	t->buf = malloc(BUF_LEN);
	return t->buf ? 0 : kcsd_fail("out of memory");
}

void kcsd_replay_close(struct replay_trace *t)
{
	if (t->fd > STDIN_FILENO)
		close(t->fd);
	t->fd = -1;
	free(t->buf);
	t->buf = NULL;
}

/* Read more into the buffer. Return 0, or -1 with an error printed. */
static int fill(struct replay_trace *t)
{
	ssize_t n;

	memmove(t->buf, t->buf + t->pos, t->filled - t->pos);
	t->filled -= t->pos;
	t->pos = 0;
	do
		n = read(t->fd, t->buf + t->filled, BUF_LEN - t->filled);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		kcsd_fail("%s: %s", t->name, strerror(errno));
		return -1;
	}
	t->filled += n;
	t->eof = !n;
	return 0;
}

/* Return 1 with the next line, 0 at the end, or -1 with an error printed. */
static int next_line(struct replay_trace *t, struct replay_scan *line)
{
	size_t seen = 0;
	char *newline;

	for (;;) {
		line->p = t->buf + t->pos;
		newline = memchr(line->p + seen, '\n', t->filled - t->pos - seen);
		if (newline || (t->eof && t->filled > t->pos))
			break;
		if (t->eof)
			return 0;
		seen = t->filled - t->pos;
		if (seen == BUF_LEN) {
			kcsd_fail("%s:%llu: a line has more than %u bytes", t->name,
				  (unsigned long long)t->line + 1, BUF_LEN);
			return -1;
		}
		if (fill(t))
			return -1;
	}
	line->end = newline ? newline : t->buf + t->filled;
	t->pos = line->end - t->buf + !!newline;
	if (line->end > line->p && line->end[-1] == '\r')
		line->end--;
	t->line++;
	return 1;
}

/* ---- commands ---- */

/* Report a line that cannot be understood. Return -1. */
static int refuse(const struct replay_trace *t, const struct replay_scan *line, const char *wrong)
{
	char shown[SHOWN + 1];
	size_t i, len = line->end - line->p;

	for (i = 0; i < len && i < SHOWN; i++)
		shown[i] = line->p[i] >= ' ' && line->p[i] <= '~' ? line->p[i] : '?';
	shown[i] = '\0';
	kcsd_fail("%s:%llu: %s: '%s%s'", t->name, (unsigned long long)t->line, wrong, shown,
		  len > SHOWN ? "..." : "");
	return -1;
}

/* Find the format by the first line that one knows. Headers may precede it. */
static const char *detect(struct replay_trace *t, const struct replay_scan *line)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i]->detect(*line)) {
			t->format = formats[i];
			return NULL;
		}
	if (kcsd_replay_begins(line, "#") || kcsd_replay_begins(line, "cpus=") ||
	    kcsd_replay_begins(line, "Input file "))
		return NULL;
	return "neither a log of fio, nor text of blkparse or of the tracepoints of kcsd "
	       "(--format names one)";
}

static bool is_blank(const struct replay_scan *line)
{
	struct replay_scan copy = *line;
	struct replay_word w;

	return !kcsd_replay_word(&copy, &w);
}

/* Set the time of the command in the replay, and validate the rest of it. */
static const char *take_command(struct replay_trace *t, struct replay_cmd *cmd)
{
	struct replay_source *source = t->source;
	const char *wanted = source->devices.wanted;

	if (wanted && !kcsd_replay_is(&t->device, wanted)) {
		kcsd_replay_skip(t, REPLAY_SKIP_DEVICE);
		note_other(&source->devices, &t->device);
		t->has_cmd = false;
		return NULL;
	}
	if (!cmd->len && cmd->kind != REPLAY_FLUSH && cmd->kind != REPLAY_RESET &&
	    cmd->kind != REPLAY_FINISH)
		return "it has no bytes";
	if (!t->started) {
		t->first_ns = cmd->at_ns;
		t->started = true;
	}
	/* Events of several CPUs may be a little out of order. */
	cmd->at_ns = cmd->at_ns > t->first_ns ? cmd->at_ns - t->first_ns : 0;
	if (__builtin_add_overflow(cmd->at_ns, t->base_ns, &cmd->at_ns))
		return "the time is too large";
	return place(&source->devices, &t->device, cmd);
}

int kcsd_replay_next(struct replay_trace *t, struct replay_cmd *cmd)
{
	struct replay_scan line;
	const char *wrong;
	int ret;

	while ((ret = next_line(t, &line)) > 0) {
		if (is_blank(&line))
			continue;
		cmd->all = false;
		t->has_cmd = false;
		wrong = t->format ? NULL : detect(t, &line);
		if (!wrong && t->format)
			wrong = t->format->parse(t, line, cmd);
		if (!wrong && t->has_cmd)
			wrong = take_command(t, cmd);
		if (wrong)
			return refuse(t, &line, wrong);
		if (t->has_cmd)
			return 1;
	}
	return ret;
}
