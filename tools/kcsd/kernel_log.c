// SPDX-License-Identifier: GPL-2.0
/* Print the messages of the driver during an operation. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

int kcsd_kernel_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

void kcsd_kernel_log_print(int fd)
{
	char record[8192], *text;
	ssize_t len;

	if (fd < 0) {
		fprintf(stderr, "kcsd: 'dmesg | tail' may tell more\n");
		return;
	}
	while ((len = read(fd, record, sizeof(record) - 1)) > 0 || (len < 0 && errno == EPIPE)) {
		if (len < 0)
			continue;
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text || !strstr(text, "kcsd"))
			continue;
		text[strcspn(text, "\n")] = '\0';
		fprintf(stderr, "kcsd: the kernel says: %s\n", text + 1);
	}
}

void kcsd_kernel_log_close(int fd)
{
	if (fd >= 0)
		close(fd);
}
