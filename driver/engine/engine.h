/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The engine: checks a program and runs it in a sandbox.
 *
 *	bytes -> kcsd_image_parse -> kcsd_code_create (check, decode)
 *	      -> kcsd_vm_setup (guest memory) -> kcsd_interp
 *
 * Builds into the module and, unchanged, into user space. No globals, no
 * locks, no clock, no printing: the outside world is struct kcsd_vm_ops.
 */
#ifndef KCSD_ENGINE_H
#define KCSD_ENGINE_H

#include "env.h"
#include <linux/bpf.h>
#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

/* What kcsd_image_parse() found; points into the buffer it was given. */
struct kcsd_image_view {
	const struct bpf_insn *insns;
	u32 insn_cnt;		/* units of 8 bytes */
	const void *data;
	u32 data_len;		/* bytes */
	u32 bss_len;
	u32 heap_len;
	char name[KCSD_PROGRAM_NAME_LEN];
};

/* Why a program was refused: KCSD_CHECK_*, and where (units of 8 bytes). */
struct kcsd_verdict {
	u32 check;
	u32 pc;
};

/* Guest addresses of what is in a program's memory; but for ranges, a function of its image. */
struct kcsd_layout {
	u32 stack;
	u32 heap;
	u32 args;		/* the last of the program's own: its length is the command's */
	u64 ranges;		/* 0: there are none */
};

/* A checked, decoded program. Read-only once made: any number of runs share it. */
struct kcsd_code;

struct kcsd_vm;

/* One helper call: numbers as they are; IN and OUT already bounds-checked. */
struct kcsd_helper_args {
	u64 val[5];
	void *ptr[5];		/* for IN and OUT; NULL when the LEN after it is 0 */
};

struct kcsd_vm_ops {
	/*
	 * Carry out helper id (known to exist). To end the run, call
	 * kcsd_vm_fault() and return anything.
	 */
	s64 (*helper)(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *args);
	/*
	 * Called at the first back edge or local call after every KCSD_TICK_INSNS
	 * instructions, and after each helper that moves data. May sleep.
	 * KCSD_FAULT_NONE to go on, else why the run ends (TIME, CANCELLED).
	 */
	u32 (*tick)(struct kcsd_vm *vm);
};

#define KCSD_TICK_INSNS	16384

/* How a run ended. */
struct kcsd_vm_end {
	u32 reason;		/* KCSD_FAULT_* */
	u32 pc;			/* units of 8 bytes; of the faulting instruction */
	u32 helper;		/* id, 0: in none */
	u64 addr;		/* KCSD_FAULT_MEMORY */
	u64 lba;		/* KCSD_FAULT_LBA_* */
	u64 r0;
	u64 insns;		/* run; a 64-bit immediate counts as one */
};

/* One run. Owned by whoever runs it; no other context may touch it. */
struct kcsd_vm {
	u8 *mem;		/* guest [KCSD_GUEST_CTX, KCSD_GUEST_CTX + mem_len) */
	u64 mem_len;		/* bytes */
	struct kcsd_layout layout;
	/*
	 * Instructions; not 0. The run ends at the first backward jump taken, or
	 * local call, with which it has run more than these.
	 */
	u64 budget;
	const struct kcsd_vm_ops *ops;
	struct kcsd_vm_end end;
};

/* What the command brings into a program's memory. */
struct kcsd_vm_input {
	u64 cparam1;
	u64 cparam2;
	const struct kcsd_lba_grant *grants;
	u32 nr_grants;		/* <= KCSD_MAX_GRANTS */
	u32 lba_size;		/* bytes */
	const void *args;
	u32 args_len;		/* <= KCSD_MAX_ARGS */
	/* Their lengths are what the engine is after: multiples of KCSD_GUEST_PAGE, not 0. */
	const struct kcsd_memory_range *ranges;
	u32 nr_ranges;		/* <= KCSD_GUEST_MAX_RANGES */
	u64 out_max;		/* bytes */
	u64 stream_len;		/* bytes, <= kcsd_stream_max() */
};

/* image.c */
/*
 * Take a program apart. buf is aligned to 8 and must outlive the view. Returns
 * KCSD_CHECK_OK, _EMPTY, _TOO_LONG or _IMAGE.
 */
u32 kcsd_image_parse(const void *buf, u64 len, struct kcsd_image_view *view);

/* check.c */
/*
 * Structural check, linear in insn_cnt. Returns 0, -ENOMEM, -EINTR if the task has been killed,
 * or -EINVAL with *verdict saying why.
 */
int kcsd_check_insns(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_verdict *verdict);
/* The same for what may be longer than KCSD_MAX_INSNS, as no program is that a drive is handed. */
int kcsd_check_any_length(const struct bpf_insn *insns, u32 insn_cnt,
			  struct kcsd_verdict *verdict);

/* code.c */
/* Check, decode and fuse. Errors as kcsd_check_insns(). The instructions are copied. */
int kcsd_code_create(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_code **code,
		     struct kcsd_verdict *verdict);
/* Decode what is known to be correct, and fuse it or not. 0, -ENOMEM or -EINTR. */
int kcsd_code_decode(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_code **code);
int kcsd_code_decode_fused(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_code **code);
void kcsd_code_destroy(struct kcsd_code *code);

/* memory.c */
/* No guest address is as high. */
#define KCSD_GUEST_END	(1ull << 32)

/*
 * Bytes of memory that a run of this image with args_len bytes of arguments
 * needs, counted from KCSD_GUEST_CTX; fills in layout. Cannot overflow.
 */
u64 kcsd_layout_init(struct kcsd_layout *layout, const struct kcsd_image_view *view,
		     u32 args_len);
/*
 * Ranges behind a memory of mem_len bytes, as kcsd_layout_init() returned it: bytes that it
 * has with them. Cannot overflow; a run is only possible if the memory then ends
 * at or below KCSD_GUEST_END.
 */
u64 kcsd_layout_add_ranges(struct kcsd_layout *layout, u64 mem_len,
			   const struct kcsd_memory_range *ranges, u32 nr);
/*
 * Bytes that the stream of a run can have: those of the LBAs that it may read, without grants those
 * of its ranges. Looks at these members alone, and at lba_size. Cannot overflow.
 */
u64 kcsd_stream_max(const struct kcsd_vm_input *in);
/*
 * Make vm->mem (at least vm->mem_len bytes, set by the caller with vm->layout) what
 * a fresh run of the program expects. What is in ranges stays.
 */
void kcsd_vm_setup(struct kcsd_vm *vm, const struct kcsd_image_view *view,
		   const struct kcsd_vm_input *in);
/*
 * The host address of [addr, addr + len), or NULL if not all of it is the program's, to read
 * from or to write to.
 */
void *kcsd_vm_ptr(struct kcsd_vm *vm, u64 addr, u64 len);
void *kcsd_vm_ptr_write(struct kcsd_vm *vm, u64 addr, u64 len);
/* End the run with this reason (the first one stays). */
void kcsd_vm_fault(struct kcsd_vm *vm, u32 reason, u64 addr_or_lba);

/* helper.c */
/* Name of helper id, or NULL if there is none. */
const char *kcsd_signature_name(u32 id);
/* Check the arguments of a helper by its signature, call it. */
s64 kcsd_helper_call(struct kcsd_vm *vm, u32 id, const u64 args[5]);

/* interp.c */
/*
 * Run to the end, whatever that is; vm->end tells. r1 is KCSD_GUEST_CTX.
 * Process context.
 */
void kcsd_interp(const struct kcsd_code *code, struct kcsd_vm *vm);

#endif
