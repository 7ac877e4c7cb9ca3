#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The judge of the selftests' results catches what it must.
set -euo pipefail
cd "$(dirname "$0")"
n=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

list=$'a\tfail\tboth\tall\tbroken\tnever\nb\tskip\tboth\tall\tno device\tnever\nc\tflaky\tboth\tall\ttime\tnever\n'
good=$'ok 1 - x\nnot ok 2 - a\nok 3 - b # SKIP none\nnot ok 4 - c\n1..4\n'

judge() { # list, TAP[, kernel[, mode[, only]]]; prints the failures that count
	printf %s "$1" >"$tmp/list"
	printf %s "$2" >"$tmp/tap"
	awk -v kernel="${3:-}" -v mode="${4:-}" -v only="${5:-}" -f lib/expect.awk "$tmp/list" "$tmp/tap" | sed -n '/# TODO/d; s/^not ok [0-9]* - //p'
}

check() { # what it proves, wanted failures, list, TAP[, kernel[, mode[, only]]]
	local got
	got=$(judge "${@:3}")
	n=$((n + 1))
	if [ "$got" = "$2" ]; then echo "ok $n - $1"; else
		echo "not ok $n - $1"
		printf '# wanted failures: %s\n# got: %s\n' "$2" "${got//$'\n'/; }"
	fi
}

agree="the guest reported all of its tests: plan and results agree"
check "an empty list: what passes passes, what fails fails" "a
b
c" "" "$good"
check "what is listed passes" "" "$list" "$good"
check "a flaky test may pass" "" "$list" "${good/not ok 4/ok 4}"
check "a flaky test may be skipped" "" "$list" "${good/not ok 4 - c/ok 4 - c # SKIP so}"
check "an unlisted failure fails" "x" "$list" "${good/ok 1/not ok 1}"
check "an unlisted skip fails" "x" "$list" "${good/ - x/ - x # SKIP so}"
check "a listed failure that passes fails" "a" "$list" "${good/not ok 2/ok 2}"
check "a listed skip that runs fails" "b" "$list" "${good/ # SKIP none/}"
check "a listed skip that fails fails" "b" "$list" "${good/ok 3 - b # SKIP none/not ok 3 - b}"
check "a listed test without a result fails" "gone" "$list"$'gone\tfail\tboth\tall\tr\tnever\n' "$good"
check "a missing plan fails" "$agree" "$list" "${good/1..4/}"
check "a truncated run fails" "$agree" "$list" "${good/1..4/1..5}"
check "a result twice fails" "x reports once" "$list" "${good/1..4/ok 5 - x$'\n'1..5}"
check "a malformed line fails" "expectations line 4 is well formed" "$list"$'z\tfail\n' "$good"
check "too few results fail" "at least 5 results of " "$list"$'\tat-least\tboth\tall\t5\tnever\n' "$good"
check "a test that is listed twice fails" "expectations name a once" "$list"$'a\tskip\tboth\tall\tr\tnever\n' "$good"
check "but not what has to give results, and is one itself" "" "$list"$'b\tat-least\tboth\tall\t1\tnever\n' "$good"
check "enough results pass" "" "$list"$'\tat-least\tboth\tall\t4\tnever\n' "$good"

group=$'a*\tfail\tboth\tall\tbroken\tnever\na/3\tpass\tboth\tall\tfine\tnever\n'
check "a line that ends in * is for all that begin so" "" "$group" $'not ok 1 - a/1\nnot ok 2 - a/2\nok 3 - a/3\n1..3\n'
check "one of them that passes fails" "a/2" "$group" $'not ok 1 - a/1\nok 2 - a/2\nok 3 - a/3\n1..3\n'
check "an exception from it that fails fails" "a/3" "$group" $'not ok 1 - a/1\nnot ok 2 - a/3\n1..2\n'
check "one that nothing begins with fails" "a*" "$group" $'ok 1 - b\nok 2 - a/3\n1..2\n'

only() { printf '%s' "${list/fail$'\t'both$'\t'all/fail$'\t'$1$'\t'$2}"; }
check "what is listed for the base fails on the patched kernel" "a" "$(only base all)" "$good"
check "and passes on the base" "" "$(only base all)" "$good" base
check "what is listed for the patched kernel fails on the base" "a" "$(only patched all)" "$good" base
check "what is listed for a mode passes in it" "" "$(only both debug,slub)" "$good" patched slub
check "and fails in another" "a" "$(only both debug,slub)" "$good" patched nokmem
check "and fails in the default mode" "a" "$(only both debug,slub)" "$good"
check "a line for another kernel is not stale" "" "$list"$'gone\tfail\tbase\tall\tr\tnever\n' "$good"
check "a line for this kernel is" "gone" "$list"$'gone\tfail\tbase\tall\tr\tnever\n' "$good" base
check "an unknown kernel is malformed" "expectations line 4 is well formed" "$list"$'z\tfail\tyes\tall\tr\tnever\n' "$good"
check "the old five columns are malformed" "expectations line 4 is well formed" "$list"$'z\tfail\tyes\tr\tnever\n' "$good"
part=$'not ok 1 - a\nok 2 - b # SKIP none\n1..2\n'
check "the list of all fails for a part" "c" "$list" "$part"
check "its own lines pass" "" "$list" "$part" '' '' '^[ab]'
check "and still have to be there" "b" "$list" $'not ok 1 - a\n1..1\n' '' '' '^[ab]'
check "what is not of the part fails" "x
c" "$list" "$good" '' '' '^[ab]'
for file in expect/*.tsv; do
	for kernel in patched base; do
		malformed=$(awk -v kernel=$kernel -f lib/expect.awk "$file" /dev/null | grep -c 'is well formed\|expectations name .* once' || true)
		n=$((n + 1))
		[ "$malformed" = 0 ] && verdict=ok || verdict='not ok'
		echo "$verdict $n - $file is well formed for the $kernel kernel"
	done
done
echo "1..$n"
