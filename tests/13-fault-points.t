#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The table of what was made to fail (scripts/fault-points), on a program of three
# functions and made-up stacks. Seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/lib/tap.sh

# a function to a line, so that every address of it is of that line
mkdir -p "$tmp"/{mm,kernel/bpf}
echo 'void *alloc(void) { return (void *)0; }' >"$tmp/mm/slab.c"
echo 'void *charge(void) { return (void *)0; }' >"$tmp/mm/memcontrol.c"
cat >"$tmp/kernel/bpf/map.c" <<-'EOC'
	void *alloc(void);
	void *element(void) { return alloc(); }
	void *map(void) { return element() ? alloc() : (void *)0; }
	int main(void) { return map() != (void *)0; }
EOC
cc -g -O0 -o "$tmp/vmlinux" "$tmp"/mm/{slab,memcontrol}.c "$tmp/kernel/bpf/map.c"
{
	printf '1\tkernel/bpf/map.c\t2\telement\tcharged to nobody\treturn alloc();\n'
	printf '2\tkernel/bpf/map.c\t3\tmap\tcharged to nobody\talloc()\n'
} >"$tmp/mutants"
: >"$tmp/none"
echo 'kernel/bpf/map.c map	a reason' >"$tmp/reason"

points() { # points REASONS STACK...: kind, number, functions
	local stack
	for stack in "${@:2}"; do
		read -r kind number functions <<<"$stack"
		# shellcheck disable=SC2086 # words
		echo "# stack $kind $number a case|$(printf '%s+0x8/0x10 ' $functions)"
	done >"$tmp/results"
	UNREACHED=$1 scripts/fault-points "$tmp/vmlinux" "$tmp/mutants" "$tmp/results" >"$tmp/table" 2>"$tmp/err"
}
refuses() { # refuses WORDS ARGUMENTS-OF-points...
	! points "${@:2}" && cat "$tmp/err" && grep -q "$1" "$tmp/err"
}
counts() {
	points "$tmp/none" 'fault 3 alloc element map main' 'charge 2 alloc map main' && cat "$tmp/table" &&
		grep -q "^kernel/bpf/map.c	element	3	0	2	" "$tmp/table" &&
		grep -q "^kernel/bpf/map.c	map	0	2	3	" "$tmp/table"
}
ok "each failure counts where the memory was asked for" counts
ok "a place where nothing failed is an error; what it calls does not count" \
	refuses 'nothing failed in kernel/bpf/map.c map, line 3' "$tmp/none" 'fault 1 alloc element map main'
ok "unless there is a reason" points "$tmp/reason" 'fault 1 alloc element map main'
ok "a reason without need is an error" \
	refuses 'map has a reason without need' "$tmp/reason" 'fault 1 alloc element main' 'fault 1 alloc map main'
ok "the OOM killer called for such memory is an error" refuses 'OOM killer was called in kernel/bpf/map.c map' \
	"$tmp/none" 'fault 1 alloc element main' 'fault 1 alloc map main' 'oom 1 alloc map main'
printf '3\tmm/memcontrol.c\t1\tcharge\tcharged to nobody\tcharge()\n' >>"$tmp/mutants"
all=('fault 1 alloc element main' 'fault 1 alloc map main' 'fault 1 charge main')
ok "but not for what the charge of everybody serves" points "$tmp/none" "${all[@]}" 'oom 1 charge main'
ok "unless that was asked for there" refuses 'OOM killer was called in kernel/bpf/map.c map' \
	"$tmp/none" "${all[@]}" 'oom 1 charge map main'
flags() { # flags TEXT: of a mutant in a line where nothing fails
	printf '4\tmm/memcontrol.c\t9\tcharge\tcharged to nobody\t%s\n' "$1" >>"$tmp/mutants"
	points "$tmp/none" "${all[@]}"
}
ok "a variable with flags may be used anywhere" flags 'const bool account = gfp_mask & __GFP_ACCOUNT;'
ok "and so may be a look at them" flags 'if (!(objcg || gfp & __GFP_ACCOUNT))'
ok "no stack at all is an error" refuses 'no stack' "$tmp/none"
echo "1..$n"
