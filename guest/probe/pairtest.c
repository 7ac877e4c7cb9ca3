// SPDX-License-Identifier: GPL-2.0
/* Checks: what another cgroup has the kernel allocate for an object, it pays. */
#include "pair.h"
#include "payer.h"

/* the caller is charged what was taken, the owner nothing */
static void whole_check(const struct result *res, const char *what)
{
	bool ok = !res->err && within(res->charged[S_OTHER], res->taken, 4) &&
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

void test_pair(void)
{
	struct result res;
	char what[256];
	size_t i;

	for (i = 0; i < nr_pairs; i++) {
		pair_measure(&pairs[i], &res);
		snprintf(what, sizeof(what), "%s, %s: that cgroup pays, and no other; "
			 "nothing is left", pairs[i].type, pairs[i].what);
		if (pairs[i].whole)
			whole_check(&res, what);
		else
			payer_check(S_OTHER, &res, what);
	}
}
