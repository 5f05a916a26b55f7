// SPDX-License-Identifier: GPL-2.0
#include "device.h"
#include "helper.h"

u32 device_nr_args(u32 id)
{
	const struct kcsd_signature *sig = kcsd_signature(id);

	return sig ? sig->nr_args : 0;
}

u8 device_byte(u64 lba, u64 off)
{
	return (u8)(lba * 7 + off);
}

u8 device_slm_byte(u64 off)
{
	return (u8)(off * 11 + (off >> 12));
}

static void fill_ranges(struct device_run *run)
{
	u64 i, start;
	u32 n;
	u8 *to;

	if (!run->input.nr_ranges)
		return;
	to = run->vm.mem + (run->vm.layout.ranges - KCSD_GUEST_CTX);
	for (n = 0; n < run->input.nr_ranges; n++) {
		start = le64_to_cpu(run->input.ranges[n].start);
		for (i = 0; i < le32_to_cpu(run->input.ranges[n].len); i++)
			*to++ = device_slm_byte(start + i);
	}
}

void device_reset(struct device_run *run)
{
	fill_ranges(run);
	run->nr_calls = 0;
	run->emitted_len = 0;
	run->met_bad_lba = false;
	run->ticks = 0;
	run->tick_costs = 0;
	run->allocs = 0;
	run->broken = NULL;
}

/* Check that each pointer is that of its address, and all of it in the memory of the program. */
static void check_args(struct device_run *run, u32 id, const struct kcsd_helper_args *args)
{
	const struct kcsd_signature *sig = kcsd_signature(id);
	u64 off, len;
	u32 i;

	if (run->vm.end.reason)
		run->broken = "a helper was called after a fault";
	for (i = 0; i < sig->nr_args; i++) {
		if (sig->kind[i] != IN && sig->kind[i] != OUT)
			continue;
		off = args->val[i] - KCSD_GUEST_CTX;
		len = args->val[i + 1];
		if (!len && args->ptr[i])
			run->broken = "a pointer to no bytes is not NULL";
		if (len && (len > run->vm.mem_len || off > run->vm.mem_len - len))
			run->broken = "a helper was called with memory out of bounds";
		else if (len && args->ptr[i] != run->vm.mem + off)
			run->broken = "a helper was called with memory of another address";
	}
}

static void log_call(struct device_run *run, u32 id, const struct kcsd_helper_args *args)
{
	struct device_call *call = &run->calls[run->nr_calls];

	if (run->nr_calls == DEVICE_MAX_CALLS)
		return;
	call->id = id;
	memcpy(call->val, args->val, sizeof(call->val));
	call->cost = run->vm.cost;
	run->nr_calls++;
}

static bool granted(const struct device_run *run, u64 lba, u8 access)
{
	const struct kcsd_lba_grant *grant;
	u64 slba;
	u32 i;

	for (i = 0; i < run->input.nr_grants; i++) {
		grant = &run->input.grants[i];
		slba = le64_to_cpu(grant->slba);
		if (lba >= slba && lba - slba < le32_to_cpu(grant->nlb) && grant->access & access)
			return true;
	}
	return false;
}

static bool is_bad(struct device_run *run, u64 lba)
{
	if (lba != DEVICE_BAD_LBA)
		return false;
	run->met_bad_lba = true;
	return true;
}

static s64 move_lba(struct device_run *run, u8 access, u64 lba, u8 *mem)
{
	u64 off;
	u32 reason = access == KCSD_GRANT_READ ? KCSD_FAULT_LBA_READ : KCSD_FAULT_LBA_WRITE;

	if (!granted(run, lba, access)) {
		kcsd_vm_fault(&run->vm, reason, lba);
		return 0;
	}
	if (is_bad(run, lba))
		return -KCSD_EIO;
	for (off = 0; access == KCSD_GRANT_READ && off < DEVICE_LBA_SIZE; off++)
		mem[off] = device_byte(lba, off);
	return 0;
}

static s64 move(struct device_run *run, u8 access, const struct kcsd_helper_args *args)
{
	u64 len = args->val[2], done;
	s64 ret = 0;

	if (len % DEVICE_LBA_SIZE)
		return -KCSD_EINVAL;
	for (done = 0; done < len && !ret && !run->vm.end.reason; done += DEVICE_LBA_SIZE)
		ret = move_lba(run, access, args->val[0] + done / DEVICE_LBA_SIZE,
			       (u8 *)args->ptr[1] + done);
	return ret;
}

/* Find a byte of the LBAs that may be read. *offset counts them, and becomes that in *lba. */
static const struct kcsd_lba_grant *stream_find(struct device_run *run, u64 *offset, u64 *lba)
{
	const struct kcsd_lba_grant *grant;
	u64 nlb;
	u32 i;

	for (i = 0; i < run->input.nr_grants; i++) {
		grant = &run->input.grants[i];
		nlb = grant->access & KCSD_GRANT_READ ? le32_to_cpu(grant->nlb) : 0;
		if (*offset < nlb * DEVICE_LBA_SIZE)
			break;
		*offset -= nlb * DEVICE_LBA_SIZE;
	}
	assert(i < run->input.nr_grants);
	*lba = le64_to_cpu(grant->slba) + *offset / DEVICE_LBA_SIZE;
	*offset %= DEVICE_LBA_SIZE;
	return grant;
}

/* Read a byte of the stream. Returns 0 or -KCSD_EIO. */
static s64 stream_byte(struct device_run *run, u64 offset, u8 *to)
{
	u64 lba;

	stream_find(run, &offset, &lba);
	if (is_bad(run, lba))
		return -KCSD_EIO;
	*to = device_byte(lba, offset);
	return 0;
}

/* Write to the stream. No run reads what it has written. */
static s64 stream_write(struct device_run *run, const struct kcsd_helper_args *args)
{
	u64 offset = args->val[0], len = args->val[2], i, at, lba;
	s64 ret = 0;

	if (!len)
		return 0;
	if (offset >= run->input.stream_len || len > run->input.stream_len - offset)
		return -KCSD_ENOSPC;
	if (!run->input.nr_grants)
		return -KCSD_EROFS;
	for (i = 0; i < len; i++) {
		at = offset + i;
		if (!(stream_find(run, &at, &lba)->access & KCSD_GRANT_WRITE))
			return -KCSD_EROFS;
	}
	for (i = 0; i < len && !ret; i++) {
		at = offset + i;
		stream_find(run, &at, &lba);
		if (is_bad(run, lba))
			ret = -KCSD_EIO;
	}
	return ret;
}

static s64 stream_read(struct device_run *run, const struct kcsd_helper_args *args)
{
	u64 offset = args->val[0], len = args->val[2], i;
	s64 ret = 0;

	if (offset >= run->input.stream_len || !len)
		return 0;
	len = min(len, run->input.stream_len - offset);
	if (!run->input.nr_grants) {
		memmove(args->ptr[1],
			run->vm.mem + (run->vm.layout.ranges - KCSD_GUEST_CTX) + offset, len);
		return len;
	}
	for (i = 0; i < len && !ret; i++)
		ret = stream_byte(run, offset + i, (u8 *)args->ptr[1] + i);
	return ret ? ret : (s64)len;
}

static s64 emit(struct device_run *run, const struct kcsd_helper_args *args)
{
	u64 len = args->val[1];

	if (len > run->input.out_max - run->emitted_len)
		return -KCSD_ENOSPC;
	if (len)
		memcpy(run->emitted + run->emitted_len, args->ptr[0], len);
	run->emitted_len += len;
	return 0;
}

static s64 log_line(const struct kcsd_helper_args *args)
{
	char text[KCSD_LOG_TEXT_LEN];

	if (args->val[1])
		memcpy(text, args->ptr[0], min(args->val[1], (u64)sizeof(text)));
	return 0;
}

static s64 geometry(const struct kcsd_helper_args *args)
{
	const struct kcsd_geometry geo = {
		.nsze = DEVICE_NSZE, .lba_size = DEVICE_LBA_SIZE, .cus = DEVICE_CUS,
	};

	return kcsd_helper_copy_struct(args->ptr[0], args->val[1], &geo, sizeof(geo));
}

/* No keys are granted. */
static s64 store_object(const struct kcsd_helper_args *args)
{
	u64 key_len = args->val[1], flags = args->val[4];

	return !key_len || key_len > 16 || flags > KCSD_STORE_MUST_NOT_EXIST ? -KCSD_EINVAL :
									       -KCSD_EACCES;
}

static s64 device_helper(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *args)
{
	struct device_run *run = (struct device_run *)vm;

	check_args(run, id, args);
	if (run->broken)
		return 0;
	log_call(run, id, args);
	switch (id) {
	case KCSD_HELPER_read:
		return move(run, KCSD_GRANT_READ, args);
	case KCSD_HELPER_write:
		return move(run, KCSD_GRANT_WRITE, args);
	case KCSD_HELPER_emit:
		return emit(run, args);
	case KCSD_HELPER_log:
		return log_line(args);
	case KCSD_HELPER_geometry:
		return geometry(args);
	case KCSD_HELPER_time:
		return 1000;
	case KCSD_HELPER_stream_read:
		return stream_read(run, args);
	case KCSD_HELPER_stream_write:
		return stream_write(run, args);
	case KCSD_HELPER_flush:
		return 0;
	case KCSD_HELPER_kv_store:
		return store_object(args);
	case KCSD_HELPER_append:
	case KCSD_HELPER_zone:
	case KCSD_HELPER_zone_reset:
	case KCSD_HELPER_zone_finish:
		return -KCSD_EINVAL;	/* not zoned */
	}
	run->broken = "a helper that the engine has, or an unknown one, was called";
	return 0;
}

static u32 device_tick(struct kcsd_vm *vm)
{
	struct device_run *run = (struct device_run *)vm;

	if (vm->end.reason)
		run->broken = "tick was called after a fault";
	run->ticks++;
	run->tick_costs = run->tick_costs * 31 + vm->cost;
	return run->ticks == run->stop_tick ? run->stop_reason : KCSD_FAULT_NONE;
}

static void *device_alloc(struct kcsd_vm *vm, size_t size)
{
	struct device_run *run = (struct device_run *)vm;

	if (vm->end.reason)
		run->broken = "memory was allocated after a fault";
	run->allocs++;
	return run->allocs == run->fail_alloc ? NULL : kcsd_alloc(size);
}

const struct kcsd_vm_ops device_ops = {
	.helper = device_helper,
	.tick = device_tick,
	.alloc = device_alloc,
};
