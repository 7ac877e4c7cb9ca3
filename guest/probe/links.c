// SPDX-License-Identifier: GPL-2.0
/*
 * Links, a row for each kind. A link comes with a file and a dentry, so there
 * are many, and all is compared as a whole. Programs and targets are made
 * beforehand; where targets allocate and free with every link, what is taken
 * says little, and the charge is compared with the sizes of the structures.
 */
#include <linux/btf.h>
#include <linux/if_link.h>
#include "holders.h"

enum { LINKS = 2048 };

static int prog[LINKS];		/* what links are made for */
static const struct bpf_insn zero[] = { MOVI(0, 0), EXIT() },
			     one[] = { MOVI(0, 1), EXIT() };

/* what @n links and their files are in the kernel */
static uint64_t sizes(uint32_t n, const char *link)
{
	const char *const structs[] = { "file", "dentry", link };
	uint64_t sum = 0;
	size_t i;
	int id;

	for (i = 0; i < ARRAY_SIZE(structs); i++) {
		id = vmbtf_find(structs[i], BTF_KIND_STRUCT);
		sum += id < 0 ? 0 : vmbtf_size(id);
	}
	return n * sum;
}

/* programs of one kind */
static int load_for(int n, uint32_t type, uint32_t attach, const struct bpf_insn *p)
{
	union bpf_attr a = { .prog_type = type, .expected_attach_type = attach,
			     .insns = (uint64_t)(unsigned long)p, .insn_cnt = 2 };
	int i;

	for (i = 0; i < n; i++) {
		prog[i] = prog_load_attr(&a);
		if (prog[i] < 0)
			return prog[i];
	}
	return 0;
}

/*
 * A tracepoint takes each program once, and has an array of its programs, which
 * is nobody's. Here are 20 that hardly ever fire.
 */
static const char *const points[] = {
	"xdp_exception", "xdp_bulk_tx", "xdp_redirect", "xdp_redirect_err", "xdp_redirect_map",
	"xdp_redirect_map_err", "xdp_cpumap_kthread", "xdp_cpumap_enqueue", "xdp_devmap_xmit",
	"mem_disconnect", "mem_connect", "mem_return_failed", "oom_score_adj_update",
	"reclaim_retry_zone", "mark_victim", "wake_reaper", "start_task_reaping",
	"finish_task_reaping", "skip_task_reaping", "compact_retry",
};

static int prepare_raw_tp(const struct row *r)
{
	return load_for(r->entries / ARRAY_SIZE(points), BPF_PROG_TYPE_RAW_TRACEPOINT, 0, zero);
}

static int make_raw_tp(const struct row *r, uint64_t *asked)
{
	uint32_t i;
	int fd;

	for (i = 0; i < r->entries; i++) {
		fd = raw_tp_open(points[i % ARRAY_SIZE(points)], prog[i / ARRAY_SIZE(points)]);
		if (fd < 0)
			return fd;
	}
	*asked = sizes(r->entries, "bpf_raw_tp_link");
	return 0;
}

/*
 * Programs at the entry of other programs, which costs less than at functions
 * of the kernel. A target takes 38 or more, and each makes it a new trampoline,
 * which is nobody's.
 */
enum { TARGETS = 8, EACH = 38 };

static int load_target(int btf)
{
	struct bpf_func_info f = { 0, BTF_FUNC };
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			     .insns = (uint64_t)(unsigned long)zero, .insn_cnt = 2,
			     .prog_btf_fd = btf, .func_info_rec_size = sizeof(f),
			     .func_info_cnt = 1, .func_info = (uint64_t)(unsigned long)&f };

	return prog_load_attr(&a);
}

static int prepare_tracing(const struct row *r)
{
	union bpf_attr a = { .prog_type = BPF_PROG_TYPE_TRACING,
			     .expected_attach_type = BPF_TRACE_FENTRY,
			     .insns = (uint64_t)(unsigned long)zero, .insn_cnt = 2,
			     .attach_btf_id = BTF_FUNC };
	int btf = btf_load(4), fd, i;

	for (i = 0; i < TARGETS * EACH; i++) {
		if (i % EACH == 0) {
			fd = load_target(btf);
			if (fd < 0)
				return fd;
			a.attach_prog_fd = fd;
		}
		prog[i] = prog_load_attr(&a);
		if (prog[i] < 0)
			return prog[i];
	}
	return 0;
}

static int make_tracing(const struct row *r, uint64_t *asked)
{
	uint32_t i;
	int fd;

	for (i = 0; i < r->entries; i++) {
		fd = raw_tp_open(NULL, prog[i]);
		if (fd < 0)
			return fd;
	}
	*asked = sizes(r->entries, "bpf_tracing_link");
	return 0;
}

/* what is freed of trampolines, after grace periods of two kinds, is not the next row's */
static void done_tracing(const struct row *r)
{
	struct taken before, now;
	long long end = now_ms() + 5000;

	taken_details(&now);
	do {
		before = now;
		sleep_ms(300);
		taken_details(&now);
	} while (now.jit != before.jit && now_ms() < end);
}

static int prepare_iter(const struct row *r)
{
	prog[0] = prog_load_btf(BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "bpf_iter_bpf_map", zero, 2);
	return prog[0] < 0 ? prog[0] : 0;
}

static int make_iter(const struct row *r, uint64_t *asked)
{
	uint32_t i;
	int fd;

	for (i = 0; i < r->entries; i++) {
		fd = link_iter(prog[0], -1);
		if (fd < 0)
			return fd;
	}
	*asked = sizes(r->entries, "bpf_iter_link");
	return 0;
}

/*
 * Of the others one target takes few or one: a detached link makes room. With
 * it goes what the target has for it.
 */
static int make_detached(const struct row *r, int target, uint32_t type, uint32_t flags)
{
	uint32_t i;
	int fd, err = 0;

	for (i = 0; !err && i < r->entries; i++) {
		fd = link_create(prog[0], target, type, flags);
		err = fd < 0 ? fd : link_detach(fd);
	}
	return err;
}

/* The first and the last one switch code on and off, which takes long: this stays. */
static int stay(int target, uint32_t type)
{
	int fd = link_create(prog[0], target, type, 0);

	return fd < 0 ? fd : 0;
}

static int prepare_cgroup(const struct row *r)
{
	int err = load_for(1, BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS, one) ?:
		  hold_cgroups();

	return err ?: stay(holder[1], BPF_CGROUP_INET_EGRESS);
}

static int make_cgroup(const struct row *r, uint64_t *asked)
{
	*asked = sizes(r->entries, "bpf_cgroup_link");
	return make_detached(r, holder[0], BPF_CGROUP_INET_EGRESS, 0);
}

static void done_cgroup(const struct row *r)
{
	drop_cgroups();
}

static int netns;

static int prepare_netns(const struct row *r)
{
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return -errno;
	return load_for(1, BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, one) ?:
	       stay(netns, BPF_SK_LOOKUP);
}

static int make_netns(const struct row *r, uint64_t *asked)
{
	*asked = sizes(r->entries, "bpf_netns_link");
	return make_detached(r, netns, BPF_SK_LOOKUP, 0);
}

static int prepare_xdp(const struct row *r)
{
	return load_for(1, BPF_PROG_TYPE_XDP, BPF_XDP, one);
}

static int make_xdp(const struct row *r, uint64_t *asked)
{
	*asked = sizes(r->entries, "bpf_xdp_link");
	return make_detached(r, 1, BPF_XDP, XDP_FLAGS_SKB_MODE);
}

/* with the JIT: where it is off by default, programs at other programs are refused */
#define LINK(w, n, m, ...) \
	{ .type = "link", .what = w, .entries = n, .jit = 1, .harden = -1, .make = make_##m, \
	  .prepare = prepare_##m, ##__VA_ARGS__ }
/*
 * Three objects of at most 256 bytes each: many find room in slabs that are
 * there. A link that is not charged is a fifth of it.
 */
#define BY_SIZES .by_asked = true, .within = SMALL_OR_128(15, 20)

const struct row link_rows[] = {
	LINK("800 of raw tracepoints", 800, raw_tp, BY_SIZES),
	LINK("304 of programs at other programs", TARGETS * EACH, tracing, BY_SIZES,
	     .nobodys_percpu = true, .done = done_tracing),
	LINK("2048 of an iterator", LINKS, iter, .within = 8),
	LINK("2048 of a cgroup, detached", LINKS, cgroup, .within = 8, .done = done_cgroup),
	LINK("2048 of a network namespace, detached", LINKS, netns, BY_SIZES),
	LINK("512 of a device, detached", 512, xdp, BY_SIZES),
	{ 0 }
};
