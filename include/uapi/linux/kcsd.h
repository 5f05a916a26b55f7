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
 *	/dev/kcsdg0n4	namespace 4, Key Value (unless kv_size is 0)
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
 * enum kcsd_field.
 */
#ifndef _UAPI_LINUX_KCSD_H
#define _UAPI_LINUX_KCSD_H

#include <linux/types.h>

/* Namespaces of every drive. The numbers are fixed; they do not count namespaces. */
#define KCSD_NSID_NVM		1
#define KCSD_NSID_SLM		2
#define KCSD_NSID_COMPUTE	3
#define KCSD_NSID_KV		4
#define KCSD_NN			4	/* the largest NSID */

/* Command set identifiers, NVMe Base, "I/O Command Sets". */
#define KCSD_CSI_NVM		0
#define KCSD_CSI_KV		1
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
#define KCSD_CMD_SOURCES		0x85	/* vendor specific */
#define KCSD_CMD_EXECUTE_SOURCES	0x89	/* vendor specific */
#define KCSD_CMD_RUN_RECEIVE		0x8a	/* vendor specific */

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
 * Ranges that come with the command are validated like those of a set at its creation, and give the
 * same statuses and results. A set cannot be deleted while a run that names it is queued or
 * running. Ranges are writable, so only a file that is open for writing may name any.
 * Insufficient Program Resources: program, arguments and ranges together do not fit below 4 GiB.
 *
 * KCSD_EXEC_AUDIT: report the LBAs that the run read and wrote. The buffer for the output must then
 * have room for the record and the longest audit, KCSD_MAX_AUDIT ranges (else Invalid Field, of
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
#define KCSD_GRANT_MANAGE	0x8	/* reset and finish zones of which it grants all LBAs */
#define KCSD_GRANT_ANY		0xf	/* each grant has at least one of these */
/* nlb counts zones, and slba is the first LBA of the first zone. */
#define KCSD_GRANT_ZONES	0x80

/*
 * One granted range. The program sees the same structure in its memory, always in LBAs.
 * KCSD_GRANT_APPEND, _MANAGE and _ZONES are for zoned drives only. LBA Out of Range: the drive has
 * fewer zones.
 */
struct kcsd_lba_grant {
	__le64	slba;
	__le32	nlb;		/* number of LBAs, not 0's based; not 0 */
	__u8	access;		/* KCSD_GRANT_* */
	__u8	rsvd[3];
};

/*
 * One source of a stream. A stream is its sources, one after another, without gaps. The bytes of a
 * source of LBAs begin with the first byte of LBA start; if len is no multiple of the LBA size, its
 * last LBA counts in part.
 */
#define KCSD_SOURCE_LBAS	0	/* start: first LBA of namespace 1 */
#define KCSD_SOURCE_ZEROES	1	/* start: 0 */
#define KCSD_SOURCE_BYTES	2	/* start: offset in the bytes of the source list */
/*
 * An object of namespace 4. start: offset of its struct kcsd_kv_key in the bytes of the source
 * list. len: 0: the whole value; else no more than its first bytes. Read only. A run looks each key
 * up when it is created: it reads the value of that moment, whatever happens to the object
 * meanwhile. The status of the run, with the index of the source as its result, is then: Key Does
 * Not Exist: there is no such object; Invalid Key Size: that is no valid struct kcsd_kv_key;
 * Invalid Source List: the stream would be longer than 2^63 - 1 bytes. A run takes 48 bytes of
 * memory of the drive for each source of a list with objects: Insufficient Resources if it and the
 * lists of the open file would take more than KCSD_MAX_LIST_MEMORY. On a drive without namespace 4
 * the source is refused with Invalid Namespace or Format. Format of namespace 4 and Sanitize cancel
 * the run.
 */
#define KCSD_SOURCE_OBJECT	3

struct kcsd_source {
	__le64	start;
	__le64	len;		/* bytes; not 0 except of objects */
	__u8	type;		/* KCSD_SOURCE_* */
	__u8	access;		/* KCSD_GRANT_READ, for LBAs also with KCSD_GRANT_WRITE */
	__u8	rsvd[6];
};

struct kcsd_kv_key {
	__u8	len;		/* bytes, 1 to KCSD_KV_MAX_KEY */
	__u8	rsvd[7];
	__u8	key[16];	/* zeroes after the key */
};

/* A prefix of keys under which a program may store objects (helper kv_store). */
struct kcsd_key_grant {
	__u8	len;		/* bytes; 0: all keys */
	__u8	access;		/* KCSD_GRANT_WRITE */
	__u8	rsvd[6];
	__u8	prefix[16];	/* zeroes after the prefix */
};

/*
 * Source List Management, on the compute namespace (vendor specific). A source list is the stream
 * of runs that have more sources than fit a command, or other sources than LBAs. It belongs to the
 * open file that sent it, and lasts until it is deleted or the file is closed.
 *   CDW10 [15:0] SLID, chosen by the host: 1 to KCSD_MAX_SOURCE_LISTS  [19:16] SEL
 *
 * KCSD_SOURCES_ADD: add sources. The one with index 0 begins a new list; it replaces a list of this
 * SLID. The others arrive in order. All must be valid: else the command adds none.
 *   CDW11 sources of the whole list, not 0	CDW12 index of the first source of this command
 *   CDW13 bytes of the whole list; CDW11 and CDW13 are the same in all commands of a list
 *   data: struct kcsd_source, one or more
 * A source takes 48 bytes of memory of the drive, charged to the sender. Insufficient Resources:
 * the lists of the open file would take more than KCSD_MAX_LIST_MEMORY.
 * KCSD_SOURCES_BYTES: add bytes, for sources of this kind; in order, too.
 *   CDW12 offset of the first byte of this command	data: the bytes, one or more
 * A list is complete when all its sources and bytes have arrived.
 *
 * Sources of LBAs with KCSD_GRANT_WRITE can be written by the helper stream_write. They need a file
 * that is open for writing, else EACCES, and a drive that is not zoned, else Invalid Field. Runs
 * use a list with such a source only while it is watched, else Invalid Source List.
 *
 * KCSD_SOURCES_WATCH: watch the LBAs of a complete list. Once the command has completed, all
 * changes that were under way are over, and the next one of a source trips the watch before its
 * first byte changes: a write, append, zeroing, deallocation, reset of its zone, Write
 * Uncorrectable, Format or Sanitize, by any front end and any program. A run that uses the list
 * ends with KCSD_FAULT_CHANGED before its program gets a byte that was read after that. So all that
 * programs read from the list is as it was when this command completed, but for what runs of this
 * list have written to it, which does not trip it. Nor do they write to it after another change has
 * begun: that ends them in the same way. To send it again arms the
 * watch again. Insufficient Resources: KCSD_MAX_WATCHES lists of the drive, half as many of this
 * user, or KCSD_MAX_FILE_WATCHES of this open file are watched; this list then is not.
 * KCSD_SOURCES_DELETE: delete the list.
 *
 * KCSD_SC_INVALID_SOURCE_LIST: there is no such list, it is not complete, or it is complete and
 * gets more. KCSD_SC_SOURCE_LIST_IN_USE: a run, or another of these commands, uses it now. LBA Out
 * of Range: the drive does not have all LBAs of a source. If a source causes the status, the result
 * is its index in the list.
 */
#define KCSD_SOURCES_SEL_SHIFT	16
#define KCSD_SOURCES_CDW10_ALL	0x000fffffu
#define KCSD_SOURCES_ADD	0
#define KCSD_SOURCES_BYTES	1
#define KCSD_SOURCES_WATCH	2
#define KCSD_SOURCES_DELETE	3
#define KCSD_MAX_SOURCE_LISTS	16		/* of an open file */
#define KCSD_MAX_SOURCES	(1u << 20)	/* of a list */
#define KCSD_MAX_SOURCE_BYTES	(24u << 20)	/* of a list, in bytes: a key for each source */
#define KCSD_MAX_LIST_MEMORY	(128u << 20)	/* of all lists of an open file, in bytes */
#define KCSD_MAX_WATCHES	64		/* of a drive */
#define KCSD_MAX_FILE_WATCHES	4		/* of an open file */

/*
 * Execute on Sources, on the compute namespace (vendor specific).
 *   CDW2  [15:0] PIND  [31:16] RSID, as with Execute on LBAs
 *   CDW3  [15:0] SLID, of a complete list of this open file, which is the stream. 0: none; the
 *		stream is what the grants have to read, as with Execute on LBAs
 *   CDW10-11 CPARAM1	CDW12-13 CPARAM2
 *   addr, data_len	struct kcsd_run_header, then the grants, then nr_key_grants struct
 *			kcsd_key_grant, then the arguments of the program. Key grants need a file
 *			that is open for writing, else EACCES
 *   metadata, metadata_len	output, as with Execute Program, if OID is 0. A buffer of the host
 *				that a transport does not carry: with OID there must be none.
 * The fields of the header are those that the other two commands have elsewhere; none of them would
 * reach a drive behind a transport there; timeout_ms of the command is ignored.
 */
struct kcsd_run_header {
	__le32	size;		/* sizeof(struct kcsd_run_header) */
	__le32	flags;		/* KCSD_RUN_HEADER_* */
	__le64	budget;		/* instructions */
	__le64	stream_len;	/* with KCSD_RUN_HEADER_LEN */
	__le32	timeout_ms;
	__le32	out_len;	/* with OID: bytes of output that the drive keeps */
	__le16	oid;		/* output ID, 1 to KCSD_MAX_OUTPUTS; 0: output goes to metadata */
	__le16	nr_grants;	/* <= KCSD_MAX_GRANTS */
	__le16	nr_key_grants;	/* <= KCSD_MAX_KEY_GRANTS */
	__u8	rsvd[26];
};

#define KCSD_MAX_KEY_GRANTS	64

#define KCSD_RUN_HEADER_AUDIT	0x1	/* as KCSD_EXEC_AUDIT */
#define KCSD_RUN_HEADER_LEN	0x2	/* as KCSD_EXEC_LEN; not with SLID */
#define KCSD_RUN_HEADER_WAIT	0x4	/* wait for the reader; with OID */

/*
 * Run Receive, on the compute namespace (vendor specific): receive the output of a run that was
 * sent with an OID, while it runs or afterwards.
 *   CDW10 [15:0] OID  [16] RECORD	CDW11 NUMB, bytes of the buffer
 *   addr, data_len	the buffer; data_len is NUMB, at most KCSD_MAX_RECEIVE: it stays pinned
 *			while the command waits
 *   result		[31:0] bytes transferred  [32] END: there will be no more
 * Returns bytes that no command has received yet, in order. Waits for the end of the run, or until
 * it has emitted up to the next multiple of a page of memory. Cancel it like a run.
 *
 * With KCSD_RECEIVE_RECORD, and only after END: returns the record of the run and its audit, both
 * whole (else Invalid Field, of CDW11; 0x8000 bytes suffice), and releases the output.
 *
 * Sanitize drops output: END, and a record with KCSD_RECORD_CUT whose out_len is 0. Command Abort
 * Requested: it has not ended the run yet. A command that waits at power off returns -ENODEV.
 *
 * Output lasts until it is released, until another run is sent with its OID, or until the file is
 * closed. OIDs are of the open file that sent the run. Memory is charged to the sender.
 *
 * The drive keeps out_len bytes, at most KCSD_MAX_OUTPUT. A program that emits more gets -ENOSPC,
 * and KCSD_RECORD_CUT is set. With KCSD_RUN_HEADER_WAIT that is the size of a buffer, at least
 * KCSD_MIN_WINDOW: while it is full, the run waits. It then occupies no compute unit, and the time
 * counts as waiting, and for its time limit only if it reads objects, which pin their space until
 * it ends. KCSD_MAX_WAITING_RUNS of these may be under way on a
 * drive, half of them of one user; one more: Insufficient Resources, without DNR. out_len of the
 * record is 2^32 - 1 for more than that.
 *
 * KCSD_SC_INVALID_OUTPUT: there is no output of this OID. KCSD_SC_OUTPUT_IN_USE: another command
 * receives it; RECORD came before END; or, from Execute on Sources, the run before has not ended.
 */
#define KCSD_RECEIVE_RECORD		(1u << 16)
#define KCSD_RECEIVE_CDW10_ALL		0x0001ffffu
#define KCSD_RECEIVE_END		(1ull << 32)	/* in the result */
#define KCSD_MAX_OUTPUTS		16		/* of an open file */
#define KCSD_MIN_WINDOW			(128u << 10)	/* bytes */
#define KCSD_MAX_RECEIVE		(1u << 20)	/* bytes of a command */
#define KCSD_MAX_WAITING_RUNS		32		/* of a drive */

/*
 * Device time. A drive with a model of time computes for each command how long a real drive would
 * take: Documentation/timing.rst. With the real clock a command completes at that time, not
 * earlier. With the virtual clock it completes at once, and tells its device time.
 *
 * With the virtual clock each open file is a stream of commands, in the order in which they are
 * sent. In a closed loop of depth n a command arrives when the earliest of n slots is free; each
 * open file begins with depth 1. Or commands arrive at times that the host names. The same commands
 * of one open file have the same times on any host. So have those of several open files if all name
 * their arrivals, and wait for their turn; otherwise the drive is marked (KCSD_TIMING_MARKED).
 *
 * Timing (vendor specific), on any namespace, without data. A drive without a model: No Model.
 *   CDW10 [7:0] SEL
 * KCSD_TIMING_SETUP: set up this open file. Commands count from 1 again.
 *   CDW11 depth, 1 to KCSD_TIMING_MAX_DEPTH; 1 with KCSD_TIMING_ARRIVALS
 *   CDW12 flags: KCSD_TIMING_RESULT, ...
 *   CDW13 number of the stream: among commands of several files with equal arrivals, those of the
 *	 lower number come first. 0 without KCSD_TIMING_ARRIVALS
 * KCSD_TIMING_ARRIVAL: the next commands of this open file arrive at this time, up to the next
 * KCSD_TIMING_ARRIVAL. Waits until no other open file with KCSD_TIMING_ARRIVALS can send a command
 * that arrives earlier: until it has named a later arrival, is set up without, or is closed.
 *   CDW12-13 ns of device time, at most KCSD_TIMING_MAX_ARRIVAL; not before the last one (else
 *	Invalid Field)
 *
 * KCSD_TIMING_ARRIVALS needs a node that is open for writing or CAP_SYS_ADMIN, else EACCES: device
 * time goes on for all others, too.
 */
#define KCSD_CMD_TIMING			0x90
#define KCSD_TIMING_SEL_MASK		0xffu
#define KCSD_TIMING_SETUP		0
#define KCSD_TIMING_ARRIVAL		1
#define KCSD_TIMING_MAX_DEPTH		4096
#define KCSD_TIMING_MAX_ARRIVAL		(1ull << 61)	/* half of all device time */
/*
 * The result of commands that succeed and have no result of their own is their device time, ns.
 * (A run tells it in its record, all commands in log page C4h.)
 */
#define KCSD_TIMING_RESULT		0x1
#define KCSD_TIMING_LOG			0x2	/* log the device times: log page C4h */
#define KCSD_TIMING_ARRIVALS		0x4	/* virtual clock: the host names the arrivals */
#define KCSD_TIMING_FLAGS_ALL		0x7

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
#define KCSD_SLM_COPY_MAX_SOURCES	256
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
 * The Key Value command set, on namespace 4: objects, each a value under a key. NVMe Key Value
 * Command Set. An object is stored, overwritten or deleted as a whole or not at all, also if power
 * is lost. What was stored or deleted is durable after Flush, or at once while the volatile write
 * cache is turned off (Set Features).
 *
 * A key is KCSD_KV_MAX_KEY bytes at most, of any value: the first 8 in CDW2-3, the others in
 * CDW14-15, byte 0 in bits 7:0 of CDW2; bytes after the key are zero. Its length is CDW11[7:0]:
 * more than KCSD_KV_MAX_KEY is Invalid Field, 0 Invalid Key Size except in List.
 *
 * Store.	CDW10 bytes of the value, also data_len
 *		CDW11 [8] MUST_EXIST  [9] MUST_NOT_EXIST  [10] NO_COMPRESS, which changes nothing
 *   Key Does Not Exist, Key Exists: the object with MUST_EXIST, MUST_NOT_EXIST. Both: Invalid
 *   Field.
 *   Invalid Value Size: more than the drive takes (struct kcsd_kv_format). Capacity Exceeded: no
 *   room, or too many keys; nothing has changed.
 * Retrieve.	CDW10 bytes of the buffer, also data_len	CDW11 [8] RAW, which changes nothing
 *   The result is the length of the whole value, also if the buffer is smaller: it then gets the
 *   first bytes. Unrecovered Error: the value is damaged. Delete or overwrite it.
 * List.	CDW10 bytes of the buffer, also data_len
 *   Keys from this key on, itself included if it exists; length 0: from the first one. In the order
 *   of their bytes, a key before those that it begins: so the keys with a prefix follow each other.
 *   As many as fit: struct kcsd_kv_list, then entries. A key that exists throughout several Lists,
 *   each from the last key of the one before, is in exactly one place in them, whatever happens to
 *   other keys.
 * Delete.	A key that does not exist: success, or with feature 20h Key Does Not Exist.
 * Exist.	Success, or Key Does Not Exist.
 * Flush.	No fields.
 */
#define KCSD_KV_FLUSH		0x00
#define KCSD_KV_STORE		0x01
#define KCSD_KV_RETRIEVE	0x02
#define KCSD_KV_LIST		0x06
#define KCSD_KV_DELETE		0x10
#define KCSD_KV_EXIST		0x14

#define KCSD_KV_MAX_KEY		16		/* bytes */
#define KCSD_KV_KEY_LEN_MASK	0x000000ffu	/* CDW11 */
#define KCSD_KV_MUST_EXIST	(1u << 8)
#define KCSD_KV_MUST_NOT_EXIST	(1u << 9)
#define KCSD_KV_NO_COMPRESS	(1u << 10)
#define KCSD_KV_RAW		(1u << 8)

struct kcsd_kv_list {
	__le32	nr;		/* entries that follow */
};

/* Each entry is padded with zeroes to a multiple of 4 bytes. */
struct kcsd_kv_list_entry {
	__le16	len;		/* of the key */
	__u8	key[];
};

/* Key Value Configuration, feature 20h, of namespace 4. CDW11 [0]: Delete of no object fails. */
#define KCSD_FEATURE_KV		0x20
#define KCSD_FEATURE_KV_ERROR	0x1

/* Formats of a Key Value namespace; a drive has one. */
struct kcsd_kv_format {
	__le16	max_key;	/* bytes */
	__u8	rsvd2;
	__u8	options;
	__le32	max_value;	/* bytes */
	__le32	max_keys;	/* 0: no limit */
	__u8	rsvd12[4];
};

/*
 * Identify Namespace, CNS 05h and 0Ah, CSI 01h. An object takes 128 bytes of nsze and its value
 * rounded up to a multiple of 64, less a 64th of its key and value, but no less than its key and
 * value: 192 bytes with a value of 1 to 64 bytes, and hardly more than a large value has.
 */
struct kcsd_id_ns_kv {
	__le64	nsze;		/* bytes of keys and values that fit, if they are large */
	__u8	rsvd8[8];
	__le64	nuse;		/* bytes of keys and values */
	__u8	nsfeat;
	__u8	nkvf;		/* formats, 0's based */
	__u8	nmic;
	__u8	rescap;
	__u8	fpi;
	__u8	kvfc;		/* [3:0] format in use */
	__u8	rsvd30[2];
	__le32	novg;
	__u8	endgid[2];
	__u8	rsvd38[2];
	__u8	nguid[16];
	__u8	eui64[8];
	__u8	rsvd64[8];
	struct kcsd_kv_format kvf[16];
	__u8	rsvd328[3512];
	/* from here on vendor specific */
	__le64	keys;		/* objects */
	__le64	room;		/* bytes of nsze that no object takes */
	__u8	rsvd3856[240];
};

/* Identify Controller, CNS 06h, CSI 01h: version of the command set. */
struct kcsd_id_ctrl_kv {
	__u8	tertiary;
	__u8	minor;
	__le16	major;
	__u8	rsvd4[4092];
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
 * Source of a Copy, format 0h. Reserved bytes are not validated, as nvme-cli does not clear
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
/*
 * That access was of an object: lba is the index of its source in the source list, or 2^32 - 1 for
 * one that the program stored. The status is in the error log with namespace 4.
 */
#define KCSD_RECORD_OBJECT	0x4

/*
 * Device time of a command: arrival, start and end in ns of device time, and where the time from
 * arrival to end went, along the part of the command that ended last.
 */
struct kcsd_device_time {
	__le64	arrival;
	__le64	start;		/* a core of the controller took it */
	__le64	end;
	__le64	link_ns;
	__le64	controller_ns;
	__le64	media_ns;	/* flash, channels, memory of the drive */
	__le64	compute_ns;
	__le64	waiting_ns;	/* for what was in use, also by itself */
};

/* Outcome and cost of a run. The output of every run begins with it. */
struct kcsd_run_record {
	__le32	size;		/* bytes of this record */
	__le32	reason;		/* KCSD_FAULT_*; 0: the program returned */
	__le32	pc;		/* instruction, in units of 8 bytes */
	__le32	helper;		/* helper in which the run ended, 0: none */
	__le64	addr;		/* guest address of the failed access */
	__le64	lba;		/* LBA of the failed access, for reason or KCSD_RECORD_MEDIUM */
	__le64	result;		/* r0 */
	__le64	insns;		/* instructions executed; 0: not counted (JIT, no budget) */
	__le64	run_ns;		/* time on the compute unit */
	__le64	wait_ns;	/* time in the queue for a unit */
	__le64	read_bytes;	/* read from media by this run */
	__le64	written_bytes;	/* written to media by this run */
	__le32	out_len;	/* bytes emitted; they follow the record in metadata */
	__le16	engine;		/* KCSD_ENGINE_* */
	__le16	flags;		/* KCSD_RECORD_* */
	__le32	audit_off;	/* struct kcsd_audit_header, bytes from the start of the record; */
				/* a multiple of 8. 0: no audit was requested */
	__le32	audit_len;	/* bytes of header and ranges */
	struct kcsd_device_time device;	/* all 0 without a model of time */
	__le64	late_ns;	/* real clock: so much later than its device time it completed */
};

/*
 * The audit of a run: this header, then ranges in the order of their first LBA. Ranges with the
 * same first LBA: read before written before appended. Ranges of the same access never overlap and
 * are never adjacent: each time the program accesses LBAs, all ranges of that access that the LBAs
 * overlap or adjoin become one. The audit leaves out accesses that were not granted or that a zone
 * refused. It includes accesses that the medium failed, as a part may have been moved, but not a
 * failed append, whose LBAs can never be read.
 *
 * Behind these are ranges of sources of the source list: the objects of which the run got bytes,
 * or would have if the medium had not failed. Their access has KCSD_AUDIT_OBJECT, and slba and nlb
 * count sources. Last come the objects that it stored, each key once, in the order in which they
 * were first stored. A store that failed has changed nothing, and is left out.
 *
 * KCSD_AUDIT_OVERFLOW: an access is missing, because it overlapped or adjoined no range and there
 * already were KCSD_MAX_AUDIT of them. The reported ranges are exact nevertheless.
 */
#define KCSD_MAX_AUDIT		512	/* ranges of all kinds together */
#define KCSD_AUDIT_OVERFLOW	0x1u
#define KCSD_AUDIT_OBJECT	0x10	/* in access, with KCSD_GRANT_READ or KCSD_GRANT_WRITE */

struct kcsd_audit_header {
	__le32	nr;		/* ranges that follow */
	__le32	flags;		/* KCSD_AUDIT_* */
	__u8	rsvd[8];
};

struct kcsd_audit_range {
	__le64	slba;		/* of a stored object these two are the 16 bytes of the key */
	__le64	nlb;		/* number of LBAs */
	__u8	access;		/* KCSD_GRANT_READ, _WRITE, _APPEND or _MANAGE: one of them; */
				/* of objects KCSD_GRANT_READ or _WRITE, and KCSD_AUDIT_OBJECT */
	__u8	key_len;	/* of a key; else 0 */
	__u8	rsvd[6];
};

/*
 * Reason for the completion of a run. The status of the command is KCSD_SC_PROGRAM_FAULT, except
 * for reasons with a status of their own (BUDGET, TIME, CANCELLED).
 */
enum kcsd_fault {
	KCSD_FAULT_NONE		= 0,	/* the program ran to its end */
	KCSD_FAULT_MEMORY	= 1,	/* access outside the memory of the program */
	KCSD_FAULT_LBA_READ	= 2,	/* read of an LBA that was not granted */
	KCSD_FAULT_LBA_WRITE	= 3,	/* write of an LBA that was not granted */
	KCSD_FAULT_BUDGET	= 4,	/* instruction budget exceeded */
	KCSD_FAULT_TIME		= 5,	/* time limit exceeded */
	KCSD_FAULT_CANCELLED	= 6,	/* cancelled */
	KCSD_FAULT_INTERNAL	= 7,	/* the drive ran out of memory for the run */
	KCSD_FAULT_INJECTED	= 8,	/* the drive was told to fail the run */
	KCSD_FAULT_CHANGED	= 9,	/* a source changed after its watch was armed */
};

/* Reason for the refusal of a program at load; "pc" counts units of 8 bytes. */
enum kcsd_verdict_reason {
	KCSD_VERDICT_OK			= 0,	/* valid */
	KCSD_VERDICT_EMPTY		= 1,	/* the program has no instructions */
	KCSD_VERDICT_TOO_LONG		= 2,	/* the program has too many instructions */
	KCSD_VERDICT_OPCODE		= 3,	/* unknown or unsupported instruction */
	KCSD_VERDICT_RESERVED		= 4,	/* an unused field is not zero */
	KCSD_VERDICT_REGISTER		= 5,	/* no such register */
	KCSD_VERDICT_R10		= 6,	/* write to the frame pointer r10 */
	KCSD_VERDICT_WIDE		= 7,	/* incomplete or malformed 64-bit immediate */
	KCSD_VERDICT_JUMP		= 8,	/* jump outside the function */
	KCSD_VERDICT_JUMP_WIDE		= 9,	/* jump into the middle of a 64-bit immediate */
	KCSD_VERDICT_FALL_OFF		= 10,	/* the function can run past its end */
	KCSD_VERDICT_HELPER		= 11,	/* call of an unknown helper */
	KCSD_VERDICT_CALL		= 12,	/* call of no function of this program */
	KCSD_VERDICT_RECURSION		= 13,	/* recursive call */
	KCSD_VERDICT_DEPTH		= 14,	/* calls nested too deep */
	KCSD_VERDICT_IMAGE		= 16,	/* malformed program image */
	KCSD_VERDICT_MEMORY		= 17,	/* more memory than a compute unit has */
	KCSD_VERDICT_LINUX_HELPER	= 18,	/* call of a helper of Linux */
};

/* The result of a refused load. */
#define KCSD_LOAD_RESULT(reason, pc)	((__u64)(reason) << 32 | (__u32)(pc))
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
#define KCSD_LOG_TIMING		0xc1	/* vendor: model of time, wear, use of the resources */
#define KCSD_LOG_COUNTERS	0xc2	/* vendor: all counters of the drive */
#define KCSD_LOG_LATENCIES	0xc3	/* vendor: percentiles */
#define KCSD_LOG_DEVICE_TIMES	0xc4	/* vendor: of the commands of this open file */
#define KCSD_LOG_HISTOGRAMS	0xc5	/* vendor: of latencies */

/* Kinds of commands in log pages C3h to C5h, and in tracepoints. */
enum kcsd_time_op {
	KCSD_TIME_READ		= 0,
	KCSD_TIME_WRITE		= 1,	/* also appends */
	KCSD_TIME_TRIM		= 2,	/* also Write Zeroes */
	KCSD_TIME_FLUSH		= 3,
	KCSD_TIME_ZONE_RESET	= 4,
	KCSD_TIME_ZONE_FINISH	= 5,
	KCSD_TIME_MEM_READ	= 6,	/* of SLM */
	KCSD_TIME_MEM_WRITE	= 7,
	KCSD_TIME_OTHER		= 8,	/* admin commands, Run Receive, commands that failed */
	KCSD_TIME_RUN		= 9,
	KCSD_TIME_COPY		= 10,	/* jobs: Copy, Verify, Memory Copy and Fill */
	KCSD_TIME_STORE		= 11,	/* of objects: this and below */
	KCSD_TIME_RETRIEVE	= 12,
	KCSD_TIME_LIST		= 13,
	KCSD_TIME_DELETE	= 14,
	KCSD_TIME_EXIST		= 15,
	KCSD_NR_TIME_OPS	= 16,
};

/*
 * Device time, log page C1h: this header, then the resources. Counters are since power on; bytes of
 * the media are those of flash: over the channels, with garbage collection and padding.
 */
#define KCSD_MODEL_NONE		0
#define KCSD_MODEL_FLASH	1
#define KCSD_CLOCK_REAL		0
#define KCSD_CLOCK_VIRTUAL	1
/*
 * Marked: device times may differ another time, or are not all there. The flags after it tell why.
 *   _FILES    virtual clock: several open files have sent commands, and not all have named their
 *	       arrivals, or have waited for their turn. The order in which the drive got them
 *	       counted.
 *   _BLOCK    virtual clock: the same for requests and NVMe ioctls of several threads on the block
 *	       node, or for requests that were executed in another order than the block layer had
 *	       sent them in.
 *   _UNTIMED  the model did not take a command: its device time is 0. That is so at the end of
 *	       device time, after 146 years.
 *   _AT_ONCE  virtual clock: the drive got commands of one open file at once.
 */
#define KCSD_TIMING_MARKED	0x1
#define KCSD_TIMING_FILES	0x2
#define KCSD_TIMING_BLOCK	0x4
#define KCSD_TIMING_UNTIMED	0x8
#define KCSD_TIMING_AT_ONCE	0x10

struct kcsd_timing_log {
	__le32	size;		/* bytes of this header */
	__u8	model;		/* KCSD_MODEL_*; with KCSD_MODEL_NONE all else is 0 */
	__u8	clock;		/* KCSD_CLOCK_* */
	__u8	flags;		/* KCSD_TIMING_MARKED, _FILES, ... */
	__u8	rsvd7;
	__le32	nr;		/* resources that follow */
	__le32	resource_len;	/* sizeof(struct kcsd_timing_resource) */
	char	preset[32];	/* the parameters are those of this preset; else empty */
	__le64	device_ns;	/* device time now */
	__le64	commands;	/* that have a device time, runs too */
	__le64	late_commands;	/* real clock: of these were late by more than both bounds */
	__le64	late_permille;	/* a bound: thousandths of the device time; see late_min_ns */
	__le64	late_max_ns;
	__le64	link_read_bytes;	/* over the link, to the host */
	__le64	link_write_bytes;
	__le64	read_bytes;	/* that commands and programs read, from flash or write buffer */
	__le64	write_bytes;
	__le64	media_read_bytes;
	__le64	media_write_bytes;	/* divided by write_bytes: write amplification */
	__le64	buffer_read_bytes;	/* read from the write buffer */
	__le64	moved_bytes;	/* written by garbage collection */
	__le64	padded_bytes;	/* written without data */
	__le64	trimmed_bytes;
	__le64	page_reads;
	__le64	programs;
	__le64	erases;		/* of blocks */
	__le64	wear_min;	/* erases of one block */
	__le64	wear_max;
	__le64	wear_avg_milli;	/* thousandths */
	__le64	mapped_bytes;
	__le64	free_lines;
	__le64	memory;		/* bytes of memory of the model */
	__le64	late_min_ns;	/* the other bound of late_commands */
};

#define KCSD_RESOURCE_CORE	0	/* of the controller */
#define KCSD_RESOURCE_LINK_OUT	1	/* drive to host; both directions if they share the link */
#define KCSD_RESOURCE_LINK_IN	2
#define KCSD_RESOURCE_CHANNEL	3
#define KCSD_RESOURCE_DIE	4
#define KCSD_RESOURCE_LANE	5
#define KCSD_RESOURCE_MEMORY	6	/* of the drive */
#define KCSD_RESOURCE_UNIT	7	/* compute unit */

struct kcsd_timing_resource {
	__u8	kind;		/* KCSD_RESOURCE_* */
	__u8	rsvd[3];
	__le32	index;
	__le64	busy_ns;	/* device time for which it was or is reserved */
};

/* Counters, log page C2h: this header, then those in sysfs, by name: "stats/runs". */
struct kcsd_counters {
	__le32	nr;		/* entries that follow */
	__le32	entry_len;	/* sizeof(struct kcsd_counter) */
	__le64	time_ns;	/* CLOCK_REALTIME */
};

struct kcsd_counter {
	char	name[40];	/* NUL-terminated */
	__le64	value;
};

/*
 * Latencies, log page C3h: this header, then an entry for each kind of command and queue depth that
 * there was. Without a model they are kept while the file latencies in sysfs is 1. Percentiles are
 * at most 1/16 too large.
 */
#define KCSD_LATENCY_DEVICE	0	/* device time, from arrival to end */
#define KCSD_LATENCY_HOST	1	/* of the host, from submission to completion */
#define KCSD_LATENCY_LATE	2	/* real clock: how late it completed */
#define KCSD_LATENCY_CPU	3	/* of a CPU of the host that executed the command */
#define KCSD_NR_LATENCIES	4
/* Depth classes: 2^n up to 2^(n+1) - 1 commands in flight at arrival, itself included. */
#define KCSD_DEPTH_CLASSES	8	/* the last one: 128 and more */

struct kcsd_latency_log {
	__le32	nr;		/* entries that follow */
	__le32	entry_len;	/* sizeof(struct kcsd_latency) */
	__le64	rsvd;
};

struct kcsd_latency {
	__u8	what;		/* KCSD_LATENCY_* */
	__u8	op;		/* enum kcsd_time_op */
	__u8	depth;		/* class */
	__u8	rsvd[5];
	__le64	count;
	__le64	sum;		/* ns, as all that follow */
	__le64	max;
	__le64	p50;
	__le64	p90;
	__le64	p95;
	__le64	p99;
	__le64	p999;		/* 99.9 % */
	__le64	p9999;		/* 99.99 % */
};

/*
 * Histograms of the same latencies, log page C5h: this header, then each histogram that is not
 * empty, in the order of what, op and depth: its header, and its buckets. All counters only grow
 * until power off, so the difference of two readings with the same start_ns is what came between
 * them. A reading by several commands is not of one moment; then counts of buckets that do not add
 * up, or an order that is not kept, tell that a histogram has changed between two of them.
 */
struct kcsd_histogram_log {
	__le32	len;		/* bytes of the page */
	__le32	nr;		/* histograms that follow */
	__le16	histogram_len;	/* sizeof(struct kcsd_latency_histogram) */
	__le16	bucket_len;	/* sizeof(struct kcsd_latency_bucket) */
	__le32	rsvd;
	__le64	time_ns;	/* of this reading, CLOCK_MONOTONIC */
	__le64	start_ns;	/* of the first count: power on */
};

struct kcsd_latency_histogram {
	__u8	what;		/* KCSD_LATENCY_* */
	__u8	op;		/* enum kcsd_time_op */
	__u8	depth;		/* class */
	__u8	rsvd;
	__le32	nr;		/* buckets that follow */
	__le64	count;		/* of values: the sum of those of the buckets */
	__le64	sum;		/* ns; while commands complete, perhaps not of exactly these */
	__le64	max;		/* ns, likewise */
};

/*
 * A bucket that is not empty, in ascending order. Values up to 15 have buckets of their own, then
 * each octave, from 2^n to 2^(n+1) - 1, has 16 of equal width. The last one begins at 31 * 2^39.
 */
struct kcsd_latency_bucket {
	__le64	last;		/* ns: the greatest value in it; of the last bucket 2^64 - 1 */
	__le64	count;
};

/*
 * Device times, log page C4h, of the open file that sends Get Log Page, after KCSD_TIMING_SETUP
 * with KCSD_TIMING_LOG: the last KCSD_DEVICE_TIMES commands, oldest first. The admin ioctls of a
 * node of a namespace have the open file in common with its I/O commands. NSID 0 or FFFFFFFFh, as
 * for all log pages of the drive: not that of the node.
 */
#define KCSD_DEVICE_TIMES	1024

struct kcsd_device_times {
	__le32	nr;		/* entries that follow */
	__le32	entry_len;	/* sizeof(struct kcsd_device_entry) */
	__le64	rsvd;
};

struct kcsd_device_entry {
	__le64	seq;		/* number of the command, from 1 in the order of submission */
	__u8	op;		/* enum kcsd_time_op */
	__u8	opcode;
	__u8	rsvd[6];
	struct kcsd_device_time time;
};

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
 * logged, faults that ended runs, and accesses of runs that the medium failed. When it is full,
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
 * Set; 1C0h and up and SCT 7 are vendor specific.
 */
enum kcsd_status {
	KCSD_SC_SUCCESS				= 0x000,
	KCSD_SC_INVALID_OPCODE			= 0x001,
	KCSD_SC_INVALID_FIELD			= 0x002,
	KCSD_SC_ABORT_REQUESTED			= 0x007,
	KCSD_SC_INVALID_NS			= 0x00b,
	KCSD_SC_SANITIZE_FAILED			= 0x01c,
	KCSD_SC_SANITIZE_IN_PROGRESS		= 0x01d,
	KCSD_SC_LBA_RANGE			= 0x080,
	KCSD_SC_CAPACITY_EXCEEDED		= 0x081,
	KCSD_SC_NS_NOT_READY			= 0x082,
	KCSD_SC_FORMAT_IN_PROGRESS		= 0x084,
	KCSD_SC_INVALID_VALUE_SIZE		= 0x085,
	KCSD_SC_INVALID_KEY_SIZE		= 0x086,
	KCSD_SC_NO_KEY				= 0x087,
	KCSD_SC_UNRECOVERED			= 0x088,
	KCSD_SC_KEY_EXISTS			= 0x089,
	KCSD_SC_INVALID_LOG_PAGE		= 0x109,
	KCSD_SC_INVALID_FORMAT			= 0x10a,
	KCSD_SC_FEATURE_NOT_SAVEABLE		= 0x10d,
	KCSD_SC_FEATURE_NOT_CHANGEABLE		= 0x10e,
	KCSD_SC_FEATURE_NOT_PER_NS		= 0x10f,
	KCSD_SC_COMMAND_SIZE			= 0x183,
	KCSD_SC_OVERLAPPING_IO_RANGE		= 0x187,
	KCSD_SC_INSUFFICIENT_RESOURCES		= 0x189,
	KCSD_SC_INSUFFICIENT_PROGRAM_RESOURCES	= 0x18a,
	KCSD_SC_INVALID_MEMORY_NS		= 0x18b,
	KCSD_SC_INVALID_RANGE_SET		= 0x18c,
	KCSD_SC_INVALID_RANGE_SET_ID		= 0x18d,
	KCSD_SC_INVALID_PROGRAM_DATA		= 0x18e,
	KCSD_SC_INVALID_PROGRAM_INDEX		= 0x18f,
	KCSD_SC_INVALID_PROGRAM_TYPE		= 0x190,
	KCSD_SC_MAX_RANGES			= 0x191,
	KCSD_SC_MAX_RANGE_SETS			= 0x192,
	KCSD_SC_MAX_ACTIVATED			= 0x193,
	KCSD_SC_MAX_PROGRAM_BYTES		= 0x194,
	KCSD_SC_RANGE_SET_IN_USE		= 0x195,
	KCSD_SC_NO_PROGRAM			= 0x196,
	KCSD_SC_OVERLAPPING_RANGES		= 0x197,
	KCSD_SC_NOT_ACTIVATED			= 0x198,
	KCSD_SC_PROGRAM_IN_USE			= 0x199,
	KCSD_SC_NOT_DOWNLOADABLE		= 0x19a,
	KCSD_SC_PROGRAM_TOO_BIG			= 0x19b,
	KCSD_SC_ZONE_BOUNDARY			= 0x1b8,
	KCSD_SC_ZONE_FULL			= 0x1b9,
	KCSD_SC_ZONE_READ_ONLY			= 0x1ba,
	KCSD_SC_ZONE_OFFLINE			= 0x1bb,
	KCSD_SC_ZONE_INVALID_WRITE		= 0x1bc,
	KCSD_SC_TOO_MANY_ACTIVE_ZONES		= 0x1bd,
	KCSD_SC_TOO_MANY_OPEN_ZONES		= 0x1be,
	KCSD_SC_INVALID_ZONE_TRANSITION		= 0x1bf,
	KCSD_SC_INVALID_SOURCE_LIST		= 0x1c0,
	KCSD_SC_SOURCE_LIST_IN_USE		= 0x1c1,
	KCSD_SC_INVALID_OUTPUT			= 0x1c2,
	KCSD_SC_OUTPUT_IN_USE			= 0x1c3,
	KCSD_SC_NO_MODEL			= 0x1c4,
	KCSD_SC_WRITE_FAULT			= 0x280,
	KCSD_SC_READ_ERROR			= 0x281,
	KCSD_SC_COMPARE_FAILED			= 0x285,
	KCSD_SC_PROGRAM_FAULT			= 0x701,
	KCSD_SC_PROGRAM_BUDGET			= 0x702,
	KCSD_SC_PROGRAM_TIME			= 0x703,
	KCSD_SC_PROGRAM_CANCELLED		= 0x704,
	KCSD_SC_PROGRAM_CHANGED			= 0x705,
};

/*
 * The field that made a command invalid: its first byte in the submission queue entry, as in the
 * Parameter Error Location of the Error Information log of NVMe. DPTR stands for the data itself
 * and its length.
 */
enum kcsd_field {
	KCSD_FIELD_NSID		= 4,
	KCSD_FIELD_CDW2		= 8,
	KCSD_FIELD_CDW3		= 12,
	KCSD_FIELD_MPTR		= 16,
	KCSD_FIELD_DPTR		= 24,
	KCSD_FIELD_CDW10	= 40,
	KCSD_FIELD_CDW11	= 44,
	KCSD_FIELD_CDW12	= 48,
	KCSD_FIELD_CDW13	= 52,
	KCSD_FIELD_CDW14	= 56,
	KCSD_FIELD_CDW15	= 60,
};

#define KCSD_SC_MASK	0x7ff	/* SCT and SC */
#define KCSD_SC_DNR	0x4000	/* do not retry */

#endif
