# SPDX-License-Identifier: GPL-2.0
# One entry point; `make help` explains. The work is done by scripts/.

V	?=
JOBS	?= $(shell nproc)
LINUX	?=
TREE	?=
KERNEL	?=
KERNEL_BASE ?=
OURS	?=
SELFTESTS ?=
TABLE	?=
KERNEL_DEBUG ?=
BASE	?=
RECORD	?=
VM_SLOW	?= 1
BENCH	?=
BISECT	?= x86-64 memcg-n x86-32
ARCH	?= x86_64
export V JOBS LINUX VM_SLOW

archs	:= $(sort $(basename $(notdir $(wildcard scripts/arch/*.sh))))
ifeq ($(filter $(ARCH),$(archs)),)
$(error ARCH=$(ARCH): there is $(archs))
endif
# Names with a = and what they are: cross, image and so on.
include scripts/arch/$(ARCH).sh

comma	:= ,
B	:= build
# What is built for another architecture lies in a directory of its own.
A	:= $(B)$(if $(filter-out x86_64,$(ARCH)),/$(ARCH))
tree	:= $(or $(TREE),$(B)/linux)
out	:= $(A)/kernel
image	:= $(or $(KERNEL),$(out)/$(image))
base	:= $(or $(KERNEL_BASE),$(B)/kernel-base/arch/x86/boot/bzImage)
guest	:= $(A)/guest/initramfs.gz
programs := $(addprefix $(A)/guest/,probe stress fault scale)
results	:= $(A)/results
tools	:= $(if $(cross),CC=$(cross)gcc AR=$(cross)ar)
dbg	:= $(or $(KERNEL_DEBUG),$(B)/kernel-debug/arch/x86/boot/bzImage)
st	:= $(B)/selftests
tests	:= $(or $(SELFTESTS),$(st)/initramfs.gz)
ours	:= $(or $(OURS),$(out)/arch/x86/boot/bzImage)
debian	:= $(B)/debian-tools/initramfs.cpio

# Those that take minutes, begun before the others: they run beside them.
long	:= tests/30-selftests.t tests/27-matrix.t tests/31-selftests.t tests/20-accounting.t

# What an architecture other than x86_64 has: these targets, and these tests.
ported	:= help run test tree kernel guest shell deps export docs lint clean
ported_tests := tests/20-accounting.t tests/25-cgroup-v1.t tests/27-matrix.t
ifneq ($(ARCH),x86_64)
export ARCH
ifneq ($(filter-out $(ported) build/%,$(MAKECMDGOALS)),)
$(error make $(filter-out $(ported),$(MAKECMDGOALS)) is for x86_64 only; ARCH=$(ARCH) has run, test, kernel, guest and shell)
endif
endif

help:
	@echo 'make run     all the way from nothing to the table of who pays (8 to 14 min at first, then under 1)'
	@echo 'make test    the tests, from nothing (30 to 45 min at first, then 20)'
	@echo 'make tree    base and series as a git tree in $(B)/linux (1 min at first)'
	@echo 'make export  the commits of $(B)/linux back into patches/, and into the cover letter (seconds)'
	@echo 'make kernel  build the patched kernel in $(out) (5 to 11 min at first)'
	@echo 'make kernel-base  build the base, unpatched, in $(B)/kernel-base (5 to 11 min at first)'
	@echo 'make compare the same selftests on the base and on the patched kernel: what differs (45 min at first, then 35)'
	@echo 'make probe KERNEL=FILE  the table of who pays for another kernel, a distribution'"'s"' say, beside ours (3 min)'
	@echo 'make bench   what operations on maps cost, in instructions, on both kernels (5 min)'
	@echo 'make removed  1000 cgroups make and pin maps of all types and programs, and are removed: is anything left (8 min)'
	@echo 'make scale   100,000 maps, 10 million elements, 10,000 programs, 1000 cgroups: flat cost, no stalls (6 min)'
	@echo 'make debug   the tests on a kernel with KASAN, lockdep, kmemleak and more (an hour)'
	@echo 'make build-matrix  compile what the series touches without MEMCG, for 32 bits, and so on (10 min)'
	@echo 'make bisect  build the kernel after each patch, with W=1 and sparse, boot it after each part (many hours; goes on where it was)'
	@echo 'make mbox    the series as mails with its cover letter, signed off by you, in $(B)/series.mbox (seconds)'
	@echo 'make deb     Debian packages of the patched kernel in $(B)/deb, booted once (10 min)'
	@echo 'make port BASE=NAME  the series on another 5.10.y, Debian'"'"'s tree, or PREEMPT_RT: applies, builds, charges (20 min)'
	@echo 'make port    the bases that there are'
	@echo 'make quilt   the series for debian/patches, in $(B)/quilt, checked on Debian'"'"'s source (2 min)'
	@echo 'make mutants what sees it if a part of the accounting is missing, part by part (40 min)'
	@echo 'make docs    the tables and pictures in Documentation/, of tests/record/ and patches/ (seconds)'
	@echo 'make shell   boot it into a shell, with bpftool and the BPF selftests (3 min more at first)'
	@echo 'make lint    is the series well-formed, are the scripts clean (minutes at first, then seconds)'
	@echo 'make deps    install what is missing, as root; else say what is (a minute)'
	@echo 'make guest   the initramfs of the VM, in $(B)/guest (seconds); make selftests: that of the selftests (3 min)'
	@echo 'make clean   remove what was built; $(B)/linux, which may hold work, and the cache stay'
	@echo
	@echo 'Variables: ARCH=NAME $(archs) (now $(ARCH)): make run, test, kernel, guest and shell'
	@echo '                     for another architecture, in $(B)/NAME'
	@echo '           V=1       show what runs, and the console of the VM'
	@echo '           JOBS=N    parallel jobs (now $(JOBS))'
	@echo '           LINUX=DIR apply to this git tree of 5.10.y, which is only read, not to the pinned base'
	@echo '           TREE=DIR  build this tree as it is; nothing is applied'
	@echo '           KERNEL=FILE boot this image; nothing is built'
	@echo '           KERNEL_BASE=FILE take this image for the base kernel; it is not built'
	@echo '           SELFTESTS=FILE take this initramfs of selftests; none is built'
	@echo '           OURS=FILE make probe: take this image for ours; it is not built'
	@echo '           KERNEL_DEBUG=FILE take this image for make debug; it is not built'
	@echo '           RECORD=1  make port, bench, scale, bisect: put the result into tests/record/ and the README or Documentation/'
	@echo '           BENCH=NAME,NAME make bench: only these operations'
	@echo '           VM_SLOW=N multiply the time limits of the VM (now $(VM_SLOW))'
	@echo '           BISECT=CONFIG make bisect: of x86-64 memcg-n x86-32 (all), and of config/matrix/'
	@echo '           CONFIG=FILE make deb: with this configuration, /boot/config-* say, and accounting'
	@echo '           TABLE=FILE make docs: record this table first, $(B)/results/table.tsv of make run'
	@echo '           FORCE=1   make tree: drop commits of $(B)/linux that were not exported'
	@echo 'Times are for 2 cores without KVM. The cache is $${BPF_MEMCG_CACHE:-~/.cache/linux-bpf-memcg}.'

run: deps kernel guest
	@scripts/boot-table $(image) $(guest) $(results)

ifeq ($(ARCH),x86_64)
test: deps kernel kernel-base guest selftests $(debian)
	@KERNEL=$(image) KERNEL_BASE=$(base) INITRAMFS=$(guest) SELFTESTS=$(tests) \
		DEBIAN_TOOLS=$(debian) scripts/run-tests $(results) $(long) $(filter-out $(long),$(sort $(wildcard tests/*.t)))
else
test: deps kernel guest
	@echo 'ARCH=$(ARCH): $(ported_tests); the others need x86_64, or no VM at all (Documentation/testing.md)'
	@KERNEL=$(image) INITRAMFS=$(guest) scripts/run-tests $(results) $(ported_tests)
endif

compare: deps kernel kernel-base guest selftests
	@scripts/compare $(base) $(image) $(guest) $(tests) $(B)/results/compare

probe: deps guest
	@test -r "$(KERNEL)" || { echo 'make: which kernel? make probe KERNEL=bzImage (or vmlinuz)'; exit 1; }
	@$(if $(OURS),,$(MAKE) -s kernel KERNEL=)
	@scripts/probe-beside $(ours) $(KERNEL) $(guest) $(B)/results/probe

bench: deps kernel kernel-base guest selftests
	@scripts/install-deps -d
	@scripts/bench $(if $(BENCH),-n $(BENCH)) $(if $(RECORD),-R) $(base) $(image) $(guest),$(tests) $(results)/bench

removed: deps kernel guest selftests
	@scripts/vm -k $(image) -i $(guest),$(tests) -s removed -o $(results)/removed -t 3000 -f

scale: deps kernel kernel-base guest
	@scripts/install-deps -d
	@scripts/scale $(if $(RECORD),-R) $(base) $(image) $(guest) $(results)/scale

debug: $(if $(TREE)$(KERNEL_DEBUG),deps,tree) guest selftests
	@$(if $(KERNEL_DEBUG),test -r $(KERNEL_DEBUG) || { echo "make: no kernel image $(KERNEL_DEBUG)"; exit 1; },scripts/build-kernel $(tree) $(B)/kernel-debug config/debug/*.config)
	@JOBS=1 KERNEL=$(dbg) PLAIN=$(image) INITRAMFS=$(guest) SELFTESTS=$(tests) scripts/run-tests $(B)/results/debug tests/debug/*.t

build-matrix: deps tree
	@scripts/build-matrix $(B)/linux $(B)/matrix

bisect: tree guest
	@scripts/install-deps -s
	@for config in $(BISECT); do scripts/bisect $(B)/linux $(B)/bisect $$config || exit 1; \
		$(if $(RECORD),cp $(B)/bisect/$$config.tsv tests/record/bisect-$$config.tsv;) done
	@scripts/boot-parts $(B)/linux $(B)/bisect/parts $(guest)
	@$(if $(RECORD),cp $(B)/bisect/parts/parts.tsv tests/record/ && scripts/make-docs)

mbox: tree
	@scripts/make-mbox $(B)/linux $(B)/series.mbox

deb: $(if $(TREE),deps,tree) guest
	@scripts/install-deps -b
	@scripts/build-deb $(tree) $(B)/deb $(CONFIG)
	@scripts/vm $(if $(CONFIG),-S) -k $(B)/deb/vmlinuz -i $(guest) -s smoke -o $(B)/results/deb

ifeq ($(ARCH),x86_64)
shell: selftests
endif
shell: deps kernel guest
	@scripts/vm -k $(image) -i $(guest)$(if $(filter x86_64,$(ARCH)),$(comma)$(tests)) -s shell

deps:
	@scripts/install-deps

tree: deps
	@scripts/make-tree $(B)/linux

export:
	@scripts/export-series $(B)/linux
	@test ! -f patches/tree || scripts/cover

kernel: $(if $(KERNEL),,$(if $(TREE),deps,tree))
	@$(if $(KERNEL),test -r $(KERNEL) || { echo "make: no kernel image $(KERNEL)"; exit 1; },scripts/build-kernel $(tree) $(out))

kernel-base: deps
	@$(if $(KERNEL_BASE),test -r $(KERNEL_BASE) || { echo "make: no kernel image $(KERNEL_BASE)"; exit 1; },scripts/make-tree -b $(B)/linux-base && scripts/build-kernel $(B)/linux-base $(B)/kernel-base)

# The parts of the guest are found again at each run: they may come and go.
guest: deps $(guest)
$(guest): guest/init $(wildcard guest/scenario/* guest/lib/*) $(programs) \
		scripts/make-initramfs
	@$(if $(cross),BUSYBOX="$$(scripts/fetch-busybox)") \
		scripts/make-initramfs $@ $(programs)
$(A)/guest/probe: $(wildcard guest/probe/*)
	@$(MAKE) -s -C guest/probe OUT=$(CURDIR)/$(A)/guest $(tools)
$(filter-out %/probe,$(programs)): $(A)/guest/%: $(A)/guest/probe guest/program.mk $(wildcard guest/stress/* guest/fault/* guest/scale/*)
	@$(MAKE) -s -C guest/$* OUT=$(CURDIR)/$(A)/guest $(tools)

# An image that is given brings its BTF, and its own tree is not known.
selftests: kernel $(if $(SELFTESTS)$(TREE),,tree)
ifneq ($(SELFTESTS),)
	@test -r $(SELFTESTS) || { echo "make: no initramfs $(SELFTESTS)"; exit 1; }
else
	@$(if $(KERNEL),scripts/image-btf $(tree) $(KERNEL) $(st)/image.btf)
	@VMLINUX_BTF=$(if $(KERNEL),$(st)/image.btf,$(out)/vmlinux) scripts/build-selftests $(tree) $(st)
	@scripts/pack-selftests $(st) $(st)/initramfs.gz
endif

$(debian): scripts/pack-debian-tools scripts/fetch-debian-tools $(wildcard guest/tools/*) | deps
	@scripts/pack-debian-tools $@

# One kernel with all the mutants, and as many boots as they need. Named as the
# others are, below a directory of its own, it finds their objects in ccache.
mutants: tree guest
	@scripts/mutate $(B)/linux $(B)/mutants/linux
	@scripts/build-kernel $(B)/mutants/linux $(B)/mutants/kernel
	@scripts/run-mutants -q $(B)/mutants/linux/mutants.tsv \
		$(B)/mutants/kernel/arch/x86/boot/bzImage $(guest) $(B)/results/mutants

port: $(if $(BASE),deps guest)
	@INITRAMFS=$(CURDIR)/$(guest) scripts/port $(if $(RECORD),-r) $(BASE)

quilt: deps
	@scripts/quilt-dir -c $(B)/quilt

docs:
	@scripts/install-deps -d
	@scripts/make-docs $(if $(TABLE),$(TABLE) $(image))

lint: deps
	@scripts/lint

clean:
	rm -rf $(B)/kernel $(filter-out $(B)/x86_64,$(archs:%=$(B)/%)) $(B)/kernel-* $(B)/mutants $(B)/guest \
		$(B)/selftests $(B)/samples $(B)/debian-tools $(B)/matrix $(B)/bisect $(B)/deb $(B)/port/*/kernel $(B)/quilt \
		$(B)/results

.PHONY: help run test bench compare probe removed scale debug build-matrix bisect mbox deb mutants port quilt shell deps tree export kernel kernel-base guest \
	selftests docs lint clean
# Each step takes all the CPUs itself.
.NOTPARALLEL:
.DELETE_ON_ERROR:
