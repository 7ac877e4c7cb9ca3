// SPDX-License-Identifier: GPL-2.0
/* All that is made and measured, and what the rows have in common. */
#include "rows.h"

const struct row *const all_rows[] = {
	prog_rows, map_rows, net_rows, storage_rows, link_rows, object_rows, NULL
};

void each_row(row_fn fn)
{
	const struct row *r;
	size_t i;

	for (i = 0; all_rows[i]; i++)
		for (r = all_rows[i]; r->type; r++)
			if (wanted(r->type, r->what) && !tap_enough())
				fn(r);
}

int fill_with(int map, uint32_t n, int value)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < n; i++)
		err = map_update(map, &i, &value);
	return err;
}

int fill_keys(int map, uint32_t n, int value)
{
	char key[512] = { 0 };
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < n; i++) {
		memcpy(key, &i, 4);
		err = map_update(map, key, &value);
	}
	return err;
}

int fill_values(const struct row *r, int fd)
{
	char key[512] = { 0 };
	char *value = xalloc((size_t)r->value * (r->percpu ? ncpu : 1) + 8);
	uint32_t i;
	int err = 0, tries;

	for (i = 0; !err && i < r->entries; i++) {
		memcpy(key, &i, 4);
		/* atomic per-CPU allocation waits for a work item to populate */
		for (tries = 0; tries < 200; tries++) {
			err = map_update(fd, key, value);
			if (err != -ENOMEM || !r->percpu)
				break;
			sleep_ms(1);
		}
	}
	free(value);
	return err;
}
