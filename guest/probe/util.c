// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <time.h>
#include "probe.h"

void die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("probe: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

int fewer(int n)
{
	return unsteady ? n / 16 : n;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

long long read_number(const char *path)
{
	char buf[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	buf[n] = 0;
	return strtoll(buf, NULL, 10);
}

void *xalloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		die("no memory for %zu bytes", n);
	return p;
}

long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

void sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&t, NULL);
}

int put_sysctl(const char *path, int value, int *old)
{
	char text[16];
	long long was = read_number(path);

	if (was < 0)
		return -ENOENT;
	if (old)
		*old = was;
	if (was == value)
		return 0;
	snprintf(text, sizeof(text), "%d", value);
	return write_file(path, text);
}

/* "TYPE" or "TYPE/WORD", the word anywhere in the name */
static char only_type[64], only_word[64];

void select_cases(const char *what)
{
	const char *slash = what ? strchr(what, '/') : NULL;
	int len = slash ? (int)(slash - what) : 63;

	snprintf(only_type, sizeof(only_type), "%.*s", len, what ?: "");
	snprintf(only_word, sizeof(only_word), "%s", slash ? slash + 1 : "");
}

bool wanted(const char *type, const char *name)
{
	if (type ? *only_type && strcmp(type, only_type) : !strstr(name, only_type))
		return false;
	return strstr(name, only_word);
}
