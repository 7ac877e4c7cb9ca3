// SPDX-License-Identifier: GPL-2.0
/*
 * What per-CPU memory takes and nobody is charged for. An object is charged its copies and
 * its share of the books of a chunk, not what these are rounded up to, nor the books of
 * what is left at the end of a unit, too little for another object. Where a unit is a power
 * of two, as on x86-64, all that is nothing. Elsewhere it is what the kernel's own takes,
 * say 136 KiB.
 */
#include <sys/klog.h>
#include "probe.h"

/* bytes of a unit, as the kernel said at boot; 0: it did not */
static long long unit_size(void)
{
	enum { READ_ALL = 3, LOG = 1 << 20 };
	static long long size = -1;
	char *log, *line;

	if (size >= 0)
		return size;
	log = xalloc(LOG);
	klogctl(READ_ALL, log, LOG - 1);
	line = strstr(log, "percpu: Embedded ");
	if (!line || sscanf(line, "percpu: Embedded %*d pages/cpu s%*d r%*d d%*d u%lld", &size) != 1)
		size = 0;
	free(log);
	return size;
}

/* what kmalloc() or vmalloc() takes for so many bytes, some hundreds or more */
static long long held(long long bytes)
{
	long long size = 256;

	if (bytes > (long long)PAGE)
		return (bytes + PAGE - 1) / PAGE * PAGE;
	while (size < bytes)
		size *= 2;
	return size;
}

int percpu_lost(uint32_t value)
{
	const long long unit = unit_size(), size = (value + 7) / 8 * 8;
	/* who owns each 8 bytes; twice a bit for each 4; 32 bytes for each page */
	const long long ids = unit / 2, bits = unit / 32, hints = unit / 128;
	long long copies, charged, lost;

	if (unit < size)
		return 0;
	copies = unit / size * size;
	charged = copies * ncpu + (ids + 2 * bits + hints) * copies / unit;
	/* the second bitmap has a bit more: a page more if it would fill its last one */
	lost = copies * ncpu + held(ids) + held(bits) + held(bits + sizeof(long)) + held(hints) -
	       charged;
	return (100 * lost + charged / 2) / charged;
}
