#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Maps larger than the machine, where no cgroup limits them: refused, and nobody is killed
# for them. Some seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
SCENARIO=nomemory VM_MEMORY=512 exec tests/20-accounting.t
