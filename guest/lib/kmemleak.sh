# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# What the scenarios for a kernel with debug options end with; sourced.

# Without the plan, to which checks are to be added; their number to /tmp/count.
to_the_end()
{
	awk '
	/^1\.\.[0-9]+$/ { plan = substr($0, 4); next }
	/^(not )?ok / { n++ }
	{ print; fflush() }
	END {
		print (n && plan == n ? "ok " : "not ok ") n + 1 " - the checks ran to the end"
		print n + 1 >"/tmp/count"
	}'
}

# kmemleak takes nothing for a leak that is younger than 5 seconds. The second
# scan finds what the first one saw a pointer to on a stack or in a list of
# what is about to be freed. The kernel logs how many it found, and the harness
# takes that line for a splat.
leaks()
{
	for _ in 1 2; do
		sleep 6
		echo scan >/sys/kernel/debug/kmemleak || return
	done
	cat /sys/kernel/debug/kmemleak >/tmp/leaks
}

no_leaks() # number of the check
{
	if leaks && [ ! -s /tmp/leaks ]; then
		echo "ok $1 - kmemleak finds no memory that nobody points to"
	else
		echo "not ok $1 - kmemleak finds no memory that nobody points to"
		sed 's/^/# /' /tmp/leaks
	fi
}
