// SPDX-License-Identifier: GPL-2.0
/* Measures, on the running kernel, what BPF objects are charged to whom. */
#include "probe.h"

static const struct {
	const char *name;
	void (*run)(void);
	const char *help;
} groups[] = {
	{ "charges", test_charges, "charged is taken, and zero after release" },
	{ "mapping", test_mapping, "mapped and pinned pages" },
	{ "stolen", test_stolen, "pages that a file takes out of a pipe" },
	{ "payer", test_payer, "who pays for an element" },
	{ "pair", test_pair, "who pays for what is asked of another cgroup's object" },
	{ "churn", test_churn, "per-CPU memory taken in softirq while others take and free it" },
	{ "bigfree", test_bigfree, "big elements freed in bulk" },
	{ "jit", test_jit, "programs run with and without JIT, their constants blinded or not" },
	{ "limit", test_limit, "creation and insertion at memory.max" },
	{ "owner", test_owner, "the owner and its cgroup are let go" },
	{ "kept", test_kept, "every allocation that an object keeps is to be charged" },
};

group_fn find_group(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(name, groups[i].name))
			return groups[i].run;
	return NULL;
}

static void usage(FILE *f)
{
	size_t i;

	fputs("probe [-v] [-r TYPE[/WORD]] [-J 0|1] [-H 0|2] [-u] table [PART] | bound | burst BYTES [flood] |\n"
	      "      nomemory | v1 | nobody MODE | mutants LIST FROM TO | tap [GROUP...]\n"
	      "  table   TSV: what is charged to which cgroup; PART: objects, of programs, maps\n"
	      "          and so on, or payers, when another cgroup works with them\n"
	      "  bound   TSV: what maps too large to be made are refused with\n"
	      "  burst   TSV: how many insertions in softirq are refused, with values of that size;\n"
	      "          flood: while no process but the sender can have the CPU\n"
	      "  nomemory  the checks of maps larger than the machine, of 512 MiB\n"
	      "  v1      the checks for cgroup v1, with its memory controller mounted on\n"
	      "          /sys/fs/cgroup/memory\n"
	      "  nobody  the checks where nobody is charged; MODE: nokmem and disabled, for a\n"
	      "          kernel booted with cgroup.memory=nokmem or cgroup_disable=memory, or\n"
	      "          root, for all made in the root cgroup\n"
	      "  mutants which check sees each mutant of LIST (scripts/mutate) in that range of\n"
	      "          numbers; cgroup v1's checks alone where its memory controller is mounted\n"
	      "  tap     the checks, as TAP; all groups unless some are named:\n", f);
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		fprintf(f, "            %-10s%s\n", groups[i].name, groups[i].help);
	fputs("  -v      numbers of every case\n"
	      "  -r      only the cases of this map type, or \"program\", \"link\" …, with WORD in\n"
	      "          the name\n"
	      "  -J, -H  bpf_jit_enable and bpf_jit_harden for the whole run, whatever a row wants\n"
	      "  -u      the kernel moves memory about at all times (debug options): wait for\n"
	      "          the charges alone to come to rest, and show who pays with a sixteenth\n"
	      "          of the elements\n"
	      "As root, on cgroup2 (but for v1) with the memory controller at the root.\n", f);
}

static int number(const char *text, int most)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < 0 || n > most)
		die("%s: a number from 0 to %d is needed", text, most);
	return n;
}

int main(int argc, char **argv)
{
	size_t i;
	int c, k;

	while ((c = getopt(argc, argv, "vr:J:H:uh")) != -1)
		switch (c) {
		case 'v': verbose = true; break;
		case 'r': select_cases(optarg); break;
		case 'J': force_jit = number(optarg, 1); break;
		case 'H': force_harden = number(optarg, 2); break;
		case 'u': unsteady = true; break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	if (optind == argc) {
		usage(stderr);
		return 2;
	}
	if (!strcmp(argv[optind], "table")) {
		const char *part = argv[optind + 1];	/* NULL: all */
		bool objects = !part || !strcmp(part, "objects");
		bool payers = !part || !strcmp(part, "payers");

		if (!objects && !payers)
			die("%s: no such part of the table; objects or payers", part);
		setup();
		table_main(objects, payers);
		return 0;
	}
	if (!strcmp(argv[optind], "bound")) {
		unlimited();
		ncpu = possible_cpus();
		bound_main();
		return 0;
	}
	if (!strcmp(argv[optind], "burst")) {
		bool flood = argc - optind == 3 && !strcmp(argv[optind + 2], "flood");

		if (argc - optind != 2 && !flood)
			die("burst: the size of a value is needed, and perhaps flood");
		unlimited();
		ncpu = possible_cpus();
		loopback_up();
		cg_init();
		burst_main(number(argv[optind + 1], 32768), flood);
		return 0;
	}
	if (!strcmp(argv[optind], "nomemory"))
		return nomemory_main();
	if (!strcmp(argv[optind], "v1")) {
		ncpu = possible_cpus();
		test_v1();
		return tap_end();
	}
	if (!strcmp(argv[optind], "nobody"))
		return nobody_main(argv[optind + 1]);
	if (!strcmp(argv[optind], "mutants")) {
		if (argc - optind != 4)
			die("mutants: a list and two numbers are needed");
		ncpu = possible_cpus();
		if (access("/sys/fs/cgroup/memory", F_OK))
			setup();
		return mutants_main(argv[optind + 1], atoi(argv[optind + 2]), atoi(argv[optind + 3]));
	}
	if (strcmp(argv[optind], "tap"))
		die("%s: unknown; table, bound, burst, nomemory, v1, nobody, mutants or tap is needed", argv[optind]);
	for (k = optind + 1; k < argc; k++)
		if (!find_group(argv[k]))
			die("%s: no such group; probe -h lists them", argv[k]);
	if (unsteady)
		tap_diag("in the groups payer and pair a sixteenth of what the names say is made");
	setup();
	for (i = 0; i < ARRAY_SIZE(groups); i++) {
		for (k = optind + 1; k < argc && strcmp(argv[k], groups[i].name); k++)
			;
		if (k < argc || optind + 1 == argc)
			groups[i].run();
	}
	return tap_end();
}
