#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The stress tests on the kernel with debug options: everything at once, and in
# the end no splat, no leak, no charge. On the plain kernel programs in what counts
# as NMI, for lockdep knows no lock that may be taken there, and once more a CPU
# that goes, for KASAN loses objects then.
#
# KERNEL, PLAIN, INITRAMFS: images and initramfs file, if not those of build/.
# STRESS: some of crowd, nested, v1 and plain. STRESS_SECONDS: how long each case
# lasts (3); 600 is a soak. VMS: VMs at a time (2).
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/images.sh
. tests/lib/tap.sh

kernel=${KERNEL:-build/kernel-debug/arch/x86/boot/bzImage}
plain=${PLAIN:-build/kernel/arch/x86/boot/bzImage}
initramfs=${INITRAMFS:-build/guest/initramfs.gz}
results=${RESULTS:-build/results/debug}
seconds=${STRESS_SECONDS:-3}

need_files debug "$kernel" "$plain" "$initramfs"

boot() { # boot NAME KERNEL SCENARIO ARGUMENTS [OPTION]
	local dir=$results/stress-$1 status=0
	mkdir -p "$dir"
	rm -f "$dir"/{results,run,console.log}
	scripts/vm -k "$2" -i "$initramfs" -s "$3" -o "$dir" -t $((600 + 20 * seconds)) -m 2048 \
		-a "checks=stress stress_args=-t,$seconds $4" ${5:+"$5"} >"$dir/vm.log" 2>&1 || status=$?
	touch "$dir"/{results,run}
	echo $status >"$dir/status"
}
# Programs on functions and tracepoints change the kernel's code: -r.
kinds=${STRESS:-crowd nested v1 plain}
for kind in $kinds; do
	while [ "$(jobs -rp | wc -l)" -ge "${VMS:-2}" ]; do wait -n; done
	case $kind in
	crowd) boot crowd "$kernel" debug stress=removed,pages,limit,freed,moved,hotplug,storm & ;;
	nested) boot nested "$kernel" debug stress=nested,locks,lastref -r & ;;
	v1) boot v1 "$kernel" debug cgroup=none & ;;
	plain) boot plain "$plain" stress stress=hotplug,nmi -r & ;;
	*) echo "Bail out! STRESS=$kind: it is crowd, nested, v1 or plain"; exit 1 ;;
	esac
done
wait

well() { # well NAME
	[ "$(cat "$results/stress-$1/status")" = 0 ] || { cat "$results/stress-$1/vm.log"; return 1; }
}
declare -A leak=([plain]='')
for kind in $kinds; do
	dir=$results/stress-$kind
	grep -aE '^(ok |not ok |#|1\.\.)' "$dir/results" | sed 's/^/    /' || :
	ok "$kind: $(grep -ac '^ok' "$dir/results" || :) checks pass, no splat${leak[$kind]-, no leak}, $(sed -n 's/^seconds=//p' "$dir/run") s" \
		well "$kind"
done
echo "1..$n"
