// SPDX-License-Identifier: GPL-2.0
/* Tests of guest memory: layout, contents and bounds, see <linux/kcsd_bpf.h>. */
#include "runner.h"
#include "tap.h"

#define GARBAGE		0xa5

/* Sizes that determine a layout. */
struct sizes {
	u32 data;
	u32 bss;
	u32 heap;
	u32 args;
};

static const struct sizes sizes[] = {
	{ 0, 0, 0, 0 },
	{ 1, 0, 0, 0 },
	{ 0, 1, 0, 0 },
	{ 0, 0, 1, 0 },
	{ 0, 0, 0, 1 },
	{ 63, 1, 64, 64 },
	{ 64, 0, 65, 7 },
	{ 64, 1, 63, 65536 },
	{ 1000, 3000, 4096, 100 },
};

static u64 aligned(u64 n)
{
	return (n + 63) / 64 * 64;
}

static struct kcsd_image_view view_of(const struct sizes *s)
{
	return (struct kcsd_image_view){
		.data_len = s->data, .bss_len = s->bss, .heap_len = s->heap,
	};
}

static void layout(const struct sizes *s)
{
	struct kcsd_image_view view = view_of(s);
	struct kcsd_layout got;
	u64 stack = aligned(0x2000ull + s->data + s->bss);
	u64 heap = aligned(stack + 8 * 512);
	u64 args = aligned(heap + s->heap);
	u64 len = kcsd_layout_init(&got, &view, s->args);

	tap_point(len == args + s->args - 0x1000 && got.stack == stack && got.heap == heap &&
		  got.args == args, "layout: data %u, bss %u, heap %u, arguments %u", s->data,
		  s->bss, s->heap, s->args);
}

/* Lay out more than 32 bits: the length is right. */
static void huge_layout(const struct sizes *s, const char *what)
{
	struct kcsd_image_view view = view_of(s);
	struct kcsd_layout got;
	u64 len = kcsd_layout_init(&got, &view, s->args);
	u64 stack = aligned(0x2000ull + s->data + s->bss);
	u64 want = aligned(stack + 4096 + s->heap) + s->args - 0x1000;

	tap_point(len == want, "layout: %s", what);
	if (len != want)
		tap_note("expected %#llx, got %#llx", (unsigned long long)want,
			 (unsigned long long)len);
}

static void huge_layouts(void)
{
	const u32 most = UINT32_MAX;

	huge_layout(&(struct sizes){ most, most, most, most }, "the most of all");
	huge_layout(&(struct sizes){ most, 0, 0, 0 }, "the most data");
	huge_layout(&(struct sizes){ 0, most, 0, 0 }, "the most bss");
	huge_layout(&(struct sizes){ 0, 0, most, 0 }, "the most heap");
	huge_layout(&(struct sizes){ 0, 0, 0, most }, "the most arguments");
	huge_layout(&(struct sizes){ most - 0x1fff, 0, 0, 0 }, "data to the end of 32 bits");
}

/* Check that ranges begin at the next page, after any memory. */
static void layouts_of_ranges(void)
{
	struct kcsd_memory_range ranges[KCSD_GUEST_MAX_RANGES];
	struct kcsd_layout layout = { .ranges = 1 };
	u64 len, start;
	bool ok = true;
	u32 i;

	for (i = 0; i < KCSD_GUEST_MAX_RANGES; i++)
		ranges[i].len = cpu_to_le32(0xfffff000);
	for (len = 0x1000; len < 0x4000; len++) {
		start = (len + 0x1fff) & ~0xfffull;
		ok &= kcsd_layout_add_ranges(&layout, len, ranges, 2) ==
		      start - 0x1000 + 2 * 0xfffff000ull;
		ok &= layout.ranges == start;
	}
	tap_point(ok, "layout: ranges from the next page on");
	tap_point(kcsd_layout_add_ranges(&layout, 0x1000, ranges, KCSD_GUEST_MAX_RANGES) ==
		  0x1000 + KCSD_GUEST_MAX_RANGES * 0xfffff000ull, "layout: the most ranges");
	tap_point(kcsd_layout_init(&layout, &(struct kcsd_image_view){}, 5) ==
		  kcsd_layout_add_ranges(&layout, layout.args + 5 - 0x1000, ranges, 0) &&
		  !layout.ranges, "layout: no ranges");
}

static void stream_max(void)
{
	const struct kcsd_lba_grant grants[] = {
		{ .slba = 5, .nlb = cpu_to_le32(~0u), .access = KCSD_GRANT_READ },
		{ .slba = 9, .nlb = cpu_to_le32(2), .access = KCSD_GRANT_WRITE },
		{ .slba = 5, .nlb = cpu_to_le32(3), .access = KCSD_GRANT_ALL },
	};
	const struct kcsd_memory_range ranges[] = {
		{ .len = cpu_to_le32(0xfffff000) }, { .len = cpu_to_le32(0x2000) },
	};
	struct kcsd_vm_input in = { .lba_size = 4096, .ranges = ranges, .nr_ranges = 2 };

	tap_point(kcsd_stream_max(&(struct kcsd_vm_input){ .lba_size = 512 }) == 0,
		  "stream: of nothing");
	tap_point(kcsd_stream_max(&in) == 0x100001000, "stream: of ranges");
	in.grants = grants;
	in.nr_grants = 3;
	tap_point(kcsd_stream_max(&in) == (0xffffffffull + 3) * 4096, "stream: of LBAs");
	in.grants = grants + 1;
	in.nr_grants = 1;
	tap_point(kcsd_stream_max(&in) == 0, "stream: of LBAs that cannot be read");
}

static void put(struct kcsd_vm *vm, u8 *image, u64 addr, const void *src, u64 len)
{
	assert(addr - KCSD_GUEST_CTX + len <= vm->mem_len);
	memcpy(image + (addr - KCSD_GUEST_CTX), src, len);
}

static const struct kcsd_lba_grant two_grants[2] = {
	{ .slba = 5, .nlb = 6, .access = KCSD_GRANT_READ },
	{ .slba = ~0ull, .nlb = ~0u, .access = KCSD_GRANT_ALL },
};

/* Returns the memory as it should be; the caller frees it. */
static u8 *expected_memory(struct kcsd_vm *vm, const struct kcsd_image_view *view,
			   const struct kcsd_vm_input *in)
{
	const struct kcsd_ctx ctx = {
		.cparam1 = in->cparam1, .cparam2 = in->cparam2,
		.args = vm->layout.args, .args_len = in->args_len,
		.grants = 0x1400, .nr_grants = in->nr_grants, .lba_size = in->lba_size,
		.heap = vm->layout.heap, .heap_len = view->heap_len, .out_max = in->out_max,
		.ranges = 0x1c00, .nr_ranges = in->nr_ranges, .stream_len = in->stream_len,
	};
	u64 addr = ((u64)vm->layout.args + in->args_len + 4095) & ~4095ull;
	u8 *image = calloc(1, vm->mem_len);
	u32 i;

	assert(image);
	put(vm, image, 0x1000, &ctx, sizeof(ctx));
	if (in->nr_grants)
		put(vm, image, 0x1400, in->grants, in->nr_grants * sizeof(*in->grants));
	for (i = 0; i < in->nr_ranges; i++) {
		struct kcsd_mem_range range = { addr, le32_to_cpu(in->ranges[i].len) };

		put(vm, image, 0x1c00 + i * sizeof(range), &range, sizeof(range));
		memset(image + (addr - 0x1000), GARBAGE, range.len);
		addr += range.len;
	}
	if (view->data_len)
		put(vm, image, 0x2000, view->data, view->data_len);
	if (in->args_len)
		put(vm, image, vm->layout.args, in->args, in->args_len);
	return image;
}

static u8 *pattern(u32 len, u8 first)
{
	u8 *p = malloc(len);
	u32 i;

	assert(p || !len);
	for (i = 0; i < len; i++)
		p[i] = (u8)(first + i * 3);
	return p;
}

/* Set up memory with garbage in it, and again after another run. */
static void contents(const struct sizes *s, const struct kcsd_lba_grant *grants, u32 nr_grants,
		     const struct kcsd_memory_range *ranges, u32 nr_ranges)
{
	struct kcsd_image_view view = view_of(s);
	u8 *data = pattern(s->data, 1), *args = pattern(s->args, 2), *want;
	const struct kcsd_vm_input in = {
		.cparam1 = 0x0123456789abcdef, .cparam2 = ~0ull, .grants = grants,
		.nr_grants = nr_grants, .lba_size = 4096, .args = s->args ? args : NULL,
		.args_len = s->args, .out_max = 0x1122334455667788,
		.ranges = ranges, .nr_ranges = nr_ranges, .stream_len = 0x8877665544332211,
	};
	struct kcsd_vm vm = { .ops = &device_ops, .budget = 1 };

	view.data = data;
	vm.mem_len = kcsd_layout_init(&vm.layout, &view, s->args);
	vm.mem_len = kcsd_layout_add_ranges(&vm.layout, vm.mem_len, ranges, nr_ranges);
	vm.mem = malloc(vm.mem_len);
	assert(vm.mem);
	memset(vm.mem, GARBAGE, vm.mem_len);
	want = expected_memory(&vm, &view, &in);
	kcsd_vm_setup(&vm, &view, &in);
	tap_point(!memcmp(vm.mem, want, vm.mem_len),
		  "memory: fresh with data %u, bss %u, heap %u, arguments %u, %u grants, %u ranges",
		  s->data, s->bss, s->heap, s->args, nr_grants, nr_ranges);
	free(want);
	free(vm.mem);
	free(data);
	free(args);
}

static void all_contents(void)
{
	struct kcsd_memory_range ranges[KCSD_GUEST_MAX_RANGES];
	struct kcsd_lba_grant most[KCSD_MAX_GRANTS];
	u32 i;

	for (i = 0; i < KCSD_GUEST_MAX_RANGES; i++)
		ranges[i] = (struct kcsd_memory_range){ .len = cpu_to_le32((i % 3 + 1) << 12) };
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		contents(&sizes[i], two_grants, i % 3 == 0 ? 0 : 2, NULL, 0);
		contents(&sizes[i], NULL, 0, ranges, i % 3 + 1);
	}
	for (i = 0; i < KCSD_MAX_GRANTS; i++)
		most[i] = (struct kcsd_lba_grant){ .slba = i, .nlb = i + 1, .access = 1 };
	contents(&sizes[6], most, KCSD_MAX_GRANTS, ranges, KCSD_GUEST_MAX_RANGES);
}

static bool inside(u64 floor, u64 mem_len, u64 addr, u64 len)
{
	unsigned __int128 end = (unsigned __int128)addr + len;

	return addr >= floor && end <= (unsigned __int128)KCSD_GUEST_CTX + mem_len;
}

static bool bounds_of(u64 mem_len)
{
	u64 base = KCSD_GUEST_CTX, end = base + mem_len, addr, len, a, l;
	const u64 places[] = { 0, 1, base, base + 1, base + 8, end, ~0ull, 1ull << 63, 1ull << 32,
			       base + (1ull << 32), end + (1ull << 32), 0 - mem_len, 0 - base,
			       KCSD_GUEST_DATA };
	const u64 lens[] = { 1, 2, 8, 512, mem_len, ~0ull, 1ull << 63, 1ull << 32,
			     0 - base, 0 - end };
	struct kcsd_vm vm = { .mem = malloc(mem_len), .mem_len = mem_len };
	void *host, *got, *want, *got_write, *want_write;
	bool ok = true;

	assert(vm.mem);
	for (a = 0; ok && a < ARRAY_SIZE(places) * 19; a++) {
		addr = places[a / 19] + a % 19 - 9;
		for (l = 0; ok && l < ARRAY_SIZE(lens) * 5; l++) {
			len = lens[l / 5] + l % 5 - 2;
			if (!len)
				continue;
			got = kcsd_vm_ptr(&vm, addr, len);
			got_write = kcsd_vm_ptr_write(&vm, addr, len);
			host = (void *)((uintptr_t)vm.mem + (uintptr_t)(addr - base));
			want = inside(base, mem_len, addr, len) ? host : NULL;
			want_write = inside(KCSD_GUEST_DATA, mem_len, addr, len) ? host : NULL;
			ok = got == want && got_write == want_write;
			if (!ok)
				tap_note("memory %#llx: %#llx + %#llx", (unsigned long long)mem_len,
					 (unsigned long long)addr, (unsigned long long)len);
		}
	}
	free(vm.mem);
	return ok;
}

static void bounds(void)
{
	static const u64 lens[] = { 0x2000, 0x2001, 0x203f, 0x10000, 0x10007 };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		tap_point(bounds_of(lens[i]), "memory: bounds of %#llx bytes",
			  (unsigned long long)lens[i]);
}

static void faults(void)
{
	struct kcsd_vm vm = {};

	kcsd_vm_fault(&vm, KCSD_FAULT_LBA_WRITE, 77);
	tap_point(vm.end.reason == KCSD_FAULT_LBA_WRITE && vm.end.lba == 77 && !vm.end.addr,
		  "fault: at an LBA");
	kcsd_vm_fault(&vm, KCSD_FAULT_MEMORY, 88);
	tap_point(vm.end.reason == KCSD_FAULT_LBA_WRITE && vm.end.lba == 77 && !vm.end.addr,
		  "fault: the first one stays");
	vm = (struct kcsd_vm){};
	kcsd_vm_fault(&vm, KCSD_FAULT_MEMORY, ~0ull);
	tap_point(vm.end.reason == KCSD_FAULT_MEMORY && vm.end.addr == ~0ull && !vm.end.lba,
		  "fault: at an address");
}

static void helper_names(void)
{
	static const char * const names[] = {
		NULL, "read", "write", "emit", "log", "geometry", "time", "memcpy", "memset",
		"memcmp", "memchr", "memmem", "crc32c", "sha256_add", "sha256_end", "append",
		"zone", "stream_read", "stream_write", "zone_reset", "zone_finish", "flush",
		"kv_store", "positions", "decompress", NULL,
	};
	const char *name;
	bool ok = true;
	u32 id;

	for (id = 0; id < ARRAY_SIZE(names); id++) {
		name = kcsd_signature_name(KCSD_HELPER_BASE + id);
		ok &= !kcsd_signature_name(id);
		ok &= names[id] ? name && !strcmp(name, names[id]) : !name;
	}
	tap_point(ok && !kcsd_signature_name(UINT32_MAX) && !kcsd_signature_name(0x80000001),
		  "helpers: their names, and none for other ids");
}

void memory_tests(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		layout(&sizes[i]);
	huge_layouts();
	stream_max();
	layouts_of_ranges();
	all_contents();
	bounds();
	faults();
	helper_names();
}
