// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: what grows meets the limit, by bpf(2) and by programs: ENOMEM. It
 * kills nobody, exceeds nothing, and what is there stays and works.
 */
#include <linux/perf_event.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "holders.h"
#include "limit.h"
#include "pair.h"
#include "payer.h"
#include "rows.h"
#include "storage.h"

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

/* In all below: what has to be there is made first, what is filled up last. */

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
	int ev = syscall(SYS_perf_event_open, &a, -1, 0, -1, 0);
	struct fill *f = arg;

	f->map = map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 65536, 0);
	return f->map < 0 ? f->map : fill_with(f->map, 65536, ev);
}

static int fill_devmap(void *arg)
{
	struct fill *f = arg;

	f->map = map_create(BPF_MAP_TYPE_DEVMAP, 4, 4, 65536, 0);
	return f->map < 0 ? f->map : fill_with(f->map, 65536, 1);
}

static int fill_devhash(void *arg)
{
	struct fill *f = arg;

	f->map = map_create(BPF_MAP_TYPE_DEVMAP_HASH, 4, 4, 65536, 0);
	return f->map < 0 ? f->map : fill_with(f->map, 65536, 1);
}

static int fill_xskmap(void *arg)
{
	struct fill *f = arg;

	f->map = map_create(BPF_MAP_TYPE_XSKMAP, 4, 4, 131072, 0);
	return f->map < 0 ? f->map : fill_turns(f->map, 131072, XSKS);
}

static int hold_many_bound(void)
{
	return hold_bound(BOUND, false);
}

static int fill_sockmap(void *arg)
{
	struct fill *f = arg;

	f->map = map_create(BPF_MAP_TYPE_SOCKMAP, 4, 4, 131072, 0);
	return f->map < 0 ? f->map : fill_turns(f->map, 131072, BOUND);
}

static int fill_sockhash(void *arg)
{
	struct fill *f = arg;

	f->map = map_create(BPF_MAP_TYPE_SOCKHASH, 456, 4, 16384, 0);
	return f->map < 0 ? f->map : fill_keys(f->map, 16384, holder[0]);
}

enum { CPUMAPS = 32, ITERATORS = 256, PROGS = 16, STORED = 8000 };

static int fill_cpumaps(void *arg)
{
	struct fill *f = arg;
	int map[CPUMAPS], i, err = 0;

	for (i = 0; i < CPUMAPS; i++) {
		map[i] = f->map = map_create(BPF_MAP_TYPE_CPUMAP, 4, 4, ncpu, 0);
		if (f->map < 0)
			return f->map;
	}
	for (i = 0; !err && i < CPUMAPS; i++)
		err = fill_with(map[i], ncpu, 16384);
	return err;
}

static int fill_storage(struct fill *f, uint32_t type)
{
	static const char value[STORED];
	int i, err = 0;

	f->map = map_create_btf(type, 4, STORED, NOPRE);
	for (i = 0; f->map >= 0 && !err && i < HOLDERS; i++)
		err = map_update(f->map, &holder[i], value);
	return f->map < 0 ? f->map : err;
}

static int fill_sk(void *arg)
{
	return fill_storage(arg, BPF_MAP_TYPE_SK_STORAGE);
}

static int fill_inode(void *arg)
{
	return fill_storage(arg, BPF_MAP_TYPE_INODE_STORAGE);
}

static int attach_progs(struct fill *f, uint32_t type, uint32_t value)
{
	int prog[PROGS], i, err = 0;

	for (i = 0; i < PROGS; i++) {
		prog[i] = cgroup_storage_prog(type, value, &f->map);
		if (prog[i] < 0)
			return prog[i];
	}
	for (i = 0; !err && i < PROGS; i++)
		err = attach_everywhere(prog[i]);
	return err;
}

static int attach_plain(void *arg)
{
	return attach_progs(arg, BPF_MAP_TYPE_CGROUP_STORAGE, 4080);
}

static int attach_percpu(void *arg)
{
	return attach_progs(arg, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 4096);
}

static int iterator;

static int hold_iterator(void)
{
	static const struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	int prog = prog_load_btf(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "bpf_iter_bpf_map", p, 2);

	iterator = prog < 0 ? prog : link_iter(prog, -1);
	return iterator < 0 ? iterator : 0;
}

static int read_iterators(void *arg)
{
	int fd[ITERATORS], i, err = 0;
	struct fill *f = arg;
	char c;

	for (i = 0; i < ITERATORS; i++) {
		fd[i] = f->map = iter_create(iterator);
		if (fd[i] < 0)
			return fd[i];
	}
	for (i = 0; !err && i < ITERATORS; i++)
		err = read(fd[i], &c, 1) < 0 ? -errno : 0;
	return err;
}

struct fill_case {
	const char *name;
	actor_fn fn;
	int (*prepare)(void);		/* in the root cgroup */
	void (*done)(void);
};

static const struct fill_case fills[] = {
	{ "an lpm_trie filled", fill_trie },
	{ "a perf_event_array filled", fill_perf },
	{ "a devmap filled", fill_devmap },
	{ "a devmap_hash filled", fill_devhash },
	{ "an xskmap filled", fill_xskmap, hold_xsks },
	{ "a sockmap filled", fill_sockmap, hold_many_bound },
	{ "a sockhash filled", fill_sockhash, hold_many_bound },
	{ "queues of cpumaps made", fill_cpumaps },
	{ "storage of sockets made", fill_sk, hold_sockets },
	{ "storage of inodes made", fill_inode, hold_files },
	{ "programs with cgroup storage attached", attach_plain, hold_cgroups, drop_cgroups },
	{ "programs with per-CPU cgroup storage attached", attach_percpu, hold_cgroups,
	  drop_cgroups },
	{ "iterators read", read_iterators, hold_iterator },
};

static void test_fill(const struct fill_case *c)
{
	struct fill f = { 0 };
	struct limited l;
	struct actor *a;
	long long left;
	int err = c->prepare ? c->prepare() : 0;
	bool ok;

	limited_open(&l);
	a = actor_start(l.s.owner, 1 % ncpu);
	err = err ?: watched(&l, a, c->fn, &f, sizeof(f));
	ok = err == -ENOMEM && f.map >= 0 && came_near(&l) && unharmed(&l);
	tap_ok(ok, "%s at memory.max: ENOMEM, the limit holds, nobody killed", c->name);
	say(&l, err);
	actor_end(a);
	fd_release();
	if (c->done)
		c->done();
	ok = back_at_base(&l, &left) && err == -ENOMEM;
	tap_ok(ok, "%s at memory.max: nothing stays charged behind it", c->name);
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

/* the owner is at its limit, sockets of the root cgroup get storage as others send */
static void test_storage_by_prog(void)
{
	struct pair_job j = { .value = STORED };
	struct limited l;
	struct actor *a;
	long long left;
	int err, n;
	bool ok;

	err = packets_prepare();
	limited_open(&l);
	err = err ?: in_cgroup(l.s.owner, packets_storage, &j, sizeof(j));
	a = actor_start(l.s.other, 1 % ncpu);
	if (!err)
		err = watched(&l, a, packets_send, &j, sizeof(j));
	n = packets_stored(&j);
	ok = !err && n > 0 && n < HOLDERS && came_near(&l) && unharmed(&l);
	tap_ok(ok, "storage of sockets made by a program at memory.max: some get none, "
	       "the limit holds, nobody killed");
	say(&l, err);
	tap_diag("%d of %d sockets have storage", n, HOLDERS);
	actor_end(a);
	ok = back_at_base(&l, &left) && ok;
	tap_ok(ok, "storage of sockets made by a program leaves nothing charged behind");
	if (!ok)
		tap_diag("left: %lld", left);
	limited_close(&l);
}

void test_fills(void)
{
	size_t i;

	test_fill_by_bpf();
	for (i = 0; i < ARRAY_SIZE(fills); i++)
		test_fill(&fills[i]);
	test_fill_in_softirq();
	test_storage_by_prog();
}
