# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# An apt beside the machine's own, for those who fetch; sourced after lib.sh.
# It shares the mirror and the keyring with the machine, and nothing else.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# lock_cache: one fetches at a time
lock_cache() {
	mkdir -p "$cache" || die "cannot make $cache; set BPF_MEMCG_CACHE to a directory you can write"
	exec {lock}>"$cache/.lock" || die "cannot write in $cache; set BPF_MEMCG_CACHE to a directory you can write"
	flock -n "$lock" || { echo "$me: another run is at it, waiting" >&2; flock "$lock"; }
	rm -rf "$cache"/.fetch.* # of a run that was killed
}

# need_apt INSTEAD
need_apt() {
	command -v apt-get >/dev/null || die "no apt-get here; $1"
	[ -r "$keyring" ] || die "no $keyring; install debian-archive-keyring"
}

# mirror_of SUITE: where the machine gets the suite (a regular expression).
# What apt would ask for shows it, even before lists were ever fetched.
mirror_of() {
	apt-get update --print-uris 2>/dev/null |
		sed -nE "s#^'(.*)/dists/$1/InRelease' .*#\1#p" | head -n 1 || true
}

# own_apt SOURCE...: makes $tmp in the cache for what apt writes, and removes
# it at the end; nothing is installed there, so every dependency is missing.
# Packages are of the architecture $debian_arch (default amd64), whatever the machine has.
own_apt() {
	tmp=$(mktemp -d "$cache/.fetch.XXXXXX")
	child=
	trap 'rm -rf "$tmp"' EXIT
	trap interrupted INT TERM HUP
	mkdir -p "$tmp"/{lists/partial,archives/partial}
	printf '%s\n' "$@" >"$tmp/sources.list"
	: >"$tmp/status"
	apt_options=(-q -y -o Dir::State::Lists="$tmp/lists" -o Dir::State::Status="$tmp/status"
		-o Dir::State::extended_states="$tmp/extended_states"
		-o Dir::Cache="$tmp" -o Dir::Cache::Archives="$tmp/archives"
		-o Dir::Etc::SourceList="$tmp/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
		-o APT::Architecture="${debian_arch:-amd64}" -o APT::Architectures="${debian_arch:-amd64}" -o Debug::NoLocking=1
		-o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Sandbox::User=root
		-o APT::Update::Error-Mode=any)
}

# apt STEP ARGUMENTS...: in $tmp, interruptible
apt() {
	local step=$1 rc=0
	shift
	(cd "$tmp" && exec apt-get "${apt_options[@]}" "$@") >"$tmp/log" 2>&1 </dev/null &
	child=$!
	wait $child || rc=$?
	child=
	[ $rc -eq 0 ] && return
	if grep -q 'No space left' "$tmp/log"; then
		die "disk full in $cache while fetching; make room or set BPF_MEMCG_CACHE"
	fi
	die "$step failed: $(grep -m1 '^E:' "$tmp/log" || grep -m1 -E '^(Err|W):' "$tmp/log" || tail -n 1 "$tmp/log")"
}
