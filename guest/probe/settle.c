// SPDX-License-Identifier: GPL-2.0
/*
 * memory.current runs ahead of the truth: a CPU keeps up to 32 pages charged
 * in advance for one cgroup, and some bytes for each of a few object cgroups.
 * Processes on each CPU, in cgroups of their own, charge a little: that throws
 * out whatever else the CPU had kept, and then the counter is exact.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "probe.h"

/*
 * A CPU keeps bytes for at most so many object cgroups, and gives their places
 * away in turn. A drainer that still has its place takes nobody's: it needs twice
 * as many, of which half have none.
 */
enum { PLACES = 4, DRAINERS = 2 * PLACES, CPUS = 64 };

static struct actor *drainers[CPUS][DRAINERS];
static int touch_pipe[2];

static int charge_a_little(void *arg)
{
	static bool small;
	static char *page;
	static int p[2];

	if (!page) {
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED || pipe2(p, O_CLOEXEC))
			return -ENOMEM;
		/* all together take the same each time */
		small = *(int *)arg & 1;
	}
	small = !small;
	/* a new ring of pipe buffers: bytes; before the pages, because what
	 * falls out of the byte stock falls into the page stock */
	fcntl(p[1], F_SETPIPE_SZ, (small ? 32 : 64) * PAGE);
	madvise(page, PAGE, MADV_DONTNEED);
	*(volatile char *)page = 1;
	return 0;
}

void settle_init(const char *cg)
{
	cpu_set_t all, mine;
	char path[128];
	int cpu, i;

	if (sched_getaffinity(0, sizeof(all), &all))
		die("sched_getaffinity: %m");
	if (pipe2(touch_pipe, O_CLOEXEC))
		die("pipe: %m");
	for (i = 0; i < DRAINERS; i++) {
		snprintf(path, sizeof(path), "%s/%d", cg, i);
		if (mkdir(path, 0755) && errno != EEXIST)
			die("mkdir %s: %m", path);
		for (cpu = 0; cpu < CPUS; cpu++)
			if (CPU_ISSET(cpu, &all))
				drainers[cpu][i] = actor_start(path, cpu);
	}
	/* what is freed here is freed on a known CPU */
	CPU_ZERO(&mine);
	CPU_SET(0, &mine);
	sched_setaffinity(0, sizeof(mine), &mine);
	taken_init();
	drain();
}

void drain(void)
{
	int cpu, i;

	for (i = 0; i < DRAINERS; i++) {
		for (cpu = 0; cpu < CPUS; cpu++)
			if (drainers[cpu][i])
				actor_post(drainers[cpu][i], charge_a_little, &i, sizeof(i));
		for (cpu = 0; cpu < CPUS; cpu++)
			if (drainers[cpu][i] && actor_wait(drainers[cpu][i], NULL, 0))
				die("a drainer of CPU %d failed", cpu);
	}
}

void bind_drainers(void)
{
	cpu_set_t set;
	int cpu, i;

	for (cpu = 0; cpu < CPUS; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		for (i = 0; i < DRAINERS; i++)
			if (drainers[cpu][i] &&
			    sched_setaffinity(actor_pid(drainers[cpu][i]), sizeof(set), &set))
				die("sched_setaffinity: %m");
	}
}

/* a full grace period */
void rcu_wait(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

static int touch(void *arg)
{
	return fcntl(touch_pipe[1], F_SETPIPE_SZ, 64 * PAGE) < 0 ? -errno : 0;
}

/*
 * Bytes given back on two CPUs can leave two remains that are a page only
 * together. Allocating and freeing on one CPU collects them.
 */
void consolidate(const char *cg)
{
	struct actor *a = actor_start(cg, 0);

	actor_call(a, touch, NULL, 0);
	actor_end(a);
	/* what the actor was made of goes after a grace period, on any CPU */
	rcu_wait();
	sleep_ms(10);
	/* last, frees on CPU 0 what the actor was charged for: collects it all */
	fcntl(touch_pipe[1], F_SETPIPE_SZ, 32 * PAGE);
	drain();
}

/*
 * With KASAN, whose quarantine is emptied with it, shrinking a cache takes a
 * grace period. All that matters there are the caches whose objects are charged.
 */
static bool charged_cache(const char *name)
{
	static const char *const names[] = {
		"kmalloc-[0-9]*", "task_struct", "mm_struct", "vm_area_struct", "anon_vma*",
		"cred_jar", "pid", "signal_cache", "sighand_cache", "files_cache", "fs_cache",
		"filp", "dentry", "*inode_cache", "radix_tree_node", "seq_file", "eventpoll_*",
		"TCP", "UDP", "UNIX",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!fnmatch(names[i], name, 0))
			return true;
	return false;
}

/* every slab cache lets go of its empty slabs; links are other names of the same */
void shrink_slabs(void)
{
	static char paths[256][64];
	static int nr = -1;
	struct dirent *e;
	DIR *d;
	int i;

	if (nr < 0) {
		nr = 0;
		d = opendir("/sys/kernel/slab");
		while (d && nr < 256 && (e = readdir(d)))
			if (e->d_type == DT_DIR && strlen(e->d_name) < 32 && e->d_name[0] != '.' &&
			    (!unsteady || charged_cache(e->d_name)))
				sprintf(paths[nr++], "/sys/kernel/slab/%.32s/shrink", e->d_name);
		if (d)
			closedir(d);
	}
	for (i = 0; i < nr; i++)
		write_file(paths[i], "1");
}
