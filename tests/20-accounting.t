#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The accounting checks on a booted kernel, two minutes under TCG: charged
# is what is taken, who pays, mapped pages, big elements freed in bulk, limits.
#
# KERNEL, INITRAMFS: image and initramfs (several are separated by commas), if not those of
# build/; ARCH, if not x86_64. With the image of the unpatched kernel the checks fail:
# nothing is charged there.
# SCENARIO=accounting-... runs one group of the checks; VM_ARGS: more for the
# command line of the kernel; VM_MEMORY: MiB that the VM has.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/images.sh
. scripts/lib.sh
. tests/lib/skips.sh
use_arch

kernel=${KERNEL:-$build/kernel/$image}
initramfs=${INITRAMFS:-$build/guest/initramfs.gz}
scenario=${SCENARIO:-accounting}
results=${RESULTS:-$build/results/$scenario}

IFS=, read -ra several <<<"$initramfs"
need_files test "$kernel" "${several[@]}"
mkdir -p "$results"
status=0
scripts/vm -k "$kernel" -i "$initramfs" -s "$scenario" -o "$results" -t 1200 \
	${VM_MEMORY:+-m "$VM_MEMORY"} ${VM_ARGS:+-a "$VM_ARGS"} >"$results/vm.log" 2>&1 || status=$?
[ -f "$results/results" ] || : >"$results/results"
skips=$(skips_meant "$results/results") || :

# The guest's plan comes last there, so one check of the run itself fits in.
skips=$skips awk -v status="$status" -v log_="$results/vm.log" '
/^(ok|not ok) / { n++; failed += /^not/; print; next }
/^#/ { print }
/^1\.\.[0-9]+$/ { plan = substr($0, 4) + 0 }
END {
	# failed checks alone make the scenario fail, not the run
	clean = n && plan == n && (status == 0 || (status == 1 && failed)) && ENVIRON["skips"] == ""
	print (clean ? "ok " : "not ok ") n + 1 " - the run in the VM was clean and complete"
	if (!clean) {
		print "# scripts/vm ended with " status "; " n + 0 " checks of " plan + 0
		skips = ENVIRON["skips"]
		gsub("\n", "\n# ", skips)
		if (skips != "")
			print "# " skips
		while ((getline line <log_) > 0)
			print "# " line
	}
	print "1.." n + 1
}' "$results/results"
