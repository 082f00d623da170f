package guest

import (
	"unsafe"

	"resvirt/vi/abi"
	"resvirt/vi/fs"
	"resvirt/vi/pvio"
)

// Files on this domain's disk. One process at a time is in the file system, since it waits
// for the disk in there.

// System calls of Linux that only files on a disk need.
const (
	sysNRPread     = 17
	sysNRPwrite    = 18
	sysNRFsync     = 74
	sysNRFtruncate = 77
	sysNRRename    = 82
	sysNRUnlink    = 87
)

// Flags of open (fcntl.h of Linux).
const (
	openCreate   = 0o100
	openExcl     = 0o200
	openTruncate = 0o1000
)

var (
	fsys     fs.FS
	fsDisk   fs.Disk
	fsBusy   bool
	fsBuffer [fs.BlockSize]byte // between a process and the file system

	diskFile = fileOps{open: diskOpen, dup: diskDup, close: diskClose, read: diskRead, write: diskWrite, seek: diskSeek, size: diskSize}

	// opened are the open files: each open has a position of its own, which copies of the
	// descriptor share.
	opened [16]struct {
		uses uint16
		file int
		at   uint64
	}
)

// mountDisk takes up the file system of the disk, after making one if the command line
// says mkfs=1.
func mountDisk() {
	fsDisk = fs.Disk{Blocks: disk.Sectors * pvio.BlkSector / fs.BlockSize, Read: blockRead, Write: blockWrite, Flush: blockFlush}
	e := fs.OK
	if option("mkfs=") != 0 {
		e = fsys.Format(&fsDisk)
	}
	if e == fs.OK {
		e = fsys.Mount(&fsDisk)
	}
	if e != fs.OK {
		Die("the disk has no file system that can be used; mkfs=1 makes one", uint64(e))
	}
	registerFiles(&diskFile)
}

func blockRead(b uint32, to *[fs.BlockSize]byte) bool {
	return diskDo(pvio.BlkRead, uint64(b)*pvio.BlkSectors, to[:])
}

func blockWrite(b uint32, from *[fs.BlockSize]byte) bool {
	return diskDo(pvio.BlkWrite, uint64(b)*pvio.BlkSectors, from[:])
}

func blockFlush() bool { return !disk.Flush || diskDo(pvio.BlkFlush, 0, nil) }

// lockFS waits until nobody else is in the file system.
func lockFS() {
	for fsBusy {
		sleep(unsafe.Pointer(&fsBusy))
	}
	fsBusy = true
}

func unlockFS() {
	fsBusy = false
	wakeup(unsafe.Pointer(&fsBusy))
}

// fsError is the number of an error of the file system.
func fsError(e fs.Error) int64 {
	switch e {
	case fs.OK:
		return 0
	case fs.NoFile:
		return -abi.ENOENT
	case fs.Exists:
		return -abi.EEXIST
	case fs.NoRoom:
		return -abi.ENOSPC
	case fs.BadName:
		return -abi.EINVAL
	}
	return -abi.EIO
}

// plainName takes the slash from a path, since there is one directory.
func plainName(path []byte) []byte {
	if len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	return path
}

func diskOpen(path []byte) (n uint16, r int64) {
	flags := openFlags
	var name [fs.MaxName + 1]byte // others may open while we wait
	path = plainName(path)
	if len(path) > fs.MaxName {
		return 0, -abi.EINVAL
	}
	k := copy(name[:], path)
	lockFS()
	e, i := fs.OK, fsys.Find(name[:k])
	switch {
	case i < 0 && flags&openCreate == 0:
		e = fs.NoFile
	case i < 0:
		i, e = fsys.Create(name[:k])
	case flags&(openCreate|openExcl) == openCreate|openExcl:
		e = fs.Exists
	case flags&openTruncate != 0:
		e = fsys.Truncate(i, 0)
	}
	unlockFS()
	if e != fs.OK {
		return 0, fsError(e)
	}
	for n := range opened {
		if o := &opened[n]; o.uses == 0 {
			o.uses, o.file, o.at = 1, i, 0
			return uint16(n), 0
		}
	}
	return 0, -abi.ENFILE
}

func diskDup(n uint16)         { opened[n&15].uses++ }
func diskClose(n uint16)       { opened[n&15].uses-- }
func diskSize(n uint16) uint64 { return fsys.Size(opened[n&15].file) }

func diskSeek(n uint16, off int64, whence uint64) int64 {
	o := &opened[n&15]
	switch whence {
	case 1:
		off += int64(o.at)
	case 2:
		off += int64(fsys.Size(o.file))
	}
	if off < 0 || whence > 2 {
		return -abi.EINVAL
	}
	o.at = uint64(off)
	return off
}

func diskRead(n uint16, buf, count uint64) int64 {
	o := &opened[n&15]
	r := diskMove(o.file, o.at, buf, count, false)
	if r > 0 {
		o.at += uint64(r)
	}
	return r
}

func diskWrite(n uint16, buf, count uint64) int64 {
	o := &opened[n&15]
	r := diskMove(o.file, o.at, buf, count, true)
	if r > 0 {
		o.at += uint64(r)
	}
	return r
}

// diskMove reads or writes a piece of a file, a block at a time.
func diskMove(file int, at, buf, count uint64, write bool) (done int64) {
	lockFS()
	for uint64(done) < count {
		n := min(count-uint64(done), fs.BlockSize-at%fs.BlockSize)
		kernel := addr(unsafe.Pointer(&fsBuffer))
		k, e := 0, fs.OK
		if write {
			if !copyIn(kernel, buf+uint64(done), n) {
				done = orDone(done, -abi.EFAULT)
				break
			}
			k, e = fsys.Write(file, at, fsBuffer[:n])
		} else if k, e = fsys.Read(file, at, fsBuffer[:n]); e == fs.OK && !copyOut(buf+uint64(done), kernel, uint64(k)) {
			done = orDone(done, -abi.EFAULT)
			break
		}
		if e != fs.OK {
			done = orDone(done, fsError(e))
			break
		}
		if k == 0 {
			break
		}
		done += int64(k)
		at += uint64(k)
	}
	unlockFS()
	return done
}

// orDone is what was moved so far, or else the error.
func orDone(done, err int64) int64 {
	if done > 0 {
		return done
	}
	return err
}

// diskCall executes the system calls that only files on a disk need.
func diskCall(f *trapFrame) int64 {
	if f.RAX == sysNRUnlink || f.RAX == sysNRRename {
		return nameCall(f)
	}
	o, n := otherFile(f.RDI)
	if o != &diskFile {
		return -abi.EBADF
	}
	file := opened[n&15].file
	switch f.RAX {
	case sysNRPread:
		return diskMove(file, f.R10, f.RSI, f.RDX, false)
	case sysNRPwrite:
		return diskMove(file, f.R10, f.RSI, f.RDX, true)
	}
	lockFS()
	e := fs.OK
	if f.RAX == sysNRFsync {
		e = fsys.Sync()
	} else {
		e = fsys.Truncate(file, f.RSI)
	}
	unlockFS()
	return fsError(e)
}

// isOpen says whether somebody has a file open; below 0 is no file.
func isOpen(file int) bool {
	for i := range opened {
		if opened[i].uses != 0 && opened[i].file == file {
			return true
		}
	}
	return false
}

// nameCall is unlink or rename. Unlike Unix it does not take away a file that is open.
func nameCall(f *trapFrame) int64 {
	var from, to [fs.MaxName + 2]byte
	n := copyInString(from[:], f.RDI)
	if n < 0 {
		return -abi.EFAULT
	}
	if f.RAX == sysNRUnlink {
		return changeName(plainName(from[:n]), nil)
	}
	k := copyInString(to[:], f.RSI)
	if k < 0 {
		return -abi.EFAULT
	}
	return changeName(plainName(from[:n]), plainName(to[:k]))
}

// changeName renames a file, or removes it where there is no new name.
func changeName(from, to []byte) int64 {
	lockFS()
	e, gone := fs.OK, fsys.Find(from)
	if to != nil {
		gone = fsys.Find(to)
	}
	if gone >= 0 && isOpen(gone) {
		unlockFS()
		return -abi.EBUSY
	}
	if to == nil {
		e = fsys.Remove(from)
	} else {
		e = fsys.Rename(from, to)
	}
	unlockFS()
	return fsError(e)
}
