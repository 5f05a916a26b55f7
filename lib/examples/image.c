// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Write the image of a program, as Load Program takes it, to standard output: for
 * hosts that have no libkcsd. (So does kcsd image.)
 *
 *	image word.bpf.o >word.image
 *
 * Build: cc image.c $(pkg-config --cflags --libs libkcsd)
 */
#include <stdio.h>
#include <libkcsd.h>

int main(int argc, char **argv)
{
	struct kcsd_object *obj;
	struct kcsd_error err;
	const void *image;
	size_t len;
	int ret;

	if (argc != 2) {
		fprintf(stderr, "usage: image OBJECT >IMAGE\n");
		return 2;
	}
	if (kcsd_object_open(argv[1], NULL, &obj, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	image = kcsd_object_image(obj, &len);
	ret = fwrite(image, 1, len, stdout) != len || fflush(stdout);
	if (ret)
		perror("image");
	kcsd_object_close(obj);
	return ret;
}
