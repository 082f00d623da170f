package guest

import "unsafe"

// The module beside the kernel is one program, or an archive of several files (POSIX.1-2017,
// pax, "ustar Interchange Format"): a header of 512 bytes, then the content in whole blocks
// of as many. The content of what is run or mapped begins at a page's beginning, since its
// pages are mapped where they are.
const (
	tarBlock   = 512
	tarName    = 0
	tarNameLen = 100
	tarSize    = 124
	tarSizeLen = 12
)

// place is where a file lies in the module.
type place struct{ at, size uint64 }

// isArchive tells an archive from a program, which begins with ELF's first byte.
func isArchive() bool { return initrd.size > tarBlock && Module()[0] != 0x7f }

// findFile finds a file of the archive.
func findFile(name []byte) (place, bool) {
	a := Module()
	for at := uint64(0); at+tarBlock <= uint64(len(a)) && a[at] != 0; {
		size := octal(a[at+tarSize : at+tarSize+tarSizeLen])
		if size > uint64(len(a))-at-tarBlock {
			break
		}
		h := a[at+tarName:]
		if len(name) < tarNameLen && string(h[:len(name)]) == string(name) && h[len(name)] == 0 {
			return place{at + tarBlock, size}, true
		}
		at += tarBlock + (size+tarBlock-1)&^(tarBlock-1)
	}
	return place{}, false
}

// File is the content of a file of the archive.
func File(name string) ([]byte, bool) {
	p, ok := findFile(unsafe.Slice(unsafe.StringData(name), len(name)))
	return Module()[p.at:][:p.size], ok && isArchive()
}

// findProgram finds what a path names: the module itself, whose name the command line has,
// or a file of the archive.
func findProgram(path []byte) (place, bool) {
	if len(path) == 0 || path[0] != '/' {
		return place{}, false
	}
	if isArchive() {
		p, ok := findFile(path[1:])
		return p, ok && p.at&(pageSize-1) == 0
	}
	var name [32]byte
	return place{0, initrd.size}, string(path) == string(programName(name[:]))
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
