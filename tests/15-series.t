#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The stored series: applies to the pinned base, gives the recorded tree and,
# written out again, the same bytes; lint finds nothing; and no selftest calls what a
# later patch brings.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh
. scripts/lib.sh

echo 1..7

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

# test_progs is one program: a function of memcg_helpers.c and the like that comes later keeps
# all of it from being linked. make bisect builds kernels.
calls_nothing_later() { # calls_nothing_later TREE
	local commit wrong=0 commits dir=tools/testing/selftests/bpf
	mapfile -t commits < <(git_plain -C "$1" log --reverse --format=%H base..series -- "$dir")
	for commit in "${commits[@]}"; do
		git_plain -C "$1" grep -hoE '\bmemcg_[a-z_]+\(' "$commit" -- "$dir/*.c" |
			grep -v __ | LC_ALL=C sort -u >"$tmp/called"
		# a definition begins its line; those of skeletons, with __, are generated
		git_plain -C "$1" grep -hE '^[a-z].*\bmemcg_[a-z_]+\(' "$commit" -- "$dir/*.[ch]" |
			grep -v ';$' | grep -oE '\bmemcg_[a-z_]+\(' | LC_ALL=C sort -u >"$tmp/defined"
		LC_ALL=C comm -23 "$tmp/called" "$tmp/defined" >"$tmp/missing"
		[ -s "$tmp/missing" ] || continue
		git_plain -C "$1" show -s --format="%s calls" "$commit"
		cat "$tmp/missing"
		wrong=1
	done
	[ $wrong -eq 0 ] && [ ${#commits[@]} -gt 0 ]
}
ok "no selftest calls a function of a later patch" calls_nothing_later "$tmp/tree"

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
