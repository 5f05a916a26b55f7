/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subcommands: each has a row in main.c and a file. A table describes its command line: the parser
 * and --help use the same table.
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
#define KCSD_EXIT_FAULT		3	/* the program faulted or exceeded a limit */
#define KCSD_EXIT_ERROR		4	/* the program returned an error */
#define KCSD_EXIT_CUT		5	/* the output of the program was cut */
#define KCSD_EXIT_KEY		6	/* no object has the key; put --if-missing: one has */

/*
 * An option. A subcommand has one list of them, X(ID, "name", 'letter' or 0, "ARG" or NULL,
 * "help"). These macros make an enum of indices and the table from it.
 */
struct opt {
	const char *name;
	char letter;
	const char *arg;	/* NULL: the option takes no value */
	const char *help;
};

#define OPT_BIT(id)	(1ull << OPT_##id)
#define OPT_ENUM(id, name, letter, arg, help)	OPT_##id,
#define OPT_ROW(id, name, letter, arg, help)	{ name, letter, arg, help },

#define OPTION_DRIVE(X) \
	X(DRIVE, "drive", 'd', "DRIVE", \
	  "the drive, by its name or as kcsd0; default: the only one")
#define OPTION_JSON(X) \
	X(JSON, "json", 'j', NULL, "print JSON")

/* A parsed command line. */
struct args {
	const struct command *cmd;
	int nr_operands;
	char **operand;		/* into argv */
	int nr_given;
	struct given {
		int opt;	/* index in cmd->opts */
		const char *value; /* "" if the option takes none */
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
	uint64_t advanced;	/* OPT_BIT of options that --help lists after the others */
	const struct action *actions;	/* for kcsd_action_run(); or NULL */
	int (*run)(const struct args *args);	/* returns the exit code */
};

/* An action of a subcommand: its first operand. A table ends with an empty row. */
struct action {
	const char *name;
	const char *operands;	/* after the action, for messages */
	int min_operands;
	int max_operands;	/* -1: any number */
	uint64_t opts;		/* OPT_BIT of the options that it takes */
	int (*run)(const struct args *args);	/* returns the exit code */
};

extern const struct command *const kcsd_commands[];	/* NULL-terminated */
const struct command *kcsd_command_find(const char *name);

/* Defined in cmd/, one or a few in each file. */
extern const struct command kcsd_cmd_create, kcsd_cmd_delete, kcsd_cmd_list, kcsd_cmd_info,
	kcsd_cmd_build, kcsd_cmd_image,
	kcsd_cmd_load, kcsd_cmd_unload, kcsd_cmd_activate, kcsd_cmd_deactivate,
	kcsd_cmd_programs, kcsd_cmd_run, kcsd_cmd_serve, kcsd_cmd_mount, kcsd_cmd_sim,
	kcsd_cmd_replay,
	kcsd_cmd_disasm, kcsd_cmd_stats, kcsd_cmd_timing, kcsd_cmd_top, kcsd_cmd_log, kcsd_cmd_fsck,
	kcsd_cmd_new_uuid, kcsd_cmd_slm, kcsd_cmd_ranges, kcsd_cmd_zone,
	kcsd_cmd_kv, kcsd_cmd_select,
	kcsd_cmd_inject, kcsd_cmd_power, kcsd_cmd_power_cut,
	kcsd_cmd_help, kcsd_cmd_version;

/* power.c: power a drive on. On failure also print the kernel log. Return the exit code. */
int kcsd_power_on(const char *name);

/* options.c */
/*
 * Parse argv[1..] of cmd. Return -1, or the exit code if there is nothing left to do: help or a
 * usage error was printed. After -1 the caller frees args with kcsd_args_free().
 */
int kcsd_args_parse(struct args *args, const struct command *cmd, int argc, char **argv);
void kcsd_args_free(struct args *args);
bool kcsd_args_has(const struct args *args, int opt);
/* Return the value of the last occurrence, or NULL. args owns it. */
const char *kcsd_args_value(const struct args *args, int opt);
/*
 * Refuse an output file that the same command line reads, as an operand or as the FILE of an
 * option. Return 0, or the exit code with the error printed.
 */
int kcsd_args_validate_output(const struct args *args, const char *path);
void kcsd_command_help(const struct command *cmd);
/*
 * Parse the value of an option. Leave *value alone if the option was not given. Return 0, or
 * KCSD_EXIT_USAGE with the error printed.
 */
int kcsd_args_number(const struct args *args, int opt, uint64_t max, uint64_t *value);
int kcsd_args_size(const struct args *args, int opt, uint64_t max, uint64_t *value);

/* action.c: validate operands and options for the action, and run it. Return the exit code. */
int kcsd_action_run(const struct args *args);

/* message.c */
/* Print "kcsd: ..." to standard error. Return KCSD_EXIT_FAILED. */
int kcsd_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same for a return value of libkcsd; add advice if there is any. */
int kcsd_fail_ret(int ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for kcsd_drive_create() and kcsd_attr_*(): only root may use configfs. */
int kcsd_fail_config(int ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Return advice on a return value of libkcsd, NULL if there is none. */
const char *kcsd_advice(int ret);
/* Report a program that was not loaded. Name the option that helps, if any. */
int kcsd_fail_load(const struct kcsd_error *error);
/* Print "kcsd run: ..., see 'kcsd help run'". Return KCSD_EXIT_USAGE. */
int kcsd_usage(const struct command *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Format a number of bytes as "1.5 MiB". Return buf. */
#define KCSD_HUMAN_LEN	32
const char *kcsd_human_bytes(uint64_t bytes, char buf[KCSD_HUMAN_LEN]);
/* Print json and release it. */
void kcsd_json_print(json_object *json);
/* Copy the name of a file for a message, without characters that control a terminal. Return buf. */
const char *kcsd_printable(const char *text, char *buf, size_t len);
/* True if all bytes are printable ASCII or white space. */
bool kcsd_is_text(const void *bytes, size_t len);

/* nodes.c: print the device nodes of a drive. Return the exit code. */
int kcsd_print_nodes(const char *name);

/* kernel_log.c */
/* Open the kernel log behind its last line. Return -1 if the user may not read it. */
int kcsd_kernel_log_open(void);
/* Print the lines that the driver logged since kcsd_kernel_log_open(). */
void kcsd_kernel_log_print(int fd);
void kcsd_kernel_log_close(int fd);

/* pick.c */
/* Open the drive that wanted names; NULL: the only drive. Return 0, or the exit code. */
int kcsd_pick_drive(const char *wanted, unsigned int flags, struct kcsd_drive **drv);
/*
 * The same for a command that changes things on this namespace only: it needs the right to write to
 * the node of the namespace, and to read the controller.
 */
int kcsd_pick_namespace(const char *wanted, unsigned int flags, uint32_t nsid,
			struct kcsd_drive **drv);
/* True if the controller is open for writing. */
bool kcsd_may_change(struct kcsd_drive *drv);
/* Report that the drive, or the module, does not exist. Return KCSD_EXIT_FAILED. */
int kcsd_fail_no_drive(const char *wanted);
/* Find the same drive, but return only its name, "kcsd0". */
#define KCSD_DRIVE_NAME_LEN	32
int kcsd_pick_name(const char *wanted, char name[KCSD_DRIVE_NAME_LEN]);
/* The same with the name of its configfs directory. Works for a drive without power, too. */
#define KCSD_CONFIG_NAME_LEN	65
/* Count the drives that wanted may mean (NULL: all). Set name to the last. May return -errno. */
int kcsd_find_config(const char *wanted, char name[KCSD_CONFIG_NAME_LEN]);
int kcsd_pick_config(const char *wanted, char name[KCSD_CONFIG_NAME_LEN]);
/* Parse a program index of the command line. Return 0, or the exit code. */
int kcsd_pick_index(const struct args *args, const char *text, uint32_t *pind);
/* Print "cannot WHAT program 7: ...", and valid indices if that is wrong. Return the exit code. */
int kcsd_fail_program(struct kcsd_drive *drv, int ret, const char *what, uint32_t pind);
/*
 * Call change() for each program index among the operands, on the drive that kcsd_pick_drive()
 * finds. Return the exit code.
 */
int kcsd_pick_each_index(const struct args *args, const char *drive,
			 int (*change)(struct kcsd_drive *drv, uint32_t pind));

#endif
