// SPDX-License-Identifier: GPL-2.0
/* A CPU is taken off with charges in its stocks, again and again. */
#include <sched.h>
#include <sys/mman.h>
#include "stress.h"

#define CPU1 "/sys/devices/system/cpu/cpu1"

static int act_on_cpu1(struct hand *h)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(1, &set);
	/* it may be off */
	sched_setaffinity(0, sizeof(set), &set);
	return act_elements(h);
}

void stress_hotplug(void)
{
	static const char what[] = "a CPU goes and comes as it fills maps: what was in its stocks "
				   "is back, every charge is";
	static const struct element *const kinds[] = { &hash, &lpm, &percpu_hash, &hash_big };
	long long start;
	struct crew *c;
	const char *wrong;
	struct inserter in;
	struct tally sum;
	struct hand *h;
	struct scene s;
	int i, map, prog, rounds = 0, err;
	bool worked;

	if (access(CPU1 "/online", W_OK)) {
		tap_skip("no second CPU that can be taken off (CONFIG_HOTPLUG_CPU)", "%s", what);
		return;
	}
	c = crew_open();
	scene_begin(&s);
	inserter_open(&in);
	map = element_map(&hash, s.owner);
	prog = inserter_load(&in, &hash, map, 64, BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, NULL);
	err = prog < 0 ? prog : raw_tp_open("sys_enter", prog);
	for (i = 0; i < (int)ARRAY_SIZE(kinds) + 1; i++) {
		h = crew_add(c, i & 1 ? s.other : s.owner, -1,
			     i == ARRAY_SIZE(kinds) ? act_maps : act_on_cpu1);
		h->e = kinds[i % ARRAY_SIZE(kinds)];
		h->map = element_map(h->e, s.owner);
	}
	*in.go = 1;
	crew_go(c);
	err = err < 0 ? err : 0;
	start = now_ms();
	for (; !err && (crew_goes_on(c, start) || !rounds); rounds++) {
		sleep_ms(100);
		err = write_file(CPU1 "/online", "0");
		sleep_ms(50);
		err = write_file(CPU1 "/online", "1") ?: err;
	}
	crew_stop(c);
	*in.go = 0;
	inserter_sum(&in, &sum);
	worked = !err && crew_worked(c) && sum.done;
	if (!worked || verbose)
		crew_say(c);
	crew_end(c);
	munmap((void *)in.go, PAGE);
	files_release();
	/* what is left in its stocks is not to be had while it is off */
	err = err ?: write_file(CPU1 "/online", "0");
	/*
	 * KASAN drops what is freed on a CPU on its way off, once that CPU's
	 * quarantine is closed: neither kept nor given to the slab allocator, it
	 * stays charged.
	 */
	wrong = all_back_but(&s, have_kasan() ? 64 * MiB : 0);
	err = write_file(CPU1 "/online", "1") ?: err;
	bind_drainers();
	stress_ok(worked && !err, wrong, "%s", what);
	if (err)
		tap_diag("%s", strerror(-err));
	tap_diag("CPU 1 went %d times, insertions by programs %llu%s", rounds,
		 (unsigned long long)sum.done, have_kasan() ?
		 "; KASAN loses objects then: those are let pass" : "");
}
