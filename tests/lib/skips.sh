# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# skips_meant RESULTS: what is skipped there is what tests/accounting-skipped (or SKIPPED)
# has for $arch; or say what is not, and fail
skips_meant() {
	awk -F '\t' -v arch="$arch" '
	NR == FNR {
		if (!/^#/ && index(" " $1 " ", " " arch " ")) { n++; check[n] = $2; reason[n] = $3 }
		next }
	/^(not )?ok [0-9]+ - / {
		name = $0
		sub(/^(not )?ok [0-9]+ - /, "", name)
		skipped = index(name, " # SKIP ")
		why = skipped ? substr(name, skipped + 8) : ""
		for (i = 1; i <= n && index(name, check[i]) != 1; i++)
			;
		if (skipped && (i > n || why != reason[i])) { print "not meant to be skipped: " name; bad = 1 }
		if (!skipped && i <= n) { print "meant to be skipped: " name; bad = 1 }
	}
	END { exit bad }' "${SKIPPED:-tests/accounting-skipped}" "$1"
}
