# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For tests of a script that makes a table of TSV: $maker is the script, $tmp/table a
# good file for it. After tap.sh.

table() { "$maker" "$@" >"$tmp/md" 2>"$tmp/said" || { cat "$tmp/said"; return 1; }; }
row() { grep -qxF -- "$1" "$tmp/md" || { cat "$tmp/md"; return 1; }; }
refused() { # refused WHY SED-SCRIPT: the table that it makes, for that reason, and nothing printed
	sed -E "$2" "$tmp/table" >"$tmp/bad"
	! cmp -s "$tmp/table" "$tmp/bad" || { echo "nothing changed"; return 1; }
	! table "$tmp/bad" || return 1
	cat "$tmp/said"
	grep -q -- "$1" "$tmp/said" && [ ! -s "$tmp/md" ]
}
