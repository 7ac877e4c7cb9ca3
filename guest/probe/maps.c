// SPDX-License-Identifier: GPL-2.0
/*
 * The map types that hang on nothing else. Sizes are such that the object is
 * big (16 MiB where the type allows it) and that the allocator loses little in
 * rounding: an element with its header is a little below a kmalloc size.
 */
#include <arpa/inet.h>
#include "rows.h"

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

/* entries that take no memory of their own: some are enough */
static uint32_t enough(uint32_t entries)
{
	return entries < 1024 ? entries : 1024;
}

static int fill_prog(const struct row *r, int fd)
{
	struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	int prog = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, 2);

	return prog < 0 ? prog : fill_with(fd, enough(r->entries), prog);
}

static int fill_perf(const struct row *r, int fd)
{
	int ev = output_event();

	return ev < 0 ? ev : fill_with(fd, r->entries, ev);
}

static int fill_cgroup(const struct row *r, int fd)
{
	int cg = cg_fd("/sys/fs/cgroup");

	return cg < 0 ? cg : fill_with(fd, enough(r->entries), cg);
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

/* outer maps: made with an inner one, which is small */
static int make_outer(const struct row *r, uint64_t *asked)
{
	int inner = map_create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0), fd;

	if (inner < 0)
		return inner;
	fd = map_create_inner(r->map, r->key, r->entries, r->flags, inner);
	if (fd < 0)
		return fd;
	*asked = r->entries * (uint64_t)(r->key + 4);
	return r->flags & NOPRE ? fill_keys(fd, r->entries, inner) : 0;
}

static int make_ringbuf(const struct row *r, uint64_t *asked)
{
	int fd = map_create(r->map, 0, 0, r->entries, 0);

	*asked = r->entries;
	return fd < 0 ? fd : 0;
}

const struct row map_rows[] = {
	ROW(ARRAY, "array", "created", 4, 4096, 4096),
	ROW(ARRAY, "array", "created, mmapable", 4, 4096, 4096, .flags = BPF_F_MMAPABLE),
	ROW(PERCPU_ARRAY, "percpu_array", "created", 4, 32768, 512, .percpu = true),
	ROW(PROG_ARRAY, "prog_array", "created, 1024 entries set", 4, 4, 2 << 20,
	    .fill = fill_prog),
	ROW(PERF_EVENT_ARRAY, "perf_event_array", "created", 4, 4, 2 << 20),
	ROW(PERF_EVENT_ARRAY, "perf_event_array", "created, all entries set", 4, 4, 65536,
	    .fill = fill_perf),
	ROW(CGROUP_ARRAY, "cgroup_array", "created, 1024 entries set", 4, 4, 2 << 20,
	    .fill = fill_cgroup),
	ROW(ARRAY_OF_MAPS, "array_of_maps", "created", 4, 4, 2 << 20, .make = make_outer),
	ROW(HASH, "hash", "created, preallocated", 8, 4000, 4096),
	ROW(HASH, "hash", "filled, not preallocated", 8, 4000, 4096,
	    .flags = NOPRE, .fill = fill_values),
	ROW(PERCPU_HASH, "percpu_hash", "created, preallocated", 8, 16384, 1024,
	    .percpu = true),
	ROW(PERCPU_HASH, "percpu_hash", "filled, not preallocated", 8, 2048, 4096,
	    .percpu = true, .flags = NOPRE, .fill = fill_values),
	ROW(LRU_HASH, "lru_hash", "created", 8, 4000, 4096),
	ROW(LRU_HASH, "lru_hash", "created, with an LRU list for each CPU", 8, 4000, 4096,
	    .flags = BPF_F_NO_COMMON_LRU),
	ROW(LRU_PERCPU_HASH, "lru_percpu_hash", "created", 8, 16384, 1024,
	    .percpu = true),
	ROW(HASH_OF_MAPS, "hash_of_maps", "created, preallocated", 512, 4, 32768,
	    .make = make_outer),
	ROW(HASH_OF_MAPS, "hash_of_maps", "filled, not preallocated", 456, 4, 16384,
	    .flags = NOPRE, .prepare = rcu_fast, .make = make_outer, .done = rcu_normal),
	ROW(RINGBUF, "ringbuf", "created", 0, 0, 16 << 20, .make = make_ringbuf),
	ROW(LPM_TRIE, "lpm_trie", "filled", 8, 4000, 4096, .flags = NOPRE, .fill = fill_lpm),
	ROW(QUEUE, "queue", "created", 0, 4096, 4096),
	ROW(STACK, "stack", "created", 0, 4096, 4096),
	ROW(STACK_TRACE, "stack_trace", "created", 4, 1016, 16384),
	{ 0 }
};
