#!/bin/sh
# Builds bios.bin, the firmware's services in real mode.
set -e
cd "$(dirname "$0")"
as --32 bios.S -o bios.o
ld -m elf_i386 -Ttext 0 --oformat binary bios.o -o bios.bin
rm bios.o
