#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What README.md shows of a shell on the patched kernel, typed again: each command
# says what it says there, but for the numbers.
#
# KERNEL, INITRAMFS, SELFTESTS: image and initramfs files, if not those of build/.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/images.sh
. tests/lib/tap.sh

kernel=${KERNEL:-build/kernel/arch/x86/boot/bzImage}
initramfs=${INITRAMFS:-build/guest/initramfs.gz}
selftests=${SELFTESTS:-build/selftests/initramfs.gz}
need_files test "$kernel" "$initramfs" "$selftests"

sed -n '/^<!-- session -->$/,/^<!-- end of session -->$/p' README.md | grep -v '^<!--\|^```' >"$tmp/session"

# the console, without the shell's question for the size of the terminal
console() { tr -d '\r' <"$tmp/said" | sed 's/\x1b\[6n//g'; }
# One command a prompt, as a person would: what comes before is lost.
prompts() { console | grep -ac '^/ # ' || :; }
mkfifo "$tmp/keys"
timeout 300 scripts/vm -k "$kernel" -i "$initramfs,$selftests" -s shell <"$tmp/keys" >"$tmp/said" 2>&1 &
exec {keys}>"$tmp/keys"
n_prompts=1
type_in() {
	local tries
	for ((tries = 0; tries < 1200; tries++)); do
		[ "$(prompts)" -lt $n_prompts ] || break
		sleep 0.1
	done
	n_prompts=$((n_prompts + 1))
	echo "$1" >&"$keys"
}
# or the shell breaks its lines, as the console has no size
type_in 'stty cols 300'
while IFS= read -r line; do
	[[ $line != '# '* ]] || type_in "${line#\# }"
done <"$tmp/session"
type_in exit
exec {keys}>&-
wait

plain() { sed -E 's/[0-9]+([.][0-9]+)?/N/g; s/[[:space:]]+/ /g'; }
console | sed -n '/^\/ # stty cols/,/^\/ # exit/p' | sed '1d;$d;s/^\/ # /# /' >"$tmp/seen"
same() { diff <(plain <"$tmp/session") <(plain <"$tmp/seen"); }
whole() {
	console | tail -n 60
	[ "$(grep -c '^# ' "$tmp/session")" -ge 8 ] && [ "$(grep -c '^# ' "$tmp/session")" = "$(grep -c '^# ' "$tmp/seen")" ]
}
ok "every command of the README was typed in" whole
ok "and says what it says there, but for numbers" same
echo "1..$n"
