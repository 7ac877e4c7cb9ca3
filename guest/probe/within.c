// SPDX-License-Identifier: GPL-2.0
/*
 * Check: in the middle of an update by bpf(2) a program traces it, and inserts
 * into the very same map. The owner pays for what the program inserts, and the
 * caller for its own element, which is allocated after the program has ended.
 */
#include "payer.h"

enum { COUNT = 512, KEY = 8, VALUE = 4000 };

static int load_inserter(int map, int control)
{
	struct bpf_insn p[] = {
		/* 0 */ LDVAL(6, control, 0),
		/* 2 */ LDX(BPF_DW, 1, 6, OFF(left)), JMPI(BPF_JEQ, 1, 0, 27),
		/* 4 */ CALL(BPF_FUNC_get_current_pid_tgid), SHRI(0, 32),
		/* 6 */ LDX(BPF_DW, 1, 6, OFF(pid)), JMP(BPF_JNE, 0, 1, 23),
		/* its own insertion is an update of such a map as well */
		/* 8 */ LDX(BPF_DW, 1, 6, OFF(word)), JMPI(BPF_JNE, 1, 0, 21),
		/* 10 */ MOVI(1, 1), STX(BPF_DW, 6, OFF(word), 1),
		/* 12 */ LDX(BPF_W, 1, 6, DATA + 4), ADDI(1, 1), STX(BPF_W, 6, DATA + 4, 1),
		/* 15 */ LDMAP(1, map), MOV(2, 6), ADDI(2, DATA), MOV(3, 2), MOVI(4, 0),
		/* 21 */ CALL(BPF_FUNC_map_update_elem),
		/* 22 */ MOVI(1, 0), STX(BPF_DW, 6, OFF(word), 1), JMPI(BPF_JNE, 0, 0, 6),
		/* 25 */ LDX(BPF_DW, 1, 6, OFF(done)), ADDI(1, 1), STX(BPF_DW, 6, OFF(done), 1),
		/* 28 */ LDX(BPF_DW, 1, 6, OFF(left)), ADDI(1, -1), STX(BPF_DW, 6, OFF(left), 1),
		/* 31 */ MOVI(0, 0), EXIT()
	};

	return prog_load_btf(BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "trie_update_elem", p,
			     ARRAY_SIZE(p));
}

struct job {
	int map, control;
};

static int make_map(void *arg)
{
	return map_create(BPF_MAP_TYPE_LPM_TRIE, KEY, VALUE, 4 * COUNT, BPF_F_NO_PREALLOC);
}

/* in the caller: an element of its own for each that the program inserts */
static int update(void *arg)
{
	static char value[VALUE];
	struct job *j = arg;
	struct control c = { .left = fewer(COUNT), .pid = getpid() };
	size_t size = DATA + KEY + VALUE;
	uint32_t key[2] = { 32 };
	int err = control_put(j->control, &c, size);

	for (key[1] = 1 << 20; !err && key[1] < (1u << 20) + fewer(COUNT); key[1]++)
		err = map_update(j->map, key, value);
	return err ?: control_get(j->control, &c, size) ?: c.left ? -ENODATA : 0;
}

void test_within(void)
{
	static const char what[] = "lpm_trie, filled with bpf(2) and at once by a program that "
				   "traces it: caller and owner pay for their own";
	char start[DATA + KEY + VALUE] = { 0 };
	struct reading base, before, after;
	struct result res = { 0 };
	uint32_t zero = 0, bits = 32;
	struct job j;
	struct actor *a;
	struct scene s;
	int prog;
	bool ok;

	if (!wanted("lpm_trie", what) || tap_enough())
		return;
	memcpy(start + DATA, &bits, sizeof(bits));
	scene_open(&s);
	settled(&s, &base);
	j.control = map_create(BPF_MAP_TYPE_ARRAY, 4, sizeof(start), 1, 0);
	j.map = in_cgroup(s.owner, make_map, NULL, 0);
	prog = j.map < 0 ? j.map : load_inserter(j.map, j.control);
	res.err = prog < 0 ? prog : map_update(j.control, &zero, start);
	if (!res.err) {
		prog = raw_tp_open(NULL, prog);
		res.err = prog < 0 ? prog : 0;
	}
	a = actor_start(s.other, 0);
	settled(&s, &before);
	if (!res.err)
		res.err = actor_call(a, update, &j, sizeof(j));
	settled(&s, &after);
	delta(&before, &after, &res);
	actor_end(a);
	fd_release();
	settled_to(&s, &base, &after);
	res.total_after = after.cg[S_OWNER] + after.cg[S_OTHER] - base.cg[S_OWNER] -
			  base.cg[S_OTHER];
	/* the nodes between the elements are charged to either, pages touched to the caller */
	ok = !res.err && res.charged[S_OWNER] >= fewer(COUNT) * (KEY + VALUE) &&
	     within(res.charged[S_OTHER], res.charged[S_OWNER], unsteady ? 10 : 5) && !res.total_after;
	if (skip_missing(res.err, "lpm_trie", strstr(what, "filled"))) {
		scene_close(&s);
		return;
	}
	tap_ok(ok, "%s", what);
	if (res.err)
		tap_diag("%s", strerror(-res.err));
	if (!ok || verbose)
		tap_diag("%d elements each; taken %lld; owner %lld other %lld; left %lld", fewer(COUNT),
			 res.taken, res.charged[S_OWNER], res.charged[S_OTHER], res.total_after);
	scene_close(&s);
}
