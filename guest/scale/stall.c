// SPDX-License-Identifier: GPL-2.0
/*
 * How long others wait: a process with realtime priority sleeps for a millisecond,
 * over and over. What it is late by is how long the kernel went on without a place to
 * schedule. On one CPU, without preemptible RCU, no grace period takes longer, either.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "scale.h"

#define PERIOD	1000000LL

static volatile long long *longest;
static pid_t waiter;

long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void wake_up(void)
{
	long long next = now_ns(), late;
	struct timespec t;

	for (;;) {
		next += PERIOD;
		t.tv_sec = next / 1000000000;
		t.tv_nsec = next % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		late = now_ns() - next;
		if (late > *longest)
			*longest = late;
		next = now_ns();
	}
}

void stalls_start(void)
{
	struct sched_param param = { .sched_priority = 50 };

	longest = mmap(NULL, sizeof(*longest), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (longest == MAP_FAILED)
		die("mmap: %m");
	waiter = fork();
	if (waiter < 0)
		die("fork: %m");
	if (waiter)
		return;
	if (sched_setscheduler(0, SCHED_FIFO, &param) || mlockall(MCL_CURRENT))
		die("realtime priority: %m");
	wake_up();
}

long long stall_read(void)
{
	long long ns = *longest;

	*longest = 0;
	return ns;
}

void stalls_stop(void)
{
	kill(waiter, SIGKILL);
	waitpid(waiter, NULL, 0);
}
