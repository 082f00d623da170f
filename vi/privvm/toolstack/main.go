// Command toolstack makes VMs from configurations and takes care of them, as Xen's xl with
// libxl does. It reads commands from a file of the archive, whose name is its argument. A
// second one is how many milliseconds back ends may take.
package main

import (
	"unsafe"

	"resvirt/vi/abi"
	p "resvirt/vi/privvm/process"
	"resvirt/vi/privvm/store"
	"resvirt/vi/pvio"
	"resvirt/vi/seam"
)

// Implemented in entry_amd64.s.

func entry()
func failed()

func main() {}

var (
	xen p.Privcmd
	xs  store.Client
)

// start is called by Boot with the initial stack.
func start(stack uint64) {
	xen = p.Privcmd(p.Open("/dev/xen/privcmd"))
	if xen < 0 || !xs.Open() || !xs.Watch(release[:], token[:]) {
		complain("it has not what it needs", nil)
		p.Exit(1)
	}
	if ms, ok := pvio.Number(p.Args(stack).Arg(2)); ok {
		patience = ms * 1e6
	}
	script, ok := readFile(p.Args(stack).Arg(1))
	if !ok {
		complain("there is no script", p.Args(stack).Arg(1))
		p.Exit(1)
	}
	run(script)
	p.Exit(int(min(complaints, 100)))
}

var (
	release = [...]byte{'@', 'r', 'e', 'l', 'e', 'a', 's', 'e', 'D', 'o', 'm', 'a', 'i', 'n'}
	token   = [...]byte{'r'}
)

// complaints is how many commands have failed.
var complaints uint32

// complain says what went wrong.
func complain(why string, about []byte) {
	complaints++
	var t p.Text
	t.Str(seam.Error).Str(": toolstack: ")
	if len(about) > 0 {
		t.Bytes(about).Str(": ")
	}
	t.Str(why)
	if wrongLine != 0 {
		t.Str(" (line ").Dec(wrongLine).Str(")")
		wrongLine = 0
	}
	if refused.why != 0 {
		t.Str(" (").Str(pvio.StoreErrors[refused.why])
		if refused.path.Len() > 0 {
			t.Str(" for ").Bytes(refused.path.Bytes())
		}
		t.Str(")")
		refused.why = 0
	}
	t.Line()
}

// wrongLine is the line of a configuration that cannot be, of the operation under way.
var wrongLine int64

// refused is what XenStore did not do, of the operation under way.
var refused struct {
	why  pvio.StoreErrno
	path pvio.Path
}

// noteRefused notes it. It is called behind the request that failed, whose path is in path.
func noteRefused() {
	refused.why = xs.Why
	refused.path.Begin(path.Bytes())
}

// domctl issues a command with two words.
func domctl(cmd uint32, id uint16, a, b uint64) int64 {
	op := abi.Domctl{Cmd: cmd, Domain: id}
	op.U[0], op.U[1] = a, b
	return xen.Domctl(&op)
}

// readFile maps a file of the archive.
func readFile(name []byte) ([]byte, bool) {
	if len(name) == 0 {
		return nil, false
	}
	fd := int(p.Open(unsafe.String(&name[0], len(name))))
	if fd < 0 {
		return nil, false
	}
	size := p.Size(fd)
	at := p.Map(fd, uint64(size), false, 0)
	p.Close(fd)
	if size <= 0 || at < 0 {
		return nil, false
	}
	return unsafe.Slice((*byte)(p.Ptr(uint64(at))), size), true
}

// dropFile lets go of a file.
func dropFile(content []byte) {
	if len(content) > 0 {
		p.Unmap(p.Addr(unsafe.Pointer(&content[0])), uint64(len(content)))
	}
}
