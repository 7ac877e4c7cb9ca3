#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The stored series: applies to the pinned base, gives the recorded tree and,
# written out again, the same bytes; and lint finds nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh
. scripts/lib.sh

echo 1..4

repo=$(scripts/make-base)
borrow "$tmp/tree" "$repo" "$(git_plain -C "$repo" rev-parse base)"
ok "every patch applies to the pinned base" apply_series "$tmp/tree" "$top/patches"
ok "the tree is the recorded one" grep -qxF "tree=$(git_plain -C "$tmp/tree" rev-parse 'series^{tree}')" patches/tree
again() {
	format_series "$tmp/tree" base..series "$tmp/again"
	rm -f "$tmp/again/series"
	mkdir "$tmp/stored"
	cp patches/[0-9]*.patch "$tmp/stored"
	diff -r "$tmp/stored" "$tmp/again"
}
ok "written out again the files are the same, byte for byte" again
ok "lint finds nothing" scripts/lint
