// SPDX-License-Identifier: GPL-2.0
/* Maps and programs of one cgroup that another one adds to by bpf(2). */
#include "holders.h"
#include "pair.h"
#include "rows.h"

/* sizes of struct bpf_event_entry and bpf_prog_list, all of it pointers */
enum { SLOTS = 65536, ENTRY = 5 * sizeof(void *), PROG_LIST = 6 * sizeof(void *) };

static int perf_first(void *arg)
{
	struct pair_job *j = arg;
	int fd = map_create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, SLOTS, 0);

	j->fd[0] = fd;
	return fd < 0 ? fd : 0;
}

/* one event in all slots: an entry for each */
static int perf_second(void *arg)
{
	struct pair_job *j = arg;
	int ev = output_event();

	j->asked = fewer(SLOTS) * ENTRY;
	return ev < 0 ? ev : fill_with(j->fd[0], fewer(SLOTS), ev);
}

enum { INNER = 16, INNER_ENTRIES = 64 };

static int inner_map(void)
{
	return map_create(BPF_MAP_TYPE_ARRAY, 4, PAGE, INNER_ENTRIES, 0);
}

static int outer_first(void *arg)
{
	struct pair_job *j = arg;
	int inner = inner_map();

	if (inner < 0)
		return inner;
	j->fd[0] = map_create_inner(BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, INNER, 0, inner);
	close(inner);
	return j->fd[0] < 0 ? j->fd[0] : 0;
}

/* only the outer map keeps the inner ones */
static int outer_second(void *arg)
{
	struct pair_job *j = arg;
	int fd, err = 0;
	uint32_t i;

	for (i = 0; !err && i < INNER; i++) {
		fd = inner_map();
		if (fd < 0)
			return fd;
		err = map_update(j->fd[0], &i, &fd);
		close(fd);
		j->asked += INNER_ENTRIES * PAGE;
	}
	return err;
}

enum { MAPS = 1040, PROGS = 32 };
static int bound[MAPS];

static int bind_prepare(void)
{
	return small_maps(bound, MAPS);
}

static int bind_first(void *arg)
{
	struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	struct pair_job *j = arg;
	int i;

	for (i = 0; i < fewer(PROGS); i++) {
		j->fd[i] = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, 2);
		if (j->fd[i] < 0)
			return j->fd[i];
	}
	return 0;
}

/* every map more replaces the array of maps by a longer one */
static int bind_second(void *arg)
{
	struct pair_job *j = arg;
	int i, k, err;

	for (i = 0; i < fewer(PROGS); i++)
		for (k = 0; k < MAPS; k++) {
			err = prog_bind_map(j->fd[i], bound[k]);
			if (err)
				return err;
			j->asked += 8;
		}
	return 0;
}

enum { ARRAYS = 64, CALLERS = 256 };

static int poke_first(void *arg)
{
	struct pair_job *j = arg;
	int i;

	for (i = 0; i < ARRAYS; i++) {
		j->fd[i] = map_create(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, 0);
		if (j->fd[i] < 0)
			return j->fd[i];
	}
	return 0;
}

/*
 * An element for each pair of program and array. With as many arrays as a
 * program may use the elements are a good part of what a program takes.
 */
static int poke_second(void *arg)
{
	enum { EACH = 5, N = 1 + ARRAYS * EACH + 2 };
	struct pair_job *j = arg;
	struct bpf_insn p[N];
	int i, fd;

	p[0] = MOV(6, 1);
	for (i = 0; i < ARRAYS; i++) {
		struct bpf_insn one[EACH] = { MOV(1, 6), LDMAP(2, j->fd[i]), MOVI(3, 0),
					      CALL(BPF_FUNC_tail_call) };

		memcpy(p + 1 + i * EACH, one, sizeof(one));
	}
	p[N - 2] = MOVI(0, 0);
	p[N - 1] = EXIT();
	for (i = 0; i < fewer(CALLERS); i++) {
		fd = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, N);
		if (fd < 0)
			return fd;
		j->asked += sizeof(p);
	}
	return 0;
}

enum { ATTACHED = 32 };

static int attach_first(void *arg)
{
	struct bpf_insn p[] = { MOVI(0, 1), EXIT() };
	struct pair_job *j = arg;
	int i;

	for (i = 0; i < fewer(ATTACHED); i++) {
		j->fd[i] = prog_load(BPF_PROG_TYPE_CGROUP_SKB, p, 2);
		if (j->fd[i] < 0)
			return j->fd[i];
	}
	return 0;
}

/* the cgroup keeps a note of each; its array of programs is nobody's */
static int attach_second(void *arg)
{
	struct pair_job *j = arg;
	int i, err = 0;

	for (i = 0; !err && i < fewer(ATTACHED); i++)
		err = attach_everywhere(j->fd[i]);
	j->asked = fewer(ATTACHED) * CGROUPS * PROG_LIST;
	return err;
}

const struct pair pairs_bpf[] = {
	{ "perf_event_array", "all entries set with bpf(2) from another cgroup",
	  .small = true, .first = perf_first, .second = perf_second },
	{ "array_of_maps", "inner maps made and put in by another cgroup, then closed",
	  .first = outer_first, .second = outer_second },
	{ "program", "maps bound with bpf(2) from another cgroup",
	  .prepare = bind_prepare, .first = bind_first, .second = bind_second },
	{ "prog_array", "tail calls through 64 arrays in each of 256 programs loaded by another "
	  "cgroup", .first = poke_first, .second = poke_second, .whole = true },
	{ "program", "32 of them attached to 64 cgroups by another cgroup", .prepare = hold_cgroups,
	  .small = true, .first = attach_first, .second = attach_second, .done = drop_cgroups },
	{ 0 }
};
