// SPDX-License-Identifier: GPL-2.0
/* Maps of the network, of one cgroup, filled by bpf(2) from another one. */
#include <linux/btf.h>
#include "holders.h"
#include "pair.h"
#include "rows.h"

enum { SLOTS = 65536, KEY = 456, KEYS = 8192 };

/* sizes of struct bpf_dtab_netdev, xsk_map_node, sk_psock_link */
enum { DEV_ENTRY = sizeof(struct { void *p[7]; uint32_t n[3]; }), XSK_NODE = 4 * sizeof(void *),
       SOCK_LINK = 4 * sizeof(void *) };

static int make(struct pair_job *j, uint32_t type, uint32_t key, uint32_t entries)
{
	j->fd[0] = map_create(type, key, 4, entries, 0);
	return j->fd[0] < 0 ? j->fd[0] : 0;
}

static int devmap_first(void *arg)
{
	return make(arg, BPF_MAP_TYPE_DEVMAP, 4, SLOTS);
}

static int devhash_first(void *arg)
{
	return make(arg, BPF_MAP_TYPE_DEVMAP_HASH, 4, SLOTS);
}

static int dev_second(void *arg)
{
	struct pair_job *j = arg;

	j->asked = fewer(SLOTS) * DEV_ENTRY;
	return fill_with(j->fd[0], fewer(SLOTS), 1);
}

enum { CPUMAPS = 16, MANY_CPUMAPS = 256, DEPTH = 16384 };

static int cpumap_first(void *arg)
{
	struct pair_job *j = arg;
	int i;

	for (i = 0; i < fewer(CPUMAPS); i++) {
		j->fd[i] = map_create(BPF_MAP_TYPE_CPUMAP, 4, 4, ncpu, 0);
		if (j->fd[i] < 0)
			return j->fd[i];
	}
	return 0;
}

static int cpumap_second(void *arg)
{
	struct pair_job *j = arg;
	int i, err = 0;

	for (i = 0; !err && i < fewer(CPUMAPS); i++)
		err = fill_with(j->fd[i], ncpu, DEPTH);
	j->asked = fewer(CPUMAPS) * ncpu * DEPTH * sizeof(void *);
	return err;
}

/*
 * Queues of one packet: what is there beside them. A queue has a thread, so
 * the maps are not many; their files have consecutive numbers.
 */
static int entry_first(void *arg)
{
	struct pair_job *j = arg;
	int i, fd;

	for (i = 0; i < fewer(MANY_CPUMAPS); i++) {
		fd = map_create(BPF_MAP_TYPE_CPUMAP, 4, 4, ncpu, 0);
		if (!i)
			j->fd[0] = fd;
		if (fd != j->fd[0] + i || fd < 0)
			return fd < 0 ? fd : -EBADF;
	}
	return 0;
}

static int entry_second(void *arg)
{
	static const char *const structs[] = { "bpf_cpu_map_entry", "ptr_ring", "xdp_bulk_queue" };
	struct pair_job *j = arg;
	int i, id, err = 0, size = 8;

	for (i = 0; !err && i < fewer(MANY_CPUMAPS); i++)
		err = fill_with(j->fd[0] + i, ncpu, 1);
	for (i = 0; i < 3; i++) {
		id = vmbtf_find(structs[i], BTF_KIND_STRUCT);
		size += id < 0 ? 0 : vmbtf_size(id) * (i == 2 ? ncpu : 1);
	}
	j->asked = fewer(MANY_CPUMAPS) * ncpu * size;
	return err;
}

static int xskmap_first(void *arg)
{
	return make(arg, BPF_MAP_TYPE_XSKMAP, 4, SLOTS);
}

static int xskmap_second(void *arg)
{
	struct pair_job *j = arg;

	j->asked = fewer(SLOTS) * XSK_NODE;
	return fill_turns(j->fd[0], fewer(SLOTS), XSKS);
}

static int bound(void)
{
	return hold_bound(BOUND, false);
}

static int sockmap_first(void *arg)
{
	return make(arg, BPF_MAP_TYPE_SOCKMAP, 4, SLOTS);
}

static int sockmap_second(void *arg)
{
	struct pair_job *j = arg;

	j->asked = fewer(SLOTS) * SOCK_LINK;
	return fill_turns(j->fd[0], fewer(SLOTS), BOUND);
}

static int sockhash_first(void *arg)
{
	return make(arg, BPF_MAP_TYPE_SOCKHASH, KEY, KEYS);
}

static int sockhash_second(void *arg)
{
	struct pair_job *j = arg;

	j->asked = fewer(KEYS) * (KEY + SOCK_LINK);
	return fill_keys(j->fd[0], fewer(KEYS), holder[0]);
}

const struct pair pairs_net[] = {
	{ "devmap", "all entries set with bpf(2) from another cgroup",
	  .first = devmap_first, .second = dev_second },
	{ "devmap_hash", "filled with bpf(2) from another cgroup",
	  .first = devhash_first, .second = dev_second },
	{ "cpumap", "all CPUs set with bpf(2) from another cgroup",
	  .first = cpumap_first, .second = cpumap_second },
	{ "cpumap", "all CPUs set, with queues of one packet, with bpf(2) from another cgroup",
	  .first = entry_first, .second = entry_second },
	{ "xskmap", "all entries set with bpf(2) from another cgroup",
	  .small = true, .prepare = hold_xsks, .first = xskmap_first, .second = xskmap_second },
	{ "sockmap", "all entries set with bpf(2) from another cgroup",
	  .small = true, .prepare = bound, .first = sockmap_first, .second = sockmap_second },
	{ "sockhash", "filled with bpf(2) from another cgroup",
	  .prepare = bound, .first = sockhash_first, .second = sockhash_second },
	{ 0 }
};
