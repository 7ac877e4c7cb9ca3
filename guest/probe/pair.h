/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAIR_H
#define PAIR_H
#include "probe.h"

/* what one process leaves for the other; the files are shared */
struct pair_job {
	int fd[64];
	uint64_t asked;
};

/* One cgroup makes something, and a process of another one works with it. */
struct pair {
	const char *type, *what;
	int (*prepare)(void);		/* in the root cgroup */
	actor_fn first;			/* in the owner's cgroup, not measured */
	actor_fn second;		/* in the other one */
	/*
	 * The memory asked for comes with much else: compare the charge with
	 * what is taken, as a whole.
	 */
	bool whole;
};
extern const struct pair pairs[];
extern const size_t nr_pairs;
void pair_measure(const struct pair *p, struct result *res);
#endif
