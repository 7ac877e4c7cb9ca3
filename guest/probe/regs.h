/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kprobe's first arguments, by their place in struct pt_regs, and instructions
 * that load them: programs see the registers of the kernel.
 */
#ifndef REGS_H
#define REGS_H
#include "insn.h"

/* ARG(to, regs, n): n from 0 to 2; ARG4(to, regs), its ARG4_LEN instructions may use the
 * stack's first 8 bytes and the registers 0 to 5 */
#if defined(__x86_64__)
#define ARG_AT(n) ((n) == 0 ? 112 : (n) == 1 ? 104 : 96)	/* di, si, dx */
#define ARG4(to, regs) LDX(BPF_DW, to, regs, 88)		/* cx */
#elif defined(__aarch64__)
#define ARG_AT(n) (8 * (n))
#define ARG4(to, regs) LDX(BPF_DW, to, regs, 24)
#elif defined(__s390x__)
#define ARG_AT(n) (40 + 8 * (n))				/* r2 … */
#define ARG4(to, regs) LDX(BPF_DW, to, regs, 64)
#elif defined(__i386__)
#define ARG_AT(n) ((n) == 0 ? 24 : (n) == 1 ? 8 : 4)		/* ax, dx, cx */
/* on the stack, above the return address */
#define ARG4(to, regs) \
	LDX(BPF_W, 3, regs, 60), ADDI(3, 4), MOV(1, 10), ADDI(1, -8), MOVI(2, 4), \
	CALL(BPF_FUNC_probe_read_kernel), LDX(BPF_W, to, 10, -8)
#else
#error registers of arguments
#endif
#define ARG(to, regs, n) LDX(POINTER, to, regs, ARG_AT(n))
#define ARG4_LEN ((int)(sizeof((struct bpf_insn[]){ ARG4(0, 0) }) / sizeof(struct bpf_insn)))
#endif
