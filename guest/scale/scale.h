/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SCALE_H
#define SCALE_H
#include "probe.h"

/*
 * One kind of objects. make() and drop() do @n of them, the first of which is
 * @from; they return 0 or -errno. drop() leaves some work to be done later.
 */
struct kind {
	const char *name;
	const char *what;		/* for the usage */
	uint32_t total;
	int (*make)(uint32_t from, uint32_t n);
	int (*drop)(uint32_t from, uint32_t n);
	bool make_at_once, close_at_once;	/* one call of make() or drop() for all */
	bool deeper;			/* the more there are, the longer it takes */
};
extern const struct kind kinds[];
extern const int nr_kinds;
void kinds_init(void);

extern const char *const scale_cgroup;

/* stall.c: how long a realtime task had to wait for the CPU */
void stalls_start(void);
long long stall_read(void);		/* the longest since the last time, in ns */
void stalls_stop(void);
long long now_ns(void);
#endif
