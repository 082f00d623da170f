#!/bin/sh
# Builds the kernels with GCC and GNU binutils. The results are committed, so
# that measuring needs neither.
set -eu
cd "$(dirname "$0")"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
as boot.S -o "$dir/boot.o"
for c in *.c; do
	n=${c%.c}
	gcc -O2 -ffreestanding -fno-stack-protector -fno-pic -mno-red-zone -mcmodel=small -fcf-protection=none -c "$c" -o "$dir/$n.o"
	ld -static -nostdlib -z noexecstack -T link.ld --no-warn-rwx-segments "$dir/boot.o" "$dir/$n.o" -o "$dir/$n.elf"
	objcopy -O binary "$dir/$n.elf" "$n.bin"
done
as --32 boot32.S -o "$dir/boot32.o"
for n in sieve interp sort; do
	gcc -m32 -march=i686 -O2 -ffreestanding -fno-stack-protector -fno-pic -fcf-protection=none -c "$n.c" -o "$dir/$n.o"
	ld -m elf_i386 -static -nostdlib -z noexecstack -T link.ld --no-warn-rwx-segments "$dir/boot32.o" "$dir/$n.o" -o "$dir/$n.elf"
	objcopy -O binary "$dir/$n.elf" "${n}32.bin"
done
