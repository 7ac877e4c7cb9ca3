// SPDX-License-Identifier: GPL-2.0
/*
 * Kernel pages of a cgroup that is removed: in pipes, of maps that are mapped, stacks
 * and page tables of processes that have left. They are freed, and the maps mapped and
 * unmapped, while they become the parent's.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "stress.h"

enum { PIPES = 2, MAPS = 2, LEFT = 4, PAGES = 16 };

struct made {
	int pipe[PIPES][2], map[MAPS], pid[LEFT];
	char other[128];
};

static void __attribute__((noreturn)) leave(const char *cg)
{
	put(cg, "cgroup.procs", "0");
	for (;;)
		pause();
}

static int make(void *arg)
{
	static char data[PAGES * PAGE];
	struct made *m = arg;
	int i, pid;

	for (i = 0; i < PIPES; i++)
		if (pipe2(m->pipe[i], O_CLOEXEC | O_NONBLOCK) ||
		    write(m->pipe[i][1], data, sizeof(data)) != sizeof(data))
			return -errno;
	for (i = 0; i < MAPS; i++) {
		m->map[i] = map_create(BPF_MAP_TYPE_ARRAY, 4, PAGE, PAGES, BPF_F_MMAPABLE);
		if (m->map[i] < 0)
			return m->map[i];
	}
	for (i = 0; i < LEFT; i++) {
		pid = fork();
		if (!pid)
			leave(m->other);
		if (pid < 0)
			return -errno;
		/* shared with the process that has just been started */
		m->pid[i] = pid;
	}
	return 0;
}

/* a page at a time, so that there are some left when the cgroup goes */
static int act_drain(struct hand *h)
{
	static char page[PAGE];

	sleep_ms(1);
	if (read(h->pipe[0], page, PAGE) == PAGE || errno == EAGAIN)
		return 0;
	return -errno;
}

static int act_map(struct hand *h)
{
	char *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, h->map, 0);
	int i;

	if (at == MAP_FAILED)
		return -errno;
	for (i = 0; i < PAGES; i++)
		at[i * PAGE]++;
	return munmap(at, PAGES * PAGE) ? -errno : 0;
}

static int act_fork(struct hand *h)
{
	int pid = fork();

	if (!pid)
		_exit(0);
	return pid < 0 || waitpid(pid, NULL, 0) != pid ? -errno : 0;
}

static int end_left(const struct made *m, int i)
{
	return kill(m->pid[i], SIGKILL) || waitpid(m->pid[i], NULL, 0) != m->pid[i] ? -errno : 0;
}

static int one_round(struct crew *c, struct scene *s, struct made *m)
{
	int i, removed, err = in_cgroup(s->owner, make, m, sizeof(*m));

	for (i = 0; !err && i < PIPES; i++) {
		c->hand[i].pipe[0] = m->pipe[i][0];
		c->hand[PIPES + i].map = m->map[i];
	}
	if (err)
		return err;
	crew_go(c);
	sleep_ms(5);
	err = end_left(m, 0);
	removed = cg_remove(s->owner);
	s->no_owner = !removed;
	for (i = 1; i < LEFT; i++)
		err = end_left(m, i) ?: err;
	sleep_ms(20);
	crew_stop(c);
	files_release();
	return err ?: removed;
}

void stress_pages(void)
{
	struct crew *c = crew_open();
	int i, rounds = 0, err = 0;
	const char *wrong;
	struct made m;
	long long start;
	struct scene s;
	bool worked;

	/* processes that have left are waited for here */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	scene_begin(&s);
	snprintf(m.other, sizeof(m.other), "%s", s.other);
	for (i = 0; i < PIPES; i++)
		crew_add(c, s.other, i, act_drain);
	for (i = 0; i < MAPS; i++)
		crew_add(c, s.other, i, act_map);
	crew_add(c, s.other, -1, act_fork);
	start = now_ms();
	while (!err && (crew_goes_on(c, start) || !rounds)) {
		if (s.no_owner)
			err = mkdir(s.owner, 0755) ? -errno : 0;
		s.no_owner = err;
		err = err ?: one_round(c, &s, &m);
		rounds++;
	}
	worked = !err && crew_worked(c);
	if (!worked || verbose)
		crew_say(c);
	crew_end(c);
	wrong = all_back(&s);
	stress_ok(worked, wrong, "owners' cgroups are removed while their pages are mapped and "
		  "freed: every charge is back");
	if (err)
		tap_diag("%s", strerror(-err));
	tap_diag("rounds %d", rounds);
}
