# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For tests that boot.

# need_files TARGET FILE...: what 'make TARGET' builds is there, or the test ends
need_files() {
	local target=$1 file
	shift
	for file; do
		[ -s "$file" ] || { echo "Bail out! $file is missing; 'make $target' builds it"; exit 1; }
	done
}
