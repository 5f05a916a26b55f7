// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Validate all arguments of helpers by their signatures, and call them. */
#include "helper.h"

/* Returns the index of the argument that is the length of buffer i. */
static u32 len_of(const struct kcsd_signature *sig, u32 i)
{
	while (sig->kind[i] != LEN)
		i++;
	return i;
}

/* Returns the length of the buffer at argument i. */
static u64 buffer_len(const struct kcsd_signature *sig, const struct kcsd_helper_args *args, u32 i)
{
	if (sig->kind[i] == HASH)
		return sizeof(struct kcsd_sha256);
	if (sig->kind[i] == DIGEST)
		return KCSD_SHA256_LEN;
	return args->val[len_of(sig, i)];
}

static bool validate_buffer(struct kcsd_vm *vm, const struct kcsd_signature *sig,
			    struct kcsd_helper_args *args, u32 i)
{
	u64 addr = args->val[i], len = buffer_len(sig, args, i);

	/*
	 * Keep len within the memory also if the CPU mis-speculates past a branch below: some
	 * helpers begin at the end of the buffer. A longer len is a fault in any case.
	 */
	if (sig->kind[i] == IN || sig->kind[i] == OUT)
		args->val[len_of(sig, i)] = kcsd_index_nospec(len, vm->mem_len + 1);
	if (!len)
		return true;
	if (sig->kind[i] == IN)
		args->ptr[i] = kcsd_vm_ptr(vm, addr, len);
	else
		args->ptr[i] = kcsd_vm_ptr_write(vm, addr, len);
	if (args->ptr[i])
		return true;
	kcsd_vm_fault(vm, KCSD_FAULT_MEMORY, addr);
	return false;
}

static bool validate_args(struct kcsd_vm *vm, const struct kcsd_signature *sig,
			  struct kcsd_helper_args *args)
{
	u32 i;

	for (i = 0; i < sig->nr_args; i++)
		if (sig->kind[i] != VAL && sig->kind[i] != LEN &&
		    !validate_buffer(vm, sig, args, i))
			return false;
	return true;
}

/* Add the cost of the bytes that a helper works on; args are valid. */
static void add_cost(struct kcsd_vm *vm, u32 id, const struct kcsd_signature *sig,
		     const struct kcsd_helper_args *args)
{
	u32 i;

	switch (id) {
	case KCSD_HELPER_read:
	case KCSD_HELPER_write:
	case KCSD_HELPER_append:
	case KCSD_HELPER_stream_read:
	case KCSD_HELPER_stream_write:
		return;
	case KCSD_HELPER_decompress:
		vm->cost += args->val[2] * vm->costs->helper_byte;
		return;
	}
	for (i = 0; i < sig->nr_args; i++)
		if (sig->kind[i] == LEN)
			vm->cost += args->val[i] * vm->costs->helper_byte;
}

/* Execute a helper: here if it needs only memory, else by vm->ops. */
static s64 carry_out(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *args)
{
	switch (id) {
	case KCSD_HELPER_memcpy:
		return kcsd_helper_memcpy(vm, args);
	case KCSD_HELPER_memset:
		return kcsd_helper_memset(vm, args);
	case KCSD_HELPER_memcmp:
		return kcsd_helper_memcmp(vm, args);
	case KCSD_HELPER_memchr:
		return kcsd_helper_memchr(vm, args);
	case KCSD_HELPER_memmem:
		return kcsd_helper_memmem(vm, args);
	case KCSD_HELPER_positions:
		return kcsd_helper_positions(vm, args);
	case KCSD_HELPER_crc32c:
		return kcsd_helper_crc32c(vm, args);
	case KCSD_HELPER_sha256_add:
		return kcsd_helper_sha256_add(vm, args);
	case KCSD_HELPER_sha256_end:
		return kcsd_helper_sha256_end(vm, args);
	case KCSD_HELPER_decompress:
		return kcsd_helper_decompress(vm, args);
	default:
		return vm->ops->helper(vm, id, args);
	}
}

s64 kcsd_helper_copy_struct(void *dst, u64 len, const void *src, u64 size)
{
	/* A CPU that mis-speculates copies no more either: the stack of the kernel follows. */
	len = kcsd_index_nospec(min(len, size), size + 1);
	if (len)
		memcpy(dst, src, len);
	return len;
}

s64 kcsd_helper_call(struct kcsd_vm *vm, u32 id, const u64 val[KCSD_HELPER_ARGS])
{
	const struct kcsd_signature *sig = kcsd_signature(id);
	struct kcsd_helper_args args = {};
	s64 ret = 0;
	u32 i;

	for (i = 0; i < sig->nr_args; i++)
		args.val[i] = val[i];
	if (validate_args(vm, sig, &args)) {
		if (vm->costs)
			add_cost(vm, id, sig, &args);
		ret = carry_out(vm, id, &args);
	}
	/* Any other helper can take long: look at the clock. */
	if (!vm->end.reason && id != KCSD_HELPER_time)
		kcsd_vm_fault(vm, vm->ops->tick(vm), 0);
	if (vm->end.reason)
		vm->end.helper = id;
	return ret;
}

bool kcsd_pace_step(struct kcsd_pace *pace, u64 bytes)
{
	struct kcsd_vm *vm = pace->vm;

	pace->left -= bytes;
	if (pace->left)
		return true;
	pace->left = KCSD_TICK_BYTES;
	kcsd_vm_fault(vm, vm->ops->tick(vm), 0);
	return !vm->end.reason;
}
