#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# On a kernel with debug options (config/debug): who pays, limits, mapped pages,
# big elements; test_maps, and what of test_progs makes and uses maps; the selftests
# of cgroups; allocations that fail. No splat, and, but after test_maps and those of
# cgroups, no memory leaked. Not among tests/*.t, as it has a kernel of its own to
# build; make debug runs it.
#
# KERNEL, INITRAMFS, SELFTESTS: image and initramfs files, if not those of build/.
# VMLINUX: of KERNEL, with its lines. TREE: what it was built from. CHECKS: some
# of accounting, maps, progs, cgroups and fault. VMS: VMs at a time (2).
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/images.sh
. tests/lib/tap.sh

kernel=${KERNEL:-build/kernel-debug/arch/x86/boot/bzImage}
initramfs=${INITRAMFS:-build/guest/initramfs.gz}
selftests=${SELFTESTS:-build/selftests/initramfs.gz}
results=${RESULTS:-build/results/debug}

need_files debug "$kernel" "$initramfs" "$selftests"

list=map_init,map_lock,map_ptr,mmap,btf_map_in_map,queue_stack_map,ringbuf
list+=,ringbuf_multi,rdonly_maps,pinning,perf_buffer,pe_preserve_elems
list+=,sockmap_basic,stacktrace_map,stacktrace_map_raw_tp,spinlock,tailcalls
list+=,test_local_storage,cg_storage_multi,global_data,global_data_init,bpf_iter,xdp_cpumap_attach
list+=,xdp_devmap_attach,metadata,link_pinning,cgroup_link
list+=,memcg_removed,memcg_removed_pages,memcg_mmap,memcg_mmap_pin,memcg_queue_work
cgroups=test_core,test_kmem,test_memcontrol,test_freezer

boot() { # boot NAME CHECKS MEMORY INITRAMFS ARGUMENTS
	local dir=$results/$1 status=0
	mkdir -p "$dir"
	rm -f "$dir"/{results,run,console.log}
	scripts/vm -k "$kernel" -i "$4" -s "${scenario:-debug}" -o "$dir" -t 3600 -m "$3" \
		-a "checks=$2 $5" >"$dir/vm.log" 2>&1 || status=$?
	touch "$dir"/{results,run,console.log}
	echo $status >"$dir/status"
}
# Each in a VM of its own. What is freed stays in KASAN's quarantine, a share of
# the memory, which the accounting empties for each reading. For kmemleak the
# million elements that test_maps inserts and deletes are too many, and the last
# users of each, which SLUB debug notes.
kinds=${CHECKS:-maps accounting progs cgroups fault}
# all caches may fail but kmemleak's own (guest/scenario/fault)
failing='log_buf_len=2M slub_debug=FZPUA;FZPU,kmemleak_object,kmemleak_scan_area'
for checks in $kinds; do
	while [ "$(jobs -rp | wc -l)" -ge "${VMS:-2}" ]; do wait -n; done
	case $checks in
	maps) boot maps selftests 4096 "$initramfs,$selftests" 'selftests=maps slow=4 kmemleak=off slub_debug=-' & ;;
	progs) boot progs selftests 4096 "$initramfs,$selftests" "selftests=$list slow=4 MEMCG_ROUNDS=10" & ;;
	cgroups) scenario=selftests-more boot cgroups - 4096 "$initramfs,$selftests" "selftests=$cgroups slow=4 kmemleak=off ramdisk_size=524288" & ;;
	accounting) boot accounting accounting 1024 "$initramfs" '' & ;;
	fault) scenario=fault boot fault - 2048 "$initramfs" "$failing" & ;;
	*) echo "Bail out! CHECKS=$checks: it is maps, progs, cgroups, accounting or fault"; exit 1 ;;
	esac
done
wait

# What is expected of the selftests that run here, and how many must.
expect() { # expect KIND
	if [ "$1" = cgroups ]; then
		grep '^cgroup[ 	]' tests/expect/x86_64-more.tsv
		return
	fi
	grep -E "^test_$1[ 	]" tests/expect/x86_64.tsv | awk -F '\t' -v list="$list" '
		BEGIN { n = split(list, l, ","); for (i in l) in_list[l[i]] = 1; OFS = "\t" }
		$2 == "at-least" { if ($1 == "test_progs") { $5 = n } print; next }
		{ split($1, t, /[ \/]/); if ($1 == "test_maps" || t[2] in in_list) print }'
}

clean() { # clean CHECKS
	local dir=$results/$1
	# 1 is for failed tests: those are judged one by one, and some are known
	if ! grep -aq '^ok' "$tmp/$1" || [ "$(cat "$dir/status")" -gt 1 ]; then
		cat "$dir/vm.log"
		return 1
	fi
	! grep -aE '^not ok' "$tmp/$1" | grep -v '# TODO'
}
declare -A leak=([maps]='' [cgroups]='')
for checks in $kinds; do
	dir=$results/$checks
	grep -aE '^(ok |not ok |#|1\.\.)' "$dir/results" | grep -av '^# stack ' >"$tmp/$checks" || :
	if [[ $checks = maps || $checks = progs || $checks = cgroups ]]; then
		expect "$checks" >"$tmp/expect-$checks"
		awk -v mode=debug -f tests/lib/expect.awk "$tmp/expect-$checks" "$dir/results" >"$tmp/$checks" || :
	fi
	sed 's/^/    /' "$tmp/$checks"
	ok "$checks: $(grep -ac '^ok' "$tmp/$checks" || :) checks pass, no splat${leak[$checks]-, no leak}, $(sed -n 's/^seconds=//p' "$dir/run") s" \
		clean "$checks"
done

reached() {
	local vmlinux=${VMLINUX:-${kernel%/arch/*}/vmlinux}
	[ -r "$vmlinux" ] || { echo "no $vmlinux; VMLINUX= says where the lines of $kernel are"; return 1; }
	scripts/mutate "${TREE:-build/linux}" &&
		scripts/fault-points "$vmlinux" build/mutants/linux/mutants.tsv "$results/fault/results" \
			>"$results/fault/points.tsv"
}
[[ " $kinds " != *" fault "* ]] ||
	ok "an allocation failed at each place where the series charges, and none called the OOM killer" reached
echo "1..$n"
