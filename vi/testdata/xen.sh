#!/bin/sh
# Runs the application VM's kernel and workload, the images of the experiments,
# as the control domain of Debian's Xen, and under our hypervisor, and compares
# what they print: proof that the kernel speaks the ABI and not merely our own
# hypervisor's idea of it. Not part of CI. As any user, in the root of a clone:
#
#	sudo apt-get install qemu-system-x86	# not for MACHINE=resvirt
#	apt-get download xen-hypervisor-4.17-amd64
#	dpkg -x xen-hypervisor-4.17-amd64_*.deb xen
#	XEN=xen/boot/xen-4.17-amd64.gz sh vi/testdata/xen.sh [words for the kernel]
#
# The words go to the workload: length=20 is twenty times as much of it.
# Variables: XEN (its image; unless given, /boot/xen-4.17-amd64.gz), MACHINE
# (qemu, or resvirt for this project's own emulator), SMP, MEM, CPU (QEMU's
# model), XENARGS (words for Xen, such as xpti=on), LIMIT (seconds).
#
# The exit status is 0 if the workload and the kernel's probes found no error,
# domain 0 switched itself off and the lines are the same; 1 if not; 2 if
# something needed is missing.
set -eu
xen=${XEN:-/boot/xen-4.17-amd64.gz}
machine=${MACHINE:-qemu}
missing() {
	echo "xen.sh: $1" >&2
	exit 2
}
[ -f go.mod ] && [ -d vi/testdata/images ] || missing "run this in the root of a clone"
[ -f "$xen" ] || missing "no Xen at $xen: package xen-hypervisor-4.17-amd64, see the head of this script"
case $machine in
qemu) command -v qemu-system-x86_64 >/dev/null || missing "no qemu-system-x86_64: package qemu-system-x86, or MACHINE=resvirt" ;;
resvirt) ;;
*) missing "MACHINE=$machine: it must be qemu or resvirt" ;;
esac

dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || :; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
gzip -dc "$xen" >"$dir/xen"
go build -o "$dir/resvirt" .
go run ./vi/testdata/images "$dir"

# Xen cuts the modules' list at commas and a module's own words at spaces.
# "noreboot" has it stop after a crash, too. The timeout covers what hangs.
append="console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all noreboot dom0_mem=${MEM:-16M} dom0_max_vcpus=2 ${XENARGS:-}"
modules="$dir/kernel $*,$dir/program"
case $machine in
qemu) timeout "${LIMIT:-60}" qemu-system-x86_64 -machine pc -cpu "${CPU:-qemu64}" -smp "${SMP:-2}" -m 256 \
	-display none -serial "file:$dir/serial" -monitor none -no-reboot \
	-kernel "$dir/xen" -append "$append" -initrd "$modules" </dev/null 2>"$dir/errors" & ;;
resvirt) timeout "${LIMIT:-60}" "$dir/resvirt" boot --cpus "${SMP:-2}" --mem 256 \
	--append "$append" --initrd "$modules" "$dir/xen" </dev/null >"$dir/serial" 2>"$dir/errors" & ;;
esac
pid=$!

# Domain 0 has no ACPI, so that Xen ends a power-off by halting the machine,
# which QEMU then runs for ever: what Xen says is the end.
halted='^(XEN) Hardware Dom0 halted: halting machine'
while kill -0 "$pid" 2>/dev/null && ! grep -Eqs '^\(XEN\) (Hardware Dom0 |Panic on CPU)' "$dir/serial"; do
	sleep 0.2
done
sleep 0.5 # for the rest of what it says
kill "$pid" 2>/dev/null || :
wait "$pid" 2>/dev/null || :
pid=

# What the domain says begins when Xen's start is over.
tr -d '\r' <"$dir/serial" | sed '1,/^(XEN) Freed .* init memory/d' >"$dir/all"
grep -v '^(XEN)' "$dir/all" | sed '/^resvirt: all halted/,$d' >"$dir/xen.lines" || :
"$dir/resvirt" guest --mem 16 --append "$*" --ramdisk "$dir/program" "$dir/kernel" >"$dir/our.lines" || {
	echo "xen.sh: under our hypervisor the kernel ended with status $?" >&2
	exit 1
}
grep -m 1 '^(XEN) Xen version' "$dir/serial" | tr -d '\r' || :
cat "$dir/all"
if ! grep -q "$halted" "$dir/all"; then
	echo "xen.sh: domain 0 did not switch itself off; the machine's last words:" >&2
	tail -n 5 "$dir/serial" >&2
	cat "$dir/errors" >&2
	exit 1
fi
diff -u "$dir/our.lines" "$dir/xen.lines" || {
	echo "xen.sh: the lines differ: - ours, + Xen's" >&2
	exit 1
}
if grep -q '^error' "$dir/xen.lines" || [ "$(tail -n 1 "$dir/xen.lines")" != "probe ok" ]; then
	echo "xen.sh: the same errors under both" >&2
	exit 1
fi
echo "same $(wc -l <"$dir/xen.lines") lines under Xen ($machine) and under our hypervisor"
