// SPDX-License-Identifier: GPL-2.0
/*
 * Checks on cgroup v1, where a task may take the charges of its pages along,
 * and where kernel memory has a counter of its own.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "probe.h"
#include "mapping.h"
#include "payer.h"

#define ROOT "/sys/fs/cgroup/memory"
#define A ROOT "/a"
#define B ROOT "/b"
#define REMOVED ROOT "/removed"
enum { MAPPED = 16 << 20, LIMIT = 8 << 20 };

static void put(const char *cg, const char *file, const char *text)
{
	char path[128];
	int err;

	snprintf(path, sizeof(path), "%s/%s", cg, file);
	err = write_file(path, text);
	if (err)
		die("%s: %s; the v1 memory controller has to be mounted there", path,
		    strerror(-err));
}

static long long usage(const char *cg, const char *file)
{
	char path[128];

	rcu_wait();
	drain();
	snprintf(path, sizeof(path), "%s/%s", cg, file);
	return read_number(path);
}

static long long kmem(const char *cg)
{
	return usage(cg, "memory.kmem.usage_in_bytes");
}

/* until the usage is what it was, or 8 seconds */
static long long kmem_back_at(const char *cg, long long base)
{
	long long end = now_ms() + 8000, now;

	while ((now = kmem(cg)) > base && now_ms() < end) {
		if (now - base <= 16 * (long long)PAGE)
			consolidate(cg);
		sleep_ms(100);
	}
	return now;
}

static int map_big(void *arg)
{
	int fd = map_create(BPF_MAP_TYPE_ARRAY, 4, PAGE, MAPPED / PAGE, BPF_F_MMAPABLE);
	char *m;

	if (fd < 0)
		return fd;
	m = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m == MAP_FAILED)
		return -errno;
	memset(m, 1, MAPPED);
	return 0;
}

/* memory that is moved: what fails here has to be the room over there */
static int map_anonymous(void *arg)
{
	char *m = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		       MAP_POPULATE, -1, 0);

	return m == MAP_FAILED ? -errno : 0;
}

static int move(const struct actor *a)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", actor_pid(a));
	return write_file(B "/cgroup.procs", text);
}

static int move_anonymous(void)
{
	struct actor *a = actor_start(A, 1 % ncpu);
	int err = actor_call(a, map_anonymous, NULL, 0) ?: move(a);

	actor_end(a);
	return err;
}

static void test_move(void)
{
	int control = move_anonymous();
	long long before = kmem(A), made, stays, there, left;
	struct actor *a = actor_start(A, 1 % ncpu);
	int err = actor_call(a, map_big, NULL, 0), moved;

	made = kmem(A) - before;
	moved = move(a);
	stays = kmem(A) - before;
	there = kmem(B);
	tap_ok(!err && made >= MAPPED && !moved && control == -ENOMEM,
	       "v1: a task with 16 MiB of a charged array mapped moves to a cgroup limited to "
	       "8 MiB, one with 16 MiB of its own does not");
	tap_diag("made: %s, moved: %s, the other: %s", strerror(-err), strerror(-moved),
		 strerror(-control));
	tap_diag("kernel memory of the old cgroup %lld, %lld after the move; of the new one %lld",
		 made, stays, there);
	tap_ok(!moved && made >= MAPPED && stays >= MAPPED && there < 1 << 20,
	       "v1: the array stays charged to the cgroup that it was charged to");
	actor_end(a);
	fd_release();
	left = kmem_back_at(A, before) - before;
	tap_ok(made >= MAPPED && left <= 0,
	       "v1: the array is gone from memory.kmem.usage_in_bytes after release");
	if (left > 0)
		tap_diag("left: %lld", left);
}

static void test_pins(void)
{
	long long before = kmem(A), held, left;
	struct use u = { .pin = true };
	int fd, err;

	mapping_pipe();
	err = in_cgroup(A, use_array, &u, sizeof(u));
	for (fd = 64; fd < PIN_FD; fd++)
		close(fd);
	held = kmem_back_at(A, before + PINNED * PAGE) - before;
	tap_ok(!err && held == PINNED * (long long)PAGE,
	       "v1: %d pages pinned past the array's end stay in memory.kmem.usage_in_bytes", PINNED);
	if (err)
		tap_diag("%s after step %d", strerror(-err), u.step);
	tap_diag("held: %lld", held);
	fd_release();
	left = kmem_back_at(A, before) - before;
	tap_ok(held > 0 && left <= 0, "v1: they are gone from it when they are let go");
	if (left > 0)
		tap_diag("left: %lld", left);
}

/* what a cgroup right below the root leaves behind becomes the root's, and may grow */
static void test_root(void)
{
	const struct growth *g = growth_hash;
	long long asked = (long long)g->count * g->value;
	long long made, grown, left;
	struct stage st;
	int map, err, gone;

	if (mkdir(REMOVED, 0755) && errno != EEXIST)
		die("mkdir " REMOVED ": %m");
	map = in_cgroup(REMOVED, growth_make, &g, sizeof(g));
	err = map < 0 ? map : stage_open(&st, g, BY_SOFTIRQ, A, map);
	gone = cg_drop(REMOVED);
	err = err ?: gone;
	sleep_ms(300);		/* going takes several grace periods */
	made = kmem(ROOT);
	err = err ?: stage_fill(&st);
	grown = kmem(ROOT) - made;
	tap_ok(!err && within(grown, asked, 20),
	       "v1: a program fills the map of a cgroup that was removed: the root is charged");
	fd_release();
	left = kmem_back_at(ROOT, made) - made;
	/* the map itself goes, too */
	tap_ok(!err && left <= 0 && left > -(1 << 20), "v1: it is uncharged the same");
	tap_diag("error %d, asked %lld, charged %lld, left after release %lld", err, asked, grown,
		 left);
}

enum { CREATIONS = 512 };

static int make_map(void)
{
	return map_create(BPF_MAP_TYPE_HASH, 4, 8, 16, 0);
}

static int make_prog(void)
{
	struct bpf_insn p[] = { MOVI(0, 0), EXIT() };

	return prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, 2);
}

static int make_btf(void)
{
	return btf_load(4);
}

struct threaded {
	const char *name;
	int (*make)(void);
	int err;
};

/* moves alone: its process, which owns the memory, stays where it is */
static void *create_elsewhere(void *arg)
{
	struct threaded *t = arg;
	int i;

	t->err = write_file(B "/tasks", "0");
	for (i = 0; !t->err && i < CREATIONS; i++) {
		t->err = t->make();
		if (t->err > 0)
			t->err = 0;
	}
	return NULL;
}

static int in_thread(void *arg)
{
	struct threaded *t = arg;
	pthread_t thread;
	int err = pthread_create(&thread, NULL, create_elsewhere, t);

	if (err)
		return -err;
	pthread_join(thread, NULL);
	return t->err;
}

/* slabs would be charged to the thread's cgroup, and pages to that of the memory */
static void test_thread(struct threaded *t)
{
	long long before = kmem(A), in_a, in_b = kmem(B);
	int err = in_cgroup(A, in_thread, t, sizeof(*t));

	in_a = kmem(A) - before;
	in_b = kmem(B) - in_b;
	tap_ok(!err && in_a >= CREATIONS * 512ll && in_b <= 16 * (long long)PAGE,
	       "v1: %s of a thread in another cgroup than its process are charged as one",
	       t->name);
	if (err)
		tap_diag("%s", strerror(-err));
	tap_diag("the cgroup of the process %lld, of the thread %lld", in_a, in_b);
	fd_release();
	/* what is freed late is not the next one's */
	kmem_back_at(A, before);
}

static struct threaded threads[] = {
	{ "maps", make_map }, { "programs", make_prog }, { "btf", make_btf },
};

/*
 * Kernel memory is accounted from the first memory cgroup on: what was noted before
 * is taken off the same after.
 */
static void test_first(void)
{
	enum { SLOTS = 64 };
	int map = map_create(BPF_MAP_TYPE_DEVMAP, 4, 4, SLOTS, 0), err = map < 0 ? map : 0;
	struct fdinfo empty, full, end;
	uint32_t i, loopback = 1;

	fdinfo_read(map, &empty);
	for (i = 0; !err && i < SLOTS; i++)
		err = map_update(map, &i, &loopback);
	fdinfo_read(map, &full);
	if (mkdir(ROOT "/drain", 0755))
		die("mkdir " ROOT "/drain: %m");
	for (i = 0; !err && i < SLOTS; i++)
		err = map_delete(map, &i);
	fdinfo_read(map, &end);
	tap_ok(!err && full.sum > empty.sum && end.sum == empty.sum,
	       "memlock of a map is what it was after the first memory cgroup is made, and %d "
	       "entries deleted", SLOTS);
	tap_diag("error %d, empty %lld, filled %lld, after %lld", err, empty.sum, full.sum, end.sum);
	close(map);
}

void test_v1(void)
{
	static const char *const groups[] = { ROOT "/drain", A, B };
	size_t i;

	/* once in a boot */
	if (access(groups[0], F_OK))
		test_first();
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (mkdir(groups[i], 0755) && errno != EEXIST)
			die("mkdir %s: %m", groups[i]);
	settle_init(ROOT "/drain");
	loopback_up();
	fd_mark();
	put(A, "memory.move_charge_at_immigrate", "3");
	put(B, "memory.move_charge_at_immigrate", "3");
	put(B, "memory.limit_in_bytes", "8388608");
	test_move();
	test_pins();
	test_root();
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		test_thread(&threads[i]);
}
