# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those who source it
# What several scripts share; sourced, not run.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
me=${0##*/}

die() { echo "$me: $*" >&2; exit 1; }

# interrupted: what a signal that ends a script runs. Others may follow it at once
# (timeout signals the child, then its group): they must not break off the cleaning up.
# shellcheck disable=SC2317 # called by traps
interrupted() {
	trap '' INT TERM HUP
	[ -z "${child:-}" ] || { kill "$child" 2>/dev/null || true; wait "$child" || true; }
	echo "$me: interrupted, nothing kept" >&2
	exit 130
}

# The cache lies outside the work tree, so that a second clone finds it.
cache=${BPF_MEMCG_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/linux-bpf-memcg}

# use_arch: what ARCH (default x86_64) means, of scripts/arch/: karch, kernel's name of
# it; cross, prefix of the tools; image, below the output directory, and target,
# which makes it; debian_arch, Debian's name where its packages are not the machine's own;
# packages; qemu and the rest, for scripts/vm; and build, where it is built (Makefile)
use_arch() {
	arch=${ARCH:-x86_64}
	karch='' cross='' image='' target='' debian_arch='' packages=()
	qemu='' qemu_package='' machine='' cpu=() console='' kernel_args='' bus=''
	[[ $arch =~ ^[a-z0-9_]+$ && -f $top/scripts/arch/$arch.sh ]] ||
		die "ARCH=$arch: there is $(cd "$top/scripts/arch" && printf '%s, ' *.sh | sed 's/\.sh//g; s/, $//')"
	# shellcheck disable=SC1090
	. "$top/scripts/arch/$arch.sh"
	build=build$([ "$arch" = x86_64 ] || echo "/$arch")
}

# The series must give the same commits for everyone: no identity, hooks,
# attributes or line-end settings of the user's.
git_plain() {
	GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1 \
	XDG_CONFIG_HOME=/nonexistent \
		git -c core.hooksPath=/dev/null -c core.autocrlf=false -c core.fileMode=true \
		-c commit.gpgSign=false -c gc.auto=0 -c advice.detachedHead=false \
		-c safe.directory='*' "$@"
}

# pin_of [NAME]: the file that pins a base: base/pin, or base/others/NAME
pin_of() {
	local file=${PIN:-$top/base/pin}
	if [ -n "${1:-}" ]; then
		file=${OTHERS:-$top/base/others}/$1
		[[ $1 =~ ^[a-z0-9][a-z0-9.-]*$ && -f $file ]] ||
			die "no base '$1'; there are $(other_bases | paste -sd' ')"
	fi
	echo "$file"
}

# other_bases: the names in base/others, the newest first
other_bases() { find "${OTHERS:-$top/base/others}" -type f -printf '%f\n' 2>/dev/null | LC_ALL=C sort -rV; }

# use_ccache DIR: cc is gcc (of $cross), with ccache if it is there. Objects are shared with other
# clones of this repository wherever they lie: paths below DIR are taken relative.
# Kbuild asks for dependencies, so ccache need not preprocess to know what is included:
# that took almost half of the time of what it did not have.
use_ccache() {
	cc=${cross:-}gcc
	command -v ccache >/dev/null || return 0
	cc="ccache $cc"
	export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache} CCACHE_BASEDIR=${CCACHE_BASEDIR:-$1}
	export CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}
}

# lost_lines CONFIG FRAGMENT...: the lines of config fragments that are not in CONFIG;
# of an option that several set the last one counts, as it does when they are merged
lost_lines() {
	local config=$1 line fragment option
	local -A last=() from=()
	shift
	for fragment; do
		while read -r line; do
			[[ $line =~ ^(# )?(CONFIG_[A-Z0-9a-z_]+)(=| is not set$) ]] || continue
			last[${BASH_REMATCH[2]}]=$line
			from[${BASH_REMATCH[2]}]=${fragment##*/}
		done <"$fragment"
	done
	for option in "${!last[@]}"; do
		line=${last[$option]}
		case $line in
		*=n) ! grep -q "^$option=" "$config" ;;
		*) grep -qxF -- "$line" "$config" ;;
		esac || echo "${from[$option]}: $line"
	done | LC_ALL=C sort
}

# need_space DIR MIB WHAT
need_space() {
	local free
	free=$(df -Pm -- "$1" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$2" ] || die "$3 needs $2 MiB in $1, $free are free; make room or set BPF_MEMCG_CACHE"
}

# borrow DIR GITDIR COMMIT: a repository with an empty work tree whose HEAD
# is COMMIT, with the objects of GITDIR.
borrow() {
	git_plain init -q -b series "$1"
	echo "$2/objects" >"$1/.git/objects/info/alternates"
	[ ! -f "$2/shallow" ] || cp "$2/shallow" "$1/.git/shallow"
	git_plain -C "$1" update-ref refs/heads/base "$3"
	git_plain -C "$1" update-ref refs/heads/series "$3"
	git_plain -C "$1" read-tree HEAD
	# These choose the function names in hunk headers.
	git_plain -C "$1" ls-files -z -- .gitattributes '*/.gitattributes' |
		git_plain -C "$1" checkout-index -q -z --stdin
}

# series_files DIR: the names in DIR/series, one a line.
series_files() { sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$1/series"; }

# series_version DIR: its number, 8 for v8, of DIR/changelog; empty if there is none
series_version() { sed -nE '1s/^v([0-9]+) .*/\1/p' "$1/changelog" 2>/dev/null || true; }

# touched_files DIR: what the patches of DIR name, one path a line
touched_files() {
	series_files "$1" | (cd "$1" && xargs -d '\n' cat --) | sed -nE \
		-e 's#^diff --git a/(.*) b/.*#\1#p' -e 's#^diff --git a/.* b/(.*)#\1#p' \
		-e 's#^(---|\+\+\+) [ab]/([^\t]*).*#\2#p' | LC_ALL=C sort -u
}

# apply_series REPO DIR: git am of each file, no fuzz, no three-way, onto the branch
# series of REPO, whose index and work tree stay. Git takes longer to read and write
# the index of a kernel tree than to apply a patch; so they are applied to the files
# that they touch, in a repository beside, and the commits are told again for all.
apply_series() {
	local name n=0 err small=$1/.git/small from marks=$1/.git/marks
	while read -r name; do
		[ -f "$2/$name" ] || die "series names $name, which is not in $2"
	done < <(series_files "$2")
	rm -rf "$small"
	git_plain init -q -b series "$small"
	rm -rf "$small/.git/objects"
	ln -s ../../objects "$small/.git/objects"
	[ ! -f "$1/.git/shallow" ] || cp "$1/.git/shallow" "$small/.git/shallow"
	{
		touched_files "$2"
		git_plain -C "$1" ls-tree -r --name-only base | grep -E '(^|/)\.gitattributes$' || true
	} | LC_ALL=C sort -u | awk '
		NR == FNR { wanted[$0]; next }
		substr($0, index($0, "\t") + 1) in wanted' - <(git_plain -C "$1" -c core.quotePath=false ls-tree -r base) |
		git_plain -C "$small" update-index --index-info
	from=$(git_plain -C "$small" write-tree)
	from=$(GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x \
		git_plain -C "$small" commit-tree -m base "$from" </dev/null)
	git_plain -C "$small" update-ref refs/heads/series "$from"
	while read -r name; do
		err=$(GIT_COMMITTER_NAME='make tree' GIT_COMMITTER_EMAIL=series@localhost \
			git_plain -C "$small" am -q --no-3way --keep-non-patch --keep-cr --no-scissors \
			--committer-date-is-author-date "$2/$name" 2>&1) ||
			die "patch $name does not apply: $(grep -m1 -E '^(error|fatal):' <<<"$err" || head -n 1 <<<"$err")"
		n=$((n + 1))
	done < <(series_files "$2")
	if [ "$(git_plain -C "$small" rev-parse series)" != "$from" ]; then
		echo ":1 $from" >"$marks.small"
		echo ":1 $(git_plain -C "$1" rev-parse base)" >"$marks"
		git_plain -C "$small" fast-export --no-data --reencode=no --import-marks="$marks.small" "$from..refs/heads/series" |
			git_plain -C "$1" fast-import --quiet --force --import-marks="$marks"
	fi
	rm -rf "$small" "$marks" "$marks.small"
	# git am takes an empty mailbox for nothing to do and says success.
	[ "$(git_plain -C "$1" rev-list --count base..series)" = $n ] ||
		die "$n patches gave $(git_plain -C "$1" rev-list --count base..series) commits; a file holds none or several"
}

# series_key DIR BASE: names one state of the series on one base.
series_key() {
	{
		echo "$2"
		series_files "$1" | while read -r name; do sha256sum <"$1/$name"; done
	} | sha256sum | cut -d' ' -f1
}

# format_series TREE RANGE DIR: what export-series writes, into DIR
format_series() {
	mkdir -p "$3"
	git_plain -C "$1" -c diff.renames=true -c diff.algorithm=myers \
		-c diff.noprefix=false -c diff.mnemonicPrefix=false \
		format-patch -q -N --zero-commit --no-signature --full-index --no-base \
		--no-cover-letter --no-thread --no-attach --no-notes --subject-prefix=PATCH \
		-o "$3" "$2"
	(cd "$3" && find . -name '*.patch' -printf '%f\n' | LC_ALL=C sort >series)
}

# patch_subjects DIR: for each patch of DIR/series a line: name, tab, subject
patch_subjects() {
	local name subject
	while IFS=$'\t' read -r name subject; do
		case $subject in # encoded: seldom, and git's business
		*'=?'*) subject=$(git_plain mailinfo -b /dev/null /dev/null <"$1/$name" | sed -n 's/^Subject: //p') ;;
		esac
		printf '%s\t%s\n' "$name" "$subject"
	done < <(
		mapfile -t names < <(series_files "$1")
		cd "$1" && [ ${#names[@]} -gt 0 ] && awk '
		FNR == 1 { on = 0; header = 1 }
		!header { next }
		on && /^[ \t]/ { subject = subject $0; next }
		on { sub(/^\[[^]]*\] */, "", subject); print FILENAME "\t" subject; header = 0; next }
		/^Subject: / { on = 1; subject = substr($0, 10) }' "${names[@]}"
	)
}

# series_with_parts DIR PARTS: DIR/series with the headings of PARTS, if there is such a
# file: lines of the subject of a part's first patch, a tab and its title.
series_with_parts() {
	local name subject title
	local -A titles=()
	[ -f "$2" ] || { series_files "$1"; return; }
	while IFS=$'\t' read -r subject title; do
		case $subject in '#'* | '') continue ;; esac
		[ -n "$title" ] || die "${2##*/}: no title behind '$subject'"
		titles[$subject]=$title
	done <"$2"
	while IFS=$'\t' read -r name subject; do
		if [ -n "$subject" ] && [ -n "${titles[$subject]:-}" ]; then
			echo "# ${titles[$subject]}"
			# shellcheck disable=SC2016 # unset expands it, once
			unset 'titles[$subject]'
		fi
		echo "$name"
	done < <(patch_subjects "$1")
	for subject in "${!titles[@]}"; do
		die "${2##*/}: part '${titles[$subject]}' is to begin with '$subject', and no patch has that subject"
	done
}

# What no kernel is built of. Objtool and resolve_btfids are, and libbpf for the latter.
# shellcheck disable=SC2034 # for those who read this file
not_built=(':!Documentation' ':!samples' ':!tools/testing' ':!tools/bpf/bpftool' ':!scripts/coccinelle')

# put_row FILE HEAD ROW SORT-OPTION...: ROW takes the place of that row of FILE, a TSV,
# which has the same first cell, or is added; HEAD is the first line
put_row() {
	local file=$1 key=${3%%$'\t'*}
	{
		echo "$2"
		{
			[ ! -f "$file" ] || awk -F '\t' -v key="$key" 'NR > 1 && $1 != key' "$file"
			echo "$3"
		} | LC_ALL=C sort -t $'\t' "${@:4}"
	} >"$file.tmp"
	mv "$file.tmp" "$file"
}

# passed_row PATCH TREE FILE...: the row of that patch, by number, if it passed with that
# tree, of the first FILE, a TSV that put_row writes, which is there and has one
passed_row() {
	local file
	for file in "${@:3}"; do
		[ -f "$file" ] || continue
		grep -m 1 "^$1	$2	ok	" "$file" && return
	done
	return 1
}

# carried_row TREE PATCH ID FILE...: that row with ID in place of the tree that it is of, if
# the git tree TREE still has the latter and it gives the same kernel (scripts/same-kernel)
carried_row() {
	local file row id
	for file in "${@:4}"; do
		[ -f "$file" ] || continue
		row=$(grep -m 1 "^$2	[0-9a-f]*	ok	" "$file") || continue
		id=$(cut -f 2 <<<"$row")
		git_plain -C "$1" cat-file -e "$id" 2>/dev/null &&
			"$top/scripts/same-kernel" "$1" "$id" "$3" >/dev/null &&
			echo "${row/$id/$3}" && return
	done
	return 1
}

# has_place FILE NAME: or die; put_between FILE NAME: standard input comes between the
# lines <!-- NAME --> and <!-- end of NAME --> of FILE
has_place() {
	[ "$(grep -cxE "<!-- (end of )?$2 -->" "$1")" = 2 ] ||
		die "$1 has no lines <!-- $2 --> and <!-- end of $2 -->"
}
put_between() {
	local text
	text=$(sed "/^<!-- $2 -->\$/q" "$1"; cat; sed -n "/^<!-- end of $2 -->\$/,\$p" "$1"; echo .)
	printf %s "${text%.}" >"$1"
}

# print_table TSV: columns as wide as their widest cell, numbers to the right;
# the last column (notes) may be long and is printed below as footnotes.
print_table() {
	awk -F '\t' '
	NR == FNR { for (i = 1; i < NF; i++) if (length($i) > w[i]) w[i] = length($i)
		if (FNR > 1) for (i = 1; i < NF; i++) if ($i !~ /^-?[0-9]*([.][0-9]+)?$/) text[i] = 1
		next }
	{
		line = ""
		for (i = 1; i < NF; i++)
			line = line sprintf(text[i] ? "%-" w[i] "s  " : "%" w[i] "s  ", $i)
		if (FNR == 1) { print line; gsub(/./, "-", line); print line; next }
		if ($NF != "") {
			if (!($NF in mark)) { mark[$NF] = ++n; note[n] = $NF }
			line = line "[" mark[$NF] "]"
		}
		print line
	}
	END { for (i = 1; i <= n; i++) print "[" i "] " note[i] }' "$1" "$1"
}
