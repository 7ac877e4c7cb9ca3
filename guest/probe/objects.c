// SPDX-License-Identifier: GPL-2.0
/* BTF, iterators, files of bpffs: what BPF holds beside maps and programs. */
#include <linux/btf.h>
#include "rows.h"

/* an integer and many pointers to it: data, and an index in three parts */
static char *many_types;
static size_t many_types_len;

static int prepare_btf(const struct row *r)
{
	many_types = btf_pointers(r->entries, &many_types_len);
	return 0;
}

static int make_btf(const struct row *r, uint64_t *asked)
{
	int fd = btf_load_raw(many_types, many_types_len);

	*asked = many_types_len;
	return fd < 0 ? fd : 0;
}

static void done_btf(const struct row *r)
{
	free(many_types);
}

static int iterator;		/* a link that iterators are made of */

static int hold_iterator(const char *func, int map)
{
	iterator = link_iter_prog(func, map);
	return iterator < 0 ? iterator : 0;
}

static int prepare_maps(const struct row *r)
{
	return hold_iterator("bpf_iter_bpf_map", -1);
}

/* the first read gets the buffer */
static int make_read(const struct row *r, uint64_t *asked)
{
	uint32_t i;
	char c;
	int fd;

	for (i = 0; i < r->entries; i++) {
		fd = iter_create(iterator);
		if (fd < 0)
			return fd;
		if (read(fd, &c, 1) < 0)
			return -errno;
		*asked += 8 * PAGE;
	}
	return 0;
}

/* a buffer for the values of one element on all CPUs */
static int hold_elements(uint32_t type, uint32_t value)
{
	int map = map_create(type, 4, value, 1, 0);

	return map < 0 ? map : hold_iterator("bpf_iter_bpf_map_elem", map);
}

static int prepare_array(const struct row *r)
{
	return hold_elements(BPF_MAP_TYPE_PERCPU_ARRAY, r->value);
}

static int prepare_hash(const struct row *r)
{
	return hold_elements(BPF_MAP_TYPE_PERCPU_HASH, r->value);
}

static int make_open(const struct row *r, uint64_t *asked)
{
	uint32_t i;
	int fd;

	for (i = 0; i < r->entries; i++) {
		fd = iter_create(iterator);
		if (fd < 0)
			return fd;
		*asked += ncpu * r->value;
	}
	return 0;
}

#define BPFFS "/sys/fs/bpf/"
enum { TARGET = 4000 };

static const char *nth_symlink(uint32_t i)
{
	static char path[32];

	snprintf(path, sizeof(path), BPFFS "l%u", i);
	return path;
}

static int make_symlinks(const struct row *r, uint64_t *asked)
{
	char target[TARGET + 1];
	uint32_t i;

	memset(target, 'x', TARGET);
	target[TARGET] = 0;
	for (i = 0; i < r->entries; i++) {
		if (symlink(target, nth_symlink(i)))
			return -errno;
		*asked += TARGET;
	}
	return 0;
}

static void done_symlinks(const struct row *r)
{
	uint32_t i;

	for (i = 0; i < r->entries; i++)
		unlink(nth_symlink(i));
}

/* a pinned map can be read, which takes a key of it; BTF says how to print it */
static int prepare_pinned(const struct row *r)
{
	union bpf_attr a = { .map_type = BPF_MAP_TYPE_HASH, .key_size = r->key, .value_size = 4,
			     .max_entries = 1, .btf_key_type_id = BTF_VALUE,
			     .btf_value_type_id = BTF_INT };
	int fd, btf = btf_load(r->key);

	a.btf_fd = btf;
	fd = btf < 0 ? btf : sys_bpf(BPF_MAP_CREATE, &a, sizeof(a));
	return fd < 0 ? fd : obj_pin(fd, BPFFS "map");
}

static int make_pinned(const struct row *r, uint64_t *asked)
{
	uint32_t i;

	for (i = 0; i < r->entries; i++) {
		if (open(BPFFS "map", O_RDONLY | O_CLOEXEC) < 0)
			return -errno;
		*asked += r->key;
	}
	return 0;
}

static void done_pinned(const struct row *r)
{
	unlink(BPFFS "map");
}

#define OBJ(n, w, ...) { .type = n, .what = w, .jit = -1, .harden = -1, ##__VA_ARGS__ }

const struct row object_rows[] = {
	OBJ("btf", "loaded with 400000 types", .entries = 400000, .prepare = prepare_btf,
	    .make = make_btf, .done = done_btf),
	OBJ("bpf_iter", "256 opened and read", .entries = 256, .prepare = prepare_maps,
	    .make = make_read),
	OBJ("bpf_iter", "256 of the elements of a percpu_array opened", .value = 16384,
	    .entries = 256, .prepare = prepare_array, .make = make_open),
	OBJ("bpf_iter", "256 of the elements of a percpu_hash opened", .value = 16384,
	    .entries = 256, .prepare = prepare_hash, .make = make_open),
	OBJ("bpffs", "1024 symbolic links", .entries = 1024, .make = make_symlinks,
	    .done = done_symlinks),
	OBJ("bpffs", "a pinned map opened 4096 times", .key = 512, .entries = 4096,
	    .prepare = prepare_pinned, .make = make_pinned, .done = done_pinned),
	{ 0 }
};
