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
. tests/lib/images.sh

kernel=${KERNEL:-build/kernel/arch/x86/boot/bzImage}
initramfs=${INITRAMFS:-build/guest/initramfs.gz}
selftests=${SELFTESTS:-build/selftests/initramfs.gz}

need_files test "$kernel" "$initramfs" "$selftests"
exec scripts/run-selftests -s selftests "$kernel" "$initramfs,$selftests" "${RESULTS:-build/results/selftests}"
