#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which trees give the same kernel and the same warnings, so that what is known of one
# is known of the other.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh
. scripts/lib.sh
tree=$tmp/tree
mkdir -p "$tree"/{kernel,scripts}
code=$'int a(int b)\n{\n\tswitch (b) {\n\tcase 0:\n\t\tb++;\n\t\t/* fall through */\n\tdefault:\n\t\treturn b;\n\t}\n}'
printf '/* a comment */\n%s\n' "$code" >"$tree/kernel/a.c"
echo '#define A "a" /* a comment */' >"$tree/kernel/a.h"
# of comments that begin with two stars, the lines that say so
cat >"$tree/scripts/kernel-doc" <<'PERL'
shift @ARGV;
while (<>) { print "$ARGV:$.: warning: $1\n" if /(lacks .*)/; close ARGV if eof; }
exit 1;
PERL
git_plain -c init.defaultBranch=series init -q "$tree"
commit() { git_plain -C "$tree" add -A && git_plain -C "$tree" -c user.name=t -c user.email=t@t commit -qm "$1"; }
commit first
git_plain -C "$tree" tag first

same() { # same STATUS SAID [FILE TEXT]: with that file, or without, in the other tree
	local status=0
	git_plain -C "$tree" checkout -qf first
	[ $# -lt 4 ] || { mkdir -p "$tree/${3%/*}" && printf '%s\n' "$4" >"$tree/$3"; }
	[ $# -ne 3 ] || rm "$tree/$3"
	[ $# -lt 3 ] || commit other
	scripts/same-kernel "$tree" first 'HEAD^{tree}' >"$tmp/says" 2>&1 || status=$?
	cat "$tmp/says"
	[ $status -eq "$1" ] && [ "$(cat "$tmp/says")" = "$2" ]
}
fails() { # fails PATTERN COMMAND...
	local status=0
	"${@:2}" >"$tmp/says" 2>&1 || status=$?
	cat "$tmp/says"
	[ $status -ne 0 ] && grep -qE "$1" "$tmp/says"
}
ok "a tree gives the kernel that it gives" same 0 ''
ok "so does one of another comment" same 0 '' kernel/a.c "$code // nor is
/* this
of matter */"
ok "or of one in a header" same 0 '' kernel/a.h '#define A "a"'
ok "unless there is no compiler to say so" fails 'nowhere' env CC=/nowhere scripts/same-kernel "$tree" first HEAD
ok "or of another document" same 0 '' Documentation/a.rst text
ok "other code gives another, and the file is named" same 1 kernel/a.c kernel/a.c "${code/++/--}"
ok "other text in a string" same 1 kernel/a.h kernel/a.h '#define A "a/* a comment */"'
ok "a pragma" same 1 kernel/a.h kernel/a.h '#pragma once
#define A "a"'
ok "code that was a comment" same 1 kernel/a.h kernel/a.h '#define A "a" a comment'
ok "a comment of a file that is no C" same 1 kernel/Kconfig kernel/Kconfig '# a comment'
ok "a file more" same 1 kernel/b.c kernel/b.c '/* a comment */'
ok "or less" same 1 kernel/a.h kernel/a.h
ok "what kernel-doc finds" same 1 kernel/a.c kernel/a.c "/** lacks b */
$code"
ok "a case that falls through without saying so" same 1 kernel/a.c kernel/a.c "${code/fall through/on}"
ok "no such commit" fails "$tree has no nothing" scripts/same-kernel "$tree" first nothing
ok "usage" fails '^usage:' scripts/same-kernel "$tree" first
echo "1..$n"
