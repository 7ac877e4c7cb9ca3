// SPDX-License-Identifier: GPL-2.0
/*
 * A map can be got by its id before its creation is over: the owner has to be
 * set by then. The creation fails for want of a file descriptor, so whoever
 * has the map got it while it was being created; a kprobe holds the creator
 * where the descriptor is made, to give the other one time.
 */
#include <sched.h>
#include <sys/resource.h>
#include "payer.h"
#include "regs.h"

enum { SLOW = 1 << 20, SLOW_TIMES = 8 };

/* kprobe program: the process of @control copies memory for a long while */
static int load_brake(int control, int buffer)
{
	struct bpf_insn p[9 + SLOW_TIMES * 6 + 5];
	int n = 0, i;

#define ADD(...) do { struct bpf_insn x[] = { __VA_ARGS__ }; \
		memcpy(p + n, x, sizeof(x)); n += ARRAY_SIZE(x); } while (0)
	ADD(LDVAL(6, control, 0), CALL(BPF_FUNC_get_current_pid_tgid), SHRI(0, 32),
	    LDX(BPF_DW, 1, 6, OFF(pid)), JMP(BPF_JNE, 0, 1, SLOW_TIMES * 6 + 3),
	    LDX(BPF_DW, 1, 6, OFF(done)), ADDI(1, 1), STX(BPF_DW, 6, OFF(done), 1));
	for (i = 0; i < SLOW_TIMES; i++)
		ADD(LDVAL(1, buffer, 0), MOVI(2, SLOW), LDVAL(3, buffer, 0),
		    CALL(BPF_FUNC_probe_read_kernel));
	ADD(MOVI(0, 0), EXIT());
	return prog_load(BPF_PROG_TYPE_KPROBE, p, n);
}

/*
 * Where the map can be seen shortly before its id is published. Functions of
 * lib/ take kprobes only where CONFIG_KPROBE_EVENTS_ON_NOTRACE is set.
 */
static const struct {
	const char *func;
	int arg;		/* the map: which argument, from 0 */
} places[] = {
	{ "idr_alloc_cyclic", 1 }, { "security_bpf_map_alloc", 0 },
};

/* kprobe program: notes what the map has for an owner */
static int load_witness(int control, unsigned int off, int arg)
{
	struct bpf_insn p[] = {
		/* 0 */ LDVAL(6, control, 0), ARG(7, 1, arg), MOV(3, 7),
		/* 4 */ CALL(BPF_FUNC_get_current_pid_tgid), SHRI(0, 32),
		/* 6 */ LDX(BPF_DW, 1, 6, OFF(pid)), JMP(BPF_JNE, 0, 1, 9),
		/* 8 */ LDX(BPF_DW, 1, 6, OFF(done)), ADDI(1, 1), STX(BPF_DW, 6, OFF(done), 1),
		/* 11 */ MOV(1, 6), ADDI(1, OFF(word)), MOVI(2, sizeof(long)), MOV(3, 7), ADDI(3, off),
		/* 16 */ CALL(BPF_FUNC_probe_read_kernel),
		/* 17 */ MOVI(0, 0), EXIT()
	};

	return prog_load(BPF_PROG_TYPE_KPROBE, p, ARRAY_SIZE(p));
}

/* no descriptor will be free for this process */
static int create_without_fd(void *arg)
{
	struct rlimit none = { 3, 16384 };
	const struct growth *g = growth_hash;

	setrlimit(RLIMIT_NOFILE, &none);
	return map_create(g->map, g->key, g->value, g->entries, BPF_F_NO_PREALLOC);
}

/*
 * Where the descriptor is made, twice: either function may be inlined. Returns
 * how many probes are in place, or -errno.
 */
static int brake_on(int prog)
{
	static const char *const where[] = { "bpf_map_new_fd", "anon_inode_getfd" };
	int n = 0, err = 0, fd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(where); i++) {
		fd = kprobe_open(where[i], prog);
		if (fd < 0)
			err = fd;
		else
			n++;
	}
	return n ?: err;
}

/* the fd of a map that another process is creating, or -errno */
static int race(struct scene *s, int control, size_t size)
{
	int other_cpu = ncpu > 1 ? 1 : 0, tries, id, next, fd = -ENOENT, err = 0;
	struct actor *a = actor_start(s->owner, other_cpu);
	struct control c = { .pid = actor_pid(a) };

	control_put(control, &c, size);
	for (tries = 0; fd < 0 && tries < 30; tries++) {
		for (id = 0; (next = map_next_id(id)) > 0; id = next)
			;
		actor_post(a, create_without_fd, NULL, 0);
		while (fd < 0 && !actor_done(a))
			if ((next = map_next_id(id)) > 0)
				fd = map_fd_by_id(next);
		err = actor_wait(a, NULL, 0);
		if (err != -EMFILE)
			break;
	}
	actor_end(a);
	control_get(control, &c, size);
	tap_diag("tries %d, the creator was held %llu times", tries, (unsigned long long)c.done);
	if (err != -EMFILE) {
		tap_diag("the creation ended with %d, not with EMFILE", err);
		return -EINVAL;
	}
	return fd;
}

static void test_by_id(void)
{
	static const char what[] = "a map got by its id while it is being created has its owner: "
				   "a socket filter in softirq fills it, the creator's cgroup pays";
	struct result res = { 0 };
	struct stage st;
	struct scene s;
	int control, buffer, brake, probe, map;

	if (ncpu == 1) {
		tap_skip("one CPU", "%s", what);
		return;
	}
	scene_open(&s);
	control = map_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct control), 1, 0);
	buffer = map_create(BPF_MAP_TYPE_ARRAY, 4, SLOW, 1, 0);
	brake = load_brake(control, buffer);
	probe = brake < 0 ? brake : brake_on(brake);
	if (probe < 0) {
		tap_ok(false, "%s", what);
		tap_diag("no kprobe: %s; CONFIG_KPROBE_EVENTS is needed", strerror(-probe));
	} else {
		map = race(&s, control, sizeof(struct control));
		res.err = map < 0 ? map : stage_open(&st, growth_hash, BY_SOFTIRQ, s.other, map);
		if (!res.err)
			res.err = stage_grow(&st, &s, &res);
		payer_check(S_OWNER, &res, what);
	}
	fd_release();
	scene_close(&s);
}

static void test_published(void)
{
	static const char what[] = "the owner is in the map before its id is published "
				   "(read there by a kprobe)";
	static const char *const owners[] = { "obj_cgroup", "mem_cgroup", NULL };
	struct control c = { 0 };
	const char *member;
	unsigned int off;
	struct actor *a;
	struct scene s;
	int control, prog, probe = -ENOENT, map = 0;
	size_t i;

	if (!vmbtf()) {
		tap_skip("no BTF in this kernel", "%s", what);
		return;
	}
	if (vmbtf_ptr_member("bpf_map", owners, &off, &member)) {
		tap_ok(false, "%s", what);
		tap_diag("struct bpf_map points to no cgroup at all");
		return;
	}
	scene_open(&s);
	control = map_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct control), 1, 0);
	for (i = 0; i < ARRAY_SIZE(places) && probe < 0; i++) {
		prog = load_witness(control, off, places[i].arg);
		probe = prog < 0 ? prog : kprobe_open(places[i].func, prog);
	}
	a = actor_start(s.owner, -1);
	c.pid = actor_pid(a);
	control_put(control, &c, sizeof(c));
	if (probe >= 0)
		map = actor_call(a, create_without_fd, NULL, 0);
	actor_end(a);
	control_get(control, &c, sizeof(c));
	tap_ok(c.done == 1 && c.word, "%s", what);
	tap_diag("bpf_map.%s at %u: %#llx, seen %llu times; probe %d map %d", member, off,
		 (unsigned long long)c.word, (unsigned long long)c.done, probe, map);
	fd_release();
	scene_close(&s);
}

void test_race(void)
{
	if (wanted(NULL, "race") && !tap_enough())
		test_by_id();
	if (wanted(NULL, "race") && !tap_enough())
		test_published();
}
