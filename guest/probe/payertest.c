// SPDX-License-Identifier: GPL-2.0
/* Checks of the rule "whoever asks for the memory pays". */
#include "payer.h"

/* @pays alone moved, by what was asked, and nothing is left; S_NR: nobody did */
void payer_check_most(int pays, const struct result *res, int tenths, const char *what)
{
	long long most = res->asked / 50, want;
	/* a sixteenth is asked there, and a process touches as many pages as ever */
	long long stray = unsteady && most < 8 * (long long)PAGE ? 8 * (long long)PAGE : most;
	bool ok = !res->err;
	int i;

	/* with red zones and tracks 12 KiB are charged for 4 KiB, and 840 bytes for 40 */
	if (unsteady)
		tenths = 240;

	for (i = 0; ok && i < S_NR; i++) {
		want = i == pays ? (long long)res->asked : 0;
		/* headers, rounding, and the vectors of per-CPU chunks come on top */
		ok = res->charged[i] >= want - most &&
		     res->charged[i] <= want * tenths / 10 + stray;
	}
	ok = ok && !res->total_after;
	/* if nobody pays, the memory must have been taken all the same */
	if (pays == S_NR && !unsteady)
		ok = ok && res->taken >= (long long)res->asked * 9 / 10;
	tap_ok(ok, "%s", what);
	if (res->err)
		tap_diag("%s", strerror(-res->err));
	if (!ok || verbose)
		tap_diag("asked %llu taken %lld; owner %lld other %lld parent %lld;"
			 " left %lld", (unsigned long long)res->asked, res->taken, res->charged[S_OWNER],
			 res->charged[S_OTHER], res->charged[S_PARENT],
			 res->total_after);
}

void payer_check(int pays, const struct result *res, const char *what)
{
	payer_check_most(pays, res, 22, what);
}

void test_payer(void)
{
	const struct payer_row *r;
	struct result res;
	char what[256];
	size_t i;

	for (i = 0; i < nr_payer_rows; i++) {
		r = &payer_rows[i];
		if (!wanted(r->g->type, r->what) || tap_enough())
			continue;
		payer_measure(r, &res);
		snprintf(what, sizeof(what), "%s, %s: %s%s", r->g->type, r->what,
			 r->pays == S_NR ? "nobody" : r->pays == S_OTHER ? "the caller's cgroup" :
			 r->pays == S_PARENT ? "the cgroup above" : "the owner's cgroup",
			 r->pays == S_NR ? " is charged" : " pays, and no other");
		payer_check(r->pays, &res, what);
	}
	test_race();
	test_within();
}
