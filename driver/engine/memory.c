// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Guest memory: its layout (<linux/kcsd_bpf.h>), its contents, its bounds. */
#include "memory.h"

_Static_assert(sizeof(struct kcsd_ctx) <= KCSD_GUEST_GRANTS_OFF, "");
_Static_assert(KCSD_GUEST_GRANTS_OFF + KCSD_MAX_GRANTS * sizeof(struct kcsd_lba_grant) <=
	       KCSD_GUEST_RANGES_OFF, "");
_Static_assert(KCSD_GUEST_RANGES_OFF + KCSD_GUEST_MAX_RANGES * sizeof(struct kcsd_mem_range) <=
	       KCSD_GUEST_DATA - KCSD_GUEST_CTX, "");

static u64 align_up(u64 n)
{
	return (n + KCSD_GUEST_ALIGN - 1) & ~(u64)(KCSD_GUEST_ALIGN - 1);
}

/*
 * The sum of five lengths below 2^32 fits into 64 bits. Addresses above 32 bits are cut, but the
 * length is right, and no drive has that much memory.
 */
u64 kcsd_layout_init(struct kcsd_layout *layout, const struct kcsd_image_view *view, u32 args_len)
{
	u64 stack = align_up((u64)KCSD_GUEST_DATA + view->data_len + view->bss_len);
	u64 heap = stack + KCSD_MAX_CALL_DEPTH * KCSD_FRAME_SIZE;
	u64 args = align_up(heap + view->heap_len);

	layout->stack = (u32)stack;
	layout->heap = (u32)heap;
	layout->args = (u32)args;
	layout->ranges = 0;
	return args + args_len - KCSD_GUEST_CTX;
}

u64 kcsd_layout_add_ranges(struct kcsd_layout *layout, u64 mem_len,
			   const struct kcsd_memory_range *ranges, u32 nr)
{
	u64 end = KCSD_GUEST_CTX + mem_len;
	u32 i;

	if (!nr)
		return mem_len;
	end = (end + KCSD_GUEST_PAGE - 1) & ~(u64)(KCSD_GUEST_PAGE - 1);
	layout->ranges = end;
	for (i = 0; i < nr; i++)
		end += le32_to_cpu(ranges[i].len);
	return end - KCSD_GUEST_CTX;
}

u64 kcsd_stream_max(const struct kcsd_vm_input *in)
{
	u64 lbas = 0, bytes = 0;
	u32 i;

	for (i = 0; i < in->nr_grants; i++)
		if (in->grants[i].access & KCSD_GRANT_READ)
			lbas += le32_to_cpu(in->grants[i].nlb);
	if (in->nr_grants)
		return lbas * in->lba_size;
	for (i = 0; i < in->nr_ranges; i++)
		bytes += le32_to_cpu(in->ranges[i].len);
	return bytes;
}

static void *at(struct kcsd_vm *vm, u64 addr)
{
	return vm->mem + (addr - KCSD_GUEST_CTX);
}

/* Fill the table of ranges and zero the bytes before the first one. */
static void setup_ranges(struct kcsd_vm *vm, const struct kcsd_vm_input *in)
{
	struct kcsd_mem_range *table = at(vm, KCSD_GUEST_CTX + KCSD_GUEST_RANGES_OFF);
	u64 args_end = (u64)vm->layout.args + in->args_len, addr = vm->layout.ranges;
	u32 i;

	if (!in->nr_ranges)
		return;
	memset(at(vm, args_end), 0, addr - args_end);
	for (i = 0; i < in->nr_ranges; i++) {
		table[i].addr = addr;
		table[i].len = le32_to_cpu(in->ranges[i].len);
		addr += table[i].len;
	}
}

void kcsd_vm_setup(struct kcsd_vm *vm, const struct kcsd_image_view *view,
		   const struct kcsd_vm_input *in)
{
	struct kcsd_ctx *ctx = at(vm, KCSD_GUEST_CTX);
	u64 data_end = (u64)KCSD_GUEST_DATA + view->data_len;

	vm->cost = 0;
	vm->decoders = NULL;
	/* Zero all but what is copied below. */
	memset(vm->mem, 0, KCSD_GUEST_DATA - KCSD_GUEST_CTX);
	memset(at(vm, data_end), 0, vm->layout.args - data_end);
	if (view->data_len)
		memcpy(at(vm, KCSD_GUEST_DATA), view->data, view->data_len);
	if (in->nr_grants)
		memcpy(at(vm, KCSD_GUEST_CTX + KCSD_GUEST_GRANTS_OFF), in->grants,
		       in->nr_grants * sizeof(*in->grants));
	if (in->args_len)
		memcpy(at(vm, vm->layout.args), in->args, in->args_len);
	setup_ranges(vm, in);

	*ctx = (struct kcsd_ctx){
		.cparam1 = in->cparam1,
		.cparam2 = in->cparam2,
		.args = vm->layout.args,
		.args_len = in->args_len,
		.grants = KCSD_GUEST_CTX + KCSD_GUEST_GRANTS_OFF,
		.nr_grants = in->nr_grants,
		.lba_size = in->lba_size,
		.heap = vm->layout.heap,
		.heap_len = view->heap_len,
		.out_max = in->out_max,
		.ranges = KCSD_GUEST_CTX + KCSD_GUEST_RANGES_OFF,
		.nr_ranges = in->nr_ranges,
		.stream_len = in->stream_len,
	};
	memset(&vm->end, 0, sizeof(vm->end));
}

void *kcsd_vm_ptr(struct kcsd_vm *vm, u64 addr, u64 len)
{
	return len ? kcsd_memory_at(vm->mem, vm->mem_len, addr, len) : NULL;
}

void *kcsd_vm_ptr_write(struct kcsd_vm *vm, u64 addr, u64 len)
{
	return len ? kcsd_memory_at_write(vm->mem, vm->mem_len, addr, len) : NULL;
}

void kcsd_vm_fault(struct kcsd_vm *vm, u32 reason, u64 addr_or_lba)
{
	if (vm->end.reason)
		return;
	vm->end.reason = reason;
	if (reason == KCSD_FAULT_LBA_READ || reason == KCSD_FAULT_LBA_WRITE)
		vm->end.lba = addr_or_lba;
	else
		vm->end.addr = addr_or_lba;
}

int kcsd_fault_status(u32 reason)
{
	switch (reason) {
	case KCSD_FAULT_NONE:
		return KCSD_SC_SUCCESS;
	case KCSD_FAULT_BUDGET:
		return KCSD_SC_PROGRAM_BUDGET;
	case KCSD_FAULT_TIME:
		return KCSD_SC_PROGRAM_TIME;
	case KCSD_FAULT_CANCELLED:
		return KCSD_SC_PROGRAM_CANCELLED;
	case KCSD_FAULT_CHANGED:
		return KCSD_SC_PROGRAM_CHANGED;
	default:
		return KCSD_SC_PROGRAM_FAULT;
	}
}
