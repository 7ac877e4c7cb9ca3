# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
karch=i386
image=arch/x86/boot/bzImage
target=bzImage
cross=i686-linux-gnu-
debian_arch=i386
packages=(gcc-i686-linux-gnu libc6-dev-i386-cross qemu-system-x86)
qemu=qemu-system-i386 qemu_package=qemu-system-x86
# All 3 GiB are below 4 GiB; and a CPU that has 36 bits of address all the same. With
# "max" the first process of the guest never came to its end.
machine=pc cpu=(-cpu pentium3)
console=ttyS0
# Most of an object is in the area for vmalloc(), 128 MiB by default.
kernel_args='no_timer_check vmalloc=384M'
bus=pci
