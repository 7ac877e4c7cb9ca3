# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For tests that run a part of the kernel's own BPF selftests.
. tests/lib/images.sh

# selftests PARTS: those of scenario selftests, judged. "make compare" runs the same on
# the unpatched kernel.
selftests() {
	local kernel=${KERNEL:-build/kernel/arch/x86/boot/bzImage}
	local initramfs=${INITRAMFS:-build/guest/initramfs.gz}
	local selftests=${SELFTESTS:-build/selftests/initramfs.gz}

	need_files test "$kernel" "$initramfs" "$selftests"
	exec scripts/run-selftests -p "$1" -s selftests "$kernel" "$initramfs,$selftests" \
		"${RESULTS:-build/results/selftests-${1%%,*}}"
}
