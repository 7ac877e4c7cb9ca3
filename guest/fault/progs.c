// SPDX-License-Identifier: GPL-2.0
/* Programs: each thing that one can hold, once or twice; and what they allocate. */
#include <linux/filter.h>
#include <sys/socket.h>
#include "fault.h"

static uint64_t ptr(const void *p)
{
	return (uint64_t)(unsigned long)p;
}

/* a map, a tail call to patch, two functions, types and lines of source */
static int load_rich(void)
{
	int array = map_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	int progs = map_create(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, 0);
	struct bpf_insn p[] = {
		MOV(6, 1),
		ST(BPF_W, 10, -4, 0),
		MOV(2, 10), ADDI(2, -4),
		LDMAP(1, array),
		CALL(BPF_FUNC_map_lookup_elem),
		CALLPC(8), CALLPC(9),
		MOV(1, 6), LDMAP(2, progs), MOVI(3, 0), CALL(BPF_FUNC_tail_call),
		MOVI(0, 0), EXIT(),
		MOVI(0, 1), EXIT(),
		MOVI(0, 2), EXIT(),
	};
	enum { N = ARRAY_SIZE(p), SUB1 = N - 4, SUB2 = N - 2 };
	struct bpf_func_info f[] = { { 0, BTF_FUNC }, { SUB1, BTF_FUNC }, { SUB2, BTF_FUNC } };
	struct bpf_line_info l[] = {
		{ 0, 7, 15, 1 << 10 | 1 },
		{ SUB1, 7, 15, 2 << 10 | 1 },
		{ SUB2, 7, 15, 3 << 10 | 1 },
	};
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = ptr(p), .insn_cnt = N,
			     .func_info_rec_size = sizeof(f[0]), .func_info_cnt = ARRAY_SIZE(f),
			     .func_info = ptr(f),
			     .line_info_rec_size = sizeof(l[0]), .line_info_cnt = ARRAY_SIZE(l),
			     .line_info = ptr(l) };
	int btf, prog;

	if (array < 0 || progs < 0)
		return array < 0 ? array : progs;
	btf = btf_load(4);
	if (btf < 0)
		return btf;
	a.prog_btf_fd = btf;
	prog = prog_load_attr(&a);
	return prog < 0 ? prog : 0;
}

/* a page of program, to which the verifier adds */
static int load_grown(void)
{
	enum { N = 505, READS = 2 };
	struct bpf_insn *p = straight(N);
	int i, prog;

	for (i = 0; i < READS; i++)
		p[i] = LDX(BPF_W, 0, 1, offsetof(struct __sk_buff, ifindex));
	prog = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, N);
	free(p);
	return prog < 0 ? prog : 0;
}

static int bind_map(void)
{
	static const struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	int map = map_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0), prog;

	prog = map < 0 ? map : prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, ARRAY_SIZE(p));
	return prog < 0 ? prog : prog_bind_map(prog, map);
}

static int attach_classic(int option)
{
	struct sock_filter accept_all = { BPF_RET | BPF_K, 0, 0, 0xffff };
	struct sock_fprog f = { 1, &accept_all };
	int s = socket(AF_INET, SOCK_DGRAM, 0), one = 1;

	/* at a limit there may be no socket, either, and then the error is another */
	if (s < 0)
		return -ENOMEM;
	if (setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)))
		return -errno;
	return setsockopt(s, SOL_SOCKET, option, &f, sizeof(f)) ? -errno : 0;
}

static int attach_filter(void)
{
	return attach_classic(SO_ATTACH_FILTER);
}

static int attach_reuseport(void)
{
	return attach_classic(SO_ATTACH_REUSEPORT_CBPF);
}

/* programs run in the task that asks for it, so their allocations count as its own */
static int stored_by_program(uint32_t type, uint32_t key, uint32_t flags)
{
	int map = map_create(type, key, 8, 4, flags), prog;
	struct bpf_insn p[] = {
		ST(BPF_DW, 10, -8, 8),
		ST(BPF_DW, 10, -16, 0),
		LDMAP(1, map),
		MOV(2, 10), ADDI(2, -8),
		MOV(3, 10), ADDI(3, -16),
		MOVI(4, 0),
		CALL(BPF_FUNC_map_update_elem),
		EXIT(),
	};
	char packet[64] = { 0 };

	prog = map < 0 ? map : prog_load(BPF_PROG_TYPE_SCHED_CLS, p, ARRAY_SIZE(p));
	if (prog < 0)
		return prog;
	return prog_run(prog, packet, sizeof(packet), 1);
}

static int hash_by_program(void)
{
	return stored_by_program(BPF_MAP_TYPE_HASH, 8, NOPRE);
}

static int percpu_by_program(void)
{
	return stored_by_program(BPF_MAP_TYPE_PERCPU_HASH, 8, NOPRE);
}

static int trie_by_program(void)
{
	return stored_by_program(BPF_MAP_TYPE_LPM_TRIE, 8, NOPRE);
}

#define PROG(t, w, r, j, h) { .type = t, .what = w, .run = r, .jit = j, .harden = h }

const struct fault_case prog_cases[] = {
	PROG("program", "loaded with functions, types, lines and a tail call", load_rich, 1, 0),
	PROG("program", "the same with constants blinded", load_rich, 1, 2),
	PROG("program", "loaded, grown by the verifier", load_grown, 1, 0),
	PROG("program", "the same for the interpreter", load_grown, 0, 0),
	PROG("program", "loaded with a map bound", bind_map, 1, 0),
	PROG("program", "classic, attached to a socket", attach_filter, 1, 0),
	PROG("program", "classic, attached to a group of sockets", attach_reuseport, 1, 0),
	PROG("hash", "an element stored by a program", hash_by_program, 1, 0),
	PROG("percpu_hash", "an element stored by a program", percpu_by_program, 1, 0),
	PROG("lpm_trie", "an element stored by a program", trie_by_program, 1, 0),
	{ 0 }
};
