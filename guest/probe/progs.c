// SPDX-License-Identifier: GPL-2.0
/*
 * Programs, a row per thing that a program holds. All with the JIT: a kernel
 * may have no interpreter, and functions and tail calls need it; one row has
 * none.
 */
#include "probe.h"

static uint64_t ptr(const void *p)
{
	return (uint64_t)(unsigned long)p;
}

/*
 * What fills a program: r0 = 1. Where the whole run has constants blinded there
 * are few: each takes long to blind in a long program, and the copy that they
 * are blinded in is as large with one as with many.
 */
static struct bpf_insn filler(size_t i)
{
	return force_harden > 0 && i % 2048 ? MOV(0, 0) : MOVI(0, 1);
}

/* straight on */
struct bpf_insn *straight(size_t n)
{
	struct bpf_insn *p = xalloc(n * sizeof(*p));
	size_t i;

	for (i = 0; i < n - 1; i++)
		p[i] = filler(i);
	p[n - 1] = EXIT();
	return p;
}

static int load_copies(const struct row *r, union bpf_attr *a, uint64_t each, uint64_t *asked)
{
	int i, fd;

	for (i = 0; i < (r->copies ?: 1); i++) {
		fd = prog_load_attr(a);
		if (fd < 0)
			return fd;
		*asked += each;
	}
	return 0;
}

/* r->entries instructions */
static int make_straight(const struct row *r, uint64_t *asked)
{
	struct bpf_insn *p = straight(r->entries);
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = ptr(p), .insn_cnt = r->entries };
	int err = load_copies(r, &a, r->entries * sizeof(*p), asked);

	free(p);
	return err;
}

/*
 * GROWN reads of the context, which the verifier makes three instructions of
 * each: the program outgrows the pages it was loaded into.
 */
enum { GROWN = 512 };
static int make_grown(const struct row *r, uint64_t *asked)
{
	struct bpf_insn *p = straight(r->entries);
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = ptr(p), .insn_cnt = r->entries };
	int i, err;

	for (i = 0; i < GROWN; i++)
		p[i] = LDX(BPF_W, 0, 1, offsetof(struct __sk_buff, ifindex));
	err = load_copies(r, &a, (r->entries + 2 * GROWN) * sizeof(*p), asked);
	free(p);
	return err;
}

/* few constants, as above */
static int make_blinded(const struct row *r, uint64_t *asked)
{
	struct bpf_insn *p = straight(r->entries);
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = ptr(p), .insn_cnt = r->entries };
	uint32_t i;
	int err;

	for (i = 0; i < r->entries - 1; i++)
		if (i % 2048)
			p[i] = MOV(0, 0);
	err = load_copies(r, &a, r->entries * sizeof(*p), asked);
	free(p);
	return err;
}

/* a line of source for every instruction: twice the size of the program */
static int make_lines(const struct row *r, uint64_t *asked)
{
	struct bpf_insn *p = straight(r->entries);
	struct bpf_line_info *l = xalloc(r->entries * sizeof(*l));
	struct bpf_func_info f = { 0, BTF_FUNC };
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = ptr(p), .insn_cnt = r->entries,
			     .func_info_rec_size = sizeof(f), .func_info_cnt = 1,
			     .func_info = ptr(&f),
			     .line_info_rec_size = sizeof(*l), .line_info_cnt = r->entries,
			     .line_info = ptr(l) };
	uint32_t i;
	int err;

	for (i = 0; i < r->entries; i++)
		l[i] = (struct bpf_line_info){ i, 7, 15, (i % 1024 + 1) << 10 | 1 };
	err = btf_load(4);
	if (err >= 0) {
		a.prog_btf_fd = err;
		err = load_copies(r, &a, r->entries * (sizeof(*p) + sizeof(*l)) + sizeof(f), asked);
	}
	free(p);
	free(l);
	return err;
}

/* 256 functions, the first calls all the others, which have @len instructions */
enum { SUBS = 255 };
struct bpf_insn *functions(uint32_t len, uint32_t *n)
{
	uint32_t i, k, at = SUBS + 2;
	struct bpf_insn *p;

	*n = at + SUBS * len;
	p = xalloc(*n * sizeof(*p));
	for (i = 0; i < SUBS; i++) {
		p[i] = CALLPC((int)(at - i - 1));
		for (k = 0; k < len - 1; k++)
			p[at++] = filler(k);
		p[at++] = EXIT();
	}
	p[SUBS] = MOVI(0, 0);
	p[SUBS + 1] = EXIT();
	return p;
}

/*
 * With their types; the JIT makes each a program of its own. They are long, or
 * what vmalloc needs to keep track of an area would show.
 */
static int make_subprogs(const struct row *r, uint64_t *asked)
{
	uint32_t n;
	struct bpf_insn *p = functions(r->entries, &n);
	struct bpf_func_info f[SUBS + 1];
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = ptr(p), .insn_cnt = n,
			     .func_info_rec_size = sizeof(f[0]), .func_info_cnt = SUBS + 1,
			     .func_info = ptr(f) };
	int i, err;

	f[0] = (struct bpf_func_info){ 0, BTF_FUNC };
	for (i = 0; i < SUBS; i++)
		f[i + 1] = (struct bpf_func_info){ SUBS + 2 + i * r->entries, BTF_FUNC };
	err = btf_load(4);
	if (err >= 0) {
		a.prog_btf_fd = err;
		err = load_copies(r, &a, n * sizeof(*p) + sizeof(f), asked);
	}
	free(p);
	return err;
}

/*
 * 1000 tail calls to a known place, which the JIT wants to patch later: about as
 * many as it takes. The rest is there to have more memory in fewer programs.
 */
static int make_poke(const struct row *r, uint64_t *asked)
{
	enum { CALLS = 1000, EACH = 5, REST = 26000, N = 1 + CALLS * EACH + REST + 1 };
	static struct bpf_insn p[N];
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = ptr(p), .insn_cnt = N };
	int map = map_create(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, 0), i;

	if (map < 0)
		return map;
	p[0] = MOV(6, 1);
	for (i = 0; i < CALLS; i++) {
		struct bpf_insn one[EACH] = { MOV(1, 6), LDMAP(2, map), MOVI(3, 0),
					      CALL(BPF_FUNC_tail_call) };

		memcpy(p + 1 + i * EACH, one, sizeof(one));
	}
	for (i = 0; i < REST; i++)
		p[1 + CALLS * EACH + i] = filler(i);
	p[N - 1] = EXIT();
	return load_copies(r, &a, sizeof(p), asked);
}

/* BPF_PROG_BIND_MAP makes used_maps grow; the maps are there before */
enum { BOUND = 8320 };	/* just over a kmalloc size: few calls, much memory */
static int bound[BOUND];

static int prepare_bind(const struct row *r)
{
	return small_maps(bound, BOUND);
}

static int make_bind(const struct row *r, uint64_t *asked)
{
	struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	int i, k, fd, err;

	for (i = 0; i < r->copies; i++) {
		fd = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, 2);
		if (fd < 0)
			return fd;
		for (k = 0; k < BOUND; k++) {
			err = prog_bind_map(fd, bound[k]);
			if (err)
				return err;
		}
		*asked += sizeof(p) + BOUND * 8;
	}
	return 0;
}

#define ROW(w, n, c, j, h, m, ...) \
	{ .type = "program", .what = w, .entries = n, .copies = c, .jit = j, .harden = h, \
	  .make = m, ##__VA_ARGS__ }

/*
 * Few and large: file, dentry and aux of a program, 1.5 KiB, may find room in
 * slabs that are there, and then are charged but not taken.
 */
const struct row prog_rows[] = {
	ROW("loaded", 131072, 8, 1, 0, make_straight),
	ROW("loaded with a source line per instruction", 65536, 6, 1, 0, make_lines),
	[PROG_SUBPROGS] =
	ROW("loaded with 256 functions and their types", 2400, 1, 1, 0, make_subprogs),
	ROW("loaded, for the interpreter", 131072, 8, 0, 0, make_straight),
	ROW("loaded with 1000 tail calls to patch", 0, 40, 1, 0, make_poke),
	ROW("loaded with 8320 maps bound", 0, 12, 1, 0, make_bind, .prepare = prepare_bind),
	ROW("loaded, grown by the verifier", 2048, 40, 1, 0, make_grown),
	ROW("loaded with constants blinded", 65536, 12, 1, 2, make_blinded),
	{ 0 }
};
