// Package abi is Xen's public paravirtual interface for x86-64 as Go constants
// and structures: the contract between vi/vmm and every guest kernel.
//
// Names follow the public headers (xen/include/public/*.h, version 4.17): the
// header is named above each group. Only 64-bit guests are described. Layouts
// are checked against the headers' offsets in layout_test.go.
package abi
