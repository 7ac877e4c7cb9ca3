/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PROBE_H
#define PROBE_H
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include "insn.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KiB 1024ull
#define MiB (1024 * KiB)
#define PAGE 4096ull

extern int ncpu;			/* possible CPUs */
extern bool verbose;
extern bool unsteady;			/* memory taken does not come to rest */
/*
 * How many of @n elements to make where they are only to show who pays: on an
 * unsteady kernel, on which each takes a millisecond and a kilobyte, a sixteenth.
 */
int fewer(int n);
/* the cases to be run; util.c */
void select_cases(const char *what);		/* TYPE[/WORD]; NULL: all */
/* type NULL: it has only a name */
bool wanted(const char *type, const char *name);
extern bool no_controller;		/* booted with cgroup_disable=memory */

/* setup.c */
int possible_cpus(void);
void loopback_up(void);
void unlimited(void);
void stage(void);		/* cgroups, files, for all but the checks of cgroup v1 … */
void setup(void);		/* … and for what is measured */

/* util.c */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
int write_file(const char *path, const char *text);
long long read_number(const char *path);
void *xalloc(size_t n);
long long now_ms(void);
void sleep_ms(int ms);
int put_sysctl(const char *path, int value, int *old);

/* bpf.c: bpf(2) without a library; -errno on failure */
int sys_bpf(int cmd, union bpf_attr *attr, size_t size);
int map_create(uint32_t type, uint32_t key, uint32_t value, uint32_t entries,
	       uint32_t flags);
int map_create_inner(uint32_t type, uint32_t key, uint32_t entries,
		     uint32_t flags, int inner);
int map_create_on(int ifindex, uint32_t type, uint32_t key, uint32_t value,
		  uint32_t entries);
int map_create_btf(uint32_t type, uint32_t key, uint32_t value, uint32_t flags);
int small_maps(int *fds, int n);		/* arrays of one entry */
int map_update(int fd, const void *key, const void *value);
int map_lookup(int fd, const void *key, void *value);
int map_delete(int fd, const void *key);
int map_update_batch(int fd, const void *keys, const void *values, uint32_t n);
int prog_load(uint32_t type, const struct bpf_insn *insns, size_t n);
int prog_load_attr(union bpf_attr *attr);
int prog_attach(int prog, int target, uint32_t type, uint32_t flags);
int prog_detach(int prog, int target, uint32_t type);
int prog_load_btf(uint32_t type, uint32_t attach, const char *func,
		  const struct bpf_insn *insns, size_t n);
int link_create(int prog, int target, uint32_t type, uint32_t flags);
int link_detach(int link);
int link_iter(int prog, int map);
int link_iter_prog(const char *func, int map);	/* with a program of its own */
int iter_create(int link);
int output_event(void);				/* for perf event arrays */
int obj_pin(int fd, const char *path);
int prog_run(int prog, void *data, size_t len, uint32_t repeat);
int prog_bind_map(int prog, int map);
int raw_tp_open(const char *name, int prog);
uint32_t fd_id(int fd);
uint32_t prog_image(int fd);
int map_fd_by_id(uint32_t id);
int map_next_id(uint32_t id);
int kprobe_open(const char *func, int prog);

/* btf.c: BTF made by hand, and look-ups in the kernel's own */
int btf_load(uint32_t value_size);	/* types: the enum below */
enum { BTF_INT = 1, BTF_PROTO, BTF_FUNC, BTF_VALUE };
int btf_load_raw(const void *data, size_t len);
char *btf_pointers(uint32_t n, size_t *len);
struct vmbtf;
const struct vmbtf *vmbtf(void);
int vmbtf_find(const char *name, int kind);
int vmbtf_size(int id);
/* the i-th name of an enum, NULL behind the last */
const char *vmbtf_enum(const char *in, int i, int *value);
int vmbtf_ptr_member(const char *in, const char *const *to, unsigned int *off,
		     const char **member);

/* actor.c: a process of its own in a cgroup of its choice, with RLIMIT_MEMLOCK 0 */
struct actor;
typedef int (*actor_fn)(void *arg);
enum { ACTOR_ARG = 512 };
/* cg NULL: stays in the root cgroup; cpu < 0: not pinned */
struct actor *actor_start(const char *cg, int cpu);
/* runs fn on a copy of arg in the actor; what fn leaves in arg comes back */
int actor_call(struct actor *a, actor_fn fn, void *arg, size_t len);
void actor_post(struct actor *a, actor_fn fn, void *arg, size_t len);
int actor_wait(struct actor *a, void *arg, size_t len);
bool actor_done(const struct actor *a);
int actor_pid(const struct actor *a);
void actor_end(struct actor *a);
/* a killed actor returns -EOWNERDEAD from then on */
/* once: start, call, end */
int in_cgroup(const char *cg, actor_fn fn, void *arg, size_t len);

/* jit.c: what a case wants, -1: as it is; force_...: of the whole run, -1: as the case wants */
extern int force_jit, force_harden;
struct jit_was {
	int jit, harden, refused;
};
void jit_set(int jit, int harden, struct jit_was *was);
void jit_restore(const struct jit_was *was);

/* cg.c: one scene per case: parent/{owner,other} */
struct scene {
	char parent[64], owner[80], other[80];
	bool no_owner;			/* removed */
};
enum { S_OWNER, S_OTHER, S_PARENT, S_NR };
extern const char *const scene_names[S_NR];
void cg_init(void);
void scene_open(struct scene *s);
int scene_close(struct scene *s);	/* 0, or -errno of the last rmdir */
long long cg_current(const char *cg);
/* how much the cgroup itself holds: children taken off */
void scene_current(const struct scene *s, long long v[S_NR]);
int cg_join(const char *cg);
int cg_drop(const char *cg);		/* waits for ended tasks to leave it */
int cg_fd(const char *cg);
long long cg_field(const char *cg, const char *file, const char *name);	/* of NAME NUMBER lines; or -1 */
int cg_id(int fd, __u64 *id);		/* what bpf(2) knows it by */

/* settle.c */
void settle_init(const char *cg);	/* in which the drainers have cgroups of their own */
void drain(void);			/* per-CPU stocks hold no other cgroup */
void bind_drainers(void);		/* to their CPUs again, after one was away */
void rcu_wait(void);
/* bring the sub-page remains of the cgroup together, so that none shows */
void consolidate(const char *cg);
void shrink_slabs(void);

/* taken.c: what the page allocator has given out, and who says so */
struct taken {
	long long used;			/* bytes free neither in the zones nor in slabs */
	long long room;			/* free in slabs */
	long long jit;			/* held by JIT images, module space */
	long long percpu, slab, vmalloc;/* for cross-checks, bytes */
};
void taken_init(void);		/* before the first file of a case is opened */
void taken_used(struct taken *t);
void taken_details(struct taken *t);

/* fdinfo.c: what the maps and programs in the files from @from on say they hold */
struct fdinfo {
	int objects, empty;		/* empty: those that say 0 */
	long long sum;
};
void fdinfo_read(int from, struct fdinfo *info);

/* measure.c */
struct reading {
	struct taken t;
	long long cg[S_NR];
	long long all;			/* all cgroups, the drainers' included */
};
struct result {
	int err;			/* of the creation */
	uint64_t asked;
	long long taken, jit, kept;	/* kept: still taken after release */
	long long percpu, slab, room, vmalloc;
	long long charged[S_NR], after[S_NR];
	long long total, total_after;	/* over the candidates */
	long long all;			/* of all cgroups, exact to a few pages per CPU */
	struct fdinfo fdinfo;
	char note[160];
};
void settled(const struct scene *s, struct reading *r);
void settled_to(const struct scene *s, const struct reading *base, struct reading *r);
void delta(const struct reading *from, const struct reading *to, struct result *res);
void ballast(bool root);			/* for objects of the root cgroup? */
const char *payers(const struct result *r);	/* names of those that moved */
void fd_grow(void);			/* again after a fork */
void fd_mark(void);			/* fds opened from here on … */
void fd_release(void);			/* … are closed here */

/*
 * On arm64 kmalloc() takes 128 bytes for the smallest object, as a cache line may not be
 * shared with one that a device writes to: small objects, and what vmalloc keeps of an
 * area, are larger there.
 */
#ifdef __aarch64__
#define SMALL_OR_128(usual, if_128) (if_128)
#else
#define SMALL_OR_128(usual, if_128) (usual)
#endif

/* percpu.c: per cent that values of this size take and nobody is charged for */
int percpu_lost(uint32_t value);

/* rows.c: what can be made and measured */
struct row {
	const char *type, *what;
	uint32_t map, key, value, entries, flags;
	bool percpu;
	int within;			/* per cent between charged and taken, 0: 2; and percpu_lost() */
	bool by_asked;			/* much else is taken: charged is within that above asked */
	int jit, harden;		/* sysctl wanted, -1: as it is */
	int copies;			/* objects made, 0 means 1 */
	int attached;			/* attachments, which are in no memlock */
	bool driver;			/* whose files in debugfs are in no memlock */
	bool nobodys_percpu;		/* comes with per-CPU memory that is nobody's */
	/* after creation, in the creator */
	int (*fill)(const struct row *r, int fd);
	/* instead of creating a map: all of it; asked is to be set */
	int (*make)(const struct row *r, uint64_t *asked);
	/* in the root cgroup before and after: things that are not measured */
	int (*prepare)(const struct row *r);
	void (*done)(const struct row *r);
};
enum { PROG_SUBPROGS = 2 };	/* the row with most JIT images */
/* each ends with a row that has no type; all_rows with NULL */
extern const struct row prog_rows[], map_rows[], net_rows[], storage_rows[],
	link_rows[], object_rows[];
extern const struct row *const all_rows[];
typedef void (*row_fn)(const struct row *r);
void each_row(row_fn fn);		/* that is wanted */
int make_row(const struct row *r, uint64_t *asked);	/* without what it prepares */
void measure(const struct row *r, struct result *res);
void measure_root(const struct row *r, struct result *res);	/* made in the root cgroup */

/* progs.c: instructions, to be freed */
struct bpf_insn *straight(size_t n);
struct bpf_insn *functions(uint32_t len, uint32_t *n);

/* payer.c, pair.c */
void payer_table(void);
void pair_table(void);

/* tap.c */
void tap_ok(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tap_skip(const char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void tap_diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int tap_end(void);
void tap_first_failure(void);			/* from now on one is enough … */
bool tap_enough(void);				/* … and was seen: no further cases */
bool within(long long a, long long b, double percent);

/* arch.c: for want of what err was given, NULL: not for that; and the same, said in TAP */
const char *missing_here(int err);
bool skip_missing(int err, const char *type, const char *what);
/* a program of functions that are no programs of their own */
bool skip_interpreted(int prog, const char *what);

/* groups of checks */
void table_main(bool objects, bool payers);
void bound_main(void);
void burst_main(uint32_t value, bool by_flood);
void table_row(const char *type, const char *what, const struct result *r);
void test_charges(void);
void test_mapping(void);
void test_stolen(void);
void test_payer(void);
void test_bigfree(void);
void test_churn(void);
void test_pair(void);
void test_limit(void);
void test_owner(void);
void test_kept(void);
void test_v1(void);
void test_types(void);
void test_jit(void);
int nobody_main(const char *mode);
int nomemory_main(void);
void check_fdinfo(const struct row *r, const struct fdinfo *f);
typedef void (*group_fn)(void);
group_fn find_group(const char *name);		/* main.c; NULL: no such group */
int mutants_main(const char *list, int from, int to);
#endif
