// SPDX-License-Identifier: GPL-2.0
/*
 * Everything at once, for some seconds each: what the kernel says of it is for
 * the harness to see, what is left of it is checked here.
 */
#include "stress.h"

int seconds = 3;

static const struct {
	const char *name;
	void (*run)(void);
	const char *help;
} all[] = {
	{ "removed", stress_removed, "the owner's cgroup is removed while its maps are filled" },
	{ "pages", stress_pages, "the same, while pages of all kinds are mapped and freed" },
	{ "limit", stress_limit, "memory.max is put below the usage and back while maps are filled" },
	{ "freed", stress_freed, "maps and sockets are closed while programs use them" },
	{ "moved", stress_moved, "tasks that fill maps move from cgroup to cgroup" },
	{ "hotplug", stress_hotplug, "a CPU goes and comes while it fills maps" },
	{ "storm", stress_storm, "elements are put in and deleted at full speed" },
	{ "nested", stress_nested, "programs on the accounting, in its path, insert" },
	{ "nmi", stress_nmi, "the same in what counts as NMI; not for lockdep" },
	{ "locks", stress_locks, "programs insert where locks of the scheduler are held: reclaim" },
	{ "lastref", stress_lastref, "the same, as cgroups are removed" },
};

static void usage(FILE *f)
{
	size_t i;

	fputs("stress [-v] [-t SECONDS] [-r WORD] v1 | [STRESS...]\n"
	      "  v1: the one for cgroup v1, with its memory controller mounted on\n"
	      "  /sys/fs/cgroup/memory\n"
	      "  TAP, for each stress, all unless some are named:\n", f);
	for (i = 0; i < ARRAY_SIZE(all); i++)
		fprintf(f, "    %-10s%s\n", all[i].name, all[i].help);
	fputs("  -v  numbers of every case\n"
	      "  -t  how long each case lasts (3)\n"
	      "  -r  only what has WORD in its name, of a stress with several parts\n"
	      "As root, but for v1 on cgroup2 with the memory controller at the root.\n", f);
}

int main(int argc, char **argv)
{
	size_t i;
	int c, k;

	while ((c = getopt(argc, argv, "vt:r:h")) != -1)
		switch (c) {
		case 'v': verbose = true; break;
		case 't': seconds = atoi(optarg); break;
		case 'r': select_cases(optarg); break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	if (seconds <= 0)
		die("-t takes a number of seconds");
	/* KASAN's quarantine is emptied for the charges' sake */
	unsteady = true;
	/* the programs and maps made in the root cgroup do not count */
	unlimited();
	ncpu = possible_cpus();
	loopback_up();
	if (optind < argc && !strcmp(argv[optind], "v1")) {
		stress_v1_setup();
		check_init();
		stress_v1();
		return tap_end();
	}
	cg_init();
	settle_init("/sys/fs/cgroup/probe/drain");
	vmbtf();
	check_init();
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		for (k = optind; k < argc && strcmp(argv[k], all[i].name); k++)
			;
		if (k < argc || optind == argc)
			all[i].run();
	}
	return tap_end();
}
