#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/compare from the boots to the record, with a QEMU that is none: it is
# green for two kernels that do the same, and for nothing else. Seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh

chmod 755 "$tmp"
mkdir "$tmp/expect"
: >"$tmp/expect/x86_64-more.tsv"
echo base >"$tmp/base"
echo patched >"$tmp/patched"
echo x >"$tmp/initramfs"
# Its results are the file that is named for the kernel and the scenario; one
# that holds "panic" is a panic.
cat >"$tmp/qemu" <<-'END'
	#!/bin/bash
	[ "$1" != --version ] || { echo 'QEMU of the test'; exit 0; }
	for a; do
		case $a in
		/proc/self/fd/*) kernel=${kernel:-$(cat "$a")} ;;
		*nonce=*) nonce=${a##*nonce=} nonce=${nonce%% *} scenario=${a##*scenario=} scenario=${scenario%% *} args=$a ;;
		fd=*) fd=${a#fd=} fd=${fd%%,*} ;;
		esac
	done
	results=$(cat "${0%/*}/$kernel-$scenario")
	[ "$results" != panic ] || { echo '[    0.100000] Kernel panic - not syncing: test'; exit 0; }
	limit='64 KiB'
	[[ $args != *memlock=unlimited* ]] || limit=unlimited
	printf '# about memlock: %s\n%s\n=== taint 0\n=== end %s 0\n' "$limit" "$results" "$nonce" >&"$fd"
END
chmod 755 "$tmp/qemu"

same() { # both kernels, both scenarios
	local kernel
	for kernel in base patched; do
		printf '# about config: c\n# about kernel: Linux %s\nok 1 - a\nnot ok 2 - b\n1..2\n' $kernel >"$tmp/$kernel-selftests"
		printf '# about config: c\nok 1 - c\n1..1\n' >"$tmp/$kernel-selftests-more"
	done
	printf 'b\tfail\tboth\tall\tbroken\tnever\n' >"$tmp/expect/x86_64.tsv"
}
compare() { # compare STATUS [OPTION]: ends so
	local status=0
	QEMU=$tmp/qemu EXPECT=$tmp/expect VM_SLOW=1 SOURCE_DATE_EPOCH=0 \
		scripts/compare "${@:2}" "$tmp/base" "$tmp/patched" "$tmp/initramfs" "$tmp/initramfs" "$tmp/cmp" >"$tmp/said" 2>&1 || status=$?
	cat "$tmp/said"
	[ $status = "$1" ]
}
says() { grep -q -- "$1" "$tmp/said" || { cat "$tmp/said"; return 1; }; }
records() { grep -qF -- "$1" "$tmp/cmp/compare.md" || { cat "$tmp/cmp/compare.md"; return 1; }; }

same
ok "the same results on both kernels: green" compare 0
ok "all scenarios were compared" says 'compared 3 results: 3 the same'
ok "the record has both images' hashes" records "$(sha256sum <"$tmp/base" | cut -d' ' -f1) | $(sha256sum <"$tmp/patched" | cut -d' ' -f1) |"
ok "and the versions as the guests told them" records '| Linux base | Linux patched |'
ok "and the limits they ran with" records '| RLIMIT_MEMLOCK | unlimited | 64 KiB |'
ok "and the date it was given" records 'on 1970-01-01'
ok "every test is in the TSV" test "$(wc -l <"$tmp/cmp/compare.tsv")" = 4

sed -i 's/^ok 1/not ok 1/' "$tmp/patched-selftests-more"
ok "a regression: red" compare 1
ok "it is shown" says '^c  *pass  *fail  *regression'
ok "and is not as expected either" says '^patched: c'
same
sed -i 's/^not ok 2/ok 2/' "$tmp/base-selftests"
ok "a stale expectation for the base: red" compare 1
ok "it is shown with its kernel" says '^base: b'
same
sed -i 's/both/patched/' "$tmp/expect/x86_64.tsv"
ok "a failure that is listed for the patched kernel alone, on both: red" compare 1
same
sed -i 's/config: c/config: d/' "$tmp"/patched-*
ok "another configuration: red" compare 1
ok "it says so" says 'configurations of the two kernels differ'
same
echo panic >"$tmp/patched-selftests-more"
ok "a panic: red" compare 1
ok "it says so, with what was lost" says '^c  *pass  *none  *regression'
ok "and why" says 'panic: '
same
ok "a run whose list was right" compare 0
sed -i 's/^b/e/' "$tmp/expect/x86_64.tsv"
echo panic >"$tmp/base-selftests"
ok "judged again without a boot, by another list: red" compare 1 -j
ok "for what is not in the list" says '^base: b'
ok "and what is no longer so" says '^patched: e'
ok "from the results of before" says 'compared 3 results: 3 the same'
ok "a file that is not there" bash -c '! scripts/compare x x x x x 2>&1'
echo "1..$n"
