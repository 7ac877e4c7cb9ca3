#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The series' own semantic patch finds no allocation of BPF that is charged to
# nobody in the patched tree, and finds them in the base. Seconds, no kernel.
#
# TREE: the patched tree with its branches series and base (default build/linux).
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh

tree=${TREE:-build/linux}
script=scripts/coccinelle/api/bpf_memcg.cocci
files=(kernel/bpf kernel/trace/bpf_trace.c net/bpf/test_run.c net/core net/xdp
	drivers/net/netdevsim/bpf.c)

report() { # branch; prints what the semantic patch says of it
	mkdir "$tmp/$1"
	git -C "$tree" archive "$1" -- "${files[@]}" | tar -xC "$tmp/$1"
	(cd "$tmp/$1" && git -C "$OLDPWD/$tree" show "series:$script" >bpf_memcg.cocci &&
		spatch --no-includes --very-quiet -D report --sp-file bpf_memcg.cocci \
			kernel/bpf/*.c kernel/trace/bpf_trace.c net/bpf/*.c net/core/bpf_sk_storage.c \
			net/core/skmsg.c net/core/sock_map.c net/xdp/*.c drivers/net/netdevsim/bpf.c)
}

command -v spatch >/dev/null || { echo "Bail out! no spatch; 'make test' installs coccinelle"; exit 1; }
git -C "$tree" rev-parse -q --verify series >/dev/null || { echo "Bail out! $tree has no branch series; 'make tree' makes it"; exit 1; }

nothing() {
	report series >"$tmp/series.txt" 2>&1 || { cat "$tmp/series.txt"; return 1; }
	cat "$tmp/series.txt"
	[ ! -s "$tmp/series.txt" ]
}
ok "no allocation of BPF in the patched tree is charged to nobody, but for the listed ones" nothing

report base >"$tmp/base.txt" 2>&1 || true
# one of every kind: page, vmalloc, slab, per-CPU; area, element, program, BTF, link
for want in '__bpf_map_area_alloc' 'htab_map_alloc' 'alloc_htab_elem' 'bpf_array_alloc_percpu' \
	'bpf_ringbuf_area_alloc' 'lpm_trie_node_alloc' 'bpf_selem_alloc' 'sock_hash_alloc_elem' \
	'__cpu_map_entry_alloc' '__dev_map_alloc_node' 'xsk_map_node_alloc' 'bpf_cgroup_storage_alloc' \
	'bpf_prog_alloc_no_stats' 'jit_subprogs' 'btf_add_type' 'bpf_tracing_prog_attach' \
	'bpf_seq_read' 'pcpu_freelist_init'; do
	ok "the base has one in $want()" grep -q "in $want() is charged to nobody" "$tmp/base.txt"
done
# what the flags take away again is not charged either
loses() { # file sed-expression what
	sed "$2" "$tmp/series/$1" >"$tmp/series/changed.c"
	! cmp -s "$tmp/series/$1" "$tmp/series/changed.c" || return 1
	mv "$tmp/series/changed.c" "$tmp/series/$1"
	(cd "$tmp/series" && spatch --no-includes --very-quiet -D report --sp-file bpf_memcg.cocci "$1") |
		grep "$3() is charged to nobody"
}
ok "and finds the pages of a ring buffer without their flag" \
	loses kernel/bpf/ringbuf.c s/BPF_GFP_ACCOUNT/GFP_USER/ 'alloc_page_vector() in bpf_ringbuf_area_alloc'
ok "and a flag that is taken away" \
	loses kernel/bpf/core.c 's/BPF_GFP_ACCOUNT/~__GFP_ACCOUNT/' 'krealloc() in bpf_jit_add_poke_descriptor'
ok "the base has at least 60 of them" [ "$(wc -l <"$tmp/base.txt")" -ge 60 ]
echo "1..$n"
