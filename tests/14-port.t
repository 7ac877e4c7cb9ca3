#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/port on bases of two files: what is for one base alone takes its place, and
# whatever does not fit is named. No VM, no network; seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh
. scripts/lib.sh
export BPF_MEMCG_CACHE=$tmp/cache PIN=$tmp/pin OTHERS=$tmp/others OVERRIDES=$tmp/for PATCHES=$tmp/patches OUT=$tmp/build
mkdir "$tmp"/{cache,others,for,patches}

# says STATUS PATTERN COMMAND...
says() {
	local status=0
	"${@:3}" >"$tmp/says" 2>&1 || status=$?
	cat "$tmp/says"
	[ $status -eq "$1" ] && grep -qE -- "$2" "$tmp/says"
}

# pin FILE LINE...: of a tarball whose Kbuild has line 20 as given, with further lines
pin() {
	local name=${1##*/} file=$1 dir
	dir=$tmp/linux-$name
	mkdir -p "$dir"
	printf 'VERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = 1\n' >"$dir/Makefile"
	seq 40 | sed "20s/.*/$2/" >"$dir/Kbuild"
	tar -cJf "$tmp/cache/$name.tar.xz" -C "$tmp" "linux-$name"
	cat >"$file" <<-PIN
	version=5.10.1 package=linux package_version=5.10.1-1 suite=none-security component=main
	tarball=$name.tar.xz size=$(stat -c %s "$tmp/cache/$name.tar.xz") sha256=$(sha256sum <"$tmp/cache/$name.tar.xz" | cut -d' ' -f1)
	date=2026-01-01T00:00:00Z commit= tree=
	PIN
	printf '%s\n' "${@:3}" >>"$file"
	seal "$file"
}
seal() { # what is made of it is what has to come of it
	local name=${1##*/} said
	[ "$name" != pin ] || name=
	said=$(scripts/make-base ${name:+"$name"} 2>&1) || true
	sed -nE 's/.*this gives (commit=[0-9a-f]+ tree=[0-9a-f]+),.*/\1/p' <<<"$said" >>"$1"
}
pin "$PIN" 20
pin "$OTHERS/same" 20
pin "$OTHERS/older" twenty
pin "$OTHERS/oldest" twenty "overrides='oldest older'"

# the series: lines 10, 20, 30
make_series() {
	local i repo=$tmp/series
	git_plain clone -q -b base "$tmp/cache/base.git" "$repo"
	for i in 10 20 30; do
		sed -i "${i}s/\$/ changed/" "$repo/Kbuild"
		git_plain -C "$repo" -c user.name=x -c user.email=x@localhost commit -qam "kbuild: change line $i" -m why
	done
	format_series "$repo" origin/base..HEAD "$PATCHES" >/dev/null
	echo tree="$(git_plain -C "$repo" rev-parse 'HEAD^{tree}')" >"$PATCHES/tree"
}
make_series
tree=$(sed -n 's/tree=//p' "$PATCHES/tree")

ok "a name that is none: one line that has those that are" \
	says 1 "^port: no base 'nowhere'; there are same older oldest\$|^port: no base 'nowhere'; there are [a-z ]+\$" scripts/port nowhere
one_line() { says 1 . scripts/port "$1" && [ "$(wc -l <"$tmp/says")" = 1 ]; }
ok "and no more" one_line nowhere
ok "a name that leaves the directory" says 1 "no base '../pin'" scripts/port ../pin
ok "without a name: the bases" says 0 'older	linux 5.10.1-1 of none-security' scripts/port
ok "usage" says 2 'usage:' scripts/port a b
ok "the same content gives the same tree" says 0 "same: 3/3 patches applied .0 replaced, 0 left out., tree $tree" scripts/port -n same
ok "a patch that does not apply is named" \
	says 1 'older: 1/3 patches applied .*; patch 0002-kbuild-change-line-20.patch does not apply' scripts/port -n older
tree_of() { # tree_of NAME SED: what NAME is with that done to its Kbuild
	rm -rf "$tmp/of"
	cp -r "$tmp/linux-$1" "$tmp/of"
	sed -i "$2" "$tmp/of/Kbuild"
	git_plain init -q "$tmp/of"
	git_plain -C "$tmp/of" add -A
	git_plain -C "$tmp/of" write-tree
}
row() { # row FILE COLUMN...
	local IFS=$'\t'
	cat "$1"
	grep -q "^${*:2}	" "$1"
}
ok "and is in the results" row "$OUT/results/ports.tsv" older 'linux 5.10.1-1' 1/3 0 - - - -
mkdir "$OVERRIDES/older" "$OVERRIDES/oldest"
sed -e 's/^-20$/-twenty/; s/^+20 changed/+twenty changed/' "$PATCHES/0002-kbuild-change-line-20.patch" \
	>"$OVERRIDES/older/kbuild-change-line-20.patch"
ok "a patch for this base takes its place" \
	says 0 "older: 3/3 patches applied .1 replaced, 0 left out., tree $(tree_of older '10s/$/ changed/; 20s/$/ changed/; 30s/$/ changed/')," \
	scripts/port -n older
ok "in the results, too, in the same line" row "$OUT/results/ports.tsv" older 'linux 5.10.1-1' 3/3 1 - - - -
once() { [ "$(grep -c '^older' "$OUT/results/ports.tsv")" = 1 ] && [ "$(grep -c '^same' "$OUT/results/ports.tsv")" = 1 ]; }
ok "which is there once, beside the others" once
: >"$OVERRIDES/oldest/kbuild-change-line-30.skip"
ok "to leave a patch out takes a reason" says 1 'kbuild-change-line-30.skip gives no reason' scripts/port -n oldest
echo 'not there' >"$OVERRIDES/oldest/kbuild-change-line-30.skip"
ok "it is left out, and the patch of the next directory taken" \
	says 0 "oldest: 2/3 patches applied .1 replaced, 1 left out., tree $(tree_of oldest '10s/$/ changed/; 20s/$/ changed/')," \
	scripts/port -n oldest
echo x >"$OVERRIDES/older/kbuild-change-line-99.patch"
ok "a patch in place of none is an error" says 1 'kbuild-change-line-99.patch is for no patch of the series' scripts/port -n older
rm "$OVERRIDES/older/kbuild-change-line-99.patch"
ok "no initramfs to boot" says 1 'no initramfs .*make guest' env INITRAMFS="$tmp/none" scripts/port older

# Debian's changes: two queues, by quilt
debian() { # debian CONTEXT: of the patch of the second queue
	mkdir -p "$tmp"/deb/debian/{patches,patches-rt}
	printf 'one.patch\n# a comment\n' >"$tmp/deb/debian/patches/series"
	printf 'two.patch\n' >"$tmp/deb/debian/patches-rt/series"
	printf -- '--- a/Kbuild\n+++ b/Kbuild\n@@ -1,3 +1,3 @@\n-1\n+one\n 2\n 3\n' >"$tmp/deb/debian/patches/one.patch"
	printf -- '--- a/Kbuild\n+++ b/Kbuild\n@@ -1,3 +1,3 @@\n %s\n-2\n+two\n 3\n' "$1" >"$tmp/deb/debian/patches-rt/two.patch"
	tar -cJf "$tmp/cache/debian.tar.xz" -C "$tmp/deb" debian
	rm -f "$tmp/cache/debian.tar.xz.ok"
	pin "$OTHERS/rt" 20 "debian=debian.tar.xz debian_size=$(stat -c %s "$tmp/cache/debian.tar.xz")" \
		"debian_sha256=$(sha256sum <"$tmp/cache/debian.tar.xz" | cut -d' ' -f1)" \
		"queues='debian/patches debian/patches-rt'"
}
debian one
ok "the series on Debian's patches" \
	says 0 "rt: 3/3 patches applied .*, tree $(tree_of rt '1s/.*/one/; 2s/.*/two/; 10s/$/ changed/; 20s/$/ changed/; 30s/$/ changed/')," \
	scripts/port -n rt
git_plain -C "$tmp/cache/base.git" branch -qD others/rt
debian uno
ok "a patch of Debian's that applies with fuzz alone does not apply" \
	says 1 'debian/patches-rt of debian.tar.xz does not apply.*nothing kept' scripts/make-base rt
sed -i 's/^date=\S* /date=2025-01-01T00:00:00Z /' "$OTHERS/same"
git_plain -C "$tmp/cache/base.git" branch -qD others/same
ok "a base that comes out another" says 1 'this gives commit=[0-9a-f]* tree=.*, .*others/same has commit=.*nothing kept' scripts/make-base same
half_made() { ! compgen -G "$tmp/cache/.*.??????" && [ ! -e "$OUT/port" ]; }
ok "nothing half-made is left" half_made

# the README
printf 'x\n<!-- ports -->\n<!-- end of ports -->\ny\n' >"$tmp/README"
readme() { scripts/readme-ports "$OUT/results/ports.tsv" "$tmp/README"; grep -qF '| older | 3/3 | 1 | not tried | not tried | not tried | ' "$tmp/README"; }
ok "the results in the README" readme
no_section() {
	! scripts/readme-ports "$OUT/results/ports.tsv" "$tmp/pin" 2>"$tmp/said" || return 1
	grep -q 'has no lines' "$tmp/said"
}
ok "a README without a place for them" no_section
no_record() {
	! scripts/readme-ports "$tmp/pin" "$tmp/README" 2>"$tmp/said" || return 1
	grep -q 'is no record' "$tmp/said"
}
ok "what is no record" no_record

# for debian/patches
ok "a directory that is something else is kept" says 1 'is not of this script' scripts/quilt-dir "$tmp/cache"
ok "the series for quilt" says 0 '3 patches, and series' scripts/quilt-dir "$tmp/quilt"
dep3() { # the fields are in the header, the rest is as it was
	local name=0002-kbuild-change-line-20.patch
	local file=$tmp/quilt/features/all/bpf-memcg/$name
	sed '/^$/q' "$file" | grep -qx 'Forwarded: not-needed' && diff <(sed -E '1,/^$/{/^(Forwarded|Comment): /d}' "$file") "$PATCHES/$name"
}
ok "a patch has what DEP-3 wants, and is else the same" dep3
push() {
	cp "$tmp/linux-same/Kbuild" "$tmp/quilt"
	(cd "$tmp/quilt" && QUILT_PATCHES=. quilt --quiltrc=- push -a -q --fuzz=0) && diff "$tmp/quilt/Kbuild" "$tmp/series/Kbuild"
}
ok "quilt applies it" push

unset PIN OTHERS OVERRIDES PATCHES OUT
stored() {
	cp README.md "$tmp/README.md"
	scripts/readme-ports tests/record/ports.tsv "$tmp/README.md" || return 1
	diff "$tmp/README.md" README.md
}
ok "the table in README.md is of tests/record/ports.tsv" stored
known() { # every base that is pinned was tried, and no other
	diff <(other_bases) <(awk -F '\t' 'NR > 1 { print $1 }' tests/record/ports.tsv)
}
ok "which has every base" known
echo "1..$n"
