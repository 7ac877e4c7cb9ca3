// SPDX-License-Identifier: GPL-2.0
/*
 * What maps of absurd sizes are refused with. RLIMIT_MEMLOCK used to bound a
 * map to a little below 4 GiB, with an errno of its own for each type; that is
 * to stay, whatever is charged. For a machine of less than 1 GiB: there all
 * that is tried here is refused before anything big is allocated.
 */
#include <linux/btf.h>
#include "probe.h"

#define T(name) BPF_MAP_TYPE_##name
#define MANY 0xffffffffu
#define NOPRE BPF_F_NO_PREALLOC

/* a cost of this and more is too much; what is kept per entry decides where that is */
static const uint64_t bound = 0xffffffffull - PAGE;

enum form { PLAIN, INNER, BTF, KERNEL_BTF };

/* the least that makes a map of the type */
static const struct shape {
	uint32_t map, key, value, flags;
	enum form form;
} shapes[] = {
	{ T(HASH), 8, 8 }, { T(HASH), 8, 8, NOPRE },
	{ T(ARRAY), 4, 8 }, { T(ARRAY), 4, 8, BPF_F_MMAPABLE },
	{ T(PROG_ARRAY), 4, 4 }, { T(PERF_EVENT_ARRAY), 4, 4 },
	{ T(PERCPU_HASH), 8, 8 }, { T(PERCPU_HASH), 8, 8, NOPRE },
	{ T(PERCPU_ARRAY), 4, 8 }, { T(STACK_TRACE), 4, 8 }, { T(CGROUP_ARRAY), 4, 4 },
	{ T(LRU_HASH), 8, 8 }, { T(LRU_HASH), 8, 8, BPF_F_NO_COMMON_LRU },
	{ T(LRU_PERCPU_HASH), 8, 8 }, { T(LPM_TRIE), 8, 8, NOPRE },
	{ T(ARRAY_OF_MAPS), 4, 4, 0, INNER }, { T(HASH_OF_MAPS), 8, 4, 0, INNER },
	{ T(HASH_OF_MAPS), 8, 4, NOPRE, INNER },
	{ T(DEVMAP), 4, 4 }, { T(SOCKMAP), 4, 4 }, { T(CPUMAP), 4, 4 }, { T(XSKMAP), 4, 4 },
	{ T(SOCKHASH), 4, 4 }, { T(CGROUP_STORAGE), 16, 8 }, { T(REUSEPORT_SOCKARRAY), 4, 8 },
	{ T(PERCPU_CGROUP_STORAGE), 16, 8 }, { T(QUEUE), 0, 8 }, { T(STACK), 0, 8 },
	{ T(SK_STORAGE), 4, 8, NOPRE, BTF }, { T(DEVMAP_HASH), 4, 4 },
	{ T(STRUCT_OPS), 4, 0, 0, KERNEL_BTF }, { T(RINGBUF), 0, 0 },
	{ T(INODE_STORAGE), 4, 8, NOPRE, BTF },
};

static int inner, btf;

static int create(const struct shape *s, uint32_t key, uint32_t value, uint32_t entries)
{
	union bpf_attr a = { .map_type = s->map, .key_size = key, .value_size = value,
			     .max_entries = entries, .map_flags = s->flags };

	switch (s->form) {
	case PLAIN:
		break;
	case INNER:
		a.inner_map_fd = inner;
		break;
	case BTF:
		a.btf_fd = btf;
		a.btf_key_type_id = BTF_INT;
		a.btf_value_type_id = BTF_VALUE;
		break;
	case KERNEL_BTF:
		a.btf_fd = btf;
		a.btf_vmlinux_value_type_id =
			vmbtf_find("bpf_struct_ops_tcp_congestion_ops", BTF_KIND_STRUCT);
	}
	return sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
}

static const char *type_name(uint32_t map)
{
	const char *name;
	int i, value;

	for (i = 0; (name = vmbtf_enum("bpf_map_type", i, &value)); i++)
		if (value == (int)map)
			return name;
	return "?";
}

static const char *result(int fd)
{
	/* of the kernel's own, not for user space, and yet returned */
	return fd >= 0 ? "made" : fd == -524 ? "ENOTSUPP" : strerrorname_np(-fd) ?: "?";
}

static void try(const struct shape *s, uint32_t key, uint32_t value, uint32_t entries,
		const char *why)
{
	int fd = create(s, key, value, entries);

	printf("%s\tflags %#x key %u value %u entries %u%s\t%s\n", type_name(s->map), s->flags, key,
	       value, entries, why, result(fd));
	fflush(stdout);
	if (fd >= 0)
		close(fd);
}

static void absurd(const struct shape *s)
{
	static const uint32_t entries[] = { MANY, MANY - 1, (1u << 31) + 1, 1u << 31,
					    (1u << 31) - 1, 1u << 30, 1u << 29, (1u << 28) + 1 };
	static const uint32_t values[] = { MANY, MANY - 7, 1u << 31, (4 << 20) + 1, 65536 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(entries); i++)
		/* a ring of 1 GiB and less would be got, page by page */
		if (s->map != T(RINGBUF) || entries[i] & (entries[i] - 1))
			try(s, s->key, s->value, entries[i], "");
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		try(s, s->key, values[i], 1, "");
		try(s, s->key, values[i], MANY, "");
	}
	try(s, MANY, s->value, 1, "");
	try(s, MANY, MANY, MANY, "");
}

/* @each bytes for an entry, @once for the map: the last that fits, and the first that does not */
static void around(uint32_t map, uint32_t flags, uint32_t key, uint32_t value, uint64_t each,
		   uint64_t once)
{
	struct shape s = { map, key, value, flags,
			   map == T(ARRAY_OF_MAPS) || map == T(HASH_OF_MAPS) ? INNER : PLAIN };
	uint64_t n = (bound - once + each - 1) / each;

	try(&s, key, value, n - 1, ", below 4 GiB");
	try(&s, key, value, n, ", 4 GiB");
}

/* the same, for entries smaller than the map's own structure may be: 2 KiB apart */
static void near(uint32_t map, uint32_t value, uint32_t each)
{
	struct shape s = { map, 4, value, 0, map == T(ARRAY_OF_MAPS) ? INNER : PLAIN };

	try(&s, 4, value, (bound - 2048) / each, ", below 4 GiB");
	try(&s, 4, value, bound / each + 1, ", 4 GiB");
}

/*
 * Buckets are as many as the next power of two: their size is given. The head
 * of an element is 48 bytes. Where the map's own structure counts, an entry is
 * larger than that may ever be.
 */
static void at_the_bound(void)
{
	uint64_t mib = 1 << 20;
	uint32_t arrays[] = { T(PROG_ARRAY), T(PERF_EVENT_ARRAY), T(CGROUP_ARRAY),
			      T(ARRAY_OF_MAPS), T(DEVMAP), T(SOCKMAP), T(XSKMAP),
			      T(REUSEPORT_SOCKARRAY) };
	uint32_t hashes[] = { T(HASH), T(LRU_HASH) };
	uint32_t percpu[] = { T(PERCPU_HASH), T(LRU_PERCPU_HASH) };
	struct shape devmap_hash = { T(DEVMAP_HASH), 4, 4 };
	size_t i;

	around(T(ARRAY), 0, 4, 4096, 4096, 320);
	around(T(ARRAY), 0, 4, 4 << 20, 4 << 20, 320);
	around(T(ARRAY), BPF_F_MMAPABLE, 4, 4096, 4096, 4096);
	/* little for each of many, or the values would be got one by one */
	near(T(PERCPU_ARRAY), 8, 8 + 8 * ncpu);
	for (i = 0; i < ARRAY_SIZE(arrays); i++)
		near(arrays[i], arrays[i] == T(REUSEPORT_SOCKARRAY) ? 8 : 4, 8);
	for (i = 0; i < 2; i++) {
		/* as many elements more as there are CPUs */
		around(hashes[i], 0, 8, 4040, 4096, 16 * mib + 4096 * ncpu);
		around(percpu[i], 0, 8, 8, 64 + 8 * ncpu, 1024 * mib);
	}
	around(T(HASH), NOPRE, 8, 4040, 4096, 16 * mib + 4096 * ncpu);
	around(T(HASH), NOPRE, 8, 1048520, 1 << 20, 65536 + ((uint64_t)ncpu << 20));
	around(T(PERCPU_HASH), NOPRE, 8, 32768, 64 + 32768 * ncpu, 65536 * 16);
	around(T(HASH_OF_MAPS), 0, 8, 4, 64, 1024 * mib + 64 * ncpu);
	around(T(HASH_OF_MAPS), NOPRE, 512, 4, 568, 128 * mib + 568 * ncpu);
	around(T(LPM_TRIE), NOPRE, 8, 4052, 4096, 320);
	around(T(SOCKHASH), 0, 4, 4, 56, 1024 * mib);
	try(&devmap_hash, 4, 4, 1u << 28, ", below 4 GiB");
	try(&devmap_hash, 4, 4, (1u << 28) + 1, ", 4 GiB");
	around(T(QUEUE), 0, 0, 4096, 4096, 320 + 4096);
	around(T(STACK), 0, 0, 4096, 4096, 320 + 4096);
	around(T(STACK_TRACE), 0, 4, 1016, 1032, 32 * mib + 320);
}

/* a type of the kernel's that nothing is tried with */
static void forgotten(void)
{
	const char *name;
	int i, value;
	size_t k;

	for (i = 0; (name = vmbtf_enum("bpf_map_type", i, &value)); i++) {
		for (k = 0; k < ARRAY_SIZE(shapes) && (int)shapes[k].map != value; k++)
			;
		if (k == ARRAY_SIZE(shapes) && value != BPF_MAP_TYPE_UNSPEC)
			printf("%s\tno case\t-\n", name);
	}
}

void bound_main(void)
{
	size_t i;

	if (!vmbtf())
		die("no BTF in this kernel");
	inner = map_create(T(ARRAY), 4, 4, 1, 0);
	btf = btf_load(8);
	if (inner < 0 || btf < 0)
		die("no map, or no BTF, to start with");
	puts("map type\tcase\tresult");
	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		absurd(&shapes[i]);
	at_the_bound();
	forgotten();
}
