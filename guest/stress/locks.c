// SPDX-License-Identifier: GPL-2.0
/*
 * Programs insert where locks of the scheduler, of work queues and of timers are
 * held, the owner above memory.high: to have that reclaimed takes such locks, and
 * is to happen elsewhere.
 */
#include <sys/mman.h>
#include "stress.h"

const char *const lock_points[LOCK_POINTS] = {
	"sched_switch", "sched_wakeup", "sched_waking",
	"workqueue_queue_work", "workqueue_activate_work", "workqueue_execute_start",
	"timer_start", "timer_expire_entry", "hrtimer_start", "hrtimer_expire_entry",
};

int lock_point_open(const struct inserter *in, const struct element *e, int map, const char *point)
{
	int prog = inserter_load(in, e, map, 0, BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, NULL);

	return prog < 0 ? prog : raw_tp_open(point, prog);
}

/* a map of its own for each point, new in each round: the programs delete nothing */
static int attach(const struct inserter *in, const char *owner, int *links)
{
	int map, i, err;

	*links = 0;
	for (i = 0; i < LOCK_POINTS; i++) {
		if (!wanted(NULL, lock_points[i]))
			continue;
		map = element_map(&hash_page, owner);
		err = map < 0 ? map : lock_point_open(in, &hash_page, map, lock_points[i]);
		if (err < 0)
			return err;
		++*links;
	}
	return 0;
}

void stress_locks(void)
{
	int i, rounds = 0, links = 0, err = 0;
	struct tally sum, total = { 0 };
	struct crew *c = crew_open();
	long long start, high;
	const char *wrong;
	struct inserter in;
	struct hand *h;
	struct scene s;
	bool worked;

	scene_begin(&s);
	put(s.owner, "memory.high", "524288");
	for (i = 0; i < 4; i++) {
		/* timers and wake-ups, and kfree_rcu() with its work items */
		h = crew_add(c, s.other, i, i < 2 ? act_sleep : act_elements);
		h->e = &lpm;
	}
	start = now_ms();
	for (; !err && crew_goes_on(c, start); rounds++) {
		inserter_open(&in);
		for (i = 2; i < 4; i++)
			c->hand[i].map = element_map(&lpm, s.other);
		err = attach(&in, s.owner, &links);
		crew_go(c);
		*in.go = 1;
		sleep_ms(500);
		*in.go = 0;
		crew_stop(c);
		inserter_sum(&in, &sum);
		total.done += sum.done;
		total.failed += sum.failed;
		munmap((void *)in.go, PAGE);
		files_release();
	}
	high = event(s.owner, "high");
	worked = !err && crew_worked(c) && links && total.done && high > 0;
	if (!worked || verbose)
		crew_say(c);
	crew_end(c);
	wrong = event(s.parent, "oom_kill") ? "somebody was killed" : NULL;
	wrong = all_back(&s) ?: wrong;
	stress_ok(worked, wrong, "programs at %d tracepoints of scheduler, work queues and timers "
		  "insert, the owner above memory.high: no deadlock, every charge is back", links);
	if (err)
		tap_diag("%s", strerror(-err));
	tap_diag("rounds %d, insertions %llu, failed %llu, high events %lld", rounds,
		 (unsigned long long)total.done, (unsigned long long)total.failed, high);
}
