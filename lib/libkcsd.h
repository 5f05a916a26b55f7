/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * libkcsd - programs that run on a kcsd drive, from user space.
 *
 *	kcsd_open -> kcsd_object_open -> kcsd_load_object -> kcsd_activate
 *	          -> kcsd_run, or kcsd_queue_submit and kcsd_queue_reap
 *	          -> kcsd_deactivate -> kcsd_unload -> kcsd_close
 *
 * Return values, everywhere that an int is returned and nothing else is said:
 *
 *	0	success; counts and objects come back through pointers
 *	< 0	-errno: the system or the library refused, the drive did nothing.
 *		"as open(2)" and the like also mean: with its errors
 *	> 0	an NVMe status, SCT << 8 | SC (KCSD_SC_*): the drive refused
 *
 * kcsd_strerror() turns either into words. Errors of every call that sends a
 * command to the drive, besides those listed with it:
 *
 *	-ENODEV	the drive was powered off, or it has no such namespace
 *	-EACCES	the drive was opened read-only and the command modifies
 *	-EINTR	a signal came while waiting (a run is then cancelled)
 *	-ENOMEM	out of memory
 *
 * Nothing is ever printed. Growth: a struct that the caller fills in begins
 * with its size (KCSD_OPTS), one that the library fills in has its size as the
 * argument after it; members are only ever added at the end.
 *
 * Threads: a drive handle may be shared by threads, except for kcsd_close(). A
 * queue belongs to one thread at a time. An object is read-only once opened and
 * may be shared. Functions without a handle may be called from any thread.
 */
#ifndef LIBKCSD_H
#define LIBKCSD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KCSD_API __attribute__((visibility("default")))
#else
#define KCSD_API
#endif

/*
 * Declare a struct that begins with its size:
 *	KCSD_OPTS(kcsd_run_opts, opts, .pind = 3, .cparam1 = 7);
 * In C++ without initialisers: members are set one by one afterwards.
 */
#ifdef __cplusplus
#define KCSD_OPTS(type, name) \
	struct type name = {}; \
	name.sz = sizeof(struct type)
#else
#define KCSD_OPTS(type, name, ...) \
	struct type name = { .sz = sizeof(struct type), ##__VA_ARGS__ }
#endif

/* Version of the library that is running, "0.1.0". */
KCSD_API const char *kcsd_version(void);

/*
 * What went wrong, for a person. Every call that takes one accepts NULL; it is
 * written (text always NUL-terminated, one line, no newline) only on failure.
 */
#define KCSD_ERROR_LEN	512
struct kcsd_error {
	uint32_t check;		/* KCSD_CHECK_*: why a program was refused; 0: not for that */
	uint32_t pc;		/* instruction of the whole program, units of 8 bytes */
	char text[KCSD_ERROR_LEN];
};

/* ---- Names: constant strings, never NULL. "UNKNOWN", "unknown ..." for others. ---- */

/* NVMe status (flags such as DNR are ignored): "INVALID_FIELD", "Invalid Field in Command". */
KCSD_API const char *kcsd_status_name(int status);
KCSD_API const char *kcsd_status_text(int status);
/* Why a run ended, KCSD_FAULT_*: "MEMORY", "access outside the program's memory". */
KCSD_API const char *kcsd_fault_name(uint32_t reason);
KCSD_API const char *kcsd_fault_text(uint32_t reason);
/* Why a program was refused, KCSD_CHECK_*: "HELPER", "call of an unknown helper". */
KCSD_API const char *kcsd_check_name(uint32_t check);
KCSD_API const char *kcsd_check_text(uint32_t check);
/*
 * The field that made a command invalid (KCSD_FIELDS), from the 64-bit result
 * of KCSD_SC_INVALID_FIELD: "CDW12".
 */
KCSD_API const char *kcsd_field_name(uint64_t result);
/* Helper id, KCSD_HELPER_*: "read". For 0, "none". */
KCSD_API const char *kcsd_helper_name(uint32_t id);
/* Which engine ran it, KCSD_ENGINE_*: "none", "interp", "jit", "lowered". */
KCSD_API const char *kcsd_engine_name(uint32_t engine);
/* Any return value of this library: status text, or the system's for -errno. */
KCSD_API const char *kcsd_strerror(int ret);

/* ---- Drives ---- */

struct kcsd_drive;

#define KCSD_OPEN_RDONLY	0x1u	/* commands that modify will fail with -EACCES */

/*
 * Open a drive that is powered on. name: "kcsd0" or "/dev/kcsd0". Opens the
 * controller and asks for the size of namespace 1; the other nodes are opened
 * when they are first needed. flags: 0 (read and write) or KCSD_OPEN_RDONLY.
 *
 * -EINVAL: no such form of name, unknown flag. -ENOENT: no such drive, or it is
 * off. -ENOTTY: not a kcsd drive. Others as open(2), or a status of Identify.
 */
KCSD_API int kcsd_open(const char *name, unsigned int flags, struct kcsd_drive **drv);

/* NULL is allowed. Queues of the drive must have been destroyed. */
KCSD_API void kcsd_close(struct kcsd_drive *drv);

/* "kcsd0". Valid until kcsd_close(). */
KCSD_API const char *kcsd_drive_name(const struct kcsd_drive *drv);
/* LBAs of namespace 1, and bytes of one, as they were when the drive was opened. */
KCSD_API uint64_t kcsd_drive_nsze(const struct kcsd_drive *drv);
KCSD_API uint32_t kcsd_drive_lba_size(const struct kcsd_drive *drv);

/*
 * File descriptor for commands of one's own: nsid 0 is the controller, else the
 * generic node of that namespace (opened now if need be). The drive keeps it
 * and closes it. Returns it (>= 0) or -errno as open(2); never a status.
 */
KCSD_API int kcsd_drive_fd(struct kcsd_drive *drv, uint32_t nsid);

/*
 * Call fn for each drive that is powered on, by ascending number, with its name
 * ("kcsd0"). A value other than 0 from fn ends the walk and is returned.
 * -ENOENT: the module is not loaded. Others as opendir(3).
 */
KCSD_API int kcsd_drive_each(int (*fn)(const char *name, void *arg), void *arg);

/* ---- Identify. size: sizeof(*info); the rest of a larger struct is zeroed. ---- */

struct kcsd_ctrl_info {
	char serial[21];	/* NUL-terminated, padding removed; these three */
	char model[41];
	char firmware[9];
	uint8_t mdts;		/* as in NVMe: 2^n pages of 4096 bytes; 0: no limit */
	uint32_t max_transfer;	/* the same in bytes; 0: no limit */
	uint32_t version;	/* major << 16 | minor << 8 | tertiary */
	uint32_t nn;		/* highest namespace id */
	uint16_t vid;		/* PCI vendor id */
	uint16_t ssvid;
	uint16_t cntlid;
	uint16_t oncs;		/* optional NVM commands, bits as in NVMe */
	uint8_t vwc;		/* bit 0: a volatile write cache is present */
	uint8_t rsvd[3];
};

struct kcsd_ns_info {
	uint64_t nsze;		/* LBAs; these three */
	uint64_t ncap;
	uint64_t nuse;
	uint32_t lba_size;	/* bytes, of the format in use */
	uint16_t ms;		/* bytes of metadata of the format in use */
	uint8_t nsfeat;
	uint8_t dlfeat;
};

struct kcsd_compute_info {
	uint32_t maxact;	/* programs active at once */
	uint32_t maxprog;	/* program indices that can be loaded to */
	uint32_t cus;		/* compute units */
	uint32_t lpg;		/* granularity of a load, bytes */
	uint32_t max_program_len; /* bytes of one program */
	uint32_t timeout_ms;	/* default time limit of a run */
	uint64_t maxpb;		/* bytes of all programs */
	uint64_t arena_len;	/* bytes of memory a program can have */
	uint64_t insn_budget;	/* default, instructions; 0: no limit */
	uint32_t maxmemrs;	/* memory range sets; 0: the drive has no SLM */
	uint32_t maxmemr;	/* ranges in a set */
	uint32_t mrsg;		/* granularity of ranges, bytes */
	uint32_t nr_device;	/* indices of the drive's own programs, from maxprog on */
};

KCSD_API int kcsd_identify_ctrl(struct kcsd_drive *drv, struct kcsd_ctrl_info *info, size_t size);
/* nsid: of an NVM namespace (KCSD_NSID_NVM). KCSD_SC_INVALID_NS: there is none. */
KCSD_API int kcsd_identify_ns(struct kcsd_drive *drv, uint32_t nsid, struct kcsd_ns_info *info,
			      size_t size);
KCSD_API int kcsd_identify_compute(struct kcsd_drive *drv, struct kcsd_compute_info *info,
				   size_t size);
/* Identify as it comes, 4096 bytes, little-endian: NVMe Base, "Identify command". */
#define KCSD_IDENTIFY_LEN	4096
KCSD_API int kcsd_identify(struct kcsd_drive *drv, uint8_t cns, uint8_t csi, uint32_t nsid,
			   void *buf);

/* ---- Objects: a program out of an ELF object file, ready to load ---- */

struct kcsd_object;

#define KCSD_MAX_OBJECT	(16u << 20)	/* bytes of an object file */

struct kcsd_object_opts {
	size_t sz;
	const char *program;	/* function; NULL: the only one in the file */
	const char *file;	/* what messages call it; NULL: its path, or "object" */
	uint32_t heap_len;	/* bytes of zeroed heap that the program shall have */
	uint32_t flags;		/* KCSD_OBJECT_* */
};

/* Not checked: to look at a program that a drive would refuse. */
#define KCSD_OBJECT_UNCHECKED	0x1u

/*
 * Take a program from an object file that clang -target bpf made. A program is
 * a function in section "kcsd" (or "kcsd/..."); it begins the image, functions
 * that it calls follow, then .rodata, .data and .bss. It is checked as the
 * drive will check it. Needs no privileges, asks the kernel nothing.
 *
 * -ENOEXEC: not an ELF object for BPF, or a damaged one. -ENOENT: no program of
 * that name, or none at all. -ENOTUNIQ: several programs and no name; the text
 * lists them. -EINVAL: the program is not valid; err->check says why (0: not
 * for the checker's reasons but e.g. a map or the address of a function).
 * -EFBIG: larger than KCSD_MAX_OBJECT, or its data than any drive can take.
 * Others as open(2) and read(2). err->text: "word.bpf.o: section kcsd, function count,
 * instruction 12 (word.c:31: return f();): call of an unknown helper: 77".
 */
KCSD_API int kcsd_object_open(const char *path, const struct kcsd_object_opts *opts,
			      struct kcsd_object **obj, struct kcsd_error *err);
/* The same from memory, which may be freed afterwards. */
KCSD_API int kcsd_object_open_mem(const void *buf, size_t len,
				  const struct kcsd_object_opts *opts, struct kcsd_object **obj,
				  struct kcsd_error *err);
/* NULL is allowed. */
KCSD_API void kcsd_object_close(struct kcsd_object *obj);

/* These are valid until kcsd_object_close(). */
/* The image: struct kcsd_image, instructions, data. *len: bytes. */
KCSD_API const void *kcsd_object_image(const struct kcsd_object *obj, size_t *len);
/* Name of the program's function. */
KCSD_API const char *kcsd_object_name(const struct kcsd_object *obj);

/* A place in a program. Strings belong to the object. */
struct kcsd_where {
	const char *section;
	const char *function;	/* NULL if not known (no BTF) */
	const char *file;	/* source; NULL if not known (no -g) */
	const char *source;	/* text of that line, or NULL */
	uint32_t insn;		/* in the function, units of 8 bytes; in the program if */
				/* the function is not known */
	uint32_t line;		/* counted from 1; 0 if not known */
	uint32_t column;	/* counted from 1; 0 if not known */
	uint32_t rsvd;
};

/* Where instruction pc of the image is. -ERANGE: the program has no such instruction. */
KCSD_API int kcsd_object_where(const struct kcsd_object *obj, uint32_t pc,
			       struct kcsd_where *where, size_t size);

/*
 * Call fn with each program (function in section kcsd) in the file. A value
 * other than 0 from fn ends the walk and is returned. Errors as
 * kcsd_object_open(), but for -ENOENT and -ENOTUNIQ.
 */
KCSD_API int kcsd_object_each(const char *path, int (*fn)(const char *program, void *arg),
			      void *arg, struct kcsd_error *err);

/* ---- Disassembly ---- */

#define KCSD_INSN_TEXT_LEN	96
#define KCSD_INSN_LABEL_LEN	48
#define KCSD_NO_TARGET		UINT32_MAX

struct kcsd_insn_info {
	uint32_t pc;		/* units of 8 bytes */
	uint32_t units;		/* of 8 bytes: 1, or 2 for a 64-bit immediate */
	uint32_t target;	/* pc where it jumps or what it calls, or KCSD_NO_TARGET */
	uint8_t is_function;	/* 1: a function begins here */
	uint8_t is_target;	/* 1: some instruction jumps here */
	uint8_t rsvd[2];
	uint8_t bytes[16];	/* the first 8 * units */
	char label[KCSD_INSN_LABEL_LEN];	/* what target texts call this place, or "" */
	char text[KCSD_INSN_TEXT_LEN];	/* "jeq r1, 0, L12"; "raw ..." for no instruction */
};

/*
 * Call fn with each instruction of an image, or of plain instructions. It need
 * not be a valid program. obj (may be NULL) is the program's: then functions have their
 * names. A value other than 0 from fn ends the walk and is returned. -EINVAL: it
 * is no image.
 */
KCSD_API int kcsd_disasm_each(const void *image, size_t len, const struct kcsd_object *obj,
			      int (*fn)(const struct kcsd_insn_info *info, void *arg), void *arg,
			      struct kcsd_error *err);

/* An access to memory, and whether the drive checks each time that it is in bounds. */
struct kcsd_access {
	uint32_t pc;		/* units of 8 bytes */
	uint8_t checked;	/* 0: proven once and for all, when the program is loaded */
	uint8_t rsvd[3];
	const char *why;	/* either way */
	char text[KCSD_INSN_TEXT_LEN];	/* of the instruction */
};

/*
 * Call fn with each access of a program. A value other than 0 from fn ends the walk and
 * is returned. -EINVAL: the program is not valid (KCSD_OBJECT_UNCHECKED). -ENOMEM.
 */
KCSD_API int kcsd_object_explain(const struct kcsd_object *obj,
				 int (*fn)(const struct kcsd_access *access, void *arg),
				 void *arg);

/* ---- Programs on the drive ---- */

#define KCSD_PIND_ANY	(-1)

struct kcsd_load_opts {
	size_t sz;
	int32_t pind;		/* program index, or KCSD_PIND_ANY: the first free one */
	uint32_t chunk;		/* bytes in one command, a multiple of 8; 0: 128 KiB */
	uint64_t puid;		/* program's unique identifier; 0: none */
};

/*
 * Load a program: an image (kcsd_object_image()), or plain instructions. opts
 * may be NULL: any index, defaults. *pind: its index; it must be activated
 * before it runs. The drive must be open for writing.
 *
 * KCSD_SC_INVALID_PROGRAM_DATA: the drive refused the program; err->check and
 * err->pc say why. KCSD_SC_PROGRAM_IN_USE: there is a program at opts->pind.
 * KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES: KCSD_PIND_ANY and no index is free.
 * KCSD_SC_INVALID_PROGRAM_INDEX, KCSD_SC_PROGRAM_TOO_BIG,
 * KCSD_SC_MAX_PROGRAM_BYTES. -EINVAL: len is 0 or over 4 GiB, or an option has
 * no such value. When it fails nothing stays loaded.
 */
KCSD_API int kcsd_load(struct kcsd_drive *drv, const void *image, size_t len,
		       const struct kcsd_load_opts *opts, uint32_t *pind, struct kcsd_error *err);
/* The same for an object; err->text then names file, section, function and line. */
KCSD_API int kcsd_load_object(struct kcsd_drive *drv, const struct kcsd_object *obj,
			      const struct kcsd_load_opts *opts, uint32_t *pind,
			      struct kcsd_error *err);
/*
 * All four: KCSD_SC_INVALID_PROGRAM_INDEX, KCSD_SC_NO_PROGRAM. To activate an
 * active program, or deactivate an inactive one, succeeds.
 */
/* Refused while active or executing: KCSD_SC_PROGRAM_IN_USE. */
KCSD_API int kcsd_unload(struct kcsd_drive *drv, uint32_t pind);
/* KCSD_SC_MAX_ACTIVATED: as many as the drive allows are active. */
KCSD_API int kcsd_activate(struct kcsd_drive *drv, uint32_t pind);
/* KCSD_SC_PROGRAM_IN_USE: it is executing. */
KCSD_API int kcsd_deactivate(struct kcsd_drive *drv, uint32_t pind);

struct kcsd_program_info {
	uint32_t pind;
	uint32_t psize;		/* bytes as loaded */
	uint64_t puid;
	uint8_t peocc;		/* KCSD_PROGRAM_PEOCC_* */
	uint8_t active;		/* 0 or 1 */
	uint8_t ptype;		/* KCSD_PTYPE_EBPF */
	uint8_t pit;		/* KCSD_PIT_* */
	char name[KCSD_PROGRAM_NAME_LEN + 1];	/* NUL-terminated */
};

/*
 * Call fn for each program index that is not empty, ascending (log page 82h). A
 * value other than 0 from fn ends the walk and is returned.
 */
KCSD_API int kcsd_program_each(struct kcsd_drive *drv,
			       int (*fn)(const struct kcsd_program_info *info, void *arg),
			       void *arg);

/* ---- Runs: Execute Program, Execute on LBAs (vendor specific command 83h) ---- */

struct kcsd_grant {
	uint64_t slba;
	uint32_t nlb;		/* LBAs, not 0 */
	uint32_t access;	/* KCSD_GRANT_*, not 0 */
};

/* A piece of SLM. Start and length: multiples of the granularity (kcsd_identify_compute()). */
struct kcsd_slm_range {
	uint64_t start;		/* first byte */
	uint64_t len;		/* bytes, not 0, below 4 GiB */
};

/*
 * Memory ranges, by themselves or as a set of the drive's, are in the program's memory
 * (kcsd_ranges() of kcsd_helpers.h) to read and to write. With grants, they must be a set.
 */
struct kcsd_run_opts {
	size_t sz;
	uint32_t pind;
	uint32_t nr_grants;	/* <= KCSD_MAX_GRANTS */
	const struct kcsd_grant *grants;
	const void *args;	/* what the program finds at ctx->args */
	uint32_t args_len;	/* bytes, <= KCSD_MAX_ARGS */
	uint32_t out_len;	/* bytes of output to make room for; record and audit are extra */
				/* all together <= KCSD_MAX_OUTPUT */
	uint64_t cparam1;
	uint64_t cparam2;
	uint64_t budget;	/* instructions; 0: the drive's default */
	uint32_t timeout_ms;	/* 0: the drive's default */
	uint32_t flags;		/* KCSD_RUN_* */
	const struct kcsd_slm_range *ranges;
	uint32_t nr_ranges;	/* <= KCSD_GUEST_MAX_RANGES, and the drive's own limit */
	uint32_t rsid;		/* a range set, instead of ranges; 0: none */
};

/* Report which LBAs the run read and wrote. */
#define KCSD_RUN_AUDIT	0x1u

/* struct kcsd_run_record of <linux/kcsd.h> in this machine's byte order. */
struct kcsd_run_info {
	uint32_t reason;	/* KCSD_FAULT_*; 0: it ran to its end */
	uint32_t pc;		/* units of 8 bytes; kcsd_object_where() */
	uint32_t helper;	/* it was in this one; 0: in none */
	uint32_t engine;	/* KCSD_ENGINE_* */
	uint64_t addr;		/* guest address of the failed access */
	uint64_t lba;		/* LBA of the failed access */
	uint64_t insns;		/* instructions run; 0 by the JIT without a budget: not counted */
	uint64_t run_ns;	/* on the compute unit */
	uint64_t wait_ns;	/* queued for one */
	uint64_t read_bytes;	/* from media */
	uint64_t written_bytes;	/* to media */
};

/*
 * LBAs that a run touched. Of one access no two extents overlap or are adjacent; they come by
 * first LBA, a read one before a written one. <linux/kcsd.h> says all: KCSD_MAX_AUDIT.
 */
struct kcsd_extent {
	uint64_t slba;
	uint64_t nlb;		/* LBAs */
	uint32_t access;	/* KCSD_GRANT_READ or KCSD_GRANT_WRITE */
	uint32_t rsvd;
};

struct kcsd_run_result {
	int32_t status;		/* 0, -errno or an NVMe status */
	uint32_t recorded;	/* 1: the drive wrote a record, info is valid */
	uint64_t user_data;	/* of kcsd_queue_submit() */
	uint64_t r0;		/* what the program returned; for KCSD_SC_INVALID_FIELD */
				/* the field, see kcsd_field_name(); for those of */
				/* kcsd_range_set_create() that a range is at fault for, which */
	void *out;		/* what it emitted; NULL if nothing */
	size_t out_len;		/* bytes */
	struct kcsd_run_info info;
	struct kcsd_extent *audit; /* with KCSD_RUN_AUDIT, of a recorded run; else NULL */
	uint32_t nr_audit;
	uint32_t audit_flags;	/* KCSD_AUDIT_OVERFLOW: some extents are missing */
};

/*
 * Run an active program and wait for its end. Returns result->status. The
 * result must be released with kcsd_run_result_free() when 0 or a status is
 * returned (for -errno it is zeroed, to release it does no harm). size: sizeof(*result).
 *
 * Statuses: KCSD_SC_PROGRAM_FAULT, KCSD_SC_PROGRAM_BUDGET,
 * KCSD_SC_PROGRAM_TIME and KCSD_SC_PROGRAM_CANCELLED: the run began and ended
 * early, result->info tells where, result->out holds what it had emitted.
 * KCSD_SC_NOT_ACTIVATED, KCSD_SC_NO_PROGRAM, KCSD_SC_INVALID_PROGRAM_INDEX,
 * KCSD_SC_LBA_RANGE (a grant beyond the namespace), KCSD_SC_INVALID_FIELD. Of ranges, those of
 * kcsd_range_set_create(), too; KCSD_SC_INVALID_RANGE_SET_ID: no such set;
 * KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES: more than 4 GiB in all.
 * -EINVAL: an option has no such value, or ranges come with grants or a set; -E2BIG: one
 * is too large; err->text names the option. -EACCES also for a write grant, ranges or
 * a set on a drive opened read-only.
 * For every failure err->text is a sentence that names what is wrong.
 */
KCSD_API int kcsd_run(struct kcsd_drive *drv, const struct kcsd_run_opts *opts,
		      struct kcsd_run_result *result, size_t size, struct kcsd_error *err);
/* Free output and audit, and zero the rest. size: sizeof(*result). */
KCSD_API void kcsd_run_result_free(struct kcsd_run_result *result, size_t size);

/*
 * Put a run that failed into a sentence: status, place, reason; with the
 * function and source line when obj (may be NULL) is the program's. Returns
 * err->text; for err NULL only the status's text.
 */
KCSD_API const char *kcsd_run_describe(const struct kcsd_run_result *result, size_t size,
				       const struct kcsd_object *obj, struct kcsd_error *err);

/* ---- The simulator: the drive's engine in this process, without a drive ---- */

struct kcsd_sim;

/* r1 is the address of the run's arguments, or 0 if there are none, r2 their length. */
#define KCSD_SIM_RAW	0x1u

/* What a program has in its registers as it comes to an instruction. */
struct kcsd_sim_step {
	uint32_t pc;		/* units of 8 bytes */
	uint32_t rsvd;
	uint64_t r[11];
};

struct kcsd_sim_opts {
	size_t sz;
	void *lbas;		/* namespace 1, nsze LBAs of the caller's memory: programs */
				/* read and write it, if a run grants it */
	uint64_t nsze;		/* LBAs */
	uint32_t lba_size;	/* bytes, 512 or 4096; 0: 4096 */
	uint32_t cus;		/* compute units that a program is told of; 0: 2 */
	uint64_t arena_len;	/* bytes of memory that a program can have; 0: 4 MiB */
	uint32_t engine;	/* KCSD_ENGINE_INTERP or _LOWERED; 0: _INTERP */
	uint32_t flags;		/* KCSD_SIM_* */
	/* What the program logs; not NUL-terminated. NULL: nobody cares. */
	void (*log)(const char *line, size_t len, void *arg);
	/* Before each instruction. NULL: no tracing, which makes runs much faster. */
	void (*trace)(const struct kcsd_sim_step *step, void *arg);
	void *arg;		/* for these two */
	void *slm;		/* slm_len bytes of the caller's memory, for runs with ranges: */
				/* copied to and from the program's before and after the run */
	uint64_t slm_len;	/* a multiple of KCSD_RANGE_GRANULARITY */
};

/*
 * Make a drive with one program on it: an image (kcsd_object_image()) or plain
 * instructions. opts may be NULL. Needs no privileges, no module, no kernel.
 *
 * KCSD_SC_INVALID_PROGRAM_DATA: a drive would refuse the program; err->check and
 * err->pc say why. -EINVAL: an option has no such value. -E2BIG: arena_len is too
 * large, or the program would be when lowered.
 */
KCSD_API int kcsd_sim_create(const void *image, size_t len, const struct kcsd_sim_opts *opts,
			     struct kcsd_sim **sim, struct kcsd_error *err);
/* NULL is allowed. */
KCSD_API void kcsd_sim_destroy(struct kcsd_sim *sim);

/*
 * kcsd_run() of the simulator's program, in the calling thread: the same
 * options (pind means nothing; budget 0: none; timeout_ms 0: 30 s), results
 * and statuses, but for those that only a device can return. -EINVAL also for rsid, and for
 * ranges with KCSD_ENGINE_LOWERED. One run of a simulator at a time; different ones
 * are independent of each other.
 */
KCSD_API int kcsd_sim_run(struct kcsd_sim *sim, const struct kcsd_run_opts *opts,
			  struct kcsd_run_result *result, size_t size, struct kcsd_error *err);

/* ---- Queues: many runs at once, over io_uring ---- */

struct kcsd_queue;

#define KCSD_MAX_QUEUE_DEPTH	4096

/*
 * depth: runs in flight at most, 1..KCSD_MAX_QUEUE_DEPTH. -EINVAL: another
 * depth. -ENOSYS, -EPERM: no io_uring here. Others as io_uring_setup(2).
 */
KCSD_API int kcsd_queue_create(struct kcsd_drive *drv, unsigned int depth,
			       struct kcsd_queue **queue);

/*
 * Start a run. What opts points to is copied and may be reused at once; the
 * memory of the run belongs to the queue until it is reaped.
 *
 * -EAGAIN: depth runs are in flight: reap one, then submit again. -EINVAL,
 * -E2BIG, -EACCES: as kcsd_run(). Never a status: those come with the result.
 */
KCSD_API int kcsd_queue_submit(struct kcsd_queue *queue, const struct kcsd_run_opts *opts,
			       uint64_t user_data, struct kcsd_error *err);

/*
 * Take the result of one run that ended, in the order they end. Release it
 * with kcsd_run_result_free(). timeout_ms: 0: do not wait, -1: wait for ever.
 * Unlike kcsd_run() this returns 0 whenever there is a result, however the run
 * went: look at result->status.
 *
 * -EAGAIN: timeout_ms is 0 and none has ended. -ETIME: none has within
 * timeout_ms. -ENOENT: none is in flight. -EINTR: a signal came (runs go on).
 */
KCSD_API int kcsd_queue_reap(struct kcsd_queue *queue, struct kcsd_run_result *result,
			     size_t size, int timeout_ms);

/* Runs submitted and not yet reaped. */
KCSD_API unsigned int kcsd_queue_inflight(const struct kcsd_queue *queue);
/* For poll(2): readable when a run has ended. Do not read it. Never fails. */
KCSD_API int kcsd_queue_fd(const struct kcsd_queue *queue);

/*
 * Cancel what is in flight, wait until the drive has let go of its memory, free
 * all. Results not reaped are lost. NULL is allowed. If a forked child still
 * holds the queue, the memory of unfinished runs is not freed after a minute.
 */
KCSD_API void kcsd_queue_destroy(struct kcsd_queue *queue);

/* ---- LBAs of namespace 1 ---- */

/*
 * slba: first LBA. len: bytes, a multiple of the LBA size (else -EINVAL); large
 * transfers are cut into commands. KCSD_SC_LBA_RANGE: past the end (parts
 * before may have been transferred), KCSD_SC_READ_ERROR, KCSD_SC_WRITE_FAULT,
 * KCSD_SC_CAPACITY_EXCEEDED.
 */
KCSD_API int kcsd_read(struct kcsd_drive *drv, uint64_t slba, void *buf, size_t len);
KCSD_API int kcsd_write(struct kcsd_drive *drv, uint64_t slba, const void *buf, size_t len);
KCSD_API int kcsd_flush(struct kcsd_drive *drv);

/* ---- Subsystem Local Memory: bytes of namespace 2 ---- */

struct kcsd_slm_info {
	uint64_t size;		/* bytes */
	uint32_t max_sources;	/* of one kcsd_slm_copy() */
	uint32_t rsvd;
};

/* KCSD_SC_INVALID_NS: the drive has no SLM. size: sizeof(*info). */
KCSD_API int kcsd_identify_slm(struct kcsd_drive *drv, struct kcsd_slm_info *info, size_t size);

/*
 * start: first byte. len: bytes, 0 does nothing; large transfers are cut into
 * commands. KCSD_SC_LBA_RANGE: beyond the SLM (parts before may have been
 * transferred). Commands of several threads that touch the same bytes are not
 * ordered, not even eight bytes at a time.
 */
KCSD_API int kcsd_slm_read(struct kcsd_drive *drv, uint64_t start, void *buf, size_t len);
KCSD_API int kcsd_slm_write(struct kcsd_drive *drv, uint64_t start, const void *buf, size_t len);
KCSD_API int kcsd_slm_fill(struct kcsd_drive *drv, uint64_t start, uint64_t len, uint8_t byte);

struct kcsd_slm_source {
	uint64_t start;		/* first byte */
	uint64_t len;		/* bytes, not 0 */
};

#define KCSD_COPY_MAX_NLB	65536u

struct kcsd_lba_source {
	uint64_t slba;
	uint32_t nlb;		/* LBAs, 1..KCSD_COPY_MAX_NLB */
	uint32_t rsvd;		/* 0 */
};

/*
 * Copy within the drive, from SLM or from LBAs of namespace 1, to byte "to" of the
 * SLM: nr sources (1..KCSD_COPY_MAX_SOURCES, else -EINVAL), one after another.
 * One command: a signal that kills the caller cancels it, others do not.
 *
 * KCSD_SC_LBA_RANGE: a source or the destination does not exist.
 * KCSD_SC_OVERLAPPING_IO_RANGE: a source overlaps the destination. In both cases
 * nothing was copied. KCSD_SC_READ_ERROR, KCSD_SC_ABORT_REQUESTED (the drive is
 * powering off): a part may have been.
 */
KCSD_API int kcsd_slm_copy(struct kcsd_drive *drv, uint64_t to,
			   const struct kcsd_slm_source *sources, uint32_t nr);
KCSD_API int kcsd_slm_copy_lbas(struct kcsd_drive *drv, uint64_t to,
				const struct kcsd_lba_source *sources, uint32_t nr);

/* ---- Memory range sets: pieces of SLM for programs to work on ---- */

/*
 * Both multiples of the granularity (kcsd_identify_compute()). *rsid: the identifier
 * of the set, 1 and up. It lasts until it is deleted or the drive is powered off.
 *
 * KCSD_SC_INVALID_RANGE_SET: a range is empty, beyond the SLM, or not aligned.
 * KCSD_SC_OVERLAPPING_RANGES: of the same set. KCSD_SC_MAX_RANGES: too many of
 * them. KCSD_SC_MAX_RANGE_SETS: there are too many sets. -EINVAL: nr is 0, or a length
 * 4 GiB or more. KCSD_SC_INVALID_MEMORY_NS: the drive has no SLM.
 */
KCSD_API int kcsd_range_set_create(struct kcsd_drive *drv, const struct kcsd_slm_range *ranges,
				   uint32_t nr, uint32_t *rsid);
/*
 * KCSD_SC_INVALID_RANGE_SET_ID: there is no such set. KCSD_SC_RANGE_SET_IN_USE: runs
 * use it. -EINVAL: rsid has more than 16 bits.
 */
KCSD_API int kcsd_range_set_delete(struct kcsd_drive *drv, uint32_t rsid);

struct kcsd_range_set_info {
	uint32_t rsid;
	uint32_t users;		/* runs that use it */
	uint32_t nr;
	uint32_t rsvd;
	const struct kcsd_slm_range *ranges;	/* nr of them; gone when fn returns */
};

/*
 * Call fn for each set, by ascending identifier (log page 84h). A value other than 0
 * from fn ends the walk and is returned. -EPROTO: the drive sent something malformed.
 */
KCSD_API int kcsd_range_set_each(struct kcsd_drive *drv,
				 int (*fn)(const struct kcsd_range_set_info *info, void *arg),
				 void *arg);

/* ---- Health: log page 02h ---- */

/* Since the drive was made, over all its power cycles. */
struct kcsd_health_info {
	uint64_t data_units_read;	/* of namespace 1; 512000 bytes each, rounded up */
	uint64_t data_units_written;
	uint64_t host_reads;		/* commands */
	uint64_t host_writes;
	uint64_t busy_minutes;		/* of all compute units together */
	uint64_t power_cycles;
	uint64_t power_on_hours;
	uint64_t media_errors;
	uint64_t errors;		/* commands that failed: kcsd_error_each() */
};

KCSD_API int kcsd_health(struct kcsd_drive *drv, struct kcsd_health_info *info, size_t size);

/* ---- Commands that failed: log page 01h ---- */

struct kcsd_error_entry {
	uint64_t count;		/* counts from 1 */
	uint64_t lba;		/* the first that failed, if any did */
	uint32_t nsid;
	uint32_t status;	/* KCSD_SC_*, without DNR */
	int32_t field;		/* enum kcsd_field: that made it invalid; -1: none */
	uint32_t admin;		/* 1: an admin command */
};

/*
 * Call fn for each of the newest failures (64 on a kcsd drive), newest first. A value other
 * than 0 from fn ends the walk and is returned.
 */
KCSD_API int kcsd_error_each(struct kcsd_drive *drv,
			     int (*fn)(const struct kcsd_error_entry *entry, void *arg),
			     void *arg);

/* ---- The drive's log: what programs said, and faults ---- */

struct kcsd_log_line {
	uint64_t seq;		/* counts from 1; a gap: lines were lost */
	uint64_t time_ns;	/* CLOCK_REALTIME */
	uint32_t pind;
	uint32_t type;		/* KCSD_LOG_LINE or KCSD_LOG_FAULT */
	uint32_t reason;	/* KCSD_FAULT_*, for KCSD_LOG_FAULT */
	uint32_t pc;		/* likewise */
	uint32_t text_len;	/* bytes; a program's text may hold any bytes */
	char text[KCSD_LOG_TEXT_LEN + 1];	/* NUL-terminated */
};

/*
 * Call fn for each line of the log newer than seq (0: all), oldest first (log
 * page C0h). A value other than 0 from fn ends the walk and is returned.
 * -EPROTO: the drive sent something malformed.
 */
KCSD_API int kcsd_log_each(struct kcsd_drive *drv, uint64_t seq,
			   int (*fn)(const struct kcsd_log_line *line, void *arg), void *arg);
/* Any log page as it comes: len bytes from offset on, both multiples of 4. */
KCSD_API int kcsd_log_page(struct kcsd_drive *drv, uint8_t lid, uint32_t nsid, uint64_t offset,
			   void *buf, size_t len);

/* ---- Counters (sysfs): no drive handle and no privileges needed ---- */

/*
 * Call fn with each counter of a drive ("kcsd0"), in a stable order. name is
 * its path below /sys/class/kcsd/kcsd0/: "ns1/read_commands",
 * "programs/0/runs"; names and units are in Documentation/ABI/testing/. A value other than 0 from
 * fn ends the walk and is returned. -ENOENT: no such drive. -EINVAL: no such
 * form of name.
 */
KCSD_API int kcsd_stats_each(const char *drive,
			     int (*fn)(const char *name, uint64_t value, void *arg), void *arg);
/* One counter. -ENOENT: no such drive or counter. -EINVAL: it is no number, or a bad name. */
KCSD_API int kcsd_stats_get(const char *drive, const char *name, uint64_t *value);
/* What else is there beside them, such as "programs/0/name". Errors likewise; -ERANGE: len. */
KCSD_API int kcsd_stats_text(const char *drive, const char *name, char *buf, size_t len);

/* ---- Drives' life cycle (configfs): make, set, power ---- */

/*
 * name: that of the drive's directory in /sys/kernel/config/kcsd, 1 to 64
 * characters, none of them '/', not beginning with '.'; else -EINVAL. -ENOENT: no
 * such drive, or no module. -EACCES, -EPERM: as for any file. None of them
 * returns an NVMe status.
 */
/* Make a drive with defaults, powered off. -EEXIST: there is one. -ENOENT: no module. */
KCSD_API int kcsd_config_create(const char *name);
/*
 * Remove a drive; powers it off first. -EBUSY: its block device is open. -EPERM: it was made by
 * the module's parameters and goes with the module; it is off now.
 */
KCSD_API int kcsd_config_delete(const char *name);
/*
 * Set or get an attribute: size, block_size, backing_file, queues,
 * queue_depth, cus, cu_cpus, queue_limit, quick_us, arena_size, max_programs, max_active,
 * max_program_bytes, timeout_ms, insn_budget, slm_size, max_range_sets, max_ranges, engine,
 * max_jit_bytes, zone_size, zone_capacity, conventional_zones, max_open_zones, max_active_zones,
 * max_append, power, zone_readonly, zone_offline; get also index. Set: -EBUSY: the drive is powered
 * on. -EINVAL: no such value. -ENOENT: no such attribute. Get: NUL-terminated,
 * without the newline. -ERANGE: len is too small. name NULL: an attribute of
 * the module, such as "features".
 */
KCSD_API int kcsd_config_set(const char *name, const char *attr, const char *value);
KCSD_API int kcsd_config_get(const char *name, const char *attr, char *buf, size_t len);
/*
 * On: errors of the attributes' values (-EINVAL, -ENOMEM, or of the backing
 * file). Off: runs are cancelled, commands of open handles get -ENODEV from
 * then on; but -EBUSY, and nothing changes, while the block device is open.
 */
KCSD_API int kcsd_config_power(const char *name, bool on);

struct kcsd_config_info {
	char name[65];		/* directory */
	uint8_t powered;	/* 0 or 1 */
	uint8_t rsvd[2];
	uint32_t index;		/* kcsd<index>, when powered */
};

KCSD_API int kcsd_config_info(const char *name, struct kcsd_config_info *info, size_t size);
/* Call fn for each drive, by name. A value other than 0 from it ends the walk and is returned. */
KCSD_API int kcsd_config_each(int (*fn)(const struct kcsd_config_info *info, void *arg),
			      void *arg);
/* The same for each attribute of a drive, by name, with its value. */
KCSD_API int kcsd_config_each_attr(const char *name,
				   int (*fn)(const char *attr, const char *value, void *arg),
				   void *arg);

#ifdef __cplusplus
}
#endif

#endif
