// SPDX-License-Identifier: GPL-2.0
/*
 * A file system in user space with one file. What is read of it is spliced out of a
 * pipe: FUSE puts the very pages into the page cache if nobody else has them, instead
 * of a copy.
 */
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include "fuse.h"

enum { FILE_NODE = FUSE_ROOT_ID + 1, READ_MOST = 128 << 10, ROOM = READ_MOST + 4096 };

int fuse_mount(struct fuse *f)
{
	char options[96];

	f->dev = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (f->dev < 0)
		return errno == ENOENT ? -ENODEV : -errno;
	if (pipe(f->source) || fcntl(f->source[0], F_SETPIPE_SZ, FUSE_PAGES * PAGE) < 0 ||
	    pipe(f->reply) || fcntl(f->reply[0], F_SETPIPE_SZ, 2 * READ_MOST) < 0)
		return -errno;
	snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0", f->dev);
	if (mkdir("/tmp/fuse", 0755) && errno != EEXIST)
		return -errno;
	return mount("probe", "/tmp/fuse", "fuse", 0, options) ? -errno : 0;
}

/* Without the device nobody waits for an answer, as who closes the file would. */
void fuse_unmount(struct fuse *f)
{
	close(f->dev);
	umount2("/tmp/fuse", MNT_DETACH);
}

static int answer(const struct fuse *f, const struct fuse_in_header *in, int err,
		  const void *data, size_t size)
{
	struct fuse_out_header out = { sizeof(out) + size, err, in->unique };
	struct iovec v[] = { { &out, sizeof(out) }, { (void *)data, size } };

	return writev(f->dev, v, size ? 2 : 1) < 0 ? -errno : 0;
}

static int answer_init(const struct fuse *f, const struct fuse_in_header *in,
		       const struct fuse_init_in *init)
{
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION, .minor = init->minor, .max_readahead = READ_MOST,
		.flags = FUSE_ASYNC_READ, .max_write = PAGE
	};

	return answer(f, in, 0, &out, sizeof(out));
}

static struct fuse_attr attributes(uint64_t node)
{
	struct fuse_attr a = { .ino = node, .nlink = 1, .blksize = PAGE };

	a.mode = node == FILE_NODE ? S_IFREG | 0444 : S_IFDIR | 0755;
	a.size = node == FILE_NODE ? FUSE_PAGES * PAGE : 0;
	return a;
}

/* The pages that come next, behind a head of their own. */
static int answer_read(const struct fuse *f, const struct fuse_in_header *in, size_t size)
{
	struct fuse_out_header out = { sizeof(out) + size, 0, in->unique };
	ssize_t n, moved = 0;

	if (write(f->reply[1], &out, sizeof(out)) != sizeof(out))
		return -errno;
	for (; moved < (ssize_t)size; moved += n) {
		n = splice(f->source[0], NULL, f->reply[1], NULL, size - moved, SPLICE_F_MOVE);
		if (n <= 0)
			return n ? -errno : -ENODATA;
	}
	n = splice(f->reply[0], NULL, f->dev, NULL, out.len, SPLICE_F_MOVE);
	return n == out.len ? 0 : n < 0 ? -errno : -EIO;
}

static int answer_one(const struct fuse *f, const void *request)
{
	const struct fuse_in_header *in = request;
	const struct fuse_read_in *read_in = (const void *)(in + 1);
	struct fuse_entry_out entry = {
		.nodeid = FILE_NODE, .entry_valid = 1000, .attr_valid = 1000,
		.attr = attributes(FILE_NODE)
	};
	struct fuse_attr_out attr = { .attr_valid = 1000, .attr = attributes(in->nodeid) };
	struct fuse_open_out opened = { .open_flags = FOPEN_KEEP_CACHE };

	switch (in->opcode) {
	case FUSE_INIT: return answer_init(f, in, (const void *)(in + 1));
	case FUSE_LOOKUP: return answer(f, in, 0, &entry, sizeof(entry));
	case FUSE_GETATTR: return answer(f, in, 0, &attr, sizeof(attr));
	case FUSE_OPEN: return answer(f, in, 0, &opened, sizeof(opened));
	case FUSE_READ: return answer_read(f, in, read_in->size);
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET: return 0;
	default: return answer(f, in, -ENOSYS, NULL, 0);
	}
}

int fuse_serve(struct fuse *f, const struct actor *a)
{
	static char request[ROOM] __attribute__((aligned(8)));
	struct pollfd p = { f->dev, POLLIN, 0 };
	int err = 0;

	while (!err && !actor_done(a)) {
		if (poll(&p, 1, 20) <= 0)
			continue;
		if (read(f->dev, request, sizeof(request)) < 0)
			err = errno == EINTR || errno == ENOENT ? 0 : -errno;
		else
			err = answer_one(f, request);
	}
	return err;
}
