// SPDX-License-Identifier: GPL-2.0
/* Maps that allocate as they are filled, by whom and with what. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include "stress.h"

/* with few buckets, so that what is charged is elements */
#define HASH(n, what, size) \
	const struct element n = { what, BPF_MAP_TYPE_HASH, 8, size, 8192 }
#define LPM(n, what, size) \
	const struct element n = { what, BPF_MAP_TYPE_LPM_TRIE, 8, size, 1 << 16, 4 }
#define STORAGE(n, what, size) \
	const struct element n = { what, BPF_MAP_TYPE_SK_STORAGE, 4, size, 0, 0, true }

HASH(hash, "hash", 1000);
HASH(hash_page, "hash of pages", 4000);
/* a slab has 8 KiB at most: these are charged by the page */
HASH(hash_big, "hash of big elements", 12000);
LPM(lpm, "lpm_trie", 248);
LPM(lpm_big, "lpm_trie of big elements", 12000);
STORAGE(sk_storage, "sk_storage", 1000);
STORAGE(sk_storage_big, "sk_storage of big elements", 12000);

const struct element percpu_hash = {
	"percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, 8, 512, 8192
};
const struct element sockhash = {
	"sockhash", BPF_MAP_TYPE_SOCKHASH, 200, 4, 8192, .sockets = true
};

enum { KEY = 256, BURST = 8 };

static int make(void *arg)
{
	const struct element *e = *(const struct element **)arg;

	if (e->storage)
		return map_create_btf(e->map, e->key, e->value, BPF_F_NO_PREALLOC);
	return map_create(e->map, e->key, e->value, e->entries, e->sockets ? 0 : BPF_F_NO_PREALLOC);
}

int element_map(const struct element *e, const char *cg)
{
	return in_cgroup(cg, make, &e, sizeof(e));
}

static void element_key(const struct element *e, uint32_t number, char *key)
{
	uint32_t bits = 32;

	memset(key, 0, KEY);
	if (e->counter)
		memcpy(key, &bits, 4);
	memcpy(key + e->counter, &number, 4);
}

/* sock: which is put in, or has the storage */
int element_put(const struct element *e, int map, uint32_t number, int sock)
{
	static const char zeroes[16384];
	char key[KEY];

	element_key(e, e->storage ? (uint32_t)sock : number, key);
	return map_update(map, key, e->sockets ? (const void *)&sock : zeroes);
}

int element_drop(const struct element *e, int map, uint32_t number, int sock)
{
	char key[KEY];

	element_key(e, e->storage ? (uint32_t)sock : number, key);
	return map_delete(map, key);
}

int target_open(struct target *t)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(t->addr);

	t->sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (t->sock < 0 || bind(t->sock, (void *)&a, sizeof(a)) ||
	    getsockname(t->sock, (void *)&t->addr, &len))
		return -errno;
	return 0;
}

int target_run(const struct target *t, int prog)
{
	return setsockopt(t->sock, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)) ? -errno : 0;
}

int act_send(struct hand *h)
{
	int i;

	if (!h->sock)
		h->sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (h->sock < 0)
		return -errno;
	for (i = 0; i < BURST; i++)
		if (sendto(h->sock, "x", 1, 0, (const void *)&h->to.addr,
			   sizeof(h->to.addr)) < 0)
			return -errno;
	return 0;
}

int act_getppid(struct hand *h)
{
	int i;

	for (i = 0; i < BURST; i++)
		syscall(SYS_getppid);
	return 0;
}

/* so many elements at a time that they are freed in bulk, too */
int act_elements(struct hand *h)
{
	int i, n = h->e->storage ? 1 : BURST, err = 0, last = 0;

	for (i = 0; i < n; i++)
		last = element_put(h->e, h->map, h->base + i, h->sock) ?: last;
	for (i = 0; i < n; i++) {
		err = element_drop(h->e, h->map, h->base + i, h->sock);
		/* not there if it could not be put in */
		if (err && !last)
			return err;
	}
	return last;
}

int act_maps(struct hand *h)
{
	int maps[2], err = small_maps(maps, 1);

	if (err)
		return err;
	maps[1] = map_create(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 512, 16, 0);
	close(maps[0]);
	return maps[1] < 0 ? maps[1] : close(maps[1]);
}

int act_sleep(struct hand *h)
{
	struct timespec t = { .tv_nsec = 100000 };
	int i;

	for (i = 0; i < BURST; i++)
		nanosleep(&t, NULL);
	return 0;
}
