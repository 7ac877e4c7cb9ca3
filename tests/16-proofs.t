#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What can be read off the source: nothing of RLIMIT_MEMLOCK is left in BPF,
# and one file alone says who pays. Some seconds; nothing is built.
#
# Each search that must find nothing in the series must find something in the
# base, lest it look for the wrong thing.
#
# TREE, SERIES, BASE: another git tree, and its two commits.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh
. scripts/lib.sh

tree=${TREE:-build/linux}
series=${SERIES:-series}
base=${BASE:-base}
for rev in "$series" "$base"; do
	git_plain -C "$tree" rev-parse -q --verify "$rev^{commit}" >/dev/null 2>&1 ||
		{ echo "Bail out! no $rev in $tree; 'make tree' makes it"; exit 1; }
done

find_in() { # find_in REV REGEX PATH...
	git_plain -C "$tree" grep -nwE "$2" "$1" -- "${@:3}" | sed 's/^[^:]*://'
}

# gone REGEX PATH...: in the base, and not in the series
gone() {
	[ -n "$(find_in "$base" "$@")" ] || { echo "not in the base either: $1"; return 1; }
	find_in "$series" "$@" >"$tmp/found" || :
	cat "$tmp/found"
	[ ! -s "$tmp/found" ]
}

# Where BPF allocates and accounts: maps, programs, their hooks into the network.
bpf=(kernel/bpf kernel/trace/bpf_trace.c net/core net/xdp net/bpf net/ipv4/bpf_tcp_ca.c
	drivers/net/netdevsim 'include/linux/bpf*.h' include/linux/filter.h include/linux/skmsg.h
	include/net/bpf_sk_storage.h)

one_file() {
	find_in "$series" 'set_active_memcg|int_active_memcg|active_memcg' "${bpf[@]}" | cut -d: -f1 |
		sort -u >"$tmp/files" || :
	cat "$tmp/files"
	[ "$(cat "$tmp/files")" = kernel/bpf/memcg.c ]
}
ok "in BPF kernel/bpf/memcg.c, and no other file, sets the active memory cgroup" one_file

# By name, in the whole tree, tools and selftests with it, which is read once.
names=(bpf_map_charge_init bpf_map_charge_finish bpf_map_charge_move bpf_map_charge_memlock
	bpf_map_uncharge_memlock bpf_charge_memlock bpf_uncharge_memlock __bpf_prog_charge
	__bpf_prog_uncharge bpf_prog_charge_memlock bpf_prog_uncharge_memlock bpf_map_memory)
any=$(IFS='|'; echo "${names[*]}")
find_in "$base" "$any" . >"$tmp/in-base" || :
find_in "$series" "$any" . >"$tmp/in-series" || :
named() { # named NAME: as gone()
	grep -qw "$1" "$tmp/in-base" || { echo "not in the base either: $1"; return 1; }
	! grep -w "$1" "$tmp/in-series"
}
for name in "${names[@]}"; do
	ok "$name is gone from the tree" named "$name"
done
ok "nobody reads the fields of struct bpf_map_memory, in the kernel and in the selftests" \
	gone 'memory\.(pages|user)' kernel/bpf net tools/testing/selftests/bpf

# The limit itself. Files that have another use for it are left out, each for a
# reason, and only as long as it holds.
others=(
	net/core/skbuff.c # MSG_ZEROCOPY pins pages of the sender
	net/xdp/xdp_umem.c # AF_XDP pins pages of user space
)
left_out() {
	local file
	for file in "${others[@]}"; do
		[ -n "$(find_in "$series" 'locked_vm|RLIMIT_MEMLOCK' "$file")" ] ||
			{ echo "$file has no use for it any more: take it off the list"; return 1; }
	done
}
ok "the files that may use RLIMIT_MEMLOCK for something else do" left_out
ok "no other file of BPF and its hooks knows RLIMIT_MEMLOCK or locked_vm" \
	gone 'locked_vm|RLIMIT_MEMLOCK|memlock_limit' "${bpf[@]}" "${others[@]/#/:!}"

# Whoever runs them may follow their example.
only_af_xdp() {
	git_plain -C "$tree" grep -lE 'setrlimit|RLIMIT_MEMLOCK|bpf_rlimit' "$series" -- samples/bpf |
		cut -d: -f2 >"$tmp/files" || :
	cat "$tmp/files"
	[ "$(paste -sd' ' "$tmp/files")" = 'samples/bpf/xdpsock_user.c samples/bpf/xsk_fwd.c' ]
}
ok "of the samples only those of AF_XDP raise a limit" only_af_xdp
ok "no BPF selftest lifts the limit for others" gone 'bpf_rlimit\.h' tools/testing/selftests/bpf
echo "1..$n"
