// Package bare holds what an image needs to run without the Go runtime:
// privileged instructions, port output, the record that the image builder fills
// in, and the numbers of the failures that it redirects. The VMM and the
// paravirtual kernel share it, so it holds no state of either.
//
// Conventions of the VMM's and the kernel's images:
//
//   - g is found by R14 = RSP &^ 0xffff: every stack lies in a block of 64 KiB
//     aligned to its size, whose first words are a runtime g of which only
//     stackguard0 (at 16) is used. FS and GS are never used.
//   - X15 is zero whenever Go code runs, the direction flag is clear.
//   - Nothing of the runtime has run: no heap, no package initialization.
//
// The main package of every image declares two assembly functions:
//
//	TEXT ·entry(SB)   where the image starts; it must refer to ·failed, so that the linker keeps it.
//	TEXT ·failed(SB)  where redirected runtime functions go; 0(SP) is the
//	                  Failure and 8(SP) the return address inside the function that failed.
package bare
