/* SPDX-License-Identifier: GPL-2.0 */
/* BPF instructions as C expressions; only what the probe's programs need. */
#ifndef INSN_H
#define INSN_H
#include <linux/bpf.h>

#define I(op, d, s, o, i) ((struct bpf_insn){ .code = (op), .dst_reg = (d), \
			   .src_reg = (s), .off = (o), .imm = (int)(i) })
#define MOVI(d, i)	I(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, i)
#define MOV(d, s)	I(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADDI(d, i)	I(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, i)
#define SHRI(d, i)	I(BPF_ALU64 | BPF_RSH | BPF_K, d, 0, 0, i)
#define LDX(sz, d, s, o) I(BPF_LDX | BPF_MEM | (sz), d, s, o, 0)
/* a pointer of the kernel that is as wide as this program */
#define POINTER (sizeof(void *) == 8 ? BPF_DW : BPF_W)
#define STX(sz, d, o, s) I(BPF_STX | BPF_MEM | (sz), d, s, o, 0)
#define ST(sz, d, o, i)	I(BPF_ST | BPF_MEM | (sz), d, 0, o, i)
#define JMPI(op, d, i, o) I(BPF_JMP | (op) | BPF_K, d, 0, o, i)
#define JMP(op, d, s, o) I(BPF_JMP | (op) | BPF_X, d, s, o, 0)
#define JA(o)		I(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define CALL(fn)	I(BPF_JMP | BPF_CALL, 0, 0, 0, fn)
#define CALLPC(off)	I(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, off)
#define EXIT()		I(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* two instructions each */
#define LDMAP(d, fd)	I(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_FD, 0, fd), \
			I(0, 0, 0, 0, 0)
#define LDVAL(d, fd, o)	I(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_VALUE, 0, fd), \
			I(0, 0, 0, 0, o)
#endif
