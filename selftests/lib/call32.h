/* SPDX-License-Identifier: GPL-2.0 */
/* System calls of a 32-bit program, made by a 64-bit program; memory at addresses below 4 GiB. */
#ifndef KST_CALL32_H
#define KST_CALL32_H

#include <errno.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#define I386_IOCTL		54
#define I386_IO_URING_SETUP	425

static inline long call32(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(a), "c"(b), "d"(c)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static inline void no_call32(__attribute__((unused)) int sig)
{
	_exit(1);
}

/*
 * True if the kernel has 32-bit system calls. Tries one in a child: on other kernels it faults, and
 * the child catches SIGSEGV because the kernel logs one that is not caught.
 */
static inline bool can_call32(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, no_call32);
		call32(I386_IOCTL, -1, 0, 0);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && !status;
}
#else
#define I386_IOCTL		0
#define I386_IO_URING_SETUP	0

static inline long call32(long nr, long a, long b, long c)
{
	return -ENOSYS;
}

static inline bool can_call32(void)
{
	return false;
}
#endif

static inline void *map_low(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT,
		       -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline __u32 low(const void *p)
{
	return (uintptr_t)p;
}

#endif
