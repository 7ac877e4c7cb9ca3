#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What make test leaves: the TAP as it was, JUnit XML, JSON, the slowest by
# name, and prove's exit status; and where the time went. Seconds; no VM.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh

here=$PWD
mkdir "$tmp/t"
make_test() { printf '#!/bin/bash\n%s\n' "$2" >"$tmp/t/$1.t"; chmod +x "$tmp/t/$1.t"; }
make_test good 'echo "ok 1 - fine"; echo "ok 2 - device # SKIP none here"; echo "not ok 3 - known # TODO broken"; echo "1..3"'
make_test bad 'echo "ok 1 - fine"; echo "not ok 2 - a < b & c"; echo "# why it failed"; printf "# a control character: \001\n1..2\n"'
make_test short 'echo "1..3"; echo "ok 1 - fine"'
make_test slow 'sleep 1.2; echo "ok 1 - fine"; echo "# took 77 s: a test in the guest"; echo "1..1"'
make_test bail 'echo "Bail out! no image"; exit 1'

run() { # run STATUS NAME...: with that exit status
	local wanted=$1 status=0 files=()
	shift
	for name; do files+=("t/$name.t"); done
	(cd "$tmp" && "$here/scripts/run-tests" left "${files[@]}") >"$tmp/screen" 2>&1 || status=$?
	cat "$tmp/screen"
	grep -q '^Result: ' "$tmp/screen" && [ $status = "$wanted" ]
}
slowest() { # slowest LINE-PATTERN...: the list of them
	local pattern lines i=0
	mapfile -t lines < <(sed -n '/^The slowest/,/^TAP, /p' "$tmp/screen" | sed '1d;$d')
	printf '%s\n' "${lines[@]}"
	[ ${#lines[@]} = $# ] || return 1
	for pattern; do [[ ${lines[i++]} =~ ^\ *$pattern$ ]] || return 1; done
}
broken_off() {
	! (cd "$tmp" && "$here/scripts/run-tests" left t/bail.t t/good.t) >"$tmp/screen" 2>&1 || return 1
	grep 'broken off' "$tmp/screen" && [ ! -e "$tmp/left/tests.json" ]
}
no_test() {
	! scripts/run-tests "$tmp/left" "$tmp/t/none.t" 2>"$tmp/screen" || return 1
	grep 'no test .*none.t' "$tmp/screen"
}
json() { # json FILTER WANTED
	local got
	got=$(jq -c "$1" "$tmp/left/tests.json")
	echo "$got"
	[ "$got" = "$2" ]
}
junit() { # junit NAME TESTS FAILURES SECONDS-PATTERN
	local suite
	suite=$(grep '<testsuite ' "$tmp/left/junit/$1.xml")
	echo "$suite"
	[[ $suite == *" tests=\"$2\""* && $suite == *" failures=\"$3\""* && $suite =~ time=\"$4\" ]]
}
well_formed() {
	perl -MCPAN::Meta::YAML -e 'use strict; local $/; my $x = <>; my @open;
		$x =~ /[\x00-\x08\x0b-\x1f]/ and die "control character\n";
		$x =~ s/<!\[CDATA\[.*?\]\]>//gs;
		while ($x =~ m{<(/?)(\w+)[^<>]*?(/?)>}g) { next if $3; if ($1) { pop(@open) eq $2 or die "<$2>\n" } else { push @open, $2 } }
		@open and die "open: @open\n"; $x =~ s/<[^<>]*>//g; $x =~ /[<>]|&(?!\w+;|#)/ and die "bare: $x\n"' "$1"
}

ok "tests that pass" run 0 good slow
ok "the slow one is named, with what the guest said" slowest '77\.0  a test in the guest' '1\.[0-9]  t/slow\.t'
ok "JSON: verdicts" json '[.files[0].tests[] | .verdict]' '["pass","skip","todo"]'
ok "JSON: reasons" json '[.files[0].tests[] | .reason]' '[null,"none here","broken"]'
ok "JSON: seconds" json '[.files[] | .seconds >= 1]' '[false,true]'
ok "JUnit: three tests, no failure" junit good 3 0 '0(\.[0-9])?'
ok "JUnit: seconds" junit slow 1 0 '1\.[0-9]'
ok "a test that fails: prove's exit status" run 1 good bad
ok "its name is on the screen" grep -q 'not ok 2 - a < b & c' "$tmp/screen"
ok "TAP: as it was" cmp <("$tmp/t/bad.t") "$tmp/left/tap/t/bad.t"
ok "JSON: the failure with its diagnostics" json '.files[1] | [.ok, .tests[1].verdict, .tests[1].name, .tests[1].diagnostics[0]]' \
	'[false,"fail","a < b & c","why it failed"]'
ok "JUnit: the failure" junit bad 2 1 '.*'
ok "JUnit: well-formed with < and control characters" well_formed "$tmp/left/junit/bad.xml"
ok "a plan that is not kept" run 1 short
ok "JSON: is no success" json '.files[0] | [.ok, .planned, .ran]' '[false,3,1]'
ok "a test that bails out" broken_off
ok "a test that is not there" no_test

# two that wait for each other
for test in one two; do
	make_test $test "touch $tmp/t/$test; for i in \$(seq 100); do [ ! -e $tmp/t/one -o ! -e $tmp/t/two ] || break; sleep 0.1; done
		[ \$i -lt 100 ] || echo -n 'not '; echo \"ok 1 - VMS=\$VMS\"; echo 1..1"
done
unset VMS
at_once() { # at_once STATUS VERDICT [ASSIGNMENT...]
	rm -f "$tmp"/t/{one,two}
	(export "${@:3}"; run "$1" one two) || return 1
	json '[.files[].tests[] | .verdict + " " + .name]' "$2"
}
ok "one after the other with JOBS=1" at_once 1 '["fail VMS=","pass VMS="]' JOBS=1
ok "two at once, with a VM each" at_once 0 '["pass VMS=1","pass VMS=1"]' JOBS=2
at_once_seconds() {
	(export JOBS=2; run 0 slow good) || return 1
	json '[.files | sort_by(.file)[] | .seconds >= 1]' '[false,true]'
}
ok "each has its own seconds" at_once_seconds
no_number() { ! JOBS=many scripts/run-tests "$tmp/left" "$tmp/t/one.t" 2>"$tmp/screen" && grep 'JOBS=many is no number' "$tmp/screen"; }
ok "how many is no word" no_number

printf '%s\t%s\n' 1 'install-deps: installing git' 60 'make-tree: checking out' 63 'make-tree: 1 patch' \
	70 'building 5.10.262-memcg with 2 jobs' 100 'built build/bzImage in 30 s' 100 'building the BPF selftests: 1 minute' \
	110 'building 5.10.262-base with 2 jobs' 150 'built build/bzImage in 40 s' 155 'run-tests: 2 tests' 175 'end: passed' >"$tmp/log"
stages() {
	scripts/turnaround -s "$tmp/log" >"$tmp/stages"
	diff "$tmp/stages" <(printf '%s\t%s\n' start 1 packages 59 tree 10 kernel 30 guest 5 'selftests built' 10 'base kernel' 40 tests 20)
}
ok "where the time went" stages
goes_on() { # goes_on STATUS TREE: from what was timed with TREE, in a clone of the tree 22
	mkdir -p "$tmp/turn/clone"/{.git,patches,build/results/table-objects}
	echo tree=22 >"$tmp/turn/clone/patches/tree"
	echo "# The series' tree $2, 2026-01-01, 2 CPUs," >"$tmp/turn/turnaround.tsv"
	printf 'run:\n\t@echo accel=none >build/results/table-objects/run\n' >"$tmp/turn/clone/Makefile"
	local rc=0
	scripts/turnaround -c -n run-2 "$tmp/turn" >"$tmp/screen" 2>&1 || rc=$?
	cat "$tmp/screen"
	[ $rc = "$1" ]
}
another() { goes_on 1 11 && grep 'has another series than what was timed' "$tmp/screen"; }
ok "a clone of another series is not timed beside it" another
the_same() { goes_on 0 22 && grep -q 'tree 22,' "$tmp/turn/turnaround.tsv"; }
ok "a clone of the same series is" the_same
document() { # document RUN SECONDS
	printf 'above\n<!-- turnaround -->\n<!-- end of turnaround -->\nbelow\n' >"$tmp/document"
	{ printf '%s\n' '# of today' $'run\tstage\tseconds' $'run-1\tkernel\t90' $'test-1\ttests\t20'; printf '%s\tkernel\t%s\n' "$1" "$2"; } >"$tmp/record"
	scripts/turnaround-docs "$tmp/record" "$tmp/document"
}
table() {
	document test-1 30 || return 1
	diff "$tmp/document" - <<-'EOF'
	above
	<!-- turnaround -->
	| seconds | `make run`, the first | `make run` again | `make test` after it | `make test` again |
	|---|--:|--:|--:|--:|
	| kernel | 90 |  | 30 |  |
	| tests |  |  | 20 |  |
	| **all** | **90** | not timed | **50** | not timed |

	of today
	<!-- end of turnaround -->
	below
	EOF
}
ok "as a table" table
no_table() { ! document "$@" 2>"$tmp/said" && grep 'is no record of scripts/turnaround' "$tmp/said"; }
ok "of another run: none" no_table run-3 30
ok "of no number: none" no_table run-2 long
stored() {
	cp Documentation/testing.md "$tmp/testing.md"
	scripts/turnaround-docs tests/record/turnaround.tsv "$tmp/testing.md" || return 1
	diff "$tmp/testing.md" Documentation/testing.md
}
ok "Documentation/testing.md is what the record gives ('make docs' makes it)" stored
echo "1..$n"
