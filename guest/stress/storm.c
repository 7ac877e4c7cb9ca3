// SPDX-License-Identifier: GPL-2.0
/*
 * Elements come and go as fast as they can: small ones, and big ones that are
 * charged by the page, freed by RCU in bulk.
 */
#include <sys/mman.h>
#include "stress.h"

static const struct element *const kinds[] = {
	&hash, &lpm, &sk_storage, &hash_big, &lpm_big, &sk_storage_big, &sockhash,
};

enum { KINDS = ARRAY_SIZE(kinds), PROGS = 2 };

void stress_storm(void)
{
	static const struct element *const filled[PROGS] = { &lpm_big, &hash };
	struct crew *c = crew_open();
	struct target to[PROGS], sock[KINDS];
	const char *wrong;
	struct inserter in;
	struct tally sum;
	struct hand *h;
	struct scene s;
	int i, map, prog, err = 0;
	bool worked;

	scene_begin(&s);
	inserter_open(&in);
	for (i = 0; !err && i < PROGS; i++) {
		map = element_map(filled[i], s.owner);
		prog = inserter_load(&in, filled[i], map, 16, BPF_PROG_TYPE_SOCKET_FILTER, NULL);
		err = prog < 0 ? prog : target_open(&to[i]) ?: target_run(&to[i], prog);
		crew_add(c, s.other, i, act_send)->to = to[i];
	}
	for (i = 0; i < KINDS; i++) {
		h = crew_add(c, i & 1 ? s.other : s.owner, i, act_elements);
		h->e = kinds[i];
		h->map = element_map(h->e, s.owner);
		err = err ?: target_open(&sock[i]);
		h->sock = sock[i].sock;
	}
	*in.go = 1;
	crew_go(c);
	crew_run(c);
	crew_stop(c);
	*in.go = 0;
	inserter_sum(&in, &sum);
	worked = !err && crew_worked(c) && sum.done;
	if (!worked || verbose)
		crew_say(c);
	crew_end(c);
	munmap((void *)in.go, PAGE);
	files_release();
	wrong = all_back(&s);
	stress_ok(worked, wrong, "elements, small and of several pages, come and go at full speed: "
		  "every charge is back");
	if (err)
		tap_diag("%s", strerror(-err));
	tap_diag("insertions by programs %llu, failed %llu", (unsigned long long)sum.done,
		 (unsigned long long)sum.failed);
}
