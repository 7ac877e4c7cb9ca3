# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The memory controller of cgroup v1, where the probe looks for it; sourced, on a
# kernel booted with cgroup=none, which keeps init from giving it to cgroup2.
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/memory
mount -t cgroup -o memory memory /sys/fs/cgroup/memory
