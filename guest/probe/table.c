// SPDX-License-Identifier: GPL-2.0
/* The table: what is charged to whom, tab separated, a line per object. */
#include "probe.h"

void table_row(const char *type, const char *what, const struct result *r)
{
	printf("%s\t%s\t", type, what);
	if (r->err)
		printf("-\t-\t-\t-\t-\tnot here: %s\n", missing_here(r->err) ?: strerror(-r->err));
	else
		printf("%llu\t%lld\t%lld\t%s\t%lld\t%s\n", (unsigned long long)r->asked,
		       r->taken, r->total, payers(r), r->total_after, r->note);
	fflush(stdout);
	if (verbose)
		fprintf(stderr, "# %s: percpu %lld slab %lld vmalloc %lld jit %lld kept %lld"
			" owner %lld other %lld parent %lld\n", type, r->percpu, r->slab,
			r->vmalloc, r->jit, r->kept, r->charged[0], r->charged[1], r->charged[2]);
}

static void row(const struct row *r)
{
	struct result res;

	measure(r, &res);
	table_row(r->type, r->what, &res);
}

void table_main(bool objects, bool payers)
{
	puts("map type\twhat was done\tbytes asked\tbytes taken\tbytes charged\t"
	     "cgroup charged\tbytes after release\tnote");
	if (objects)
		each_row(row);
	if (payers) {
		payer_table();
		pair_table();
	}
}
