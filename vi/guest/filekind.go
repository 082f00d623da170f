package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Files besides the console and pipes: each kind is a table of functions, which a kernel
// that has such files registers at its start. Others have no code of it.

// fileOps are the functions of a kind. n tells which of its kind a file is; what is nil the
// kind cannot do. Those that wait do so by waitFile.
type fileOps struct {
	open  func(path []byte) (n uint16, r int64) // -ENOENT: not of this kind
	dup   func(n uint16)
	close func(n uint16)
	read  func(n uint16, buf, count uint64) int64
	write func(n uint16, buf, count uint64) int64
	ioctl func(n uint16, cmd, arg uint64) int64
	mmap  func(n uint16, length, prot, off uint64) int64
	size  func(n uint16) uint64
	seek  func(n uint16, off int64, whence uint64) int64 // nil: only the size can be asked for
	ready func(n uint16) uint16                          // what poll says of it
}

// fileKinds are the kinds there are; what waits for a file of any of them waits here.
var fileKinds [8]*fileOps

// registerFiles adds a kind.
func registerFiles(o *fileOps) (kind uint8) {
	for i := range fileKinds {
		if fileKinds[i] == nil {
			fileKinds[i] = o
			return fileOther + uint8(i)
		}
	}
	Die("kinds of files", uint64(len(fileKinds)))
	return 0
}

// ops is a file's kind, nil for consoles and pipes.
func (f *file) ops() *fileOps {
	if f.kind < fileOther {
		return nil
	}
	return fileKinds[(f.kind-fileOther)&7]
}

// waitFile waits until something has happened to any of these files; -EINTR if the process
// is asked to end.
func waitFile() int64 {
	if current.signal != 0 {
		return -abi.EINTR
	}
	sleep(unsafe.Pointer(&fileKinds))
	return 0
}

func wakeFiles() { wakeup(unsafe.Pointer(&fileKinds)) }

// openName is the path of an open under way, which does not sleep.
var openName [64]byte

// openFlags are the flags of an open under way.
var openFlags uint64

// sysOpen opens a file of any kind.
func sysOpen(path, flags uint64) int64 {
	n := copyInString(openName[:], path)
	if n < 0 {
		return -abi.EFAULT
	}
	at := freeFD()
	if at < 0 {
		return -abi.EMFILE
	}
	openFlags = flags
	for i, o := range fileKinds {
		if o == nil {
			break
		}
		if o.open == nil {
			continue
		}
		nr, r := o.open(openName[:n])
		if r == -abi.ENOENT {
			continue
		}
		if r == 0 {
			current.files[at] = file{kind: fileOther + uint8(i), n: nr}
			r = int64(at)
		}
		return r
	}
	return -abi.ENOENT
}

// otherFile is an open file of these kinds.
func otherFile(n uint64) (*fileOps, uint16) {
	f := fd(n)
	if f == nil || f.kind < fileOther {
		return nil, 0
	}
	return f.ops(), f.n
}

func sysIoctl(n, cmd, arg uint64) int64 {
	o, nr := otherFile(n)
	switch {
	case fd(n) == nil:
		return -abi.EBADF
	case o == nil || o.ioctl == nil:
		return -abi.ENOTTY
	}
	return o.ioctl(nr, cmd, arg)
}

func sysMmapFile(length, prot, n, off uint64) int64 {
	o, nr := otherFile(n)
	switch {
	case fd(n) == nil:
		return -abi.EBADF
	case o == nil || o.mmap == nil:
		return -abi.ENODEV
	case length == 0 || length > userEnd || off&(pageSize-1) != 0:
		return -abi.EINVAL
	}
	return o.mmap(nr, (length+pageSize-1)&^(pageSize-1), prot, off)
}

// sysLseek sets the position of a file, or tells the size of one that has no position.
func sysLseek(n, off, whence uint64) int64 {
	const end = 2
	o, nr := otherFile(n)
	switch {
	case fd(n) == nil:
		return -abi.EBADF
	case o != nil && o.seek != nil:
		return o.seek(nr, int64(off), whence)
	case o == nil || o.size == nil:
		return -abi.ESPIPE
	case whence != end || off != 0:
		return -abi.EINVAL
	}
	return int64(o.size(nr))
}
