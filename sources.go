package main

import "embed"

// sources are those of all that runs inside the machine, for an installed program: it builds
// the images where no clone is. go.mod names the toolchain.
//
//go:embed go.mod go.sum vi/abi vi/bare vi/seam vi/xenelf vi/vmm vi/guest vi/appvm vi/control vi/privvm vi/dvm vi/pvio vi/back vi/front vi/driver vi/fs vi/ip vi/xenstore workloads
var sources embed.FS
