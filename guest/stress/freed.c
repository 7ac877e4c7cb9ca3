// SPDX-License-Identifier: GPL-2.0
/*
 * The last reference to a map goes while packets on another CPU have it filled:
 * its program is replaced by the next one's, all files are closed. Sockets with
 * storage are closed as fast as they are opened.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include "stress.h"

static const struct element *const kinds[] = {
	&hash, &lpm, &percpu_hash, &hash_big, &lpm_big,
};

/* whatever leaves a socket makes a storage for it */
static int act_sockets(struct hand *h)
{
	int i, err = 0;

	for (i = 0; !err && i < 4; i++) {
		h->sock = 0;
		err = act_send(h);
		if (h->sock > 0)
			close(h->sock);
	}
	return err;
}

/* a map that is held by its program alone, which takes the place of the last one */
static int replace(const struct inserter *in, const struct element *e, const struct scene *s,
		   const struct target *to)
{
	int map = element_map(e, s->owner), prog, err;

	if (map < 0)
		return map;
	prog = inserter_load(in, e, map, 0, BPF_PROG_TYPE_SOCKET_FILTER, NULL);
	close(map);
	if (prog < 0)
		return prog;
	err = target_run(to, prog);
	close(prog);
	return err;
}

static int store_on_egress(const struct inserter *in, const struct scene *s)
{
	int map = element_map(&sk_storage, s->owner), cg = cg_fd(s->other), prog, err;

	prog = map < 0 ? map : inserter_load(in, &sk_storage, map, 0, BPF_PROG_TYPE_CGROUP_SKB, NULL);
	err = prog < 0 ? prog : link_create(prog, cg, BPF_CGROUP_INET_EGRESS, 0);
	close(cg);
	return err < 0 ? err : 0;
}

void stress_freed(void)
{
	long long start;
	struct inserter in, egress;
	struct tally sum, stored;
	struct crew *c = crew_open();
	const char *wrong;
	struct target to;
	struct scene s;
	int i, rounds = 0, err;
	bool worked;

	scene_begin(&s);
	inserter_open(&in);
	inserter_open(&egress);
	err = target_open(&to) ?: store_on_egress(&egress, &s);
	for (i = 0; i < 3; i++)
		crew_add(c, s.other, 1, i ? act_send : act_sockets)->to = to;
	*in.go = 1;
	*egress.go = 1;
	crew_go(c);
	start = now_ms();
	for (; !err && (crew_goes_on(c, start) || rounds < (int)ARRAY_SIZE(kinds)); rounds++) {
		err = replace(&in, kinds[rounds % ARRAY_SIZE(kinds)], &s, &to);
		sleep_ms(20);
	}
	crew_stop(c);
	*in.go = 0;
	inserter_sum(&in, &sum);
	inserter_sum(&egress, &stored);
	worked = !err && crew_worked(c) && sum.done && stored.done;
	if (!worked || verbose)
		crew_say(c);
	crew_end(c);
	munmap((void *)in.go, PAGE);
	munmap((void *)egress.go, PAGE);
	files_release();
	wrong = all_back(&s);
	stress_ok(worked, wrong, "maps and sockets with storage go while packets fill them on another "
		  "CPU: every charge is back");
	if (err)
		tap_diag("%s", strerror(-err));
	tap_diag("maps %d, insertions %llu, storages %llu", rounds, (unsigned long long)sum.done,
		 (unsigned long long)stored.done);
}
