// SPDX-License-Identifier: GPL-2.0
/* What holds whatever has happened: limits, and that all is given back. */
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "stress.h"

enum { WAIT_MS = 15000 };
static int first_file;

void check_init(void)
{
	first_file = dup(0);
	close(first_file);
}

void files_release(void)
{
	syscall(SYS_close_range, first_file, ~0u, 0);
}

bool have_kasan(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	bool found = false;
	char name[128];

	while (f && !found && fscanf(f, "%*s %*s %127s%*[^\n]", name) == 1)
		found = !strcmp(name, "kasan_cpu_offline");
	if (f)
		fclose(f);
	return found;
}

void put(const char *cg, const char *file, const char *text)
{
	char path[128];
	int err;

	snprintf(path, sizeof(path), "%s/%s", cg, file);
	err = write_file(path, text);
	if (err)
		die("%s: %s", path, strerror(-err));
}

int cg_remove(const char *cg)
{
	long long end = now_ms() + 20000;

	while (rmdir(cg)) {
		if (errno != EBUSY || now_ms() > end)
			return -errno;
		sleep_ms(1);
	}
	return 0;
}

long long event(const char *cg, const char *name)
{
	return cg_field(cg, "memory.events", name);
}

/*
 * A charge that will be refused is added before it is compared, and taken off
 * again: what is really there is there in each of many readings.
 */
long long cg_least(const char *cg)
{
	long long least = LLONG_MAX, now;
	int i;

	for (i = 0; i < 8; i++) {
		now = cg_current(cg);
		if (now < least)
			least = now;
	}
	return least;
}

#define ALL "/sys/fs/cgroup/probe"

static void settle(void)
{
	rcu_wait();
	/* and what that has freed leaves KASAN's quarantine */
	shrink_slabs();
	drain();
	/* two remains of a page, on two CPUs */
	consolidate(ALL "/rest");
}

/* what was charged to removed cgroups is now here, if it is anywhere */
static long long remains(void)
{
	return cg_current(ALL) - cg_current(ALL "/drain") - cg_current(ALL "/rest");
}

static long long dying(void)
{
	return cg_field(ALL, "cgroup.stat", "nr_dying_descendants");
}

/*
 * Three counters are read one after the other, while what the last actor was
 * made of is given back: true is what is read again and again.
 */
static long long remains_for_sure(void)
{
	long long end = now_ms() + WAIT_MS, was = -1, now;
	int same = 0;

	do {
		settle();
		now = remains();
		same = now == was ? same + 1 : 0;
		was = now;
	} while (same < 3 && now_ms() < end);
	return now;
}

static long long first, first_dying;

void scene_begin(struct scene *s)
{
	if (mkdir(ALL "/rest", 0755) && errno != EEXIST)
		die("mkdir: %m");
	first = remains_for_sure();
	first_dying = dying();
	scene_open(s);
}

const char *all_back_but(struct scene *s, long long lost)
{
	static char text[160];
	long long end = now_ms() + WAIT_MS, kept, more;
	int err;

	settle();
	err = scene_close(s);
	if (err) {
		snprintf(text, sizeof(text), "a cgroup cannot be removed: %s", strerror(-err));
		return text;
	}
	do {
		settle();
		kept = dying() - first_dying;
		more = remains() - first;
		if (kept <= 0 && more >= 0 && more <= lost)
			return NULL;
		sleep_ms(50);
	} while (now_ms() < end);
	snprintf(text, sizeof(text), "removed cgroups that are kept: %lld; charged to their parent, "
		 "more than at first: %lld", kept, more);
	return text;
}

const char *all_back(struct scene *s)
{
	return all_back_but(s, 0);
}

void stress_ok(bool worked, const char *wrong, const char *fmt, ...)
{
	char what[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	tap_ok(worked && !wrong, "%s", what);
	if (wrong)
		tap_diag("%s", wrong);
	if (!worked)
		tap_diag("somebody got nothing done");
}
