// SPDX-License-Identifier: GPL-2.0
/*
 * An actor is a process that lives in a cgroup and does on request what the
 * caller tells it. It shares the table of files, so whatever it makes stays
 * when it ends, but it has a memory of its own: page-level charges go to the
 * cgroup of the memory's owner, which a thread would share with its parent.
 */
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "probe.h"

struct actor {
	int pid;
	volatile int turn;		/* odd: the actor's */
	actor_fn fn;
	int result;
	char arg[ACTOR_ARG] __attribute__((aligned(16)));
};

/*
 * A futex word instead of a pipe: no file that would count or be closed. An
 * actor that was killed is ended here, as at a limit it may be.
 */
static void wait_turn(struct actor *a, int want_odd)
{
	struct timespec t = { .tv_sec = 1 };
	int now, status;

	while (((now = a->turn) & 1) != want_odd) {
		syscall(SYS_futex, &a->turn, FUTEX_WAIT, now, &t, NULL, 0);
		if (!want_odd && a->pid && waitpid(a->pid, &status, WNOHANG) == a->pid) {
			fprintf(stderr, "probe: an actor died, status %#x\n", status);
			a->pid = 0;
			a->result = -EOWNERDEAD;
			a->turn++;
		}
	}
	__sync_synchronize();
}

static void pass_turn(struct actor *a)
{
	__sync_synchronize();
	a->turn++;
	syscall(SYS_futex, &a->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void actor_loop(struct actor *a)
{
	for (;;) {
		wait_turn(a, 1);
		if (!a->fn)
			_exit(0);
		a->result = a->fn(a->arg);
		pass_turn(a);
	}
}

/* a fork that shares the files */
static pid_t fork_with_files(void)
{
	const long flags = CLONE_FILES | SIGCHLD;

#ifdef __s390x__
	/* here the stack comes first */
	return syscall(SYS_clone, 0, flags, 0, 0, 0);
#else
	return syscall(SYS_clone, flags, 0, 0, 0, 0);
#endif
}

struct actor *actor_start(const char *cg, int cpu)
{
	struct actor *a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rlimit none = { 0, 0 };
	cpu_set_t set;
	int err, pid;

	if (a == MAP_FAILED)
		die("no memory for an actor");
	fflush(stdout);
	pid = fork_with_files();
	if (pid < 0)
		die("clone: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		err = cg ? cg_join(cg) : 0;
		if (err)
			die("cannot join %s: %s", cg, strerror(-err));
		/* after joining: a cpuset would undo it */
		if (cpu >= 0) {
			CPU_ZERO(&set);
			CPU_SET(cpu, &set);
			sched_setaffinity(0, sizeof(set), &set);
		}
		/* which is to mean nothing for BPF */
		if (setrlimit(RLIMIT_MEMLOCK, &none))
			die("RLIMIT_MEMLOCK: %m");
		actor_loop(a);
	}
	/* not by the actor, too: a pid of 0 is one that died, and is not called */
	a->pid = pid;
	return a;
}

void actor_post(struct actor *a, actor_fn fn, void *arg, size_t len)
{
	if (len > sizeof(a->arg))
		die("argument of %zu bytes", len);
	if (!a->pid)
		return;
	a->fn = fn;
	if (len)
		memcpy(a->arg, arg, len);
	pass_turn(a);
}

int actor_wait(struct actor *a, void *arg, size_t len)
{
	wait_turn(a, 0);
	if (len)
		memcpy(arg, a->arg, len);
	return a->result;
}

bool actor_done(const struct actor *a)
{
	return !(a->turn & 1);
}

int actor_call(struct actor *a, actor_fn fn, void *arg, size_t len)
{
	actor_post(a, fn, arg, len);
	return actor_wait(a, arg, len);
}

int actor_pid(const struct actor *a)
{
	return a->pid;
}

void actor_end(struct actor *a)
{
	if (a->pid) {
		actor_post(a, NULL, NULL, 0);
		waitpid(a->pid, NULL, 0);
	}
	munmap(a, sizeof(*a));
}

int in_cgroup(const char *cg, actor_fn fn, void *arg, size_t len)
{
	struct actor *a = actor_start(cg, -1);
	int err = actor_call(a, fn, arg, len);

	actor_end(a);
	return err;
}
