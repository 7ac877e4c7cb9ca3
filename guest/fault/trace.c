// SPDX-License-Identifier: GPL-2.0
/*
 * Who was refused a charge: a call that fails at the limit has tried to charge
 * for the last time there.
 */
#include "fault.h"

#define TRACING "/sys/kernel/tracing/"

static void put(const char *file, const char *text)
{
	char path[96];
	int err;

	snprintf(path, sizeof(path), TRACING "%s", file);
	err = write_file(path, text);
	if (err)
		die("%s: %s", path, strerror(-err));
}

void trace_open(void)
{
	put("buffer_size_kb", "16");
	put("options/sym-offset", "1");
	put("kprobe_events", "p:fault/charge page_counter_try_charge");
	put("events/fault/charge/trigger", "stacktrace");
}

void trace_close(void)
{
	put("events/fault/charge/trigger", "!stacktrace");
	put("kprobe_events", "");
}

void trace_clear(void)
{
	int fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		die("trace: %m");
	close(fd);
}

bool trace_stack(char stack[STACK])
{
	FILE *f = fopen(TRACING "trace", "re");
	char line[512];
	size_t len = 0, n;

	stack[0] = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, "<stack trace>")) {
			len = 0;
			stack[0] = 0;
		} else if (!strncmp(line, " => ", 4)) {
			n = strcspn(line + 4, " \n");
			if (len + n + 2 <= STACK)
				len += sprintf(stack + len, "%s%.*s", len ? " " : "", (int)n,
					       line + 4);
		}
	}
	if (f)
		fclose(f);
	return stack[0];
}
