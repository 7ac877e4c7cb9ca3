// SPDX-License-Identifier: GPL-2.0
/*
 * Programs on functions of the accounting insert into a map and delete from it:
 * each charge and uncharge may have another one in its midst. Of the types that
 * allocate, the LPM trie has a lock that nothing below charges for takes.
 */
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "stress.h"

static const char *const points[] = {
	"refill_stock", "drain_stock", "refill_obj_stock", "drain_obj_stock",
	"obj_cgroup_charge", "obj_cgroup_uncharge", "try_charge",
	"__memcg_kmem_charge", "__memcg_kmem_uncharge",
	"__memcg_kmem_charge_page", "__memcg_kmem_uncharge_page",
	"page_counter_try_charge", "page_counter_charge", "page_counter_uncharge",
	"page_counter_cancel", "propagate_protected_usage", "cgroup_rstat_updated",
	"__mod_memcg_state", "__mod_memcg_lruvec_state", "get_obj_cgroup_from_current",
	"get_mem_cgroup_from_objcg", "memcg_check_events",
};

/* charges of all kinds: vmalloc areas, slabs, pipe buffers, pages of the process */
static int act_charge(struct hand *h)
{
	int fd, err;

	if (!h->page) {
		h->page = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (h->page == MAP_FAILED || pipe2(h->pipe, O_CLOEXEC))
			return -ENOMEM;
	}
	fd = map_create(BPF_MAP_TYPE_ARRAY, 4, PAGE, 40, 0);
	if (fd < 0)
		return fd;
	err = element_put(h->e, h->map, 0, h->sock) ?: element_drop(h->e, h->map, 0, h->sock);
	fcntl(h->pipe[1], F_SETPIPE_SZ, (h->turn & 1 ? 32 : 64) * PAGE);
	memset(h->page, 1, 16 * PAGE);
	madvise(h->page, 16 * PAGE, MADV_DONTNEED);
	close(fd);
	/* the stock is to change hands */
	sched_yield();
	return err;
}

/*
 * In the midst of the function, where there is no call of ftrace to make use of:
 * by an instruction that traps, which on x86 counts as an NMI.
 */
static int break_open(const char *func, int prog)
{
	struct perf_event_attr a = { .size = sizeof(a), .sample_period = 1, .wakeup_events = 1 };
	int fd = -1;

	a.type = read_number("/sys/bus/event_source/devices/kprobe/type");
	a.kprobe_func = (uint64_t)(unsigned long)func;
	/* the first place behind the entry where an instruction begins */
	for (a.probe_offset = 6; fd < 0 && a.probe_offset < 64; a.probe_offset++)
		fd = syscall(SYS_perf_event_open, &a, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, prog) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return fd;
}

static int attach(const struct inserter *in, const char *owner, const char *func, bool nmi)
{
	int map = element_map(&lpm, owner), prog;

	if (map < 0)
		return map;
	prog = inserter_load(in, &lpm, map, 32, nmi ? BPF_PROG_TYPE_KPROBE : BPF_PROG_TYPE_TRACING,
			     nmi ? NULL : func);
	if (prog < 0)
		return prog;
	return nmi ? break_open(func, prog) : raw_tp_open(NULL, prog);
}

static void run(bool nmi, const char *what)
{
	struct crew *c = crew_open();
	const char *wrong;
	struct inserter in;
	struct tally sum;
	struct target to;
	struct hand *h;
	struct scene s;
	int i, links = 0, err;
	bool worked;

	scene_begin(&s);
	inserter_open(&in);
	for (i = 0; i < (int)ARRAY_SIZE(points); i++) {
		if (!wanted(NULL, points[i]))
			continue;
		err = attach(&in, s.owner, points[i], nmi);
		links += err >= 0;
		if (err < 0)
			tap_diag("no program at %s: %s", points[i], strerror(-err));
	}
	for (i = 0; i < 4; i++) {
		h = crew_add(c, i & 1 ? s.other : s.owner, i / 2, act_charge);
		h->e = i & 1 ? &sk_storage : &sk_storage_big;
		h->map = element_map(h->e, i & 1 ? s.other : s.owner);
		target_open(&to);
		h->sock = to.sock;
	}
	*in.go = 1;
	crew_go(c);
	crew_run(c);
	crew_stop(c);
	*in.go = 0;
	inserter_sum(&in, &sum);
	worked = crew_worked(c) && links && sum.done;
	if (!worked || verbose)
		crew_say(c);
	crew_end(c);
	munmap((void *)in.go, PAGE);
	files_release();
	wrong = all_back(&s);
	stress_ok(worked, wrong, "%s %d functions of the accounting insert: every charge is back",
		  what, links);
	tap_diag("insertions %llu, failed %llu, programs that found one at work %llu",
		 (unsigned long long)sum.done, (unsigned long long)sum.failed,
		 (unsigned long long)sum.skipped);
}

void stress_nested(void)
{
	run(false, "programs at the entry of");
}

/* lockdep takes no lock in NMI: for a kernel without it */
void stress_nmi(void)
{
	put("/proc/sys/debug", "kprobes-optimization", "0");
	run(true, "programs at breakpoints, which count as NMI, in");
}
