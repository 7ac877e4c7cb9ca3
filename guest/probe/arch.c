// SPDX-License-Identifier: GPL-2.0
/*
 * What this kernel can do on one architecture and not on another. It is left out
 * only where the kernel says so itself, and never on x86-64, which has it all.
 */
#include "probe.h"

enum { KERNEL_ENOTSUPP = 524 };		/* what it says has no name in user space */

const char *missing_here(int err)
{
#ifndef __x86_64__
	if (err == -KERNEL_ENOTSUPP)
		return "no BPF trampolines on this architecture in 5.10";
#endif
	return NULL;
}

bool skip_interpreted(int prog, const char *what)
{
#ifdef __i386__
	if (prog >= 0 && !prog_image(prog)) {
		tap_skip("the JIT of this architecture compiles no functions", "%s", what);
		return true;
	}
#endif
	return false;
}

bool skip_missing(int err, const char *type, const char *what)
{
	const char *why = missing_here(err);

	if (why)
		tap_skip(why, "%s, %s", type, what);
	return why;
}
