#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own BPF selftests on a booted kernel, about 6 minutes under TCG,
# judged by the list in tests/expect of what fails or is skipped without the
# series too.
#
# KERNEL, INITRAMFS, SELFTESTS: image and initramfs files, if not those of build/.
# Run with the image of the unpatched kernel it must give the same verdicts.
set -euo pipefail
cd "$(dirname "$0")/.."

kernel=${KERNEL:-build/kernel/arch/x86/boot/bzImage}
initramfs=${INITRAMFS:-build/guest/initramfs.gz}
selftests=${SELFTESTS:-build/selftests/initramfs.gz}
results=${RESULTS:-build/results/selftests}
expect=tests/expect/x86_64.tsv

for file in "$kernel" "$initramfs" "$selftests"; do
	[ -s "$file" ] || { echo "Bail out! $file is missing; 'make test' builds it"; exit 1; }
done
mkdir -p "$results"
status=0
scripts/vm -k "$kernel" -i "$initramfs,$selftests" -s selftests -o "$results" -t 1200 >"$results/vm.log" 2>&1 || status=$?
[ -f "$results/results" ] || : >"$results/results"

# The plan comes last, so the two checks of the run itself fit in.
awk -f tests/lib/expect.awk "$expect" <(grep -aE '^(ok |not ok |#|1\.\.)' "$results/results") |
	awk -v status=$status -v log="$results/vm.log" '
	/^1\.\.[0-9]+$/ { n = substr($0, 4) + 1; next }
	{ print }
	END {
		print (status == 0 ? "ok " : "not ok ") n " - the VM ran clean: no panic, hang, splat or taint"
		if (status != 0) {
			print "# scripts/vm ended with " status
			while ((getline line <log) > 0) print "# " line
		}
		print "1.." n
	}'
