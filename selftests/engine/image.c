// SPDX-License-Identifier: GPL-2.0
/* Tests of images, good and broken, in buffers of the exact size: ASan sees reads beyond. */
#include "runner.h"
#include "tap.h"

#define INSNS		3
#define DATA_LEN	5
#define IMAGE_LEN	(sizeof(struct kcsd_image) + INSNS * 8 + DATA_LEN)

static const struct bpf_insn insns[INSNS] = {
	{ .code = 0xb7, .imm = 1 },	/* mov r0, 1 */
	{ .code = 0x07, .imm = 1 },	/* add r0, 1 */
	{ .code = 0x95 },		/* exit */
};

/* One way to break a good image. */
struct breakage {
	const char *what;
	u32 off;		/* in the header */
	u32 len;		/* bytes replaced */
	u64 value;		/* little-endian */
	u32 reason;		/* expected */
};

static struct kcsd_image *header(struct program *prog)
{
	return prog->buf;
}

static void good_image(struct program *prog)
{
	const struct program_parts parts = {
		.insns = insns, .insn_cnt = INSNS, .data = "data!", .data_len = DATA_LEN,
		.bss_len = 100, .heap_len = 200,
	};

	program_build(prog, &parts);
}

static u32 parse(const struct program *prog, u64 len)
{
	struct kcsd_image_view view;

	return kcsd_image_parse(prog->buf, len, &view);
}

static void good(void)
{
	struct kcsd_image_view *view;
	struct program prog;
	const u8 *buf;
	u32 reason;

	good_image(&prog);
	buf = prog.buf;
	view = &prog.view;
	reason = kcsd_image_parse(prog.buf, prog.len, view);
	tap_point(!reason && prog.len == IMAGE_LEN && view->insn_cnt == INSNS &&
		  (const u8 *)view->insns == buf + 64 && (const u8 *)view->data == buf + 88 &&
		  view->data_len == DATA_LEN && view->bss_len == 100 && view->heap_len == 200 &&
		  !strcmp(view->name, "test"), "image: a good one, all of its fields");
	program_exit(&prog);
}

/* Parse less than 8 bytes: neither a magic nor an instruction. */
static void truncated(void)
{
	struct program prog, cut;
	u32 reason = 0, want = 0;
	u64 len;

	good_image(&prog);
	for (len = 0; len < prog.len; len++) {
		program_copy(&cut, prog.buf, len);
		reason = parse(&cut, len);
		program_exit(&cut);
		want = len ? KCSD_VERDICT_IMAGE : KCSD_VERDICT_EMPTY;
		if (reason != want)
			break;
	}
	tap_point(len == prog.len, "image: cut to each length");
	if (len < prog.len)
		tap_note("%llu bytes: expected %u, got %u", (unsigned long long)len, want, reason);
	program_exit(&prog);
}

static void too_long(void)
{
	struct program prog, more;

	good_image(&prog);
	prog.buf = realloc(prog.buf, prog.len + 8);
	assert(prog.buf);
	memset((u8 *)prog.buf + prog.len, 0, 8);
	program_copy(&more, prog.buf, prog.len + 1);
	tap_point(parse(&more, more.len) == KCSD_VERDICT_IMAGE, "image: one byte too many");
	program_exit(&more);
	program_copy(&more, prog.buf, prog.len + 8);
	tap_point(parse(&more, more.len) == KCSD_VERDICT_IMAGE, "image: eight bytes too many");
	program_exit(&more);
	program_exit(&prog);
}

#define FIELD(field)	offsetof(struct kcsd_image, field), sizeof(((struct kcsd_image *)0)->field)
#define NAME(i)		offsetof(struct kcsd_image, name) + (i), 1

static const struct breakage breakages[] = {
	{ "version 0", FIELD(version), 0, KCSD_VERDICT_IMAGE },
	{ "version 2", FIELD(version), 2, KCSD_VERDICT_IMAGE },
	{ "version in the other byte order", FIELD(version), 0x100, KCSD_VERDICT_IMAGE },
	{ "version 0x101", FIELD(version), 0x101, KCSD_VERDICT_IMAGE },
	{ "header length 0", FIELD(hdr_len), 0, KCSD_VERDICT_IMAGE },
	{ "header length 63", FIELD(hdr_len), 63, KCSD_VERDICT_IMAGE },
	{ "header length 65", FIELD(hdr_len), 65, KCSD_VERDICT_IMAGE },
	{ "header length 72", FIELD(hdr_len), 72, KCSD_VERDICT_IMAGE },
	{ "header length 65535", FIELD(hdr_len), 65535, KCSD_VERDICT_IMAGE },
	{ "no instructions", FIELD(insn_cnt), 0, KCSD_VERDICT_EMPTY },
	{ "one instruction less", FIELD(insn_cnt), INSNS - 1, KCSD_VERDICT_IMAGE },
	{ "one instruction more", FIELD(insn_cnt), INSNS + 1, KCSD_VERDICT_IMAGE },
	{ "65536 instructions that are not there", FIELD(insn_cnt), 65536, KCSD_VERDICT_IMAGE },
	{ "65537 instructions", FIELD(insn_cnt), 65537, KCSD_VERDICT_TOO_LONG },
	{ "instructions whose bytes wrap", FIELD(insn_cnt), 0x20000003, KCSD_VERDICT_TOO_LONG },
	{ "2^32 - 1 instructions", FIELD(insn_cnt), UINT32_MAX, KCSD_VERDICT_TOO_LONG },
	{ "data one byte shorter", FIELD(data_len), DATA_LEN - 1, KCSD_VERDICT_IMAGE },
	{ "data one byte longer", FIELD(data_len), DATA_LEN + 1, KCSD_VERDICT_IMAGE },
	{ "no data", FIELD(data_len), 0, KCSD_VERDICT_IMAGE },
	{ "2^32 - 1 bytes of data", FIELD(data_len), UINT32_MAX, KCSD_VERDICT_IMAGE },
	{ "reserved bit 0", FIELD(rsvd), 1, KCSD_VERDICT_IMAGE },
	{ "reserved bit 31", FIELD(rsvd), 0x80000000, KCSD_VERDICT_IMAGE },
	{ "no bss", FIELD(bss_len), 0, KCSD_VERDICT_OK },
	{ "most bss", FIELD(bss_len), UINT32_MAX, KCSD_VERDICT_OK },
	{ "most heap", FIELD(heap_len), UINT32_MAX, KCSD_VERDICT_OK },
	{ "a control character in the name", NAME(1), '\n', KCSD_VERDICT_IMAGE },
	{ "an escape in the name", NAME(0), 0x1b, KCSD_VERDICT_IMAGE },
	{ "a delete in the name", NAME(1), 0x7f, KCSD_VERDICT_IMAGE },
	{ "a byte of 0x80 in the name", NAME(2), 0x80, KCSD_VERDICT_IMAGE },
	{ "a byte of 0xff in the name", NAME(3), 0xff, KCSD_VERDICT_IMAGE },
	{ "something after the NUL of the name", NAME(31), 'x', KCSD_VERDICT_IMAGE },
	{ "a space in the name", NAME(1), ' ', KCSD_VERDICT_OK },
	{ "a tilde in the name", NAME(1), '~', KCSD_VERDICT_OK },
};

static void broken(const struct breakage *b)
{
	struct program prog;
	u32 reason, i;

	good_image(&prog);
	for (i = 0; i < b->len; i++)
		((u8 *)prog.buf)[b->off + i] = (u8)(b->value >> 8 * i);
	reason = parse(&prog, prog.len);
	tap_point(reason == b->reason, "image: %s", b->what);
	if (reason != b->reason)
		tap_note("expected %u, got %u", b->reason, reason);
	program_exit(&prog);
}

static void names(void)
{
	struct program prog;

	good_image(&prog);
	memset(header(&prog)->name, 'x', KCSD_PROGRAM_NAME_LEN);
	tap_point(parse(&prog, prog.len) == KCSD_VERDICT_IMAGE, "image: a name without a NUL");
	header(&prog)->name[KCSD_PROGRAM_NAME_LEN - 1] = 0;
	tap_point(kcsd_image_parse(prog.buf, prog.len, &prog.view) == KCSD_VERDICT_OK &&
		  strlen(prog.view.name) == KCSD_PROGRAM_NAME_LEN - 1, "image: the longest name");
	memset(header(&prog)->name, 0, KCSD_PROGRAM_NAME_LEN);
	tap_point(parse(&prog, prog.len) == KCSD_VERDICT_OK, "image: no name");
	program_exit(&prog);
}

/* Parse 72 bytes whose header says two instructions and 2^32 - 8 bytes: 72 modulo 2^32. */
static void wrapping_length(void)
{
	struct program prog;

	good_image(&prog);
	header(&prog)->insn_cnt = cpu_to_le32(2);
	header(&prog)->data_len = cpu_to_le32(0u - 8);
	tap_point(parse(&prog, 72) == KCSD_VERDICT_IMAGE, "image: lengths that wrap around");
	program_exit(&prog);
}

/* Change each bit of the magic: the bytes are then plain instructions. */
static void magic(void)
{
	struct kcsd_image_view view;
	struct program prog;
	u32 bit;
	u8 *buf;

	good_image(&prog);
	buf = prog.buf;
	for (bit = 0; bit < 64; bit++) {
		buf[bit / 8] ^= 1 << bit % 8;
		if (kcsd_image_parse(buf, 88, &view) || view.insn_cnt != 11 ||
		    (const u8 *)view.insns != buf || view.data_len || view.bss_len ||
		    view.heap_len || view.name[0])
			break;
		buf[bit / 8] ^= 1 << bit % 8;
	}
	tap_point(bit == 64, "image: without the magic, plain instructions");
	program_exit(&prog);
}

static void plain(void)
{
	u64 most = (u64)KCSD_MAX_INSNS * 8, len;
	struct program prog;
	u8 *buf = calloc(1, most + 8);

	assert(buf);
	program_copy(&prog, buf, most + 8);
	free(buf);
	tap_point(parse(&prog, most) == KCSD_VERDICT_OK, "plain: maximum of instructions");
	tap_point(parse(&prog, most + 8) == KCSD_VERDICT_TOO_LONG, "plain: one instruction more");
	tap_point(parse(&prog, (1ull << 35) + 8) == KCSD_VERDICT_TOO_LONG,
		  "plain: 2^32 + 1 instructions");
	tap_point(parse(&prog, 0) == KCSD_VERDICT_EMPTY, "plain: no instructions");
	for (len = 1; len < 64; len++)
		if (parse(&prog, len) != (len % 8 ? KCSD_VERDICT_IMAGE : KCSD_VERDICT_OK))
			break;
	tap_point(len == 64, "plain: only whole instructions");
	program_exit(&prog);
}

/* Check that the magic alone is no valid instruction. */
static void magic_is_illegal(void)
{
	struct kcsd_verdict verdict;
	struct bpf_insn insn;

	memcpy(&insn, KCSD_IMAGE_MAGIC, sizeof(insn));
	tap_point(kcsd_validate_insns(&insn, 1, &verdict) == -EINVAL &&
		  verdict.reason == KCSD_VERDICT_OPCODE && !verdict.pc,
		  "image: its magic is no instruction");
}

void image_tests(void)
{
	u32 i;

	good();
	truncated();
	too_long();
	for (i = 0; i < ARRAY_SIZE(breakages); i++)
		broken(&breakages[i]);
	names();
	wrapping_length();
	magic();
	plain();
	magic_is_illegal();
}
