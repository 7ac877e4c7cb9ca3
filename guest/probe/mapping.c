// SPDX-License-Identifier: GPL-2.0
/* Checks: charged pages of a map can be mapped, used and pinned. */
#include <sys/mman.h>
#include <sys/uio.h>
#include "mapping.h"

enum { ENTRIES = 256, RING = 256 * 4096, RECORDS = 64 };

static int pin_pipe[2];

/* pages of a mapping into a pipe: they are held without map and mapping */
static int pin(void *at)
{
	struct iovec v = { at, PINNED * PAGE };
	ssize_t n = vmsplice(pin_pipe[1], &v, 1, 0);

	return n < 0 ? -errno : n == (ssize_t)v.iov_len ? 0 : -EIO;
}

void mapping_pipe(void)
{
	if (pipe2(pin_pipe, O_CLOEXEC))
		die("pipe: %m");
	/* out of reach of fd_release() */
	pin_pipe[0] = dup2(pin_pipe[0], PIN_FD);
	pin_pipe[1] = dup2(pin_pipe[1], PIN_FD + 1);
}

int use_array(void *arg)
{
	struct use *u = arg;
	char value[PAGE], *m;
	uint32_t i;
	int fd = map_create(BPF_MAP_TYPE_ARRAY, 4, PAGE, ENTRIES, BPF_F_MMAPABLE), err;

	if (fd < 0)
		return fd;
	u->step = 1;
	m = mmap(NULL, ENTRIES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (m == MAP_FAILED)
		return -errno;
	u->step = 2;
	for (i = 0; i < ENTRIES; i++)
		memset(m + i * PAGE, i + 1, PAGE);
	for (i = 0; i < ENTRIES; i++) {
		err = map_lookup(fd, &i, value);
		if (err)
			return err;
		if (value[0] != (char)(i + 1) || value[PAGE - 1] != (char)(i + 1))
			return -EILSEQ;
	}
	u->step = 3;
	for (i = 0; i < ENTRIES; i++) {
		memset(value, 255 - i, sizeof(value));
		err = map_update(fd, &i, value);
		if (err)
			return err;
		if (memcmp(m + i * PAGE, value, PAGE))
			return -EILSEQ;
	}
	u->step = 4;
	return u->pin ? pin(m) : 0;
}

int use_ringbuf(void *arg)
{
	struct use *u = arg;
	int fd = map_create(BPF_MAP_TYPE_RINGBUF, 0, 0, RING, 0), prog, i, err;
	char data[64] = "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", *cons, *prod, *at;
	/* the packet's first 64 bytes go out as they are */
	struct bpf_insn p[] = {
		MOV(6, 1), MOVI(2, 0), MOV(3, 10), ADDI(3, -64), MOVI(4, 64),
		CALL(BPF_FUNC_skb_load_bytes), JMPI(BPF_JNE, 0, 0, 7),
		LDMAP(1, fd), MOV(2, 10), ADDI(2, -64), MOVI(3, 64), MOVI(4, 0),
		CALL(BPF_FUNC_ringbuf_output), EXIT()
	};
	volatile unsigned long *cpos, *ppos;
	uint32_t *hdr;

	if (fd < 0)
		return fd;
	u->step = 1;
	cons = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	prod = mmap(NULL, PAGE + 2 * RING, PROT_READ, MAP_SHARED, fd, PAGE);
	if (cons == MAP_FAILED || prod == MAP_FAILED)
		return -errno;
	u->step = 2;
	prog = prog_load(BPF_PROG_TYPE_SCHED_CLS, p, ARRAY_SIZE(p));
	if (prog < 0)
		return prog;
	u->step = 3;
	cpos = (void *)cons;
	ppos = (void *)prod;
	for (i = 0; i < RECORDS; i++) {
		data[20] = i;
		err = prog_run(prog, data, sizeof(data), 1);
		if (err)
			return err < 0 ? err : -ECOMM;
	}
	u->step = 4;
	for (i = 0; *cpos < *ppos; i++) {
		at = prod + PAGE + *cpos % RING;
		hdr = (uint32_t *)at;
		/* a record: its length, an offset, the bytes */
		if (*hdr != sizeof(data) || at[8 + 20] != i)
			return -EILSEQ;
		*cpos += 8 + sizeof(data);
	}
	if (i != RECORDS)
		return -ENODATA;
	u->step = 5;
	return u->pin ? pin(prod + PAGE) : 0;
}

struct kind {
	const char *name;
	actor_fn use;
	uint64_t size;
};

static const struct kind kinds[] = {
	{ "an mmapable array", use_array, ENTRIES * PAGE },
	{ "a ringbuf", use_ringbuf, RING },
};

/* made, mapped and used in the cgroup; the files stay open */
static void test_use(const struct kind *k)
{
	struct reading before, after, end;
	struct result res;
	struct use u = { 0 };
	struct scene s;
	int err;

	scene_open(&s);
	settled(&s, &before);
	err = in_cgroup(s.owner, k->use, &u, sizeof(u));
	settled(&s, &after);
	delta(&before, &after, &res);
	fd_release();
	settled_to(&s, &before, &end);
	tap_ok(!err && res.charged[S_OWNER] >= (long long)k->size,
	       "%s created in a child cgroup is charged, can be mapped, and works through "
	       "the mapping", k->name);
	if (err)
		tap_diag("%s after step %d", strerror(-err), u.step);
	tap_diag("charged %lld of at least %llu", res.charged[S_OWNER],
		 (unsigned long long)k->size);
	tap_ok(!err && res.charged[S_OWNER] >= (long long)k->size && end.cg[S_OWNER] == before.cg[S_OWNER],
	       "%s that was mapped is uncharged after release", k->name);
	scene_close(&s);
}

static void test_pin(const struct kind *k)
{
	struct use u = { .pin = true };
	struct reading before, held, gone;
	struct scene s;
	int err, fd;

	scene_open(&s);
	mapping_pipe();
	settled(&s, &before);
	err = in_cgroup(s.owner, k->use, &u, sizeof(u));
	for (fd = 64; fd < PIN_FD; fd++)
		close(fd);
	sleep_ms(500);
	settled(&s, &held);
	consolidate(s.owner);
	settled(&s, &held);
	tap_ok(!err && held.cg[S_OWNER] - before.cg[S_OWNER] == PINNED * (long long)PAGE,
	       "%d pages of %s pinned past its end stay charged", PINNED, k->name);
	if (err)
		tap_diag("%s after step %d", strerror(-err), u.step);
	tap_diag("charged while pinned: %lld", held.cg[S_OWNER] - before.cg[S_OWNER]);
	fd_release();
	settled_to(&s, &before, &gone);
	tap_ok(!err && held.cg[S_OWNER] > before.cg[S_OWNER] &&
	       gone.cg[S_OWNER] == before.cg[S_OWNER],
	       "pages of %s pinned past its end are uncharged when they are let go", k->name);
	if (gone.cg[S_OWNER] != before.cg[S_OWNER])
		tap_diag("left: %lld", gone.cg[S_OWNER] - before.cg[S_OWNER]);
	err = scene_close(&s);
	tap_ok(!err && held.cg[S_OWNER] > before.cg[S_OWNER],
	       "the cgroup whose pages of %s were pinned can be removed", k->name);
}

void test_mapping(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!wanted(NULL, kinds[i].name) || tap_enough())
			continue;
		test_use(&kinds[i]);
		test_pin(&kinds[i]);
	}
}
