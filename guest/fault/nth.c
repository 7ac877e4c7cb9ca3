// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: every single allocation in the calls of a case fails once. The call
 * then fails with ENOMEM, or does without; it leaves nothing; and works as soon
 * as no allocation fails.
 */
#include <sys/mman.h>
#include <sys/syscall.h>
#include "fault.h"

enum { MOST = 4000, MISSES = 3, SLABS_ALONE = 2, KINDS = 4 };

struct sweep {
	const struct fault_case *c;
	int faults, refused;		/* refused: with ENOMEM */
	int other, other_at;		/* first other error, and where */
	int last;			/* without a fault */
	bool ended, stackless;
	char stack[STACK];		/* of the other error */
};

/* how many maps, programs, BTF objects and links there are */
static void objects(int n[KINDS])
{
	static const int next[KINDS] = {
		BPF_MAP_GET_NEXT_ID, BPF_PROG_GET_NEXT_ID, BPF_BTF_GET_NEXT_ID,
		BPF_LINK_GET_NEXT_ID,
	};
	int i;

	for (i = 0; i < KINDS; i++) {
		union bpf_attr a = { 0 };

		for (n[i] = 0; !sys_bpf(next[i], &a, sizeof(a)); n[i]++)
			a.start_id = a.next_id;
	}
}

/* the kind of which there are more, after all that is freed later has been; -1: none */
static int more_objects(const int before[KINDS])
{
	long long end = now_ms() + 20000;
	int now[KINDS], i;

	for (;;) {
		objects(now);
		for (i = 0; i < KINDS && now[i] <= before[i]; i++)
			;
		if (i == KINDS)
			return -1;
		if (now_ms() > end)
			return i;
		sleep_ms(50);
	}
}

/* was there such an allocation? */
static bool one_run(struct sweep *s, unsigned int nth, int low)
{
	char stack[STACK] = "";
	bool hit;
	int err;

	arm(nth);
	err = case_run(s->c);
	hit = arm_hit();
	arm(0);
	if (!err)
		case_undo(s->c);
	syscall(SYS_close_range, low, ~0u, 0);
	s->last = err;
	if (!hit)
		return false;
	s->faults++;
	if (kmsg_stack(stack))
		stacks_add("fault", stack);
	else
		s->stackless = true;
	if (err == -ENOMEM) {
		s->refused++;
	} else if (err && err != s->c->excused && !s->other) {
		s->other = err;
		s->other_at = nth;
		strcpy(s->stack, stack);
	}
	return true;
}

/* from the first to the last; a run may have some more than the next */
static bool all_fail(struct sweep *s, int low)
{
	unsigned int nth = 0;
	int missed = 0;

	while (nth < MOST && missed < MISSES)
		missed = one_run(s, ++nth, low) ? 0 : missed + 1;
	return missed == MISSES;
}

static int sweep(void *arg)
{
	struct sweep *s = *(struct sweep **)arg;
	int low, again;

	arm_init();
	low = dup(0);
	s->ended = all_fail(s, low);
	/*
	 * Now and then a slab needs a page, or the vector of who is charged for its
	 * objects, one allocation more in that run, and what comes behind has another
	 * number: it may be left out. So again without pages, when runs are more alike.
	 */
	fail_pages(false);
	for (again = 0; again < SLABS_ALONE; again++)
		s->ended &= all_fail(s, low);
	fail_pages(true);
	/* none fails */
	one_run(s, 0, low);
	return 0;
}

void nth_sweep(const struct fault_case *c)
{
	static const char *const kinds[KINDS] = { "map", "program", "BTF object", "link" };
	struct sweep *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int before[KINDS], more, err;
	long long start = now_ms();
	struct jit_was was;
	bool ok;

	if (s == MAP_FAILED)
		die("no memory");
	s->c = c;
	jit_set(c->jit, c->harden, &was);
	objects(before);
	err = case_prepare(c);
	err = err ?: in_cgroup(scene.owner, sweep, &s, sizeof(s));
	kmsg_relay();
	stacks_print(c->what);
	fd_release();
	case_done(c);
	jit_restore(&was);
	more = more_objects(before);
	ok = !err && s->ended && s->faults && !s->other && !s->last && !s->stackless && more < 0;
	tap_ok(ok, "%s, %s: %d allocations fail, one at a time: %d times ENOMEM, nothing is left",
	       c->type, c->what, s->faults, s->refused);
	if (err)
		tap_diag("error %d before the first fault", err);
	if (s->other)
		tap_diag("fault %d: error %d, %s", s->other_at, s->other, s->stack);
	if (!err && !s->ended)
		tap_diag("no end after %d faults", s->faults);
	if (s->last)
		tap_diag("without a fault: error %d", s->last);
	if (s->stackless)
		tap_diag("the kernel logged no stack of a fault");
	if (more >= 0)
		tap_diag("a %s is left", kinds[more]);
	if (verbose)
		tap_diag("%lld ms", now_ms() - start);
	munmap(s, sizeof(*s));
}
