/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ROWS_H
#define ROWS_H
#include "probe.h"

#define ROW(t, n, w, k, v, e, ...) \
	{ .type = n, .what = w, .map = BPF_MAP_TYPE_##t, .key = k, .value = v, .entries = e, \
	  .jit = -1, .harden = -1, ##__VA_ARGS__ }
#define NOPRE BPF_F_NO_PREALLOC

/* the same fd, or index, in the first n entries */
int fill_with(int map, uint32_t n, int value);
/* the same under long keys; the key starts with a number */
int fill_keys(int map, uint32_t n, int value);
/* every entry, with values of the row's size */
int fill_values(const struct row *r, int map);
#endif
