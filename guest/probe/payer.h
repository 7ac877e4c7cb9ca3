/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAYER_H
#define PAYER_H
#include <netinet/in.h>
#include "probe.h"

/* a map that allocates as it is filled */
struct growth {
	const char *type;
	uint32_t map, key, value, entries;
	uint32_t count;		/* elements put in */
	bool percpu;
	int counter;		/* where in the key the number goes */
};
extern const struct growth *const growth_hash;
int growth_make(void *arg);	/* in_cgroup(); of a const struct growth * */

enum actor_kind { BY_SOFTIRQ, BY_EGRESS, BY_SOCK_CREATE, BY_TRACING, BY_HARDIRQ, BY_UPDATE_IRQ,
		  BY_TEST_RUN, BY_UPDATE_RUN, BY_SYSCALL, BY_BATCH };
enum owner_kind { OWNER_THERE, OWNER_REMOVED, OWNER_ROOT };

struct payer_row {
	const struct growth *g;
	enum actor_kind by;
	enum owner_kind owner;
	int pays;		/* S_..., S_NR: nobody */
	const char *what;
};
extern const struct payer_row payer_rows[];
extern const size_t nr_payer_rows;

/* What program and probe tell each other, in front of key and value. */
struct control {
	uint64_t left;		/* insertions still wanted; 0 stops the program */
	uint64_t pid;		/* tracing: only this process */
	uint64_t done, failed;
	uint64_t word;		/* free for other programs */
	uint64_t pad[3];
};
#define OFF(f) offsetof(struct control, f)
enum { DATA = sizeof(struct control) };
int control_put(int map, const struct control *c, size_t size);
int control_get(int map, struct control *c, size_t size);

/* what is set up in the root cgroup; none of it counts */
struct stage {
	const struct growth *g;
	enum actor_kind kind;
	int map, control, prog;
	int receiver;
	struct sockaddr_in to;
	char cg[80];
	uint32_t count;
	int sender;
};
int stage_open(struct stage *st, const struct growth *g, enum actor_kind kind,
	       const char *cg, int map);
int stage_fill(struct stage *st);	/* from st->cg, without readings */
int stage_grow(struct stage *st, struct scene *s, struct result *res);

void payer_measure(const struct payer_row *r, struct result *res);
/* charged is at most @tenths tenths of what was asked; 22 */
void payer_check_most(int pays, const struct result *res, int tenths, const char *what);
void payer_check(int pays, const struct result *res, const char *what);
/* race.c */
void test_race(void);
/* within.c */
void test_within(void);
#endif
