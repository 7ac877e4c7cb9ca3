// SPDX-License-Identifier: GPL-2.0
/* Maps that hang on something else: sockets, files, cgroups, a device. */
#include <linux/btf.h>
#include "holders.h"
#include "rows.h"
#include "storage.h"

static int prepare_sockets(const struct row *r)
{
	return hold_sockets();
}

static int prepare_files(const struct row *r)
{
	return hold_files();
}

static int make_storage(const struct row *r, uint64_t *asked)
{
	int fd = map_create_btf(r->map, 4, r->value, NOPRE), i, err = 0;
	char *value;

	if (fd < 0)
		return fd;
	value = xalloc(r->value);
	for (i = 0; !err && i < HOLDERS; i++)
		err = map_update(fd, &holder[i], value);
	free(value);
	*asked = HOLDERS * (uint64_t)(r->value + 4);
	return err;
}

int cgroup_storage_prog(uint32_t type, uint32_t value, int *map)
{
	int fd = map_create(type, sizeof(struct bpf_cgroup_storage_key), value, 0, 0);
	struct bpf_insn p[] = {
		LDMAP(1, fd), MOVI(2, 0), CALL(BPF_FUNC_get_local_storage),
		MOVI(0, 1), EXIT()
	};

	if (map)
		*map = fd;
	return fd < 0 ? fd : prog_load(BPF_PROG_TYPE_CGROUP_SKB, p, ARRAY_SIZE(p));
}

int cgroup_storage_replace(const int *maps, int n, uint32_t value)
{
	struct bpf_cgroup_storage_key key = { .attach_type = BPF_CGROUP_INET_EGRESS };
	char *zeroes = xalloc(value);
	int i, k, err = 0;

	for (i = 0; !err && i < CGROUPS; i++) {
		err = cg_id(holder[i], &key.cgroup_inode_id);
		for (k = 0; !err && k < n; k++)
			err = map_update(maps[k], &key, zeroes);
	}
	free(zeroes);
	return err;
}

static int prepare_cgroups(const struct row *r)
{
	return hold_cgroups();
}

static void done_cgroups(const struct row *r)
{
	drop_cgroups();
}

/* one storage for each cgroup and attachment */
static int make_cgroup_storage(const struct row *r, uint64_t *asked)
{
	int i, prog, err;

	for (i = 0; i < r->copies; i++) {
		prog = cgroup_storage_prog(r->map, r->value, NULL);
		if (prog < 0)
			return prog;
		err = attach_everywhere(prog);
		if (err)
			return err;
		*asked += CGROUPS * (sizeof(struct bpf_cgroup_storage_key) +
				     (uint64_t)r->value * (r->percpu ? ncpu : 1));
	}
	return 0;
}

/* a value of the kernel's own type; as many maps as make it visible */
static int make_struct_ops(const struct row *r, uint64_t *asked)
{
	int id = vmbtf_find("bpf_struct_ops_tcp_congestion_ops", BTF_KIND_STRUCT);
	union bpf_attr a = { .map_type = r->map, .key_size = 4, .max_entries = 1 };
	int i, fd, btf;

	if (id < 0)
		return id;
	btf = btf_load(4);
	if (btf < 0)
		return btf;
	a.btf_fd = btf;
	a.btf_vmlinux_value_type_id = id;
	a.value_size = vmbtf_size(id);
	for (i = 0; i < r->copies; i++) {
		fd = sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
		if (fd < 0)
			return fd;
		*asked += 4 + a.value_size;
	}
	return 0;
}

static int prepare_device(const struct row *r)
{
	return hold_device();
}

static void done_device(const struct row *r)
{
	drop_device();
}

static int make_offloaded(const struct row *r, uint64_t *asked)
{
	int i, fd, err;

	for (i = 0; i < r->copies; i++) {
		fd = map_create_on(device, r->map, r->key, r->value, r->entries);
		if (fd < 0)
			return fd;
		err = fill_values(r, fd);
		if (err)
			return err;
		*asked += r->entries * (uint64_t)(r->key + r->value);
	}
	return 0;
}

/* translated for the device, which in this case does nothing of the kind */
static int make_offloaded_progs(const struct row *r, uint64_t *asked)
{
	struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_XDP, .prog_ifindex = device,
			     .insns = (uint64_t)(unsigned long)p, .insn_cnt = ARRAY_SIZE(p) };
	int i, fd;

	for (i = 0; i < r->copies; i++) {
		fd = prog_load_attr(&a);
		if (fd < 0)
			return fd;
		*asked += sizeof(p);
	}
	return 0;
}

/*
 * A directory and three files in debugfs come with each. An inode has 592 bytes on s390x,
 * and what is left at the end of a slab of them, 496 bytes of 8 KiB, is nobody's.
 */
#ifdef __s390x__
#define OFFLOADED_WITHIN 7
#else
#define OFFLOADED_WITHIN SMALL_OR_128(5, 7)
#endif

const struct row storage_rows[] = {
	/* the arrays of a cgroup's programs are the cgroup's, and nobody's */
	ROW(CGROUP_STORAGE, "cgroup_storage", "of 32 programs attached to 64 cgroups", 0, 4080, 0,
	    .copies = 32, .within = 5, .attached = 32 * 64, .prepare = prepare_cgroups, .make = make_cgroup_storage,
	    .done = done_cgroups),
	ROW(PERCPU_CGROUP_STORAGE, "percpu_cgroup_storage", "of 16 programs attached to 64 cgroups",
	    0, 4096, 0, .copies = 16, .within = 4, .percpu = true, .attached = 16 * 64,
	    .prepare = prepare_cgroups,
	    .make = make_cgroup_storage, .done = done_cgroups),
	ROW(SK_STORAGE, "sk_storage", "on 1024 sockets", 4, 16000, 0,
	    .prepare = prepare_sockets, .make = make_storage),
	ROW(INODE_STORAGE, "inode_storage", "on 1024 files", 4, 16000, 0,
	    .prepare = prepare_files, .make = make_storage),
	/* what vmalloc needs to keep track of a page is a thirtieth of it */
	ROW(STRUCT_OPS, "struct_ops", "created, 2048 of them", 4, 0, 0, .copies = 2048,
	    .within = SMALL_OR_128(4, 7), .make = make_struct_ops),
	ROW(HASH, "hash", "offloaded to a device and filled, 64 of them", 8, 32000, 2, .copies = 64,
	    .prepare = prepare_device, .make = make_offloaded, .done = done_device),
	{ .type = "program", .what = "offloaded to a device, 1024 of them", .jit = -1,
	  .harden = -1, .copies = 1024, .within = OFFLOADED_WITHIN, .driver = true, .prepare = prepare_device,
	  .make = make_offloaded_progs, .done = done_device },
	{ 0 }
};
