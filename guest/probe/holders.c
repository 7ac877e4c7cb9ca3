// SPDX-License-Identifier: GPL-2.0
/* Sockets, files, cgroups, a device: what maps refer to. */
#include <arpa/inet.h>
#include <dirent.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "holders.h"

int holder[HOLDERS];

int hold_sockets(void)
{
	int i;

	/* storage of a socket counts there, too */
	put_sysctl("/proc/sys/net/core/optmem_max", 1 << 20, NULL);
	for (i = 0; i < HOLDERS; i++) {
		holder[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (holder[i] < 0)
			return -errno;
	}
	return 0;
}

int hold_bound(int n, bool reuseport)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int i, one = 1;

	for (i = 0; i < n; i++) {
		holder[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (holder[i] < 0)
			return -errno;
		if (reuseport)
			setsockopt(holder[i], SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
		if (bind(holder[i], (void *)&a, sizeof(a)))
			return -errno;
		/* the others on the port of the first */
		if (reuseport && !i)
			getsockname(holder[i], (void *)&a, &len);
	}
	return 0;
}

int hold_files(void)
{
	int i;

	for (i = 0; i < HOLDERS; i++) {
		holder[i] = open("/tmp", O_TMPFILE | O_RDWR, 0600);
		if (holder[i] < 0)
			return -errno;
	}
	return 0;
}

int hold_xsks(void)
{
	int i;

	for (i = 0; i < XSKS; i++) {
		holder[i] = socket(AF_XDP, SOCK_RAW, 0);
		if (holder[i] < 0)
			return -errno;
	}
	return 0;
}

int fill_turns(int map, uint32_t entries, int n)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < entries; i++)
		err = map_update(map, &i, &holder[i % n]);
	return err;
}

static const char *nth_cgroup(int i)
{
	static char path[64];

	snprintf(path, sizeof(path), "/sys/fs/cgroup/probe/st%d", i);
	return path;
}

int hold_cgroups(void)
{
	int i;

	for (i = 0; i < CGROUPS; i++) {
		if (mkdir(nth_cgroup(i), 0755) && errno != EEXIST)
			return -errno;
		/* opened here, so that inode and dentry are nobody's */
		holder[i] = cg_fd(nth_cgroup(i));
		if (holder[i] < 0)
			return holder[i];
	}
	return 0;
}

void drop_cgroups(void)
{
	int i;

	for (i = 0; i < CGROUPS; i++)
		rmdir(nth_cgroup(i));
}

int attach_everywhere(int prog)
{
	int i, err = 0;

	for (i = 0; !err && i < CGROUPS; i++)
		err = prog_attach(prog, holder[i], BPF_CGROUP_INET_EGRESS, BPF_F_ALLOW_MULTI);
	return err;
}

#define NSIM "/sys/bus/netdevsim"

int device;

int hold_device(void)
{
	struct dirent *e;
	int tries;
	DIR *d;

	device = -ENODEV;
	/* number 7, with one port */
	if (write_file(NSIM "/new_device", "7 1"))
		return -ENODEV;
	for (tries = 0; device < 0 && tries < 100; tries++) {
		d = opendir(NSIM "/devices/netdevsim7/net");
		while (d && (e = readdir(d)))
			if (e->d_name[0] != '.')
				device = (int)if_nametoindex(e->d_name) ?: -ENODEV;
		if (d)
			closedir(d);
		if (device < 0)
			sleep_ms(10);
	}
	return device < 0 ? device : 0;
}

void drop_device(void)
{
	write_file(NSIM "/del_device", "7");
}
