#!/bin/sh
# Builds the test kernels, each a flat Multiboot image, and rom.bin. With names as
# arguments, these alone.
set -e
cd "$(dirname "$0")"
for k in ${@:-$(ls *.S | sed s,.S$,,)}; do
	bits=--64 format=elf_x86_64 at=0x100000
	case $k in
	chipset | ipi | real | tasks) bits=--32 format=elf_i386 ;;
	rom) bits=--32 format=elf_i386 at=0xf000 ;;
	esac
	as $bits "$k.S" -o "$k.o"
	ld -m $format -Ttext $at --oformat binary "$k.o" -o "$k.bin"
	rm "$k.o"
done
