#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The accounting checks on cgroup v1, some seconds: moving charges with a task,
# and the counter of kernel memory.
set -euo pipefail
cd "$(dirname "$0")/.."
SCENARIO=accounting-v1 VM_ARGS=cgroup=none exec tests/20-accounting.t
