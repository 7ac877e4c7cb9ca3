// SPDX-License-Identifier: GPL-2.0
/*
 * The stacks of a case, each once: scripts/fault-points makes a table of them.
 * The case's process finds them, but what it writes to a pipe stays charged to
 * its cgroup: the memory is shared, and ours.
 */
#include <sys/mman.h>
#include "fault.h"

enum { STACKS = 512 };
static struct seen {
	int nr;
	struct {
		char kind[8];
		char stack[STACK];
		int n;
	} s[STACKS];
} *seen;

void stacks_init(void)
{
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (seen == MAP_FAILED)
		die("no memory for stacks");
}

void stacks_add(const char *kind, const char *stack)
{
	int i;

	for (i = 0; i < seen->nr; i++)
		if (!strcmp(seen->s[i].kind, kind) && !strcmp(seen->s[i].stack, stack)) {
			seen->s[i].n++;
			return;
		}
	if (seen->nr == STACKS)
		die("more than %d stacks in a case", STACKS);
	strcpy(seen->s[i].kind, kind);
	strcpy(seen->s[i].stack, stack);
	seen->s[i].n = 1;
	seen->nr++;
}

void stacks_print(const char *name)
{
	int i;

	for (i = 0; i < seen->nr; i++)
		printf("# stack %s %d %s|%s\n", seen->s[i].kind, seen->s[i].n, name,
		       seen->s[i].stack);
	seen->nr = 0;
	fflush(stdout);
}
