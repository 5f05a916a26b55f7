// SPDX-License-Identifier: GPL-2.0
#include "program.h"

#define GARBAGE		0xa5

static void *exactly(u64 len)
{
	void *p = malloc(len);

	assert(p || !len);
	return p;
}

void program_copy(struct program *prog, const void *buf, u64 len)
{
	*prog = (struct program){ .buf = exactly(len), .len = len };
	if (len)
		memcpy(prog->buf, buf, len);
}

void program_build(struct program *prog, const struct program_parts *parts)
{
	u32 insns_len = parts->insn_cnt * sizeof(*parts->insns);
	struct kcsd_image image = {
		.magic = KCSD_IMAGE_MAGIC,
		.version = cpu_to_le16(KCSD_IMAGE_VERSION),
		.hdr_len = cpu_to_le16(sizeof(image)),
		.insn_cnt = cpu_to_le32(parts->insn_cnt),
		.data_len = cpu_to_le32(parts->data_len),
		.bss_len = cpu_to_le32(parts->bss_len),
		.heap_len = cpu_to_le32(parts->heap_len),
		.name = "test",
	};
	u8 *p;

	if (!parts->data_len && !parts->bss_len && !parts->heap_len) {
		program_copy(prog, parts->insns, insns_len);
		return;
	}
	*prog = (struct program){ .len = sizeof(image) + insns_len + parts->data_len };
	p = prog->buf = exactly(prog->len);
	memcpy(p, &image, sizeof(image));
	p += sizeof(image);
	if (insns_len)
		memcpy(p, parts->insns, insns_len);
	if (parts->data_len)
		memcpy(p + insns_len, parts->data, parts->data_len);
}

/* Choose costs, mostly small and sometimes as large as can be, by the bytes of the program. */
static void choose_costs(struct program *prog)
{
	u32 *cost = (u32 *)&prog->costs, i;
	u64 random = prog->len;

	for (i = 0; i < prog->len; i++)
		random = random * 31 + ((const u8 *)prog->buf)[i];
	for (i = 0; i < sizeof(prog->costs) / sizeof(*cost); i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		cost[i] = random >> 60 ? (u32)(random >> 33) % 10000 : UINT32_MAX - i;
	}
}

bool program_load(struct program *prog)
{
	int ret;

	prog->verdict.reason = kcsd_image_parse(prog->buf, prog->len, &prog->view);
	if (prog->verdict.reason)
		return false;
	ret = kcsd_code_create(prog->view.insns, prog->view.insn_cnt, &prog->code, &prog->verdict);
	assert(!ret == !prog->verdict.reason);
	if (ret)
		return false;
	choose_costs(prog);
	ret = kcsd_code_set_costs(prog->code, &prog->costs);
	assert(!ret);
	return true;
}

void program_exit(struct program *prog)
{
	if (prog->code)
		kcsd_code_destroy(prog->code);
	free(prog->buf);
}

bool program_prepare(const struct program *prog, struct device_run *run, u64 max_mem)
{
	struct kcsd_vm *vm = &run->vm;

	vm->mem_len = kcsd_layout_init(&vm->layout, &prog->view, run->input.args_len);
	vm->mem_len = kcsd_layout_add_ranges(&vm->layout, vm->mem_len, run->input.ranges,
					     run->input.nr_ranges);
	if (vm->mem_len > max_mem)
		return false;
	vm->mem = exactly(vm->mem_len);
	memset(vm->mem, GARBAGE, vm->mem_len);
	vm->ops = &device_ops;
	vm->costs = &prog->costs;
	run->emitted = exactly(run->input.out_max);
	return true;
}

void program_run(const struct program *prog, struct device_run *run)
{
	device_reset(run);
	kcsd_vm_setup(&run->vm, &prog->view, &run->input);
	kcsd_interp(prog->code, &run->vm);
	kcsd_vm_release(&run->vm);
}

void program_release(struct device_run *run)
{
	free(run->vm.mem);
	free(run->emitted);
}
