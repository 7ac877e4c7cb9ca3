#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The judge of the selftests' results catches what it must.
set -euo pipefail
cd "$(dirname "$0")"
n=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

list=$'a\tfail\tyes\tbroken\tnever\nb\tskip\tyes\tno device\tnever\nc\tflaky\tyes\ttime\tnever\n'
good=$'ok 1 - x\nnot ok 2 - a\nok 3 - b # SKIP none\nnot ok 4 - c\n1..4\n'

judge() { # list, TAP; prints the failures that count
	printf %s "$1" >"$tmp/list"
	printf %s "$2" >"$tmp/tap"
	awk -f lib/expect.awk "$tmp/list" "$tmp/tap" | sed -n '/# TODO/d; s/^not ok [0-9]* - //p'
}

check() { # what it proves, wanted failures, list, TAP
	local got
	got=$(judge "$3" "$4")
	n=$((n + 1))
	if [ "$got" = "$2" ]; then echo "ok $n - $1"; else
		echo "not ok $n - $1"
		printf '# wanted failures: %s\n# got: %s\n' "$2" "${got//$'\n'/; }"
	fi
}

agree="the guest reported all of its tests: plan and results agree"
check "what is listed passes" "" "$list" "$good"
check "a flaky test may pass" "" "$list" "${good/not ok 4/ok 4}"
check "a flaky test may be skipped" "" "$list" "${good/not ok 4 - c/ok 4 - c # SKIP so}"
check "an unlisted failure fails" "x" "$list" "${good/ok 1/not ok 1}"
check "an unlisted skip fails" "x" "$list" "${good/ - x/ - x # SKIP so}"
check "a listed failure that passes fails" "a" "$list" "${good/not ok 2/ok 2}"
check "a listed skip that runs fails" "b" "$list" "${good/ # SKIP none/}"
check "a listed skip that fails fails" "b" "$list" "${good/ok 3 - b # SKIP none/not ok 3 - b}"
check "a listed test without a result fails" "gone" "$list"$'gone\tfail\tyes\tr\tnever\n' "$good"
check "a missing plan fails" "$agree" "$list" "${good/1..4/}"
check "a truncated run fails" "$agree" "$list" "${good/1..4/1..5}"
check "a result twice fails" "x reports once" "$list" "${good/1..4/ok 5 - x$'\n'1..5}"
check "a malformed line fails" "expectations line 4 is well formed" "$list"$'z\tfail\n' "$good"
check "too few results fail" "at least 5 results of " "$list"$'\tat-least\tyes\t5\tnever\n' "$good"
check "enough results pass" "" "$list"$'\tat-least\tyes\t4\tnever\n' "$good"
echo "1..$n"
