// SPDX-License-Identifier: GPL-2.0
/* What maps and programs say of themselves in /proc/PID/fdinfo. */
#include <dirent.h>
#include "probe.h"

/* the number in the line "memlock:", -1 without one: neither map nor program */
static long long memlock_of(const char *fd)
{
	char path[300], line[128];
	long long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "memlock: %lld", &n);
	if (f)
		fclose(f);
	return n;
}

/* all that the case has open: files are shared with its actors */
void fdinfo_read(int from, struct fdinfo *info)
{
	DIR *d = opendir("/proc/self/fdinfo");
	struct dirent *e;
	long long n;

	memset(info, 0, sizeof(*info));
	while (d && (e = readdir(d))) {
		if (atoi(e->d_name) < from)
			continue;
		n = memlock_of(e->d_name);
		if (n < 0)
			continue;
		info->objects++;
		info->empty += n == 0;
		info->sum += n;
	}
	if (d)
		closedir(d);
}
