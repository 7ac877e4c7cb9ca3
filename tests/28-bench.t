#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What operations cost: tables and plot are made right, of whole tables only, what
# is stored is of the record; and two boots count the same. Two boots, a minute
# under TCG.
#
# KERNEL, INITRAMFS, SELFTESTS: images and initramfs, if not those of build/.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/images.sh
. tests/lib/tap.sh
maker=scripts/bench-table
. tests/lib/table.sh

kernel=${KERNEL:-build/kernel/arch/x86/boot/bzImage}
initramfs=${INITRAMFS:-build/guest/initramfs.gz}
selftests=${SELFTESTS:-build/selftests/initramfs.gz}
results=${RESULTS:-build/results/bench-twice}

need_files test "$kernel" "$initramfs" "$selftests"

head=$'run\tname\tops\tmedian\tleast\tmost\tunit\tbytes per element\tnote'
{
	echo "# a comment"
	echo "$head"
	for run in base nokmem root depth-1 depth-3 depth-8; do
		case $run in base) cost=200 ;; depth-*) cost=$((300 + ${run#depth-})) ;; *) cost=220 ;; esac
		printf '%s\tspin\t10\t2.00\t2.00\t2.00\ttsc\t-\t\n' $run
		printf '%s\tinsert\t10\t%s.00\t%s.00\t%s.40\ttsc\t104.0\t\n' $run $cost $((cost - 1)) $cost
	done
	for run in base nokmem depth-1 depth-3 depth-8; do printf '%s\ttwo\t10\t50.00\t40.00\t60.00\ttsc\t-\t\n' $run; done
	printf 'root\ttwo\t10\t-\t-\t-\t-\t-\tnot available: a second cgroup\n'
	for run in base depth-1; do printf '%s-2-cpus\tthreads\t10\t70.00\t70.00\t70.00\tns\t-\t\n' $run; done
} >"$tmp/table"

ok "a table" table "$tmp/table"
# shellcheck disable=SC2016 # backquotes of Markdown
ok "ratio and differences" row '| `insert` | 200 | 220 | 220 | 301 | 303 | 308 | 1.50 | +20 | +81 | 104.0 |'
# shellcheck disable=SC2016
ok "what varies, and what was not available" row '| `two` | 50 ~ | 50 ~ | - | 50 ~ | 50 ~ | 50 ~ | 1.00 | +0 | +0 | - |'
# shellcheck disable=SC2016
ok "why it was not" row '* `two`, root: not available: a second cgroup'
# shellcheck disable=SC2016
ok "two CPUs in a table of their own" row '| `threads` | 70 | 70 |'
data() { table -d "$tmp/table" && row $'insert\t110.0\t150.5\t154.0' && row $'two\t100.0\t100.0\t100.0'; }
ok "data of the plot" data
plot() { scripts/bench-plot "$tmp/table" "$tmp/svg" && grep -q '>insert<' "$tmp/svg"; }
ok "the plot" plot

ok "a missing row" refused 'no row "insert" of depth-3' '/^depth-3\tinsert/d'
ok "a missing run" refused 'no row "spin" of nokmem' '/^nokmem\t/d'
ok "a missing row of two CPUs" refused 'no row "threads" of depth-1-2-cpus' '/^depth-1-2-cpus/d'
ok "a row that is there twice" refused 'insert of root is there twice' '/^root\tinsert/p'
ok "a cell that is missing" refused '8 cells, not 9' '/^root\tinsert/s/\t104.0//'
ok "no number" refused 'no numbers' '/^root\tinsert/s/220.00/many/'
ok "a median that is none" refused 'between least and most' '/^root\tinsert/s/220.00/230.00/'
ok "nothing measured without a reason" refused 'no reason' 's/not available.*//'
ok "another unit" refused 'unit "ns"' '/^root\tinsert/s/tsc/ns/'
ok "an unknown run" refused 'no run is named "roof"' 's/^root/roof/'
ok "a counter of something else" refused 'does not count instructions' '/^root\tspin/s/2\.00/2.50/g'
ok "another heading" refused 'is no table' 's/^run/ran/'
ok "an empty table" refused 'is no table' '/^[a-z]/d'

profile() {
	printf '%s\n' '# a comment' $'run\tfunction\tinstructions' $'base\tkfree\t70.1' $'base\tidle\t1.0' \
		$'nokmem\tkfree\t60.0' $'depth-1\tkfree\t99.6' $'two-owners\tkfree\t99.6' >"$tmp/profile"
	scripts/bench-profile -t "$tmp/profile" >"$tmp/md"
	# shellcheck disable=SC2016
	row '| `kfree` | 70 | 60 | 100 | 100 | +40 |' && row '| others | 1 | 0 | 0 | 0 | +0 |' &&
		row '| all | 71 | 60 | 100 | 100 | +40 |'
}
ok "a table of functions" profile
no_profile() { ! scripts/bench-profile -t "$tmp/table" 2>"$tmp/said" && grep -q 'is no table' "$tmp/said"; }
ok "what is no such table" no_profile
stored() {
	cp Documentation/cost.md "$tmp/cost.md"
	scripts/bench-docs tests/record/bench{,-profile}.tsv "$tmp/cost.md" || return 1
	diff "$tmp/cost.md" Documentation/cost.md
}
ok "Documentation/cost.md is what the record gives ('make docs' makes it)" stored
picture() { # each operation as a line of text
	local name
	scripts/bench-table -d tests/record/bench.tsv >"$tmp/data" || return 1
	cut -f 1 "$tmp/data" >"$tmp/names"
	while read -r name; do
		grep -qF ">$name<" Documentation/cost.svg || { echo "cost.svg has no $name"; return 1; }
	done <"$tmp/names"
}
ok "and so is its picture" picture

count() { # count NR: in a directory of its own
	scripts/vm -I -k "$kernel" -i "$initramfs,$selftests" -s bench -o "$results/$1" -t 300 \
		-a 'depth=1 rounds=1 bench=spin,churn-hash,insert-hash'
}
ok "a boot that counts" count 1
ok "another one" count 2
same() { # the counter is right, and what it counts differs by less than 1 %
	paste "$results"/{1,2}/results | awk -F '\t' '
	{ print }
	$1 == "spin" { good += $3 > 1.98 && $3 < 2.02 }
	$1 ~ /hash$/ && $4 > 0 { r = $4 / $12; good += r > 0.99 && r < 1.01 }
	END { exit good != 3 }'
}
ok "it is the same" same
echo "1..$n"
