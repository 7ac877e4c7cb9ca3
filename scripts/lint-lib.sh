# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those who source it
# What the parts of lint share; sourced after lib.sh.

patches=${PATCHES:-$top/patches}
[ -f "$patches/series" ] || die "no $patches/series"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
found=0

# bad RULE TEXT: a finding, with the rule in brackets at its end
bad() { echo "${*:2} [$1]"; found=1; }

# git that knows the base's objects and writes others, and its index, below $tmp
base_git() {
	GIT_OBJECT_DIRECTORY=$tmp/objects GIT_ALTERNATE_OBJECT_DIRECTORIES=$repo/objects \
		GIT_INDEX_FILE=$tmp/index git_plain --git-dir="$repo" "$@"
}

# index_series: base and series as the index of base_git. Without commits and work
# tree that takes two seconds. Gives $repo; what git apply says is in $tmp/applied.
index_series() {
	local files
	repo=$("$top/scripts/make-base") || die "no base"
	mkdir -p "$tmp/objects"
	base_git read-tree base || die "cannot read the base in $repo"
	mapfile -t files < <(series_files "$patches")
	base_git apply --cached -v --whitespace=nowarn "${files[@]/#/$(realpath -- "$patches")/}" 2>"$tmp/applied"
}
