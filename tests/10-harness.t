#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The harness tells each kind of failure from success: made-up runs, made-up
# mirrors, broken patches. No VM, no network, no root; under a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
unset VM_SLOW # the limits are those of made-up runs, however slow the host
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

ok() { # ok STATUS WHAT [DIAGNOSTIC]
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		printf '# %s\n' "${3//$'\n'/$'\n# '}"
	fi
}
# run WHAT STATUS REGEX COMMAND...: it ends with that status and one line like that
run() {
	local what=$1 want=$2 regex=$3 out rc=0
	shift 3
	out=$("$@" 2>&1) || rc=$?
	if [ "$rc" = "$want" ] && grep -qE -- "$regex" <<<"$out" &&
		{ [ "$want" = 0 ] || [ "$(wc -l <<<"$out")" -le "${lines:-1}" ]; }; then
		ok 0 "$what"
	else
		ok 1 "$what" "status $rc, wanted $want with '$regex'; said: $out"
	fi
}
nothing_left() { # WHAT DIR NAMES...: DIR holds these and nothing else
	local what=$1 dir=$2 have
	shift 2
	have=$(find "$dir" -mindepth 1 -maxdepth 1 -printf '%f\n' | LC_ALL=C sort | paste -sd' ')
	[ "$have" = "$*" ] && r=0 || r=1
	ok "$r" "$what" "there is: $have"
}

# 1. scripts/judge, on a directory per kind of end
for dir in tests/fixtures/*/; do
	status='' message=''
	# shellcheck disable=SC1091
	. "$dir/expect"
	run "judge: $(basename "$dir")" "$status" "$message" scripts/judge "$dir"
done

# which checks of the accounting are skipped
. tests/lib/skips.sh
arch=i386 SKIPPED=$tmp/skipped
printf '# note\narm64 i386\ta check\twhy\nmips\tother\twhy\n' >"$SKIPPED"
skips() { # LINE...: of a result
	printf '%s\n' "$@" >"$tmp/skips"
	skips_meant "$tmp/skips"
}
run "skips: those that are listed" 0 '^$' skips 'ok 1 - a check of it # SKIP why' 'ok 2 - other' '1..2'
run "skips: one that is listed for another architecture" 1 'not meant to be skipped: other' \
	skips 'ok 1 - other # SKIP why'
run "skips: one with another reason" 1 'not meant to be skipped: a check' skips 'ok 1 - a check # SKIP not why'
run "skips: one that is listed and runs" 1 '^meant to be skipped: a check' skips 'not ok 1 - a check of it'
rm "$tmp/skips" "$SKIPPED"
unset arch SKIPPED

# 2. scripts/vm, with a QEMU that is none
fake() { printf '#!/bin/bash\n%s\n' "$1" >"$tmp/qemu"; chmod 755 "$tmp/qemu"; }
chmod 755 "$tmp"
echo x >"$tmp/image"
vm() { QEMU=$tmp/qemu scripts/vm -k "$tmp/image" -i "$tmp/image" -s smoke -o "$tmp/vm" -t 2 "$@"; }
lines=3
fake 'sleep 60'
run "vm: a QEMU that hangs is ended at the limit" 4 'hang: no end within 2 s' vm
fake 'echo "cannot allocate memory" >&2; exit 1'
run "vm: a QEMU that does not start" 5 'no result.*cannot allocate memory' vm
fake 'echo "[    0.100000] Kernel panic - not syncing: fixture"; exit 0'
run "vm: a panic" 3 'panic: ' vm
# shellcheck disable=SC2016
fake 'for a; do case $a in *nonce=*) n=${a##*nonce=}; n=${n%% *};; fd=*) f=${a#fd=}; f=${f%%,*};; esac; done
eval "printf \"1..1\nok 1 - x\n=== taint 0\n=== end %s 0\n\" $n >&$f"'
run "vm: a run that is whole" 0 'ok, ' vm
only_line() { local out; out=$("$@"); echo "$out"; [ "$(wc -l <<<"$out")" = 1 ]; }
results_over() { vm -n "$@" | grep -oE 'virtserialport|serial chardev:results' | sort -u; }
run "vm: results over virtio, and nothing else" 0 '^virtserialport$' only_line results_over
run "vm: with -S over a second serial port, and nothing else" 0 '^serial chardev:results$' only_line results_over -S
[ "$(id -u)" != 0 ] || {
	fake 'id -u; cat /proc/self/status | grep CapEff'
	vm >/dev/null 2>&1 || true
	[ "$(paste -sd' ' "$tmp/vm/console.log" | tr -s '\t' ' ')" = "65534 CapEff: 0000000000000000" ] && r=0 || r=1
	ok "$r" "vm: root's QEMU is not root" "$(cat "$tmp/vm/console.log")"
}
in_command() { local word=$1 out; shift; out=$("$@"); grep -cF -- "$word" <<<"$out"; }
while read -r arch qemu machine console bus; do
	for word in "-machine $machine " "console=$console\\ " "virtio-serial-$bus " "virtio-rng-$bus"; do
		ARCH=$arch run "vm: $arch has $word" 0 '^1$' in_command "$word" vm -n
	done
	# shellcheck disable=SC2016
	ARCH=$arch run "vm: $arch runs $qemu" 0 '^1$' in_command "$qemu" \
		bash -c '. scripts/arch/"$ARCH".sh; echo "$qemu"'
done <<'END'
x86_64 qemu-system-x86_64 q35 ttyS0 pci
arm64 qemu-system-aarch64 virt ttyAMA0 pci
i386 qemu-system-i386 pc ttyS0 pci
s390x qemu-system-s390x s390-ccw-virtio ttysclp0 ccw
END
lines=1
ARCH=vax run "vm: no such architecture" 2 'ARCH=vax: there is arm64, i386, s390x, x86_64' vm
run "vm: no image" 2 'no kernel image' scripts/vm -k "$tmp/none" -i "$tmp/image" -s smoke -o "$tmp/vm"
run "vm: no initramfs" 2 'no initramfs' scripts/vm -k "$tmp/image" -i "$tmp/none" -s smoke -o "$tmp/vm"

# 3. scripts/fetch-base: a mirror of files, a pin of our own
export BPF_MEMCG_CACHE=$tmp/cache PIN=$tmp/pin
mkdir "$tmp/cache"
echo good >"$tmp/cache/t.tar.xz"
sum=$(sha256sum <"$tmp/cache/t.tar.xz")
pin() { printf 'version=0\npackage=linux\npackage_version=0-1\nsuite=none-security\ncomponent=main\ntarball=t.tar.xz\nsize=%s\nsha256=%s\n' "$1" "$2" >"$PIN"; }
pin 5 "${sum%% *}"
run "fetch: a good tarball in the cache is taken" 0 't.tar.xz' scripts/fetch-base
echo evil >"$tmp/cache/t.tar.xz"
run "fetch: a wrong hash in the cache" 1 'not the pinned tarball .SHA-256' scripts/fetch-base
echo longer >"$tmp/cache/t.tar.xz"
run "fetch: a wrong size in the cache" 1 'not the pinned tarball .size 7, not 5' scripts/fetch-base
rm "$tmp/cache"/t.tar.xz*
mkdir "$tmp/bin"
# shellcheck disable=SC2016
apt() { printf '#!/bin/sh\nfor a; do case $a in --print-uris) echo "%s"; exit 0;; esac; done\n%s\n' \
	"'http://mirror.invalid/s/dists/xyz-security/InRelease' x 0" "$1" >"$tmp/bin/apt-get"; chmod 755 "$tmp/bin/apt-get"; }
fetch() { PATH=$tmp/bin:$PATH scripts/fetch-base 2>&1 | grep -v 'fetching t.tar.xz'; return "${PIPESTATUS[0]}"; }
apt 'echo "E: Failed to fetch http://mirror.invalid/s  Could not resolve" >&2; exit 100'
run "fetch: an unreachable mirror" 1 'mirror.invalid.*failed: E: Failed to fetch' fetch
# shellcheck disable=SC2016
apt 'case "$*" in *source*) echo evil >t.tar.xz;; esac'
run "fetch: a mirror with another tarball" 1 'wrong tarball from .*SHA-256.*nothing kept' fetch
printf 'debian=t.debian.tar.xz\ndebian_size=5\ndebian_sha256=%s\n' "${sum%% *}" >>"$PIN"
# shellcheck disable=SC2016
apt 'case "$*" in *APT::Architecture=amd64*) ;; *) echo "E: for another machine" >&2; exit 100;; esac
case "$*" in *tar-only*) echo good >t.tar.xz;; *diff-only*) echo good >t.debian.tar.xz;; esac'
lines=2
run "fetch: Debian's changes, too, for this architecture" 0 't.debian.tar.xz' fetch
lines=1
rm "$tmp/cache"/t.*
pin 5 "${sum%% *}"
# shellcheck disable=SC2016
apt 'case "$*" in *source*) echo "dd: No space left on device" >&2; exit 100;; esac'
run "fetch: a disk that fills up" 1 'disk full' fetch
# shellcheck disable=SC2016
apt 'case "$*" in *source*) echo goo >t.tar.xz; exec sleep 60;; esac'
# Signals one after the other as long as it lives: timeout alone sends two.
interrupted() {
	local rc=0 pid
	PATH=$tmp/bin:$PATH scripts/fetch-base >"$tmp/out" 2>&1 &
	pid=$!
	until compgen -G "$tmp/cache/.fetch.*/t.tar.xz" >/dev/null || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
	while kill -TERM $pid 2>/dev/null; do :; done
	wait $pid || rc=$?
	grep -v 'fetching t.tar.xz' "$tmp/out"
	rm "$tmp/out"
	return $rc
}
run "fetch: an interrupted download" 130 'interrupted, nothing kept' interrupted
nothing_left "fetch: of it nothing is left" "$tmp/cache" .lock
printf '#!/bin/sh\nexit 0\n' >"$tmp/bin/apt-get"
run "fetch: a machine without a security suite" 1 'knows no Debian security suite' fetch
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "Filesystem 1048576-blocks Used Available Capacity Mounted"\necho "x 9 9 0 100%% /"\n' >"$tmp/bin/df"
chmod 755 "$tmp/bin/df"
run "fetch: too little room" 1 'needs 200 MiB' fetch
rm "$tmp/bin/df"
nothing_left "fetch: nothing half-made is left" "$tmp/cache" .lock
# shellcheck disable=SC2016
apt 'case "$*" in *source*) echo good >t.tar.xz;; esac'
run "fetch: a good mirror" 0 't.tar.xz' fetch
unset PIN

# 4. scripts/fetch-debian-tools, likewise
# shellcheck disable=SC2016
debian_apt() { printf '#!/bin/sh\nfor a; do case $a in --print-uris) %s; exit 0;; esac; done\n%s\n' \
	"${suites:-for s in bookworm bookworm-security; do echo \"'http://mirror.invalid/d/dists/\$s/InRelease' x 0\"; done}" \
	"$1" >"$tmp/bin/apt-get"; chmod 755 "$tmp/bin/apt-get"; }
debian_fetch() { PATH=$tmp/bin:$PATH scripts/fetch-debian-tools 2>&1 | grep -v ': fetching bpftool'; return "${PIPESTATUS[0]}"; }
debian_apt 'echo "E: Failed to fetch http://mirror.invalid/d  Could not resolve" >&2; exit 100'
run "tools: an unreachable mirror" 1 'package lists of .* failed: E: Failed to fetch' debian_fetch
# shellcheck disable=SC2016
debian_apt 'case "$*" in *install*) echo x >archives/bpftool_1_amd64.deb;; esac'
run "tools: a mirror that gives only some" 1 'left no package bpftrace; nothing kept' debian_fetch
suites=: debian_apt 'exit 0'
run "tools: a machine of another release" 1 'knows no suite bookworm' debian_fetch
nothing_left "tools: nothing half-made is left" "$tmp/cache" .lock t.tar.xz t.tar.xz.ok
# shellcheck disable=SC2016
good='case "$*" in *install*) for p; do case $p in -*|*[/=]*|install) ;; *) echo $p >archives/${p}_1_amd64.deb;; esac; done;; esac'
debian_apt "$good"
run "tools: a good mirror" 0 'debian-tools$' debian_fetch
debian_apt 'exit 100'
run "tools: from the cache, without the mirror" 0 'debian-tools$' debian_fetch
echo x >"$tmp/cache/debian-tools/bpftrace_1_amd64.deb"
run "tools: a package in the cache that is another" 1 'is not what was fetched .bpftrace_1_amd64.deb: FAILED' debian_fetch
rm "$tmp/cache/debian-tools/bpftrace_1_amd64.deb"
run "tools: a package that is gone from the cache" 1 'is not what was fetched .*remove it' debian_fetch

# and scripts/fetch-busybox
# shellcheck disable=SC2016
busybox_apt() { printf '#!/bin/sh\nfor a; do case $a in --print-uris) echo "%s"; exit 0;; esac; done\n%s\n' \
	"'http://mirror.invalid/d/dists/bookworm/InRelease' x 0" "$1" >"$tmp/bin/apt-get"; chmod 755 "$tmp/bin/apt-get"; }
busybox_fetch() { ARCH=${1:-arm64} PATH=$tmp/bin:$PATH scripts/fetch-busybox 2>&1 | grep -v ': fetching busybox'; return "${PIPESTATUS[0]}"; }
mkdir -p "$tmp"/{deb/DEBIAN,deb/bin}
printf 'Package: busybox-static\nVersion: 1\nArchitecture: arm64\nMaintainer: x <x@localhost>\nDescription: x\n' >"$tmp/deb/DEBIAN/control"
echo arm64 >"$tmp/deb/bin/busybox"
dpkg-deb --build "$tmp/deb" "$tmp/busybox.deb" >/dev/null
run "busybox: the machine's own is not fetched" 1 "machine's own" busybox_fetch x86_64
busybox_apt 'echo "E: Failed to fetch http://mirror.invalid/d  Could not resolve" >&2; exit 100'
run "busybox: an unreachable mirror" 1 'package lists of .* failed: E: Failed to fetch' busybox_fetch
busybox_apt ''
run "busybox: a mirror that has none" 1 'left no busybox-static for arm64; nothing kept' busybox_fetch
nothing_left "busybox: nothing half-made is left" "$tmp/cache" .lock debian-tools t.tar.xz t.tar.xz.ok
busybox_apt "case \"\$*\" in *Architecture=arm64*download*) cp $tmp/busybox.deb busybox-static_1_arm64.deb;; esac"
run "busybox: a good mirror" 0 'busybox-arm64/busybox$' busybox_fetch
[ "$(cat "$tmp/cache/busybox-arm64/busybox")" = arm64 ] && r=0 || r=1
ok "$r" "busybox: it is the one of the package"
busybox_apt 'exit 100'
run "busybox: from the cache, without the mirror" 0 'busybox-arm64/busybox$' busybox_fetch
echo x >"$tmp/cache/busybox-arm64/busybox"
run "busybox: one in the cache that is another" 1 'is not what was fetched .busybox: FAILED' busybox_fetch
rm -r "$tmp"/{deb,busybox.deb}

# 5. scripts/make-tree and export-series, on a tree of two files
git_() { git -c user.name=x -c user.email=x@localhost -c commit.gpgSign=false -C "$@"; }
linux=$tmp/linux
mkdir "$linux"
printf 'VERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = 262\n' >"$linux/Makefile"
seq 30 >"$linux/Kbuild"
git_ "$linux" init -q -b master
git_ "$linux" add -A
git_ "$linux" commit -qm base
export LINUX=$linux PATCHES=$tmp/patches
mkdir "$PATCHES"
: >"$PATCHES/series"
tree() { scripts/make-tree "$tmp/tree"; }
run "tree: an empty series is the base" 0 '0 patches' tree
for i in 10 20; do
	sed -i "${i}s/\$/ changed/" "$tmp/tree/Kbuild"
	git_ "$tmp/tree" commit -qam "kbuild: change line $i" -m "Because of ümlauts.
From here on.
>From there."
done
run "tree: commits that were not exported are kept" 1 "has commits that patches/ has not; 'make export'" tree
lines=2
run "export: two commits" 0 '2 patches' scripts/export-series "$tmp/tree"
lines=1
cp -r "$PATCHES" "$tmp/first"
rm -rf "$tmp/tree"
run "tree: two patches apply" 0 '2 patches' tree
scripts/export-series "$tmp/tree" >/dev/null 2>&1
diff -r "$PATCHES" "$tmp/first" >"$tmp/diff" && r=0 || r=1
ok "$r" "export: what was applied comes out again, byte for byte" "$(cat "$tmp/diff")"
before=$(git_ "$tmp/tree" rev-parse HEAD)
rm -rf "$tmp/tree"
tree >/dev/null 2>&1
[ "$(git_ "$tmp/tree" rev-parse HEAD)" = "$before" ] && r=0 || r=1
ok "$r" "tree: the same commit ids at each apply"
run "tree: nothing to do, nothing said" 0 '^$' tree
echo dirt >>"$tmp/tree/Kbuild"
run "tree: changes that were not committed are kept" 1 'has changes .*FORCE=1' tree
run "export: changes that were not committed" 1 'has changes' scripts/export-series "$tmp/tree"
FORCE=1 run "tree: FORCE=1 drops them" 0 '2 patches' tree

run "tree: -b makes the base alone" 0 '0 patches' scripts/make-tree -b "$tmp/base"
[ "$(git_ "$tmp/base" rev-parse --abbrev-ref HEAD) $(git_ "$tmp/base" rev-parse HEAD)" = "base $(git_ "$linux" rev-parse HEAD)" ] && r=0 || r=1
ok "$r" "tree: and its branch, which names the kernel, is base"
run "tree: -b has nothing to do the second time" 0 '^$' scripts/make-tree -b "$tmp/base"
echo dirt >>"$tmp/base/Kbuild"
git_ "$tmp/base" commit -qam dirt
run "tree: -b keeps commits" 1 'has commits that patches/ has not' scripts/make-tree -b "$tmp/base"

second=$(sed -n 2p "$PATCHES/series")
sed -i 's/^ 18$/ 18x/' "$PATCHES/$second"
run "tree: a patch that does not apply is named" 1 "patch $second does not apply: error: " tree
git_ "$tmp/tree" diff --quiet HEAD && [ "$(git_ "$tmp/tree" rev-parse HEAD)" = "$before" ] && r=0 || r=1
ok "$r" "tree: and the tree before it stays"
sed -i 's/^ 18x$/ 18/' "$PATCHES/$second"
: >"$PATCHES/empty.patch"
echo empty.patch >>"$PATCHES/series"
run "tree: a file without a patch in it" 1 'patch empty.patch does not apply|gave 2 commits' tree
sed -i 's/empty/missing/' "$PATCHES/series"
run "tree: a file that is not there" 1 'series names missing.patch' tree
sed -i '$d' "$PATCHES/series"
rm "$PATCHES/empty.patch"

echo dirt >>"$linux/Kbuild"
run "LINUX: a dirty tree" 1 "LINUX=.* is not clean \(M Kbuild" tree
git_ "$linux" checkout -q Kbuild
touch "$linux/new"
run "LINUX: an untracked file" 1 'is not clean .*new' tree
rm "$linux/new"
sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 15/' "$linux/Makefile"
git_ "$linux" commit -qam wrong
run "LINUX: a wrong version" 1 'is Linux 5.15.262; the series is for 5.10.y' tree
rm -rf "$linux/.git"
run "LINUX: not a git tree" 1 'is not a git tree' tree
LINUX=/nonexistent run "LINUX: not there" 1 'is not a kernel tree' tree
nothing_left "tree: nothing half-made is left" "$tmp" base bin cache diff first image linux patches pin qemu tree vm
unset LINUX BPF_MEMCG_CACHE

echo "1..$n"
