#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The memory controller moves from cgroup v2 to v1 while a map outlives the cgroup that
# paid for it: the counters of v1 do not go below zero. Some seconds.
#
# KERNEL, INITRAMFS, SELFTESTS: image and initramfs, if not those of build/.
set -euo pipefail
cd "$(dirname "$0")/.."
initramfs=${INITRAMFS:-build/guest/initramfs.gz},${SELFTESTS:-build/selftests/initramfs.gz}
SCENARIO=moved-to-v1 INITRAMFS=$initramfs exec tests/20-accounting.t
