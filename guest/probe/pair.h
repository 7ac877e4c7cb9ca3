/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PAIR_H
#define PAIR_H
#include "probe.h"

/* what one process leaves for the other; the files are shared */
struct pair_job {
	int fd[64];
	uint64_t asked;
	uint32_t value;			/* what storage holds */
};

/* One cgroup makes something, and a process of another one works with it. */
struct pair {
	const char *type, *what;
	int (*prepare)(void);		/* in the root cgroup */
	actor_fn first;			/* in the owner's cgroup, not measured */
	actor_fn second;		/* in the other one */
	void (*done)(void);		/* in the root cgroup, after the release */
	bool owner;			/* it pays, not the other */
	bool replaces;			/* and what is replaced was the owner's */
	bool percpu;
	bool small;			/* of less than 64 bytes each */
	/*
	 * The memory asked for comes with much else: compare the charge with
	 * what is taken, as a whole.
	 */
	bool whole;
};
/* each ends with one that has no type */
extern const struct pair pairs_bpf[], pairs_net[], pairs_storage[], pairs_prog[];
typedef void (*pair_fn)(const struct pair *p);
void each_pair(pair_fn fn);
/*
 * pairprog.c: @n sockets of the root cgroup, a program that gives the sender
 * of a packet storage in j->fd[0], and packets from each
 */
int packets_prepare(int n);
int packets_storage(void *arg);
int packets_send(void *arg);
int packets_stored(struct pair_job *j);		/* how many sockets have storage */
void pair_measure(const struct pair *p, struct result *res);
#endif
