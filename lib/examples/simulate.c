// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Run a program of a drive on the host, on the data of any block device or file: as "run" does,
 * without a drive. Reads whole LBAs only; ignores a shorter rest.
 *
 *	simulate /dev/nvme0n1 sum.bpf.o
 *
 * Build: cc simulate.c $(pkg-config --cflags --libs libkcsd)
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <libkcsd.h>

#define LBA_SIZE 4096

static int simulate(const void *image, size_t len, void *data, uint64_t lbas)
{
	KCSD_OPTS(kcsd_sim_opts, sim_opts, .lbas = data, .nsze = lbas, .lba_size = LBA_SIZE);
	struct kcsd_lba_range all = { .nlb = lbas, .access = KCSD_GRANT_READ };
	KCSD_OPTS(kcsd_run_opts, opts, .grants = &all, .nr_grants = 1, .out_len = 1 << 20);
	struct kcsd_run_result result = {};
	struct kcsd_error err = {};
	struct kcsd_sim *sim;
	int ret = kcsd_sim_create(image, len, &sim_opts, &sim, &err);

	if (!ret) {
		ret = kcsd_sim_run(sim, &opts, &result, sizeof(result), &err);
		kcsd_sim_destroy(sim);
	}
	if (ret)
		fprintf(stderr, "%s\n", err.text);
	else
		printf("%" PRIu64 "\n", result.r0);
	fwrite(result.out, 1, result.out_len, stdout);
	kcsd_run_result_free(&result, sizeof(result));
	return ret;
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1, ret;
	off_t bytes = lseek(fd, 0, SEEK_END);
	struct kcsd_object *obj;
	struct kcsd_error err;
	const void *image;
	void *data = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	size_t len;

	if (data == MAP_FAILED) {
		perror("usage: simulate FILE OBJECT");
		return 2;
	}
	if (kcsd_object_open(argv[2], NULL, &obj, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	image = kcsd_object_image(obj, &len);
	ret = simulate(image, len, data, bytes / LBA_SIZE);
	kcsd_object_close(obj);
	return ret != 0;
}
