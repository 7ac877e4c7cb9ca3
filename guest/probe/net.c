// SPDX-License-Identifier: GPL-2.0
/* The map types of the network, a row each. */
#include "holders.h"
#include "rows.h"

static int fill_lo(const struct row *r, int fd)
{
	return fill_with(fd, r->entries, 1);
}

/* a queue of 16384 packets, of pointers, for every CPU; its thread takes much else */
static int make_cpumap(const struct row *r, uint64_t *asked)
{
	int i, fd, err;

	for (i = 0; i < r->copies; i++) {
		fd = map_create(r->map, 4, 4, ncpu, 0);
		if (fd < 0)
			return fd;
		err = fill_with(fd, ncpu, r->value);
		if (err)
			return err;
		*asked += (uint64_t)sizeof(void *) * r->value * ncpu;
	}
	return 0;
}

static int prepare_xsk(const struct row *r)
{
	return hold_xsks();
}

static int fill_xsk(const struct row *r, int fd)
{
	return fill_turns(fd, r->entries, XSKS);
}

static int prepare_bound(const struct row *r)
{
	return hold_bound(BOUND, false);
}

static int fill_sockmap(const struct row *r, int fd)
{
	return fill_turns(fd, r->entries, BOUND);
}

static int fill_sockhash(const struct row *r, int fd)
{
	return fill_keys(fd, r->entries, holder[0]);
}

enum { GROUP = 64 };

static int prepare_group(const struct row *r)
{
	return hold_bound(GROUP, true);
}

static int fill_group(const struct row *r, int fd)
{
	uint32_t i;
	uint64_t sk;
	int err = 0;

	for (i = 0; !err && i < GROUP && i < r->entries; i++) {
		sk = holder[i];
		err = map_update(fd, &i, &sk);
	}
	return err;
}

const struct row net_rows[] = {
	ROW(DEVMAP, "devmap", "created", 4, 4, 2 << 20),
	/*
	 * 42 entries to a slab of a page, and their list of payers in 512 bytes:
	 * a twentieth is the slab allocator's, and readings differ by a hundredth.
	 */
	ROW(DEVMAP, "devmap", "created, all entries set", 4, 4, 65536, .within = 7,
	    .fill = fill_lo),
	ROW(DEVMAP_HASH, "devmap_hash", "created", 4, 4, 2 << 20),
	ROW(DEVMAP_HASH, "devmap_hash", "created, all entries set", 4, 4, 65536, .within = 7,
	    .fill = fill_lo),
	ROW(CPUMAP, "cpumap", "created, all CPUs set", 4, 16384, 0, .copies = 16,
	    .by_asked = true, .within = 3, .make = make_cpumap),
	ROW(XSKMAP, "xskmap", "created", 4, 4, 2 << 20),
	ROW(XSKMAP, "xskmap", "created, all entries set", 4, 4, 65536,
	    .prepare = prepare_xsk, .fill = fill_xsk),
	ROW(SOCKMAP, "sockmap", "created", 4, 4, 2 << 20),
	/* the psocks of the sockets, a fiftieth, are charged to nobody */
	ROW(SOCKMAP, "sockmap", "created, all entries set", 4, 4, 65536, .within = 4,
	    .prepare = prepare_bound, .fill = fill_sockmap),
	ROW(SOCKHASH, "sockhash", "created", 4, 4, 1 << 20),
	ROW(SOCKHASH, "sockhash", "created, all entries set", 456, 4, 16384,
	    .prepare = prepare_bound, .fill = fill_sockhash),
	ROW(REUSEPORT_SOCKARRAY, "reuseport_sockarray", "created, 64 entries set", 4, 8, 2 << 20,
	    .prepare = prepare_group, .fill = fill_group),
	{ 0 }
};
