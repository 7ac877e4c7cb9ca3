// SPDX-License-Identifier: GPL-2.0
/*
 * Checks for where nobody is charged: everything works, the memory is taken and
 * comes back, and no cgroup moves. What is tried are the rows of the other
 * checks, so that a new map type is tried here as well.
 */
#include <sys/mman.h>
#include "mapping.h"
#include "pair.h"
#include "payer.h"

static bool in_root;

/* what a quiet kernel moves about, per case and per CPU */
static long long noise(void)
{
	return ncpu * 64 * (long long)PAGE;
}

static bool nobody_moved(const struct result *res)
{
	int i;

	for (i = 0; i < S_NR; i++)
		if (res->charged[i] > 4 * (long long)PAGE || res->charged[i] < -4 * (long long)PAGE)
			return false;
	return res->all < noise();
}

static void diag(const struct result *res)
{
	if (res->err)
		tap_diag("%s", strerror(-res->err));
	tap_diag("asked %llu taken %lld kept %lld; owner %lld other %lld parent %lld, all %lld; "
		 "left %lld", (unsigned long long)res->asked, res->taken, res->kept,
		 res->charged[S_OWNER], res->charged[S_OTHER], res->charged[S_PARENT], res->all,
		 res->total_after);
}

static void check_row(const struct row *r)
{
	struct result res;
	bool ok, back;

	if (in_root)
		measure_root(r, &res);
	else
		measure(r, &res);
	if (skip_missing(res.err, r->type, r->what))
		return;
	/*
	 * Of what is small, part finds room in slabs that are there; and of 12 bytes of key and
	 * value a map may keep a pointer, with 32 bits a third.
	 */
	ok = !res.err && nobody_moved(&res) &&
	     res.taken >= (long long)res.asked / (sizeof(void *) == 4 ? 4 : 2);
	tap_ok(ok, "%s, %s: it works, and nobody is charged", r->type, r->what);
	back = !res.err && res.taken > 0 && res.kept <= res.taken / 4 + noise() && !res.total_after;
	tap_ok(back, "%s, %s: the memory comes back", r->type, r->what);
	if (!ok || !back || verbose)
		diag(&res);
	check_fdinfo(r, &res.fdinfo);
}

/* programs run in every context, and insert */
static void check_payers(void)
{
	struct payer_row r;
	struct result res;
	size_t i;
	bool ok;

	for (i = 0; i < nr_payer_rows; i++) {
		r = payer_rows[i];
		/* a map of the root cgroup is nobody's, but the caller of bpf(2) pays */
		if (in_root) {
			if (r.owner != OWNER_THERE || r.pays != S_OWNER)
				continue;
			r.owner = OWNER_ROOT;
		}
		payer_measure(&r, &res);
		/* small per-CPU objects of the root cgroup find room in chunks that are there */
		ok = !res.err && nobody_moved(&res) && !res.total_after &&
		     (r.g->percpu || res.taken >= (long long)res.asked * 9 / 10);
		tap_ok(ok, "%s, %s%s: it works, and nobody is charged", r.g->type,
		       in_root ? "made in the root cgroup, " : "", r.what);
		if (!ok || verbose)
			diag(&res);
	}
}

static void check_pair(const struct pair *p)
{
	struct result res;
	bool ok;

	pair_measure(p, &res);
	if (skip_missing(res.err, p->type, p->what))
		return;
	ok = !res.err && nobody_moved(&res) && !res.total_after;
	tap_ok(ok, "%s, %s: it works, and nobody is charged", p->type, p->what);
	if (!ok || verbose)
		diag(&res);
}

static void check_mapping(void)
{
	static const struct {
		const char *what;
		actor_fn use;
	} kinds[] = {
		{ "an mmapable array", use_array },
		{ "a ringbuf", use_ringbuf },
	};
	struct use u = { 0 };
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		err = in_cgroup(in_root ? NULL : "/sys/fs/cgroup/probe/drain/0", kinds[i].use, &u,
				sizeof(u));
		tap_ok(!err, "%s works through its mapping", kinds[i].what);
		if (err)
			tap_diag("%s after step %d", strerror(-err), u.step);
		fd_release();
	}
}

/*
 * Each mode has a control: that nobody is charged proves nothing where nobody
 * could be, or where another mode was booted.
 */
enum { TOUCHED = 4 << 20 };

static int hold_anonymous(void *arg)
{
	char *m = mmap(NULL, TOUCHED, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return m == MAP_FAILED ? -errno : 0;
}

static void control_nokmem(void)
{
	long long before, now;
	struct scene s;
	struct actor *a;
	int err;

	scene_open(&s);
	before = cg_current(s.owner);
	a = actor_start(s.owner, -1);
	err = actor_call(a, hold_anonymous, NULL, 0);
	now = cg_current(s.owner);
	actor_end(a);
	scene_close(&s);
	tap_ok(!err && now - before >= TOUCHED,
	       "user memory is charged to the cgroup that takes it, so a charge would be seen");
	tap_diag("%lld of %d bytes", now - before, TOUCHED);
}

static void control_disabled(void)
{
	char text[256] = "";
	int fd = open("/sys/fs/cgroup/cgroup.controllers", O_RDONLY | O_CLOEXEC);
	bool read_it = fd >= 0 && read(fd, text, sizeof(text) - 1) > 0;
	bool counted = !access("/sys/fs/cgroup/probe/memory.current", F_OK);

	tap_ok(read_it && !strstr(text, "memory") && strstr(text, "pids") && !counted,
	       "there is no memory controller, and other controllers are");
	tap_diag("controllers: %s", text);
}

static void control_root(void)
{
	static const struct row array = { "", "", BPF_MAP_TYPE_ARRAY, 4, 4096, 1024,
					  .jit = -1, .harden = -1 };
	struct result res;

	measure(&array, &res);
	tap_ok(!res.err && res.charged[S_OWNER] >= (long long)res.asked &&
	       res.all >= (long long)res.asked - noise(),
	       "a map made in another cgroup is charged, so a charge would be seen");
	tap_diag("asked %llu, charged %lld, all cgroups %lld", (unsigned long long)res.asked,
		 res.charged[S_OWNER], res.all);
}

int nobody_main(const char *mode)
{
	static const struct {
		const char *name;
		void (*control)(void);
	} modes[] = {
		{ "nokmem", control_nokmem },
		{ "disabled", control_disabled },
		{ "root", control_root },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (mode && !strcmp(mode, modes[i].name))
			break;
	if (i == ARRAY_SIZE(modes))
		die("%s: no such mode; nokmem, disabled or root is needed", mode ?: "nothing");
	in_root = !strcmp(mode, "root");
	no_controller = !strcmp(mode, "disabled");
	setup();
	modes[i].control();
	test_types();
	each_row(check_row);
	check_payers();
	if (!in_root)
		each_pair(check_pair);
	check_mapping();
	return tap_end();
}
