// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: what grows by bpf(2) meets the limit: ENOMEM. It kills nobody and
 * exceeds nothing. What has to be there is made first, and filled up last: other
 * allocations of a process at its limit may well be its end.
 */
#include "holders.h"
#include "limit.h"
#include "rows.h"
#include "storage.h"

enum { ELEMENTS = 2048, VALUE = 4000 };

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

/* with pointers of half the size twice as many, or they would not reach the limit */
enum { SLOTS = 65536 * 8 / sizeof(void *) };

/* the same event in every slot: 512 KiB of slots, 4.5 MiB of entries */
static int fill_perf(void *arg)
{
	int ev = output_event();
	struct fill *f = arg;

	f->map = ev < 0 ? ev : map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, SLOTS, 0);
	return f->map < 0 ? f->map : fill_with(f->map, SLOTS, ev);
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

	f->map = map_create(BPF_MAP_TYPE_XSKMAP, 4, 4, 2 * SLOTS, 0);
	return f->map < 0 ? f->map : fill_turns(f->map, 2 * SLOTS, XSKS);
}

static int hold_many_bound(void)
{
	return hold_bound(BOUND, false);
}

static int fill_sockmap(void *arg)
{
	struct fill *f = arg;

	f->map = map_create(BPF_MAP_TYPE_SOCKMAP, 4, 4, 2 * SLOTS, 0);
	return f->map < 0 ? f->map : fill_turns(f->map, 2 * SLOTS, BOUND);
}

static int fill_sockhash(void *arg)
{
	struct fill *f = arg;

	f->map = map_create(BPF_MAP_TYPE_SOCKHASH, 456, 4, 16384, 0);
	return f->map < 0 ? f->map : fill_keys(f->map, 16384, holder[0]);
}

enum { CPUMAPS = 32, ITERATORS = 256, PROGS = 16, OFFLOADED = 96 };
enum { STORED = 8000, OFF_VALUE = 32000 };	/* bytes of a value */

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
	iterator = link_iter_prog("bpf_iter_bpf_map", -1);
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

static int fill_offloaded(void *arg)
{
	static const char value[OFF_VALUE];
	int map[OFFLOADED], i, err = 0;
	struct fill *f = arg;
	uint64_t key;

	for (i = 0; i < OFFLOADED; i++) {
		map[i] = f->map = map_create_on(device, BPF_MAP_TYPE_HASH, 8, OFF_VALUE, 2);
		if (f->map < 0)
			return f->map;
	}
	for (i = 0; !err && i < OFFLOADED; i++)
		for (key = 0; !err && key < 2; key++)
			err = map_update(map[i], &key, value);
	return err;
}

/* programs and their storage are made in the root cgroup, the values anew */
enum { REPLACED = 32, CG_VALUE = 4080 };
static int storage[REPLACED];

static int hold_storage(void)
{
	int i, prog, err = hold_cgroups();

	for (i = 0; !err && i < REPLACED; i++) {
		prog = cgroup_storage_prog(BPF_MAP_TYPE_CGROUP_STORAGE, CG_VALUE, &storage[i]);
		err = prog < 0 ? prog : attach_everywhere(prog);
	}
	return err;
}

static int replace_storage(void *arg)
{
	struct fill *f = arg;

	f->map = storage[0];
	return cgroup_storage_replace(storage, REPLACED, CG_VALUE);
}

/* without memory for each CPU in store the update is to be tried again */
static int fill_percpu_hash(void *arg)
{
	struct row r = { .key = 8, .value = 2048, .entries = 4096, .percpu = true };
	struct fill *f = arg;

	f->map = map_create(BPF_MAP_TYPE_PERCPU_HASH, r.key, r.value, r.entries, NOPRE);
	return f->map < 0 ? f->map : fill_values(&r, f->map);
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
	{ "cgroup storage replaced", replace_storage, hold_storage, drop_cgroups },
	{ "a percpu_hash filled", fill_percpu_hash },
	{ "programs with per-CPU cgroup storage attached", attach_percpu, hold_cgroups,
	  drop_cgroups },
	{ "maps offloaded to a device filled", fill_offloaded, hold_device, drop_device },
	{ "iterators read", read_iterators, hold_iterator },
};

static void test_fill(const struct fill_case *c)
{
	struct fill f = { 0 };
	struct limited l;
	struct actor *a;
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
	limited_end(&l, err == -ENOMEM, "%s at memory.max: nothing stays charged behind it", c->name);
}

void test_fills(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fills); i++)
		if (wanted(NULL, fills[i].name) && !tap_enough())
			test_fill(&fills[i]);
}
