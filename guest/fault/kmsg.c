// SPDX-License-Identifier: GPL-2.0
/*
 * Each fault logs its stack. The console is kept quiet (guest/scenario/fault),
 * as a serial port would take most of the time; what the kernel logs beside is
 * given to it from here, so that who watches the console sees every splat.
 */
#include "fault.h"

static int kmsg = -1, console = -1;
static bool in_dump, in_trace, in_oom, have;
static char last[STACK];

void kmsg_open(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	console = open("/dev/console", O_WRONLY | O_CLOEXEC);
	if (kmsg < 0 || console < 0)
		die("no /dev/kmsg or no console: %m");
	lseek(kmsg, 0, SEEK_END);
}

/* what dump_stack() prints beside the trace */
static bool of_dump(const char *t)
{
	static const char *const begin[] = {
		"name fail", "CPU: ", "Hardware name: ", "RIP: 0033:", "Code: ", "RSP: ", "RAX: ",
		"RDX: ", "RBP: ", "R10: ", "R13: ",
	};
	size_t i;

	/* a " ? function" */
	if (in_trace && t[0] == ' ')
		return true;
	for (i = 0; i < ARRAY_SIZE(begin); i++)
		if (!strncmp(t, begin[i], strlen(begin[i])))
			return true;
	return false;
}

/* " function+0x1/0x2"; with a "?" it was only found lying on the stack */
static void frame(const char *t)
{
	size_t len = strlen(last), n = strcspn(++t, " ");

	if (*t == '?' || len + n + 2 > sizeof(last))
		return;
	sprintf(last + len, "%s%.*s", len ? " " : "", (int)n, t);
}

static void relay(const char *record, const char *text)
{
	unsigned long long us = 0;
	char line[1200];
	int n;

	sscanf(record, "%*u,%*u,%llu", &us);
	n = snprintf(line, sizeof(line), "[%5llu.%06llu] %s\n", us / 1000000, us % 1000000, text);
	if (write(console, line, n) < 0)
		die("console: %m");
}

static void take(char *record)
{
	char *text = strchr(record, ';'), *end;

	if (!text || atoi(record) >> 3)		/* not of the kernel */
		return;
	end = strchr(++text, '\n');
	if (end)
		*end = 0;
	if (!strncmp(text, "FAULT_INJECTION: ", 17) || strstr(text, " invoked oom-killer: ")) {
		in_oom = text[0] != 'F';
		in_dump = true;
		have = true;
		in_trace = false;
		last[0] = 0;
	} else if (in_dump && !strcmp(text, "Call Trace:")) {
		in_trace = true;
	} else if (in_trace && text[0] == ' ' && strstr(text, "+0x")) {
		frame(text);
	} else if (!in_dump || !of_dump(text)) {
		if (in_dump && in_oom)
			stacks_add("oom", last);
		in_dump = false;
		in_trace = false;
		relay(record, text);
	}
}

void kmsg_relay(void)
{
	char record[2048];
	ssize_t n;

	for (;;) {
		n = read(kmsg, record, sizeof(record) - 1);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0 && errno == EPIPE) {
			tap_ok(false, "the kernel's log was overrun; log_buf_len= is too small");
			continue;
		}
		if (n < 0)
			die("/dev/kmsg: %m");
		record[n] = 0;
		take(record);
	}
}

bool kmsg_stack(char stack[STACK])
{
	have = false;
	kmsg_relay();
	in_dump = false;
	in_trace = false;
	strcpy(stack, last);
	return have && last[0];
}
