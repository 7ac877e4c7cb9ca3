#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# test_progs, the largest of the kernel's own BPF selftests, on a booted kernel,
# judged by the list in tests/expect of what fails or is skipped without the series
# too. tests/31-selftests.t has the others; two, so that two VMs can run at once.
#
# KERNEL, INITRAMFS, SELFTESTS: image and initramfs files, if not those of build/.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/selftests.sh
selftests progs
