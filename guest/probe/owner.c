// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: what was taken of a memory cgroup for an object is given back. Once
 * the object is gone and its cgroups are removed, none of them is left dying,
 * and their object cgroups are released: a kprobe counts that.
 */
#include "payer.h"

enum { TIMES = 8 };

static int make_map(void *arg)
{
	int i, fd = 0;

	for (i = 0; fd >= 0 && i < TIMES; i++)
		fd = map_create(BPF_MAP_TYPE_HASH, 4, 8, 16, 0);
	return fd;
}

/* the type is known, and the sizes are refused */
static int refused_map(void *arg)
{
	int i, err = -EINVAL;

	for (i = 0; err == -EINVAL && i < TIMES; i++)
		err = map_create(BPF_MAP_TYPE_HASH, 0, 8, 16, 0);
	return err == -EINVAL ? 0 : -EBADE;
}

static int make_prog(void *arg)
{
	struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	int i, fd = 0;

	for (i = 0; fd >= 0 && i < TIMES; i++)
		fd = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, 2);
	return fd;
}

static int refused_prog(void *arg)
{
	struct bpf_insn p[] = { MOV(0, 9), EXIT() };	/* reads what is not set */
	int i, err = -EACCES;

	for (i = 0; err == -EACCES && i < TIMES; i++)
		err = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, 2);
	return err == -EACCES ? 0 : -EBADE;
}

static int make_btf(void *arg)
{
	int i, fd = 0;

	for (i = 0; fd >= 0 && i < TIMES; i++)
		fd = btf_load(4);
	return fd;
}

static int growing_map(void *arg)
{
	const struct growth *g = growth_hash;

	return map_create(g->map, g->key, g->value, g->entries, BPF_F_NO_PREALLOC);
}

struct kind {
	const char *name;
	actor_fn make;			/* in the owner's cgroup */
	int by;				/* who makes a map grow, from another one; -1: nobody */
};

static const struct kind kinds[] = {
	{ "maps created", make_map, -1 },
	{ "creation of a map refused", refused_map, -1 },
	{ "programs loaded", make_prog, -1 },
	{ "a program refused", refused_prog, -1 },
	{ "btf loaded", make_btf, -1 },
	{ "a map filled with bpf(2) from another cgroup", growing_map, BY_SYSCALL },
	{ "a map filled by a socket filter in softirq", growing_map, BY_SOFTIRQ },
};

static long long dying(void)
{
	return cg_field("/sys/fs/cgroup/probe", "cgroup.stat", "nr_dying_descendants");
}

/* until those of earlier cases are gone, as far as they go; how many stay */
static long long dying_at_rest(void)
{
	long long last, now = dying(), end = now_ms() + 4000;
	int same = 0;

	while (now && same < 3 && now_ms() < end) {
		rcu_wait();
		drain();
		sleep_ms(100);
		last = now;
		now = dying();
		same = now == last ? same + 1 : 0;
	}
	return now;
}

/* kprobe program: counts */
static int load_counter(int control)
{
	struct bpf_insn p[] = {
		LDVAL(6, control, 0), LDX(BPF_DW, 1, 6, OFF(done)), ADDI(1, 1),
		STX(BPF_DW, 6, OFF(done), 1), MOVI(0, 0), EXIT()
	};

	return prog_load(BPF_PROG_TYPE_KPROBE, p, ARRAY_SIZE(p));
}

static void test_kind(const struct kind *k)
{
	int control = map_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct control), 1, 0);
	int prog = load_counter(control), probe = kprobe_open("obj_cgroup_release", prog);
	long long before, left = 0, end;
	struct control c = { 0 };
	struct result res;
	struct scene s;
	struct stage st;
	int made, err;

	/* where fd_release() closes nothing */
	control = dup2(control, 61);
	dup2(probe, 62);
	before = dying_at_rest();
	scene_open(&s);
	made = in_cgroup(s.owner, k->make, NULL, 0);
	err = made < 0 ? made : 0;
	if (!err && k->by >= 0)
		err = stage_open(&st, growth_hash, k->by, s.other, made) ?:
		      stage_grow(&st, &s, &res);
	fd_release();
	rcu_wait();
	control_put(control, &c, sizeof(c));
	err = err ?: scene_close(&s);
	for (end = now_ms() + 8000; now_ms() < end; sleep_ms(100)) {
		rcu_wait();
		drain();
		left = dying() - before;
		control_get(control, &c, sizeof(c));
		if (left <= 0 && c.done >= S_NR)
			break;
	}
	tap_ok(!err && left <= 0 && probe >= 0 && c.done >= S_NR,
	       "%s: when it is gone, so are the cgroups and what owners are held by", k->name);
	if (err || probe < 0)
		tap_diag("%s", strerror(err ? -err : -probe));
	if (left > 0 || c.done < S_NR || verbose)
		tap_diag("cgroups left dying %lld, object cgroups released %llu of %d", left,
			 (unsigned long long)c.done, S_NR);
	dup2(0, 61);
	dup2(0, 62);
}

enum { PIPES = 64, RUNS = 8 };

/*
 * Slots for 1 MiB each, 256 of 40 bytes, or of 24 on 32 bits: 16 KiB, or 8, of kernel
 * memory that is not BPF's.
 */
enum { SLOTS = 2 * KiB * sizeof(void *) };
static int make_pipes(void *arg)
{
	int i, p[2];

	for (i = 0; i < PIPES; i++)
		if (pipe2(p, O_CLOEXEC) || fcntl(p[1], F_SETPIPE_SZ, 1 << 20) < 0)
			return -errno;
	return 0;
}

static int move_to(void *arg)
{
	return cg_join(arg);
}

static int run_inserter(void *arg)
{
	struct stage *st = arg;
	struct control c = { .left = RUNS };
	size_t size = DATA + st->g->key + st->g->value;
	char data[64] = { 0 };
	int i, err = control_put(st->control, &c, size);

	for (i = 0; !err && i < RUNS; i++)
		err = prog_run(st->prog, data, sizeof(data), 1);
	return err ?: control_get(st->control, &c, size) ?: c.done == RUNS ? 0 : -ENODATA;
}

/* who has been charged for BPF is not charged for what comes after it */
static void test_moved(const struct kind *k, bool run)
{
	struct reading before, after;
	struct result res = { 0 };
	struct actor *a;
	struct scene s;
	struct stage st;
	bool ok;
	int made;

	scene_open(&s);
	a = actor_start(s.owner, -1);
	made = actor_call(a, k->make, NULL, 0);
	res.err = made < 0 ? made : actor_call(a, move_to, s.other, sizeof(s.other));
	if (!res.err && run)
		res.err = stage_open(&st, growth_hash, BY_TEST_RUN, s.other, made) ?:
			  actor_call(a, run_inserter, &st, sizeof(st));
	settled(&s, &before);
	if (!res.err)
		res.err = actor_call(a, make_pipes, NULL, 0);
	settled(&s, &after);
	delta(&before, &after, &res);
	ok = !res.err && res.charged[S_OTHER] >= PIPES * (long long)SLOTS &&
	     res.charged[S_OWNER] < 16 * (long long)PAGE &&
	     res.charged[S_PARENT] < 16 * (long long)PAGE;
	tap_ok(ok, "%s%s, then the process moves to another cgroup: its pipes are charged there",
	       k->name, run ? " and filled by a program" : "");
	if (res.err)
		tap_diag("%s", strerror(-res.err));
	if (!ok || verbose)
		tap_diag("owner %lld other %lld parent %lld", res.charged[S_OWNER],
			 res.charged[S_OTHER], res.charged[S_PARENT]);
	actor_end(a);
	fd_release();
	scene_close(&s);
}

static const struct kind moved[] = {
	{ "maps created", make_map }, { "programs loaded", make_prog }, { "btf loaded", make_btf },
	{ "a map created", growing_map },
};

void test_owner(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(moved); i++)
		if (wanted(NULL, moved[i].name) && !tap_enough())
			test_moved(&moved[i], moved[i].make == growing_map);

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (wanted(NULL, kinds[i].name) && !tap_enough())
			test_kind(&kinds[i]);
}
