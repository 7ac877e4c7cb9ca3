// SPDX-License-Identifier: GPL-2.0
/*
 * memory.current runs ahead of the truth: a CPU keeps up to 32 pages charged
 * in advance for one cgroup, and up to a page of bytes for one object cgroup.
 * A process per CPU, in a cgroup of its own, charges a little: that throws
 * out whatever else the CPU had kept, and then the counter is exact.
 */
#include <dirent.h>
#include <fnmatch.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "probe.h"

static struct actor *drainer[64];
static int nr_drainers;
static int touch_pipe[2];

static int charge_a_little(void *arg)
{
	static int p[2], small;
	static char *page;

	if (!page) {
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED || pipe2(p, O_CLOEXEC))
			return -ENOMEM;
	}
	/* a new ring of pipe buffers: bytes; before the pages, because what
	 * falls out of the byte stock falls into the page stock */
	fcntl(p[1], F_SETPIPE_SZ, (small = !small) ? 32 * PAGE : 64 * PAGE);
	madvise(page, PAGE, MADV_DONTNEED);
	*(volatile char *)page = 1;
	return 0;
}

void settle_init(const char *cg)
{
	cpu_set_t all, mine;
	int cpu;

	if (sched_getaffinity(0, sizeof(all), &all))
		die("sched_getaffinity: %m");
	if (pipe2(touch_pipe, O_CLOEXEC))
		die("pipe: %m");
	for (cpu = 0; cpu < 64; cpu++)
		if (CPU_ISSET(cpu, &all))
			drainer[nr_drainers++] = actor_start(cg, cpu);
	/* what is freed here is freed on a known CPU */
	CPU_ZERO(&mine);
	CPU_SET(0, &mine);
	sched_setaffinity(0, sizeof(mine), &mine);
	taken_init();
	drain();
}

void drain(void)
{
	int i;

	for (i = 0; i < nr_drainers; i++)
		if (actor_call(drainer[i], charge_a_little, NULL, 0))
			die("the drainer of CPU %d failed", i);
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

/* page cache, dentries, inodes: nothing stays that could be given back */
void drop_caches(void)
{
	write_file("/proc/sys/vm/drop_caches", "7");	/* 3, and do not log it */
}
