/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LIMIT_H
#define LIMIT_H
#include <netinet/in.h>
#include "probe.h"

enum { LIMIT = 4 << 20 };

/* the owner's cgroup with a limit, and somebody in it who does no harm */
struct limited {
	struct scene s;
	struct actor *bystander;
	struct reading base;
	long long max, peak, last;
};
void limited_open(struct limited *l);
void limited_close(struct limited *l);
/* reads the usage as long as the actor works */
int watched(struct limited *l, struct actor *a, actor_fn fn, void *arg, size_t len);
bool unharmed(struct limited *l);		/* the limit held, nobody was killed */
bool refused(const struct limited *l);		/* a charge was, at the limit */
bool came_near(const struct limited *l);
/*
 * the check that nothing stays charged once all files are closed, which proves
 * nothing unless the case was valid; closes the cgroup
 */
void limited_end(struct limited *l, bool valid, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void say(const struct limited *l, int err);

/* the map and what came of filling it */
struct fill {
	int map;
	uint32_t done;
	struct sockaddr_in to;
};

/* limithash.c, limitfill.c: things that grow until they meet the limit */
void test_limited_hash(void);
void test_fills(void);
#endif
