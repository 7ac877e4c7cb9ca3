#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Very many objects: the table is made right, of whole records only, what is stored is
# of the record; and 10,000 programs and 1000 cgroups scale. One boot, half a minute
# under TCG; make scale does the rest.
#
# KERNEL, INITRAMFS: image and initramfs, if not those of build/.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/images.sh
. tests/lib/tap.sh
maker=scripts/scale-table
. tests/lib/table.sh

kernel=${KERNEL:-build/kernel/arch/x86/boot/bzImage}
initramfs=${INITRAMFS:-build/guest/initramfs.gz}
results=${RESULTS:-build/results/scale-some}

need_files test "$kernel" "$initramfs"

{
	printf '# a comment\nrun\tkind\tdone\tthere\tns\tbytes\n'
	for run in base patched; do
		case $run in base) stall=7000000 bytes=- ;; patched) stall=9000 bytes=8 ;; esac
		printf '%s\t-\tnothing: longest stall\t-\t3000\t-\n' "$run"
		for there in 1 2 3 4; do
			[ "$bytes" = - ] || bytes=8$there.0
			printf '%s\tmaps\tmade\t%s00\t%s10.0\t%s\n' "$run" $there $there "$bytes"
		done
		printf '%s\tmaps\tmade: longest stall\t-\t%s\t-\n' "$run" "$stall"
		printf '%s\tmaps\tclosed\t0\t33.0\t-\n' "$run"
		printf '%s\tmaps\tclosed: longest stall\t-\t5000\t-\n' "$run"
	done
	printf 'patched\tmaps\tclosed and given back\t0\t44.0\t0.0\n'
} >"$tmp/table"

made() { table "$tmp/table" && row '| maps | 400 | 260 | 260 | 410 | 82.5 | 84.0 | 44 | 7000 | 9 | 5 | 5 |'; }
ok "a table" made
data() { table -d "$tmp/table" && row $'25\t42.3\t98.2' && row $'100\t157.7\t101.8'; }
ok "data of the plot" data
plot() { scripts/scale-plot "$tmp/table" "$tmp/svg" && grep -q '>maps<' "$tmp/svg"; }
ok "the plot" plot

ok "a run that is missing" refused 'no row "made" of maps, base' '/^base/d'
ok "no stall" refused 'no row "closed: longest stall" of maps, patched' '/^patched.*closed: longest/d'
ok "a cell that is missing" refused 'line 4: malformed' '4s/\t[^\t]*$//'
ok "no number" refused 'malformed' 's/44.0/some/'
ok "another heading" refused 'no heading' 's/^run/ran/'
ok "an empty table" refused 'has no rows' '/^(base|patched)/d'

stored() {
	cp Documentation/scale.md "$tmp/scale.md"
	scripts/scale-docs tests/record/scale.tsv "$tmp/scale.md" || return 1
	diff "$tmp/scale.md" Documentation/scale.md
}
ok "Documentation/scale.md is what the record gives ('make docs' makes it)" stored
# what was judged then: no check of it failed
recorded() {
	awk -F '\t' '$1 == "patched" && $2 != "-" && $3 ~ /longest stall/ { n++; if ($5 > 5000000) exit 1 } END { exit n < 10 }' tests/record/scale.tsv
}
ok "nobody had to wait for more than 5 ms in the record" recorded

boot() { scripts/vm -I -k "$kernel" -i "$initramfs" -s scale -o "$results" -t 300 -m 4096 -a 'scale=programs,cgroups'; }
ok "programs and cgroups: a boot" boot
echo '# what the guest said'
sed 's/^\(not \)\?ok/# &/; s/^[^#]/# &/' "$results/results"
said() { grep -c '^ok' "$results/results" | grep -qx 10 && ! grep '^not ok' "$results/results"; }
ok "all ten checks of these pass" said
echo "1..$n"
