// SPDX-License-Identifier: GPL-2.0
/*
 * The map types, a row each. Sizes are such that the object is big (16 MiB
 * where the type allows it) and that the allocator loses little in rounding:
 * an element with its header is a little below a kmalloc size.
 */
#include <linux/btf.h>
#include <linux/perf_event.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "probe.h"

#define T(name) BPF_MAP_TYPE_##name
#define NOPRE BPF_F_NO_PREALLOC

/* every entry, by bpf(2); the key starts with its number */
static int fill(const struct row *r, int fd)
{
	char key[512] = { 0 };
	char *value = xalloc((size_t)r->value * (r->percpu ? ncpu : 1) + 8);
	uint32_t i;
	int err = 0, tries;

	for (i = 0; !err && i < r->entries; i++) {
		memcpy(key, &i, 4);
		/* atomic per-CPU allocation waits for a work item to populate */
		for (tries = 0; tries < 200; tries++) {
			err = map_update(fd, key, value);
			if (err != -ENOMEM || !r->percpu)
				break;
			sleep_ms(1);
		}
	}
	free(value);
	return err;
}

static int fill_lpm(const struct row *r, int fd)
{
	struct { uint32_t bits, data; } key = { 32 };
	char *value = xalloc(r->value);
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < r->entries; i++) {
		key.data = htonl(i);
		err = map_update(fd, &key, value);
	}
	free(value);
	return err;
}

/* the same fd, or index, in the first n entries */
static int fill_with(int map, uint32_t n, int value)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < n; i++)
		err = map_update(map, &i, &value);
	return err;
}

static int fill_prog(const struct row *r, int fd)
{
	struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	int prog = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, 2);

	return prog < 0 ? prog : fill_with(fd, 1024, prog);
}

static int fill_perf(const struct row *r, int fd)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a),
				     .config = PERF_COUNT_SW_BPF_OUTPUT,
				     .sample_type = PERF_SAMPLE_RAW };
	int ev = syscall(SYS_perf_event_open, &a, -1, 0, -1, 0);

	return ev < 0 ? -errno : fill_with(fd, r->entries, ev);
}

static int fill_cgroup(const struct row *r, int fd)
{
	int cg = cg_fd("/sys/fs/cgroup");

	return cg < 0 ? cg : fill_with(fd, 1024, cg);
}

static int fill_lo(const struct row *r, int fd)
{
	return fill_with(fd, r->entries, 1);
}

/* a map put into a map waits for a grace period: these have short ones */
static int rcu_fast(const struct row *r)
{
	return write_file("/sys/kernel/rcu_expedited", "1");
}

static void rcu_normal(const struct row *r)
{
	write_file("/sys/kernel/rcu_expedited", "0");
}

static int fill_inner(const struct row *r, int fd, int inner)
{
	char key[512] = { 0 };
	int err = 0;
	uint32_t i;

	for (i = 0; !err && i < r->entries; i++) {
		memcpy(key, &i, 4);
		err = map_update(fd, key, &inner);
	}
	return err;
}

/* outer maps: made with an inner one, which is small */
static int make_outer(const struct row *r, uint64_t *asked)
{
	int inner = map_create(T(ARRAY), 4, 8, 1, 0), fd;

	if (inner < 0)
		return inner;
	fd = map_create_inner(r->map, r->key, r->entries, r->flags, inner);
	if (fd < 0)
		return fd;
	*asked = r->entries * (uint64_t)(r->key + 4);
	return r->flags & NOPRE ? fill_inner(r, fd, inner) : 0;
}

static int make_ringbuf(const struct row *r, uint64_t *asked)
{
	int fd = map_create(r->map, 0, 0, r->entries, 0);

	*asked = r->entries;
	return fd < 0 ? fd : 0;
}

/* a queue of 16384 packets for every CPU */
static int make_cpumap(const struct row *r, uint64_t *asked)
{
	uint32_t cpu, depth = r->value;
	int i, fd, err;

	for (i = 0; i < r->copies; i++) {
		fd = map_create(T(CPUMAP), 4, 4, ncpu, 0);
		if (fd < 0)
			return fd;
		for (cpu = 0; cpu < (uint32_t)ncpu; cpu++) {
			err = map_update(fd, &cpu, &depth);
			if (err)
				return err;
			*asked += 8 * depth;
		}
	}
	return 0;
}

static int bound_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (void *)&a, sizeof(a)))
		return -errno;
	return fd;
}

static int fill_socket(const struct row *r, int fd)
{
	int sk = bound_udp(), err = 0;
	char key[512] = { 0 };
	uint32_t i;

	if (sk < 0)
		return sk;
	for (i = 0; !err && i < r->entries; i++) {
		memcpy(key, &i, 4);
		err = map_update(fd, key, &sk);
	}
	return err;
}

/* Storage of sockets and inodes. What they belong to is made beforehand. */
enum { HOLDERS = 1024 };
static int holder[HOLDERS];

static int prepare_sockets(const struct row *r)
{
	int i;

	put_sysctl("/proc/sys/net/core/optmem_max", 1 << 20, NULL);
	for (i = 0; i < HOLDERS; i++) {
		holder[i] = socket(AF_INET, SOCK_DGRAM, 0);
		if (holder[i] < 0)
			return -errno;
	}
	return 0;
}

static int prepare_files(const struct row *r)
{
	int i;

	for (i = 0; i < HOLDERS; i++) {
		holder[i] = open("/tmp", O_TMPFILE | O_RDWR, 0600);
		if (holder[i] < 0)
			return -errno;
	}
	return 0;
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

/* Storage of cgroups: one per cgroup and attachment. */
enum { CGROUPS = 64 };
static const char *nth_cgroup(int i)
{
	static char path[64];

	snprintf(path, sizeof(path), "/sys/fs/cgroup/probe/st%d", i);
	return path;
}

static int prepare_cgroups(const struct row *r)
{
	int i;

	for (i = 0; i < CGROUPS; i++)
		/* opened here, so that inode and dentry are nobody's */
		if ((mkdir(nth_cgroup(i), 0755) && errno != EEXIST) ||
		    (holder[i] = cg_fd(nth_cgroup(i))) < 0)
			return -errno;
	return 0;
}

static void done_cgroups(const struct row *r)
{
	int i;

	for (i = 0; i < CGROUPS; i++)
		rmdir(nth_cgroup(i));
}

static int make_cgroup_storage(const struct row *r, uint64_t *asked)
{
	int fd = map_create(r->map, sizeof(struct bpf_cgroup_storage_key), r->value, 0, 0);
	struct bpf_insn p[] = {
		LDMAP(1, fd), MOVI(2, 0), CALL(BPF_FUNC_get_local_storage),
		MOVI(0, 1), EXIT()
	};
	int i, prog, err;

	if (fd < 0)
		return fd;
	prog = prog_load(BPF_PROG_TYPE_CGROUP_SKB, p, ARRAY_SIZE(p));
	if (prog < 0)
		return prog;
	for (i = 0; i < CGROUPS; i++) {
		err = prog_attach(prog, holder[i], BPF_CGROUP_INET_EGRESS, 0);
		if (err)
			return err;
		*asked += sizeof(struct bpf_cgroup_storage_key) +
			  (uint64_t)r->value * (r->percpu ? ncpu : 1);
	}
	return 0;
}

/* a value of the kernel's own type; as many maps as make it visible */
static int make_struct_ops(const struct row *r, uint64_t *asked)
{
	int id = vmbtf_find("bpf_struct_ops_tcp_congestion_ops", BTF_KIND_STRUCT);
	union bpf_attr a = { .map_type = T(STRUCT_OPS), .key_size = 4, .max_entries = 1 };
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

/* for types whose entries need more than this probe: the empty map */
#define ROW(t, n, w, k, v, e, ...) \
	{ .type = n, .what = w, .map = T(t), .key = k, .value = v, .entries = e, \
	  .jit = -1, .harden = -1, ##__VA_ARGS__ }
#define DONE .accounted = true

const struct row map_rows[] = {
	ROW(ARRAY, "array", "created", 4, 4096, 4096, DONE),
	ROW(ARRAY, "array", "created, mmapable", 4, 4096, 4096, DONE, .flags = BPF_F_MMAPABLE),
	ROW(PERCPU_ARRAY, "percpu_array", "created", 4, 32768, 512, DONE, .percpu = true),
	ROW(PROG_ARRAY, "prog_array", "created, 1024 entries set", 4, 4, 2 << 20, DONE,
	    .fill = fill_prog),
	ROW(PERF_EVENT_ARRAY, "perf_event_array", "created", 4, 4, 2 << 20, DONE),
	ROW(PERF_EVENT_ARRAY, "perf_event_array", "created, all entries set", 4, 4, 65536, DONE,
	    .fill = fill_perf),
	ROW(CGROUP_ARRAY, "cgroup_array", "created, 1024 entries set", 4, 4, 2 << 20, DONE,
	    .fill = fill_cgroup),
	ROW(ARRAY_OF_MAPS, "array_of_maps", "created", 4, 4, 2 << 20, DONE, .make = make_outer),
	ROW(HASH, "hash", "created, preallocated", 8, 4000, 4096, DONE),
	ROW(HASH, "hash", "filled, not preallocated", 8, 4000, 4096, DONE,
	    .flags = NOPRE, .fill = fill),
	ROW(PERCPU_HASH, "percpu_hash", "created, preallocated", 8, 16384, 1024, DONE,
	    .percpu = true),
	ROW(PERCPU_HASH, "percpu_hash", "filled, not preallocated", 8, 2048, 4096, DONE,
	    .percpu = true, .flags = NOPRE, .fill = fill),
	ROW(LRU_HASH, "lru_hash", "created", 8, 4000, 4096, DONE),
	ROW(LRU_PERCPU_HASH, "lru_percpu_hash", "created", 8, 16384, 1024, DONE,
	    .percpu = true),
	ROW(HASH_OF_MAPS, "hash_of_maps", "created, preallocated", 512, 4, 32768, DONE,
	    .make = make_outer),
	ROW(HASH_OF_MAPS, "hash_of_maps", "filled, not preallocated", 456, 4, 16384, DONE,
	    .flags = NOPRE, .prepare = rcu_fast, .make = make_outer, .done = rcu_normal),
	ROW(RINGBUF, "ringbuf", "created", 0, 0, 16 << 20, DONE, .make = make_ringbuf),

	ROW(LPM_TRIE, "lpm_trie", "filled", 8, 4000, 4096, DONE, .flags = NOPRE, .fill = fill_lpm),
	ROW(QUEUE, "queue", "created", 0, 4096, 4096, DONE),
	ROW(STACK, "stack", "created", 0, 4096, 4096, DONE),
	ROW(STACK_TRACE, "stack_trace", "created", 4, 1016, 16384, DONE),
	ROW(DEVMAP, "devmap", "created", 4, 4, 2 << 20, DONE),
	ROW(DEVMAP, "devmap", "created, all entries set", 4, 4, 65536, .fill = fill_lo),
	ROW(DEVMAP_HASH, "devmap_hash", "created", 4, 4, 2 << 20, DONE),
	ROW(DEVMAP_HASH, "devmap_hash", "created, all entries set", 4, 4, 65536, .fill = fill_lo),
	ROW(CPUMAP, "cpumap", "created, all CPUs set", 4, 16384, 0, .copies = 16,
	    .make = make_cpumap),
	ROW(XSKMAP, "xskmap", "created", 4, 4, 2 << 20, DONE),
	ROW(SOCKMAP, "sockmap", "created", 4, 4, 2 << 20, DONE),
	ROW(SOCKMAP, "sockmap", "created, all entries set", 4, 4, 16384, .fill = fill_socket),
	ROW(SOCKHASH, "sockhash", "created", 4, 4, 1 << 20, DONE),
	ROW(SOCKHASH, "sockhash", "created, all entries set", 456, 4, 8192, .fill = fill_socket),
	ROW(REUSEPORT_SOCKARRAY, "reuseport_sockarray", "created", 4, 8, 2 << 20, DONE),
	ROW(CGROUP_STORAGE, "cgroup_storage", "attached to 64 cgroups", 0, 4080, 0,
	    .prepare = prepare_cgroups, .make = make_cgroup_storage, .done = done_cgroups),
	ROW(PERCPU_CGROUP_STORAGE, "percpu_cgroup_storage", "attached to 64 cgroups", 0, 4096, 0,
	    .percpu = true, .prepare = prepare_cgroups, .make = make_cgroup_storage,
	    .done = done_cgroups),
	ROW(SK_STORAGE, "sk_storage", "on 1024 sockets", 4, 3960, 0,
	    .prepare = prepare_sockets, .make = make_storage),
	ROW(INODE_STORAGE, "inode_storage", "on 1024 files", 4, 3960, 0,
	    .prepare = prepare_files, .make = make_storage),
	ROW(STRUCT_OPS, "struct_ops", "created, 256 of them", 4, 0, 0, .copies = 256,
	    .make = make_struct_ops),
};
const size_t nr_map_rows = ARRAY_SIZE(map_rows);
