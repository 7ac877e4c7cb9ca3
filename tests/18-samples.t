#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# samples/bpf of the patched tree builds with clang, every program of it. On the
# base one BPF program does not, and make says nothing. 3 minutes at first.
#
# TREE, KERNEL_OUT, SAMPLES: patched tree, output of its kernel's build, where
# the samples are built (default build/linux, build/kernel, build/samples).
set -euo pipefail
cd "$(dirname "$0")/.."

out=${SAMPLES:-build/samples}
dir=$out/src/samples/bpf
rc=0
why=$(scripts/build-samples "${TREE:-build/linux}" "${KERNEL_OUT:-build/kernel}" "$out" 2>&1) || rc=1
if [ $rc -eq 0 ]; then echo "ok 1 - make builds samples/bpf"; else
	echo "not ok 1 - make builds samples/bpf"
	echo "# ${why//$'\n'/$'\n'# }"
fi
n=1
# what the Makefile names: BPF objects, and programs that load them
while read -r name; do
	n=$((n + 1))
	case $name in
	# an ELF file for BPF with a program in it; what llc makes of nothing has none
	*.o) [ "$(od -An -tu2 -j18 -N2 "$dir/$name" 2>/dev/null | tr -d ' ')" = 247 ] &&
		"${LLVM_READELF:-llvm-readelf-14}" -S "$dir/$name" | grep -E 'PROGBITS +[0-9a-f]+ [0-9a-f]+ 0*[1-9a-f][0-9a-f]* 00 +AX ' >/dev/null ;;
	*) [ -x "$dir/$name" ] ;;
	esac && echo "ok $n - $name is built" || echo "not ok $n - $name is built"
done < <(sed -nE 's/^always-y \+= ([a-z0-9_]+\.o)$/\1/p; s/^tprogs-y (:|\+)= ([A-Za-z0-9_-]+)$/\2/p' "$dir/Makefile")
echo "1..$n"
[ $n -gt 90 ] || echo "Bail out! only $n samples in $dir/Makefile"
