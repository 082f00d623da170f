package main

import "resvirt/vi/guest"

// The files for the VMs come in one module, a tar archive (POSIX.1-2017, pax,
// "ustar Interchange Format"): a header of 512 bytes, then the content in
// whole blocks of as many.
const (
	tarBlock   = 512
	tarName    = 0
	tarSize    = 124
	tarSizeLen = 12
)

// file finds a file of the archive.
func file(name string) []byte {
	a := guest.Module()
	for at := uint64(0); at+tarBlock <= uint64(len(a)) && a[at] != 0; {
		size := octal(a[at+tarSize : at+tarSize+tarSizeLen])
		if size > uint64(len(a))-at-tarBlock {
			break
		}
		h := a[at+tarName:]
		if string(h[:len(name)]) == name && h[len(name)] == 0 {
			return a[at+tarBlock : at+tarBlock+size]
		}
		at += tarBlock + (size+tarBlock-1)&^(tarBlock-1)
	}
	guest.Die("the module has no file for the VMs", 0)
	return nil
}

// octal reads a number up to the first byte that is no octal digit.
func octal(b []byte) uint64 {
	v := uint64(0)
	for _, c := range b {
		if c < '0' || c > '7' {
			break
		}
		v = v<<3 | uint64(c-'0')
	}
	return v
}
