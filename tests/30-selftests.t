#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own BPF selftests on a booted kernel, about 4 minutes under TCG,
# judged by the list in tests/expect of what fails or is skipped without the
# series too.
#
# KERNEL, INITRAMFS, SELFTESTS: image and initramfs files, if not those of build/.
# "make compare" runs the same on the unpatched kernel.
set -euo pipefail
cd "$(dirname "$0")/.."

kernel=${KERNEL:-build/kernel/arch/x86/boot/bzImage}
initramfs=${INITRAMFS:-build/guest/initramfs.gz}
selftests=${SELFTESTS:-build/selftests/initramfs.gz}

for file in "$kernel" "$initramfs" "$selftests"; do
	[ -s "$file" ] || { echo "Bail out! $file is missing; 'make test' builds it"; exit 1; }
done
exec scripts/run-selftests -s selftests "$kernel" "$initramfs,$selftests" "${RESULTS:-build/results/selftests}"
