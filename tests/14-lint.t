#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each rule of lint finds what it is there for, in a series of three patches on a base
# of two files, and finds nothing in it as long as it is good. Under a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh
. scripts/lib.sh

# A base in a cache of its own, with the real checkpatch.
real=$(scripts/make-base)
export BPF_MEMCG_CACHE=$tmp/cache PIN=$tmp/pin PATCHES=$tmp/good
export TOLERATED=$tmp/tolerated UPSTREAM=$tmp/upstream.tsv IGNORED=$tmp/ignored BENCH=$tmp/bench.tsv
unset LINUX
commit() { # commit DIR ARGUMENT...
	git_plain -C "$1" add -A
	git_plain -C "$1" -c user.name=x -c user.email=x@localhost commit -q "${@:2}"
}
base=$tmp/base
mkdir -p "$base/scripts" "$tmp/cache" "$PATCHES"
for file in checkpatch.pl spelling.txt const_structs.checkpatch; do
	git_plain -C "$real" show "base:scripts/$file" >"$base/scripts/$file"
done
seq 40 >"$base/Kbuild"
seq 40 >"$base/Other"
git_plain init -q -b base "$base"
commit "$base" -m base
git_plain clone -q --bare "$base" "$tmp/cache/base.git"
printf 'version=5.10.262\ncommit=%s\ntree=%s\n' "$(git_plain -C "$base" rev-parse base)" \
	"$(git_plain -C "$base" rev-parse 'base^{tree}')" >"$PIN"

# Upstream has two commits of its own, and the list a third that is not needed.
git_plain init -q "$tmp/clone"
commit "$tmp/clone" --allow-empty -m "kbuild: Change the tenth line upstream"
ten=$(git_plain -C "$tmp/clone" rev-parse --short=12 HEAD)
commit "$tmp/clone" --allow-empty -m "other: Change a line for good"
good=$(git_plain -C "$tmp/clone" rev-parse --short=12 HEAD)
commit "$tmp/clone" --allow-empty -m "other: Clean up"
third=$(git_plain -C "$tmp/clone" rev-parse --short=12 HEAD)
printf '%s\t%s\t%s\t%s\t%s\n' "$ten" "kbuild: Change the tenth line upstream" 5.11 counterpart '' \
	"$good" "other: Change a line for good" 5.12 taken 'a line' \
	"$third" "other: Clean up" 6.1 'not needed' 'a clean-up' >"$UPSTREAM"

git_plain clone -q "$base" "$tmp/tree"
git_plain -C "$tmp/tree" checkout -q -b series
change() { # change FILE LINE SUBJECT BODY TRAILER
	sed -i "$2s/\$/ changed/" "$tmp/tree/$1"
	commit "$tmp/tree" -m "$3" -m "$4" -m "$5"
}
change Kbuild 10 "kbuild: change line 10" "The tenth line has only a number in it, which says nothing to anybody.
Say that it was changed, as upstream does since long ago." "Upstream: commit $ten (\"kbuild: Change the tenth line
 upstream\"), same"
change Other 20 "other: change line 20" "Whoever reads the other file looks for the twentieth line first.
There was no word there; now it has one, umlauts (ü) or not:

    a line that is quoted from some log and is for that reason longer than seventy-five columns" \
	"Upstream: commit $good (\"other: Change a line for
 good\"), differs: it is another line"
change Kbuild 30 "kbuild: change line 30" "Nobody asked for this one yet, but three patches make a series, two a pair.
Readers of line 29 are not disturbed." "Upstream: none, nobody has that line"
printf 'kbuild: change line 10\tThe first part\nkbuild: change line 30\tThe second part\n' >"$PATCHES/parts"
printf 'v8 (2026-11-26)\n\n* The third patch is new,\n  and the first is another.\n\nv7 (2026-11-01)\n\n* The first that counts.\n' >"$PATCHES/changelog"
printf 'Subject: of old\n\nWhat this is about.\n\nPatches\n=======\n\nAnd\n===\n\nmore.\n  lookup in a hash  1  2  3\n' >"$PATCHES/cover-letter"
for op in lookup-hash{,-prealloc} update-hash-prealloc insert-hash-prealloc churn-hash{,-two-owners} churn-lpm-trie \
	insert-percpu-hash make-array make-percpu-array load-program; do
	printf 'base\t%s\t1\t71.6\nnokmem\t%s\t1\t82.4\ndepth-1\t%s\t1\t93.5\n' "$op" "$op" "$op"
done >"$BENCH"
printf '%s\t%s\n' MISSING_SIGN_OFF $'*\twho submits adds it' UNKNOWN_COMMIT_ID $'*\tnot at hand' \
	COMMIT_LOG_LONG_LINE $'other-change\ta quotation' >"$TOLERATED"
printf '# a comment\ninstread\tas it is upstream\n' >"$IGNORED"
scripts/export-series "$tmp/tree" >"$tmp/said" 2>&1 || { echo "Bail out! $(tail -n 1 "$tmp/said")"; exit 1; }
scripts/cover || { echo 'Bail out! no cover letter'; exit 1; }
mapfile -t names < <(series_files "$PATCHES")
one=${names[0]} two=${names[1]}

clean() { local out; out=$(scripts/lint -p 2>&1) || { echo "$out"; return 1; }; echo "$out"; [ "$out" = 'lint: 3 patches: clean' ]; }
ok "a good series" clean
ok "and again, with what is in the cache" clean
ok "its commits are those of upstream's clone" scripts/lint-upstream -g "$tmp/clone"
cover() { # what was filled in, and what stayed
	cat "$PATCHES/cover-letter"
	[ "$(paste -sd'|' "$PATCHES/cover-letter")" = "Subject: [PATCH 5.10.y v8 0/3] bpf: switch to memcg-based memory accounting||What \
this is about.||Patches|=======||The first part|  0001 kbuild: change line 10|  0002 other: change line 20||The second part|  0003 \
kbuild: change line 30||And|===||more.|  lookup in a hash                             72         82           94||Changes|=======||$(paste -sd'|' "$PATCHES/changelog")||Diffstat|========|| Kbuild | 4 ++--| Other  | 2 +-| 2 files changed, 3 insertions(+), 3 \
deletions(-)||Base|====||$(sed -n '/^Linux 5/,$p' "$PATCHES/cover-letter" | paste -sd'|')" ] &&
		grep -qx "base-commit: $(git_plain -C "$base" rev-parse base)" "$PATCHES/cover-letter"
}
ok "scripts/cover fills in the cover letter and leaves the prose" cover
no_cost() {
	sed '/nokmem\tmake-array\t/d' "$BENCH" >"$tmp/less.tsv"
	cp "$PATCHES/cover-letter" "$tmp/letter-was"
	! BENCH=$tmp/less.tsv scripts/cover >"$tmp/said" 2>&1 && [ "$(wc -l <"$tmp/said")" = 1 ] &&
		grep -q 'has nothing of make-array;' "$tmp/said" && cmp "$PATCHES/cover-letter" "$tmp/letter-was"
}
ok "a record without one of the costs is refused, the letter stays" no_cost
headings() { [ "$(grep -A 1 '^#' "$PATCHES/series" | paste -sd'|')" = "# The first part|$one|--|# The second part|${names[2]}" ]; }
ok "the export gives series the headings of its parts" headings

bitten=' '
# bites RULE PART COMMAND...: in a copy of the good series that the command has spoilt, the
# part of lint finds something by that rule; the lists are spoilt in place, and restored
bites() {
	local rule=$1 part=$2
	bitten+="$rule "
	shift 2
	rm -rf "$tmp/bad" "$tmp/lists"
	cp -r "$tmp/good" "$tmp/bad"
	mkdir "$tmp/lists"
	cp "$TOLERATED" "$UPSTREAM" "$IGNORED" "$tmp/lists"
	ok "$rule: $part" found "$rule" "$part" "$@"
	cp "$tmp/lists"/* "$tmp"
}
found() {
	local rule=$1 part=$2 rc=0
	(cd "$tmp/bad" && "${@:3}") || { echo 'cannot spoil it'; return 1; }
	[ "$part" = scripts ] || ! diff -qr "$tmp/good" "$tmp/bad" >/dev/null || ! diff -q "$TOLERATED" "$tmp/lists/tolerated" >/dev/null ||
		! diff -q "$UPSTREAM" "$tmp/lists/upstream.tsv" >/dev/null || ! diff -q "$IGNORED" "$tmp/lists/ignored" >/dev/null ||
		[ -n "${argument:-}" ] || { echo 'nothing was spoilt'; return 1; }
	PATCHES=$tmp/bad "scripts/lint-$part" ${argument:+"${argument[@]}"} >"$tmp/findings" 2>&1 || rc=$?
	cat "$tmp/findings"
	[ $rc = 1 ] && grep -q " \[$rule\]\$" "$tmp/findings"
}
spoil() { sed -i "$1" "${2:-$one}"; }
say() { spoil "s/^The tenth line.*/&\n$1/"; }
trailer() { spoil "/^Upstream: /,/^---\$/c\\$1\n---"; }
row() { spoil "$1" "$UPSTREAM"; }

bites numbers series spoil "s/^$one/0007-x.patch/" series
bites missing series rm "$two"
bites not-in-series series cp "$one" 0004-x.patch
bites stray series touch notes
bites parts series spoil '/^# The second/d' series
bites parts series spoil 's/line 30/line 31/' parts
bites mailinfo patches truncate -s 0 "$one"
bites mark patches spoil 's/^Subject: \[PATCH\]/Subject: [PATCH v2]/'
bites subsystem patches spoil 's/^Subject: .*/Subject: [PATCH] change line 10/'
bites subject-length patches spoil "s/^Subject: .*/&$(printf 'x%.0s' {1..60})/"
bites full-stop patches spoil 's/^Subject: .*/&./'
bites author patches spoil '/^From: /d'
bites body patches spoil '/^The tenth/d'
bites width patches say "$(printf 'word %.0s' {1..16})"
bites width patches trailer "Upstream: none, $(printf 'word %.0s' {1..16})"
bites signed-off patches say '\nSigned-off-by: x <x@localhost>\n'
bites first-line patches spoil '1s/0000/abcd/'
bites blob-ids patches spoil 's/^index \(.\{7\}\).*\.\.\(.\{7\}\).* /index \1..\2 /'
bites signature patches spoil "\$a -- \n2.39.5\n"
bites control patches say "$(printf 'a \a bell')"
copied() { sed -i -e '/^Whoever/,/columns$/d' -e 's/^Upstream/The first line has only a number in it, which says nothing to nobody.\nSay that it was changed, as upstream does since long ago.\n\n&/' "$two"; }
bites alike patches copied
bites same-subject patches spoil 's/^Subject: .*/Subject: [PATCH] kbuild: change line 10/' "$two"
bites apply apply spoil 's/^ 9$/ 9x/'
bites offset apply spoil 's/^@@ -7,7 +7,7/@@ -8,7 +8,7/'
bites blobs apply spoil 's/^index ..../index abcd/'
bites blobs apply spoil 's/\(^index .*\.\.\)..../\1abcd/' "${names[2]}"
bites tree apply spoil 's/^tree=..../tree=abcd/' tree
bites tree apply rm tree
bites checkpatch checkpatch spoil 's/^+10 changed/&  /'
bites checkpatch checkpatch say 'This is teh end.'
bites checkpatch checkpatch trailer "Upstream: $ten (\"kbuild: Change the tenth line upstream\"), same"
bites tolerated checkpatch spoil "\$a LONG_LINE\t*\tnone is long" "$TOLERATED"
bites tolerated checkpatch spoil '1s/\twho.*//' "$TOLERATED"
bites trailer upstream spoil '/^Upstream: /,/^ /d'
bites trailer upstream spoil 's/^Upstream: /Reviewed-by: x <x@localhost>\n&/'
bites trailer-grammar upstream trailer "Upstream: commit $ten (\"kbuild: Change the tenth line upstream\")"
bites trailer-grammar upstream trailer 'Upstream: none'
bites trailer-grammar upstream trailer "Upstream: $ten (\"kbuild: Change the tenth line upstream\"), same"
bites trailer-commit upstream trailer 'Upstream: commit 0123456789ab ("kbuild: Change the tenth line upstream"), same'
bites trailer-subject upstream trailer "Upstream: commit $ten (\"kbuild: Change a line upstream\"), same"
bites upstream-named upstream trailer 'Upstream: none, it is a fixture'
bites upstream-row upstream row '1s/counterpart/unknown/'
bites upstream-twice upstream row '1p'
bites upstream-reason upstream row '3s/a clean-up//'
argument=(-g "$tmp/clone")
bites upstream-clone upstream row '3s/Clean up/Clean it up/'
argument=()
bites changelog changelog rm changelog
bites changelog changelog spoil 's/^v8/v6/' changelog
bites changelog changelog spoil 's/2026-11-26/2026-10-26/' changelog
bites changelog changelog spoil 's/ (2026-11-26)/:/' changelog
bites changelog changelog spoil '/^\* The first that/d' changelog
bites changelog changelog spoil "\$a more" changelog
bites cover cover rm cover-letter
bites cover cover spoil '1s/v8/v9/' cover-letter
bites cover cover spoil 's,0/3,0/4,' cover-letter
bites cover cover spoil '/0002 other/d' cover-letter
bites cover cover spoil 's/3 insertions/4 insertions/' cover-letter
bites cover cover spoil 's/^base-commit: ..../&0/' cover-letter
bites cover cover spoil 's/^  lookup in a hash .*72/&0/' cover-letter
bites cover-width cover spoil "s/^more\\./$(printf 'more %.0s' {1..16})/" cover-letter
bites spelling spelling say 'This is teh end.'
bites spelling spelling spoil 's/^Subject.*/& for hte best/'
bites spelling spelling spoil 's/is about/what I beleive/' cover-letter
bites ignored spelling spoil "\$s/\t.*//" "$IGNORED"
argument=("$tmp/bad")
# shellcheck disable=SC2016 # a bad script
script() { mkdir -p scripts && printf '#!/bin/bash\n# SPDX-License-Identifier: x\necho $1\n' >scripts/x && "$@"; }
bites shellcheck scripts script true
bites spdx scripts script sed -i 2d scripts/x
fragment() { mkdir config && printf '# SPDX-License-Identifier: x\n\nCONFIG_X=y\n' >config/x.config; }
bites reason scripts fragment
argument=()

# All parts together.
export PATCHES=$tmp/bad
rm -rf "$tmp/bad"
cp -r "$tmp/good" "$tmp/bad"
sed -i 's/^Subject: .*/&./' "$tmp/bad/$one"
total() { # a full stop, and so a part that does not begin, and another list in the cover letter
	! scripts/lint -p >"$tmp/said" 2>&1 || return 1
	cat "$tmp/said"
	grep -q ' \[full-stop\]$' "$tmp/said" && grep -q ' \[parts\]$' "$tmp/said" && grep -q ' \[cover\]$' "$tmp/said" &&
		grep -qx 'lint: 3 finding(s)' "$tmp/said"
}
ok "lint counts what its parts find" total
broken() {
	! PIN=/nonexistent scripts/lint -p >"$tmp/said" 2>&1 || return 1
	cat "$tmp/said"
	grep -qE '^lint: could not check:.* apply' "$tmp/said"
}
ok "a part that cannot work is no clean one" broken
parts() {
	local part
	for part in scripts/lint-*; do
		[ ! -x "$part" ] || grep -qE "^parts=.*\\<${part#*lint-}\\>" scripts/lint || { echo "lint does not run $part"; return 1; }
	done
}
ok "lint runs each part that there is" parts
rules() { # each rule that the source names is in the list above
	local rule bad=0
	grep -ohE "\\b(bad|say)(\\('| )[a-z-]+('| [\"\$])" scripts/lint-* | sed -E "s/^(bad|say)(\\('| )//; s/('| .)\$//" | sort -u >"$tmp/rules"
	while read -r rule; do
		[[ $bitten == *" $rule "* ]] || { echo "no fixture for $rule"; bad=1; }
	done <"$tmp/rules"
	[ "$(wc -l <"$tmp/rules")" = "$(tr ' ' '\n' <<<"$bitten" | grep . | sort -u | wc -l)" ] ||
		{ echo "rules: $(wc -l <"$tmp/rules")"; bad=1; }
	return $bad
}
ok "each rule has a fixture here" rules
echo "1..$n"
