// SPDX-License-Identifier: GPL-2.0
/*
 * memory.max goes below the usage and up again while programs and bpf(2) insert
 * and delete. The processes of the limited cgroup are not for the OOM killer:
 * lowering the limit may kill, and that is not what is looked at.
 */
#include <sys/mman.h>
#include "stress.h"

enum { LOW = 1 << 20, HIGH = 8 << 20, LOWERINGS = 8, SOFTIRQS = 2, KINDS = 3 };
/* by socket filters, and at system calls */
static const struct element *const kinds[KINDS] = { &hash, &lpm_big, &hash_page };

static void spare(const struct actor *a)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", actor_pid(a));
	put(path, "oom_score_adj", "-1000");
}

static int set_max(const struct scene *s, int bytes)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), "%s/memory.max", s->owner);
	snprintf(text, sizeof(text), "%d", bytes);
	return write_file(path, text);
}

/* how far the usage rose above the limit, or once it was above that, at all */
static long long highest_over(const struct scene *s, long long max, uint64_t *polls)
{
	long long end = now_ms() + seconds * 500 / LOWERINGS, cap = -1, now, worst = 0;

	for (; now_ms() < end; ++*polls) {
		now = cg_least(s->owner);
		if (cap >= 0 && now - cap > worst)
			worst = now - cap;
		if (cap < 0 || now < cap)
			cap = now < max ? max : now;
	}
	return worst;
}

static int programs(const struct inserter *in, const int *maps, struct target *to)
{
	int i, err = 0;

	for (i = 0; !err && i < KINDS; i++)
		err = inserter_start(in, kinds[i], maps[i], i < SOFTIRQS ? &to[i] : NULL);
	return err;
}

void stress_limit(void)
{
	struct crew *c = crew_open();
	int i, k, err, below = 0, maps[KINDS];
	struct target to[SOFTIRQS];
	long long over, worst = 0;
	const char *wrong = NULL;
	struct inserter in;
	uint64_t polls = 0;
	struct tally sum;
	struct hand *h;
	struct scene s;
	bool worked;

	put("/proc/sys/vm", "oom_dump_tasks", "0");
	scene_begin(&s);
	inserter_open(&in);
	for (i = 0; i < KINDS; i++)
		maps[i] = element_map(kinds[i], s.owner);
	err = programs(&in, maps, to) ?: set_max(&s, HIGH);
	for (i = 0; i < 4; i++) {
		h = crew_add(c, i < 2 ? s.other : s.owner, i, i < 2 ? act_send : act_elements);
		h->to = to[i % SOFTIRQS];
		h->e = kinds[i % SOFTIRQS];
		h->map = maps[i % SOFTIRQS];
		if (i >= 2)
			spare(c->actor[i]);
	}
	crew_go(c);
	*in.go = 1;
	for (i = 0; !err && i < 2 * LOWERINGS; i++) {
		/* filled up first, or there would be nothing above */
		for (k = 0; !(i & 1) && k < 200 && cg_current(s.owner) < 2 * LOW; k++)
			sleep_ms(10);
		below += !(i & 1) && cg_current(s.owner) > LOW;
		err = set_max(&s, i & 1 ? HIGH : LOW);
		if (verbose)
			tap_diag("%lld charged, memory.max now %d", cg_current(s.owner),
				 i & 1 ? HIGH : LOW);
		over = highest_over(&s, i & 1 ? HIGH : LOW, &polls);
		if (over > worst)
			worst = over;
	}
	*in.go = 0;
	crew_stop(c);
	inserter_sum(&in, &sum);
	/* either of those with bpf(2) may come away empty-handed */
	worked = !err && c->hand[2].done + c->hand[3].done && below && sum.done && sum.failed;
	if (!worked || verbose)
		crew_say(c);
	if (worst)
		wrong = "the usage rose above the limit";
	if (sum.err && (int)sum.err != -ENOMEM)
		wrong = "an insertion failed for another reason than ENOMEM";
	if (event(s.owner, "oom_kill"))
		wrong = "somebody was killed";
	tap_diag("lowered below the usage %d times; %llu readings, highest above %lld; max events %lld",
		 below, (unsigned long long)polls, worst, event(s.owner, "max"));
	crew_end(c);
	munmap((void *)in.go, PAGE);
	files_release();
	wrong = all_back(&s) ?: wrong;
	stress_ok(worked, wrong, "memory.max goes below the usage and up again while programs and "
		  "bpf(2) insert: it is not exceeded, nobody is killed, every charge is back");
	tap_diag("insertions by programs %llu, refused %llu, the last with %s",
		 (unsigned long long)sum.done, (unsigned long long)sum.failed,
		 sum.err ? strerror(-(int)sum.err) : "none");
}
