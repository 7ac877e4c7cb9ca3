// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: what is charged is what is taken, nothing of it stays, and maps and
 * programs say in fdinfo what they are charged.
 */
#include <linux/btf.h>
#include "probe.h"

/*
 * Two per cent, and what a quiet kernel still moves about meanwhile: stacks of
 * ended tasks that a CPU keeps, slabs that are not quite empty.
 */
static bool close_to(long long charged, long long taken, int percent)
{
	long long gap = charged > taken ? charged - taken : taken - charged;

	return within(charged, taken, percent) ||
	       (gap <= 16 * (long long)PAGE && charged > taken / 2);
}

static int percent_of(const struct row *r)
{
	return (r->within ?: 2) + (r->percpu ? percpu_lost(r->value) : 0);
}

static bool well_charged(const struct row *r, const struct result *res)
{
	long long charged = res->charged[S_OWNER];
	int percent = percent_of(r);
	bool ok = !res->err && charged > 0 && res->charged[S_OTHER] <= 4 * (long long)PAGE &&
		  res->charged[S_PARENT] <= 4 * (long long)PAGE;

	if (r->by_asked)
		ok = ok && charged >= (long long)res->asked && within(charged, res->asked, percent);
	else
		ok = ok && close_to(charged, res->taken, percent);
	/* values are most of it; the rest is bookkeeping of the chunks */
	if (r->percpu)
		ok = ok && within(res->percpu, res->asked, 4) && charged >= res->percpu;
	return ok;
}

/*
 * What is taken is read off the whole machine. Where something else moved
 * meanwhile, it will not do so three times; what is not charged is never.
 */
static void measure_at_rest(const struct row *r, struct result *res)
{
	int tries;

	for (tries = 0; tries < 3; tries++) {
		measure(r, res);
		if (well_charged(r, res) || res->err || res->charged[S_OWNER] < res->taken / 2)
			return;
		tap_diag("%s, %s: taken %lld, charged %lld, measured again", r->type, r->what,
			 res->taken, res->charged[S_OWNER]);
	}
}

static void check_charged(const struct row *r, const struct result *res)
{
	long long charged = res->charged[S_OWNER];
	int percent = percent_of(r);
	bool ok = well_charged(r, res);

	tap_ok(ok, "%s, %s: its cgroup, and no other, is charged within %d %% of what %s%s",
	       r->type, r->what, percent, r->by_asked ? "was asked" : "is taken",
	       r->percpu ? ", as the Percpu line agrees" : "");
	if (res->err)
		tap_diag("%s", strerror(-res->err));
	else if (!ok || verbose)
		tap_diag("asked %llu taken %lld (%.2f %% more than charged) charged %lld; images "
			 "%lld percpu %lld slab %lld (%lld of it free) vmalloc %lld; other %lld parent %lld",
			 (unsigned long long)res->asked, res->taken,
			 charged ? 100.0 * (res->taken - charged) / charged : 0.0, charged,
			 res->jit, res->percpu, res->slab, res->room, res->vmalloc, res->charged[S_OTHER],
			 res->charged[S_PARENT]);
}

static void check_released(const struct row *r, const struct result *res)
{
	long long least = r->by_asked ? (long long)res->asked : res->taken / 2;

	/* where little was charged, little being left proves nothing */
	tap_ok(!res->err && res->charged[S_OWNER] > least && !res->total_after,
	       "%s, %s: the charge is gone to the last byte after release", r->type, r->what);
	if (res->total_after)
		tap_diag("left: owner %lld other %lld parent %lld", res->after[S_OWNER],
			 res->after[S_OTHER], res->after[S_PARENT]);
}

/* the others have no such line */
static bool has_memlock(const struct row *r)
{
	return r->map != BPF_MAP_TYPE_UNSPEC || !strcmp(r->type, "program");
}

void check_fdinfo(const struct row *r, const struct fdinfo *f)
{
	bool ok = f->objects && !f->empty;

	if (!has_memlock(r))
		return;
	tap_ok(ok, "%s, %s: memlock in fdinfo of every map and program is more than 0",
	       r->type, r->what);
	if (!ok || verbose)
		tap_diag("%d objects, 0 in %d of them, %lld in all", f->objects, f->empty, f->sum);
}

/*
 * Beside what an object holds, a file and a dentry are charged for its descriptor. So is
 * a list entry for where it is attached, which shows where the smallest object is large:
 * that, and its note.
 */
static void check_memlock(const struct row *r, const struct result *res)
{
	const long long charged = res->charged[S_OWNER], said = res->fdinfo.sum;
	const long long files = 640LL * res->fdinfo.objects +
				SMALL_OR_128(0LL, 136LL) * r->attached;
	bool ok = said * 100 <= charged * 102 && said * 100 >= (charged - files) * 98;

	if (!has_memlock(r) || r->driver)
		return;
	tap_ok(ok && !res->err && res->fdinfo.objects, "%s, %s: memlock in fdinfo is within 2 %% "
	       "of what is charged", r->type, r->what);
	if (!ok || verbose)
		tap_diag("memlock %lld, charged %lld, objects %d", said, charged,
			 res->fdinfo.objects);
}

static void check(const struct row *r)
{
	struct result res;

	measure_at_rest(r, &res);
	if (skip_missing(res.err, r->type, r->what))
		return;
	check_charged(r, &res);
	check_released(r, &res);
	check_fdinfo(r, &res.fdinfo);
	check_memlock(r, &res);
}

static bool has_row(int map)
{
	const struct row *r;
	size_t i;

	for (i = 0; all_rows[i]; i++)
		for (r = all_rows[i]; r->type; r++)
			if ((int)r->map == map)
				return true;
	return false;
}

/* the kernel's own list: a type that is new there is missed here */
void test_types(void)
{
	static const char what[] = "every type of the kernel's enum bpf_map_type has a row";
	const char *name, *missing = NULL;
	int i, value, n = 0;

	if (!vmbtf()) {
		tap_skip("no BTF in this kernel", "%s", what);
		return;
	}
	for (i = 0; (name = vmbtf_enum("bpf_map_type", i, &value)); i++) {
		if (value == BPF_MAP_TYPE_UNSPEC)
			continue;
		n++;
		if (!has_row(value))
			missing = name;
	}
	tap_ok(n && !missing, "%s", what);
	tap_diag("%d types%s%s", n, missing ? ", one without: " : "", missing ?: "");
}

void test_charges(void)
{
	if (wanted(NULL, "types"))
		test_types();
	each_row(check);
}
