#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A burst of insertions in softirq into a per-CPU hash without preallocation, by
# a sender that leaves its CPU no time to make per-CPU memory ready: none is
# refused for want of it, and of values so large that chunks have to be made
# meanwhile no larger share than the unpatched kernel refuses. Four boots, a
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
results=${RESULTS:-build/results/burst}

need_files test "$kernel" "$base" "$initramfs"

burst() { # burst IMAGE NAME BYTES
	scripts/vm -k "$1" -i "$initramfs" -s burst -o "$results/$2-$3" -a "value=$3 by=flood" -t 120
}
# of the first burst after boot; nothing if there was none
refused() { awk -F '\t' '$3 == "after boot" { print $5 }' "$results/$1-$2/results"; }

for bytes in 64 4096; do
	ok "the patched kernel has a burst with values of $bytes bytes" burst "$kernel" patched $bytes
	ok "the unpatched kernel has one" burst "$base" base $bytes
done

none() { [ "$(refused patched "$1")" = 0 ]; }
ok "no value of 64 bytes is refused" none 64
# Else it is no burst, and says nothing of the patched kernel.
some() { [ "$(refused base "$1")" -gt 0 ]; }
ok "the unpatched kernel refuses values of 4096 bytes" some 4096
no_more() { [ "$(refused patched "$1")" -le "$(refused base "$1")" ]; }
ok "the patched kernel refuses no more of them" no_more 4096
echo "1..$n"
