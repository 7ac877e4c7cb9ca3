// SPDX-License-Identifier: GPL-2.0
/* What everything that is measured here begins with. */
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include "probe.h"

int ncpu;
bool verbose;
bool unsteady;

/* possible CPUs: what per-CPU memory is multiplied by */
int possible_cpus(void)
{
	char text[64] = "";
	int fd = open("/sys/devices/system/cpu/possible", O_RDONLY), first, last;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		die("/sys/devices/system/cpu/possible: cannot read");
	return sscanf(text, "%d-%d", &first, &last) == 2 ? last + 1 : 1;
}

void loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &r))
		die("cannot bring lo up: %m");
	close(s);
}

/* the probe's own maps are made in the root cgroup and do not count */
void unlimited(void)
{
	struct rlimit lim = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &lim);
}

void stage(void)
{
	unlimited();
	ncpu = possible_cpus();
	loopback_up();
	cg_init();
	settle_init("/sys/fs/cgroup/probe/drain");
	fd_mark();
	vmbtf();
}

void setup(void)
{
	static const struct row warm = { "", "", BPF_MAP_TYPE_ARRAY, 4, 4096, 1024,
					 .jit = -1, .harden = -1 };
	struct result res;

	stage();
	/*
	 * The first of a kind pays for what stays (slabs, the kernel's own BTF
	 * parsed at the first program, the direct map split up by JIT images): a
	 * small map and a row of programs are no case.
	 */
	measure(&warm, &res);
	measure(&prog_rows[PROG_SUBPROGS], &res);
}
