// SPDX-License-Identifier: GPL-2.0
/* Storage of one cgroup's maps that is made by bpf(2) from another one. */
#include "holders.h"
#include "pair.h"
#include "rows.h"
#include "storage.h"

enum { VALUE = 3960, CG_VALUE = 4080, PROGS = 16 };

static int sk_first(void *arg)
{
	struct pair_job *j = arg;

	j->fd[0] = map_create_btf(BPF_MAP_TYPE_SK_STORAGE, 4, VALUE, NOPRE);
	return j->fd[0] < 0 ? j->fd[0] : 0;
}

static int inode_first(void *arg)
{
	struct pair_job *j = arg;

	j->fd[0] = map_create_btf(BPF_MAP_TYPE_INODE_STORAGE, 4, VALUE, NOPRE);
	return j->fd[0] < 0 ? j->fd[0] : 0;
}

static int store(void *arg)
{
	static const char value[VALUE];
	struct pair_job *j = arg;
	int i, err = 0;

	for (i = 0; !err && i < fewer(HOLDERS); i++)
		err = map_update(j->fd[0], &holder[i], value);
	j->asked = fewer(HOLDERS) * VALUE;
	return err;
}

/* maps in the first half, their programs in the second */
static int load(struct pair_job *j, uint32_t type)
{
	int i;

	for (i = 0; i < fewer(PROGS); i++) {
		j->fd[PROGS + i] = cgroup_storage_prog(type, CG_VALUE, &j->fd[i]);
		if (j->fd[PROGS + i] < 0)
			return j->fd[PROGS + i];
	}
	return 0;
}

static int attach_first(void *arg)
{
	return load(arg, BPF_MAP_TYPE_CGROUP_STORAGE);
}

static int percpu_first(void *arg)
{
	return load(arg, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
}

static int attach(struct pair_job *j)
{
	int i, err = 0;

	for (i = 0; !err && i < fewer(PROGS); i++)
		err = attach_everywhere(j->fd[PROGS + i]);
	j->asked = fewer(PROGS) * CGROUPS * CG_VALUE;
	return err;
}

static int attach_second(void *arg)
{
	return attach(arg);
}

static int percpu_second(void *arg)
{
	struct pair_job *j = arg;
	int err = attach(j);

	j->asked *= ncpu;
	return err;
}

static int update_first(void *arg)
{
	return load(arg, BPF_MAP_TYPE_CGROUP_STORAGE) ?: attach(arg);
}

/* a value takes the place of another one, which goes */
static int update_second(void *arg)
{
	struct pair_job *j = arg;

	j->asked = fewer(PROGS) * CGROUPS * CG_VALUE;
	return cgroup_storage_replace(j->fd, fewer(PROGS), CG_VALUE);
}

enum { OFFLOADED = 64, OFF_VALUE = 32000 };

static int offload_first(void *arg)
{
	struct pair_job *j = arg;
	int i;

	for (i = 0; i < fewer(OFFLOADED); i++) {
		j->fd[i] = map_create_on(device, BPF_MAP_TYPE_HASH, 8, OFF_VALUE, 2);
		if (j->fd[i] < 0)
			return j->fd[i];
	}
	return 0;
}

static int offload_second(void *arg)
{
	static const char value[OFF_VALUE];
	struct pair_job *j = arg;
	uint64_t key;
	int i, err = 0;

	for (i = 0; i < fewer(OFFLOADED); i++)
		for (key = 0; !err && key < 2; key++)
			err = map_update(j->fd[i], &key, value);
	j->asked = fewer(OFFLOADED) * 2 * OFF_VALUE;
	return err;
}

const struct pair pairs_storage[] = {
	{ "sk_storage", "on 1024 sockets, made with bpf(2) from another cgroup",
	  .prepare = hold_sockets, .first = sk_first, .second = store },
	{ "inode_storage", "on 1024 files, made with bpf(2) from another cgroup",
	  .prepare = hold_files, .first = inode_first, .second = store },
	{ "cgroup_storage", "of 16 programs attached to 64 cgroups by another cgroup",
	  .prepare = hold_cgroups, .first = attach_first, .second = attach_second,
	  .done = drop_cgroups },
	{ "percpu_cgroup_storage", "of 16 programs attached to 64 cgroups by another cgroup",
	  .prepare = hold_cgroups, .first = percpu_first, .second = percpu_second,
	  .done = drop_cgroups, .percpu = true },
	{ "cgroup_storage", "replaced with bpf(2) from another cgroup",
	  .prepare = hold_cgroups, .first = update_first, .second = update_second,
	  .done = drop_cgroups, .replaces = true },
	{ "hash", "offloaded to a device, filled with bpf(2) from another cgroup",
	  .prepare = hold_device, .first = offload_first, .second = offload_second,
	  .done = drop_device },
	{ 0 }
};
