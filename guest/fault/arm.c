// SPDX-License-Identifier: GPL-2.0
/*
 * The calls that a case makes, of bpf(2) and what else BPF allocates in, go
 * through here by --wrap of the linker. Between them nothing fails: opening
 * events and sockets is not what is tested.
 */
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "fault.h"

static int nth_file = -1;
static unsigned int left;		/* of the count, before the next call */
static bool hit;

long __real_syscall(long nr, ...);
int __real_open(const char *path, int flags, ...);
ssize_t __real_read(int fd, void *buf, size_t len);
int __real_symlink(const char *target, const char *path);
int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);

void arm_init(void)
{
	nth_file = __real_open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_file < 0)
		die("no fail-nth: %m; config/debug/fault.config is needed");
}

void arm(unsigned int nth)
{
	left = nth;
	hit = false;
}

bool arm_hit(void)
{
	return hit;
}

static void put(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(nth_file, text, len, 0) != len)
		die("fail-nth: %m");
}

static void before(void)
{
	if (left)
		put(left);
}

static void after(void)
{
	char text[16] = "";
	int err = errno;

	if (!left)
		return;
	if (pread(nth_file, text, sizeof(text) - 1, 0) <= 0)
		die("fail-nth: %m");
	left = atoi(text);
	if (left)
		put(0);
	else
		hit = true;
	errno = err;
}

#define AROUND(type, call)	\
({				\
	type r_;		\
				\
	before();		\
	r_ = call;		\
	after();		\
	r_;			\
})

long __wrap_syscall(long nr, ...)
{
	va_list ap;
	long a[6];
	int i;

	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (nr != SYS_bpf)
		return __real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	return AROUND(long, __real_syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]));
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return AROUND(int, __real_open(path, flags, mode));
}

ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	return AROUND(ssize_t, __real_read(fd, buf, len));
}

int __wrap_symlink(const char *target, const char *path)
{
	return AROUND(int, __real_symlink(target, path));
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return AROUND(int, __real_setsockopt(fd, level, name, value, len));
}
