#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What scripts/build-matrix makes of a tree with errors and warnings. Seconds: the
# tree has two files and a Makefile with the targets that the script uses.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh
. tests/lib/kernel-tree.sh
. scripts/lib.sh
matrix=$top/scripts/build-matrix
tree=$tmp/tree
export CC=gcc

mkdir -p "$tree"/{kernel,mm}
cat >"$tree/Makefile" <<'MAKE'
MAKEFLAGS += -r
HAVE := kernel/a.o $(if $(shell grep -x CONFIG_MEMCG=y $(O)/.config),mm/b.o)
allnoconfig: ; cp $(KCONFIG_ALLCONFIG) $(O)/.config
prepare: ;
$(HAVE): %.o: %.c ; mkdir -p $(O)/$(@D) && $(CC) -Wall -c -o $(O)/$@ $(CURDIR)/$<
.PHONY: $(HAVE)
MAKE
fake_merge_config "$tree"
warning='static int unused;'
git_plain -c init.defaultBranch=base init -q "$tree"
commit() { git_plain -C "$tree" add . && git_plain -C "$tree" -c user.name=t -c user.email=t@t commit -qm "$1"; }
echo "$warning" >"$tree/kernel/a.c"
echo 'int b;' >"$tree/mm/b.c"
commit base
git_plain -C "$tree" checkout -q -b series
printf '%s\nint a;\n' "$warning" >"$tree/kernel/a.c"
echo 'int bb;' >"$tree/mm/b.c"
commit series

# says STATUS PATTERN ARGUMENT...
says() {
	local status=0
	"$matrix" "${@:3}" >"$tmp/says" 2>&1 || status=$?
	cat "$tmp/says"
	[ $status -eq "$1" ] && grep -qE "$2" "$tmp/says"
}
ok "usage" says 2 'usage:' "$tree"
ok "no tree: says so, and how to make one" says 1 'is no git tree.*make tree' "$tmp" "$tmp/objects"
ok "a name that is none" says 1 'no configuration nowhere' "$tree" "$tmp/objects" nowhere
ok "a warning that the base gives too is let pass" \
	says 0 '^ok 1 - debug-vm: 2 objects, 0 that it does not have,' "$tree" "$tmp/objects" debug-vm
ok "a file that the configuration does not have is no error" \
	says 0 '^ok 1 - memcg-n: 1 objects, 1 that it does not have,' "$tree" "$tmp/objects" memcg-n
printf '%s\nint a;\nstatic int new;\n' "$warning" >"$tree/kernel/a.c"
commit warn
new_warning() {
	says 1 '^not ok 1 - debug-vm: .* new warnings' "$tree" "$tmp/objects" debug-vm &&
		grep -q "^# .*new.*defined but not used" "$tmp/says" && ! grep -q "^# .*unused.*defined" "$tmp/says"
}
ok "a warning that the base does not give fails, and is shown alone" new_warning
echo 'int a' >"$tree/kernel/a.c"
commit error
ok "an error fails" says 1 '^# .*error: expected' "$tree" "$tmp/objects" debug-vm
echo 'int a;' >"$tree/kernel/a.c"
printf 'kernel/c.o: ;\n' >>"$tree/Makefile"
echo 'int c;' >"$tree/kernel/c.c"
commit unbuilt
ok "an object that is neither made nor refused fails" says 1 '^not ok 1 - debug-vm: .* of 3$' "$tree" "$tmp/objects" debug-vm
ok "a line of a fragment that is lost fails" says 1 '^not ok .*did not survive' "$tree" "$tmp/objects" slob
# shellcheck disable=SC2016 # make's, not the shell's
sed -i '/^kernel\/c/d; s/ \$(if.*/ kernel\/c.o/' "$tree/Makefile"
commit missing
ok "a touched file that no configuration compiles fails" says 1 '^# mm/b.o' "$tree" "$tmp/objects"
echo "1..$n"
