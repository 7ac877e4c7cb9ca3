/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FAULT_H
#define FAULT_H
#include "probe.h"
#include "rows.h"

/* what is made to fail */
struct fault_case {
	const char *type, *what;
	int (*prepare)(void);		/* in the root cgroup */
	int (*run)(void);		/* in a cgroup of its own; 0 or -errno */
	void (*undo)(void);		/* what closing all files does not */
	void (*done)(void);
	const struct row *row;		/* instead of the functions */
	int jit, harden;		/* wanted; -1: as it is */
	int excused;			/* -errno that is none of the series', see there */
};
#define CASE(t, w, r, ...) { .type = t, .what = w, .run = r, .jit = -1, .harden = -1, ##__VA_ARGS__ }
/* each ends with a case that has no type */
extern const struct fault_case prog_cases[], object_cases[];

/* arm.c: allocations fail in bpf(2) and its kin alone, not in what is around it */
void arm_init(void);			/* in the process that makes the calls */
void arm(unsigned int nth);		/* the nth allocation from now on; 0: none */
bool arm_hit(void);			/* it was reached, and failed */

/* kmsg.c: what the kernel logs: the stacks of faults for us, all else for the console */
enum { STACK = 1024 };
void kmsg_open(void);
/* of the last fault, function+offset/size, innermost first; false: there is none */
bool kmsg_stack(char stack[STACK]);
void kmsg_relay(void);			/* keeps the stacks of the OOM killer */

/* stacks.c: how often each was seen */
void stacks_init(void);
void stacks_add(const char *kind, const char *stack);
void stacks_print(const char *name);	/* and forget */

/* trace.c */
void trace_open(void);
void trace_close(void);
void trace_clear(void);
bool trace_stack(char stack[STACK]);	/* of the last attempt to charge */

/* nth.c, charge.c: all that a case allocates fails */
void nth_sweep(const struct fault_case *c);
void charge_sweep(const struct fault_case *c);

/* main.c: whether pages may fail, or slab objects alone */
void fail_pages(bool yes);

/*
 * cases.c: each group of cases has a cgroup, which holds at the end what it held
 * at the beginning. To see that after each case would take minutes.
 */
extern struct scene scene;
void each_group(const char *suffix, void (*sweep)(const struct fault_case *c));
int case_prepare(const struct fault_case *c);
int case_run(const struct fault_case *c);
void case_undo(const struct fault_case *c);
void case_done(const struct fault_case *c);
#endif
