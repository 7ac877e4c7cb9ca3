// SPDX-License-Identifier: GPL-2.0
/*
 * Very many objects: does each take as long and as much memory when there are many
 * as when there are few, does anybody have to wait, is all given back?
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "scale.h"

#define OWN		"/sys/fs/cgroup/scale/own"	/* of this process */
#define STEPS		20
#define SLACK		(256 << 10)	/* what the stocks of the CPUs may hold */
#define WAIT_MS		120000
#define MOST_NS		5000000		/* that others may have to wait for the CPU */
/* how much more the last quarter may take than the one after the first, in per cent */
#define RISE		10

const char *const scale_cgroup = "/sys/fs/cgroup/scale";
static bool uncharged;			/* a kernel that charges nobody */

/* in the cgroup that all is made in, and below */
static long long charged(void)
{
	return read_number("/sys/fs/cgroup/scale/memory.current");
}

static void usage(FILE *f)
{
	int i;

	fputs("scale [-u] [KIND...]\n"
	      "  TAP, and in lines that begin with a tab, TSV: kind, what was done, how many\n"
	      "  there are, ns and bytes for each. KIND, all unless some are named:\n", f);
	for (i = 0; i < nr_kinds; i++)
		fprintf(f, "    %-10s%u, %s\n", kinds[i].name, kinds[i].total, kinds[i].what);
	fputs("  -u  the kernel charges nobody: do not look at the memory, nor judge stalls\n"
	      "As root, on cgroup2 with the memory controller at the root.\n", f);
}

/* The file table and what this program writes to are charged, too: now, not later. */
static void grow(void)
{
	const struct rlimit many = { 1 << 17, 1 << 17 };

	if (setrlimit(RLIMIT_NOFILE, &many) || dup2(0, (1 << 17) - 1) < 0)
		die("%d descriptors: %m", 1 << 17);
	close((1 << 17) - 1);
}

static void row(const struct kind *k, const char *done, uint32_t there, long long ns, long long bytes, uint32_t n)
{
	printf("\t%s\t%s\t%u\t%.1f\t", k->name, done, there, (double)ns / n);
	if (uncharged)
		puts("-");
	else
		printf("%.1f\n", (double)bytes / n);
}

static void judge_stall(const struct kind *k, const char *when)
{
	const long long ns = stall_read();

	printf("\t%s\t%s: longest stall\t-\t%lld\t-\n", k->name, when, ns);
	if (!uncharged)
		tap_ok(ns <= MOST_NS, "%s, %s: nobody has to wait for more than %d ms", k->name, when, MOST_NS / 1000000);
}

static bool flat(const double *v)
{
	double few = 0, many = 0;
	int i;

	for (i = 0; i < STEPS / 4; i++) {
		few += v[STEPS / 4 + i];
		many += v[STEPS - STEPS / 4 + i];
	}
	if (many > few * (100 + RISE) / 100)
		tap_diag("%.1f on average when there are few, %.1f when there are many", few * 4 / STEPS, many * 4 / STEPS);
	return many <= few * (100 + RISE) / 100;
}

static long long start, before;

static void make(const struct kind *k)
{
	const int steps = k->make_at_once ? 1 : STEPS;
	const uint32_t n = k->total / steps;
	double cost[STEPS], size[STEPS];
	long long now, was;
	int i, err;

	for (i = 0; i < steps; i++) {
		was = charged();
		start = now_ns();
		err = k->make(i * n, n);
		now = now_ns();
		if (err)
			die("%s: after %u: %s", k->name, i * n, strerror(-err));
		cost[i] = (double)(now - start) / n;
		size[i] = (double)(charged() - was) / n;
		row(k, "made", (i + 1) * n, now - start, charged() - was, n);
	}
	if (k->make_at_once)
		return;
	if (!k->deeper)
		tap_ok(flat(cost), "%s: each takes as long when there are %u", k->name, k->total);
	if (!uncharged)
		tap_ok(flat(size), "%s: each takes as much memory when there are %u", k->name, k->total);
}

static void say_left(void)
{
	char line[128], name[64];
	long long bytes;
	FILE *f = fopen("/sys/fs/cgroup/scale/memory.stat", "r");

	tap_diag("%lld bytes are left, and %lld removed cgroups", charged() - before,
		 cg_field(scale_cgroup, "cgroup.stat", "nr_dying_descendants"));
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lld", name, &bytes) == 2 && bytes > 4096)
			tap_diag("%s: %lld", name, bytes);
	if (f)
		fclose(f);
}

static void drop(const struct kind *k)
{
	const uint32_t n = k->close_at_once ? k->total : k->total / STEPS;
	long long all = now_ns(), was;
	uint32_t left;
	int i, err;

	for (left = k->total; left; left -= n) {
		was = charged();
		start = now_ns();
		err = k->drop(k->total - left, n);
		if (err)
			die("%s: release: %s", k->name, strerror(-err));
		row(k, "closed", left - n, now_ns() - start, was - charged(), n);
	}
	if (uncharged) {
		/* there is nothing to see it by; CPUs that idle make time pass fast */
		sleep_ms(10000);
		return;
	}
	for (i = 0; i < WAIT_MS && charged() > before + SLACK; i++)
		sleep_ms(1);
	row(k, "closed and given back", 0, now_ns() - all, 0, k->total);
	tap_ok(charged() <= before + SLACK, "%s: all is given back, but %lld bytes at the most",
	       k->name, (long long)SLACK);
	if (charged() > before + SLACK)
		say_left();
}

static void run(const struct kind *k)
{
	if (mkdir(scale_cgroup, 0755) || write_file("/sys/fs/cgroup/scale/cgroup.subtree_control", "+memory") ||
	    mkdir(OWN, 0755) || cg_join(OWN))
		die("%s: %m", OWN);
	before = charged();
	make(k);
	judge_stall(k, "made");
	drop(k);
	judge_stall(k, "closed");
	if (cg_join("/sys/fs/cgroup") || rmdir(OWN) || rmdir(scale_cgroup))
		die("%s: cannot remove it: %m", scale_cgroup);
}

int main(int argc, char **argv)
{
	int c, i, k;

	while ((c = getopt(argc, argv, "uh")) != -1)
		switch (c) {
		case 'u': uncharged = true; break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	setlinebuf(stdout);
	unlimited();
	grow();
	stalls_start();
	kinds_init();
	/* until timers are exact */
	sleep_ms(3000);
	stall_read();
	sleep_ms(1000);
	printf("\t-\tnothing: longest stall\t-\t%lld\t-\n", stall_read());
	for (i = optind; i < argc; i++) {
		for (k = 0; k < nr_kinds && strcmp(kinds[k].name, argv[i]); k++)
			;
		if (k == nr_kinds)
			die("no kind %s; scale -h lists them", argv[i]);
	}
	for (k = 0; k < nr_kinds; k++) {
		for (i = optind; i < argc && strcmp(kinds[k].name, argv[i]); i++)
			;
		if (optind == argc || i < argc)
			run(&kinds[k]);
	}
	stalls_stop();
	return tap_end();
}
