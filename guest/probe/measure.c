// SPDX-License-Identifier: GPL-2.0
/* One object: read, make, read, release, read. */
#include <sys/resource.h>
#include <sys/syscall.h>
#include "probe.h"

enum { MARK = 64 };	/* the probe's own files lie below */

/*
 * The table of files is charged to whoever makes it grow; grown at the start
 * by the probe itself, it stays out of the measurement.
 */
void fd_grow(void)
{
	if (dup2(0, 16383) >= 0)
		close(16383);
}

void fd_mark(void)
{
	struct rlimit lim = { 16384, 16384 };
	static bool grown;

	if (grown)
		return;
	grown = true;
	setrlimit(RLIMIT_NOFILE, &lim);
	fd_grow();
	/* low numbers are taken, so that cases get MARK and above */
	while (dup(0) < MARK - 1)
		;
}

void fd_release(void)
{
	int fd;

	if (!syscall(SYS_close_range, MARK, ~0u, 0))
		return;
	for (fd = MARK; fd < 16384; fd++)
		close(fd);
}

static void read_all(const struct scene *s, struct reading *r)
{
	drain();
	if (!unsteady)
		taken_used(&r->t);
	scene_current(s, r->cg);
	r->all = cg_current("/sys/fs/cgroup/probe");
}

static long long total(const struct reading *r)
{
	return r->cg[S_OWNER] + r->cg[S_OTHER] + r->cg[S_PARENT];
}

static long long gap(long long a, long long b)
{
	return a > b ? a - b : b - a;
}

/* until two readings in a row agree */
void settled(const struct scene *s, struct reading *r)
{
	struct reading last;
	int i;

	memset(r, 0, sizeof(*r));	/* not all is read of an unsteady kernel */
	rcu_wait();
	/* what KASAN has in quarantine is charged until it leaves it */
	if (unsteady)
		shrink_slabs();
	read_all(s, r);
	for (i = 0; i < 20; i++) {
		last = *r;
		sleep_ms(i ? 20 : 5);
		/* a grace period takes long: the first time it was waited for */
		if (i)
			rcu_wait();
		read_all(s, r);
		if (gap(last.t.used, r->t.used) <= 4 * (long long)PAGE &&
		    !memcmp(last.cg, r->cg, sizeof(r->cg)))
			break;
	}
	if (i == 20)
		fprintf(stderr, "probe: the memory did not come to rest\n");
	if (!unsteady)
		taken_details(&r->t);
}

/*
 * After a release: until the charges are back where they were, which may
 * take a work item, a grace period and the batching of kfree_rcu(), which
 * newer kernels do every five seconds.
 */
void settled_to(const struct scene *s, const struct reading *base, struct reading *r)
{
	long long end = now_ms() + 8000;

	do {
		settled(s, r);
		if (total(r) <= total(base))
			return;
		if (total(r) - total(base) <= 16 * (long long)PAGE) {
			if (!s->no_owner)
				consolidate(s->owner);
			consolidate(s->other);
		}
		sleep_ms(100);
	} while (now_ms() < end);
}

/*
 * What is charged to nobody, sockets of the root cgroup for one, may be freed
 * later still: the next object would seem to take less than it does.
 */
static void come_to_rest(const struct scene *s, const struct reading *before,
			 struct reading *after)
{
	long long end = now_ms() + 3000, last;

	if (unsteady)
		return;
	do {
		if (after->t.used - before->t.used <= 16 * (long long)PAGE)
			return;
		last = after->t.used;
		sleep_ms(200);
		settled(s, after);
	} while (gap(last, after->t.used) > 4 * (long long)PAGE && now_ms() < end);
}

void delta(const struct reading *from, const struct reading *to, struct result *res)
{
	int i;

	res->taken = to->t.used - from->t.used;
	res->jit = to->t.jit - from->t.jit;
	res->percpu = to->t.percpu - from->t.percpu;
	res->slab = to->t.slab - from->t.slab;
	res->room = to->t.room - from->t.room;
	res->vmalloc = to->t.vmalloc - from->t.vmalloc;
	res->all = to->all - from->all;
	res->total = 0;
	for (i = 0; i < S_NR; i++) {
		res->charged[i] = to->cg[i] - from->cg[i];
		res->total += res->charged[i];
	}
}

/* a few pages are left out: the files that hold the object are charged, too */
const char *payers(const struct result *r)
{
	static char text[64];
	long long least = 8 * PAGE;
	int i;

	if (r->total / 50 > least)
		least = r->total / 50;
	text[0] = 0;
	for (i = 0; i < S_NR; i++)
		if (r->charged[i] > least) {
			if (text[0])
				strcat(text, "+");
			strcat(text, scene_names[i]);
		}
	return text[0] ? text : "none";
}

struct job {
	const struct row *row;
	uint64_t asked;
};

static int make_maps(const struct row *r, uint64_t *asked)
{
	int i, fd, err;

	for (i = 0; i < (r->copies ?: 1); i++) {
		fd = map_create(r->map, r->key, r->value, r->entries, r->flags);
		if (fd < 0)
			return fd;
		err = r->fill ? r->fill(r, fd) : 0;
		if (err)
			return err;
		*asked += r->entries * (r->key + (uint64_t)r->value *
					(r->percpu ? ncpu : 1));
	}
	return 0;
}

int make_row(const struct row *r, uint64_t *asked)
{
	return r->make ? r->make(r, asked) : make_maps(r, asked);
}

static int job_run(void *arg)
{
	struct job *j = arg;

	return make_row(j->row, &j->asked);
}

static int soak(void *arg)
{
	return map_create(BPF_MAP_TYPE_PERCPU_ARRAY, 4, PAGE, 2048, 0);
}

/*
 * The per-CPU allocator keeps an empty chunk and populated pages from earlier
 * objects: the next one would take less than it gets. Something put there
 * first, for another cgroup, makes it take all anew. What is nobody's lies in
 * chunks of its own.
 */
void ballast(bool root)
{
	in_cgroup(root ? NULL : "/sys/fs/cgroup/probe/drain/0", soak, NULL, 0);
}

static void measure_by(const struct row *r, bool root, struct result *res)
{
	int i;
	struct jit_was was;
	struct job job = { .row = r };
	struct reading before, made, after;
	struct fdinfo prepared;
	struct scene s;
	long long t[5] = { now_ms() };

	memset(res, 0, sizeof(*res));
	scene_open(&s);
	if (r->percpu)
		ballast(root);
	jit_set(r->jit, r->harden, &was);
	if (was.refused)
		snprintf(res->note, sizeof(res->note), "bpf_jit_enable=%d refused", r->jit);
	res->err = r->prepare ? r->prepare(r) : 0;

	t[1] = now_ms();
	fdinfo_read(MARK, &prepared);
	settled(&s, &before);
	t[2] = now_ms();
	if (!res->err)
		res->err = in_cgroup(root ? NULL : s.owner, job_run, &job, sizeof(job));
	t[3] = now_ms();
	if (!res->err) {
		res->asked = job.asked;
		settled(&s, &made);
		delta(&before, &made, res);
		fdinfo_read(MARK, &res->fdinfo);
		res->fdinfo.objects -= prepared.objects;
		res->fdinfo.sum -= prepared.sum;
	}
	fd_release();
	if (r->done)
		r->done(r);
	t[4] = now_ms();
	settled_to(&s, &before, &after);
	come_to_rest(&s, &before, &after);
	res->kept = after.t.used - before.t.used;
	for (i = 0; i < S_NR; i++) {
		res->after[i] = after.cg[i] - before.cg[i];
		res->total_after += res->after[i];
	}
	jit_restore(&was);
	scene_close(&s);
	if (verbose)
		fprintf(stderr, "probe: %s, %s: ms to set up %lld, read %lld, make %lld, read %lld,"
			" release %lld\n", r->type, r->what, t[1] - t[0], t[2] - t[1], t[3] - t[2],
			t[4] - t[3], now_ms() - t[4]);
}

void measure(const struct row *r, struct result *res)
{
	measure_by(r, false, res);
}

void measure_root(const struct row *r, struct result *res)
{
	measure_by(r, true, res);
}
