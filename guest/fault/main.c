// SPDX-License-Identifier: GPL-2.0
/* Makes the allocations of BPF fail, one at a time, on the running kernel. */
#include "fault.h"

static void usage(FILE *f)
{
	fputs("fault [-v] [-r TYPE[/WORD]] [nth|charge]\n"
	      "  TAP. nth: every allocation in every call that creates, loads, attaches or\n"
	      "  updates fails once; charge: memory.max admits one page more each time, until\n"
	      "  it is enough. Both if none is named.\n"
	      "  -v  times of every case\n"
	      "  -r  only the cases of this type, with WORD in the name\n"
	      "As root, on cgroup2, on a kernel with config/debug/fault.config. What the\n"
	      "console is to show of the kernel's log comes from here.\n", f);
}

static void configure(const char *what, const char *file, const char *value)
{
	char path[96];
	int err;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s", what, file);
	err = write_file(path, value);
	if (err)
		die("%s: %s; config/debug/fault.config is needed", path, strerror(-err));
}

void fail_pages(bool yes)
{
	/* a page has an order of 10 at most */
	configure("fail_page_alloc", "min-order", yes ? "0" : "11");
}

/* all may fail, but for what kmemleak keeps about each object (guest/scenario/fault) */
static void configure_all(void)
{
	static const char *const both[] = { "failslab", "fail_page_alloc" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		configure(both[i], "ignore-gfp-wait", "0");
		configure(both[i], "verbose", "2");
		configure(both[i], "verbose_ratelimit_interval_ms", "0");
		configure(both[i], "times", "-1");
	}
	configure("failslab", "cache-filter", "1");
	configure("fail_page_alloc", "ignore-gfp-highmem", "0");
	fail_pages(true);
}

/* the first program makes the kernel read its own BTF */
static void warm_up(void)
{
	static const struct bpf_insn p[] = { MOVI(0, 0), EXIT() };
	int prog = prog_load(BPF_PROG_TYPE_SOCKET_FILTER, p, ARRAY_SIZE(p));

	if (prog < 0)
		die("no program can be loaded: %s", strerror(-prog));
	close(prog);
}

int main(int argc, char **argv)
{
	bool nth, charge;
	int c;

	while ((c = getopt(argc, argv, "vr:h")) != -1)
		switch (c) {
		case 'v': verbose = true; break;
		case 'r': select_cases(optarg); break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	nth = optind == argc || !strcmp(argv[optind], "nth");
	charge = optind == argc || !strcmp(argv[optind], "charge");
	if (!nth && !charge) {
		usage(stderr);
		return 2;
	}
	unsteady = true;
	/* below the files of the cases, which are closed again and again */
	kmsg_open();
	stage();
	stacks_init();
	warm_up();
	configure_all();
	/* what is freed after a grace period is in the way of the next run */
	if (write_file("/sys/kernel/rcu_expedited", "1"))
		die("rcu_expedited: %m");
	if (nth)
		each_group("", nth_sweep);
	if (charge) {
		trace_open();
		each_group(" at memory.max", charge_sweep);
		trace_close();
	}
	kmsg_relay();
	return tap_end();
}
