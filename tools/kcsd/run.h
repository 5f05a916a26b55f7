/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs, on a drive (run.c), on the host (run_host.c) and simulated (sim.c). All share the options
 * (run_args.c) and the report (run_report.c).
 */
#ifndef KCSD_RUN_H
#define KCSD_RUN_H

#include <stdio.h>

#include "cmd.h"
#include "progress.h"
#include "sim_zones.h"

/*
 * Options of run and sim: first in both tables, so that the indices are the same. The user defines
 * RUN_BUDGET_DEFAULT, RUN_TIMEOUT_DEFAULT, RUN_LEN_DEFAULT and RUN_OUT_MAX_DEFAULT, parts of the
 * help text.
 */
#define RUN_COMMON(X) \
	X(ARG, "arg", 'a', "STRING", "argument of the program") \
	X(ARG_HEX, "arg-hex", 0, "HEX", "argument of the program, in hexadecimal") \
	X(ARG_FILE, "arg-file", 0, "FILE", "the same as --data") \
	X(DATA, "data", 0, "FILE", "argument of the program: the content of FILE") \
	X(CPARAM1, "cparam1", '1', "N", "first number for the program; default: 0") \
	X(CPARAM2, "cparam2", '2', "N", "second number; default: 0") \
	X(BUDGET, "budget", 'b', "N", \
	  "limit of instructions; " RUN_BUDGET_DEFAULT) \
	X(TIMEOUT, "timeout", 't', "MS", \
	  "time limit in milliseconds; " RUN_TIMEOUT_DEFAULT) \
	X(LEN, "len", 0, "BYTES", \
	  "length in bytes of the stream that the program reads; " RUN_LEN_DEFAULT) \
	X(OUTPUT, "output", 'o', "FILE", \
	  "write the output to FILE; '-': to standard output, and the report to standard error") \
	X(OUT_MAX, "out-max", 0, "SIZE", "room for the output, up to 16M; " RUN_OUT_MAX_DEFAULT) \
	X(FORMAT, "format", 0, "FORMAT", \
	  "show the output as text, hex, u64 or s64 (a number per line); default: text or hex") \
	X(HEX, "hex", 'x', NULL, "the same as --format hex") \
	X(PROGRAM, "program", 'p', "NAME", "the program, if the file has several") \
	X(HEAP, "heap", 0, "SIZE", "memory for the heap of the program; default: 0") \
	OPTION_JSON(X)

enum { RUN_COMMON(OPT_ENUM) NR_RUN_COMMON };

#define RUN_ADVANCED \
	(OPT_BIT(ARG_HEX) | OPT_BIT(ARG_FILE) | OPT_BIT(BUDGET) | OPT_BIT(TIMEOUT) | \
	 OPT_BIT(OUT_MAX) | OPT_BIT(HEX) | OPT_BIT(HEAP))

/* Text of --help. */
#define RUN_EXIT_CODES \
	"Exit codes of a run: 0 success, 3 the program faulted or exceeded a limit, 4 it\n" \
	"returned an error (-1 to -4095), 5 its output was longer than --out-max."

/* Bytes of output, without record and audit. */
#define RUN_OUT_MAX	(16u << 20)
_Static_assert(RUN_OUT_MAX + sizeof(struct kcsd_run_record) + sizeof(struct kcsd_audit_header) +
	       KCSD_MAX_AUDIT * sizeof(struct kcsd_audit_range) + 7 <= KCSD_MAX_OUTPUT,
	       "16 MiB of output, record and audit");

/* Sources of a run that are the keys with one prefix, in the order of their bytes. */
struct key_span {
	uint32_t first, nr;
};

enum run_format { FORMAT_AUTO, FORMAT_TEXT, FORMAT_HEX, FORMAT_U64, FORMAT_S64 };

struct run {
	const struct args *args;
	int range_opt;			/* index of the option for a range of LBAs */
	int file_opt;			/* index of the option for a file */
	const char *mem;		/* argument bytes in hex from --mem, or NULL */
	bool keep;			/* the program stays on the drive */
	bool anywhere;			/* the host may run the program */
	bool on_host;			/* it does */
	struct kcsd_drive *drv;		/* NULL: simulated, also on the host */
	struct sim_zones zones;		/* of the simulator */
	struct kcsd_object *obj;	/* NULL: no object file */
	const char *name;		/* of a loaded program on the drive, or NULL */
	uint32_t pind;
	enum run_format format;
	int output_fd;			/* -1: print output in the report */
	struct kcsd_run_opts opts;
	struct kcsd_lba_range grants[KCSD_MAX_GRANTS];
	struct kcsd_slm_range ranges[KCSD_GUEST_MAX_RANGES];
	uint64_t begin_ns;		/* CLOCK_REALTIME, for a run on a drive */
	struct progress progress;
	uint64_t read_before;		/* media bytes, until the run */
	uint64_t stream_len;		/* bytes, for the progress; 0: unknown */
	uint64_t written;		/* bytes of output, in output_fd */
	int output_code;		/* exit code: output could not be written; 0: none */
	bool made_set;			/* opts.rsid is a set of ranges, made for this run */
	int *fds;			/* nr_fds open files for the stream; owned */
	uint32_t nr_fds;
	uint8_t *file_writes;		/* nr_fds: 1: the program may write the file; owned */
	bool writes_files;		/* one of them is 1 */
	uint32_t nr_runs;		/* that ended because a file changed */
	char drive_name[16];		/* of the drive with the files; "": no file */
	struct kcsd_sources *sources;	/* of the files; owned */
	int key_opt, prefix_opt;	/* indices of the options for objects */
	struct kcsd_kv_key *keys;	/* nr_keys objects for the stream; owned */
	uint32_t nr_keys;
	struct key_span *spans;		/* nr_spans of keys; owned */
	uint32_t nr_spans;
	struct kcsd_key_grant key_grants[KCSD_MAX_KEY_GRANTS];
	bool by_service;		/* the service runs it; drv is NULL */
	uint8_t *arg_bytes;		/* owned */
	struct kcsd_run_result result;	/* released by run.c */
	struct kcsd_error medium;	/* on the host: what the medium failed, if it did */
};

/* run_args.c; each function returns 0, or the exit code. */
/* Parse all options that need no drive. Call kcsd_run_args_free() in any case. */
int kcsd_run_args(struct run *run);
/* Parse the ranges of LBAs into grants, on a drive with nsze LBAs. */
int kcsd_run_grants(struct run *run, uint64_t nsze, uint64_t zone_size);
/* Parse the memory ranges: the values of this option. */
int kcsd_run_ranges(struct run *run, int opt);
void kcsd_run_args_free(struct run *run);

/* run_files.c; each function returns 0, or the exit code. */
/* Open the files of the command line. */
int kcsd_run_open_files(struct run *run);
/* Set run->drive_name to the drive with the first file. May decide for the host. */
int kcsd_run_find_drive(struct run *run);
/* Make the source list of the files on run->drv, for run->opts. May decide for the host. */
int kcsd_run_take_files(struct run *run);
/*
 * Take the files again if the run ended because one of them changed. Returns 0 to run again, -1 if
 * the run has ended otherwise.
 */
int kcsd_run_again(struct run *run);
/* Let others have the files that the program may have written, after the last run. */
int kcsd_run_settle_files(struct run *run);
/* Destroy the source list; also twice. Call before run->drv is closed, and in any case. */
void kcsd_run_drop_sources(struct run *run);
void kcsd_run_close_files(struct run *run);

/* run_keys.c; those that return int return 0, or the exit code. */
bool kcsd_run_has_keys(const struct run *run);
/* Validate the options for objects, without a drive. */
int kcsd_run_validate_keys(struct run *run);
/* Parse the prefixes below which the program may store: the values of this option. */
int kcsd_run_store_prefixes(struct run *run, int opt);
/* Make the source list of the objects on run->drv, for run->opts; again: as they are now. */
int kcsd_run_take_keys(struct run *run);
/* Write the key of a source of the run. Returns text, or NULL if it is no object. */
const char *kcsd_run_key(const struct run *run, uint64_t source, char text[KCSD_KV_KEY_TEXT_LEN]);
void kcsd_run_free_keys(struct run *run);

/* run_host.c; each function returns 0, or the exit code. */
/* Refuse what --anywhere cannot do. Call with run->obj and files open. */
int kcsd_run_validate_anywhere(const struct run *run);
/*
 * Refuse the files, for which libkcsd returned ret, with the reason; or with --anywhere decide for
 * the host (run->on_host), say so, and return 0.
 */
int kcsd_run_refuse_files(struct run *run, int ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int kcsd_run_on_host(struct run *run);

/* cmd/run.c: report that a signal cancelled the run. Return the exit code. */
int kcsd_run_interrupted(void);

/* run_output.c */
/*
 * True if output is written while it comes, of any size: --output without --out-max, unless the
 * program writes files.
 */
bool kcsd_run_streams(const struct run *run);
/* Take a piece of output, or show that the run goes on: kcsd_output_fn, arg: struct run. */
int kcsd_run_take_output(void *arg, const void *bytes, size_t len);
/* Write a piece of output to run->output_fd. Returns 0, or the exit code. */
int kcsd_run_write(struct run *run, const void *bytes, size_t len);
/* Write the output that the result has, also none; close the file. Returns 0, or the exit code. */
int kcsd_run_write_result(struct run *run);

/* run_progress.c: show on a terminal that a run goes on. */
/* Call with files, grants and drv or on_host set. */
void kcsd_run_begin_progress(struct run *run);
/* Show the bytes read; on a drive they are those of its counter. */
void kcsd_run_show_progress(struct run *run);
void kcsd_run_show_bytes(struct run *run, uint64_t done);
void kcsd_run_end_progress(struct run *run);

/* run_service.c */
/* True if the nodes of the drive with the files exist, but this user must not open them. */
bool kcsd_run_needs_service(const struct run *run);
/*
 * Have the service run the program on the files, and report. refused: an option that it does not
 * carry, or NULL. Return the exit code. May decide for the host.
 */
int kcsd_run_by_service(struct run *run, const char *socket, bool verbose, const char *refused);

/* audit.c: print the audit of a result that has one. */
void kcsd_audit_print(FILE *to, const struct run *run);
json_object *kcsd_audit_json(const struct run *run);
/* Return the bytes of the audit on the link; 0 if there is none. */
uint64_t kcsd_audit_bytes(const struct kcsd_run_result *result);

/* program_error.c: return the meaning of -code, returned by a program. */
const char *kcsd_program_error_text(int code);

/* run_report.c: print the report. Return the exit code. */
int kcsd_run_report(struct run *run);
/* Print a log line of a program to standard error. */
void kcsd_print_log_line(const char *line, size_t len);

#endif
