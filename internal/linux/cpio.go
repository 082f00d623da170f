// Package linux makes what the machine needs to boot Debian's Linux, from
// Debian's packages: the kernel out of its compressed image, and an initial RAM
// disk with BusyBox. It is for tests and for docs/linux.md.
package linux

import (
	"bytes"
	"fmt"
)

// archive is a file system in the newc format of cpio, as Linux unpacks it
// (Documentation/driver-api/early-userspace/buffer-format.rst).
type archive struct {
	buf   bytes.Buffer
	inode int
}

// Types of files, as in a mode.
const (
	modeFile   = 0o100000
	modeDir    = 0o040000
	modeLink   = 0o120000
	modeDevice = 0o020000
)

// add appends a file with its content; directories come before what is in them.
func (a *archive) add(name string, mode int, content []byte) {
	a.device(name, mode, 0, 0, content)
}

func (a *archive) device(name string, mode, major, minor int, content []byte) {
	a.inode++
	fmt.Fprintf(&a.buf, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		a.inode, mode, 0, 0, 1, 0, len(content), 0, 0, major, minor, len(name)+1, 0)
	a.buf.WriteString(name + "\x00")
	a.pad()
	a.buf.Write(content)
	a.pad()
}

func (a *archive) pad() {
	for a.buf.Len()%4 != 0 {
		a.buf.WriteByte(0)
	}
}

// end closes the archive.
func (a *archive) end() []byte {
	a.inode = -1
	a.add("TRAILER!!!", 0, nil)
	return a.buf.Bytes()
}
