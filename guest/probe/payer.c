// SPDX-License-Identifier: GPL-2.0
/*
 * Who pays for an element: the owner's cgroup makes a map, somebody who lives
 * in another cgroup makes it grow, and both counters are read.
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include "payer.h"

enum { ACTOR_CPU = 0 };

int control_put(int map, const struct control *c, size_t size)
{
	char *v = xalloc(size);
	uint32_t zero = 0;
	int err = map_lookup(map, &zero, v);

	memcpy(v, c, sizeof(*c));
	if (!err)
		err = map_update(map, &zero, v);
	free(v);
	return err;
}

int control_get(int map, struct control *c, size_t size)
{
	char *v = xalloc(size);
	uint32_t zero = 0;
	int err = map_lookup(map, &zero, v);

	memcpy(c, v, sizeof(*c));
	free(v);
	return err;
}

/* each run inserts one element under the next key */
static int load_inserter(const struct growth *g, uint32_t type, int map, int control, int ret)
{
	bool trace = type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
	int key = DATA + g->counter;
	struct bpf_insn p[] = {
		/* 0 */ LDVAL(6, control, 0),
		/* 2 */ LDX(BPF_DW, 1, 6, OFF(left)), JMPI(BPF_JEQ, 1, 0, 27),
		/* 4 */ CALL(trace ? BPF_FUNC_get_current_pid_tgid : BPF_FUNC_ktime_get_ns),
		/* 5 */ SHRI(0, 32), LDX(BPF_DW, 1, 6, OFF(pid)),
		/* 7 */ trace ? JMP(BPF_JNE, 0, 1, 23) : JA(0),
		/* 8 */ LDX(BPF_W, 1, 6, key), ADDI(1, 1), STX(BPF_W, 6, key, 1),
		/* 11 */ LDMAP(1, map), MOV(2, 6), ADDI(2, DATA), MOV(3, 2), MOVI(4, 0),
		/* 17 */ CALL(BPF_FUNC_map_update_elem), JMPI(BPF_JEQ, 0, 0, 5),
		/* 19 */ STX(BPF_DW, 6, OFF(word), 0),
		/* 20 */ LDX(BPF_DW, 1, 6, OFF(failed)), ADDI(1, 1),
		/* 22 */ STX(BPF_DW, 6, OFF(failed), 1), JA(7),
		/* 24 */ LDX(BPF_DW, 1, 6, OFF(done)), ADDI(1, 1),
		/* 26 */ STX(BPF_DW, 6, OFF(done), 1),
		/* 27 */ LDX(BPF_DW, 1, 6, OFF(left)), ADDI(1, -1),
		/* 29 */ STX(BPF_DW, 6, OFF(left), 1), JA(0),
		/* 31 */ MOVI(0, ret), EXIT()
	};

	return prog_load(type, p, ARRAY_SIZE(p));
}

static int open_receiver(struct stage *st)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(st->to);

	st->receiver = socket(AF_INET, SOCK_DGRAM, 0);
	if (st->receiver < 0 || bind(st->receiver, (void *)&a, sizeof(a)) ||
	    getsockname(st->receiver, (void *)&st->to, &len))
		return -errno;
	return 0;
}

static int stage_prog(struct stage *st)
{
	static const uint32_t types[] = {
		[BY_SOFTIRQ] = BPF_PROG_TYPE_SOCKET_FILTER,
		[BY_EGRESS] = BPF_PROG_TYPE_CGROUP_SKB,
		[BY_SOCK_CREATE] = BPF_PROG_TYPE_CGROUP_SOCK,
		/* of the tracing types the one that 5.10 lets use NO_PREALLOC */
		[BY_TRACING] = BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
		[BY_HARDIRQ] = BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
		/* of programs in interrupts, bpf(2) keeps those of perf and kprobes out */
		[BY_UPDATE_IRQ] = BPF_PROG_TYPE_SOCKET_FILTER,
		[BY_TEST_RUN] = BPF_PROG_TYPE_SCHED_CLS,
		[BY_UPDATE_RUN] = BPF_PROG_TYPE_SCHED_CLS,
	};
	/* in hardirq, by whatever interrupts the clock of this machine does so */
	static const char *const ticks[] = {
		"irq_handler_entry", "local_timer_entry", "hrtimer_expire_entry",
	};
	int cg, err, links = 0;
	size_t i;

	if (st->kind >= BY_SYSCALL)
		return 0;
	st->prog = load_inserter(st->g, types[st->kind], st->map, st->control,
				 st->kind == BY_EGRESS || st->kind == BY_SOCK_CREATE);
	if (st->prog < 0)
		return st->prog;
	switch (st->kind) {
	case BY_SOFTIRQ:
	case BY_UPDATE_IRQ:
		/* returns 0: every packet is dropped, none waits to be read */
		err = setsockopt(st->receiver, SOL_SOCKET, SO_ATTACH_BPF, &st->prog,
				 sizeof(st->prog));
		return err ? -errno : 0;
	case BY_TRACING:
	case BY_HARDIRQ:
		if (st->kind == BY_TRACING)
			return raw_tp_open("sys_enter", st->prog) < 0 ? -ENOENT : 0;
		for (i = 0; i < ARRAY_SIZE(ticks); i++)
			links += raw_tp_open(ticks[i], st->prog) >= 0;
		return links ? 0 : -ENOENT;
	case BY_TEST_RUN:
	case BY_UPDATE_RUN:
		return 0;
	default:
		cg = cg_fd(st->cg);
		err = prog_attach(st->prog, cg, st->kind == BY_EGRESS ?
				  BPF_CGROUP_INET_EGRESS : BPF_CGROUP_INET_SOCK_CREATE, 0);
		close(cg);
		return err;
	}
}

int stage_open(struct stage *st, const struct growth *g, enum actor_kind kind,
	       const char *cg, int map)
{
	memset(st, 0, sizeof(*st));
	st->g = g;
	st->kind = kind;
	st->map = map;
	snprintf(st->cg, sizeof(st->cg), "%s", cg);
	st->control = map_create(BPF_MAP_TYPE_ARRAY, 4, DATA + g->key + g->value, 1, 0);
	if (st->control < 0)
		return st->control;
	if (g->counter) {	/* LPM: a prefix length comes first */
		char *v = xalloc(DATA + g->key + g->value);
		uint32_t zero = 0, bits = 32;

		memcpy(v + DATA, &bits, 4);
		map_update(st->control, &zero, v);
		free(v);
	}
	return open_receiver(st) ?: stage_prog(st);
}

/* a cgroup holds its programs without any fd, and they hold the map */
static void stage_close(struct stage *st)
{
	int cg;

	if (st->kind != BY_EGRESS && st->kind != BY_SOCK_CREATE)
		return;
	cg = cg_fd(st->cg);
	prog_detach(st->prog, cg, st->kind == BY_EGRESS ? BPF_CGROUP_INET_EGRESS :
		    BPF_CGROUP_INET_SOCK_CREATE);
	close(cg);
}

/* The rest runs in the actor. */

/* an element beside those that are counted: the process's own */
static int update_own(struct stage *st)
{
	static char value[65536];
	char key[16] = { 0 };
	uint32_t number = 1 << 20;

	memcpy(key + st->g->counter, &number, 4);
	return map_update(st->map, key, value);
}

static int send_one(int sk, const struct stage *st)
{
	return sendto(sk, "x", 1, 0, (const void *)&st->to, sizeof(st->to)) < 0 ? -errno : 0;
}

static int one_event(struct stage *st)
{
	char data[64] = { 0 };
	long long end;
	int sk, err = 0;

	switch (st->kind) {
	case BY_SOFTIRQ:
	case BY_EGRESS:
		return send_one(st->sender, st);
	case BY_SOCK_CREATE:
		sk = socket(AF_INET, SOCK_DGRAM, 0);
		return sk < 0 ? -errno : close(sk);
	case BY_HARDIRQ:
		/* be there when the tick comes */
		for (end = now_ms() + 2; now_ms() < end; )
			;
		return 0;
	case BY_UPDATE_IRQ:
		for (end = now_ms() + 2; !err && now_ms() < end; )
			err = update_own(st);
		/* without another CPU that sends */
		if (!err && ncpu == 1)
			err = send_one(st->sender, st);
		return err;
	case BY_UPDATE_RUN:
		err = update_own(st);
		/* fallthrough */
	case BY_TEST_RUN:
		return err ?: prog_run(st->prog, data, sizeof(data), 1);
	default:
		syscall(SYS_getppid);
		return 0;
	}
}

/* a socket of the actor's own cgroup, and every page touched that will be used */
static int actor_warm(void *arg)
{
	struct stage *st = arg;
	struct control c;
	int i, err = 0;

	st->sender = socket(AF_INET, SOCK_DGRAM, 0);
	if (st->sender < 0)
		return -errno;
	for (i = 0; !err && i < 8; i++)
		err = one_event(st);
	return err ?: control_get(st->control, &c, DATA + st->g->key + st->g->value);
}

static int actor_syscalls(struct stage *st)
{
	char key[16] = { 0 };
	static char value[65536];
	uint32_t i, bits = 32;
	int err = 0, tries;

	memcpy(key, &bits, 4);
	for (i = 0; !err && i < st->count; i++) {
		memcpy(key + st->g->counter, &i, 4);
		for (tries = 0; tries < 200; tries++) {
			err = map_update(st->map, key, value);
			if (err != -ENOMEM || !st->g->percpu)
				break;
			sleep_ms(1);
		}
	}
	return err;
}

/* the buffer is read only: no page of it is the actor's own */
static int actor_batches(struct stage *st)
{
	enum { MANY = 32 };
	static char values[MANY * 4096];
	uint64_t keys[MANY];
	uint32_t i, k;
	int err = 0;

	for (i = 0; !err && i < st->count; i += MANY) {
		for (k = 0; k < MANY; k++)
			keys[k] = i + k;
		err = map_update_batch(st->map, keys, values, MANY);
	}
	return err;
}

static int actor_insert(void *arg)
{
	struct stage *st = arg;
	size_t size = DATA + st->g->key + st->g->value;
	struct control c = { .left = st->count, .pid = getpid() };
	long long end = now_ms() + 20000;
	uint64_t last;
	uint32_t i;
	int err;

	if (st->kind == BY_SYSCALL)
		return actor_syscalls(st);
	if (st->kind == BY_BATCH)
		return actor_batches(st);
	err = control_put(st->control, &c, size);
	while (!err && c.left && now_ms() < end) {
		last = c.failed;
		for (i = 0; i < (st->g->percpu ? 4 : c.left); i++)
			one_event(st);
		err = control_get(st->control, &c, size);
		/* per-CPU memory for atomic use comes from a work item */
		if (c.failed != last)
			sleep_ms(2);
	}
	if (!err && c.left) {
		fprintf(stderr, "probe: %llu insertions done, %llu failed\n",
			(unsigned long long)c.done, (unsigned long long)c.failed);
		err = -ETIMEDOUT;
	}
	/* off again before anything else happens here */
	c.left = 0;
	control_put(st->control, &c, size);
	return err;
}

int growth_make(void *arg)
{
	const struct growth *g = *(const struct growth **)arg;

	return map_create(g->map, g->key, g->value, g->entries, BPF_F_NO_PREALLOC);
}

/* on another CPU: packets, until all that is wanted has been inserted */
static int send_meanwhile(void *arg)
{
	struct stage *st = arg;
	int i, err = 0, sk = socket(AF_INET, SOCK_DGRAM, 0);
	long long end = now_ms() + 20000;
	struct control c = { 0 };

	if (sk < 0)
		return -errno;
	while (!err && c.done < st->count && now_ms() < end) {
		for (i = 0; !err && i < 16; i++)
			err = send_one(sk, st);
		err = err ?: control_get(st->control, &c, DATA + st->g->key + st->g->value);
	}
	close(sk);
	return err;
}

/* Receive Packet Steering: received on the actor's CPU, in an interrupt of it */
static int steer(bool on)
{
	return write_file("/sys/class/net/lo/queues/rx-0/rps_cpus", on ? "1" : "0");
}

static int insert_interrupted(struct stage *st, struct actor *a)
{
	struct actor *sender = actor_start(NULL, 1);
	int err = steer(true), sent = 0;

	if (!err) {
		actor_post(sender, send_meanwhile, st, sizeof(*st));
		err = actor_call(a, actor_insert, st, sizeof(*st));
		sent = actor_wait(sender, NULL, 0);
		steer(false);
	}
	actor_end(sender);
	return err ?: sent;
}

/* an actor in cg makes the map of st->map grow; the caller reads around it */
int stage_grow(struct stage *st, struct scene *s, struct result *res)
{
	bool interrupted = st->kind == BY_UPDATE_IRQ && ncpu > 1;
	struct actor *a = actor_start(s->other, ACTOR_CPU);
	struct reading before, after;
	int err;

	st->count = fewer(st->g->count);
	err = actor_call(a, actor_warm, st, sizeof(*st));
	settled(s, &before);
	if (!err)
		err = interrupted ? insert_interrupted(st, a) :
				    actor_call(a, actor_insert, st, sizeof(*st));
	settled(s, &after);
	delta(&before, &after, res);
	res->asked = st->count * (st->g->key + (uint64_t)st->g->value *
				     (st->g->percpu ? ncpu : 1));
	actor_end(a);
	return err;
}

int stage_fill(struct stage *st)
{
	struct actor *a = actor_start(st->cg, ACTOR_CPU);
	int err;

	st->count = st->g->count;
	err = actor_call(a, actor_warm, st, sizeof(*st)) ?:
	      actor_call(a, actor_insert, st, sizeof(*st));
	actor_end(a);
	return err;
}

void payer_measure(const struct payer_row *r, struct result *res)
{
	const struct growth *g = r->g;
	struct reading base, end;
	struct scene s;
	struct stage st;
	long long start = now_ms();
	int map, i;

	memset(res, 0, sizeof(*res));
	scene_open(&s);
	if (g->percpu)
		ballast(r->owner == OWNER_ROOT);
	settled(&s, &base);
	map = in_cgroup(r->owner == OWNER_ROOT ? NULL : s.owner, growth_make, &g, sizeof(g));
	res->err = map < 0 ? map : stage_open(&st, g, r->by, s.other, map);
	if (!res->err && r->owner == OWNER_REMOVED) {
		rmdir(s.owner);
		s.no_owner = true;
		sleep_ms(300);	/* going takes several grace periods */
	}
	if (!res->err)
		res->err = stage_grow(&st, &s, res);
	if (map >= 0)
		stage_close(&st);
	fd_release();
	/* a removed cgroup leaves only with the memory that was charged to it */
	settled_to(&s, &base, &end);
	for (i = 0; i < S_NR; i++)
		res->after[i] = end.cg[i] - base.cg[i];
	/* what the parent lost with a removed child is not the map's */
	res->total_after = res->after[S_OWNER] + res->after[S_OTHER] +
			   (s.no_owner ? 0 : res->after[S_PARENT]);
	scene_close(&s);
	if (verbose)
		fprintf(stderr, "probe: %s, %s: %lld ms\n", g->type, r->what, now_ms() - start);
}

/* elements a little below a kmalloc size, 4 MiB of them; per-CPU ones 2 MiB */
static const struct growth hash = { "hash", BPF_MAP_TYPE_HASH, 8, 4000, 8192, 1024 };
static const struct growth percpu_hash = { "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 8, 4096,
					   8192, 256, .percpu = true };
static const struct growth lpm = { "lpm_trie", BPF_MAP_TYPE_LPM_TRIE, 8, 4000, 8192, 1024,
				   .counter = 4 };
/* too big for a slab: charged by the page, which is another path */
static const struct growth big = { "hash", BPF_MAP_TYPE_HASH, 8, 32000, 8192, 128 };
const struct growth *const growth_hash = &hash;

const struct payer_row payer_rows[] = {
	{ &hash, BY_SOFTIRQ, OWNER_THERE, S_OWNER,
	  "filled by a socket filter in softirq, sent by a process of another cgroup" },
	{ &hash, BY_EGRESS, OWNER_THERE, S_OWNER,
	  "filled by a cgroup/skb program, in a process of another cgroup" },
	{ &hash, BY_SOCK_CREATE, OWNER_THERE, S_OWNER,
	  "filled by a cgroup/sock program, in a process of another cgroup" },
	{ &hash, BY_TRACING, OWNER_THERE, S_OWNER,
	  "filled by a tracing program at a syscall, in a process of another cgroup" },
	{ &big, BY_SOFTIRQ, OWNER_THERE, S_OWNER,
	  "filled with 32 KiB elements by a socket filter in softirq, sent from another cgroup" },
	{ &big, BY_HARDIRQ, OWNER_THERE, S_OWNER,
	  "filled with 32 KiB elements in hardirq, interrupting a process of another cgroup" },
	{ &big, BY_SYSCALL, OWNER_THERE, S_OTHER,
	  "filled with 32 KiB elements with bpf(2) from another cgroup" },
	{ &hash, BY_SYSCALL, OWNER_THERE, S_OTHER, "filled with bpf(2) from another cgroup" },
	{ &hash, BY_BATCH, OWNER_THERE, S_OTHER,
	  "filled by batches with bpf(2) from another cgroup" },
	{ &hash, BY_TEST_RUN, OWNER_THERE, S_OWNER,
	  "filled by a program that another cgroup runs with BPF_PROG_TEST_RUN" },
	{ &hash, BY_UPDATE_RUN, OWNER_THERE, S_OWNER,
	  "filled by a program that another cgroup runs, after an update with bpf(2) each time" },
	{ &big, BY_UPDATE_IRQ, OWNER_THERE, S_OWNER,
	  "filled with 32 KiB elements in softirq, interrupting updates with bpf(2) by another cgroup" },
	{ &percpu_hash, BY_SOFTIRQ, OWNER_THERE, S_OWNER,
	  "filled by a socket filter in softirq, sent by a process of another cgroup" },
	{ &percpu_hash, BY_TRACING, OWNER_THERE, S_OWNER,
	  "filled by a tracing program at a syscall, in a process of another cgroup" },
	{ &percpu_hash, BY_SYSCALL, OWNER_THERE, S_OTHER, "filled with bpf(2) from another cgroup" },
	{ &hash, BY_SOFTIRQ, OWNER_REMOVED, S_PARENT,
	  "filled by a socket filter in softirq, after the owner's cgroup was removed" },
	{ &hash, BY_TRACING, OWNER_REMOVED, S_PARENT,
	  "filled by a tracing program at a syscall, after the owner's cgroup was removed" },
	{ &big, BY_SOFTIRQ, OWNER_REMOVED, S_PARENT,
	  "filled with 32 KiB elements in softirq, after the owner's cgroup was removed" },
	{ &percpu_hash, BY_SOFTIRQ, OWNER_REMOVED, S_PARENT,
	  "filled by a socket filter in softirq, after the owner's cgroup was removed" },
	{ &hash, BY_SOFTIRQ, OWNER_ROOT, S_NR,
	  "made in the root cgroup, filled by a socket filter in softirq" },
	{ &hash, BY_TRACING, OWNER_ROOT, S_NR,
	  "made in the root cgroup, filled by a tracing program at a syscall" },
	{ &lpm, BY_SOFTIRQ, OWNER_THERE, S_OWNER,
	  "filled by a socket filter in softirq, sent by a process of another cgroup" },
	{ &lpm, BY_SYSCALL, OWNER_THERE, S_OTHER, "filled with bpf(2) from another cgroup" },
};
const size_t nr_payer_rows = ARRAY_SIZE(payer_rows);

void payer_table(void)
{
	struct result res;
	size_t i;

	for (i = 0; i < nr_payer_rows; i++) {
		payer_measure(&payer_rows[i], &res);
		table_row(payer_rows[i].g->type, payer_rows[i].what, &res);
	}
}
