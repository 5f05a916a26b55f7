// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Damaged objects: cut, with flipped bits, with bytes replaced. Each is either
 * taken, and then the engine takes its image as well, or refused with a sentence;
 * nothing is printed, and the kernel is not asked to load anything.
 *
 *	fuzz_test SEED ROUNDS OBJECT...
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <engine.h>
#include <libkcsd.h>

#include "tap.h"

struct file {
	const char *path;
	unsigned char *bytes;
	size_t len;
	char program[256];	/* one of its programs */
};

struct damage {
	size_t at;		/* offset */
	unsigned char value;	/* the byte there */
	size_t len;		/* of the file */
};

static uint64_t seed;
static unsigned int taken, refused;

static uint64_t next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A bpf(2) would end the process. */
static void forbid_bpf(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		tap_skip("bpf(2) is forbidden", "no seccomp here");
	else
		OK(true, "bpf(2) is forbidden");
}

static bool is_sentence(const char *text)
{
	size_t len = strnlen(text, KCSD_ERROR_LEN), i;

	if (!len || len == KCSD_ERROR_LEN)
		return false;
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

/* Test that an accepted object is as valid as one from a sound file. */
static bool is_sound(const struct kcsd_object *obj)
{
	struct kcsd_image_view view;
	struct kcsd_verdict verdict;
	struct kcsd_where where;
	const void *image;
	size_t len;
	u32 pc;

	image = kcsd_object_image(obj, &len);
	if (kcsd_image_parse(image, len, &view) ||
	    kcsd_validate_insns(view.insns, view.insn_cnt, &verdict))
		return false;
	for (pc = 0; pc < view.insn_cnt; pc++) {
		if (kcsd_object_where(obj, pc, &where, sizeof(where)) || where.insn > pc)
			return false;
		/* To read them is what ASan looks at. */
		if ((where.function && strlen(where.function) > len + (1 << 20)) ||
		    (where.file && strlen(where.file) > len + (1 << 20)) ||
		    (where.source && strlen(where.source) > len + (1 << 20)) ||
		    !where.section || !*where.section)
			return false;
	}
	return true;
}

static bool try(const unsigned char *bytes, size_t len, const char *program)
{
	KCSD_OPTS(kcsd_object_opts, opts, .program = program);
	struct kcsd_object *obj = NULL;
	/* Of exactly this size, so that ASan sees one byte too far. */
	unsigned char *copy = malloc(len ? len : 1);
	struct kcsd_error err;
	bool good;
	int ret;

	memcpy(copy, bytes, len);
	memset(&err, 0xff, sizeof(err));
	ret = kcsd_object_open_mem(copy, len, &opts, &obj, &err);
	free(copy);
	if (ret) {
		refused++;
		good = ret < 0 && !obj && is_sentence(err.text);
	} else {
		taken++;
		good = is_sound(obj);
	}
	kcsd_object_close(obj);
	return good;
}

static bool try_damaged(const struct file *f, const struct damage *d)
{
	unsigned char old = f->bytes[d->at];
	bool good;

	f->bytes[d->at] = d->value;
	good = try(f->bytes, d->len, f->program[0] ? f->program : NULL);
	f->bytes[d->at] = old;
	if (!good)
		printf("# %s: byte %zu is %#x, length %zu\n", f->path, d->at, d->value, d->len);
	return good;
}

static bool fuzz_lengths(const struct file *f)
{
	struct damage d = {};
	size_t step = f->len / 200 + 1;
	bool good = true;

	d.value = f->bytes[0];
	for (d.len = 0; d.len < f->len; d.len += d.len < 128 ? 1 : step)
		good &= try_damaged(f, &d);
	return good;
}

/* All bits of the beginning. */
static bool fuzz_bits(const struct file *f, size_t to)
{
	struct damage d = { .len = f->len };
	bool good = true;
	int bit;

	for (d.at = 0; d.at < to && d.at < f->len; d.at++)
		for (bit = 0; bit < 8; bit++) {
			d.value = f->bytes[d.at] ^ 1 << bit;
			good &= try_damaged(f, &d);
		}
	return good;
}

/* Single bytes of some part. */
static bool fuzz_bytes(const struct file *f, size_t from, unsigned long rounds)
{
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct damage d = { .len = f->len };
	bool good = true;

	while (rounds--) {
		uint64_t r = next_random();

		d.at = from + r % (f->len - from);
		d.value = r >> 32 & 1 ? values[(r >> 33) % 5] : r >> 40;
		good &= try_damaged(f, &d);
	}
	return good;
}

/* Many places at once. */
static bool fuzz_storm(const struct file *f, unsigned long rounds)
{
	unsigned char *bytes = malloc(f->len);
	bool good = true;

	while (rounds--) {
		uint64_t start = seed;
		int n = 2 + next_random() % 30;

		memcpy(bytes, f->bytes, f->len);
		while (n--)
			bytes[next_random() % f->len] = next_random();
		if (try(bytes, f->len, f->program[0] ? f->program : NULL))
			continue;
		printf("# %s: seed %" PRIu64 "\n", f->path, start);
		good = false;
	}
	free(bytes);
	return good;
}

static int take_name(const char *program, void *arg)
{
	struct file *f = arg;

	snprintf(f->program, sizeof(f->program), "%s", program);
	return 1;
}

static bool read_file(struct file *f)
{
	FILE *file = fopen(f->path, "r");

	f->bytes = malloc(1 << 20);
	f->len = file ? fread(f->bytes, 1, 1 << 20, file) : 0;
	if (file)
		fclose(file);
	return f->len && kcsd_object_program_each(f->path, take_name, f, NULL) >= 0;
}

static void fuzz_file(const char *path, unsigned long rounds)
{
	struct file f = { .path = path };
	const char *name = strrchr(path, '/') + 1;
	uint64_t shoff;

	if (!read_file(&f)) {
		OK(false, "%s can be read", path);
		free(f.bytes);
		return;
	}
	memcpy(&shoff, f.bytes + 40, sizeof(shoff));	/* e_shoff */
	OK(fuzz_lengths(&f), "%s: cut", name);
	OK(fuzz_bits(&f, 64), "%s: every bit of the ELF header", name);
	OK(shoff < f.len && fuzz_bytes(&f, shoff, rounds), "%s: bytes of section headers", name);
	OK(fuzz_bytes(&f, 0, rounds), "%s: bytes", name);
	OK(fuzz_storm(&f, rounds / 4), "%s: many bytes", name);
	free(f.bytes);
}

int main(int argc, char **argv)
{
	char printed[] = "/tmp/libkcsd-fuzz-XXXXXX";
	int fd = mkstemp(printed), stderr_fd = dup(STDERR_FILENO), i;

	if (argc < 4 || fd < 0 || unlink(printed))
		return 2;
	seed = strtoull(argv[1], NULL, 0);
	printf("# seed %" PRIu64 "\n", seed);
	forbid_bpf();
	dup2(fd, STDERR_FILENO);
	for (i = 3; i < argc; i++)
		fuzz_file(argv[i], strtoul(argv[2], NULL, 0));
	fflush(stderr);
	dup2(stderr_fd, STDERR_FILENO);
	IS(lseek(fd, 0, SEEK_END), 0, "nothing was printed");
	OK(taken > 0 && refused > 0, "%u were taken, %u refused", taken, refused);
	return tap_end();
}
