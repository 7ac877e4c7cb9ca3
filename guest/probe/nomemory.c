// SPDX-License-Identifier: GPL-2.0
/*
 * Maps larger than the machine, in a cgroup without a limit: they are refused, and nobody
 * is killed to make room for them. For a machine of 512 MiB.
 */
#include "probe.h"

#define T(name) BPF_MAP_TYPE_##name

/* values of this many bytes in all, those of each CPU counted */
enum { WANTED = 1 << 30 };

static const struct case_ {
	const char *name;
	uint32_t map, key, value;
	bool percpu;
} cases[] = {
	{ "array", T(ARRAY), 4, 32768 },
	{ "hash", T(HASH), 8, 32768 },
	{ "lru_hash", T(LRU_HASH), 8, 32768 },
	{ "queue", T(QUEUE), 0, 32768 },
	{ "percpu_array", T(PERCPU_ARRAY), 4, 32768, true },
	{ "percpu_hash", T(PERCPU_HASH), 8, 32768, true },
	{ "lru_percpu_hash", T(LRU_PERCPU_HASH), 8, 32768, true },
};

struct order {
	const struct case_ *c;
	uint32_t entries;
};

static int make(void *arg)
{
	const struct order *o = arg;

	return map_create(o->c->map, o->c->key, o->c->value, o->entries, 0);
}

/* processes that the OOM killer took since boot */
static long long killed(void)
{
	long long n = cg_field("/proc", "vmstat", "oom_kill");

	if (n < 0)
		die("no oom_kill in /proc/vmstat");
	return n;
}

int nomemory_main(void)
{
	struct scene s;
	size_t i;

	setup();
	scene_open(&s);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct case_ *c = &cases[i];
		struct order o = { c, WANTED / c->value / (c->percpu ? ncpu : 1) };
		long long before = killed(), after;
		int err = in_cgroup(s.owner, make, &o, sizeof(o));

		after = killed();
		tap_ok(err == -ENOMEM && after == before,
		       "%s of 1 GiB: ENOMEM, and nobody is killed", c->name);
		tap_diag("%s, %lld killed", err < 0 ? strerror(-err) : "made", after - before);
		o.entries = 16;
		err = in_cgroup(s.owner, make, &o, sizeof(o));
		tap_ok(err >= 0, "%s of 16 entries is made after that", c->name);
		fd_release();
	}
	scene_close(&s);
	return tap_end();
}
