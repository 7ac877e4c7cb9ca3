#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Two tables side by side: shares are right, no row is lost. Seconds; no VM.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh

head=$'map type\twhat was done\tbytes asked\tbytes taken\tbytes charged\tcgroup charged\tbytes after release\tnote\n'
printf '%s' "$head" $'array\tcreated\t90\t100\t99\towner\t0\t\n' $'btf\tloaded\t9\t200\t200\towner\t0\t\n' >"$tmp/ours"
printf '%s' "$head" $'array\tcreated\t90\t400\t1\tnone\t0\t\n' $'hash\tmade\t-\t-\t-\t-\t-\tnot here: No such device\n' >"$tmp/there"

beside() { scripts/show-beside "$tmp/tsv" "$@"; }
row() { # row CELLS...: is a line of the result, note last
	local IFS=$'\t'
	grep -qxF -- "$*" "$tmp/tsv" || { cat "$tmp/tsv"; return 1; }
}
refused() { # refused FILE
	! beside "$tmp/ours" "$1" 2>"$tmp/said" || return 1
	grep -q 'is no table' "$tmp/said"
}
ok "two tables" beside "$tmp/ours" "$tmp/there"
ok "per cent of what was taken on each" row array created 100 99 99.0 owner 400 1 0.2 none ''
ok "a row that is not there" row btf loaded 200 200 100.0 owner - - - - ''
ok "a row that is only there, with its note" row hash made - - - - - - - - 'there: not here: No such device'
ok "and no more" test "$(wc -l <"$tmp/tsv")" = 4
ok "what is no table" refused tests/05-expect.t
ok "what is not there" refused "$tmp/none"
mirrored() {
	beside "$tmp/ours" "$tmp/ours"
	awk -F '\t' 'FNR > 1 && ($3 != $7 || $5 != $9 || $6 != $10) { exit 1 }' "$tmp/tsv"
	[ "$(wc -l <"$tmp/tsv")" = 3 ]
}
ok "a table against itself: the same on both sides" mirrored
echo "1..$n"
