# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
karch=arm64
image=arch/arm64/boot/Image
target=Image
cross=aarch64-linux-gnu-
debian_arch=arm64
packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm)
qemu=qemu-system-aarch64 qemu_package=qemu-system-arm
# No pointer authentication, which is slow to emulate.
machine=virt cpu=(-cpu cortex-a57)
console=ttyAMA0
kernel_args=''
bus=pci
