// SPDX-License-Identifier: GPL-2.0
/*
 * Checks, allocation by allocation: what a process gets from kmalloc() and from
 * the per-CPU allocator to make an object, and what the object keeps, is asked
 * for with __GFP_ACCOUNT, or where it is charged once it is there. This sees what
 * is too small to show among charges.
 * Tracepoints and kprobes look on while each row is made, a smaller one.
 */
#include "payer.h"
#include "regs.h"

enum { GFP_ACCOUNT = 0x400000, FEW = 1024, SITES = 16384 };

/*
 * What may be kept and is not asked for with the flag: where it is allocated, and
 * why. bpf_map_kmalloc_node() is one place that charges for all its callers; the
 * amounts show that it does.
 */
static const struct {
	const char *function, *why;
} nobodys[] = {
	{ "bpf_map_kmalloc_node", "charged to the owner of the map once it is there" },
	{ "kmalloc_rarely", "of bpf_map_kmalloc_node, charged to the caller likewise" },
#if defined(__i386__) || defined(__aarch64__)
	/* no tail call there, without NUMA: traced in front of its caller */
	{ "__kmalloc", "of bpf_map_kmalloc_node, if it takes whole pages; the amounts show its charge" },
#endif
	{ "memcg_alloc_page_obj_cgroups", "of the slab allocator, notes who is charged" },
	{ "__get_vm_area_node", "of vmalloc, for an area" },
	{ "__vmalloc_area_node", "of vmalloc, for an area" },
	{ "pcpu_get_vm_areas", "of the per-CPU allocator, for a chunk" },
	{ "pcpu_mem_zalloc", "of the per-CPU allocator, for a chunk; each object is charged a share" },
	{ "pcpu_create_chunk", "of the per-CPU allocator, for a chunk" },
	{ "bpf_prog_array_alloc", "of the target of attachments; also inlined in the next three" },
	{ "compute_effective_progs", "of a cgroup" },
	{ "netns_bpf_link_create", "of a network namespace" },
	{ "bpf_netns_link_release", "of a network namespace" },
	{ "tracepoint_add_func", "of a tracepoint" },
	{ "allocate_probes", "of a tracepoint, where it is not inlined in that" },
	{ "bpf_trampoline_lookup", "shared by programs of different owners" },
	{ "bpf_trampoline_update", "shared by programs of different owners" },
	{ "bpf_tramp_image_alloc", "shared by programs of different owners" },
	{ "percpu_ref_init", "of a trampoline" },
	{ "get_callchain_buffers", "shared by all who trace" },
	{ "perf_event_alloc", "of a perf event" },
	{ "perf_swevent_init", "of a perf event" },
	{ "sk_psock_init", "of a socket" },
};

struct allocation {
	uint64_t bytes, site;
};

static int control, kept;

/* raw tracepoint: an allocation without the flag by the process of @control */
static int load_alloc(void)
{
	struct bpf_insn p[] = {
		/* 0 */ MOV(7, 1), LDVAL(6, control, 0),
		/* 3 */ CALL(BPF_FUNC_get_current_pid_tgid), SHRI(0, 32),
		/* 5 */ LDX(BPF_DW, 1, 6, OFF(pid)), JMP(BPF_JNE, 0, 1, 19),
		/* 7 */ LDX(BPF_DW, 1, 7, 4 * 8), JMPI(BPF_JSET, 1, GFP_ACCOUNT, 17),
		/* 9 */ LDX(BPF_DW, 1, 7, 1 * 8), STX(BPF_DW, 10, -8, 1),
		/* 11 */ LDX(BPF_DW, 1, 7, 0 * 8), STX(BPF_DW, 10, -16, 1),
		/* 13 */ LDX(BPF_DW, 1, 7, 3 * 8), STX(BPF_DW, 10, -24, 1),
		/* 15 */ LDMAP(1, kept), MOV(2, 10), ADDI(2, -8), MOV(3, 10), ADDI(3, -24),
		/* 21 */ MOVI(4, 0), CALL(BPF_FUNC_map_update_elem),
		/* 23 */ LDX(BPF_DW, 1, 6, OFF(done)), ADDI(1, 1), STX(BPF_DW, 6, OFF(done), 1),
		/* 26 */ MOVI(0, 0), EXIT()
	};

	return prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, p, ARRAY_SIZE(p));
}

static int load_free(void)
{
	struct bpf_insn p[] = {
		LDX(BPF_DW, 1, 1, 1 * 8), STX(BPF_DW, 10, -8, 1),
		LDMAP(1, kept), MOV(2, 10), ADDI(2, -8), CALL(BPF_FUNC_map_delete_elem),
		MOVI(0, 0), EXIT()
	};

	return prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, p, ARRAY_SIZE(p));
}

/* kprobe: pcpu_alloc(size, align, reserved, gfp) */
static int load_percpu(void)
{
	struct bpf_insn p[] = {
		/* 0 */ MOV(7, 1), LDVAL(6, control, 0),
		/* 3 */ CALL(BPF_FUNC_get_current_pid_tgid), SHRI(0, 32),
		/* 5 */ LDX(BPF_DW, 1, 6, OFF(pid)), JMP(BPF_JNE, 0, 1, 9 + ARG4_LEN),
		/* 7 */ LDX(BPF_DW, 1, 6, OFF(done)), ADDI(1, 1), STX(BPF_DW, 6, OFF(done), 1),
		/* 10 */ ARG4(1, 7), JMPI(BPF_JSET, 1, GFP_ACCOUNT, 5),
		LDX(BPF_DW, 1, 6, OFF(failed)), ADDI(1, 1), STX(BPF_DW, 6, OFF(failed), 1),
		ARG(1, 7, 0), STX(BPF_DW, 6, OFF(word), 1),
		MOVI(0, 0), EXIT()
	};

	return prog_load(BPF_PROG_TYPE_KPROBE, p, ARRAY_SIZE(p));
}

/* kprobe: __alloc_percpu_objcg(size, align, gfp, objcg) calls pcpu_alloc(), and charges objcg */
static int load_percpu_objcg(void)
{
	struct bpf_insn p[] = {
		MOV(7, 1), LDVAL(6, control, 0),
		CALL(BPF_FUNC_get_current_pid_tgid), SHRI(0, 32),
		LDX(BPF_DW, 1, 6, OFF(pid)), JMP(BPF_JNE, 0, 1, 4 + ARG4_LEN),
		ARG4(1, 7), JMPI(BPF_JEQ, 1, 0, 3),
		LDX(BPF_DW, 1, 6, OFF(failed)), ADDI(1, -1), STX(BPF_DW, 6, OFF(failed), 1),
		MOVI(0, 0), EXIT()
	};

	return prog_load(BPF_PROG_TYPE_KPROBE, p, ARRAY_SIZE(p));
}

/* the files lie where fd_release() closes nothing */
enum { CONTROL_FD = 50, KEPT_FD, TRACE_FD };

static int look_on(void)
{
	static const char *const points[] = { "kmalloc", "kmalloc_node", "kfree" };
	int fd, prog, percpu;
	size_t i;

	control = map_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(struct control), 1, 0);
	control = dup2(control, CONTROL_FD);
	kept = map_create(BPF_MAP_TYPE_HASH, 8, sizeof(struct allocation), SITES, 0);
	kept = dup2(kept, KEPT_FD);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		prog = strcmp(points[i], "kfree") ? load_alloc() : load_free();
		fd = prog < 0 ? prog : raw_tp_open(points[i], prog);
		if (fd < 0)
			return fd;
		dup2(fd, TRACE_FD + i);
	}
	prog = load_percpu();
	percpu = prog < 0 ? prog : kprobe_open("pcpu_alloc", prog);
	if (percpu < 0)
		return percpu;
	dup2(percpu, TRACE_FD + ARRAY_SIZE(points));
	prog = load_percpu_objcg();
	percpu = prog < 0 ? prog : kprobe_open("__alloc_percpu_objcg", prog);
	if (percpu < 0)
		return percpu;
	dup2(percpu, TRACE_FD + ARRAY_SIZE(points) + 1);
	fd_release();
	return 0;
}

static void look_away(void)
{
	int fd;

	for (fd = CONTROL_FD; fd <= TRACE_FD + 4; fd++)
		dup2(0, fd);
}

/* the function that @site lies in; what the compiler made of its name is cut off */
static const char *function_at(uint64_t site)
{
	static struct { uint64_t site; char name[64]; } known[256];
	unsigned long long at, best = 0;
	char line[256], word[64];
	size_t i;
	FILE *f;

	for (i = 0; i < ARRAY_SIZE(known) - 1 && known[i].site; i++)
		if (known[i].site == site)
			return known[i].name;
	known[i].site = site;
	known[i].name[0] = 0;
	f = fopen("/proc/kallsyms", "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %63s", &at, word) == 2 && at <= site && at > best) {
			best = at;
			strcpy(known[i].name, word);
		}
	if (f)
		fclose(f);
	known[i].name[strcspn(known[i].name, ".")] = 0;
	return known[i].name;
}

static bool is_nobodys(const char *function)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nobodys); i++)
		if (!strcmp(function, nobodys[i].function))
			return true;
	return false;
}

static bool next_allocation(uint64_t *key, struct allocation *a)
{
	union bpf_attr attr = { .map_fd = kept, .key = *key ? (unsigned long)key : 0,
				.next_key = (unsigned long)key };

	return !sys_bpf(BPF_MAP_GET_NEXT_KEY, &attr, sizeof(attr)) && !map_lookup(kept, key, a);
}

struct sum {
	uint64_t site;
	long long n, bytes;
};

/* what is kept and has no such reason, per call site; how many sites */
static int sum_up(struct sum *sums, int max)
{
	struct allocation a;
	uint64_t key = 0;
	int i, n = 0, k;

	while (next_allocation(&key, &a)) {
		for (i = 0; i < n && sums[i].site != a.site; i++)
			;
		if (i == max)
			break;
		if (i == n)
			sums[n++] = (struct sum){ .site = a.site };
		sums[i].n++;
		sums[i].bytes += a.bytes;
	}
	for (i = k = 0; i < n; i++)
		if (!is_nobodys(function_at(sums[i].site)))
			sums[k++] = sums[i];
	return k;
}

static void forget(void)
{
	struct allocation a;
	uint64_t key = 0;

	while (next_allocation(&key, &a)) {
		map_delete(kept, &key);
		key = 0;
	}
}

struct job {
	const struct row *row;
};

static int make_watched(void *arg)
{
	struct job *j = arg;
	struct control c = { .pid = getpid() };
	uint64_t asked = 0;
	int err;

	forget();
	control_put(control, &c, sizeof(c));
	err = make_row(j->row, &asked);
	/* before anything else is allocated */
	control_get(control, &c, sizeof(c));
	c.pid = 0;
	control_put(control, &c, sizeof(c));
	return err;
}

static void check(const struct row *r)
{
	struct row few = *r;
	struct job j = { &few };
	struct sum sums[16];
	struct control c = { 0 };
	struct scene s;
	long long start = now_ms();
	struct jit_was was;
	int i, n, err;

	if (few.entries > FEW && few.map != BPF_MAP_TYPE_RINGBUF)
		few.entries = FEW;
	if (few.copies > 2)
		few.copies = 2;
	scene_open(&s);
	jit_set(r->jit, r->harden, &was);
	err = few.prepare ? few.prepare(&few) : 0;
	if (!err)
		err = in_cgroup(s.owner, make_watched, &j, sizeof(j));
	rcu_wait();
	control_get(control, &c, sizeof(c));
	n = sum_up(sums, ARRAY_SIZE(sums));
	if (!skip_missing(err, r->type, r->what)) {
		tap_ok(!err && !n && c.done && (!c.failed || few.nobodys_percpu),
		       "%s, %s: all that is kept was to be charged when it was allocated", r->type, r->what);
		if (err)
			tap_diag("%s", strerror(-err));
	}
	for (i = 0; i < n; i++)
		tap_diag("%s: %lld, %lld bytes", function_at(sums[i].site), sums[i].n, sums[i].bytes);
	if (c.failed)
		tap_diag("%llu per-CPU allocations, the last of %llu bytes",
			 (unsigned long long)c.failed, (unsigned long long)c.word);
	fd_release();
	if (few.done)
		few.done(&few);
	jit_restore(&was);
	scene_close(&s);
	if (verbose)
		fprintf(stderr, "probe: %s, %s: %lld ms\n", r->type, r->what, now_ms() - start);
}

void test_kept(void)
{
	int err = look_on();

	if (err) {
		tap_ok(false, "allocations can be watched");
		tap_diag("%s; tracepoints kmalloc and kfree and kprobes at pcpu_alloc and "
			 "__alloc_percpu_objcg are needed", strerror(-err));
	} else {
		each_row(check);
	}
	look_away();
}
