// SPDX-License-Identifier: GPL-2.0
/* Checks: who pays for what a process does with another cgroup's object. */
#include "pair.h"
#include "payer.h"

/* the caller is charged what was taken, the owner nothing */
static void whole_check(const struct result *res, const char *what)
{
	bool ok = !res->err && (unsteady || within(res->charged[S_OTHER], res->taken, 4)) &&
		  res->charged[S_OTHER] >= (long long)res->asked &&
		  res->charged[S_OWNER] < 4 * (long long)PAGE &&
		  res->charged[S_PARENT] < 4 * (long long)PAGE && !res->total_after;

	tap_ok(ok, "%s", what);
	if (res->err)
		tap_diag("%s", strerror(-res->err));
	if (!ok || verbose)
		tap_diag("asked %llu taken %lld; owner %lld other %lld parent %lld; left %lld",
			 (unsigned long long)res->asked, res->taken, res->charged[S_OWNER],
			 res->charged[S_OTHER], res->charged[S_PARENT], res->total_after);
}

static void check(const struct pair *p)
{
	struct result res;
	char what[256];

	pair_measure(p, &res);
	if (skip_missing(res.err, p->type, p->what))
		return;
	snprintf(what, sizeof(what), "%s, %s: %s, and no other; nothing is left", p->type, p->what,
		 p->owner ? "the owner's cgroup pays" : "that cgroup pays");
	/* what the owner got back is as much */
	if (p->replaces && within(-res.charged[S_OWNER], res.charged[S_OTHER], unsteady ? 5 : 2))
		res.charged[S_OWNER] = 0;
	if (p->whole)
		whole_check(&res, what);
	else
		payer_check_most(p->owner ? S_OWNER : S_OTHER, &res,
				 p->small ? SMALL_OR_128(22, 45) : 22, what);
}

void test_pair(void)
{
	each_pair(check);
}
