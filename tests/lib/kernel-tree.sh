# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# For tests of scripts that configure a kernel, on a tree that is none.

# fake_merge_config TREE: its merge_config.sh, where the last line of an option wins
fake_merge_config() {
	mkdir -p "$1/scripts/kconfig"
	cat >"$1/scripts/kconfig/merge_config.sh" <<'MERGE'
#!/bin/sh
out=$3
shift 3
cat "$@" | awk '{ o = $0; sub(/^# /, "", o); sub(/[= ].*/, "", o) } o ~ /^CONFIG_/ { line[o] = $0 }
	END { for (o in line) print line[o] }' >$out/.config
MERGE
	chmod +x "$1/scripts/kconfig/merge_config.sh"
}
