# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
karch=i386
image=arch/x86/boot/bzImage
target=bzImage
cross=i686-linux-gnu-
debian=i386
packages=(gcc-i686-linux-gnu libc6-dev-i386-cross qemu-system-x86)
qemu=qemu-system-i386 qemu_package=qemu-system-x86
machine=q35 cpu=(-cpu max)
console=ttyS0
# Most of an object is in the area for vmalloc(), 128 MiB by default.
kernel_args='no_timer_check vmalloc=384M'
bus=pci
