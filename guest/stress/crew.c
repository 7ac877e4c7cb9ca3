// SPDX-License-Identifier: GPL-2.0
#include <sys/mman.h>
#include "stress.h"

enum { PATIENCE = 20 };		/* times what was asked for */

struct crew *crew_open(void)
{
	struct crew *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (c == MAP_FAILED)
		die("no memory for a crew");
	return c;
}

struct hand *crew_add(struct crew *c, const char *cg, int cpu, act_fn act)
{
	struct hand *h = &c->hand[c->n];

	if (c->n == HANDS)
		die("a crew of more than %d", HANDS);
	h->stop = &c->stop;
	h->act = act;
	h->nr = c->n;
	h->base = c->n << 20;
	c->actor[c->n++] = actor_start(cg, cpu < 0 ? -1 : cpu % ncpu);
	return h;
}

static int toil(void *arg)
{
	struct hand *h = *(struct hand **)arg;
	int err;

	for (; !*h->stop; h->turn++) {
		err = h->act(h);
		if (err) {
			h->failed++;
			h->err = err;
		} else {
			h->done++;
		}
	}
	return 0;
}

void crew_go(struct crew *c)
{
	struct hand *h;
	int i;

	c->stop = false;
	for (i = 0; i < c->n; i++) {
		h = &c->hand[i];
		actor_post(c->actor[i], toil, &h, sizeof(h));
	}
}

void crew_stop(struct crew *c)
{
	int i, err;

	c->stop = true;
	for (i = 0; i < c->n; i++) {
		err = actor_wait(c->actor[i], NULL, 0);
		if (err)
			c->hand[i].err = err;
	}
}

bool crew_worked(const struct crew *c)
{
	int i;

	for (i = 0; i < c->n; i++)
		if (!c->hand[i].done || c->hand[i].err == -EOWNERDEAD)
			return false;
	return true;
}

bool crew_goes_on(const struct crew *c, long long start)
{
	long long ms = now_ms() - start;

	return ms < seconds * 1000 || (!crew_worked(c) && ms < PATIENCE * seconds * 1000);
}

void crew_run(const struct crew *c)
{
	long long start = now_ms();

	while (crew_goes_on(c, start))
		sleep_ms(50);
}

void crew_say(const struct crew *c)
{
	int i;

	for (i = 0; i < c->n; i++)
		tap_diag("hand %d: %llu turns well, %llu not, the last with %s", i,
			 (unsigned long long)c->hand[i].done,
			 (unsigned long long)c->hand[i].failed,
			 c->hand[i].err ? strerror(-c->hand[i].err) : "none");
}

void crew_end(struct crew *c)
{
	int i;

	for (i = 0; i < c->n; i++)
		actor_end(c->actor[i]);
	munmap(c, sizeof(*c));
}
