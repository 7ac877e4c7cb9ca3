// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: at memory.max the kernel says ENOMEM, to bpf(2) and to programs. It
 * kills nobody, exceeds nothing and leaves nothing half made behind.
 */
#include <linux/perf_event.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "payer.h"

enum { LIMIT = 4 << 20, BIG_PROG = 1000000, FUNCTION = 1050 };

struct limit_case {
	const char *name;
	uint32_t map, key, value, entries, flags;
};

/* each 16 MiB or more, but the program: 8 MB */
static const struct limit_case cases[] = {
	{ "an array", BPF_MAP_TYPE_ARRAY, 4, 4096, 4096 },
	{ "an mmapable array", BPF_MAP_TYPE_ARRAY, 4, 4096, 4096, BPF_F_MMAPABLE },
	{ "a percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16384, 512 },
	{ "a preallocated hash", BPF_MAP_TYPE_HASH, 8, 4000, 4096 },
	{ "a preallocated percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 8, 16384, 512 },
	{ "an lru_hash", BPF_MAP_TYPE_LRU_HASH, 8, 4000, 4096 },
	{ "an lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 8, 16384, 512 },
	{ "a ringbuf", BPF_MAP_TYPE_RINGBUF, 0, 0, 16 << 20 },
	{ "a program of a million instructions", BPF_MAP_TYPE_UNSPEC },
	/* it fits once, but not a second time, function by function */
	{ "a program of 256 functions", BPF_MAP_TYPE_UNSPEC, .flags = true },
};

/* made before any actor, so that no limited cgroup pays for it */
static struct bpf_insn *big_prog, *many_functions;
static uint32_t nr_functions_insns;

/* the owner's cgroup with a limit, and somebody in it who does no harm */
struct limited {
	struct scene s;
	struct actor *bystander;
	struct reading base;
	long long max, peak, last;
};

static long long event(const struct scene *s, const char *name)
{
	char path[128], word[32];
	long long n, found = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/memory.events", s->owner);
	f = fopen(path, "re");
	while (f && fscanf(f, "%31s %lld", word, &n) == 2)
		if (!strcmp(word, name))
			found = n;
	if (f)
		fclose(f);
	return found;
}

static int nothing(void *arg)
{
	return 0;
}

static void limited_open(struct limited *l)
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

static void limited_close(struct limited *l)
{
	actor_end(l->bystander);
	scene_close(&l->s);
}

/* reads the usage as long as the actor works */
static int watched(struct limited *l, struct actor *a, actor_fn fn, void *arg, size_t len)
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
static bool unharmed(struct limited *l)
{
	return event(&l->s, "oom_kill") == 0 && l->last <= LIMIT &&
	       l->peak <= LIMIT + ncpu * 32 * (long long)PAGE &&
	       !actor_call(l->bystander, nothing, NULL, 0);
}

/* 5.10 keeps no peak; seen by polling and at the end */
static bool came_near(const struct limited *l)
{
	return l->peak > LIMIT / 4 * 3;
}

static bool back_at_base(struct limited *l, long long *left)
{
	struct reading end;

	fd_release();
	settled_to(&l->s, &l->base, &end);
	*left = end.cg[S_OWNER] - l->base.cg[S_OWNER];
	return *left <= 0 && end.cg[S_OTHER] <= l->base.cg[S_OTHER];
}

static void say(const struct limited *l, int err)
{
	tap_diag("error %d (%s), highest usage seen %lld of %d, max events %lld, oom kills %lld",
		 err, err < 0 ? strerror(-err) : "none", l->peak, LIMIT,
		 event(&l->s, "max") - l->max, event(&l->s, "oom_kill"));
}

static int create(void *arg)
{
	const struct limit_case *c = *(const struct limit_case **)arg;

	if (c->map != BPF_MAP_TYPE_UNSPEC)
		return map_create(c->map, c->key, c->value, c->entries, c->flags);
	if (c->flags)
		return prog_load(BPF_PROG_TYPE_SOCKET_FILTER, many_functions, nr_functions_insns);
	return prog_load(BPF_PROG_TYPE_SOCKET_FILTER, big_prog, BIG_PROG);
}

static void test_create(const struct limit_case *c)
{
	struct limited l;
	struct actor *a;
	long long left;
	bool ok;
	int err;

	limited_open(&l);
	a = actor_start(l.s.owner, 1 % ncpu);
	err = watched(&l, a, create, &c, sizeof(c));
	ok = err == -ENOMEM && event(&l.s, "max") > l.max && unharmed(&l);
	tap_ok(ok, "%s over memory.max: ENOMEM, a max event, nobody killed", c->name);
	if (!ok || verbose)
		say(&l, err);
	actor_end(a);
	ok = back_at_base(&l, &left) && err == -ENOMEM;
	tap_ok(ok, "%s over memory.max leaves nothing charged behind", c->name);
	if (!ok)
		tap_diag("left: %lld", left);
	limited_close(&l);
}

/* the map and what came of filling it */
struct fill {
	int map;
	uint32_t done;
	struct sockaddr_in to;
};

enum { ELEMENTS = 2048, VALUE = 4000, ROOM = 64 };

static int fill_by_bpf(void *arg)
{
	struct fill *f = arg;
	static char value[VALUE];
	uint64_t key;
	int err = 0;

	for (key = 0; !err && key < ELEMENTS; key++)
		err = map_update(f->map, &key, value);
	f->done = err ? key - 1 : key;
	return err;
}

static int insert_one(void *arg)
{
	struct fill *f = arg;
	static char value[VALUE];
	uint64_t new = ELEMENTS;

	return map_update(f->map, &new, value);
}

/*
 * What is in the map stays, what is not is not, and what goes makes room. But
 * for the insertion all in the root cgroup: a page that a process at the limit
 * touches may well be its end.
 */
static int still_works(struct fill *f, struct actor *a)
{
	char value[VALUE];
	uint64_t key = 0;
	int err = 0, tries;

	if (!f->done || map_lookup(f->map, &key, value))
		return -ENOENT;
	key = f->done;
	if (map_lookup(f->map, &key, value) != -ENOENT)
		return -EEXIST;
	for (key = 0; key < ROOM; key++)
		if (map_delete(f->map, &key))
			return -ESRCH;
	for (tries = 0; tries < 50; tries++) {
		rcu_wait();
		drain();
		err = actor_call(a, insert_one, f, sizeof(*f));
		if (err != -ENOMEM)
			break;
		sleep_ms(20);
	}
	return err;
}

static int make_hash(void *arg)
{
	return map_create(BPF_MAP_TYPE_HASH, 8, VALUE, 2 * ELEMENTS, BPF_F_NO_PREALLOC);
}

static void test_fill_by_bpf(void)
{
	struct fill f = { 0 };
	struct limited l;
	struct actor *a;
	long long left;
	int err, works;
	bool ok;

	limited_open(&l);
	a = actor_start(l.s.owner, 1 % ncpu);
	f.map = actor_call(a, make_hash, NULL, 0);
	err = watched(&l, a, fill_by_bpf, &f, sizeof(f));
	ok = err == -ENOMEM && came_near(&l) && unharmed(&l);
	tap_ok(ok, "a hash filled by bpf(2) at memory.max: ENOMEM, the limit holds, nobody killed");
	say(&l, err);
	works = still_works(&f, a);
	tap_ok(err == -ENOMEM && !works,
	       "that hash keeps its elements, and takes new ones in place of deleted ones");
	tap_diag("%u elements", f.done);
	if (works)
		tap_diag("%s", strerror(-works));
	actor_end(a);
	ok = back_at_base(&l, &left) && err == -ENOMEM;
	tap_ok(ok, "that hash leaves nothing charged behind");
	if (!ok)
		tap_diag("left: %lld", left);
	limited_close(&l);
}

static int fill_trie(void *arg)
{
	static char value[VALUE];
	struct { uint32_t bits, data; } key = { 32 };
	struct fill *f = arg;
	int err = 0;

	f->map = map_create(BPF_MAP_TYPE_LPM_TRIE, 8, VALUE, 2 * ELEMENTS, BPF_F_NO_PREALLOC);
	for (key.data = 0; f->map >= 0 && !err && key.data < ELEMENTS; key.data++)
		err = map_update(f->map, &key, value);
	return f->map < 0 ? f->map : err;
}

/* the same event in every slot: 512 KiB of slots, 4.5 MiB of entries */
static int fill_perf(void *arg)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a),
				     .config = PERF_COUNT_SW_BPF_OUTPUT,
				     .sample_type = PERF_SAMPLE_RAW };
	int ev = syscall(SYS_perf_event_open, &a, -1, 0, -1, 0), err = 0;
	struct fill *f = arg;
	uint32_t i;

	f->map = map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 65536, 0);
	for (i = 0; f->map >= 0 && !err && i < 65536; i++)
		err = map_update(f->map, &i, &ev);
	return f->map < 0 ? f->map : err;
}

static void test_fill(actor_fn fn, const char *name)
{
	struct fill f = { 0 };
	struct limited l;
	struct actor *a;
	long long left;
	bool ok;
	int err;

	limited_open(&l);
	a = actor_start(l.s.owner, 1 % ncpu);
	err = watched(&l, a, fn, &f, sizeof(f));
	ok = err == -ENOMEM && f.map >= 0 && came_near(&l) && unharmed(&l);
	tap_ok(ok, "%s filled by bpf(2) at memory.max: ENOMEM, the limit holds, nobody killed", name);
	say(&l, err);
	actor_end(a);
	ok = back_at_base(&l, &left) && err == -ENOMEM;
	tap_ok(ok, "%s filled by bpf(2) at memory.max leaves nothing charged behind", name);
	if (!ok)
		tap_diag("left: %lld", left);
	limited_close(&l);
}

static int send_many(void *arg)
{
	struct fill *f = arg;
	int sk = socket(AF_INET, SOCK_DGRAM, 0), i, err = sk < 0 ? -errno : 0;

	for (i = 0; !err && i < ELEMENTS; i++)
		if (sendto(sk, "x", 1, 0, (void *)&f->to, sizeof(f->to)) < 0)
			err = -errno;
	if (sk >= 0)
		close(sk);
	return err;
}

/* the owner is at its limit, the packets come from elsewhere */
static void test_fill_in_softirq(void)
{
	size_t size = DATA + growth_hash->key + growth_hash->value;
	struct control c = { .left = ELEMENTS };
	struct fill f = { 0 };
	struct limited l;
	struct stage st;
	struct actor *a;
	long long left;
	int map, err;
	bool ok;

	limited_open(&l);
	map = in_cgroup(l.s.owner, make_hash, NULL, 0);
	err = map < 0 ? map : stage_open(&st, growth_hash, BY_SOFTIRQ, l.s.other, map);
	a = actor_start(l.s.other, 1 % ncpu);
	if (!err) {
		f.to = st.to;
		control_put(st.control, &c, size);
		err = watched(&l, a, send_many, &f, sizeof(f));
		control_get(st.control, &c, size);
	}
	ok = !err && c.done && c.failed && (int)c.word == -ENOMEM && came_near(&l) &&
	     unharmed(&l);
	tap_ok(ok, "a hash filled in softirq at memory.max: the program gets ENOMEM, "
	       "the limit holds, nobody killed");
	say(&l, err);
	tap_diag("insertions done %llu, failed %llu, the last with %d",
		 (unsigned long long)c.done, (unsigned long long)c.failed, (int)c.word);
	actor_end(a);
	ok = back_at_base(&l, &left) && ok;
	tap_ok(ok, "a hash filled in softirq at memory.max leaves nothing charged behind");
	if (!ok)
		tap_diag("left: %lld", left);
	limited_close(&l);
}

void test_limit(void)
{
	size_t i;

	big_prog = straight(BIG_PROG);
	many_functions = functions(FUNCTION, &nr_functions_insns);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		test_create(&cases[i]);
	free(big_prog);
	free(many_functions);
	test_fill_by_bpf();
	test_fill(fill_trie, "an lpm_trie");
	test_fill(fill_perf, "a perf_event_array");
	test_fill_in_softirq();
}
