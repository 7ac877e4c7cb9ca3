#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Mutants of the accounting: they are found wherever the series charges, and the
# recorded run (make mutants) is about the mutants of this tree. Seconds, nothing
# is built.
#
# TREE: the patched tree with its branches series and base (default build/linux).
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh

tree=${TREE:-build/linux}
git -C "$tree" rev-parse -q --verify series >/dev/null || { echo "Bail out! $tree has no branch series; 'make tree' makes it"; exit 1; }

git_() { git -C "$tmp/t" -c user.name=test -c user.email=test@localhost "$@"; }

# base and series, of what the series touches
git init -q "$tmp/t"
git -C "$tree" diff --name-only base series -- '*.c' '*.h' kernel/bpf/Makefile >"$tmp/names"
for branch in base series; do
	git -C "$tree" ls-tree -r --name-only "$branch" | grep -xFf "$tmp/names" >"$tmp/there"
	xargs git -C "$tree" archive "$branch" -- <"$tmp/there" | tar -xC "$tmp/t"
	git_ add -A
	git_ commit -q -m "$branch"
	git_ branch -f "$branch"
done
git_ tag end series

plant() { # plant [FILE LINE NEW_LINE]: with that added to the series behind LINE
	git_ checkout -q -f -B series end
	git_ clean -qfd
	[ $# -eq 0 ] || sed -i "0,/$2/s//&\n$3/" "$tmp/t/$1"
	git_ commit -q -a --allow-empty -m more
	scripts/plant-mutants "$tmp/t"
}

plant >"$tmp/sites" 2>"$tmp/err" || { cat "$tmp/err"; echo "Bail out! no mutants"; exit 1; }

everywhere() {
	git -C "$tree" grep -lE '\|? ?BPF_GFP_(ACCOUNT|ATOMIC)|bpf_memcg_[a-z_]+\(' series -- '*.c' ':!tools' |
		sed 's/^series://' | LC_ALL=C sort >"$tmp/files"
	[ -s "$tmp/files" ]
	comm -23 "$tmp/files" <(cut -f 2 "$tmp/sites" | LC_ALL=C sort -u) >"$tmp/missing"
	cat "$tmp/missing"
	[ ! -s "$tmp/missing" ]
}
ok "every file that charges BPF has mutants" everywhere
ok "every flag of BPF is a mutant" [ "$(grep -c "BPF_GFP_" "$tmp/sites")" -ge "$(git -C "$tree" grep -hE '^	.*BPF_GFP_(ACCOUNT|ATOMIC)' series -- '*.c' | wc -l)" ]
ok "every one lies behind a switch of its own" \
	[ "$(cut -f 1 "$tmp/sites" | paste -sd' ')" = "$(seq -s' ' "$(wc -l <"$tmp/sites")")" ]

one_more() {
	plant "$@" >"$tmp/more"
	[ "$(wc -l <"$tmp/more")" -eq $(($(wc -l <"$tmp/sites") + 1)) ]
}
refuses() { # refuses WORDS ARGUMENTS-OF-plant...
	local words=$1
	shift
	! plant "$@" >/dev/null 2>"$tmp/err" && cat "$tmp/err" && grep -q "$words" "$tmp/err"
}
ok "a new allocation with __GFP_ACCOUNT is a mutant more" one_more kernel/bpf/lpm_trie.c \
	'^	struct lpm_trie \*trie;$' '	void *new = kmalloc(1, GFP_KERNEL | __GFP_ACCOUNT);'
ok "an unknown flag is refused" refuses 'flag GFP_NEW_ACCOUNT is new' kernel/bpf/lpm_trie.c \
	'^	struct lpm_trie \*trie;$' '	void *new = kmalloc(1, GFP_NEW_ACCOUNT);'
ok "an unknown function of memory cgroups is refused" refuses 'mem_cgroup_new() is new' \
	kernel/bpf/lpm_trie.c '^	struct lpm_trie \*trie;$' '	void *new = mem_cgroup_new();'

# The record.
cut -f 2,4,5 "$tmp/sites" | LC_ALL=C sort >"$tmp/now"
grep -v '^#' tests/record/mutants.tsv | cut -f 2,4,5 | LC_ALL=C sort >"$tmp/then"
ok "the recorded run is about the mutants of this tree; else 'make mutants' and record it" \
	diff "$tmp/then" "$tmp/now"
ok "in the recorded run a check has seen each of them, but for those in tests/mutants-tolerated" \
	scripts/judge-mutants tests/record/mutants.tsv
echo "1..$n"
