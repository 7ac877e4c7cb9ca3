// SPDX-License-Identifier: GPL-2.0
#include <linux/btf.h>
#include <sys/mman.h>
#include "stress.h"

#define ANDI(d, i)	I(BPF_ALU64 | BPF_AND | BPF_K, d, 0, 0, i)
#define OR(d, s)	I(BPF_ALU64 | BPF_OR | BPF_X, d, s, 0, 0)
#define SHLI(d, i)	I(BPF_ALU64 | BPF_LSH | BPF_K, d, 0, 0, i)
#define T(f)		offsetof(struct tally, f)

/* behind the tally the key, and behind that the value, which is of no interest */
enum { KEY = sizeof(struct tally), VALUE = KEY + 16, ROOM = VALUE + 12000, CPU_SHIFT = 20,
       MASK = (1 << CPU_SHIFT) - 1 };

void inserter_open(struct inserter *in)
{
	in->share = map_create(BPF_MAP_TYPE_ARRAY, 4, 24, 1, BPF_F_MMAPABLE);
	in->tally = map_create(BPF_MAP_TYPE_PERCPU_ARRAY, 4, ROOM, 1, 0);
	if (in->share < 0 || in->tally < 0)
		die("maps for an inserter: %s", strerror(-(in->share < 0 ? in->share : in->tally)));
	in->go = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, in->share, 0);
	if (in->go == MAP_FAILED)
		die("mmap of an array: %m");
	in->calls = in->go + 1;
	in->calls_by_prog = in->go + 2;
}

int inserter_watch(const struct inserter *in, const char *func)
{
	struct bpf_insn p[] = {
		/* 0 */ LDVAL(6, in->share, 0), LDX(BPF_DW, 1, 6, 8), ADDI(1, 1),
		/* 4 */ STX(BPF_DW, 6, 8, 1), ST(BPF_W, 10, -4, 0), LDMAP(1, in->tally),
		/* 8 */ MOV(2, 10), ADDI(2, -4), CALL(BPF_FUNC_map_lookup_elem),
		/* 11 */ JMPI(BPF_JEQ, 0, 0, 5), LDX(BPF_DW, 1, 0, T(busy)), JMPI(BPF_JEQ, 1, 0, 3),
		/* 14 */ LDX(BPF_DW, 1, 6, 16), ADDI(1, 1), STX(BPF_DW, 6, 16, 1),
		/* 17 */ MOVI(0, 0), EXIT()
	};
	int prog = prog_load(BPF_PROG_TYPE_KPROBE, p, ARRAY_SIZE(p));

	return prog < 0 ? prog : kprobe_open(func, prog);
}

void inserter_sum(const struct inserter *in, struct tally *sum)
{
	char *all = xalloc(ROOM * (size_t)ncpu);
	uint32_t zero = 0;
	int i, err = map_lookup(in->tally, &zero, all);

	if (err)
		die("the tally of an inserter: %s", strerror(-err));
	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < ncpu; i++) {
		struct tally *t = (void *)(all + i * ROOM);

		sum->done += t->done;
		sum->failed += t->failed;
		sum->skipped += t->skipped;
		sum->err = t->err ?: sum->err;
	}
	free(all);
}

struct code {
	struct bpf_insn p[96];
	int n;
};

#define ADD(c, ...) do {							\
		struct bpf_insn x[] = { __VA_ARGS__ };				\
		memcpy((c)->p + (c)->n, x, sizeof(x));				\
		(c)->n += ARRAY_SIZE(x);					\
	} while (0)

/* the jump at @from goes to what comes next */
static void land(struct code *c, int from)
{
	c->p[from].off = c->n - from - 1;
}

static void count(struct code *c, int field)
{
	ADD(c, LDX(BPF_DW, 1, 7, field), ADDI(1, 1), STX(BPF_DW, 7, field, 1));
}

/* r7: the tally of this CPU; number @back before the one in r9 into the key */
static void set_key(struct code *c, const struct element *e, uint32_t back)
{
	ADD(c, MOV(1, 9), ADDI(1, -(int)back), ANDI(1, MASK), OR(1, 8),
	    STX(BPF_W, 7, KEY + e->counter, 1));
}

/* r6: the socket */
static void put_storage(struct code *c, int map, bool drop)
{
	int none;

	if (drop)
		ADD(c, LDMAP(1, map), MOV(2, 6), CALL(BPF_FUNC_sk_storage_delete));
	ADD(c, LDMAP(1, map), MOV(2, 6), MOV(3, 7), ADDI(3, VALUE),
	    MOVI(4, BPF_SK_STORAGE_GET_F_CREATE), CALL(BPF_FUNC_sk_storage_get));
	/* as bpf_map_update_elem() returns it */
	none = c->n;
	ADD(c, JMPI(BPF_JEQ, 0, 0, 0), MOVI(0, 0), JA(1));
	land(c, none);
	ADD(c, MOVI(0, -ENOMEM));
}

static void put_element(struct code *c, const struct element *e, int map, uint32_t keep)
{
	ADD(c, CALL(BPF_FUNC_get_smp_processor_id), MOV(8, 0), SHLI(8, CPU_SHIFT),
	    LDX(BPF_DW, 9, 7, T(seq)), ADDI(9, 1), STX(BPF_DW, 7, T(seq), 9));
	if (e->counter)
		ADD(c, ST(BPF_W, 7, KEY, 32));
	if (keep) {
		set_key(c, e, keep);
		ADD(c, LDMAP(1, map), MOV(2, 7), ADDI(2, KEY), CALL(BPF_FUNC_map_delete_elem));
	}
	set_key(c, e, 0);
	ADD(c, LDMAP(1, map), MOV(2, 7), ADDI(2, KEY), MOV(3, 7), ADDI(3, VALUE), MOVI(4, 0),
	    CALL(BPF_FUNC_map_update_elem));
}

int inserter_load(const struct inserter *in, const struct element *e, int map, uint32_t keep,
		  uint32_t type, const char *func)
{
	int out[4], n = 0, i, well, idle, end;
	struct code c = { .n = 0 };
	/* of an egress program: let the packet pass */
	int ret = type == BPF_PROG_TYPE_CGROUP_SKB;

	if (e->storage) {
		ADD(&c, LDX(BPF_DW, 6, 1, offsetof(struct __sk_buff, sk)));
		out[n++] = c.n;
		ADD(&c, JMPI(BPF_JEQ, 6, 0, 0), MOV(1, 6), CALL(BPF_FUNC_sk_fullsock), MOV(6, 0));
		out[n++] = c.n;
		ADD(&c, JMPI(BPF_JEQ, 6, 0, 0));
	}
	ADD(&c, LDVAL(1, in->share, 0), LDX(BPF_DW, 1, 1, 0));
	out[n++] = c.n;
	ADD(&c, JMPI(BPF_JEQ, 1, 0, 0), ST(BPF_W, 10, -4, 0), LDMAP(1, in->tally), MOV(2, 10),
	    ADDI(2, -4), CALL(BPF_FUNC_map_lookup_elem));
	out[n++] = c.n;
	ADD(&c, JMPI(BPF_JEQ, 0, 0, 0), MOV(7, 0), LDX(BPF_DW, 1, 7, T(busy)));
	idle = c.n;
	ADD(&c, JMPI(BPF_JEQ, 1, 0, 0));
	count(&c, T(skipped));
	end = c.n;
	ADD(&c, JA(0));
	land(&c, idle);
	ADD(&c, ST(BPF_DW, 7, T(busy), 1));
	if (e->storage)
		put_storage(&c, map, keep);
	else
		put_element(&c, e, map, keep);
	well = c.n;
	ADD(&c, JMPI(BPF_JEQ, 0, 0, 0), STX(BPF_DW, 7, T(err), 0));
	count(&c, T(failed));
	ADD(&c, JA(3));
	land(&c, well);
	count(&c, T(done));
	ADD(&c, ST(BPF_DW, 7, T(busy), 0));
	land(&c, end);
	for (i = 0; i < n; i++)
		land(&c, out[i]);
	ADD(&c, MOVI(0, ret), EXIT());
	if (func)
		return prog_load_btf(type, BPF_TRACE_FENTRY, func, c.p, c.n);
	return prog_load(type, c.p, c.n);
}

int inserter_start(const struct inserter *in, const struct element *e, int map, struct target *to)
{
	int prog = inserter_load(in, e, map, 512, to ? BPF_PROG_TYPE_SOCKET_FILTER :
				 BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, NULL);

	if (prog < 0)
		return prog;
	if (to)
		return target_open(to) ?: target_run(to, prog);
	return raw_tp_open("sys_enter", prog) < 0 ? -ENOENT : 0;
}
