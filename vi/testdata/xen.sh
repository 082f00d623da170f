#!/bin/sh
# Runs the application VM's kernel as the control domain of a real Xen under
# QEMU: proof that it speaks the ABI and not merely our own hypervisor's idea
# of it. Needs qemu-system-x86_64 and a Xen image (Debian: the package
# xen-hypervisor-4.17-amd64 installs /boot/xen-4.17-amd64.gz).
#
# usage: xen.sh KERNEL PROGRAM [kernel arguments]
set -e
kernel=$1 program=$2
shift 2
xen=${XEN:-/boot/xen-4.17-amd64.gz}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
gzip -dc "$xen" >"$tmp/xen"
cp "$kernel" "$tmp/kernel"
cp "$program" "$tmp/program"
cd "$tmp"
timeout "${LIMIT:-60}" qemu-system-x86_64 -machine pc -cpu "${CPU:-qemu64}" -smp "${SMP:-2}" -m 256 \
	-display none -serial stdio -monitor none -no-reboot -kernel xen \
	-append "console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all noreboot dom0_mem=${MEM:-16M} dom0_max_vcpus=2 $XENARGS" \
	-initrd "kernel $*,program"
