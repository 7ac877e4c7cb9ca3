// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: a hash table that meets the limit as it is filled, by bpf(2) and by a
 * program in softirq, and storage of sockets that a program makes.
 */
#include <sys/socket.h>
#include "holders.h"
#include "limit.h"
#include "pair.h"
#include "payer.h"

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
	limited_end(&l, err == -ENOMEM, "that hash leaves nothing charged behind");
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
	limited_end(&l, ok, "a hash filled in softirq at memory.max leaves nothing charged behind");
}

/* the owner is at its limit, sockets of the root cgroup get storage as others send */
static void test_storage_by_prog(void)
{
	struct pair_job j = { .value = 8000 };
	struct limited l;
	struct actor *a;
	int err, n;
	bool ok;

	err = packets_prepare(HOLDERS);
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
	limited_end(&l, ok, "storage of sockets made by a program leaves nothing charged behind");
}

void test_limited_hash(void)
{
	if (wanted(NULL, "a hash filled by bpf(2)") && !tap_enough())
		test_fill_by_bpf();
	if (wanted(NULL, "a hash filled in softirq") && !tap_enough())
		test_fill_in_softirq();
	if (wanted(NULL, "storage of sockets made by a program") && !tap_enough())
		test_storage_by_prog();
}
