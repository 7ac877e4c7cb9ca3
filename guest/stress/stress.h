/* SPDX-License-Identifier: GPL-2.0 */
#ifndef STRESS_H
#define STRESS_H
#include <netinet/in.h>
#include "probe.h"

extern int seconds;		/* that each stress is to last */

/* where packets go, and the programs that they run */
struct target {
	int sock;
	struct sockaddr_in addr;
};

/*
 * crew.c: hands, processes of their own that do one thing over and over until
 * the crew is told to stop.
 */
struct hand;
typedef int (*act_fn)(struct hand *h);		/* once; 0 or -errno */
struct hand {
	volatile bool *stop;
	act_fn act;
	uint64_t turn, done, failed;
	int err;			/* the last failure */
	int nr;				/* among the crew */
	/* what it works with */
	int map, sock, pipe[2];
	const struct element *e;
	struct target to;
	struct scene *s;
	uint32_t base;			/* its keys begin here */
	char *page;
};
enum { HANDS = 16 };
struct crew {
	volatile bool stop;
	int n;
	struct hand hand[HANDS];
	struct actor *actor[HANDS];
};
struct crew *crew_open(void);
/* cg NULL: in the root cgroup; cpu < 0: anywhere */
struct hand *crew_add(struct crew *c, const char *cg, int cpu, act_fn act);
void crew_go(struct crew *c);
void crew_stop(struct crew *c);		/* and wait for the last turns */
bool crew_worked(const struct crew *c);	/* each hand got something done, none died */
/* for the time set, and on a slow machine longer, until each got something done */
bool crew_goes_on(const struct crew *c, long long start);
void crew_run(const struct crew *c);
void crew_say(const struct crew *c);
void crew_end(struct crew *c);

/* element.c: what a map is filled with */
struct element {
	const char *name;
	uint32_t map, key, value, entries;
	int counter;			/* where in the key the number goes */
	bool storage;			/* of sockets */
	bool sockets;			/* they are what it holds */
};
extern const struct element hash, hash_page, hash_big, percpu_hash, lpm, lpm_big, sk_storage,
	sk_storage_big, sockhash;
/* charged to cg, or -errno */
int element_map(const struct element *e, const char *cg);
int element_put(const struct element *e, int map, uint32_t number, int sock);
int element_drop(const struct element *e, int map, uint32_t number, int sock);

int target_open(struct target *t);
int target_run(const struct target *t, int prog);	/* on what comes there, in softirq */
int act_send(struct hand *h);		/* packets to h->to */
int act_getppid(struct hand *h);
int act_elements(struct hand *h);	/* h->e into h->map with bpf(2), and out of it */
int act_maps(struct hand *h);		/* made and closed */
int act_sleep(struct hand *h);		/* shortly */

/*
 * inserter.c: programs that put elements into a map. All programs of one
 * inserter share a mark for each CPU, so that none of them begins while another
 * one is at work there: the lock of a map does not stand it.
 */
struct tally {
	uint64_t busy, seq, done, failed, skipped;
	int64_t err;			/* of the last insertion that failed */
	uint64_t pad[2];
};
struct inserter {
	volatile uint64_t *go;		/* 0: the programs do nothing */
	volatile uint64_t *calls, *calls_by_prog;	/* see inserter_watch() */
	int share, tally;
};
void inserter_open(struct inserter *in);
/* counts how often func is called, and how often by a program of the inserter */
int inserter_watch(const struct inserter *in, const char *func);
void inserter_sum(const struct inserter *in, struct tally *sum);
/*
 * keep: so many elements stay for each CPU, the program deletes those before;
 * 0: it deletes nothing, and its key runs on
 */
int inserter_load(const struct inserter *in, const struct element *e, int map, uint32_t keep,
		  uint32_t type, const char *func);
/* and run it: by packets to @to, or by each system call if that is NULL */
int inserter_start(const struct inserter *in, const struct element *e, int map, struct target *to);

/* locks.c: tracepoints where locks are held that waking somebody takes */
enum { LOCK_POINTS = 10 };
extern const char *const lock_points[LOCK_POINTS];
int lock_point_open(const struct inserter *in, const struct element *e, int map, const char *point);

/* check.c */
void check_init(void);
bool have_kasan(void);
void files_release(void);		/* all that were opened since check_init() */
int cg_remove(const char *cg);		/* as soon as the last task is gone */
long long event(const char *cg, const char *name);	/* of memory.events */
void put(const char *cg, const char *file, const char *text);
long long cg_least(const char *cg);	/* memory.current without what is refused in a moment */
void scene_begin(struct scene *s);		/* scene_open(), after a look at what is charged */
/*
 * Once all is released: no charge is left, the cgroups go, none of them stays
 * behind dying. NULL, or what is wrong.
 */
const char *all_back(struct scene *s);
const char *all_back_but(struct scene *s, long long lost);	/* objects, not cgroups */
void stress_ok(bool worked, const char *wrong, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* the stresses */
void stress_removed(void);
void stress_pages(void);
void stress_limit(void);
void stress_freed(void);
void stress_moved(void);
void stress_hotplug(void);
void stress_storm(void);
void stress_nested(void);
void stress_nmi(void);
void stress_locks(void);
void stress_lastref(void);
void stress_v1_setup(void);
void stress_v1(void);
#endif
