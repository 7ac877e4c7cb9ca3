#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The stored series: applies to the pinned base, gives the recorded tree and,
# written out again, the same bytes; and lint finds nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh
. scripts/lib.sh

echo 1..6

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

# A name long enough for git to fold the header.
export GIT_COMMITTER_NAME="Somebody Who Submits This Series to a List" GIT_COMMITTER_EMAIL=somebody.who.submits@localhost
mbox() {
	scripts/make-mbox "$tmp/tree" "$tmp/mbox" >"$tmp/id" &&
		[ "$(grep -c "^Signed-off-by: $GIT_COMMITTER_NAME <" "$tmp/mbox")" = "$(series_files patches | wc -l)" ]
}
ok "a mail for each patch, signed off" mbox
# b4 of Debian 12 gives up without a word where git does not know who it works for.
through_b4() {
	git_plain init -q "$tmp/b4"
	git_plain -C "$tmp/b4" config user.name 'Who Takes It'
	git_plain -C "$tmp/b4" config user.email takes@localhost
	(cd "$tmp/b4" && HOME=$tmp/b4 b4 -n am -C -m "$tmp/mbox" -o . "$(cat "$tmp/id")") 2>&1 || return 1
	git_plain -C "$tmp/tree" read-tree base
	git_plain -C "$tmp/tree" apply --cached "$tmp"/b4/*.mbx
	[ "$(git_plain -C "$tmp/tree" write-tree)" = "$(git_plain -C "$tmp/tree" rev-parse 'series^{tree}')" ]
}
ok "b4 am reads them offline, and they give the same tree" through_b4
