// SPDX-License-Identifier: GPL-2.0
/* What there can be many of. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "scale.h"
#include "insn.h"

enum {
	MAPS		= 100000,
	PROGS		= 10000,
	ELEMENTS	= 10000000,
	PREFIXES	= 1000000,
	CGROUPS		= 1000,
	BATCH		= 1000,		/* elements for one call of bpf(2) */
	IN_CGROUP	= 100,		/* elements */
};

static int fds[MAPS];
static uint64_t keys[BATCH];
static char values[BATCH][32];

static int load_prog(void)
{
	const struct bpf_insn insns[] = { MOVI(0, 0), EXIT() };

	return prog_load(BPF_PROG_TYPE_SOCKET_FILTER, insns, ARRAY_SIZE(insns));
}

/*
 * What is written to is charged: it is this process's own from now on. And what the
 * first program of all brings about is done.
 */
void kinds_init(void)
{
	memset(fds, -1, sizeof(fds));
	memset(keys, -1, sizeof(keys));
	memset(values, -1, sizeof(values));
	close(load_prog());
}

static int close_fds(uint32_t from, uint32_t n)
{
	uint32_t i;

	for (i = from; i < from + n; i++)
		if (close(fds[i]))
			return -errno;
	return 0;
}

static int make_fds(uint32_t from, uint32_t n, int (*make)(void))
{
	uint32_t i;

	for (i = from; i < from + n; i++) {
		fds[i] = make();
		if (fds[i] < 0)
			return fds[i];
	}
	return 0;
}

static int array(void)
{
	return map_create(BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0);
}

static int make_maps(uint32_t from, uint32_t n)
{
	return make_fds(from, n, array);
}

static int make_progs(uint32_t from, uint32_t n)
{
	return make_fds(from, n, load_prog);
}

static int hash(uint32_t entries)
{
	return map_create(BPF_MAP_TYPE_HASH, sizeof(uint64_t), 32, entries, BPF_F_NO_PREALLOC);
}

static int fill(int map, uint64_t from, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		keys[i] = from + i;
	return map_update_batch(map, keys, values, n);
}

static int fill_steps(uint32_t from, uint32_t n)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < n && !err; i += BATCH)
		err = fill(fds[0], from + i, BATCH);
	return err;
}

static int make_elements(uint32_t from, uint32_t n)
{
	if (!from)
		fds[0] = hash(ELEMENTS);
	return fds[0] < 0 ? fds[0] : fill_steps(from, n);
}

static int make_preallocated(uint32_t from, uint32_t n)
{
	fds[0] = map_create(BPF_MAP_TYPE_HASH, sizeof(uint64_t), 32, n, 0);
	return fds[0] < 0 ? fds[0] : 0;
}

static int make_slots(uint32_t from, uint32_t n)
{
	const int inner = array();

	if (inner < 0)
		return inner;
	fds[0] = map_create_inner(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, n, 0, inner);
	close(inner);
	return fds[0] < 0 ? fds[0] : 0;
}

static int make_prefixes(uint32_t from, uint32_t n)
{
	struct {
		uint32_t len, addr;
	} key = { .len = 32 };
	uint32_t i;
	int err = 0;

	if (!from)
		fds[0] = map_create(BPF_MAP_TYPE_LPM_TRIE, sizeof(key), 32, PREFIXES, BPF_F_NO_PREALLOC);
	if (fds[0] < 0)
		return fds[0];
	for (i = from; i < from + n && !err; i++) {
		key.addr = htonl(i);
		err = map_update(fds[0], &key, values);
	}
	return err;
}

static int close_map(uint32_t from, uint32_t n)
{
	return close_fds(0, 1);
}

static void cgroup_path(char *path, size_t len, uint32_t nr)
{
	snprintf(path, len, "%s/%u", scale_cgroup, nr);
}

static int fill_cgroup(uint32_t nr)
{
	fds[2 * nr] = hash(IN_CGROUP);
	fds[2 * nr + 1] = load_prog();
	if (fds[2 * nr] < 0 || fds[2 * nr + 1] < 0)
		return fds[2 * nr] < 0 ? fds[2 * nr] : fds[2 * nr + 1];
	return fill(fds[2 * nr], 0, IN_CGROUP);
}

/*
 * A hash of some elements and a program in each. Back to the root every time, or the
 * dentries of the next one would be charged here, and stay.
 */
static int make_cgroups(uint32_t from, uint32_t n)
{
	char path[128];
	int err = 0;
	uint32_t i;

	for (i = from; i < from + n && !err; i++) {
		cgroup_path(path, sizeof(path), i);
		if (cg_join("/sys/fs/cgroup") || mkdir(path, 0755))
			return -errno;
		err = cg_join(path) ?: fill_cgroup(i);
	}
	return cg_join("/sys/fs/cgroup") ?: err;
}

static int drop_cgroups(uint32_t from, uint32_t n)
{
	char path[128];
	uint32_t i;
	int err = close_fds(2 * from, 2 * n);

	for (i = from; i < from + n && !err; i++) {
		cgroup_path(path, sizeof(path), i);
		if (rmdir(path))
			err = -errno;
	}
	return err;
}

const struct kind kinds[] = {
	{ "maps", "arrays of one element", MAPS, make_maps, close_fds },
	{ "programs", "socket filters of two instructions", PROGS, make_progs, close_fds },
	{ "elements", "of one hash without preallocation", ELEMENTS, make_elements, close_map, .close_at_once = true },
	{ "preallocated", "elements of one hash", ELEMENTS, make_preallocated, close_map, .close_at_once = true, .make_at_once = true },
	{ "slots", "of one array of maps, empty", ELEMENTS, make_slots, close_map, .close_at_once = true, .make_at_once = true },
	{ "prefixes", "of an LPM trie", PREFIXES, make_prefixes, close_map, .close_at_once = true, .deeper = true },
	{ "cgroups", "with a hash of 100 elements and a program each", CGROUPS, make_cgroups, drop_cgroups },
};
const int nr_kinds = ARRAY_SIZE(kinds);
