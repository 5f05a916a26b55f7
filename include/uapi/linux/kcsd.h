/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * kcsd - a computational storage drive: commands, structures, status codes.
 *
 * A drive is an NVMe controller without PCIe. It takes commands by the NVMe passthrough ABI of
 * Linux (<linux/nvme_ioctl.h>): by io_uring with NVME_URING_CMD_IO and NVME_URING_CMD_ADMIN
 * (SQE128; CQE32 when the 64-bit result is wanted), or by the NVME_IOCTL_* ioctls.
 *
 *	/dev/kcsd0	controller: admin commands
 *	/dev/kcsd0n1	namespace 1 as a block device; NVM I/O commands by ioctl
 *	/dev/kcsdg0n1	namespace 1, NVM I/O commands
 *	/dev/kcsdg0n2	namespace 2, Subsystem Local Memory (unless its size is 0)
 *	/dev/kcsdg0n3	namespace 3, compute: Execute commands
 *
 * The generic nodes (kcsdg) take the admin ioctls, too, like the NVMe nodes of Linux.
 *
 * A command that changes something needs a file that is open for writing, else EACCES. An admin
 * command that changes something (Set Features, 85h, 88h, 89h) needs a file of the controller node.
 * A process with CAP_SYS_ADMIN may send any command by any file; only such a process may send
 * Format NVM or Sanitize.
 *
 * Programs that the host loads have the indices 0 to maxprog - 1 (struct kcsd_id_ns_compute). From
 * maxprog on there are nr_device programs that belong to the drive (device-defined). They cannot be
 * loaded to or unloaded (Program Index Not Downloadable), but are activated and executed like any
 * other program. They are not active after power on.
 *
 * The life cycle of a program:
 *
 *   1. Load Program (admin, 85h, NSID 3), in chunks if it is large. The chunks of one program
 *      arrive in order; the drive validates the program when the last one arrives. A refusal has
 *      status KCSD_SC_INVALID_PROGRAM_DATA, and the 64-bit result gives the cause:
 *      reason (KCSD_VERDICT_*) << 32 | instruction.
 *   2. Program Activation Management (admin, 88h, NSID 3).
 *   3. Execute Program (I/O, 01h) on memory ranges, or Execute on LBAs (vendor specific), on the
 *      compute namespace, any number of times and in parallel.
 *   4. Deactivate (88h), unload (85h with SEL 1).
 *
 * Results are as for NVMe on Linux: 0 is success, a negative number an errno (the command never
 * reached the drive), a positive number an NVMe status (SCT << 8 | SC, plus DNR unless a retry can
 * succeed). All structures are little-endian. The drive refuses a reserved field that is not zero
 * and an unknown flag with Invalid Field in Command, and the 64-bit result names the field:
 * KCSD_FIELDS.
 */
#ifndef _UAPI_LINUX_KCSD_H
#define _UAPI_LINUX_KCSD_H

#include <linux/types.h>

/* Namespaces of every drive. The numbers are fixed; they do not count namespaces. */
#define KCSD_NSID_NVM		1
#define KCSD_NSID_SLM		2
#define KCSD_NSID_COMPUTE	3

/* Command set identifiers, NVMe Base, "I/O Command Sets". */
#define KCSD_CSI_NVM		0
#define KCSD_CSI_ZNS		2	/* namespace 1 of a zoned drive, instead of NVM */
#define KCSD_CSI_SLM		3
#define KCSD_CSI_COMPUTE	4

/* Admin commands of the Computational Programs command set (TP4091). */
#define KCSD_ADMIN_LOAD_PROGRAM		0x85
#define KCSD_ADMIN_PROGRAM_ACTIVATION	0x88
#define KCSD_ADMIN_RANGE_SET		0x89

/*
 * I/O commands of the compute namespace. As in all opcodes, bits 1:0 give the direction of the
 * data: 01b to the drive, 10b to the host. No command transfers data in both directions.
 */
#define KCSD_CMD_EXECUTE		0x01
#define KCSD_CMD_EXECUTE_LBA		0x81	/* vendor specific */

/*
 * Load Program. data: the chunk.
 *   CDW10 [15:0] PIND  [23:16] PTYPE  [24] SEL  [27:25] PIT
 *   CDW11 PSIZE, bytes of the whole program	CDW12-13 PUID
 *   CDW14 NUMB, bytes of this chunk		CDW15 LOFF, its offset
 * NUMB is a multiple of the load granularity (LPG), except for the last chunk. With SEL_UNLOAD only
 * PIND and SEL are set; there is no data.
 *
 * KCSD_LOAD_PERSISTENT is set with the chunk of offset 0. Once the program is loaded, it is in the
 * sidecar of the drive, and from then on the sidecar also records whether it is active. Both
 * survive power off and loss of power. Unloading removes the program from the sidecar. A drive
 * without a sidecar returns Invalid Field, of CDW10; a full sidecar returns Insufficient Program
 * Resources.
 */
#define KCSD_LOAD_PTYPE_SHIFT	16
#define KCSD_LOAD_SEL_UNLOAD	(1u << 24)
#define KCSD_LOAD_PIT_SHIFT	25
#define KCSD_LOAD_PERSISTENT	(1u << 31)	/* vendor specific */
#define KCSD_LOAD_CDW10_ALL	0x8fffffffu

/* PTYPE of eBPF. Vendor specific: no standard value exists. */
#define KCSD_PTYPE_EBPF		0xc0
/* PIT: the kind of PUID. */
#define KCSD_PIT_NONE		0	/* PUID is 0 */
#define KCSD_PIT_VENDOR		1	/* any value that the host chooses */

/*
 * Program Activation Management.
 *   CDW10 [15:0] PIND  [19:16] SEL
 */
#define KCSD_ACTIVATION_SEL_SHIFT	16
#define KCSD_ACTIVATION_CDW10_ALL	0x000fffffu
#define KCSD_ACTIVATION_DEACTIVATE	0
#define KCSD_ACTIVATION_ACTIVATE	1

/*
 * Memory Range Set Management, on the compute namespace. A set names pieces of SLM for programs to
 * work on. It lasts until it is deleted or the drive is powered off.
 *   CDW10 [3:0] SEL  [31:16] RSID, of the set to delete; 1 and up
 *   CDW11 NUMR, number of ranges to create a set of; data: that many struct kcsd_memory_range
 * Result of a create: the RSID of the new set, the smallest that is free.
 *
 * Statuses, besides those whose name explains them: Invalid Memory Namespace: the namespace is not
 * the SLM of the drive. Invalid Memory Range Set (U): a range is empty, reaches beyond the SLM, or
 * does not begin or end at a multiple of the granularity. If a range causes the status, the result
 * is the index of that range.
 */
#define KCSD_RANGE_SET_SEL_MASK		0x0000000fu
#define KCSD_RANGE_SET_RSID_SHIFT	16
#define KCSD_RANGE_SET_CDW10_ALL	0xffff000fu
#define KCSD_RANGE_SET_CREATE		0
#define KCSD_RANGE_SET_DELETE		1
#define KCSD_RANGE_GRANULARITY		4096	/* MRSG, bytes */

struct kcsd_memory_range {
	__le32	nsid;		/* KCSD_NSID_SLM */
	__le32	len;		/* bytes */
	__le64	start;		/* first byte */
	__u8	rsvd[16];
};

/*
 * Execute Program, on the compute namespace. The program finds the memory ranges that the command
 * names in its memory (<linux/kcsd_bpf.h>), to read and to write; it can access no LBAs.
 *   CDW2  [15:0] PIND  [31:16] RSID, of the set of ranges; 0: they come with the command
 *   CDW3  [15:0] NUMR, number of ranges that come with the command; 0 if there is an RSID
 *         [31:16] flags, not in TP4091: KCSD_EXEC_AUDIT, KCSD_EXEC_LEN
 *   CDW10-11 CPARAM1	CDW12-13 CPARAM2
 *   addr, data_len	NUMR struct kcsd_memory_range, with KCSD_EXEC_LEN an __le64,
 *				then the arguments of the program
 * Result: the 64-bit return value of the program.
 *
 * The following fields are reserved in the command of TP4091; zero is always valid.
 *   CDW14-15 budget, instructions; 0, or more than the limit of the drive: that limit, which may be
 *		"none". Only a run with a budget is sure to count its instructions.
 *   timeout_ms	time limit of the run; 0, or more than the limit of the drive: that limit
 *   metadata, metadata_len	output: struct kcsd_run_record, then the bytes that the
 *				program emitted. Length 0: no output, no record.
 *				Written when the run completes, with success or not.
 *
 * Ranges that come with the command are checked like those of a set at its creation, and give the
 * same statuses and results. A set cannot be deleted while a run that names it is queued or
 * executing. Ranges are writable, so only a file that is open for writing may name any.
 * Insufficient Program Resources: program, arguments and ranges together do not fit below 4 GiB.
 *
 * KCSD_EXEC_AUDIT: report the LBAs that the run read and wrote. The buffer for the output must then
 * have room for the record and the longest audit, KCSD_MAX_AUDIT extents (else Invalid Field, of
 * MPTR); the program can emit into the rest only. The record gives the place of the audit.
 *
 * KCSD_EXEC_LEN: the length of the stream, in bytes, follows the ranges or grants. The stream of a
 * run is all LBAs that it may read, in the order of the grants; without grants, its memory ranges,
 * in their order. It has all their bytes unless this length ends it earlier: in the middle of an
 * LBA, where a file ends. 0 is an empty stream. A length above the available bytes: Invalid Field,
 * of DPTR. The program gets the length (struct kcsd_ctx); the length does not change what it may
 * access.
 *
 * Each open file may have queue_limit runs in flight. One more fails at once with Insufficient
 * Resources, without DNR: the same command may succeed when one of them has completed. A run counts
 * until its completion is reaped, because its output uses memory until then.
 */
#define KCSD_EXEC_RSID_SHIFT	16
#define KCSD_EXEC_CDW2_ALL	0xffffffffu
#define KCSD_EXEC_NUMR_MASK	0x0000ffffu
#define KCSD_EXEC_AUDIT		(1u << 16)
#define KCSD_EXEC_LEN		(1u << 17)
#define KCSD_EXEC_CDW3_ALL	0x0003ffffu
#define KCSD_MAX_ARGS		65536u		/* bytes after grants, ranges and length */
/* Bytes: 16 MiB of output of a program, and room for record and audit. */
#define KCSD_MAX_OUTPUT		((16u << 20) + 65536)

/*
 * Execute on LBAs, on the compute namespace. The program may access the LBA ranges of namespace 1
 * that the command grants, and no others.
 *   CDW2  [15:0] PIND  [31:16] RSID, of a set of memory ranges that the program finds in its
 *		memory, as with Execute Program; 0: none
 *   CDW3  [15:0] NUMR, number of grants (0..KCSD_MAX_GRANTS)
 *         [31:16] flags, as with Execute Program
 *   addr, data_len	NUMR grants, with KCSD_EXEC_LEN an __le64, then the arguments
 *				of the program
 * All else, and the result, as with Execute Program.
 */
#define KCSD_MAX_GRANTS		128

#define KCSD_GRANT_READ		0x1
#define KCSD_GRANT_WRITE	0x2
#define KCSD_GRANT_ALL		0x3	/* valid on every drive */
#define KCSD_GRANT_APPEND	0x4	/* to zones of which it grants all LBAs */
#define KCSD_GRANT_ANY		0x7	/* each grant has at least one of these */
/* nlb counts zones, and slba is the first LBA of the first zone. */
#define KCSD_GRANT_ZONES	0x80

/*
 * One granted range. The program sees the same structure in its memory, always in LBAs.
 * KCSD_GRANT_APPEND and KCSD_GRANT_ZONES are for zoned drives only. LBA Out of Range: the drive has
 * fewer zones.
 */
struct kcsd_lba_grant {
	__le64	slba;
	__le32	nlb;		/* number of LBAs, not 0's based; not 0 */
	__u8	access;		/* KCSD_GRANT_* */
	__u8	rsvd[3];
};

/*
 * Subsystem Local Memory (TP4131): namespace 2, bytes of memory in the drive. They are zero at
 * power on and lost at power off. Commands may begin at any byte and have any length. Bytes beyond
 * the namespace: LBA Out of Range, and nothing is transferred.
 *
 * Two commands that access the same bytes at once are not ordered, not even by eight bytes: each
 * byte of the outcome is one that one of them would have left. A command sent after another has
 * completed sees all its effects. A Copy that fails or is cancelled has copied nothing, a part, or
 * all.
 *
 * Only the node of namespace 2 counts for permission: a file opened on it for writing may Copy from
 * namespace 1, and needs no file there. A file opened for reading allows only Memory Read.
 *
 * The opcodes except that of Fill, and the fields except as noted, agree in two implementations;
 * (U) marks choices of this drive.
 */
#define KCSD_SLM_COPY		0x01
#define KCSD_SLM_READ		0x02
#define KCSD_SLM_FILL		0x04	/* (U) */
#define KCSD_SLM_WRITE		0x05

/*
 * Memory Read, Memory Write.
 *   CDW10-11 first byte	CDW12 length, bytes; not 0, at most MDTS, equal to data_len
 *
 * Memory Fill (U).
 *   CDW10-11 first byte	CDW12 length, bytes; not 0
 *   CDW13 [7:0] the value to set all of them to
 *
 * Worker threads of the drive execute Copies and Fills of more than MDTS, and Copies that may wait
 * for a file. Open files share these threads as they share compute units. Each open file may have
 * as many in flight as runs (queue_limit); one more fails with Insufficient Resources, without DNR.
 * A long one lets others run now and then, so two of them may complete in another order than they
 * were sent.
 *
 * Memory Copy. data: source descriptors, all of one format.
 *   CDW2-3 length, bytes; the sum of the lengths in the descriptors
 *   CDW10-11 first byte of the destination
 *   CDW12 [7:0] NR, number of descriptors, 0's based (U)  [11:8] CDFT, their format
 * The destination holds the sources one after another. Sources in SLM must not overlap the
 * destination: Overlapping I/O Range (U). If a descriptor is invalid, or its source cannot be read,
 * the result is its index, as for Copy of NVMe.
 */
#define KCSD_COPY_NR_MASK	0x000000ffu
#define KCSD_COPY_FORMAT_SHIFT	8
#define KCSD_COPY_CDW12_ALL	0x00000fffu
#define KCSD_COPY_MAX_SOURCES	256
/* CDFT */
#define KCSD_COPY_LBA		2	/* struct kcsd_copy_lba */
#define KCSD_COPY_LBA_PI	3	/* struct kcsd_copy_lba_pi */
#define KCSD_COPY_SLM		4	/* struct kcsd_copy_slm */

/*
 * LBAs of a namespace: formats 2h and 3h of Copy of NVMe. There is no fast copy and no protection
 * information here: SOPT and the fields after it are reserved.
 */
struct kcsd_copy_lba {
	__le32	snsid;		/* KCSD_NSID_NVM, else Invalid Namespace or Format */
	__u8	rsvd4[4];
	__le64	slba;
	__le16	nlb;		/* 0's based */
	__u8	rsvd18[14];
};

struct kcsd_copy_lba_pi {
	struct kcsd_copy_lba lba;
	__u8	rsvd32[8];
};

/* Bytes of SLM (U). */
struct kcsd_copy_slm {
	__le32	snsid;		/* KCSD_NSID_SLM, else Invalid Memory Namespace */
	__u8	rsvd4[4];
	__le64	saddr;		/* first byte */
	__le64	len;		/* bytes; not 0 */
	__u8	rsvd24[8];
};

/*
 * The NVM command set on namespace 1, also of a zoned drive: Read, Write, Flush, Compare, Verify,
 * Write Zeroes, Dataset Management, Copy, Write Uncorrectable, as in the NVM Command Set
 * Specification; limits are in Identify, CNS 00h and CNS 06h CSI 0. The following is not in there:
 *
 * Write Zeroes, Verify, Copy and Dataset Management are not atomic: a concurrent reader may see a
 * part of them, and a part may have been done when they fail or are cancelled.
 *
 * Dataset Management: all LBAs of all ranges must exist, whatever the attributes. More ranges than
 * DMRL, or more LBAs in all than DMSL: Command Size Limit Exceeded. Identify therefore reports the
 * command with bit 2 of ONCS clear: with that bit set, these limits would be advice. Deallocate
 * makes the LBAs read as zeroes, but has no effect in sequential zones. The drive ignores other
 * attributes and the attributes of a range.
 *
 * Copy: source descriptors of format 0h, without protection information. A source that overlaps the
 * destination: Overlapping I/O Range. If a source causes the status, the result is its index, from
 * 0.
 *
 * Write Uncorrectable: reads fail with Unrecovered Read Error until the LBA is written, zeroed or
 * deallocated, or its zone is reset. These LBAs are retained as long as the directory of the drive
 * exists, like bad blocks, which have a list of their own; the directory also shows them. Capacity
 * Exceeded: the list is full.
 *
 * In a sequential zone, Write Zeroes, Write Uncorrectable and the destination of a Copy are writes
 * like any other: at the write pointer, within the capacity, or they fail with the statuses of
 * zones.
 */
/*
 * Format NVM (admin, 80h), of namespace 1. Afterwards its LBAs read as zeroes, its zones that can
 * be reset are empty, and it has no bad blocks. There is one format, 0. Secure erase settings 0 and
 * 1 do the same: memory is overwritten, the space of the backing file is deallocated. Other
 * accesses to namespace 1 (commands, requests of the block node, reads and writes of programs)
 * complete before it begins, or fail with Format In Progress. It takes as long as the erase. Once
 * the erase has begun it cannot be cancelled: if the submitter is killed, it waits for the end.
 * Power off stops it with Command Abort Requested; a part of the LBAs is then erased, and perhaps
 * all zones are. A media error also stops it. The kernel log reports both.
 *
 * Sanitize (admin, 84h): Block Erase or Overwrite of all LBAs, of their cached data, and of zones
 * that are read-only or offline. It completes at once and continues in the background; log page 81h
 * reports the progress. It clears the memory of namespace 2 and of compute units, and empties log
 * page C0h; loaded programs stay. Runs in flight complete with Program Cancelled, Memory Copies and
 * Fills with Command Abort Requested or Sanitize In Progress. Until it is finished, I/O commands,
 * admin commands except Identify, Get Log Page, Get and Set Features, and accesses of programs fail
 * with Sanitize In Progress. If it fails, they fail with Sanitize Failed, until another Sanitize
 * succeeds or, if Allow Unrestricted Sanitize Exit was set, until Exit Failure Mode. Power off
 * interrupts it, and power on starts it over. This state is retained as long as the directory of
 * the drive exists.
 */
#define KCSD_NVM_COPY		0x19	/* not in <linux/nvme.h> */

/*
 * Source of a Copy, format 0h. Reserved bytes are not checked, because nvme-cli does not clear
 * them. There is no protection information: the last three fields are 0.
 */
struct kcsd_nvm_copy_lba {
	__u8	rsvd0[8];
	__le64	slba;
	__le16	nlb;		/* 0's based */
	__u8	rsvd18[6];
	__le32	eilbrt;
	__le16	elbat;
	__le16	elbatm;
};

/* The engine that ran a program. */
#define KCSD_ENGINE_NONE	0	/* the run did not start */
#define KCSD_ENGINE_INTERP	1
#define KCSD_ENGINE_JIT		2
#define KCSD_ENGINE_LOWERED	3	/* the input of the JIT, interpreted: never on a drive */

/* The program emitted more than fits the buffer: a part of its output is missing. */
#define KCSD_RECORD_CUT		0x1
/*
 * The medium failed an access of the program, or a zone refused one; the helper returned the error
 * to the program. lba is the first LBA of the first such access; for an access that is moved in
 * pieces, the first LBA of the piece, and for an append that of the zone. If reason is LBA_READ or
 * LBA_WRITE, lba belongs to reason instead. The status of that access is in the error log, with
 * namespace 1, and in log page C0h: one entry for each run.
 */
#define KCSD_RECORD_MEDIUM	0x2

/* Outcome and cost of a run. The output of every run begins with it. */
struct kcsd_run_record {
	__le32	size;		/* bytes of this record */
	__le32	reason;		/* KCSD_FAULT_*; 0: the program returned */
	__le32	pc;		/* instruction, in units of 8 bytes */
	__le32	helper;		/* helper that was executing, 0: none */
	__le64	addr;		/* guest address of the failed access */
	__le64	lba;		/* LBA of the failed access, for reason or KCSD_RECORD_MEDIUM */
	__le64	result;		/* r0 */
	__le64	insns;		/* instructions executed; 0: not counted (JIT, no budget) */
	__le64	run_ns;		/* time on the compute unit */
	__le64	wait_ns;	/* time in the queue for a unit */
	__le64	read_bytes;	/* read from media by this run */
	__le64	written_bytes;	/* written to media by this run */
	__le32	out_len;	/* bytes emitted; they follow the record */
	__le16	engine;		/* KCSD_ENGINE_* */
	__le16	flags;		/* KCSD_RECORD_* */
	__le32	audit_off;	/* struct kcsd_audit_header, bytes from the start of the record; */
				/* a multiple of 8. 0: no audit was requested */
	__le32	audit_len;	/* bytes of header and extents */
};

/*
 * The audit of a run: this header, then extents in the order of their first LBA. Extents with the
 * same first LBA: read before written before appended. Extents of the same access never overlap and
 * are never adjacent: each time the program accesses LBAs, all extents of that access that the LBAs
 * overlap or adjoin become one. The audit leaves out accesses that were not granted or that a zone
 * refused. It includes accesses that the medium failed, as a part may have been moved, but not a
 * failed append, whose LBAs can never be read.
 *
 * KCSD_AUDIT_OVERFLOW: an access is missing, because it overlapped or adjoined no extent and there
 * already were KCSD_MAX_AUDIT of them. The reported extents are exact nevertheless.
 */
#define KCSD_MAX_AUDIT		512	/* extents of all kinds together */
#define KCSD_AUDIT_OVERFLOW	0x1u

struct kcsd_audit_header {
	__le32	nr;		/* extents that follow */
	__le32	flags;		/* KCSD_AUDIT_* */
	__u8	rsvd[8];
};

struct kcsd_audit_extent {
	__le64	slba;
	__le64	nlb;		/* number of LBAs */
	__u8	access;		/* KCSD_GRANT_READ, _WRITE or _APPEND: one of them */
	__u8	rsvd[7];
};

/*
 * Reason for the completion of a run. The status of the command is KCSD_SC_PROGRAM_FAULT, except
 * for reasons with a status of their own (BUDGET, TIME, CANCELLED). X(value, NAME, "sentence")
 */
#define KCSD_FAULTS(X) \
	X(0, NONE,	"the program ran to its end") \
	X(1, MEMORY,	"access outside the program's memory") \
	X(2, LBA_READ,	"read of an LBA that was not granted") \
	X(3, LBA_WRITE,	"write of an LBA that was not granted") \
	X(4, BUDGET,	"instruction budget exceeded") \
	X(5, TIME,	"time limit exceeded") \
	X(6, CANCELLED,	"cancelled") \
	X(7, INTERNAL,	"the drive ran out of memory for the run") \
	X(8, INJECTED,	"the drive was told to fail the run")

enum kcsd_fault {
#define KCSD_FAULT_ENUM(value, name, text) KCSD_FAULT_##name = value,
	KCSD_FAULTS(KCSD_FAULT_ENUM)
#undef KCSD_FAULT_ENUM
};

/*
 * Reason for the refusal of a program at load; "pc" counts units of 8 bytes. X(value, NAME,
 * "sentence")
 */
#define KCSD_VERDICTS(X) \
	X(0,  OK,		"valid") \
	X(1,  EMPTY,		"the program has no instructions") \
	X(2,  TOO_LONG,		"the program has too many instructions") \
	X(3,  OPCODE,		"unknown or unsupported instruction") \
	X(4,  RESERVED,		"a field that the instruction does not use is not zero") \
	X(5,  REGISTER,		"no such register") \
	X(6,  R10,		"write to the frame pointer r10") \
	X(7,  WIDE,		"incomplete or malformed 64-bit immediate") \
	X(8,  JUMP,		"jump outside the function") \
	X(9,  JUMP_WIDE,	"jump into the middle of a 64-bit immediate") \
	X(10, FALL_OFF,		"the function can run past its last instruction") \
	X(11, HELPER,		"call of an unknown helper") \
	X(12, CALL,		"call of something that is no function of this program") \
	X(13, RECURSION,	"recursive call") \
	X(14, DEPTH,		"calls nested too deep") \
	X(16, IMAGE,		"malformed program image") \
	X(17, MEMORY,		"the program needs more memory than a compute unit has") \
	X(18, LINUX_HELPER,	"call of a helper of Linux's: include <kcsd_helpers.h>, " \
				"not <bpf/bpf_helpers.h>")

enum kcsd_check {
#define KCSD_VERDICT_ENUM(value, name, text) KCSD_VERDICT_##name = value,
	KCSD_VERDICTS(KCSD_VERDICT_ENUM)
#undef KCSD_VERDICT_ENUM
};

/* The result of a refused load. */
#define KCSD_LOAD_RESULT(check, pc)	((__u64)(check) << 32 | (__u32)(pc))
#define KCSD_LOAD_RESULT_VERDICT(result)	((__u32)((result) >> 32))
#define KCSD_LOAD_RESULT_PC(result)	((__u32)(result))

/*
 * A program in the form in which it is loaded: this header, then instructions, then initialised
 * data. Without the magic, the drive takes all bytes as plain instructions. (The first byte of the
 * magic is no legal opcode, so the two forms cannot be confused.)
 *
 * Data is placed at guest address KCSD_GUEST_DATA (<linux/kcsd_bpf.h>), fresh for every run,
 * followed by bss_len zeroes. An address in data is a plain number in a 64-bit immediate. The entry
 * point is the first instruction.
 */
#define KCSD_IMAGE_MAGIC	"\377KCSDBPF"
#define KCSD_IMAGE_MAGIC_LEN	8
#define KCSD_IMAGE_VERSION	1
#define KCSD_PROGRAM_NAME_LEN	32

struct kcsd_image {
	__u8	magic[KCSD_IMAGE_MAGIC_LEN];
	__le16	version;	/* KCSD_IMAGE_VERSION */
	__le16	hdr_len;	/* sizeof(struct kcsd_image) */
	__le32	insn_cnt;	/* units of 8 bytes */
	__le32	data_len;	/* bytes that follow the instructions */
	__le32	bss_len;	/* bytes of zeroes after the data */
	__le32	heap_len;	/* bytes of zeroed heap to provide */
	__le32	rsvd;
	char	name[KCSD_PROGRAM_NAME_LEN];	/* printable, then NULs to the end */
};

/*
 * Vendor-specific features: limits of every run. A command can have lower limits of its own, never
 * higher ones. Set Features changes the limits up or down until power off, for later commands; SEL
 * 1 of Get Features returns those of the configuration.
 */
#define KCSD_FEATURE_TIMEOUT	0xc0	/* CDW11: time limit, ms, from 1 */
#define KCSD_FEATURE_BUDGET	0xc1	/* CDW11-12: instructions; 0: none. Result: 64 bits */
#define KCSD_MAX_TIMEOUT_MS	86400000	/* a day */

/* Log pages. */
#define KCSD_LOG_PROGRAM_LIST	0x82	/* TP4091: header, then descriptors */
#define KCSD_LOG_PROGRAM_TYPES	0x83	/* TP4091: the types that can be loaded */
#define KCSD_LOG_RANGE_SET_LIST	0x84	/* TP4091: the memory range sets */
#define KCSD_LOG_PROGRAM_OUTPUT	0xc0	/* vendor: program log (lines of programs, faults) */

/*
 * Program List, log page 82h: a 16-byte header, then one descriptor for each
 * program index, empty ones included.
 */
struct kcsd_program_list {
	__le16	nr;		/* descriptors that follow */
	__u8	rsvd[14];
};

#define KCSD_PROGRAM_PEOCC_EMPTY	0
#define KCSD_PROGRAM_PEOCC_DEVICE	1
#define KCSD_PROGRAM_PEOCC_DOWNLOADED	2

struct kcsd_program_desc {
	__u8	state;		/* [1:0] PEOCC  [2] ACT  [5:3] PIT */
	__u8	ptype;
	__u8	rsvd2[6];
	__le64	puid;
	__le32	psize;		/* bytes as loaded */
	__le32	rsvd20;		/* from here on vendor specific */
	char	name[KCSD_PROGRAM_NAME_LEN];
	__u8	rsvd56[8];
};

#define KCSD_PROGRAM_PEOCC(state)	((state) & 3)
#define KCSD_PROGRAM_ACT		(1u << 2)

/*
 * Downloadable Program Types List, log page 83h (U): a 16-byte header, then an entry for each PTYPE
 * that Load Program accepts.
 */
struct kcsd_program_type_list {
	__le16	nr;		/* entries that follow */
	__u8	rsvd[14];
	struct {
		__u8	ptype;
		__u8	rsvd[15];
	} type[];
};

/*
 * Memory Range Set List, log page 84h (U): a 16-byte header, then the sets in ascending order of
 * RSID, each a 16-byte descriptor and its ranges.
 */
struct kcsd_range_set_list {
	__le16	nr;		/* sets that follow */
	__u8	rsvd[14];
};

struct kcsd_range_set_desc {
	__le16	rsid;
	__le16	numr;		/* struct kcsd_memory_range that follow */
	__le32	users;		/* runs that use it; it cannot be deleted while there are any */
	__u8	rsvd[8];
};

/*
 * Program log, log page C0h: up to KCSD_LOG_ENTRIES entries, oldest first: lines that programs
 * logged, faults that completed runs, and accesses of runs that the medium failed. When it is full,
 * a new entry replaces the oldest one of the user with the most entries, and among that user's
 * entries of the open file with the most: so a noisy user loses entries of their own. seq counts
 * from 1 and has gaps only where entries were lost. Reading changes nothing. Sanitize deletes all
 * entries.
 */
#define KCSD_LOG_ENTRIES	256
#define KCSD_LOG_TEXT_LEN	96
#define KCSD_LOG_LINE		1
#define KCSD_LOG_FAULT		2
#define KCSD_LOG_MEDIUM		3

struct kcsd_log_header {
	__le32	nr;		/* entries that follow */
	__le32	entry_len;	/* sizeof(struct kcsd_log_entry) */
	__le64	rsvd;
};

struct kcsd_log_entry {
	__le64	seq;
	__le64	time_ns;	/* CLOCK_REALTIME */
	__le16	pind;
	__u8	type;		/* KCSD_LOG_LINE, _FAULT or _MEDIUM */
	__u8	text_len;
	__le32	reason;		/* KCSD_FAULT_*, for _FAULT; KCSD_SC_*, for _MEDIUM */
	__le32	pc;		/* for _FAULT */
	__le32	rsvd;
	__le64	lba;		/* of the failed access, for _MEDIUM and _FAULT (else 0) */
	char	text[KCSD_LOG_TEXT_LEN];	/* not NUL-terminated */
};

/*
 * Identify Namespace, CNS 05h, CSI 04h. The offsets are not from the standard, whose text was not
 * available.
 */
struct kcsd_id_ns_compute {
	__le16	maxact;		/* programs active at once */
	__le16	maxmemrs;	/* memory range sets */
	__le16	mrsg;		/* memory range granularity, bytes */
	__u8	maxmemr;	/* memory ranges in a set */
	__u8	lpg;		/* load program granularity, 2^n bytes */
	__le64	maxpb;		/* size of all programs, in MiB */
	/* from here on vendor specific */
	__le16	maxprog;	/* program indices that the host can load to, from 0 */
	__le16	cus;		/* compute units */
	__le32	max_program_len;	/* bytes of one program */
	__le64	arena_len;	/* bytes of memory a program can have */
	__le64	insn_budget;	/* limit of a run, instructions; 0: none */
	__le32	timeout_ms;	/* limit of a run */
	__le16	nr_device;	/* indices of device-defined programs, from maxprog */
	__u8	rsvd[4050];
};

/* Identify Namespace, CNS 05h, CSI 03h (U): the SLM of a drive. */
struct kcsd_id_ns_slm {
	__le64	size;		/* bytes */
	__le32	max_sources;	/* descriptors of one Memory Copy */
	__u8	rsvd[4084];
};

/*
 * Status codes that a drive returns. SCT 0 and 2 and the NVM codes of SCT 1 as in the NVMe Base and
 * NVM specifications, 189h to 19Bh as in TP4091, 1B8h to 1BFh as in the Zoned Namespace Command
 * Set; SCT 7 is vendor specific. X(value, NAME, "sentence")
 */
#define KCSD_STATUSES(X) \
	X(0x000, SUCCESS,			"Success") \
	X(0x001, INVALID_OPCODE,		"Invalid Command Opcode") \
	X(0x002, INVALID_FIELD,			"Invalid Field in Command") \
	X(0x007, ABORT_REQUESTED,		"Command Abort Requested") \
	X(0x00b, INVALID_NS,			"Invalid Namespace or Format") \
	X(0x01c, SANITIZE_FAILED,		"Sanitize Failed") \
	X(0x01d, SANITIZE_IN_PROGRESS,		"Sanitize In Progress") \
	X(0x080, LBA_RANGE,			"LBA Out of Range") \
	X(0x081, CAPACITY_EXCEEDED,		"Capacity Exceeded") \
	X(0x082, NS_NOT_READY,			"Namespace Not Ready") \
	X(0x084, FORMAT_IN_PROGRESS,		"Format In Progress") \
	X(0x109, INVALID_LOG_PAGE,		"Invalid Log Page") \
	X(0x10a, INVALID_FORMAT,		"Invalid Format") \
	X(0x10d, FEATURE_NOT_SAVEABLE,		"Feature Identifier Not Saveable") \
	X(0x10e, FEATURE_NOT_CHANGEABLE,	"Feature Not Changeable") \
	X(0x10f, FEATURE_NOT_PER_NS,		"Feature Not Namespace Specific") \
	X(0x183, COMMAND_SIZE,			"Command Size Limit Exceeded") \
	X(0x187, OVERLAPPING_IO_RANGE,		"Overlapping I/O Range") \
	X(0x189, INSUFFICIENT_RESOURCES,	"Insufficient Resources") \
	X(0x18a, INSUFFICIENT_PROGRAM_RESOURCES, "Insufficient Program Resources") \
	X(0x18b, INVALID_MEMORY_NS,		"Invalid Memory Namespace") \
	X(0x18c, INVALID_RANGE_SET,		"Invalid Memory Range Set") \
	X(0x18d, INVALID_RANGE_SET_ID,		"Invalid Memory Range Set Identifier") \
	X(0x18e, INVALID_PROGRAM_DATA,		"Invalid Program Data") \
	X(0x18f, INVALID_PROGRAM_INDEX,		"Invalid Program Index") \
	X(0x190, INVALID_PROGRAM_TYPE,		"Invalid Program Type") \
	X(0x191, MAX_RANGES,			"Maximum Memory Ranges Exceeded") \
	X(0x192, MAX_RANGE_SETS,		"Maximum Memory Range Sets Exceeded") \
	X(0x193, MAX_ACTIVATED,			"Maximum Programs Activated") \
	X(0x194, MAX_PROGRAM_BYTES,		"Maximum Program Bytes Exceeded") \
	X(0x195, RANGE_SET_IN_USE,		"Memory Range Set In Use") \
	X(0x196, NO_PROGRAM,			"No Program") \
	X(0x197, OVERLAPPING_RANGES,		"Overlapping Memory Ranges") \
	X(0x198, NOT_ACTIVATED,			"Program Not Activated") \
	X(0x199, PROGRAM_IN_USE,		"Program In Use") \
	X(0x19a, NOT_DOWNLOADABLE,		"Program Index Not Downloadable") \
	X(0x19b, PROGRAM_TOO_BIG,		"Program Too Big") \
	X(0x1b8, ZONE_BOUNDARY,			"Zone Boundary Error") \
	X(0x1b9, ZONE_FULL,			"Zone Is Full") \
	X(0x1ba, ZONE_READ_ONLY,		"Zone Is Read Only") \
	X(0x1bb, ZONE_OFFLINE,			"Zone Is Offline") \
	X(0x1bc, ZONE_INVALID_WRITE,		"Zone Invalid Write") \
	X(0x1bd, TOO_MANY_ACTIVE_ZONES,		"Too Many Active Zones") \
	X(0x1be, TOO_MANY_OPEN_ZONES,		"Too Many Open Zones") \
	X(0x1bf, INVALID_ZONE_TRANSITION,	"Invalid Zone State Transition") \
	X(0x280, WRITE_FAULT,			"Write Fault") \
	X(0x281, READ_ERROR,			"Unrecovered Read Error") \
	X(0x285, COMPARE_FAILED,		"Compare Failure") \
	X(0x701, PROGRAM_FAULT,			"Program Fault") \
	X(0x702, PROGRAM_BUDGET,		"Program Budget Exceeded") \
	X(0x703, PROGRAM_TIME,			"Program Time Exceeded") \
	X(0x704, PROGRAM_CANCELLED,		"Program Cancelled")

enum kcsd_status {
#define KCSD_STATUS_ENUM(value, name, text) KCSD_SC_##name = value,
	KCSD_STATUSES(KCSD_STATUS_ENUM)
#undef KCSD_STATUS_ENUM
};

/*
 * The field that made a command invalid: its first byte in the submission queue entry, as in the
 * Parameter Error Location of the Error Information log of NVMe. DPTR stands for the data itself
 * and its length. X(byte, NAME, "text")
 */
#define KCSD_FIELDS(X) \
	X(4,  NSID,	"NSID") \
	X(8,  CDW2,	"CDW2") \
	X(12, CDW3,	"CDW3") \
	X(16, MPTR,	"MPTR (metadata)") \
	X(24, DPTR,	"DPTR (data)") \
	X(40, CDW10,	"CDW10") \
	X(44, CDW11,	"CDW11") \
	X(48, CDW12,	"CDW12") \
	X(52, CDW13,	"CDW13") \
	X(56, CDW14,	"CDW14") \
	X(60, CDW15,	"CDW15")

enum kcsd_field {
#define KCSD_FIELD_ENUM(byte, name, text) KCSD_FIELD_##name = byte,
	KCSD_FIELDS(KCSD_FIELD_ENUM)
#undef KCSD_FIELD_ENUM
};

#define KCSD_SC_MASK	0x7ff	/* SCT and SC */
#define KCSD_SC_DNR	0x4000	/* do not retry */

#endif
