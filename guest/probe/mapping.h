/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MAPPING_H
#define MAPPING_H
#include "probe.h"

enum { PINNED = 16, PIN_FD = 3000 };	/* pages; the pipe's files, out of the way */

struct use {
	bool pin;
	int step;	/* how far it came */
};
int use_array(void *arg);
int use_ringbuf(void *arg);
void mapping_pipe(void);	/* to pin pages in */
#endif
