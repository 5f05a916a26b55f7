// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Calls of helpers: by their signatures, all arguments are checked in here. */
#include "engine.h"

#define MAX_ARGS	5

enum kind { NONE, VAL, IN, OUT, LEN };

struct signature {
	const char *name;
	u8 nr_args;
	u8 kind[MAX_ARGS];	/* enum kind */
	bool moves;		/* data: worth a look at the clock afterwards */
};

static const struct signature signatures[] = {
#define SIGNATURE(id, name, nr, a, b, c, d, e) [id] = { #name, nr, { a, b, c, d, e }, (nr) > 1 },
	KCSD_HELPERS(SIGNATURE)
#undef SIGNATURE
};

const char *kcsd_signature_name(u32 id)
{
	return id < ARRAY_SIZE(signatures) ? signatures[id].name : NULL;
}

/* An IN or OUT: the address in args->val[i], the length in the one after it. */
static bool check_buffer(struct kcsd_vm *vm, struct kcsd_helper_args *args, u32 i, u8 kind)
{
	u64 addr = args->val[i], len = args->val[i + 1];

	if (kind == OUT)
		args->ptr[i] = kcsd_vm_ptr_write(vm, addr, len);
	else
		args->ptr[i] = kcsd_vm_ptr(vm, addr, len);
	if (args->ptr[i] || !len)
		return true;
	kcsd_vm_fault(vm, KCSD_FAULT_MEMORY, addr);
	return false;
}

s64 kcsd_helper_call(struct kcsd_vm *vm, u32 id, const u64 val[MAX_ARGS])
{
	const struct signature *sig = &signatures[id];
	struct kcsd_helper_args args = {};
	s64 ret = 0;
	u32 i;

	for (i = 0; i < sig->nr_args; i++)
		args.val[i] = val[i];
	for (i = 0; i < sig->nr_args; i++)
		if ((sig->kind[i] == IN || sig->kind[i] == OUT) &&
		    !check_buffer(vm, &args, i, sig->kind[i]))
			break;
	if (!vm->end.reason)
		ret = vm->ops->helper(vm, id, &args);
	if (!vm->end.reason && sig->moves)
		kcsd_vm_fault(vm, vm->ops->tick(vm), 0);
	if (vm->end.reason)
		vm->end.helper = id;
	return ret;
}
