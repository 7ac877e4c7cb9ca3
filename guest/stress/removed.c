// SPDX-License-Identifier: GPL-2.0
/*
 * The owner's cgroup is removed while programs insert into its maps, and
 * processes of another one: what comes later is for the parent to pay.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include "stress.h"

enum { SOFTIRQS = 3, KINDS = 5, KEEP = 64 };
static const struct element *const kinds[KINDS] = {
	&hash, &percpu_hash, &lpm,	/* by socket filters */
	&hash_big,			/* at system calls */
	&sk_storage,			/* as packets leave */
};

struct round {
	struct inserter in[KINDS];
	int map[KINDS];
};

static int prepare(struct round *r, const struct scene *s, const struct target *to)
{
	static const uint32_t types[KINDS] = {
		BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_SOCKET_FILTER,
		BPF_PROG_TYPE_SOCKET_FILTER, BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
		BPF_PROG_TYPE_CGROUP_SKB,
	};
	int i, prog, cg, err = 0;

	for (i = 0; err >= 0 && i < KINDS; i++) {
		r->map[i] = element_map(kinds[i], s->owner);
		if (r->map[i] < 0)
			return r->map[i];
		inserter_open(&r->in[i]);
		prog = inserter_load(&r->in[i], kinds[i], r->map[i], KEEP, types[i], NULL);
		if (prog < 0)
			return prog;
		if (i < SOFTIRQS) {
			err = target_run(&to[i], prog);
		} else if (i == SOFTIRQS) {
			err = raw_tp_open("sys_enter", prog);
		} else {
			cg = cg_fd(s->other);
			err = link_create(prog, cg, BPF_CGROUP_INET_EGRESS, 0);
			close(cg);
		}
	}
	return err < 0 ? err : 0;
}

static void go(struct round *r, int on)
{
	int i;

	for (i = 0; i < KINDS; i++)
		*r->in[i].go = on;
}

static void read_done(const struct round *r, uint64_t done[KINDS])
{
	struct tally sum;
	int i;

	for (i = 0; i < KINDS; i++) {
		inserter_sum(&r->in[i], &sum);
		done[i] = sum.done;
	}
}

void stress_removed(void)
{
	long long start;
	uint64_t at[KINDS], done[KINDS], after[KINDS] = { 0 };
	struct target to[SOFTIRQS] = { 0 };
	struct crew *c = crew_open();
	int i, rounds = 0, err = 0;
	const char *wrong;
	struct round r;
	struct hand *h;
	struct scene s;
	bool worked;

	scene_begin(&s);
	for (i = 0; i < SOFTIRQS * 2; i++) {
		h = crew_add(c, s.other, i / SOFTIRQS, i < SOFTIRQS ? act_send : act_elements);
		h->e = kinds[i % SOFTIRQS];
	}
	crew_add(c, s.other, 1, act_getppid);
	start = now_ms();
	for (; !err && (crew_goes_on(c, start) || !rounds); rounds++) {
		for (i = 0; i < SOFTIRQS; i++)
			target_open(&to[i]);
		err = prepare(&r, &s, to);
		if (err)
			break;
		for (i = 0; i < SOFTIRQS; i++) {
			c->hand[i].sock = 0;
			c->hand[i].to = to[i];
			c->hand[SOFTIRQS + i].map = r.map[i];
		}
		go(&r, 1);
		crew_go(c);
		sleep_ms(200);
		read_done(&r, at);
		err = cg_remove(s.owner);
		s.no_owner = true;
		sleep_ms(300);
		go(&r, 0);
		crew_stop(c);
		read_done(&r, done);
		for (i = 0; i < KINDS; i++) {
			after[i] += done[i] - at[i];
			munmap((void *)r.in[i].go, PAGE);
		}
		files_release();
		if (!err && crew_goes_on(c, start)) {
			err = mkdir(s.owner, 0755) ? -errno : 0;
			s.no_owner = false;
		}
	}
	worked = !err && crew_worked(c);
	for (i = 0; i < KINDS; i++)
		worked = worked && after[i];
	if (!worked || verbose)
		crew_say(c);
	crew_end(c);
	wrong = event(s.parent, "oom_kill") ? "somebody was killed" : NULL;
	wrong = all_back(&s) ?: wrong;
	stress_ok(worked, wrong, "owners' cgroups are removed while programs and bpf(2) insert: "
		  "insertions go on, every charge is back");
	if (err)
		tap_diag("%s", strerror(-err));
	tap_diag("rounds %d", rounds);
	for (i = 0; i < KINDS; i++)
		tap_diag("%s: %llu insertions by programs after the removal", kinds[i]->name,
			 (unsigned long long)after[i]);
}
