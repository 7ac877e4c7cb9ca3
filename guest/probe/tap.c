// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include "probe.h"

static int tests, failed;
static bool one_is_enough;

static void name(const char *fmt, va_list ap)
{
	printf("%d - ", ++tests);
	vprintf(fmt, ap);
}

void tap_ok(bool ok, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs(ok ? "ok " : "not ok ", stdout);
	name(fmt, ap);
	putchar('\n');
	va_end(ap);
	failed += !ok;
	fflush(stdout);
}

void tap_skip(const char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ok ", stdout);
	name(fmt, ap);
	printf(" # SKIP %s\n", why);
	va_end(ap);
	fflush(stdout);
}

void tap_diag(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("# ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	fflush(stdout);
}

int tap_end(void)
{
	printf("1..%d\n", tests);
	fflush(stdout);
	return failed ? 1 : 0;
}

void tap_first_failure(void)
{
	one_is_enough = true;
}

bool tap_enough(void)
{
	return one_is_enough && failed;
}

bool within(long long a, long long b, double percent)
{
	long long d = a > b ? a - b : b - a;

	return d <= b * percent / 100;
}
