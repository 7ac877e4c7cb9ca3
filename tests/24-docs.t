#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is generated in Documentation/: the generators do what they say, and what
# is stored is what they give of tests/record/ and patches/. Seconds; no VM.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh

head=$'map type\twhat was done\tbytes asked\tbytes taken\tbytes charged\tcgroup charged\tbytes after release\tnote\n'
array=$'array\tcreated\t16793600\t16800000\t16785408\towner\t0\t\n'
link=$'link\t800 of them\t416000\t510832\t454656\towner\t0\t\n'
root=$'array\tof nobody\t100\t100\t0\tnone\t0\t\n'
absent=$'link\tof a device\t-\t-\t-\t-\t-\tnot here: No such device\n'
printf '%s' "$head" "$array" "$link" "$root" "$absent" >"$tmp/table"
f_array=$'array\tcreated\tarea(320 + n * r8(value))\tn=4096 value=4095\tvalues\tnothing\n'
f_link=$'link\t800 of them\tlinks * (slab(72) + FD)\tlinks=800\tthe link\tnothing\n'

table() { # table FORMULA...: on the fixture
	printf '%s' "$@" >"$tmp/formulas"
	scripts/accounting-table "$tmp/table" "$tmp/formulas" >"$tmp/md" 2>"$tmp/said" || { cat "$tmp/said"; return 1; }
}
refused() { # refused WHY FORMULA...: with that reason, and no table
	! table "${@:2}" || return 1
	cat "$tmp/said"
	grep -q -- "$1" "$tmp/said" && [ ! -s "$tmp/md" ]
}
row() { # row CELLS...: is a line of the result
	local IFS='|'
	grep -qxF -- "| ${*/%/ }|" <(sed 's/ | / |/g' "$tmp/md") || { cat "$tmp/md"; return 1; }
}
ok "a table of two types" table "$f_array" $'# a comment\n' "$f_link"
ok "what the formula gives, and what was charged" row array created 'n=4096 value=4095' 16781312 16785408 '100.0 %'
ok "sums of small objects" row link '800 of them' links=800 454400 454656 '99.9 %'
ok "a row without a formula of its own" row array 'of nobody' 100 100 0 '0.0 %' none 0
ok "a row that was not there" row link 'of a device' - - - 'not here: No such device' - -
ok "a type without formula" refused 'no formula for type "link"' "$f_array"
ok "a formula whose type is not in the run" refused 'no row "queue, created"' "$f_array" "$f_link" "${f_array/array/queue}"
ok "a formula for another row" refused 'no row "array, made"' "${f_array/created/made}" "$f_link"
ok "a formula for a row that was not measured" refused 'was not measured' "$f_array" "${f_link/800 of them/of a device}"
ok "a formula that gives 3 % more" refused 'array, created: .*103.0 %' "${f_array/n=4096/n=4219}" "$f_link"
ok "a variable that has no value" refused 'cannot compute' "${f_array/value=4095/}" "$f_link"
ok "no formula but something else" refused 'cannot compute' "${f_array/320/open(0)}" "$f_link"
ok "cells that are missing" refused 'not six cells' "${f_array/values/}" "$f_link"
not_a_table() {
	! scripts/accounting-table tests/24-docs.t "$tmp/formulas" 2>"$tmp/said" || return 1
	grep -q 'is no table' "$tmp/said"
}
ok "what is no table" not_a_table

beside=$'map type\twhat was done\ttaken ours\tcharged ours\t% ours\tby ours\ttaken there\tcharged there\t% there\tby there\tnote\n'
printf '%s' "$beside" $'array\tcreated\t1\t1\t1\towner\t200\t50\t25.0\towner\t\n' \
	$'array\tof nobody\t1\t1\t1\tnone\t1000\t0\t0.0\tnone\t\n' \
	$'link\t800 of them\t1\t1\t1\towner\t-\t-\t-\t-\tthere: not here: No such device\n' >"$tmp/beside"
plot() {
	scripts/charged-plot -d "$tmp/table" "$tmp/beside" >"$tmp/data"
	cat "$tmp/data"
	[ "$(cat "$tmp/data")" = $'array\t99.9\t25.0\t0.0' ]
}
plot_base() {
	sed $'s/\t200\t50\t/\t400\t20\t/' "$tmp/beside" >"$tmp/base"
	scripts/charged-plot -d -b "$tmp/base" "$tmp/table" "$tmp/beside" >"$tmp/data"
	cat "$tmp/data"
	[ "$(cat "$tmp/data")" = $'array\t99.9\t25.0\t5.0' ]
}
ok "data of the plot: what both have measured and somebody is to pay" plot
ok "with a record of the unpatched kernel" plot_base
no_plot() {
	! scripts/charged-plot -d "$tmp/beside" "$tmp/table" 2>"$tmp/said" || return 1
	cat "$tmp/said"
	grep -q 'has not all of the columns' "$tmp/said"
}
ok "tables in the wrong order" no_plot

stored() { scripts/accounting-table tests/record/table.tsv Documentation/accounting.tsv | diff - Documentation/accounting.md; }
ok "Documentation/accounting.md is what the record gives ('make docs' makes it)" stored
upstream() { scripts/upstream-table | diff - Documentation/upstream.md; }
ok "Documentation/upstream.md is what upstream.tsv and the patches give" upstream
readme() {
	cp README.md "$tmp/README.md"
	scripts/readme-table tests/record/table.tsv "$tmp/README.md" || return 1
	diff "$tmp/README.md" README.md
}
ok "the table in README.md is of the record, too" readme
no_section() {
	! scripts/readme-table tests/record/table.tsv "$tmp/table" 2>"$tmp/said" || return 1
	grep -q 'has no lines' "$tmp/said"
}
ok "a README without a place for it" no_section
pictures() { # each type as a line of text
	local type
	scripts/charged-plot -d tests/record/table.tsv tests/record/probe-debian-6.1.tsv | cut -f 1 >"$tmp/types"
	while read -r type; do
		grep -qF ">$type<" Documentation/charged.svg || { echo "charged.svg has no $type"; return 1; }
	done <"$tmp/types"
	grep -q '<svg' Documentation/who-pays.svg
}
ok "the pictures have what they are to show" pictures
links() { # relative ones, and files that are named in code
	local file link bad=0
	for file in README.md Documentation/*.md; do
		while read -r link; do
			[ -e "$(dirname "$file")/${link%%#*}" ] || { echo "$file: no $link"; bad=1; }
		done < <(grep -oE '\]\([^)]+\)' "$file" | sed -E 's/^\]\(|\)$//g' | grep -vE '^(https?:|#)')
		# shellcheck disable=SC2016 # backquotes of Markdown
		while read -r link; do
			[ -e "$link" ] || { echo "$file: no $link"; bad=1; }
		done < <(grep -oE '`(scripts|tests|guest|config|patches|base)/[A-Za-z0-9_./-]*`' "$file" |
			tr -d '`' | grep -v '^scripts/coccinelle/')
	done
	return $bad
}
ok "what the documents refer to is there" links
listed() { # listed PREFIX FILE...: Documentation/testing.md has each, less the prefix
	local file bad=0
	for file in "${@:2}"; do
		grep -qF "\`${file#"$1"}\`" Documentation/testing.md || { echo "not in testing.md: $file"; bad=1; }
	done
	return $bad
}
ok "Documentation/testing.md has every test" listed '' tests/*.t
ok "and every scenario" listed guest/scenario/ guest/scenario/*
echo "1..$n"
