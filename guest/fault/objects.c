// SPDX-License-Identifier: GPL-2.0
/* Storage, links, attached programs, pins, batches: on one holder each. */
#include <linux/if_link.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "fault.h"
#include "storage.h"

static const struct bpf_insn zero[] = { MOVI(0, 0), EXIT() }, one[] = { MOVI(0, 1), EXIT() };
static int prog, target;		/* made beforehand */

static int load(uint32_t type, uint32_t attach, const struct bpf_insn *p)
{
	union bpf_attr a = { .prog_type = type, .expected_attach_type = attach,
			     .insns = (uint64_t)(unsigned long)p, .insn_cnt = 2 };

	return prog_load_attr(&a);
}

static int fd_or_err(int fd)
{
	return fd < 0 ? fd : 0;
}

/* storage of a socket or a file, new ones, so that it is the first */
static int store(uint32_t type, int owner)
{
	static const char value[64];
	int map;

	/* at a limit there may be no owner, either, and then the error is another */
	if (owner < 0)
		return -ENOMEM;
	map = map_create_btf(type, 4, sizeof(value), NOPRE);
	return map < 0 ? map : map_update(map, &owner, value);
}

static int store_sk(void)
{
	return store(BPF_MAP_TYPE_SK_STORAGE, socket(AF_INET, SOCK_DGRAM, 0));
}

static int store_inode(void)
{
	return store(BPF_MAP_TYPE_INODE_STORAGE, memfd_create("", 0));
}

#define CG "/sys/fs/cgroup/probe/fault"

static int prepare_cgroup(void)
{
	if (mkdir(CG, 0755) && errno != EEXIST)
		return -errno;
	target = cg_fd(CG);
	return fd_or_err(target);
}

static void done_cgroup(void)
{
	rmdir(CG);
}

/* storage of a cgroup is made when a program that has it is attached */
static int attached;

static int attach_stored(uint32_t type)
{
	int map, err;

	attached = cgroup_storage_prog(type, 64, &map);
	if (attached < 0)
		return attached;
	err = prog_attach(attached, target, BPF_CGROUP_INET_EGRESS, BPF_F_ALLOW_MULTI);
	if (err || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE)
		return err;
	/* a new value */
	{
		struct bpf_cgroup_storage_key key = { .attach_type = BPF_CGROUP_INET_EGRESS };
		static const char value[64];
		struct stat st;

		if (fstat(target, &st))
			return -errno;
		key.cgroup_inode_id = st.st_ino;
		err = map_update(map, &key, value);
	}
	if (err)
		prog_detach(attached, target, BPF_CGROUP_INET_EGRESS);
	return err;
}

static int attach_shared(void)
{
	return attach_stored(BPF_MAP_TYPE_CGROUP_STORAGE);
}

static int attach_percpu(void)
{
	return attach_stored(BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
}

static void detach(void)
{
	prog_detach(attached, target, BPF_CGROUP_INET_EGRESS);
}

/* links: the program and what it is linked to are there */
static int prepare_raw_tp(void)
{
	prog = load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, zero);
	return fd_or_err(prog);
}

static int link_raw_tp(void)
{
	return fd_or_err(raw_tp_open("xdp_exception", prog));
}

static int load_target(void)
{
	struct bpf_func_info f = { 0, BTF_FUNC };
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = (uint64_t)(unsigned long)zero, .insn_cnt = 2,
			     .func_info_rec_size = sizeof(f), .func_info_cnt = 1,
			     .func_info = (uint64_t)(unsigned long)&f };

	a.prog_btf_fd = btf_load(4);
	target = prog_load_attr(&a);
	return fd_or_err(target);
}

/*
 * A new program each time: of one that could not be linked for want of memory
 * the kernel, with or without the series, thinks that it is (EBUSY).
 */
static int link_fentry(void)
{
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_TRACING,
			     .expected_attach_type = BPF_TRACE_FENTRY,
			     .insns = (uint64_t)(unsigned long)zero, .insn_cnt = 2,
			     .attach_btf_id = BTF_FUNC, .attach_prog_fd = target };
	int fd = prog_load_attr(&a);

	return fd < 0 ? fd : fd_or_err(raw_tp_open(NULL, fd));
}

static int prepare_iter(void)
{
	prog = prog_load_btf(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "bpf_iter_bpf_map", zero, 2);
	return fd_or_err(prog);
}

static int link_iterator(void)
{
	return fd_or_err(link_iter(prog, -1));
}

static int prepare_egress(void)
{
	prog = load(BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, one);
	return prog < 0 ? prog : prepare_cgroup();
}

static int link_cgroup(void)
{
	return fd_or_err(link_create(prog, target, BPF_CGROUP_INET_EGRESS, 0));
}

static int prepare_netns(void)
{
	target = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	prog = load(BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, one);
	return target < 0 ? -errno : fd_or_err(prog);
}

static int link_netns(void)
{
	return fd_or_err(link_create(prog, target, BPF_SK_LOOKUP, 0));
}

static int prepare_xdp(void)
{
	prog = load(BPF_PROG_TYPE_XDP, BPF_XDP, one);
	return fd_or_err(prog);
}

static int link_xdp(void)
{
	return fd_or_err(link_create(prog, 1, BPF_XDP, XDP_FLAGS_SKB_MODE));
}

/* pins */
#define PIN "/sys/fs/bpf/fault"

static int prepare_map(void)
{
	prog = map_create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0);
	return fd_or_err(prog);
}

static int pin(void)
{
	return obj_pin(prog, PIN);
}

static int link_symbolic(void)
{
	return symlink("target", PIN) ? -errno : 0;
}

static void unpin(void)
{
	unlink(PIN);
}

/* batches */
static int batch(uint32_t type, uint32_t flags)
{
	static const uint64_t keys[2] = { 0, 1 }, values[2];
	uint32_t key = type == BPF_MAP_TYPE_ARRAY ? 4 : 8;
	int map = map_create(type, key, 8, 2, flags);

	return map < 0 ? map : map_update_batch(map, key == 4 ? (const void *)(uint32_t[]){ 0, 1 } :
						keys, values, 2);
}

static int batch_array(void)
{
	return batch(BPF_MAP_TYPE_ARRAY, 0);
}

static int batch_hash(void)
{
	return batch(BPF_MAP_TYPE_HASH, NOPRE);
}

#define LINK(n, w) CASE("link", w, link_##n, .prepare = prepare_##n)

const struct fault_case object_cases[] = {
	CASE("sk_storage", "on a socket", store_sk),
	CASE("inode_storage", "on a file", store_inode),
	CASE("cgroup_storage", "attached, and its value replaced", attach_shared,
	     .prepare = prepare_cgroup, .undo = detach, .done = done_cgroup),
	CASE("percpu_cgroup_storage", "attached", attach_percpu,
	     .prepare = prepare_cgroup, .undo = detach, .done = done_cgroup),
	LINK(raw_tp, "of a raw tracepoint"),
	CASE("link", "of a program at another program", link_fentry, .prepare = load_target),
	CASE("link", "of an iterator", link_iterator, .prepare = prepare_iter),
	CASE("link", "of a cgroup", link_cgroup, .prepare = prepare_egress, .done = done_cgroup),
	LINK(netns, "of a network namespace"),
	LINK(xdp, "of a device"),
	/* bpf_get_inode() says so when there is no memory for an inode */
	CASE("bpffs", "a map pinned", pin, .prepare = prepare_map, .undo = unpin,
	     .excused = -ENOSPC),
	CASE("bpffs", "a symbolic link", link_symbolic, .undo = unpin, .excused = -ENOSPC),
	CASE("array", "updated by a batch", batch_array),
	CASE("hash", "updated by a batch", batch_hash),
	{ 0 }
};
