// SPDX-License-Identifier: GPL-2.0
/*
 * cgroup v1, where kernel memory has a counter and a limit of its own beside
 * that of all memory: programs and bpf(2) insert up to it.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include "stress.h"

#define ROOT "/sys/fs/cgroup/memory"
#define A ROOT "/a"
enum { LIMIT = 4 << 20, SOFTIRQS = 2 };

void stress_v1_setup(void)
{
	if (mkdir(ROOT "/drain", 0755) || mkdir(A, 0755))
		die("%s: %m; the v1 memory controller has to be mounted there", ROOT);
	settle_init(ROOT "/drain");
}

static long long kmem_least(void)
{
	long long least = -1, now;
	int i;

	for (i = 0; i < 8; i++) {
		now = read_number(A "/memory.kmem.usage_in_bytes");
		if (least < 0 || now < least)
			least = now;
	}
	return least;
}

static void settle(void)
{
	rcu_wait();
	/* see check.c */
	shrink_slabs();
	drain();
	consolidate(A);
}

/* kernel memory, or all memory, as it was at first */
static bool back_at(const char *file, long long first)
{
	long long end = now_ms() + 15000, now;

	do {
		settle();
		now = read_number(file);
	} while (now > first && now_ms() < end);
	if (now != first || verbose)
		tap_diag("%s: %lld, at first %lld", file, now, first);
	return now <= first;
}

void stress_v1(void)
{
	static const struct element *const kinds[] = { &hash, &lpm_big, &hash_page };
	long long end, now, highest = 0, kmem, all;
	struct target to[SOFTIRQS];
	struct crew *c = crew_open();
	struct inserter in;
	const char *wrong = NULL;
	int i, map, err = 0;
	uint64_t by_bpf = 0;
	struct tally sum;
	struct hand *h;
	bool worked;

	settle();
	settle();
	kmem = read_number(A "/memory.kmem.usage_in_bytes");
	all = read_number(A "/memory.usage_in_bytes");
	put(A, "memory.kmem.limit_in_bytes", "4194304");
	inserter_open(&in);
	for (i = 0; !err && i < (int)ARRAY_SIZE(kinds); i++) {
		map = element_map(kinds[i], A);
		err = inserter_start(&in, kinds[i], map, i < SOFTIRQS ? &to[i] : NULL);
		h = crew_add(c, A, i, act_elements);
		h->e = kinds[i];
		h->map = map;
	}
	for (i = 0; i < SOFTIRQS; i++)
		crew_add(c, NULL, i, act_send)->to = to[i];
	*in.go = 1;
	crew_go(c);
	for (end = now_ms() + seconds * 1000; now_ms() < end; ) {
		now = kmem_least();
		if (now > highest)
			highest = now;
	}
	*in.go = 0;
	crew_stop(c);
	inserter_sum(&in, &sum);
	/* bpf(2) may come away empty-handed, at the limit */
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++)
		by_bpf += c->hand[i].done;
	worked = !err && by_bpf && sum.done && sum.failed &&
		 read_number(A "/memory.kmem.failcnt") > 0;
	if (!worked || verbose)
		crew_say(c);
	crew_end(c);
	munmap((void *)in.go, PAGE);
	files_release();
	if (sum.err && (int)sum.err != -ENOMEM)
		wrong = "an insertion failed for another reason than ENOMEM";
	if (highest > LIMIT)
		wrong = "memory.kmem.limit_in_bytes was exceeded";
	if (!back_at(A "/memory.kmem.usage_in_bytes", kmem) ||
	    !back_at(A "/memory.usage_in_bytes", all))
		wrong = "something is still charged";
	if (cg_remove(A))
		wrong = "the cgroup cannot be removed";
	stress_ok(worked, wrong, "v1: memory.kmem.limit_in_bytes holds while programs and bpf(2) insert: "
		  "ENOMEM, every charge is back");
	tap_diag("highest %lld of %d; insertions by programs %llu, refused %llu", highest, LIMIT,
		 (unsigned long long)sum.done, (unsigned long long)sum.failed);
}
