// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the checks on a kernel whose accounting has mutants (scripts/mutate): is
 * there a check that fails for each? Before and after it is run with the mutant
 * off, where it must not fail.
 */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include "holders.h"
#include "probe.h"

#define SWITCH "/sys/module/mutant/parameters/number"
#define V1 "/sys/fs/cgroup/memory"
enum { GROUP_LIMIT = 1200, SOME_LIMIT = 180 };	/* seconds: a whole group, a part of one */

struct mutant {
	int number;
	char file[128], line[8], function[64], kind[64];
	char plan[512];			/* GROUP[:TYPE[/WORD]], separated by blanks */
};

static void put_switch(int number)
{
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%d", number);
	err = write_file(SWITCH, text);
	if (err)
		die(SWITCH ": %s; a kernel with mutants is needed", strerror(-err));
}

/* the next warning of the kernel since the last call, or "" */
static const char *splat(void)
{
	static const char *const words[] = { "WARNING:", "BUG:", "Oops", "refcount_t:" };
	static char line[1024], found[128];
	static int fd = -1;
	const char *text;
	ssize_t n;
	size_t i;

	if (fd < 0)
		fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	found[0] = 0;
	while ((n = read(fd, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[n > 0 ? n : 0] = 0;
		text = strchr(line, ';');
		for (i = 0; text && !found[0] && i < ARRAY_SIZE(words); i++)
			if (strstr(text, words[i]))
				snprintf(found, sizeof(found), "%.*s", (int)strcspn(text + 1, "\n"),
					 text + 1);
	}
	return found;
}

/* the checks of an item of the plan; v1 has no part in a run of all groups */
static group_fn item_group(const char *item)
{
	char group[32];

	snprintf(group, sizeof(group), "%.*s", (int)strcspn(item, ":"), item);
	return strcmp(group, "v1") ? find_group(group) : test_v1;
}

/* in a child: them, into out */
static void run_item(const char *item, int out)
{
	const char *colon = strchr(item, ':');

	dup2(out, STDOUT_FILENO);
	/* what it has not open is not copied by fork(2) */
	fd_grow();
	select_cases(colon ? colon + 1 : NULL);
	tap_first_failure();
	item_group(item)();
	exit(tap_end());
}

static bool ended_badly;	/* not by its own will: this process may not be able, either */

/* @out gets the name of the check that failed; false: none did */
static bool fails(const char *item, int *checks, char *out, size_t size)
{
	char line[512], *dash;
	int p[2], status, pid;
	FILE *f;

	if (pipe2(p, O_CLOEXEC))
		die("pipe: %m");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(strchr(item, ':') ? SOME_LIMIT : GROUP_LIMIT);
		run_item(item, p[1]);
	}
	close(p[1]);
	out[0] = 0;
	f = fdopen(p[0], "r");
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		dash = strstr(line, " - ");
		*checks += !strncmp(line, "ok ", 3) || !strncmp(line, "not ok ", 7);
		if (!out[0] && dash && !strncmp(line, "not ok ", 7))
			snprintf(out, size, "%s", dash + 3);
		else if (verbose)
			fprintf(stderr, "%s\n", line);
	}
	fclose(f);
	waitpid(pid, &status, 0);
	if (out[0])
		return true;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return false;
	ended_badly = true;
	snprintf(out, size, WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ?
		 "time limit in %s" : "the checks cannot be made: %s", item);
	/* what it would have put in order itself */
	drop_device();
	drop_cgroups();
	unlink("/sys/fs/bpf/map");
	return true;
}

/*
 * The first of a kind may pay for what stays: nothing counts before the checks
 * have passed once with all mutants off.
 */
static bool passes_off(const char *item, char *out, size_t size)
{
	static char done[64][64];
	int ignored, tries;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(done) - 1 && done[i][0]; i++)
		if (!strcmp(done[i], item))
			return true;
	for (tries = 0; tries < 3; tries++)
		if (!fails(item, &ignored, out, size)) {
			snprintf(done[i], sizeof(done[i]), "%s", item);
			return true;
		}
	return false;
}

enum verdict { KILLED, SURVIVED, SPOILT };

/*
 * SPOILT: what fails does so with the mutant off as well. Maybe the mutant, or
 * one before it, left the kernel in disorder.
 */
static enum verdict run_mutant(const struct mutant *m, int *checks, char *by, size_t size)
{
	char plan[sizeof(m->plan)], again[256], *item, *save = NULL;
	bool v1 = !access(V1, F_OK), failed;
	int ignored;

	splat();
	snprintf(plan, sizeof(plan), "%s", m->plan);
	for (item = strtok_r(plan, " ", &save); item; item = strtok_r(NULL, " ", &save)) {
		if (v1 != !strcmp(item, "v1"))
			continue;
		if (!passes_off(item, by, size))
			return SPOILT;
		put_switch(m->number);
		failed = fails(item, checks, by, size);
		put_switch(0);
		if (ended_badly)
			return KILLED;
		if (failed)
			return fails(item, &ignored, again, sizeof(again)) ? SPOILT : KILLED;
		snprintf(by, size, "%s", splat());
		if (by[0])
			return KILLED;
	}
	return SURVIVED;
}

static int column(char **at, char *to, size_t size)
{
	char *text = strsep(at, "\t\n");

	if (!text || strlen(text) >= size)
		return -EINVAL;
	strcpy(to, text);
	return 0;
}

static bool parse(char *line, struct mutant *m)
{
	char number[8];

	if (column(&line, number, sizeof(number)) || column(&line, m->file, sizeof(m->file)) ||
	    column(&line, m->line, sizeof(m->line)) ||
	    column(&line, m->function, sizeof(m->function)) ||
	    column(&line, m->kind, sizeof(m->kind)) || column(&line, m->plan, sizeof(m->plan)))
		return false;
	m->number = atoi(number);
	return m->number > 0;
}

/* a name that is none would pass for a check that fails */
static void check_plan(const struct mutant *m)
{
	char plan[sizeof(m->plan)], *item, *save = NULL;

	snprintf(plan, sizeof(plan), "%s", m->plan);
	for (item = strtok_r(plan, " ", &save); item; item = strtok_r(NULL, " ", &save))
		if (!item_group(item))
			die("mutant %d: %s: no such group of checks", m->number, item);
}

/* in memory: a process that ends sets the offset of a file that it inherits */
static FILE *open_list(const char *path)
{
	static char text[1 << 18];
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return n ? fmemopen(text, n, "r") : NULL;
}

int mutants_main(const char *list, int from, int to)
{
	char line[1024], by[256];
	FILE *f = open_list(list);
	int n = 0, survived = 0, checks;
	enum verdict v;
	long long start;
	struct mutant m;

	if (!f)
		die("%s: %m", list);
	put_switch(0);
	while (fgets(line, sizeof(line), f)) {
		if (!parse(line, &m))
			die("%s: a line is not number, file, line, function, kind, checks", list);
		check_plan(&m);
		if (m.number < from || m.number > to)
			continue;
		/* who crashes the kernel is known by this line */
		printf("# mutant %d begins\n", m.number);
		fflush(stdout);
		start = now_ms();
		checks = 0;
		v = run_mutant(&m, &checks, by, sizeof(by));
		if (v == SPOILT && n) {
			printf("# mutant %d: needs a fresh kernel: %s\n", m.number, by);
			break;
		}
		survived += v == SURVIVED;
		printf("%sok %d - mutant %d %s:%s %s (%s): ", v == SURVIVED ? "not " : "", ++n,
		       m.number, m.file, m.line, m.function, m.kind);
		if (v == SURVIVED)
			printf("survived %d checks", checks);
		else
			printf("killed by \"%s\"%s", by, v == SPOILT ? ", which fails afterwards, too" : "");
		printf(" in %lld s\n", (now_ms() - start) / 1000);
		fflush(stdout);
		if (v == SPOILT || ended_badly)
			break;
	}
	fclose(f);
	printf("1..%d\n", n);
	fflush(stdout);
	return survived ? 1 : 0;
}
