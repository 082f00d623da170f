package guest

import (
	"unsafe"

	"resvirt/vi/abi"
)

// Kinds of open file.
const (
	fileClosed = iota
	fileConsole
	filePipeRead
	filePipeWrite
	fileOther // and further: of fileKinds
)

// file is an entry of a process's table of open files.
type file struct {
	kind uint8
	n    uint16 // which of its kind
	pipe *pipe
}

const pipeBytes = 512

// pipe is a ring buffer with its numbers of open ends.
type pipe struct {
	readers, writers uint16
	head, count      uint32
	buf              [pipeBytes]byte
}

var pipes [16]pipe

func (f *file) dup() {
	switch f.kind {
	case filePipeRead:
		f.pipe.readers++
	case filePipeWrite:
		f.pipe.writers++
	default:
		if o := f.ops(); o != nil && o.dup != nil {
			o.dup(f.n)
		}
	}
}

// close drops an end; the other side learns of it by end of file or EPIPE.
func (f *file) close() {
	switch f.kind {
	case filePipeRead:
		f.pipe.readers--
	case filePipeWrite:
		f.pipe.writers--
	default:
		if o := f.ops(); o != nil && o.close != nil {
			o.close(f.n)
		}
	}
	if f.pipe != nil {
		wakeup(unsafe.Pointer(f.pipe))
	}
	*f = file{}
}

// fd finds an open file of the current process.
func fd(n uint64) *file {
	if n >= maxFiles || current.files[n].kind == fileClosed {
		return nil
	}
	return &current.files[n]
}

// freeFD is the lowest free number, as Unix promises, or -1.
func freeFD() int {
	for i := range current.files {
		if current.files[i].kind == fileClosed {
			return i
		}
	}
	return -1
}

func sysPipe(out uint64) int64 {
	var q *pipe
	for i := range pipes {
		if pipes[i].readers == 0 && pipes[i].writers == 0 {
			q = &pipes[i]
			break
		}
	}
	if q == nil {
		return -abi.EMFILE
	}
	r := freeFD()
	if r < 0 {
		return -abi.EMFILE
	}
	current.files[r] = file{kind: filePipeRead, pipe: q}
	w := freeFD()
	if w < 0 {
		current.files[r] = file{}
		return -abi.EMFILE
	}
	current.files[w] = file{kind: filePipeWrite, pipe: q}
	q.readers, q.writers, q.head, q.count = 1, 1, 0, 0
	fds := [2]uint32{uint32(r), uint32(w)}
	if !copyOut(out, addr(unsafe.Pointer(&fds)), 8) {
		current.files[r].close()
		current.files[w].close()
		return -abi.EFAULT
	}
	return 0
}

// read takes the bytes that are there. It waits for at least one, unless all
// writers have gone.
func (q *pipe) read(buf, n uint64) int64 {
	for q.count == 0 {
		if q.writers == 0 || n == 0 {
			return 0
		}
		sleep(unsafe.Pointer(q))
	}
	done := uint64(0)
	for done < n && q.count > 0 {
		k := min(n-done, uint64(q.count), uint64(pipeBytes-q.head))
		if !copyOut(buf+done, addr(unsafe.Pointer(&q.buf))+uint64(q.head), k) {
			return -abi.EFAULT
		}
		q.head = (q.head + uint32(k)) % pipeBytes
		q.count -= uint32(k)
		done += k
	}
	wakeup(unsafe.Pointer(q))
	return int64(done)
}

// write puts all n bytes in, waiting for room.
func (q *pipe) write(buf, n uint64) int64 {
	for done := uint64(0); done < n; {
		if q.readers == 0 {
			return -abi.EPIPE
		}
		if q.count == pipeBytes {
			wakeup(unsafe.Pointer(q))
			sleep(unsafe.Pointer(q))
			continue
		}
		tail := (q.head + q.count) % pipeBytes
		k := min(n-done, uint64(pipeBytes-q.count), uint64(pipeBytes-tail))
		if !copyIn(addr(unsafe.Pointer(&q.buf))+uint64(tail), buf+done, k) {
			return -abi.EFAULT
		}
		q.count += uint32(k)
		done += k
	}
	wakeup(unsafe.Pointer(q))
	return int64(n)
}

func sysRead(n, buf, count uint64) int64 {
	f := fd(n)
	switch {
	case f == nil || f.kind == filePipeWrite:
		return -abi.EBADF
	case f.kind == filePipeRead:
		return f.pipe.read(buf, count)
	case f.kind >= fileOther:
		if o := f.ops(); o.read != nil {
			return o.read(f.n, buf, count)
		}
		return -abi.EINVAL
	}
	return 0 // there is no input
}

func sysWrite(n, buf, count uint64) int64 {
	f := fd(n)
	switch {
	case f == nil || f.kind == filePipeRead:
		return -abi.EBADF
	case f.kind == filePipeWrite:
		return f.pipe.write(buf, count)
	case f.kind >= fileOther:
		if o := f.ops(); o.write != nil {
			return o.write(f.n, buf, count)
		}
		return -abi.EINVAL
	}
	var chunk [64]byte
	for done := uint64(0); done < count; {
		k := min(count-done, uint64(len(chunk)))
		if !copyIn(addr(unsafe.Pointer(&chunk)), buf+done, k) {
			return -abi.EFAULT
		}
		for _, c := range chunk[:k] {
			putc(c)
		}
		done += k
	}
	return int64(count)
}

func sysDup(n uint64) int64 {
	f := fd(n)
	to := freeFD()
	if f == nil {
		return -abi.EBADF
	}
	if to < 0 {
		return -abi.EMFILE
	}
	return dupTo(f, to)
}

func sysDup2(n, to uint64) int64 {
	f := fd(n)
	if f == nil || to >= maxFiles {
		return -abi.EBADF
	}
	if f == &current.files[to] {
		return int64(to)
	}
	current.files[to].close()
	return dupTo(f, int(to))
}

func dupTo(f *file, to int) int64 {
	current.files[to] = *f
	f.dup()
	return int64(to)
}

func sysClose(n uint64) int64 {
	f := fd(n)
	if f == nil {
		return -abi.EBADF
	}
	f.close()
	return 0
}
