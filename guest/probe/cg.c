// SPDX-License-Identifier: GPL-2.0
/* The cgroups of a case: parent/owner makes the object, parent/other does not. */
#include <sys/stat.h>
#include "probe.h"

#define ROOT "/sys/fs/cgroup"

bool no_controller;
const char *const scene_names[S_NR] = { "owner", "other", "parent" };

static void enable_memory(const char *cg)
{
	char path[128];
	int err;

	if (no_controller)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", cg);
	err = write_file(path, "+memory");
	if (err)
		die("no memory controller in %s: %s; cgroup2 with memory is needed",
		    cg, strerror(-err));
}

static void make(const char *cg)
{
	if (mkdir(cg, 0755) && errno != EEXIST)
		die("mkdir %s: %m", cg);
}

void cg_init(void)
{
	enable_memory(ROOT);
	make(ROOT "/probe");
	enable_memory(ROOT "/probe");
	make(ROOT "/probe/drain");
	enable_memory(ROOT "/probe/drain");
}

void scene_open(struct scene *s)
{
	static int nr;

	snprintf(s->parent, sizeof(s->parent), ROOT "/probe/%d-%d", getpid(), ++nr);
	snprintf(s->owner, sizeof(s->owner), "%s/owner", s->parent);
	snprintf(s->other, sizeof(s->other), "%s/other", s->parent);
	s->no_owner = false;
	make(s->parent);
	enable_memory(s->parent);
	make(s->owner);
	make(s->other);
}

int cg_drop(const char *cg)
{
	int i;

	/* an ended task may still be on its way out, a long one on a slow machine */
	for (i = 0; i < 2000; i++) {
		if (!rmdir(cg))
			return 0;
		if (errno != EBUSY)
			return -errno;
		sleep_ms(10);
	}
	return -EBUSY;
}

int scene_close(struct scene *s)
{
	int err = cg_drop(s->other);

	if (!s->no_owner)
		err = cg_drop(s->owner) ?: err;
	return cg_drop(s->parent) ?: err;
}

long long cg_current(const char *cg)
{
	char path[128];

	if (no_controller)
		return 0;
	snprintf(path, sizeof(path), "%s/memory.current", cg);
	return read_number(path);
}

void scene_current(const struct scene *s, long long v[S_NR])
{
	v[S_OWNER] = s->no_owner ? 0 : cg_current(s->owner);
	v[S_OTHER] = cg_current(s->other);
	v[S_PARENT] = cg_current(s->parent) - v[S_OWNER] - v[S_OTHER];
}

int cg_join(const char *cg)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cgroup.procs", cg);
	return write_file(path, "0");
}

int cg_fd(const char *cg)
{
	int fd = open(cg, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? -errno : fd;
}

/* An inode number is half of it where these have 32 bits. */
int cg_id(int fd, __u64 *id)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + sizeof(*id)];
	} f = { .h.handle_bytes = sizeof(*id) };
	int mount;

	if (name_to_handle_at(fd, "", &f.h, &mount, AT_EMPTY_PATH))
		return -errno;
	memcpy(id, f.h.f_handle, sizeof(*id));
	return 0;
}

long long cg_field(const char *cg, const char *file, const char *name)
{
	char path[128], word[64];
	long long n, found = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", cg, file);
	f = fopen(path, "re");
	while (f && fscanf(f, "%63s %lld", word, &n) == 2)
		if (!strcmp(word, name))
			found = n;
	if (f)
		fclose(f);
	return found;
}
