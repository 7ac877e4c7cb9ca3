// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: memory.max admits a page more each time, until the case fits. Before,
 * it fails with ENOMEM, at every charge in turn.
 *
 * The OOM killer is for whom memory of another kind is allocated, files for one,
 * and the case's process is exempt from it. Its stacks say whether it was called
 * for an allocation of BPF, which scripts/fault-points does not allow.
 */
#include <malloc.h>
#include <sys/syscall.h>
#include "fault.h"

/*
 * MOST pages. What is freed late, or reclaimed at the limit, makes room for more
 * than was admitted: the case is to fit more than once.
 */
enum { MOST = 8192, FITS = 3 };

/* in the case's process */
struct job {
	const struct fault_case *c;
	int low;			/* files from here on are the run's */
};

static void put_max(long long bytes)
{
	char path[128], text[32] = "max";
	int err;

	if (bytes >= 0)
		snprintf(text, sizeof(text), "%lld", bytes);
	snprintf(path, sizeof(path), "%s/memory.max", scene.owner);
	err = write_file(path, text);
	if (err)
		die("%s: %s", path, strerror(-err));
}

static int begin(void *arg)
{
	struct job *j = arg;

	if (write_file("/proc/self/oom_score_adj", "-1000"))
		die("oom_score_adj: %m");
	/* memory that the process has after the first run it keeps */
	mallopt(M_MMAP_THRESHOLD, 64 << 20);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	j->low = dup(0);
	return 0;
}

static int run(void *arg)
{
	return case_run(((struct job *)arg)->c);
}

static int drop(void *arg)
{
	syscall(SYS_close_range, ((struct job *)arg)->low, ~0u, 0);
	return 0;
}

static int undo(void *arg)
{
	case_undo(((struct job *)arg)->c);
	return drop(arg);
}

/*
 * All that the last run has freed is free, or its charges make room for the next:
 * works and callbacks have had time, and three readings agree.
 */
static long long quiet(void)
{
	long long last = -1, now;
	int same = 0, i;

	for (i = 0; i < 40 && same < 2; i++) {
		rcu_wait();
		sleep_ms(20);
		drain();
		now = cg_current(scene.owner);
		same = now == last ? same + 1 : 0;
		last = now;
	}
	return last;
}

struct outcome {
	int refused, pages;		/* pages: how many were enough */
	int other, other_at;
	int fits;
};

static void sweep(struct actor *a, struct job *j, struct outcome *o)
{
	char stack[STACK];
	long long bytes;
	int err, i;

	actor_call(a, begin, j, sizeof(*j));
	/* pages of its own for all that it writes to */
	for (i = 0; i < 2; i++) {
		err = actor_call(a, run, j, sizeof(*j));
		actor_call(a, err ? drop : undo, j, sizeof(*j));
	}
	while (o->pages < MOST && o->fits < FITS) {
		bytes = quiet() + o->pages * (long long)PAGE;
		trace_clear();
		put_max(bytes);
		err = actor_call(a, run, j, sizeof(*j));
		if (err == -ENOMEM && trace_stack(stack))
			stacks_add("charge", stack);
		put_max(-1);
		actor_call(a, err ? drop : undo, j, sizeof(*j));
		kmsg_relay();
		if (!err) {
			o->fits++;
			continue;
		}
		if (err == -ENOMEM) {
			o->refused++;
		} else if (err != j->c->excused && !o->other) {
			o->other = err;
			o->other_at = o->pages;
		}
		o->pages += o->pages / 8 ?: 1;
	}
}

void charge_sweep(const struct fault_case *c)
{
	struct job j = { .c = c };
	struct outcome o = { 0 };
	long long start = now_ms();
	struct jit_was was;
	struct actor *a;
	int err;

	jit_set(c->jit, c->harden, &was);
	err = case_prepare(c);
	if (!err) {
		a = actor_start(scene.owner, 1 % ncpu);
		sweep(a, &j, &o);
		actor_end(a);
		stacks_print(c->what);
	}
	fd_release();
	case_done(c);
	jit_restore(&was);
	/* a link may fit into what is left of a page that is charged */
	tap_ok(!err && o.fits && (o.refused || !o.pages) && !o.other && !cg_field(scene.owner, "memory.events", "oom_kill"),
	       "%s, %s at memory.max: %d times ENOMEM, then %d pages are enough; nobody killed",
	       c->type, c->what, o.refused, o.pages);
	if (err)
		tap_diag("error %d", err);
	if (o.other)
		tap_diag("with %d pages: error %d", o.other_at, o.other);
	if (!err && !o.fits)
		tap_diag("%d pages are not enough", o.pages);
	if (verbose)
		tap_diag("%lld ms", now_ms() - start);
}
