/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Traces of commands, read line by line: replay_trace.c, and a file for each format. Nothing of a
 * trace is kept but the names of its devices.
 */
#ifndef KCSD_REPLAY_TRACE_H
#define KCSD_REPLAY_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A kind of command, with its name in reports. */
#define REPLAY_KINDS(X) \
	X(READ, "read") X(WRITE, "write") X(APPEND, "append") X(TRIM, "trim") \
	X(FLUSH, "flush") X(RESET, "reset") X(FINISH, "finish") \
	X(SLM_READ, "slm_read") X(SLM_WRITE, "slm_write") X(RUN, "run")

enum replay_kind {
#define X(id, name) REPLAY_##id,
	REPLAY_KINDS(X)
#undef X
	NR_REPLAY_KINDS
};

extern const char *const kcsd_replay_kind_names[NR_REPLAY_KINDS];

struct replay_cmd {
	enum replay_kind kind;
	bool all;		/* RESET, FINISH: all zones */
	uint64_t at_ns;		/* from the first command of the first trace */
	uint64_t offset;	/* bytes */
	uint64_t len;		/* bytes; 0 for FLUSH, RESET and FINISH; all others have some */
};

/* A reason to leave a line out, with its name in reports. */
#define REPLAY_SKIPS(X) \
	X(ACTION, "events of other actions") \
	X(EVENT, "other events") \
	X(DEVICE, "commands of other devices") \
	X(PASSTHROUGH, "passthrough requests") \
	X(ADMIN, "admin commands") \
	X(RUN, "commands of the compute namespace") \
	X(SLM, "copies and fills of the SLM") \
	X(RANGES, "commands whose ranges are not in the trace") \
	X(ZONES, "commands of zones, which the drive has not, and trims of parts of zones") \
	X(OTHER, "commands of other kinds") \
	X(LOST, "notes of lost events")

enum replay_skip {
#define X(id, name) REPLAY_SKIP_##id,
	REPLAY_SKIPS(X)
#undef X
	NR_REPLAY_SKIPS
};

extern const char *const kcsd_replay_skip_names[NR_REPLAY_SKIPS];

/* ---- words of a line ---- */

struct replay_word {
	const char *p;
	size_t len;
};

/* The rest of a line, without its newline. */
struct replay_scan {
	const char *p;
	const char *end;
};

/* Take the next word, without the blanks around it. False at the end of the line. */
static inline bool kcsd_replay_word(struct replay_scan *s, struct replay_word *w)
{
	const char *p = s->p;

	/* Control characters are blanks, too: one comparison each. */
	while (p < s->end && (unsigned char)*p <= ' ')
		p++;
	w->p = p;
	while (p < s->end && (unsigned char)*p > ' ')
		p++;
	w->len = p - w->p;
	s->p = p;
	return w->len;
}

static inline bool kcsd_replay_is(const struct replay_word *w, const char *text)
{
	return w->len == strlen(text) && !memcmp(w->p, text, w->len);
}

/* True if the rest of the line begins with text. */
static inline bool kcsd_replay_begins(const struct replay_scan *s, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(s->end - s->p) >= len && !memcmp(s->p, text, len);
}

/* Parse a number at p; set *stop behind it. False if there is none, or it does not fit 64 bits. */
bool kcsd_replay_digits(const char *p, const char *end, uint64_t *value, const char **stop);
/* Parse a word that is a number, decimal or hex with 0x. */
bool kcsd_replay_number(const struct replay_word *w, uint64_t *value);
/* Parse seconds with a fraction of up to 9 digits. */
bool kcsd_replay_seconds(const struct replay_word *w, uint64_t *ns);

/* ---- devices ---- */

/*
 * The devices (files of fio) that a trace names. Each has a part of the drive, one behind the
 * other, when a first pass over the traces has found how long they are.
 */
struct replay_device {
	char *name;		/* owned; not NUL-terminated */
	size_t len;
	uint64_t end;		/* end of the last command, bytes */
	uint64_t base;		/* its first byte on the drive */
};

struct replay_devices {
	const char *wanted;	/* only this one; NULL: all */
	uint64_t size;		/* of the drive; 0: none is known yet */
	char others[128];	/* names of some that are not wanted, with a newline around each */
	uint32_t nr;
	uint32_t last;		/* found last */
	struct replay_device *device;	/* owned */
	bool fixed;		/* the first pass is over: base is set */
	bool one_pass;		/* there is none */
};

#define REPLAY_MAX_DEVICES	1024

/* Lay the devices one behind another, at multiples of align. Return the end of the last. */
uint64_t kcsd_replay_devices_fix(struct replay_devices *devices, uint64_t align);
void kcsd_replay_devices_free(struct replay_devices *devices);

/* ---- traces ---- */

struct replay_trace;

/*
 * A format of traces. parse() takes a line; it returns NULL, or what is wrong as a sentence. If the
 * line is a command, it sets trace->has_cmd, and trace->device to the name of the device.
 */
struct replay_format {
	const char *name;
	bool (*detect)(struct replay_scan line);	/* true for a line of this format */
	const char *(*parse)(struct replay_trace *trace, struct replay_scan line,
			     struct replay_cmd *cmd);
};

extern const struct replay_format kcsd_replay_fio, kcsd_replay_blkparse, kcsd_replay_kcsd;

/* What all traces of a replay share. */
struct replay_source {
	const struct replay_format *format;	/* NULL: detect it */
	char action;			/* of blkparse: the events that are commands */
	uint32_t block_size;		/* of LBAs in kcsd's own traces */
	struct replay_devices devices;
	uint64_t skipped[NR_REPLAY_SKIPS];
};

struct replay_trace {
	struct replay_source *source;
	const struct replay_format *format;
	const char *name;		/* for messages */
	int fd;
	uint64_t line;			/* number of the last line */
	char *buf;			/* owned */
	size_t pos, filled;
	bool eof;
	/* State of the formats. */
	unsigned int version;		/* fio: of the log */
	uint64_t wait_us;		/* fio: sum of the waits */
	bool summary;			/* blkparse: the rest is its summary */
	/* Of the last line. */
	bool has_cmd;
	struct replay_word device;
	/* Times. */
	bool started;
	uint64_t first_ns;		/* time of the first command */
	uint64_t base_ns;		/* where it is in the replay */
};

/* Find a format by its name; NULL if there is none. */
const struct replay_format *kcsd_replay_format(const char *name);
/* Open a trace; "-": standard input. Return 0, or the exit code. Close it in any case. */
int kcsd_replay_open(struct replay_trace *trace, const char *path, struct replay_source *source,
		     uint64_t base_ns);
void kcsd_replay_close(struct replay_trace *trace);
/* True if the trace can be read only once: a pipe, a device. */
bool kcsd_replay_is_pipe(const char *path);
/* Return 1 with the next command, 0 at the end, or -1 with an error printed. */
int kcsd_replay_next(struct replay_trace *trace, struct replay_cmd *cmd);

static inline void kcsd_replay_skip(struct replay_trace *trace, enum replay_skip why)
{
	trace->source->skipped[why]++;
}

#endif
