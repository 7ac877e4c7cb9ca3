// SPDX-License-Identifier: GPL-2.0
/*
 * When a cgroup is removed, the stocks of the CPUs may have the last references on
 * it, until they are told to give them back. Who charges there before drops the last
 * one, and so has it released: here it may be a program that runs where locks of the
 * scheduler, of work queues or of timers are held.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include "stress.h"

static int charge(void *arg)
{
	int maps[4];

	return small_maps(maps, 4);
}

/*
 * A page, no bytes: when a cgroup goes offline, the CPUs that have pages of it in
 * stock give back these and the bytes.
 */
static int touch(void *arg)
{
	static char *page;

	if (!page)
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -ENOMEM;
	madvise(page, PAGE, MADV_DONTNEED);
	*(volatile char *)page = 1;
	return 0;
}

/* charged and let go on each CPU, in a cgroup that is nobody's then */
static int churn(const char *cg, struct actor **toucher)
{
	int cpu, err = 0, fd = dup(0), i;
	struct actor *a;

	close(fd);
	if (mkdir(cg, 0755))
		return -errno;
	for (cpu = 0; !err && cpu < ncpu; cpu++) {
		a = actor_start(cg, cpu);
		err = actor_call(a, charge, NULL, 0);
		for (i = 0; i < 4; i++)
			close(fd + i);
		actor_end(a);
	}
	/* the maps are freed by a work item; KASAN keeps what is freed */
	sleep_ms(10);
	if (have_kasan())
		shrink_slabs();
	for (cpu = 0; !err && cpu < ncpu; cpu++)
		err = actor_call(toucher[cpu], touch, NULL, 0);
	return err;
}

void stress_lastref(void)
{
	struct crew *c = crew_open();
	struct actor *toucher[64];
	int i, points = 0, map, reached = 0, cycles = 0, by_prog = 0, err = 0, gone;
	char cg[96];
	const char *wrong;
	struct inserter in;
	struct tally sum;
	uint64_t done = 0, removed;
	struct scene s;
	long long end;
	bool worked;

	scene_begin(&s);
	snprintf(cg, sizeof(cg), "%s/churn", s.parent);
	for (i = 0; i < ncpu; i++) {
		toucher[i] = actor_start(s.other, i);
		err = err ?: actor_call(toucher[i], touch, NULL, 0);
	}
	for (i = 0; i < 4; i++)
		crew_add(c, s.other, i, act_sleep);
	for (i = 0; i < LOCK_POINTS && !err; i++) {
		if (!wanted(NULL, lock_points[i]))
			continue;
		inserter_open(&in);
		map = element_map(&hash, s.owner);
		err = map < 0 ? map : inserter_watch(&in, "obj_cgroup_release");
		if (err >= 0)
			err = lock_point_open(&in, &hash, map, lock_points[i]);
		err = err < 0 ? err : 0;
		removed = 0;
		crew_go(c);
		end = now_ms() + seconds * 1000 / 4;
		do {
			err = err ?: churn(cg, toucher);
			*in.go = 1;
			gone = cg_remove(cg);
			err = err ?: gone;
			/* what has not been released is still in a stock */
			reached += ++removed > *in.calls;
			/* until the cgroup is offline, its object cgroup another's */
			rcu_wait();
			sleep_ms(50);
			*in.go = 0;
			cycles++;
		} while (!err && now_ms() < end);
		crew_stop(c);
		inserter_sum(&in, &sum);
		done += sum.done;
		by_prog += *in.calls_by_prog;
		points++;
		if (verbose)
			tap_diag("%s: %llu insertions, released there %llu", lock_points[i],
				 (unsigned long long)sum.done, (unsigned long long)*in.calls_by_prog);
		munmap((void *)in.go, PAGE);
		files_release();
	}
	worked = !err && crew_worked(c) && done && reached;
	crew_end(c);
	for (i = 0; i < ncpu; i++)
		actor_end(toucher[i]);
	wrong = all_back(&s);
	stress_ok(worked, wrong, "programs at %d tracepoints of scheduler, work queues and timers drop "
		  "the last references of removed cgroups: no deadlock, every charge is back", points);
	if (err)
		tap_diag("%s", strerror(-err));
	tap_diag("cgroups removed %d, still in a stock %d, released by programs %d, insertions %llu",
		 cycles, reached, by_prog, (unsigned long long)done);
}
