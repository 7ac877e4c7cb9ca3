# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
karch=s390
image=arch/s390/boot/bzImage
target=bzImage
cross=s390x-linux-gnu-
debian_arch=s390x
packages=(gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-system-misc)
qemu=qemu-system-s390x qemu_package=qemu-system-misc
machine=s390-ccw-virtio cpu=()
console=ttysclp0
kernel_args=''
bus=ccw
