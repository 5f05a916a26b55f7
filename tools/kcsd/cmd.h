/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subcommands: each is a row in main.c and a file of its own. What a command
 * line may hold is a table, from which it is parsed and --help is printed.
 */
#ifndef KCSD_CMD_H
#define KCSD_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>
#include <libkcsd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit codes. */
#define KCSD_EXIT_FAILED	1
#define KCSD_EXIT_USAGE		2
#define KCSD_EXIT_FAULT		3	/* the program faulted, or ran out of budget or time */
#define KCSD_EXIT_ERROR		4	/* the program returned an error */
#define KCSD_EXIT_CUT		5	/* not all of its output fitted */

/*
 * An option. A subcommand's are one list, X(ID, "name", 'letter' or 0, "ARG" or
 * NULL, "help"), from which these make an enum of indices and the table.
 */
struct opt {
	const char *name;
	char letter;
	const char *arg;	/* NULL: it takes none */
	const char *help;
};

#define OPT_ENUM(id, name, letter, arg, help)	OPT_##id,
#define OPT_ROW(id, name, letter, arg, help)	{ name, letter, arg, help },

#define OPTION_DRIVE(X) \
	X(DRIVE, "drive", 'd', "DRIVE", \
	  "the drive, as kcsd0 or as it was named; default: the only one")
#define OPTION_JSON(X) \
	X(JSON, "json", 'j', NULL, "print JSON")

/* A command line, taken apart. */
struct args {
	const struct command *cmd;
	int nr_operands;
	char **operand;		/* into argv */
	int nr_given;
	struct given {
		int opt;	/* index in cmd->opts */
		const char *value; /* "" if it takes none */
	} *given;		/* in order; owned */
};

struct command {
	const char *name;
	const char *operands;	/* for the usage line, "" if none */
	int min_operands;
	int max_operands;	/* -1: any number */
	const char *summary;	/* one line */
	const char *detail;	/* paragraphs for --help, or NULL */
	const struct opt *opts;
	int nr_opts;
	int (*run)(const struct args *args);	/* returns the exit code */
};

extern const struct command *const kcsd_commands[];	/* NULL-terminated */
const struct command *kcsd_command_find(const char *name);

/* One per file. */
extern const struct command kcsd_cmd_create, kcsd_cmd_delete, kcsd_cmd_list, kcsd_cmd_info,
	kcsd_cmd_build, kcsd_cmd_image,
	kcsd_cmd_load, kcsd_cmd_unload, kcsd_cmd_activate, kcsd_cmd_deactivate,
	kcsd_cmd_programs, kcsd_cmd_run, kcsd_cmd_sim, kcsd_cmd_disasm, kcsd_cmd_stats,
	kcsd_cmd_top, kcsd_cmd_log, kcsd_cmd_fsck, kcsd_cmd_repair, kcsd_cmd_slm, kcsd_cmd_ranges,
	kcsd_cmd_zones, kcsd_cmd_zone,
	kcsd_cmd_inject, kcsd_cmd_power, kcsd_cmd_power_cut,
	kcsd_cmd_help, kcsd_cmd_version;

/* power.c: power it on; if that fails with what the kernel says. Returns the exit code. */
int kcsd_power_on(const char *name);

/* options.c */
/*
 * Parse argv[1..] of cmd. Returns -1, or the exit code if there is nothing left
 * to do (--help was asked for, or a usage error printed).
 */
int kcsd_args_parse(struct args *args, const struct command *cmd, int argc, char **argv);
void kcsd_args_free(struct args *args);
bool kcsd_args_has(const struct args *args, int opt);
/* Value of the last occurrence, or NULL. */
const char *kcsd_args_value(const struct args *args, int opt);
/*
 * Nothing that this command line reads, an operand or an option's FILE, is the file that it will
 * write. Returns 0, or the exit code.
 */
int kcsd_args_check_output(const struct args *args, const char *path);
void kcsd_command_help(const struct command *cmd);
/*
 * Values of options. An option that was not given leaves *value alone. Return
 * 0, or KCSD_EXIT_USAGE with the error printed.
 */
int kcsd_args_number(const struct args *args, int opt, uint64_t max, uint64_t *value);
int kcsd_args_size(const struct args *args, int opt, uint64_t max, uint64_t *value);

/* message.c */
/* "kcsd: ..." on standard error. Returns KCSD_EXIT_FAILED. */
int kcsd_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same for return values of libkcsd, with what to do about it if that is known. */
int kcsd_fail_ret(int ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for those of kcsd_config_*(): configfs is root's. */
int kcsd_fail_config(int ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What to do about a return value of libkcsd, NULL if nothing is known. */
const char *kcsd_advice(int ret);
/* That a program was not loaded, and which option changes that. */
int kcsd_fail_load(const struct kcsd_error *error);
/* "kcsd run: ..., see 'kcsd help run'". Returns KCSD_EXIT_USAGE. */
int kcsd_usage(const struct command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* "1.5 MiB"; buf is returned. */
#define KCSD_HUMAN_LEN	32
const char *kcsd_human_bytes(uint64_t bytes, char buf[KCSD_HUMAN_LEN]);
/* Print and release it. */
void kcsd_json_print(json_object *json);
/* Bytes as text if all are printable ASCII or white space. */
bool kcsd_is_text(const void *bytes, size_t len);

/* nodes.c: say which device nodes a drive has. Returns the exit code. */
int kcsd_print_nodes(const char *name);

/* kernel_log.c */
/* From now on, what the kernel says; -1 if it must not be read. */
int kcsd_kernel_log_open(void);
/* Print what the driver said since kcsd_kernel_log_open(), as lines of their own. */
void kcsd_kernel_log_print(int fd);
void kcsd_kernel_log_close(int fd);

/* pick.c */
/* The drive that the command line means, opened. Returns 0, or the exit code. */
int kcsd_pick_drive(const char *wanted, unsigned int flags, struct kcsd_drive **drv);
/* That there is none of that name, or no module. Returns KCSD_EXIT_FAILED. */
int kcsd_fail_no_drive(const char *wanted);
/* Only its name, "kcsd0". */
#define KCSD_DRIVE_NAME_LEN	32
int kcsd_pick_name(const char *wanted, char name[KCSD_DRIVE_NAME_LEN]);
/* That of its directory, powered or not. */
#define KCSD_CONFIG_NAME_LEN	65
/* How many drives there are that a name, or NULL, may mean, and the last of them; or -errno. */
int kcsd_find_config(const char *wanted, char name[KCSD_CONFIG_NAME_LEN]);
int kcsd_pick_config(const char *wanted, char name[KCSD_CONFIG_NAME_LEN]);
/* A program index from the command line. Returns 0, or the exit code. */
int kcsd_pick_index(const struct args *args, const char *text, uint32_t *pind);
/* "cannot WHAT program 7: ...", and which indices there are if that is wrong. Returns likewise. */
int kcsd_fail_program(struct kcsd_drive *drv, int ret, const char *what, uint32_t pind);
/* change() each program index among the operands, on this drive (see kcsd_pick_drive()). */
int kcsd_pick_each_index(const struct args *args, const char *drive,
			 int (*change)(struct kcsd_drive *drv, uint32_t pind));

#endif
