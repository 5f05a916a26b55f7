// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Run a program in the engine in user space, on a file in place of a drive.
 *
 *	run [-b LBA_SIZE] [-a ARGUMENTS | -f FILE] [-1 CPARAM1] [-2 CPARAM2]
 *	    [-g SLBA+NLB[w]]... [-l LEN] [-m OUT_MAX] [-o OUTPUT] [-w WRITTEN]
 *	    [-s DIRECTORY] OBJECT FILE
 *
 * Without -g all of the file is granted, its last LBA padded with zeroes, and the stream is as
 * long as the file. A grant is for reading, with "w" for writing only. LEN: bytes of the stream.
 * WRITTEN: the program may also write the stream; afterwards this file gets it.
 * DIRECTORY: the program may store objects, which become files there, named by their keys.
 * Prints "result insns" and exits 0; a fault prints its name and exits 3, anything else exits 1.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include <engine.h>
#include <libkcsd.h>

#define DEFAULT_OUT_MAX	(64u << 20)

struct run {
	struct kcsd_vm_input in;
	struct kcsd_lba_grant grants[KCSD_MAX_GRANTS];
	const char *len;	/* or NULL */
	const char *written;	/* or NULL */
	const char *objects;	/* a directory, or NULL */
	u8 *disk;
	u64 nsze;		/* LBAs */
	FILE *out;
	u64 out_len;
	const char *object;
	const char *file;
};

static struct run run;

/* Returns the address of the byte at offset of the stream, and how many follow it in its grant. */
static u8 *stream_at(u64 offset, u64 *left)
{
	const struct kcsd_lba_grant *grant;
	u64 len;

	for (grant = run.grants; grant < run.grants + run.in.nr_grants; grant++) {
		if (!(grant->access & KCSD_GRANT_READ))
			continue;
		len = (u64)grant->nlb * run.in.lba_size;
		*left = len - offset;
		if (offset < len)
			return run.disk + grant->slba * run.in.lba_size + offset;
		offset -= len;
	}
	errx(1, "the stream is longer than its grants");
}

static s64 stream_read(const struct kcsd_helper_args *args)
{
	u64 offset = args->val[0], len = args->val[2], done, piece;
	const u8 *from;

	if (offset >= run.in.stream_len)
		return 0;
	len = min(len, run.in.stream_len - offset);
	for (done = 0; done < len; done += piece) {
		from = stream_at(offset + done, &piece);
		piece = min(piece, len - done);
		memcpy((u8 *)args->ptr[1] + done, from, piece);
	}
	return len;
}

static s64 stream_write(const struct kcsd_helper_args *args)
{
	u64 offset = args->val[0], len = args->val[2], done, piece;
	u8 *to;

	if (offset > run.in.stream_len || len > run.in.stream_len - offset)
		return -KCSD_ENOSPC;
	if (!run.written)
		return -KCSD_EROFS;
	for (done = 0; done < len; done += piece) {
		to = stream_at(offset + done, &piece);
		piece = min(piece, len - done);
		memcpy(to, (u8 *)args->ptr[1] + done, piece);
	}
	return 0;
}

static s64 emit(const struct kcsd_helper_args *args)
{
	if (args->val[1] > run.in.out_max - run.out_len)
		return -KCSD_ENOSPC;
	run.out_len += args->val[1];
	if (run.out && fwrite(args->ptr[0], 1, args->val[1], run.out) != args->val[1])
		err(1, "output");
	return 0;
}

/* Store a new object, as a file. */
static s64 kv_store(const struct kcsd_helper_args *args)
{
	u64 key_len = args->val[1], len = args->val[3];
	char path[4096];
	FILE *to;

	if (!key_len || key_len > 16 || args->val[4] != KCSD_STORE_MUST_NOT_EXIST)
		return -KCSD_EINVAL;
	if (!run.objects)
		return -KCSD_EACCES;
	snprintf(path, sizeof(path), "%s/%.*s", run.objects, (int)key_len,
		 (const char *)args->ptr[0]);
	to = fopen(path, "wx");
	if (!to)
		return -KCSD_EEXIST;
	if (fwrite(args->ptr[2], 1, len, to) != len || fclose(to))
		err(1, "%s", path);
	return 0;
}

/* The helpers that the programs here call. */
static s64 helper(struct kcsd_vm *vm, u32 id, const struct kcsd_helper_args *args)
{
	(void)vm;
	switch (id) {
	case KCSD_HELPER_stream_read:
		return stream_read(args);
	case KCSD_HELPER_stream_write:
		return stream_write(args);
	case KCSD_HELPER_emit:
		return emit(args);
	case KCSD_HELPER_kv_store:
		return kv_store(args);
	case KCSD_HELPER_log:
		return 0;
	default:
		errx(1, "helper %u is not expected", id);
	}
}

static u32 tick(struct kcsd_vm *vm)
{
	(void)vm;
	return KCSD_FAULT_NONE;
}

static void *alloc(struct kcsd_vm *vm, size_t size)
{
	(void)vm;
	return kcsd_alloc(size);
}

static const struct kcsd_vm_ops ops = { .helper = helper, .tick = tick, .alloc = alloc };

static u64 number(const char *text)
{
	char *end;
	u64 value = strtoull(text, &end, 0);

	if (!*text || *end)
		errx(1, "%s: not a number", text);
	return value;
}

static void add_grant(const char *text)
{
	struct kcsd_lba_grant *grant = &run.grants[run.in.nr_grants];
	u64 slba;
	u32 nlb;
	char write;
	int n;

	if (run.in.nr_grants == KCSD_MAX_GRANTS)
		errx(1, "too many grants");
	n = sscanf(text, "%" SCNu64 "+%" SCNu32 "%c", &slba, &nlb, &write);
	if (n < 2 || (n == 3 && write != 'w'))
		errx(1, "%s: not a grant", text);
	grant->slba = cpu_to_le64(slba);
	grant->nlb = cpu_to_le32(nlb);
	grant->access = n == 3 ? KCSD_GRANT_WRITE : KCSD_GRANT_READ;
	run.in.nr_grants++;
}

static void read_args(const char *path)
{
	static char args[KCSD_MAX_ARGS];
	FILE *from = fopen(path, "r");

	if (!from)
		err(1, "%s", path);
	run.in.args = args;
	run.in.args_len = fread(args, 1, sizeof(args), from);
	fclose(from);
}

static void parse_options(int argc, char **argv)
{
	int c;

	run.in = (struct kcsd_vm_input){ .lba_size = 4096, .out_max = DEFAULT_OUT_MAX };
	while ((c = getopt(argc, argv, "b:a:f:1:2:g:l:m:o:s:w:")) != -1) {
		if (c == 'b')
			run.in.lba_size = number(optarg);
		else if (c == 'a')
			run.in.args = optarg, run.in.args_len = strlen(optarg);
		else if (c == 'f')
			read_args(optarg);
		else if (c == '1')
			run.in.cparam1 = number(optarg);
		else if (c == '2')
			run.in.cparam2 = number(optarg);
		else if (c == 'g')
			add_grant(optarg);
		else if (c == 'l')
			run.len = optarg;
		else if (c == 'm')
			run.in.out_max = number(optarg);
		else if (c == 's')
			run.objects = optarg;
		else if (c == 'w')
			run.written = optarg;
		else if (c == 'o')
			run.out = fopen(optarg, "w");
		else
			exit(1);
	}
	if (argc - optind != 2)
		errx(1, "an object and a file are wanted");
	run.object = argv[optind];
	run.file = argv[optind + 1];
	run.in.grants = run.grants;
}

static void read_disk(void)
{
	int fd = open(run.file, O_RDONLY);
	struct stat st;
	ssize_t got;
	u64 done = 0;
	u32 i;

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", run.file);
	run.nsze = (st.st_size + run.in.lba_size - 1) / run.in.lba_size;
	run.disk = calloc(run.nsze + 1, run.in.lba_size);
	if (!run.disk)
		err(1, "%s", run.file);
	while ((got = read(fd, run.disk + done, run.nsze * run.in.lba_size - done)) > 0)
		done += got;
	if (got < 0)
		err(1, "%s", run.file);
	close(fd);
	if (!run.in.nr_grants) {
		run.grants[0].nlb = cpu_to_le32(run.nsze);
		run.grants[0].access = KCSD_GRANT_READ;
		run.in.nr_grants = 1;
		run.in.stream_len = st.st_size;
	} else {
		run.in.stream_len = kcsd_stream_max(&run.in);
	}
	if (run.len)
		run.in.stream_len = number(run.len);
	if (run.in.stream_len > kcsd_stream_max(&run.in))
		errx(1, "%s: more than is granted", run.len);
	for (i = 0; i < run.in.nr_grants; i++)
		if (run.grants[i].slba + run.grants[i].nlb > run.nsze)
			errx(1, "grant %u is beyond the end of %s", i, run.file);
}

/* Write the stream of all LBAs of the file. */
static void write_disk(void)
{
	FILE *to = run.written ? fopen(run.written, "w") : NULL;

	if (!run.written)
		return;
	if (!to || fwrite(run.disk, 1, run.in.stream_len, to) != run.in.stream_len || fclose(to))
		err(1, "%s", run.written);
}

static struct kcsd_vm_end run_image(const void *image, u64 len)
{
	struct kcsd_vm vm = { .budget = UINT64_MAX, .ops = &ops };
	struct kcsd_image_view view;
	struct kcsd_verdict verdict;
	struct kcsd_code *code;

	if (kcsd_image_parse(image, len, &view) ||
	    kcsd_code_create(view.insns, view.insn_cnt, &code, &verdict))
		errx(1, "%s: the engine refuses the program", run.object);
	vm.mem_len = kcsd_layout_init(&vm.layout, &view, run.in.args_len);
	vm.mem = mmap(NULL, vm.mem_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	if (vm.mem == MAP_FAILED)
		err(1, "memory");
	kcsd_vm_setup(&vm, &view, &run.in);
	kcsd_interp(code, &vm);
	kcsd_vm_release(&vm);
	munmap(vm.mem, vm.mem_len);
	kcsd_code_destroy(code);
	return vm.end;
}

int main(int argc, char **argv)
{
	struct kcsd_object *object;
	struct kcsd_error error;
	struct kcsd_vm_end end;
	const void *image;
	size_t len;

	parse_options(argc, argv);
	read_disk();
	if (kcsd_object_open(run.object, NULL, &object, &error))
		errx(1, "%s", error.text);
	image = kcsd_object_image(object, &len);
	end = run_image(image, len);
	kcsd_object_close(object);
	write_disk();
	free(run.disk);
	if (run.out && fclose(run.out))
		err(1, "output");
	if (end.reason) {
		printf("%s\n", kcsd_fault_name(end.reason));
		return 3;
	}
	printf("%" PRId64 " %" PRIu64 "\n", (s64)end.r0, end.insns);
	return 0;
}
