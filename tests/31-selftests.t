#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# test_maps, test_verifier and bpftool's test, as tests/30-selftests.t does it, of
# the same variables.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/selftests.sh
selftests maps,verifier,bpftool
