/* SPDX-License-Identifier: GPL-2.0 */
#ifndef STORAGE_H
#define STORAGE_H
#include "probe.h"

/* a program with cgroup storage of this type, whose map is put into *map */
int cgroup_storage_prog(uint32_t type, uint32_t value, int *map);
/* a new value of so many bytes in each of CGROUPS cgroups, in @n maps of such programs */
int cgroup_storage_replace(const int *maps, int n, uint32_t value);
#endif
