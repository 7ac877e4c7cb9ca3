// SPDX-License-Identifier: GPL-2.0
/*
 * Who pays when a process works on an object of another cgroup: it does, for
 * what the kernel allocates at its request; the object's owner, for what a
 * program or the kernel itself allocates meanwhile.
 */
#include "pair.h"

void pair_measure(const struct pair *p, struct result *res)
{
	struct reading base, before, after, end;
	struct pair_job j = { 0 };
	struct actor *a;
	struct scene s;
	long long start = now_ms();
	struct jit_was was;
	int i;

	memset(res, 0, sizeof(*res));
	jit_set(1, -1, &was);
	scene_open(&s);
	if (p->percpu)
		ballast(false);
	res->err = p->prepare ? p->prepare() : 0;
	settled(&s, &base);
	if (!res->err)
		res->err = in_cgroup(s.owner, p->first, &j, sizeof(j));
	a = actor_start(s.other, 0);
	settled(&s, &before);
	if (!res->err)
		res->err = actor_call(a, p->second, &j, sizeof(j));
	settled(&s, &after);
	delta(&before, &after, res);
	res->asked = j.asked;
	actor_end(a);
	fd_release();
	if (p->done)
		p->done();
	settled_to(&s, &base, &end);
	for (i = 0; i < S_NR; i++) {
		res->after[i] = end.cg[i] - base.cg[i];
		res->total_after += res->after[i];
	}
	scene_close(&s);
	jit_restore(&was);
	if (verbose)
		fprintf(stderr, "probe: %s, %s: %lld ms\n", p->type, p->what, now_ms() - start);
}

void each_pair(pair_fn fn)
{
	static const struct pair *const all[] = { pairs_bpf, pairs_net, pairs_storage, pairs_prog };
	const struct pair *p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		for (p = all[i]; p->type; p++)
			if (wanted(p->type, p->what) && !tap_enough())
				fn(p);
}

static void row(const struct pair *p)
{
	struct result res;

	pair_measure(p, &res);
	table_row(p->type, p->what, &res);
}

void pair_table(void)
{
	each_pair(row);
}
