// SPDX-License-Identifier: GPL-2.0
/*
 * What is really taken, from those who give it: the page allocator's free
 * lists, the per-CPU lists in front of them included, and the free places in
 * slabs, which are shared with what is charged to somebody else, or to nobody.
 */
#include "probe.h"

/*
 * A line at a time of a file that stays open, and with it the buffer in the
 * kernel that it is read through: that is in a slab, too.
 */
struct lines {
	const char *path;
	int fd, len;
	char *next, text[1 << 16];
};

static void read_lines(struct lines *l)
{
	int n;

	if (lseek(l->fd, 0, SEEK_SET))
		die("%s: %m", l->path);
	for (l->len = 0; (n = read(l->fd, l->text + l->len, sizeof(l->text) - l->len)) > 0; )
		l->len += n;
	if (n < 0 || l->len == sizeof(l->text))
		die("%s: more than %zu bytes, or %m", l->path, sizeof(l->text));
	l->text[l->len] = 0;
	l->next = l->text;
}

static const char *next_line(struct lines *l)
{
	return strsep(&l->next, "\n");
}

static struct lines slabinfo = { "/proc/slabinfo" }, zoneinfo = { "/proc/zoneinfo" };

void taken_init(void)
{
	slabinfo.fd = open(slabinfo.path, O_RDONLY | O_CLOEXEC);
	zoneinfo.fd = open(zoneinfo.path, O_RDONLY | O_CLOEXEC);
	/* as large as it will be */
	read_lines(&slabinfo);
	read_lines(&zoneinfo);
}

/* free objects of slabs that are in use: room for anybody's next */
static long long slab_room(void)
{
	long long used, all, size, room = 0;
	const char *line;

	read_lines(&slabinfo);
	while ((line = next_line(&slabinfo)))
		if (sscanf(line, "%*s %lld %lld %lld", &used, &all, &size) == 3)
			room += (all - used) * size;
	return room;
}

static long long free_pages(void)
{
	long long n, free = 0;
	const char *line;

	read_lines(&zoneinfo);
	while ((line = next_line(&zoneinfo)))
		if (sscanf(line, " pages free %lld", &n) == 1 ||
		    sscanf(line, " count: %lld", &n) == 1)
			free += n;
	return free;
}

void taken_used(struct taken *t)
{
	/* of the slab that a CPU allocates from, nobody counts the free places */
	shrink_slabs();
	/* folds the per-CPU differences of the counters */
	read_number("/proc/sys/vm/stat_refresh");
	t->room = slab_room();
	t->used = -free_pages() * (long long)PAGE - t->room;
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
