// SPDX-License-Identifier: GPL-2.0
/*
 * What is really taken, from those who give it: the page allocator's free
 * lists, the per-CPU lists in front of them included, and the free places in
 * slabs, which are shared with what is charged to somebody else, or to nobody.
 */
#include <dirent.h>
#include "probe.h"

/* free objects of slabs that are in use: room for anybody's next */
static long long slab_room(void)
{
	long long used, all, size, room = 0;
	char line[256];
	FILE *f = fopen("/proc/slabinfo", "re");

	if (!f)
		die("/proc/slabinfo: %m");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %lld %lld %lld", &used, &all, &size) == 3)
			room += (all - used) * size;
	fclose(f);
	return room;
}

void taken_used(struct taken *t)
{
	char line[256];
	long long n, free = 0;
	FILE *f;

	/* folds the per-CPU differences of the counters */
	read_number("/proc/sys/vm/stat_refresh");
	f = fopen("/proc/zoneinfo", "re");
	if (!f)
		die("/proc/zoneinfo: %m");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " pages free %lld", &n) == 1 ||
		    sscanf(line, " count: %lld", &n) == 1)
			free += n;
	fclose(f);
	t->room = slab_room();
	t->used = -free * (long long)PAGE - t->room;
}

/* JIT images are module space: its pages, as vmalloc lists them */
static void vmalloc_pages(struct taken *t)
{
	char line[512];
	const char *p;
	long long n;
	FILE *f = fopen("/proc/vmallocinfo", "re");

	t->jit = t->vmalloc = 0;
	while (f && fgets(line, sizeof(line), f)) {
		p = strstr(line, " pages=");
		if (!p)
			continue;
		n = strtoll(p + 7, NULL, 10) * PAGE;
		t->vmalloc += n;
		if (strstr(line, "bpf_jit_alloc_exec") || strstr(line, "bpf_jit_binary_alloc") ||
		    strstr(line, "module_alloc"))
			t->jit += n;
	}
	if (f)
		fclose(f);
}

static void meminfo(struct taken *t)
{
	char line[128];
	long long n;
	FILE *f = fopen("/proc/meminfo", "re");

	t->percpu = t->slab = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Percpu: %lld", &n) == 1)
			t->percpu = n * KiB;
		if (sscanf(line, "Slab: %lld", &n) == 1)
			t->slab = n * KiB;
	}
	if (f)
		fclose(f);
}

void taken_details(struct taken *t)
{
	vmalloc_pages(t);
	meminfo(t);
}
