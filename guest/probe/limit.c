// SPDX-License-Identifier: GPL-2.0
/* A cgroup with a limit, what happens to it, and creations that exceed it. */
#include <stdarg.h>
#include "limit.h"

static long long event(const struct scene *s, const char *name)
{
	return cg_field(s->owner, "memory.events", name);
}

static int nothing(void *arg)
{
	return 0;
}

void limited_open(struct limited *l)
{
	char path[128], text[16];
	int err;

	memset(l, 0, sizeof(*l));
	scene_open(&l->s);
	snprintf(path, sizeof(path), "%s/memory.max", l->s.owner);
	snprintf(text, sizeof(text), "%d", LIMIT);
	err = write_file(path, text);
	if (err)
		die("%s: %s", path, strerror(-err));
	l->bystander = actor_start(l->s.owner, -1);
	actor_call(l->bystander, nothing, NULL, 0);
	consolidate(l->s.owner);
	settled(&l->s, &l->base);
	l->max = event(&l->s, "max");
}

void limited_close(struct limited *l)
{
	actor_end(l->bystander);
	scene_close(&l->s);
}

int watched(struct limited *l, struct actor *a, actor_fn fn, void *arg, size_t len)
{
	long long now;
	int err;

	actor_post(a, fn, arg, len);
	while (!actor_done(a)) {
		now = cg_current(l->s.owner);
		if (now > l->peak)
			l->peak = now;
		/* a killed actor would not end its turn */
		if (event(&l->s, "oom_kill") > 0)
			break;
	}
	err = actor_wait(a, arg, len);
	l->last = cg_current(l->s.owner);
	if (l->last > l->peak)
		l->peak = l->last;
	return err;
}

/*
 * A charge that will be refused is added before it is compared and taken off
 * again: for a moment each CPU shows a batch of 32 pages too many.
 */
bool unharmed(struct limited *l)
{
	return event(&l->s, "oom_kill") == 0 && l->last <= LIMIT &&
	       l->peak <= LIMIT + ncpu * 32 * (long long)PAGE &&
	       !actor_call(l->bystander, nothing, NULL, 0);
}

bool refused(const struct limited *l)
{
	return event(&l->s, "max") > l->max;
}

/* 5.10 keeps no peak; seen by polling and at the end */
bool came_near(const struct limited *l)
{
	return l->peak > LIMIT / 4 * 3;
}

void limited_end(struct limited *l, bool valid, const char *fmt, ...)
{
	struct reading end;
	char what[200];
	long long left;
	va_list args;
	bool ok;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	fd_release();
	settled_to(&l->s, &l->base, &end);
	left = end.cg[S_OWNER] - l->base.cg[S_OWNER];
	ok = valid && left <= 0 && end.cg[S_OTHER] <= l->base.cg[S_OTHER];
	tap_ok(ok, "%s", what);
	if (!ok)
		tap_diag("left: %lld", left);
	limited_close(l);
}

void say(const struct limited *l, int err)
{
	tap_diag("error %d (%s), highest usage seen %lld of %d, max events %lld, oom kills %lld",
		 err, err < 0 ? strerror(-err) : "none", l->peak, LIMIT,
		 event(&l->s, "max") - l->max, event(&l->s, "oom_kill"));
}

enum { BIG_PROG = 1000000, FUNCTION = 1050, SMALL_FUNCTION = 450, SHORT_FUNCTION = 100,
	LONG_FUNCTION = 120000, MULTIPLY = 200000, TYPES = 400000 };

/* made before any actor, so that no limited cgroup pays for it */
static struct bpf_insn *big_prog, *many_functions, *multiply;
static uint32_t nr_functions_insns;
static char *many_types;
static size_t many_types_len;
static int inner;

struct limit_case {
	const char *name;
	uint32_t map, key, value, entries, flags;
	int (*make)(const struct limit_case *c);
};

static int make_prog(const struct limit_case *c)
{
	return prog_load(BPF_PROG_TYPE_SOCKET_FILTER, big_prog, BIG_PROG);
}

static int make_functions(const struct limit_case *c)
{
	return prog_load(BPF_PROG_TYPE_SOCKET_FILTER, many_functions, nr_functions_insns);
}

static int make_btf(const struct limit_case *c)
{
	return btf_load_raw(many_types, many_types_len);
}

static int make_outer(const struct limit_case *c)
{
	return map_create_inner(c->map, c->key, c->entries, c->flags, inner);
}

#define MAP(t, ...) BPF_MAP_TYPE_##t, __VA_ARGS__
/* each 16 MiB or so, but the programs: 8 MB and 2 MB */
static const struct limit_case cases[] = {
	{ "an array", MAP(ARRAY, 4, 4096, 4096) },
	{ "an mmapable array", MAP(ARRAY, 4, 4096, 4096, BPF_F_MMAPABLE) },
	{ "a percpu_array", MAP(PERCPU_ARRAY, 4, 16384, 512) },
	{ "a prog_array", MAP(PROG_ARRAY, 4, 4, 2 << 20) },
	{ "a perf_event_array", MAP(PERF_EVENT_ARRAY, 4, 4, 2 << 20) },
	{ "a cgroup_array", MAP(CGROUP_ARRAY, 4, 4, 2 << 20) },
	{ "an array_of_maps", MAP(ARRAY_OF_MAPS, 4, 4, 2 << 20), .make = make_outer },
	{ "a preallocated hash", MAP(HASH, 8, 4000, 4096) },
	{ "a preallocated percpu_hash", MAP(PERCPU_HASH, 8, 16384, 512) },
	{ "an lru_hash", MAP(LRU_HASH, 8, 4000, 4096) },
	{ "an lru_percpu_hash", MAP(LRU_PERCPU_HASH, 8, 16384, 512) },
	{ "a preallocated hash_of_maps", MAP(HASH_OF_MAPS, 512, 4, 32768), .make = make_outer },
	{ "a ringbuf", MAP(RINGBUF, 0, 0, 16 << 20) },
	{ "a queue", MAP(QUEUE, 0, 4096, 4096) },
	{ "a stack", MAP(STACK, 0, 4096, 4096) },
	{ "a stack_trace", MAP(STACK_TRACE, 4, 1016, 16384) },
	{ "a devmap", MAP(DEVMAP, 4, 4, 2 << 20) },
	{ "a devmap_hash", MAP(DEVMAP_HASH, 4, 4, 2 << 20) },
	{ "an xskmap", MAP(XSKMAP, 4, 4, 2 << 20) },
	{ "a sockmap", MAP(SOCKMAP, 4, 4, 2 << 20) },
	{ "a sockhash", MAP(SOCKHASH, 4, 4, 1 << 20) },
	{ "a reuseport_sockarray", MAP(REUSEPORT_SOCKARRAY, 4, 8, 2 << 20) },
	{ "BTF of 400000 types", .make = make_btf },
	{ "a program of a million instructions", .make = make_prog },
	/* it fits once, but not a second time, function by function */
	{ "a program of 256 functions", .make = make_functions },
};

static int create(void *arg)
{
	const struct limit_case *c = *(const struct limit_case **)arg;

	return c->make ? c->make(c) : map_create(c->map, c->key, c->value, c->entries, c->flags);
}

static void test_create(const struct limit_case *c)
{
	struct jit_was was;
	struct limited l;
	struct actor *a;
	bool ok;
	int err;

	/* functions are made programs of their own for the JIT alone */
	jit_set(1, -1, &was);
	limited_open(&l);
	a = actor_start(l.s.owner, 1 % ncpu);
	err = watched(&l, a, create, &c, sizeof(c));
	jit_restore(&was);
	ok = err == -ENOMEM && refused(&l) && unharmed(&l);
	tap_ok(ok, "%s over memory.max: ENOMEM, a max event, nobody killed", c->name);
	if (!ok || verbose)
		say(&l, err);
	actor_end(a);
	limited_end(&l, err == -ENOMEM, "%s over memory.max leaves nothing charged behind", c->name);
}

/* 8 bytes for BPF, and 16 or more of machine code; with the registers 1 and 2, and with 0 */
#if defined(__x86_64__) || defined(__i386__)
#define BULKY	I(BPF_ALU64 | BPF_MUL | BPF_X, 1, 2, 0, 0)
#define BULKY_0	I(BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 3)
#else
#define BULKY	I(BPF_ALU64 | BPF_MOD | BPF_K, 1, 0, 0, 0x12345678)
#define BULKY_0	I(BPF_ALU64 | BPF_MOD | BPF_K, 0, 0, 0, 0x12345678)
#endif

static struct bpf_insn *multiplications(size_t n)
{
	struct bpf_insn *p = straight(n);
	size_t i;

	p[1] = MOVI(1, 3);
	p[2] = MOVI(2, 5);
	for (i = 3; i < n - 2; i++)
		p[i] = BULKY;
	return p;
}

static int load_multiply(void *arg)
{
	return prog_load(BPF_PROG_TYPE_SOCKET_FILTER, multiply, MULTIPLY);
}

/* the program has room below the limit, its image for the CPU beside it has not */
static void test_image(void)
{
	int prog;
	struct jit_was was;
	struct limited l;
	struct actor *a;
	bool ok;

	jit_set(1, -1, &was);
	limited_open(&l);
	a = actor_start(l.s.owner, 1 % ncpu);
	prog = watched(&l, a, load_multiply, NULL, 0);
	ok = prog == -ENOMEM && refused(&l) && unharmed(&l);
	tap_ok(ok, "a JIT image over memory.max: ENOMEM, a max event, nobody killed");
	if (!ok || verbose)
		say(&l, prog);
	if (prog >= 0)
		tap_diag("loaded, with an image of %u bytes", prog_image(prog));
	actor_end(a);
	limited_end(&l, ok, "a JIT image over memory.max leaves nothing charged behind");
	jit_restore(&was);
}

/* functions that fit, but not with the images, which are twice their size */
static void multiply_in_functions(struct bpf_insn *p, uint32_t n)
{
	uint32_t i;

	for (i = 1; i < n; i++)
		if (p[i - 1].code == MOVI(0, 1).code && p[i].code == p[i - 1].code)
			p[i] = BULKY_0;
		else if (p[i - 1].code == BULKY_0.code && p[i].code != EXIT().code)
			p[i] = p[i - 1];
}

struct functions_job {
	const struct bpf_insn *insns;
	uint32_t n;
	int harden;
};

enum { REFUSALS = 30 };

/* -ENOMEM: there was never room */
static int load_again_and_again(void *arg)
{
	struct functions_job *j = arg;
	int i, prog = -ENOMEM;

	for (i = 0; prog == -ENOMEM && i < REFUSALS; i++)
		prog = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, j->insns, j->n);
	return prog;
}

/* seen by what is taken; on an unsteady kernel kmemleak looks for it */
static bool losses_wanted(void)
{
	return !unsteady && wanted(NULL, "refused programs") && !tap_enough();
}

/* what the JIT keeps of a function between its passes is charged to nobody */
static void test_nothing_lost(const struct functions_job *j, const char *where)
{
	struct limited l;
	struct reading end;
	struct actor *a;
	long long lost;
	struct jit_was was;
	char what[128];
	bool ok;
	int err;

	if (!losses_wanted())
		return;
	jit_set(1, j->harden, &was);
	limited_open(&l);
	a = actor_start(l.s.owner, 1 % ncpu);
	err = actor_call(a, load_again_and_again, (void *)j, sizeof(*j));
	actor_end(a);
	settled_to(&l.s, &l.base, &end);
	snprintf(what, sizeof(what), "programs of 256 functions without room for %s, %d times: "
		 "no memory is lost", where, REFUSALS);
	if (skip_interpreted(err, what)) {
		fd_release();
		limited_close(&l);
		jit_restore(&was);
		return;
	}
	lost = end.t.used - l.base.t.used;
	ok = err == -ENOMEM && refused(&l) && lost < (long long)MiB;
	tap_ok(ok, "%s", what);
	if (!ok || verbose) {
		tap_diag("%lld bytes more taken", lost);
		say(&l, err);
	}
	limited_close(&l);
	jit_restore(&was);
}

/* short functions, for which there is room, and a long one, of which there is for no copy */
static void test_blinded(void)
{
	struct functions_job j = { .harden = 2 };
	struct bpf_insn *p;
	struct jit_was was;
	uint32_t i;
	int prog;

	if (!losses_wanted())
		return;
	p = functions(SHORT_FUNCTION, &j.n);
	/* if the JIT compiles functions at all */
	jit_set(1, -1, &was);
	prog = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, j.n);
	jit_restore(&was);
	if (skip_interpreted(prog, "programs of 256 functions without room for a copy to blind"))
		goto out;
	p = realloc(p, (j.n + LONG_FUNCTION) * sizeof(*p));
	if (!p)
		die("no memory for a program");
	for (i = 0; i < LONG_FUNCTION; i++, j.n++) {
		p[j.n] = p[j.n - 1];
		p[j.n - 1] = p[j.n - 2];
	}
	j.insns = p;
	test_nothing_lost(&j, "a copy to blind");
out:
	if (prog >= 0)
		close(prog);
	free(p);
}

void test_limit(void)
{
	struct functions_job images = { .harden = -1 };
	struct bpf_insn *p;
	size_t i;

	big_prog = straight(BIG_PROG);
	many_functions = functions(FUNCTION, &nr_functions_insns);
	multiply = multiplications(MULTIPLY);
	many_types = btf_pointers(TYPES, &many_types_len);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!wanted(NULL, cases[i].name) || tap_enough())
			continue;
		/* goes with the files of the case */
		inner = map_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
		test_create(&cases[i]);
	}
	if (wanted(NULL, "a JIT image") && !tap_enough())
		test_image();
	test_nothing_lost(&(struct functions_job){ many_functions, nr_functions_insns, -1 }, "a function");
	p = functions(SMALL_FUNCTION, &images.n);
	multiply_in_functions(p, images.n);
	images.insns = p;
	test_nothing_lost(&images, "an image");
	free(p);
	test_blinded();
	free(big_prog);
	free(many_functions);
	free(multiply);
	free(many_types);
	test_limited_hash();
	test_fills();
}
