#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Maps of 4 GiB and more are refused as ever: the patched kernel and the
# unpatched one say the same to each of several hundred creations, whose cost
# is at, beside and far beyond the bound that came with RLIMIT_MEMLOCK. Half a
# minute under TCG.
#
# KERNEL, KERNEL_BASE, INITRAMFS: images and initramfs, if not those of build/.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/images.sh
. tests/lib/tap.sh

kernel=${KERNEL:-build/kernel/arch/x86/boot/bzImage}
base=${KERNEL_BASE:-build/kernel-base/arch/x86/boot/bzImage}
initramfs=${INITRAMFS:-build/guest/initramfs.gz}
results=${RESULTS:-build/results/bound}

need_files test "$kernel" "$base" "$initramfs"

# Little memory: what gets past the bound fails at once, for want of it.
table() { # table IMAGE NAME
	scripts/vm -k "$1" -i "$initramfs" -s bound -o "$results/$2" -m 512 -t 120
}
rows() { sed '1d; /^===/d' "$results/$1/results" 2>/dev/null; }

ok "the patched kernel makes the table" table "$kernel" patched
ok "the unpatched kernel makes the table" table "$base" base
rows patched >"$tmp/patched" || :
rows base >"$tmp/base" || :

all_types() {
	! grep -P '\tno case\t' "$tmp/patched" "$tmp/base" || return 1
	[ "$(cut -f1 "$tmp/patched" | sort -u | wc -l)" -ge 28 ]
}
ok "every type of the kernel's enum bpf_map_type is in it" all_types

# What the base says must be what this is about, or the comparison is of nothing.
at_the_bound() {
	awk -F '\t' '
	/, 4 GiB\t/ { n++; if ($3 != "E2BIG" && $3 != "EINVAL") { print; bad = 1 } }
	/, below 4 GiB\t/ { m++; if ($3 != "ENOMEM" && $3 != "made") { print; bad = 1 } }
	END { print n + 0 " at the bound, " m + 0 " below"; exit bad || n < 27 || m != n }' "$1"
}
ok "the unpatched kernel refuses what costs 4 GiB, and not for its size what costs less" at_the_bound "$tmp/base"

same() {
	diff <(grep -P "^$1\t" "$tmp/base") <(grep -P "^$1\t" "$tmp/patched")
}
while read -r type; do
	ok "$type: the same result in $(grep -cP "^$type\t" "$tmp/base") cases" same "$type"
done < <(cut -f1 "$tmp/patched" "$tmp/base" | sort -u)
echo "1..$n"
