/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HOLDERS_H
#define HOLDERS_H
#include <netinet/in.h>
#include "probe.h"

/*
 * What maps refer to, or keep storage for. Made in the root cgroup: none of it
 * is charged to anybody. All are files, closed with all others of the case.
 */
enum { HOLDERS = 1024, CGROUPS = 64, XSKS = 32, BOUND = 64 };
extern int holder[HOLDERS];		/* the files made last */

int hold_sockets(void);			/* UDP */
int hold_bound(int n, bool reuseport);	/* UDP, bound, in one group if wanted */
int hold_files(void);
int hold_xsks(void);			/* XSKS AF_XDP sockets */
/*
 * the first n of them in turn: a socket has a list of its entries, which is
 * walked for each entry that goes
 */
int fill_turns(int map, uint32_t entries, int n);
int hold_cgroups(void);			/* CGROUPS of them */
void drop_cgroups(void);
int attach_everywhere(int prog);	/* to each of them, beside others */

/* a device that takes maps and programs */
extern int device;			/* its index */
int hold_device(void);
void drop_device(void);
#endif
