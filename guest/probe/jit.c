// SPDX-License-Identifier: GPL-2.0
/*
 * The JIT and its hardening: cases say what they want, but what is asked for on
 * the command line wins. The checks show that the kernel did as it was told.
 */
#include "probe.h"

int force_jit = -1, force_harden = -1;

void jit_set(int jit, int harden, struct jit_was *was)
{
	was->jit = was->harden = -1;
	was->refused = 0;
	if (force_jit >= 0)
		jit = force_jit;
	if (force_harden >= 0)
		harden = force_harden;
	if (jit >= 0)
		was->refused = put_sysctl("/proc/sys/net/core/bpf_jit_enable", jit, &was->jit);
	if (harden >= 0)
		put_sysctl("/proc/sys/net/core/bpf_jit_harden", harden, &was->harden);
}

void jit_restore(const struct jit_was *was)
{
	if (was->jit >= 0)
		put_sysctl("/proc/sys/net/core/bpf_jit_enable", was->jit, NULL);
	if (was->harden >= 0)
		put_sysctl("/proc/sys/net/core/bpf_jit_harden", was->harden, NULL);
}

enum { CONSTANTS = 64 };

/* how long its image is, and what it returns */
static uint32_t image_of(int harden, int *returned)
{
	struct bpf_insn *p = straight(CONSTANTS + 2);
	char packet[64] = { 0 };
	struct jit_was was;
	uint32_t len;
	int i, prog;

	/* adds up 1 to CONSTANTS; each constant is blinded */
	p[0] = MOVI(0, 0);
	for (i = 1; i <= CONSTANTS; i++)
		p[i] = ADDI(0, i);
	jit_set(1, harden, &was);
	prog = prog_load(BPF_PROG_TYPE_SCHED_CLS, p, CONSTANTS + 2);
	jit_restore(&was);
	*returned = prog < 0 ? prog : prog_run(prog, packet, sizeof(packet), 1);
	len = prog < 0 ? 0 : prog_image(prog);
	if (prog >= 0)
		close(prog);
	free(p);
	return len;
}

void test_jit(void)
{
	int plain_returned, returned, want = CONSTANTS * (CONSTANTS + 1) / 2;
	int harden = force_harden;
	uint32_t plain, len = image_of(0, &returned);

	if (!force_jit)
		tap_ok(returned == want && !len, "without the JIT a program runs, and has no image");
	else
		tap_ok(returned == want && len, "with the JIT a program runs, and has an image");
	tap_diag("returned %d of %d, image of %u bytes", returned, want, len);
	if (!force_jit)
		return;
	/* blinding makes three instructions of one; with 32 bits that is about twice the bytes */
	force_harden = 0;
	plain = image_of(0, &plain_returned);
	force_harden = harden;
	len = image_of(2, &returned);
	if (harden)
		tap_ok(returned == want && plain_returned == want && 2 * len > (sizeof(void *) == 4 ? 3 : 4) * plain,
		       "with the JIT hardened a program runs, and has its constants blinded");
	else
		tap_ok(returned == want && len == plain,
		       "with the JIT not hardened a program has its constants as they are");
	tap_diag("returned %d of %d, image of %u bytes, not blinded %u", returned, want, len, plain);
}
