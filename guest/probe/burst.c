// SPDX-License-Identifier: GPL-2.0
/*
 * How many of a burst of insertions in softirq a per-CPU hash without
 * preallocation refuses for want of per-CPU memory that an interrupt can have:
 * packets without a pause, one element each. No cgroup has a limit. Only the
 * first burst after boot finds what a kernel keeps ready for it and no more, so
 * there is one size of value in a boot.
 *
 * Between two packets the CPU may run the work item that makes more ready. In a
 * flood of interrupts it does not, nor with a sender of real-time priority.
 */
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "payer.h"

enum { BURST = 1000 };
static bool flood;

/* as a kernel without the accounting has it, the limit has to go for a map */
static int make_map(void *arg)
{
	struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	const struct growth *g = *(const struct growth **)arg;

	setrlimit(RLIMIT_MEMLOCK, &none);
	return map_create(g->map, g->key, g->value, g->entries, BPF_F_NO_PREALLOC);
}

static int send_burst(void *arg)
{
	const struct stage *st = arg;
	struct sched_param p = { .sched_priority = flood };
	int i, err = 0, sk = socket(AF_INET, SOCK_DGRAM, 0);

	if (sk < 0 || sched_setscheduler(0, flood ? SCHED_FIFO : SCHED_OTHER, &p))
		return -errno;
	for (i = 0; !err && i < BURST; i++)
		if (sendto(sk, "x", 1, 0, (const void *)&st->to, sizeof(st->to)) < 0)
			err = -errno;
	close(sk);
	return err;
}

static int burst(struct stage *st, struct actor *a, const char *when)
{
	size_t size = DATA + st->g->key + st->g->value;
	struct control c, before;
	long long end = now_ms() + 5000;
	uint64_t done, failed;
	int err = control_get(st->control, &before, size);

	c = before;
	c.left = BURST;
	err = err ?: control_put(st->control, &c, size);
	err = err ?: actor_call(a, send_burst, st, sizeof(*st));
	/* ksoftirqd may have some of the packets still before it */
	do {
		sleep_ms(10);
		err = err ?: control_get(st->control, &c, size);
	} while (!err && c.left && now_ms() < end);
	if (err)
		return err;
	done = c.done - before.done;
	failed = c.failed - before.failed;
	if (done + failed != BURST)
		return -EIO;
	if (failed && (int)c.word != -ENOMEM)
		return (int)c.word ?: -EIO;
	printf("%u\t%s\t%s\t%d\t%llu\n", st->g->value, flood ? "flood" : "packets", when, BURST,
	       (unsigned long long)failed);
	fflush(stdout);
	return 0;
}

/*
 * The elements go after a grace period, some at a time, and the chunks that they
 * leave behind by a work item.
 */
static void empty(int map, uint64_t last)
{
	uint32_t key[2] = { 0 };

	while (key[0]++ < last)
		map_delete(map, key);
	rcu_wait();
	sleep_ms(1500);
}

void burst_main(uint32_t value, bool by_flood)
{
	const struct growth g = { "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 8, value, 4 * BURST,
				  .percpu = true };
	const struct growth *gp = &g;
	struct stage st;
	struct actor *a;
	struct scene s;
	int map, err;

	flood = by_flood;
	scene_open(&s);
	map = in_cgroup(s.owner, make_map, &gp, sizeof(gp));
	err = map < 0 ? map : stage_open(&st, &g, BY_SOFTIRQ, s.other, map);
	if (err)
		die("no map, or no program to fill it: %s", strerror(-err));
	a = actor_start(s.other, 0);
	puts("value bytes\tby\twhen\tinserted\trefused");
	err = burst(&st, a, "after boot");
	empty(map, BURST);
	err = err ?: burst(&st, a, "emptied, again");
	if (err)
		die("burst: %s", strerror(-err));
	actor_end(a);
	scene_close(&s);
}
