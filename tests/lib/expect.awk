# SPDX-License-Identifier: GPL-2.0
# awk [-v kernel=patched|base] [-v mode=MODE] [-v only=REGEX] -f expect.awk EXPECTATIONS TAP:
# relay the guest's TAP, judged by a list of what is known to fail or be skipped.
# Unexpected either way is "not ok": a failure or skip that is not listed, and a
# listed one that is none any more.
#
# EXPECTATIONS, tab separated: test, outcome (fail, skip, flaky, pass, at-least),
# on which kernel (both, patched, base), in which modes ("all", or names separated
# by commas; "default" is none of a debug kernel, another command line and so
# on), reason, when to remove the line. What holds elsewhere is not looked at.
# A test that ends in * is all that begin so and have no line of their own; "pass"
# is for exceptions from that. "at-least" takes a number for the reason: so many
# results whose name begins so, lest a suite that shrinks to nothing pass.
#
# "only" is for a run of a part: names that REGEX matches, in the list and in the TAP.

BEGIN {
	if (kernel == "") kernel = "patched"
	if (mode == "") mode = "default"
}

# the line for a test: its own, or the longest that it begins with
function line_of(name,	len) {
	if (name in outcome) return name
	for (len = length(name); len > 0; len--)
		if (substr(name, 1, len) "*" in outcome) return substr(name, 1, len) "*"
	return ""
}

function say(verdict, text) { print verdict " " ++n " - " text }

# not FNR == NR: the list may be empty
FILENAME == ARGV[1] {
	if (/^#/ || /^[ \t]*$/) next
	if (split($0, col, "\t") != 6 || col[2] !~ /^(fail|skip|flaky|pass|at-least)$/ ||
	    col[3] !~ /^(both|patched|base)$/ || col[4] !~ /^[a-z0-9_-]+(,[a-z0-9_-]+)*$/) {
		say("not ok", "expectations line " FNR " is well formed")
		print "# " $0
		next
	}
	if (only != "" && col[1] !~ only) next
	if (col[3] != "both" && col[3] != kernel) next
	if (col[4] != "all" && index("," col[4] ",", "," mode ",") == 0) next
	# a program may have to give results, and be a result that is skipped itself
	if (col[2] == "at-least" ? col[1] in least : col[1] in outcome) {
		say("not ok", "expectations name " col[1] " once")
		next
	}
	if (col[2] == "at-least") { least[col[1]] = col[5]; next }
	outcome[col[1]] = col[2]
	reason[col[1]] = col[5]
	next
}

/^1\.\.[0-9]+$/ { plan = substr($0, 4) + 0; planned++; next }

/^(not )?ok [0-9]+ - / {
	results++
	ok = !/^not /
	name = $0
	sub(/^(not )?ok [0-9]+ - /, "", name)
	skip = ""
	if (match(name, / # SKIP.*/)) {
		skip = substr(name, RSTART + 8)
		name = substr(name, 1, RSTART - 1)
	}
	if (name in seen) { say("not ok", name " reports once"); next }
	if (only != "" && name !~ only) { say("not ok", name); print "# is not of the part that was to run"; next }
	seen[name] = 1
	for (prefix in least)
		if (index(name, prefix) == 1) count[prefix]++
	line = line_of(name)
	want = line == "" ? "pass" : outcome[line]
	seen[line] = 1

	if (skip != "") {
		if (want == "skip" || want == "flaky") say("ok", name " # SKIP " reason[line])
		else { say("not ok", name); print "# skipped, which is not in the list:" skip }
	} else if (ok) {
		if (want == "pass" || want == "flaky") say("ok", name)
		else { say("not ok", name); print "# passes, but is listed as " want ": remove the line" }
	} else {
		if (want == "fail" || want == "flaky") say("not ok", name " # TODO " reason[line])
		else say("not ok", name)
	}
	next
}

# Diagnostics follow their test.
{ print (/^#/ ? "" : "# ") $0 }

END {
	say(planned == 1 && plan == results ? "ok" : "not ok", "the guest reported all of its tests: plan and results agree")
	if (planned != 1 || plan != results) print "# plan " (planned ? plan : "missing") ", results " results + 0
	for (name in least) {
		say(count[name] + 0 >= least[name] ? "ok" : "not ok", "at least " least[name] " results of " name)
		if (count[name] + 0 < least[name]) print "# only " count[name] + 0
	}
	for (name in outcome) {
		if (name in seen) continue
		say("not ok", name)
		print "# listed as " outcome[name] ", but there is no such result: remove the line or mend the run"
	}
	print "1.." n
}
