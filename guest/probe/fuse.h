/* SPDX-License-Identifier: GPL-2.0 */
#ifndef FUSE_H
#define FUSE_H
#include "probe.h"

/* fuse.c: a file system with one file, whose pages are taken out of a pipe as they are */
enum { FUSE_PAGES = 64 };
#define FUSE_FILE "/tmp/fuse/file"

struct fuse {
	int dev;
	int source[2];		/* the pipe: FUSE_PAGES whole pages, to be filled */
	int reply[2];
};

/* 0, or -errno; -ENODEV: the kernel has no FUSE */
int fuse_mount(struct fuse *f);
/* answers what @a asks for until it is done */
int fuse_serve(struct fuse *f, const struct actor *a);
void fuse_unmount(struct fuse *f);
#endif
