/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The engine: validates a program and runs it in a sandbox.
 *
 *	bytes -> kcsd_image_parse -> kcsd_code_create (validate, decode)
 *	      -> kcsd_vm_setup (guest memory) -> kcsd_interp
 *
 * Builds into the module and, unchanged, into user space. No globals, no
 * locks, no clock, no printing: the outside world is struct kcsd_vm_ops.
 */
#ifndef KCSD_ENGINE_H
#define KCSD_ENGINE_H

#include "costs.h"
#include "env.h"
#include <linux/bpf.h>
#include <linux/kcsd.h>
#include <linux/kcsd_bpf.h>

/* A parsed program; points into the buffer that kcsd_image_parse() was given. */
struct kcsd_image_view {
	const struct bpf_insn *insns;
	u32 insn_cnt;		/* units of 8 bytes */
	const void *data;
	u32 data_len;		/* bytes */
	u32 bss_len;
	u32 heap_len;
	char name[KCSD_PROGRAM_NAME_LEN];
};

/* Why a program was refused: KCSD_VERDICT_*, and where (units of 8 bytes). */
struct kcsd_verdict {
	u32 reason;
	u32 pc;
};

/* Guest addresses in the memory of a program. All but ranges depend on its image alone. */
struct kcsd_layout {
	u32 stack;
	u32 heap;
	u32 args;		/* last part of the own memory; the command sets its length */
	u64 ranges;		/* 0: the run has none */
};

/* A validated, decoded program. Read-only after creation: any number of runs can share it. */
struct kcsd_code;

struct kcsd_vm;

/* Arguments of a helper call. Buffers (IN, OUT) are within the memory of the program. */
struct kcsd_helper_args {
	u64 val[5];
	void *ptr[5];		/* for IN and OUT; NULL if the LEN after it is 0 */
};

struct kcsd_vm_ops {
	/*
	 * Execute helper id, which exists. To end the run, call kcsd_vm_fault();
	 * the returned value is then ignored.
	 */
	s64 (*helper)(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *args);
	/*
	 * Decide if the run goes on: called at the first back edge or local call after
	 * every KCSD_TICK_INSNS instructions, and after each helper that moves data.
	 * May sleep. Returns KCSD_FAULT_NONE, or why the run ends (TIME, CANCELLED).
	 */
	u32 (*tick)(struct kcsd_vm *vm);
	/*
	 * Allocate zeroed memory for helpers of the engine, at the expense of who runs the program.
	 * kcsd_free() frees it. Returns NULL if there is none.
	 */
	void *(*alloc)(struct kcsd_vm *vm, size_t size);
};

#define KCSD_TICK_INSNS	16384

/* End of a run. */
struct kcsd_vm_end {
	u32 reason;		/* KCSD_FAULT_* */
	u32 pc;			/* units of 8 bytes; of the faulting instruction */
	u32 helper;		/* id of the helper that faulted, 0: none */
	u64 addr;		/* KCSD_FAULT_MEMORY */
	u64 lba;		/* KCSD_FAULT_LBA_* */
	u64 r0;
	u64 insns;		/* instructions run; a 64-bit immediate counts as one */
};

/* One run. The caller of the engine owns it; no other context may access it. */
struct kcsd_vm {
	u8 *mem;		/* guest [KCSD_GUEST_CTX, KCSD_GUEST_CTX + mem_len) */
	u64 mem_len;		/* bytes */
	struct kcsd_layout layout;
	/*
	 * Instructions; not 0. The run ends at the first backward jump taken, or
	 * local call, at which it has run more of them.
	 */
	u64 budget;
	const struct kcsd_vm_ops *ops;
	/*
	 * Count the device cost of the run; NULL: do not. Costs that the code was made for, see
	 * kcsd_code_set_costs() and struct kcsd_lower_options.
	 */
	const struct kcsd_costs *costs;
	/*
	 * Cost so far, hundredths of cycles; kcsd_vm_setup() sets it to 0. Exact whenever ops are
	 * called and when the run has ended: of all instructions run, with the one that calls or
	 * faults and, in ops->helper, with the bytes of this call (decompress: as many as it has
	 * written so far). Else not up to date.
	 */
	u64 cost;
	struct kcsd_decoders *decoders;	/* of decompress; NULL: not called yet; owned */
	struct kcsd_vm_end end;
};

/* Input of a run, copied into the memory of the program. */
struct kcsd_vm_input {
	u64 cparam1;
	u64 cparam2;
	const struct kcsd_lba_grant *grants;
	u32 nr_grants;		/* <= KCSD_MAX_GRANTS */
	u32 lba_size;		/* bytes */
	const void *args;
	u32 args_len;		/* <= KCSD_MAX_ARGS */
	/* The engine uses their lengths only: multiples of KCSD_GUEST_PAGE, not 0. */
	const struct kcsd_memory_range *ranges;
	u32 nr_ranges;		/* <= KCSD_GUEST_MAX_RANGES */
	u64 out_max;		/* bytes */
	u64 stream_len;		/* bytes, <= kcsd_stream_max() */
};

/* image.c */
/*
 * Parse the image of a program. buf is aligned to 8 and must outlive the view. Returns
 * KCSD_VERDICT_OK, _EMPTY, _TOO_LONG or _IMAGE.
 */
u32 kcsd_image_parse(const void *buf, u64 len, struct kcsd_image_view *view);

/* validate.c */
/*
 * Validate the instructions of a program; linear in insn_cnt. Returns 0, -ENOMEM, -EINTR if the
 * task was killed, or -EINVAL with the reason in *verdict.
 */
int kcsd_validate_insns(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_verdict *verdict);
/* Validate instructions that may be more than KCSD_MAX_INSNS: programs that no drive accepts. */
int kcsd_validate_any_length(const struct bpf_insn *insns, u32 insn_cnt,
			     struct kcsd_verdict *verdict);

/* code.c */
/* Validate, decode and fuse. Errors as kcsd_validate_insns(). Copies the instructions. */
int kcsd_code_create(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_code **code,
		     struct kcsd_verdict *verdict);
/* Decode valid instructions, without and with fusing. Returns 0, -ENOMEM or -EINTR. */
int kcsd_code_decode(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_code **code);
int kcsd_code_decode_fused(const struct bpf_insn *insns, u32 insn_cnt, struct kcsd_code **code);
void kcsd_code_destroy(struct kcsd_code *code);
/*
 * Prepare decoded code for runs with vm->costs of these values; they are copied. Not while a run
 * executes it. Returns 0 or -ENOMEM, which changes nothing.
 */
int kcsd_code_set_costs(struct kcsd_code *code, const struct kcsd_costs *costs);

/* memory.c */
/* Above all guest addresses. */
#define KCSD_GUEST_END	(1ull << 32)

/*
 * Lay out the memory of a run of this image with args_len bytes of arguments. Returns its length,
 * counted from KCSD_GUEST_CTX. Cannot overflow.
 */
u64 kcsd_layout_init(struct kcsd_layout *layout, const struct kcsd_image_view *view,
		     u32 args_len);
/*
 * Put ranges behind a memory of mem_len bytes, as kcsd_layout_init() returned it. Returns the
 * length with them. Cannot overflow; the program can run only if the memory then ends at or below
 * KCSD_GUEST_END.
 */
u64 kcsd_layout_add_ranges(struct kcsd_layout *layout, u64 mem_len,
			   const struct kcsd_memory_range *ranges, u32 nr);
/*
 * Returns the most bytes that the stream of a run can have: those of the LBAs that it may read;
 * without grants those of its ranges. Uses these members and lba_size. Cannot overflow.
 */
u64 kcsd_stream_max(const struct kcsd_vm_input *in);
/*
 * Fill vm->mem with what a new run of the program expects. The caller has set vm->mem, vm->mem_len
 * and vm->layout. Does not change the contents of ranges. Call kcsd_vm_release() after the run.
 */
void kcsd_vm_setup(struct kcsd_vm *vm, const struct kcsd_image_view *view,
		   const struct kcsd_vm_input *in);
/*
 * Returns the host address of [addr, addr + len), or NULL if the program may not read (write) all
 * of it.
 */
void *kcsd_vm_ptr(struct kcsd_vm *vm, u64 addr, u64 len);
void *kcsd_vm_ptr_write(struct kcsd_vm *vm, u64 addr, u64 len);
/* End the run with this reason; later reasons are ignored. */
void kcsd_vm_fault(struct kcsd_vm *vm, u32 reason, u64 addr_or_lba);
/* Returns the status, KCSD_SC_*, of a run that ended with this KCSD_FAULT_*. */
int kcsd_fault_status(u32 reason);

/* signature.c */
/* Returns the name of helper id, or NULL if there is no such helper. */
const char *kcsd_signature_name(u32 id);

/* helper.c */
/* Validate the arguments of a helper by its signature, then call it. */
s64 kcsd_helper_call(struct kcsd_vm *vm, u32 id, const u64 args[5]);
/* For ops->helper: copy as much of a struct as fits in len, and return the bytes copied. */
s64 kcsd_helper_copy_struct(void *dst, u64 len, const void *src, u64 size);

/* helper_decompress.c */
/* Free what helpers have allocated for the run. */
void kcsd_vm_release(struct kcsd_vm *vm);

/* interp.c: does not count cost */
void kcsd_interp_plain(const struct kcsd_code *code, struct kcsd_vm *vm);
/* interp_cost.c */
void kcsd_interp_cost(const struct kcsd_code *code, struct kcsd_vm *vm);

/* Run a program to its end, which is then in vm->end. r1 is KCSD_GUEST_CTX. Process context. */
static inline void kcsd_interp(const struct kcsd_code *code, struct kcsd_vm *vm)
{
	if (vm->costs)
		kcsd_interp_cost(code, vm);
	else
		kcsd_interp_plain(code, vm);
}

#endif
