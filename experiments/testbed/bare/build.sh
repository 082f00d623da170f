#!/bin/sh
# Builds the program of bare-quick with GCC and GNU binutils: checks.bin is the ELF file, with
# symbols and lines. It is committed, so that running it needs neither.
set -eu
cd "$(dirname "$0")"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
as boot.S -o "$dir/boot.o"
gcc -O2 -g1 -gdwarf-4 -fdebug-prefix-map="$PWD=." -ffreestanding -fno-stack-protector -fno-pic -mno-red-zone -mcmodel=small -fcf-protection=none -fno-asynchronous-unwind-tables -c checks.c -o "$dir/checks.o"
ld -static -nostdlib -z noexecstack -T link.ld --no-warn-rwx-segments "$dir/boot.o" "$dir/checks.o" -o checks.bin
