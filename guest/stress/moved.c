// SPDX-License-Identifier: GPL-2.0
/*
 * Processes move from one cgroup to the other while they, their threads and the
 * programs that run at their system calls insert.
 */
#include <pthread.h>
#include <sys/mman.h>
#include "stress.h"

static void *in_thread(void *arg)
{
	struct hand t = *(struct hand *)arg;

	/* beside those of the process */
	t.base += 1 << 19;
	return (void *)(long)act_elements(&t);
}

/* the thread is there, or ends, as its process moves */
static int act_move(struct hand *h)
{
	pthread_t thread;
	void *result;
	int err;

	err = -pthread_create(&thread, NULL, in_thread, h);
	if (err)
		return err;
	err = cg_join(h->turn & 1 ? h->s->owner : h->s->other) ?: act_elements(h);
	pthread_join(thread, &result);
	return err ?: (int)(long)result;
}

void stress_moved(void)
{
	static const struct element *const kinds[] = { &hash, &lpm, &percpu_hash, &hash_big };
	struct crew *c = crew_open();
	const char *wrong;
	struct inserter in;
	struct tally sum;
	struct hand *h;
	struct scene s;
	int i, map, prog, err;
	bool worked;

	scene_begin(&s);
	inserter_open(&in);
	map = element_map(&hash, s.owner);
	prog = inserter_load(&in, &hash, map, 64, BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, NULL);
	err = prog < 0 ? prog : raw_tp_open("sys_enter", prog);
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++) {
		h = crew_add(c, s.other, i, act_move);
		h->e = kinds[i];
		h->map = element_map(h->e, s.owner);
		h->s = &s;
	}
	*in.go = 1;
	crew_go(c);
	crew_run(c);
	crew_stop(c);
	*in.go = 0;
	inserter_sum(&in, &sum);
	worked = err >= 0 && crew_worked(c) && sum.done;
	if (!worked || verbose)
		crew_say(c);
	crew_end(c);
	munmap((void *)in.go, PAGE);
	files_release();
	wrong = all_back(&s);
	stress_ok(worked, wrong, "processes and their threads move between cgroups as they and "
		  "programs insert: every charge is back");
	tap_diag("insertions by programs %llu, failed %llu", (unsigned long long)sum.done,
		 (unsigned long long)sum.failed);
}
