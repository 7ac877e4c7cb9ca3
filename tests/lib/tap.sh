# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# TAP for tests that are lists of commands. Gives $tmp, a directory that goes
# with the test; the test itself prints its plan, "1..$n", last.
n=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ok() { # ok WHAT COMMAND...: what the command prints is shown if it fails
	n=$((n + 1))
	if ("${@:2}") >"$tmp/out" 2>&1; then echo "ok $n - $1"; else
		echo "not ok $n - $1"
		sed 's/^/# /' "$tmp/out"
	fi
}
