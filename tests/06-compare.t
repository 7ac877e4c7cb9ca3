#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The comparison of two kernels finds every kind of difference, and says nothing
# of what is the same. Seconds; no VM.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh

base=$'ok 1 - same\nnot ok 2 - broken\nok 3 - device # SKIP no device\nok 4 - third\nok 5 - last\n1..5\n'

# compare PATCHED [BASE]: into $tmp/said, exit status as of the script
compare() {
	printf %s "${2-$base}" >"$tmp/base"
	printf %s "$1" >"$tmp/patched"
	printf 'third\tflaky\tboth\tall\ttime\tnever\n' >"$tmp/list"
	scripts/compare-results "${flaky[@]}" "$tmp/all.tsv" "$tmp/base" "$tmp/patched" >"$tmp/said" 2>&1
}
# differ STATUS PATCHED [LINE...]: these lines, spaces squeezed, and no others
differ() {
	local status=0
	compare "$2" || status=$?
	cat "$tmp/said"
	[ $status = "$1" ] || { echo "status $status, not $1"; return 1; }
	diff <(sed -n '/^---/,/^base: /p' "$tmp/said" | sed '1d;$d' | tr -s ' ' | sed 's/ $//') \
		<(shift 2; [ $# -eq 0 ] || printf '%s\n' "$@")
}
refused() { # refused MESSAGE PATCHED [BASE]
	! compare "${@:2}" || return 1
	grep -qF -- "$1" "$tmp/said" || { cat "$tmp/said"; return 1; }
}
flaky=()
ok "the same results: no difference" differ 0 "$base"
ok "and their number" grep -qx 'compared 5 results: 5 the same, 0 new, 0 fixed, 0 changed, 0 flaky, 0 regressions' "$tmp/said"
ok "numbers of the lines do not matter" differ 0 $'ok 9 - last\n'"${base/ok 5 - last$'\n'/}"
ok "pass to fail is a regression" differ 1 "${base/ok 1/not ok 1}" "same pass fail regression"
ok "pass to nothing is a regression" differ 1 "${base/ok 1 - same$'\n'/}" "same pass none regression"
ok "pass to skip is a regression" differ 1 "${base/same/same # SKIP why}" "same pass skip regression"
ok "fail to pass is fixed" differ 0 "${base/not ok 2/ok 2}" "broken fail pass fixed"
ok "skip to fail is a change" differ 0 "${base/ok 3 - device # SKIP no device/not ok 3 - device}" "device skip fail changed"
ok "fail to nothing is a change" differ 0 "${base/not ok 2 - broken$'\n'/}" "broken fail none changed"
ok "a test of the patched kernel only is new" differ 0 "$base"$'ok 6 - more\n' "more none pass new"
ok "a new test that fails is new too" differ 0 "$base"$'not ok 6 - more\n' "more none fail new"
ok "several differences, all of them" differ 1 $'not ok 1 - same\nok 2 - broken\nok 3 - device # SKIP x\nok 4 - third\nok 5 - last\n' \
	"same pass fail regression" "broken fail pass fixed"
ok "without a list nothing is flaky" differ 1 "${base/ok 4/not ok 4}" "third pass fail regression"
flaky=(-e "$tmp/list")
ok "what the list calls flaky is no regression" differ 0 "${base/ok 4/not ok 4}" "third pass fail flaky"
ok "another one still is" differ 1 "${base/ok 5/not ok 5}" "last pass fail regression"
ok "no result of the patched kernel" refused 'no result of the patched kernel' $'1..0\n'
ok "no result of the base" refused 'no result of the base kernel' "$base" $'1..0\n'
ok "a result twice" refused "'last' has two results on the patched kernel" "$base"$'ok 6 - last\n'
no_file() {
	! scripts/compare-results "$tmp/t" "$tmp/none" "$tmp/base" 2>"$tmp/said" || return 1
	grep 'no .*/none' "$tmp/said"
}
ok "a file that is not there" no_file
echo "1..$n"
