// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: elements too big for a slab (more than 8 KiB), charged page by page,
 * and freed many at a time. kfree_rcu() hands them to kfree_bulk(), which must
 * not take such a page for one of a slab.
 */
#include <arpa/inet.h>
#include <linux/btf.h>
#include <sys/socket.h>
#include "probe.h"

enum { ELEMENTS = 256, VALUE = 20000, TAKEN = 32768 };

struct kind {
	const char *name, *how;
	uint32_t map, key;
	int prefix;		/* LPM: where the number goes */
	bool sockets;
};

static const struct kind kinds[] = {
	{ "hash", "call_rcu() and kfree()", BPF_MAP_TYPE_HASH, 8 },
	{ "lpm_trie", "kfree_rcu()", BPF_MAP_TYPE_LPM_TRIE, 8, .prefix = 4 },
	{ "sk_storage", "kfree_rcu()", BPF_MAP_TYPE_SK_STORAGE, 4, .sockets = true },
};

static int sock[ELEMENTS];

static void nth_key(const struct kind *k, uint32_t i, char *key)
{
	uint32_t bits = 32, n = htonl(i);

	memset(key, 0, 8);
	memcpy(key, &bits, 4);
	memcpy(key + k->prefix, k->sockets ? (uint32_t *)&sock[i] : &n, 4);
}

static int fill(void *arg)
{
	const struct kind *k = *(const struct kind **)arg;
	int fd, err = 0;
	char key[8], *value = xalloc(VALUE);
	uint32_t i;

	fd = k->sockets ? map_create_btf(k->map, 4, VALUE, BPF_F_NO_PREALLOC) :
			  map_create(k->map, k->key, VALUE, ELEMENTS, BPF_F_NO_PREALLOC);
	for (i = 0; fd >= 0 && !err && i < ELEMENTS; i++) {
		nth_key(k, i, key);
		err = map_update(fd, key, value);
	}
	free(value);
	return err ?: fd;
}

static void test_kind(const struct kind *k)
{
	struct reading before, full, empty, end;
	const struct kind *arg = k;
	long long charged, left;
	struct scene s;
	char key[8];
	uint32_t i;
	int fd, err = 0;

	scene_open(&s);
	put_sysctl("/proc/sys/net/core/optmem_max", 1 << 20, NULL);
	for (i = 0; k->sockets && i < ELEMENTS; i++)
		sock[i] = socket(AF_INET, SOCK_DGRAM, 0);
	settled(&s, &before);
	fd = in_cgroup(s.owner, fill, &arg, sizeof(arg));
	settled(&s, &full);
	for (i = 0; fd >= 0 && !err && i < ELEMENTS; i++) {
		nth_key(k, i, key);
		err = map_delete(fd, key);
	}
	sleep_ms(500);
	settled(&s, &empty);
	if (fd >= 0)
		close(fd);
	fd_release();
	settled_to(&s, &before, &end);
	charged = full.cg[S_OWNER] - before.cg[S_OWNER];
	left = empty.cg[S_OWNER] - before.cg[S_OWNER];
	tap_ok(fd >= 0 && !err && charged >= ELEMENTS * (long long)TAKEN &&
	       left < ELEMENTS * (long long)PAGE && end.cg[S_OWNER] == before.cg[S_OWNER],
	       "%s: %d charged elements of %d bytes freed through %s, and the kernel lives",
	       k->name, ELEMENTS, VALUE, k->how);
	tap_diag("fd %d err %d, charged %lld, after deleting %lld, after release %lld, taken %lld",
		 fd, err, charged, left, end.cg[S_OWNER] - before.cg[S_OWNER],
		 full.t.used - before.t.used);
	scene_close(&s);
}

void test_bigfree(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (wanted(kinds[i].name, kinds[i].how) && !tap_enough())
			test_kind(&kinds[i]);
}
