#!/bin/sh
# Builds the test kernels that include kernel.inc, each a flat Multiboot image.
# With names as arguments, these alone.
set -e
cd "$(dirname "$0")"
for k in ${@:-$(grep -l kernel.inc *.S | sed s,.S$,,)}; do
	as "$k.S" -o "$k.o"
	ld -Ttext 0x100000 --oformat binary "$k.o" -o "$k.bin"
	rm "$k.o"
done
