// SPDX-License-Identifier: GPL-2.0
/* Checks: what is charged is what is taken, and nothing of it stays. */
#include "probe.h"

/*
 * Two per cent, and what a quiet kernel still moves about meanwhile: stacks of
 * ended tasks that a CPU keeps, slabs that are not quite empty.
 */
static bool close_to(long long charged, long long taken)
{
	long long gap = charged > taken ? charged - taken : taken - charged;

	return within(charged, taken, 2.0) || (gap <= 16 * (long long)PAGE && charged > taken / 2);
}

static void check(const struct row *r)
{
	struct result res;
	long long taken;
	bool close_enough;

	measure(r, &res);
	/* JIT images are not charged at this point of the series */
	taken = res.taken - res.jit;
	close_enough = !res.err && res.charged[S_OWNER] > 0 &&
		       close_to(res.charged[S_OWNER], taken) &&
		       res.charged[S_OTHER] <= 4 * (long long)PAGE &&
		       res.charged[S_PARENT] <= 4 * (long long)PAGE;
	/* a thread is as large as a fifth of what is charged: go by what was asked */
	if (r->threads)
		close_enough = !res.err && within(res.charged[S_OWNER], res.asked, 3) &&
			       res.charged[S_OWNER] >= (long long)res.asked;
	/* values are most of it; the rest is bookkeeping of the chunks */
	if (r->percpu)
		close_enough = close_enough && within(res.percpu, res.asked, 4) &&
			       res.charged[S_OWNER] >= res.percpu;
	tap_ok(close_enough, "%s, %s: its cgroup, and no other, is charged within 2 %% of what is "
	       "taken%s%s", r->type, r->what, res.jit ? ", the JIT images left out" : "",
	       r->percpu ? ", as the Percpu line agrees" : "");
	if (res.err)
		tap_diag("%s", strerror(-res.err));
	else if (!close_enough || verbose)
		tap_diag("asked %llu taken %lld (%.2f %% more than charged) charged %lld jit %lld;"
			 " percpu %lld slab %lld vmalloc %lld; other %lld parent %lld",
			 (unsigned long long)res.asked, taken,
			 res.charged[S_OWNER] ? 100.0 * (taken - res.charged[S_OWNER]) /
			 res.charged[S_OWNER] : 0.0, res.charged[S_OWNER], res.jit, res.percpu,
			 res.slab, res.vmalloc, res.charged[S_OTHER], res.charged[S_PARENT]);
	/* where little was charged, little being left proves nothing */
	tap_ok(!res.err && res.charged[S_OWNER] * 2 > taken && !res.total_after,
	       "%s, %s: the charge is gone to the last byte after release", r->type, r->what);
	if (res.total_after)
		tap_diag("left: owner %lld other %lld parent %lld", res.after[S_OWNER],
			 res.after[S_OTHER], res.after[S_PARENT]);
}

void test_charges(void)
{
	const struct row *r;
	size_t i;

	for (i = 0; all_rows[i]; i++)
		for (r = all_rows[i]; r->type; r++)
			check(r);
}
