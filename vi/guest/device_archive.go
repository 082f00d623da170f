package guest

import "resvirt/vi/abi"

// Files of the module's archive, to be read and mapped. A file is named by the page at which
// its content begins; one that begins within a page cannot be opened.

var archiveFile = fileOps{open: archiveOpen, read: archiveRead, mmap: archiveMmap, size: func(n uint16) uint64 { return archivePlace(n).size }}

func archiveOpen(path []byte) (uint16, int64) {
	if !isArchive() || len(path) == 0 || path[0] != '/' {
		return 0, -abi.ENOENT
	}
	p, ok := findFile(path[1:])
	if n := p.at / pageSize; ok && p.at&(pageSize-1) == 0 && n < 1<<16 {
		return uint16(n), 0
	}
	return 0, -abi.ENOENT
}

func archivePlace(n uint16) place {
	at := uint64(n) * pageSize
	return place{at, octal(Module()[at-tarBlock+tarSize:][:tarSizeLen])}
}

// archiveRead gives the file's beginning: there is no position.
func archiveRead(n uint16, buf, count uint64) int64 {
	p := archivePlace(n)
	count = min(count, p.size)
	if !copyOut(buf, initrd.start+p.at, count) {
		return -abi.EFAULT
	}
	return int64(count)
}

// archiveMmap maps the file's pages as they are in the module, to be read alone.
func archiveMmap(n uint16, length, prot, off uint64) int64 {
	p := archivePlace(n)
	if prot != protRead || off >= p.size {
		return -abi.EINVAL
	}
	l := &current.space.vmas
	va, ok := l.gap(userMap, length)
	if !ok {
		return -abi.ENOMEM
	}
	if r := l.add(vma{start: va, end: va + length, prot: protRead, file: true, fileOff: p.at + off, fileEnd: va + p.size - off}); r < 0 {
		return r
	}
	return int64(va)
}
