#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The accounting in the ways a kernel can be booted, a VM for each, two at a time:
# where kernel memory is charged to nobody (cgroup.memory=nokmem, no memory
# controller, all made in the root cgroup) everything works, with RLIMIT_MEMLOCK
# at 0; with 1 and 4 CPUs, without the JIT and with it hardened the charges are
# what they are elsewhere. Four minutes under TCG. (Two CPUs: 20-accounting.t;
# cgroup v1: 25-cgroup-v1.t.)
#
# KERNEL, INITRAMFS: image and initramfs, if not those of build/; ARCH, if not x86_64.
# MODES: the modes to run, by name; all of them if it is empty.
# VMS: VMs at a time (2). VM_ARGS: more for the command line of the kernels.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/images.sh
. tests/lib/tap.sh
. tests/lib/skips.sh
. scripts/lib.sh
use_arch

kernel=${KERNEL:-$build/kernel/$image}
initramfs=${INITRAMFS:-$build/guest/initramfs.gz}
results=${RESULTS:-$build/results/matrix}

need_files test "$kernel" "$initramfs"

# name, scenario, CPUs, kernel arguments; the longest first
modes='4-cpus accounting-cpus 4
1-cpu accounting-cpus 1
nokmem nobody-nokmem 2 cgroup.memory=nokmem
disabled nobody-disabled 2 cgroup_disable=memory
root nobody-root 2
jit-hardened accounting-jit-hardened 2
jit-off accounting-jit-off 2'
[ -z "${MODES:-}" ] || modes=$(grep -E "^(${MODES// /|}) " <<<"$modes") ||
	{ echo "Bail out! no mode named ${MODES}"; exit 1; }

boot() { # boot NAME SCENARIO CPUS ARGUMENTS
	local dir=$results/$1 status=0
	mkdir -p "$dir"
	rm -f "$dir"/{results,run,console.log}
	scripts/vm -k "$kernel" -i "$initramfs" -s "$2" -o "$dir" -t 400 -c "$3" \
		-a "$4${VM_ARGS:+ $VM_ARGS}" >"$dir/vm.log" 2>&1 || status=$?
	touch "$dir"/{results,run,console.log}
	echo $status >"$dir/status"
}
while read -r name scenario cpus args; do
	while [ "$(jobs -rp | wc -l)" -ge "${VMS:-2}" ]; do wait -n; done
	boot "$name" "$scenario" "$cpus" "$args" &
done <<<"$modes"
wait

# The guest's checks are a subtest; here is what it adds up to. A skip must be
# one that is meant, and beside those the race for a map's id takes two CPUs.
clean() { # clean NAME CPUS
	local dir=$results/$1
	grep '^not ok' "$dir/results" || :
	grep -q "init: .* $2 CPUs, scenario" "$dir/console.log" || { echo "not $2 CPUs"; return 1; }
	grep -vE '^ok [0-9]+ - a map got by its id .* # SKIP one CPU$' "$dir/results" >"$dir/judged"
	skips_meant "$dir/judged" || return 1
	[ "$(grep -c '# SKIP one CPU' "$dir/results")" -eq "$(($2 == 1))" ] || { echo "the skip for one CPU is wrong"; return 1; }
	[ "$(cat "$dir/status")" = 0 ] || { cat "$dir/vm.log"; return 1; }
}
while read -r name scenario cpus args; do
	dir=$results/$name
	grep -E '^(ok |not ok |#|1\.\.)' "$dir/results" | sed 's/^/    /' || :
	ok "$name: $(grep -c '^ok' "$dir/results" || :) checks pass, the VM ran clean, $(sed -n 's/^seconds=//p' "$dir/run") s" \
		clean "$name" "$cpus"
done <<<"$modes"

# What the probe multiplies by itself does not show that it counts CPUs right: the
# same rows on 1 and on 4 CPUs. (Not their ratio: a chunk of per-CPU memory has a
# list of owners, which is charged once whatever the number of CPUs.)
rows() { # rows MODE: row, bytes asked, bytes charged
	awk '/^(not )?ok .*: its cgroup, and no other, is charged/ {
		row = $0; sub(/^(not )?ok [0-9]+ - /, "", row); sub(/: its cgroup.*/, "", row); next }
	row != "" && /^# asked/ { match($0, /charged\) charged [0-9]+/)
		print row "\t" $3 "\t" substr($0, RSTART + 17, RLENGTH - 17); row = "" }' "$results/$1/results" |
		LC_ALL=C sort
}
grows() { # grows TYPES SHARE ROWS: of what is asked on one CPU, charged more for each CPU more
	LC_ALL=C join -t $'\t' <(rows 1-cpu) <(rows 4-cpus) | grep -P "^($1)," | awk -F '\t' -v share="$2" -v rows="$3" '
		{ n++; r = ($5 - $3) / 3 / $2; printf "%s: %.3f\n", $1, r; if (r < share - .03 || r > share + .03) bad = 1 }
		END { print n + 0 " rows"; exit bad || n < rows }'
}
if grep -q ^1-cpu <<<"$modes" && grep -q ^4-cpus <<<"$modes"; then
	ok "per-CPU maps: with each CPU more as much is charged as on one is asked for" \
		grows '(lru_)?percpu_.*' 1 5
	ok "other maps: with each CPU more no more is charged" \
		grows '(?!(lru_)?percpu_|cpumap|bpf_iter|link|bpffs|program)[a-z_]+' 0 30
fi
echo "1..$n"
