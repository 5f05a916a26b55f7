// SPDX-License-Identifier: GPL-2.0
/* Print the image of a program for a drive as a C array: image OBJECT NAME. */
#include <stdio.h>

#include <libkcsd.h>

#define PER_LINE	16

int main(int argc, char **argv)
{
	const unsigned char *image;
	struct kcsd_object *obj;
	struct kcsd_error error;
	size_t len, i;

	if (argc != 3) {
		fprintf(stderr, "usage: image OBJECT NAME\n");
		return 2;
	}
	if (kcsd_object_open(argv[1], NULL, &obj, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	image = kcsd_object_image(obj, &len);
	printf("static const u8 builtin_%s[%zu] = {", argv[2], len);
	for (i = 0; i < len; i++)
		printf("%s0x%02x,", i % PER_LINE ? "" : "\n\t", image[i]);
	printf("\n};\n");
	kcsd_object_close(obj);
	return 0;
}
