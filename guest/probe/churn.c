// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU memory taken in softirq on two CPUs at once, in turn charged and not
 * charged, while processes create and remove maps that take the same kind of
 * memory and the kernel populates and destroys chunks. No two values may share
 * a byte: each is given numbers of its own, and is read when all have theirs.
 * There are several values to a page, so that CPUs meet in populating one.
 *
 * And per-CPU memory that bpf(2) does not get at once, because the worker that
 * makes chunks ready is kept off the CPU: each time it is charged for what it did
 * not get, and has to be uncharged.
 */
#include <sched.h>
#include <sys/socket.h>
#include "payer.h"

enum { ROUNDS = 6, PACKETS = 1500, VALUE = 1000, WORDS = VALUE / 8 };
enum { LARGE = 8192, MANY = 400 };

static const struct growth churned = { "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 8, VALUE,
				       ROUNDS / 2 * PACKETS, .percpu = true };

static int make_map(void *arg)
{
	return map_create(churned.map, 8, VALUE, churned.entries, BPF_F_NO_PREALLOC);
}

static int send_packets(void *arg)
{
	const struct stage *st = arg;
	int i, err = 0, sk = socket(AF_INET, SOCK_DGRAM, 0);

	for (i = 0; sk >= 0 && !err && i < PACKETS; i++)
		if (sendto(sk, "x", 1, 0, (const void *)&st->to, sizeof(st->to)) < 0)
			err = -errno;
	close(sk);
	return sk < 0 ? -EMFILE : err;
}

/* sizes below, of and above a page, some in chunks that go again with them */
static int make_and_drop(void *arg)
{
	static const uint32_t values[] = { 8, 200, 4096, 12000, 32768 };
	size_t i;
	int map;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		map = map_create(BPF_MAP_TYPE_PERCPU_ARRAY, 4, values[i], 48, 0);
		if (map < 0)
			return map;
		close(map);
	}
	return 0;
}

static uint64_t mark(int map, uint64_t key, int word)
{
	return (uint64_t)map << 48 | key << 16 | word;
}

/* @put: give each its numbers; or else compare. How many there are, or -errno */
static int each_value(int map, bool put)
{
	static uint64_t v[64 * WORDS], was[64 * WORDS];
	int i, err, n = 0;
	uint32_t key[2] = { 0 };	/* the program counts in the first half */

	while (key[0]++ < churned.entries) {
		err = map_lookup(map, key, was);
		if (err == -ENOENT)
			continue;
		for (i = 0; i < ncpu * WORDS; i++)
			v[i] = mark(map, key[0], i);
		if (!err && put)
			err = map_update(map, key, v);
		else if (!err && memcmp(v, was, ncpu * VALUE))
			err = -EILSEQ;
		if (err)
			return err;
		n++;
	}
	return n;
}

static void drop_values(int map)
{
	uint32_t key[2] = { 0 };

	while (key[0]++ < churned.entries)
		map_delete(map, key);
}

/* packets may still be waiting for softirq: they find nothing left to do */
static int stop(const struct stage *st)
{
	size_t size = DATA + churned.key + VALUE;
	struct control c;
	int err;

	do {
		err = control_get(st->control, &c, size);
		c.left = 0;
		err = err ?: control_put(st->control, &c, size);
		/* a program on its way may have put back what it had read before */
		rcu_wait();
		err = err ?: control_get(st->control, &c, size);
	} while (!err && c.left);
	return err;
}

static int one_round(struct stage st[2], struct actor *sender[2], struct actor *maker)
{
	size_t size = DATA + churned.key + VALUE;
	struct control c;
	int i, n, err = 0;

	for (i = 0; !err && i < 2; i++) {
		err = control_get(st[i].control, &c, size);
		c.left = PACKETS;
		err = err ?: control_put(st[i].control, &c, size);
	}
	if (err)
		return err;
	actor_post(maker, make_and_drop, NULL, 0);
	for (i = 0; i < 2; i++)
		actor_post(sender[i], send_packets, &st[i], sizeof(st[i]));
	for (i = 0; i < 2; i++)
		err = actor_wait(sender[i], NULL, 0) ?: err;
	for (i = 0; i < 2; i++)
		err = stop(&st[i]) ?: err;
	for (i = 0; i < 4 && err >= 0; i++) {
		n = each_value(st[i % 2].map, i < 2);
		err = n < 0 ? n : n ? err : -ENODATA;
	}
	return actor_wait(maker, NULL, 0) ?: err;
}

/* before all others, on the CPU where the work is queued */
static int fill_at_realtime(void *arg)
{
	static char value[64 * LARGE];
	struct sched_param first = { .sched_priority = 1 };
	uint64_t key;
	cpu_set_t one;
	int map, err = 0;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one) || sched_setscheduler(0, SCHED_FIFO, &first))
		return -errno;
	map = map_create(BPF_MAP_TYPE_PERCPU_HASH, 8, LARGE, MANY, BPF_F_NO_PREALLOC);
	if (map < 0)
		return map;
	for (key = 0; !err && key < MANY; key++)
		err = map_update(map, &key, value);
	close(map);
	return err;
}

static void check_not_got(void)
{
	struct reading base, end;
	struct scene s;
	long long left;
	int err;

	scene_open(&s);
	settled(&s, &base);
	err = in_cgroup(s.owner, fill_at_realtime, NULL, 0);
	settled_to(&s, &base, &end);
	left = end.cg[S_OWNER] - base.cg[S_OWNER];
	tap_ok(!err && !left, "per-CPU values made while no worker makes room: none refused, "
	       "and nothing is left charged after release");
	if (err || left)
		tap_diag("%s; left: %lld", err ? strerror(-err) : "made", left);
	scene_close(&s);
}

void test_churn(void)
{
	struct actor *sender[2], *maker[2];
	int i, map, err = 0, round;
	struct stage st[4], *turn;
	struct scene s;

	scene_open(&s);
	for (i = 0; i < 4 && !err; i++) {
		map = in_cgroup(i < 2 ? s.owner : NULL, make_map, NULL, 0);
		err = map < 0 ? map : stage_open(&st[i], &churned, BY_SOFTIRQ, s.other, map);
	}
	for (i = 0; i < 2; i++) {
		sender[i] = actor_start(s.other, i % ncpu);
		maker[i] = actor_start(i ? NULL : s.owner, -1);
	}
	for (round = 0; !err && round < ROUNDS; round++) {
		turn = &st[round % 2 * 2];
		err = one_round(turn, sender, maker[round % 2]);
		/* the next ones come while these go */
		for (i = 0; !err && i < 2; i++)
			drop_values(turn[i].map);
	}
	tap_ok(!err, "per-CPU values made in softirq, among maps that come and go, "
	       "share nothing with others");
	if (err)
		tap_diag("round %d: %s", round, strerror(-err));
	for (i = 0; i < 2; i++) {
		actor_end(sender[i]);
		actor_end(maker[i]);
	}
	fd_release();
	scene_close(&s);
	check_not_got();
}
