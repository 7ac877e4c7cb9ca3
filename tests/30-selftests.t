#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own BPF selftests on a booted kernel, about 4 minutes under TCG,
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
rm -f "$results/results" "$results/console.log"
status=0
scripts/vm -k "$kernel" -i "$initramfs,$selftests" -s selftests -o "$results" -t 1800 >"$results/vm.log" 2>&1 || status=$?
touch "$results/results" "$results/console.log"

# 1 is for failed tests: those are judged one by one below.
clean=0
case $status in
0 | 1) clean=1 ;;
6)
	# One warning is meant: a selftest loads a tracing program that uses a map
	# without preallocation, which this kernel answers with WARN_ONCE. It
	# taints too (512). Nothing else may be there.
	meant='trace type BPF program uses run-time allocation'
	others=$(tr -d '\r' <"$results/console.log" | grep -aA1 'cut here' | grep -acvE "cut here|^--|$meant" || true)
	bugs=$(grep -acE 'BUG:|Oops|KASAN|general protection|refcount_t|list_(add|del) corruption|INFO: (task|rcu)' \
		"$results/console.log" || true)
	if [ "$others$bugs" = 00 ] && grep -q '^=== taint \(0\|512\)$' "$results/results"; then clean=1; fi
	;;
esac

# The plan comes last, so the check of the run itself fits in.
awk -f tests/lib/expect.awk "$expect" <(grep -aE '^(ok |not ok |#|1\.\.)' "$results/results") |
	awk -v clean=$clean -v status=$status -v vmlog="$results/vm.log" '
	/^1\.\.[0-9]+$/ { n = substr($0, 4) + 1; next }
	{ print }
	END {
		print (clean ? "ok " : "not ok ") n " - the VM ran clean: no panic, hang, unknown splat or taint"
		if (!clean) {
			print "# scripts/vm ended with " status
			while ((getline line <vmlog) > 0) print "# " line
		}
		print "1.." n
	}'
