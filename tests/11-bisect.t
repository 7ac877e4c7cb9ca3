#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What scripts/bisect makes of patches that break the build or bring warnings, and where
# scripts/boot-parts finds the ends of parts.
# Seconds: the tree has two files and a Makefile with the targets that are used.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh
. tests/lib/kernel-tree.sh
. scripts/lib.sh
bisect=$top/scripts/bisect
tree=$tmp/tree
export CC=gcc KEPT=$tmp/kept
# the tree's Makefile says what sparse would; on this machine there may be none
mkdir "$tmp/bin"
printf '#!/bin/sh\nexit 1\n' >"$tmp/bin/sparse"
chmod +x "$tmp/bin/sparse"
PATH=$tmp/bin:$PATH

mkdir -p "$tree"/{kernel,mm}
cat >"$tree/Makefile" <<'MAKE'
MAKEFLAGS += -r --no-print-directory
allnoconfig: ; sed /=n$$/d $(KCONFIG_ALLCONFIG) >$(O)/.config; echo >>$(O)/configurations
all := kernel/a.o mm/b.o
vmlinux: $(all) ; cd $(O) && $(CC) -r -o vmlinux $(all) && ! nm vmlinux | grep -w U >undefined || \
	{ sed 's/.* U/undefined reference to/' undefined; exit 1; }
ifeq ($(C),2)
$(all): %.o: %.c ; @sed -n 's|.*sparse: \(.*\)|$<:1:1: warning: \1|p' $<
else
$(all): %.o: %.c ; @echo '  CC      $@'; mkdir -p $(O)/$(@D); $(CC) -Wall -c -o $(O)/$@ $<
endif
.PHONY: $(all)
MAKE
fake_merge_config "$tree"
touch "$tree/scripts/kernel-doc"
git_plain -c init.defaultBranch=base init -q "$tree"
commit() { git_plain -C "$tree" add . && git_plain -C "$tree" -c user.name=t -c user.email=t@t commit -qm "$1"; }
known='static int unused; // sparse: dubious'
echo "$known" >"$tree/kernel/a.c"
echo 'int b;' >"$tree/mm/b.c"
commit base
git_plain -C "$tree" checkout -q -b series
printf '%s\nint a;\n' "$known" >"$tree/kernel/a.c"
commit fine
echo 'int c(void); int b(void) { return c(); }' >"$tree/mm/b.c"
commit unlinked
echo 'int b(void) { return 0; }' >"$tree/mm/b.c"
commit linked
mkdir "$tree/Documentation" && touch "$tree/Documentation/a"
commit documented
printf '%s\nint a;\nstatic int new;\n' "$known" >"$tree/kernel/a.c"
commit warned
echo 'int b(void) { return 1; } // sparse: cast' >"$tree/mm/b.c"
touch "$tree/mm/Kconfig"
commit sparse
touch "$tree/Documentation/b"
commit written

says() { # says STATUS PATTERN ARGUMENT...
	local status=0
	"$bisect" "${@:3}" >"$tmp/says" 2>&1 || status=$?
	cat "$tmp/says"
	[ $status -eq "$1" ] && grep -qE "$2" "$tmp/says"
}
said() { cat "$tmp/says"; grep -qE "$1" "$tmp/says"; }
ok "usage" says 2 'usage:' "$tree"
ok "no tree: says so, and how to make one" says 1 'is no git tree.*make tree' "$tmp" "$tmp/builds" x86-64
ok "a configuration that is none" says 1 'no configuration nowhere' "$tree" "$tmp/builds" nowhere
ok "a patch that is none" says 1 'patches 1 to 8: there are 1 to 7' -l 8 "$tree" "$tmp/builds" x86-64
"$bisect" "$tree" "$tmp/builds" x86-64 >"$tmp/says" 2>&1 || status=$?
ok "patches that fail make it fail" [ "${status:-0}" = 1 ]
ok "warnings that the base gives are let pass" said '^ok 1 - 1 fine: 2 objects'
ok "a function that is missing breaks" said '^not ok 2 - 2 unlinked: broken'
ok "the next one has it again" said '^ok 3 - 3 linked'
ok "one that the kernel is not built of is not built" said '^ok 4 - 4 documented: the same kernel'
ok "a new warning is found" said '^not ok 5 - 5 warned: warns'
ok "and shown" said "^# .*kernel/a.c: warning: .new. defined but not used"
ok "a new finding of sparse, too" said '^not ok 6 - 6 sparse: warns'
ok "and shown" said '^# sparse: .*mm/b.c: warning: cast'
ok "but built after one that failed" said '^ok 7 - 7 written: 2 objects'
ok "the plan is of all" said '^1\.\.7$'
record() {
	cut -f 1,3,5,7 "$tmp/builds/x86-64.tsv" | diff - <(printf '%s\t%s\t%s\t%s\n' patch result 'new warnings' subject \
		1 ok 0 fine 2 broken 1 unlinked 3 ok 0 linked 4 ok 0 documented 5 warns 1 warned \
		6 warns 1 sparse 7 ok 0 written)
}
ok "the record has a line for each" record
ok "configured for the base, and for the patch with a Kconfig file" [ "$(wc -l <"$tmp/builds/x86-64/obj/configurations")" = 2 ]
ok "what passed is not built again" says 0 '^ok 1 - 1 fine # before' -l 1 "$tree" "$tmp/builds" x86-64
ok "what failed is" says 1 '^not ok 1 - 2 unlinked: broken' -f 2 -l 2 "$tree" "$tmp/builds" x86-64
echo other >"$tmp/builds/x86-64/base.ok"
touch "$tmp/builds/x86-64/obj/object"
"$bisect" -l 1 "$tree" "$tmp/builds" x86-64 >/dev/null
ok "nor is a base that no patch is built after" grep -qx other "$tmp/builds/x86-64/base.ok"
"$bisect" -f 2 -l 2 "$tree" "$tmp/builds" x86-64 >/dev/null || :
ok "a base that is built again is built from nothing" [ ! -e "$tmp/builds/x86-64/obj/object" ]
mkdir "$KEPT"
sed '3!d' "$tmp/builds/x86-64.tsv" | sed 's/broken/ok/' >"$KEPT/bisect-x86-64.tsv"
ok "nor what the record that is kept has" says 0 '^ok 1 - 2 unlinked # before' -f 2 -l 2 "$tree" "$tmp/builds" x86-64
cp "$tmp/builds/x86-64.tsv" "$KEPT/bisect-x86-64.tsv"
"$bisect" -l 1 "$tree" "$tmp/builds" x86-64 >/dev/null
ok "a line that both have is there once" [ "$(grep -c '^1	' "$tmp/builds/x86-64.tsv")" = 1 ]
sed -i 's/\t/\tother/' "$KEPT/bisect-x86-64.tsv"
sed -i '/unlinked/d' "$tmp/builds/x86-64.tsv"
ok "but not of another tree" says 1 '^not ok 1 - 2 unlinked: broken' -f 2 -l 2 "$tree" "$tmp/builds" x86-64

# Patches in place of the first, and what is kept of that one.
cp "$tmp/builds/x86-64.tsv" "$KEPT/bisect-x86-64.tsv"
instead() { # instead TEXT: of what it adds
	rm -rf "$tmp/again" "$tmp/others"
	cp -a "$tree" "$tmp/again"
	git_plain -C "$tmp/again" checkout -qB series base
	printf '%s\n%s\n' "$known" "$1" >"$tmp/again/kernel/a.c"
	tree=$tmp/again commit instead
}
instead 'int a; // why'
ok "nor what passed with another comment" \
	says 0 '^ok 1 - 1 instead: the kernel that passed' "$tmp/again" "$tmp/others" x86-64
carried() {
	cut -f 1-3,7 "$tmp/others/x86-64.tsv" |
		diff - <(printf '%s\t%s\t%s\t%s\n' patch tree result subject 1 "$(git_plain -C "$tmp/again" rev-parse 'series^{tree}')" ok instead)
}
ok "the record has its tree and subject" carried
instead 'long a;'
ok "other code is built" says 0 '^ok 1 - 1 instead: 2 objects' "$tmp/again" "$tmp/others" x86-64

bisect=$top/scripts/boot-parts
mkdir "$tmp/patches"
export PATCHES=$tmp/patches
touch "$tmp/initramfs"
ok "boot-parts: usage" says 2 'usage:' "$tree"
ok "no initramfs" says 1 "no initramfs $tmp/none; 'make guest' makes it" "$tree" "$tmp/parts" "$tmp/none"
ok "no parts" says 1 'nothing says where a part begins' "$tree" "$tmp/parts" "$tmp/initramfs"
printf '# a comment\nfine\tThe first\nlinked\tThe second\n' >"$PATCHES/parts"
ok "a tree that is no kernel does not build" \
	says 1 '^not ok 3 - 7, The second: does not build' "$tree" "$tmp/parts" "$tmp/initramfs"
parts() {
	cut -f 1,3,7 "$tmp/parts/parts.tsv" | diff - <(printf '%s\t%s\t%s\n' patch result part \
		0 'does not build' 'none, the base' 2 'does not build' 'The first' 7 'does not build' 'The second')
}
ok "the base, and the last patch of each part" parts
sed '4!d; s/does not build/ok/' "$tmp/parts/parts.tsv" | sed "1i $(head -n 1 "$tmp/parts/parts.tsv")" >"$KEPT/parts.tsv"
ok "what passed in the record that is kept is not built again" \
	says 1 '^ok 3 - 7, The second # before' "$tree" "$tmp/parts" "$tmp/initramfs"
sed 's/ok/does not build/' "$KEPT/parts.tsv" >"$tmp/parts/parts.tsv"
echo '3	abcdef	ok	1	1	1	The first' >>"$tmp/parts/parts.tsv"
ok "with a patch that was the end of a part once" \
	says 1 '^ok 3 - 7, The second # before' "$tree" "$tmp/parts" "$tmp/initramfs"
fewer() { cut -f 1 "$tmp/parts/parts.tsv" | paste -sd' ' | grep -x 'patch 0 2 7'; }
ok "that is no longer in the record" fewer
sed -i "s/^7	[0-9a-f]*/7	$(git_plain -C "$tree" rev-parse 'series~1^{tree}')/" "$KEPT/parts.tsv"
ok "nor what passed before another document" \
	says 1 '^ok 3 - 7, The second # before' "$tree" "$tmp/others" "$tmp/initramfs"

# The sums, for testing.md.
docs=$tmp/docs
mkdir "$docs"
rows() { # rows RECORD NAME FORMAT CELL...: with the first line of that record
	head -n 1 "$1" >"$docs/$2"
	# shellcheck disable=SC2059 # a format for each file
	printf "$3\n" "${@:4}" >>"$docs/$2"
}
rows "$tmp/builds/x86-64.tsv" bisect-x86-64.tsv '%s\tabcdef0123456789\t%s\t7\t0\t%s\ta subject' 1 ok 9 2 ok 0 3 warns 9 5 ok 9
rows "$tmp/builds/x86-64.tsv" bisect-other.tsv '%s\tabcdef0123456789\t%s\t7\t0\t%s\ta subject' 4 broken 9
rows "$tmp/parts/parts.tsv" parts.tsv '%s\tabcdef0123456789\tok\t40\t30\t20\tThe first' 5
printf '<!-- bisect -->\nof old\n<!-- end of bisect -->\nbelow\n' >"$tmp/document"
sums() {
	scripts/bisect-docs "$docs" "$tmp/document" && diff "$tmp/document" - <<-EOF
	<!-- bisect -->
	| configuration | patches that passed | that did not | kernels built | tree of the last |
	|---|---|---|--:|---|
	| other | none | 4 | 1 |  |
	| x86-64 | 1 to 2, 5 | 3 | 3 | abcdef012345 |

	| booted after | of the part | tree | result | objects made, limit 0 | charged |
	|--:|---|---|---|--:|--:|
	| 5 | The first | abcdef012345 | ok | 30 of 40 | 20 |
	<!-- end of bisect -->
	below
	EOF
}
cd "$top"
ok "bisect-docs sums the records up" sums
stored() {
	cp Documentation/testing.md "$tmp/testing.md"
	scripts/bisect-docs tests/record "$tmp/testing.md"
	diff Documentation/testing.md "$tmp/testing.md"
}
ok "Documentation/testing.md is what the records give ('make docs' makes it)" stored
bisect=$top/scripts/bisect-docs
echo '6	something' >>"$docs/parts.tsv"
ok "not what is no record" says 1 'parts.tsv is not of scripts/boot-parts' "$docs" "$tmp/document"
echo 'patch	tree' >"$docs/bisect-other.tsv"
ok "of none of them" says 1 "a record in $docs is not of scripts/bisect" "$docs" "$tmp/document"
ok "no records" says 1 "no records in $tmp/none; make bisect makes them" "$tmp/none" "$tmp/document"
ok "the document stays" grep -q '| 5 | The first |' "$tmp/document"
echo "1..$n"
