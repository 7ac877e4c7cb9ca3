# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# shellcheck disable=SC2013,SC2034,SC2086 # words are split on purpose; others use the variables
# What the scenarios of the kernel's own selftests share; sourced, not run.
# What they need comes in an initramfs of its own (scripts/pack-selftests).

dir=/selftests
PATH=$dir/tools:$PATH
export PATH LD_LIBRARY_PATH=$dir/lib
log=/tmp/selftests.log

# Numbers the lines and ends with the plan; what it does not know is for people.
number()
{
	awk '
	/^(not )?ok - / { sub(/ok - /, "ok " ++n " - ") }
	{ print; fflush() }
	END { print "1.." n+0 }'
}

diag() { tail -n "${2:-30}" "$1" | tr -cd '\11\12\40-\176' | sed 's/^/#   /'; }

# slow=N on the kernel command line multiplies the limits.
slow=$(sed -n 's/.*\bslow=\([0-9]*\).*/\1/p' /proc/cmdline)

# The limit is for the whole process group: several tests fork. By its path,
# else busybox runs its own timeout, which ends the one process only.
limited() # seconds, command
{
	seconds=$(($1 * ${slow:-1}))
	shift
	$dir/tools/timeout -s KILL $seconds "$@" </dev/null 2>&1
}

why() # status, seconds
{
	case $1 in
	137) echo "time limit of $(($2 * ${slow:-1})) s" ;;
	139) echo "crashed" ;;
	*) echo "exit status $1" ;;
	esac
}

# started; COMMAND; took NAME: says so if it took 5 seconds or more
started() { read -r start _ </proc/uptime; }
took()
{
	read -r end _ </proc/uptime
	[ $((${end%.*} - ${start%.*})) -lt 5 ] || echo "# took $((${end%.*} - ${start%.*})) s: $1"
}

# The unprivileged half of test_verifier, the JIT's own limits, and what a
# distribution's boot would have done.
stage()
{
	cd $dir/bin || exit 1
	mkdir -p /mnt /tmp
	echo 0 >/proc/sys/kernel/unprivileged_bpf_disabled
	echo 1 >/proc/sys/net/core/bpf_jit_enable
	$dir/tools/ip link set lo up
	# For the base: the selftests of the series no longer raise their limit.
	# On the patched kernel they run with what the kernel gives init, 64 KiB.
	! grep -qw memlock=unlimited /proc/cmdline || ulimit -l unlimited
}

# What ran, for the record. The name in CONFIG_LOCALVERSION tells base from
# patched, and ARCH_HAS_ATOMIC_VMAP, which has no prompt, comes with the series; all
# else of the configuration should be the same.
about()
{
	echo "# about kernel: $(cat /proc/version)"
	echo "# about config: $(zcat /proc/config.gz | grep -vE '^CONFIG_(LOCALVERSION|ARCH_HAS_ATOMIC_VMAP)=' | sha256sum | cut -d' ' -f1)"
	echo "# about memlock: $(ulimit -l) KiB"
	[ ! -f versions ] || sed 's/^/# about /' versions
}

# chosen DEFAULT: which tests; selftests=LIST on the kernel command line
chosen()
{
	list=$1
	for word in $(cat /proc/cmdline); do
		case $word in selftests=*) list=${word#selftests=} ;; esac
	done
	echo "$list"
}
