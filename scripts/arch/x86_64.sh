# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
karch=x86_64
image=arch/x86/boot/bzImage
target=bzImage
packages=(gcc libc6-dev busybox-static qemu-system-x86)
qemu=qemu-system-x86_64 qemu_package=qemu-system-x86
machine=q35 cpu=()
console=ttyS0
kernel_args='no_timer_check'
bus=pci
