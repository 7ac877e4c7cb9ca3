// SPDX-License-Identifier: GPL-2.0
/*
 * Checks: a file takes charged pages of the kernel out of a pipe, for the page cache,
 * instead of a copy. What write() has put there is not the kernel's any more then: it is
 * uncharged, and charged as the file's to whom it was read in for. A page of a map that
 * vmsplice() has given away is the kernel's, and is not taken but copied; it is uncharged
 * as soon as the pipe has let it go. The same when the cgroup that is charged is removed
 * before.
 *
 * That it is the very pages, and whose they are, /proc/self/pagemap and
 * /proc/kpagecgroup say.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include "fuse.h"

#define BYTES (FUSE_PAGES * PAGE)

/* in the owner: pages of a pipe */
static int fill(void *arg)
{
	static char data[BYTES];
	int *source = arg;

	memset(data, 'x', sizeof(data));
	return write(source[1], data, sizeof(data)) == sizeof(data) ? 0 : -errno ?: -EIO;
}

/* in the owner: pages of a map, which nobody else has once the map is gone */
static int give(void *arg)
{
	int *source = arg, err = 0, fd;
	struct iovec v = { .iov_len = BYTES };
	char value[PAGE];
	uint32_t i;

	fd = map_create(BPF_MAP_TYPE_ARRAY, 4, PAGE, FUSE_PAGES, BPF_F_MMAPABLE);
	if (fd < 0)
		return fd;
	/* not by the mapping, which would leave the pages dirty: FUSE does not take those */
	memset(value, 'x', sizeof(value));
	for (i = 0; !err && i < FUSE_PAGES; i++)
		err = map_update(fd, &i, value);
	v.iov_base = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (!err && v.iov_base == MAP_FAILED)
		err = -errno;
	if (!err && vmsplice(source[1], &v, 1, SPLICE_F_GIFT) != BYTES)
		err = -errno ?: -EIO;
	munmap(v.iov_base, BYTES);
	close(fd);
	return err;
}

/* in the other cgroup, for which the pages are read in */
static int read_file(void *arg)
{
	static char data[BYTES];
	int fd = open(FUSE_FILE, O_RDONLY | O_CLOEXEC);
	size_t n = 0, i;
	ssize_t more;

	if (fd < 0)
		return -errno;
	while (n < BYTES && (more = read(fd, data + n, BYTES - n)) > 0)
		n += more;
	for (i = 0; i < n; i++)
		if (data[i] != 'x')
			return -EILSEQ;
	return n == BYTES ? fd : -EIO;
}

static uint64_t inode(const char *cg)
{
	struct stat st;

	return stat(cg, &st) ? 0 : st.st_ino;
}

/* for each page of the machine, by its number: the inode of the cgroup it is charged to */
static uint64_t *whose_pages(size_t *nr)
{
	int fd = open("/proc/kpagecgroup", O_RDONLY | O_CLOEXEC);
	size_t room = 1 << 20, size = 0;
	char *all = xalloc(room);
	ssize_t n;

	if (fd < 0)
		die("/proc/kpagecgroup: %m; CONFIG_PROC_PAGE_MONITOR is needed");
	while ((n = read(fd, all + size, room - size)) > 0) {
		size += n;
		if (size == room)
			all = realloc(all, room *= 2);
		if (!all)
			die("no memory for whose each page is");
	}
	close(fd);
	*nr = size / sizeof(uint64_t);
	return (uint64_t *)all;
}

/* the numbers of the file's pages */
static int file_pages(int file, uint64_t *pfn)
{
	char *at = mmap(NULL, BYTES, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), i, err = 0;

	if (at == MAP_FAILED || fd < 0)
		return -errno;
	if (pread(fd, pfn, FUSE_PAGES * sizeof(*pfn), (uintptr_t)at / PAGE * sizeof(*pfn)) !=
	    FUSE_PAGES * sizeof(*pfn))
		err = -errno ?: -EIO;
	for (i = 0; i < FUSE_PAGES; i++)
		pfn[i] &= (1ull << 55) - 1;
	munmap(at, BYTES);
	close(fd);
	return err;
}

/* how many of the pages are charged to the cgroup with that inode */
static int charged_pages(const uint64_t *pfn, const uint64_t *whose, size_t nr, uint64_t ino)
{
	int i, n = 0;

	for (i = 0; i < FUSE_PAGES; i++)
		n += pfn[i] < nr && whose[pfn[i]] == ino;
	return n;
}

struct kind {
	const char *what;
	actor_fn put;			/* into the pipe */
	bool copied;			/* not taken */
	bool removed;			/* the owner's cgroup, before the file is read */
};

static const struct kind kinds[] = {
	{ "written into a pipe: the file's, and so the reader's", fill, false, false },
	{ "written into a pipe, its writer's cgroup removed: the file's, and so the reader's",
	  fill, false, true },
	{ "of a map, given away with vmsplice(): copied, and the copy the reader's", give, true, false },
	{ "of a map, given away with vmsplice(), the owner's cgroup removed: copied, and the copy "
	  "the reader's", give, true, true },
};

struct seen {
	int stolen, payer;		/* pages: that were in the pipe, and charged to the reader */
	long long owner, other, left;
};

static int steal(const struct kind *k, struct scene *s, struct fuse *f, struct seen *seen)
{
	uint64_t pfn[FUSE_PAGES], *before, *after, was = inode(s->owner);
	struct actor *reader = actor_start(s->other, -1);
	int file, err, in_owner = k->removed ? S_PARENT : S_OWNER;
	struct reading base, end;
	struct result res;
	size_t nr;

	settled(s, &base);
	err = in_cgroup(s->owner, k->put, f->source, sizeof(f->source));
	rcu_wait();
	before = whose_pages(&nr);
	if (!err && k->removed) {
		err = rmdir(s->owner) ? -errno : 0;
		s->no_owner = !err;
	}
	if (!err) {
		actor_post(reader, read_file, NULL, 0);
		err = fuse_serve(f, reader);
	}
	file = err ? err : actor_wait(reader, NULL, 0);
	actor_end(reader);
	err = file < 0 ? file : file_pages(file, pfn);
	settled(s, &end);
	after = whose_pages(&nr);
	if (!err) {
		delta(&base, &end, &res);
		seen->owner = res.charged[in_owner];
		seen->other = res.charged[S_OTHER];
		seen->stolen = charged_pages(pfn, before, nr, was);
		seen->payer = charged_pages(pfn, after, nr, inode(s->other));
	}
	free(before);
	free(after);
	fuse_unmount(f);
	fd_release();
	settled_to(s, &base, &end);
	delta(&base, &end, &res);
	seen->left = res.total;
	return err;
}

static void test_kind(const struct kind *k)
{
	/* what else is charged is little; the pages themselves have been counted */
	const long long some = BYTES / 2;
	struct seen seen = { 0 };
	struct scene s;
	struct fuse f;
	int err;
	bool ok;

	if (!wanted(NULL, k->what) || tap_enough())
		return;
	scene_open(&s);
	err = fuse_mount(&f) ?: steal(k, &s, &f, &seen);
	/* the page of a copy may have been one of the pipe before, for another part of the file */
	ok = !err && (k->copied || seen.stolen == FUSE_PAGES) && seen.payer == FUSE_PAGES &&
	     seen.left <= 0 && seen.owner < some &&
	     seen.other > some && seen.other < (long long)BYTES + some;
	tap_ok(ok, "pages %s", k->what);
	if (err)
		tap_diag("%s%s", strerror(-err), err == -ENODEV ? "; CONFIG_FUSE_FS=y is needed" : "");
	if (!ok || verbose)
		tap_diag("of %d pages %d are those of the pipe, and %d charged to the reader; owner %lld "
			 "other %lld; left %lld", FUSE_PAGES, seen.stolen, seen.payer, seen.owner, seen.other,
			 seen.left);
	scene_close(&s);
}

void test_stolen(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		test_kind(&kinds[i]);
}
