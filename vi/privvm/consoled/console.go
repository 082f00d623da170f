package main

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/abi"
	p "resvirt/vi/privvm/process"
	"resvirt/vi/seam"
)

// console is a VM's console.
type console struct {
	used, seen bool
	id         uint16
	port       uint32 // the VM's
	frame      uint64
	local      uint32 // port of ours
	at         uint64 // where the ring is mapped
	n          int
	line       [160]byte // output that is no whole line yet
}

// open maps the ring and binds the port. As Xen's console daemon it takes the granted
// page, and the frame itself where the kernel has granted none.
func (c *console) open(id uint16, port uint32, frame uint64) {
	*c = console{id: id, port: port, frame: frame}
	at := gntdev.Map(id, 0)
	if at < 0 {
		at = mapFrame(id, frame)
	}
	local := evtchn.BindInterdomain(id, port)
	if at < 0 || local < 0 {
		if at >= 0 {
			p.Unmap(uint64(at), 4096)
		}
		return // it has gone meanwhile
	}
	c.used, c.seen, c.at, c.local = true, true, uint64(at), uint32(local)
	xs.Write(path.Reset("/local/domain/").Number(uint64(id)).Text("/console/tty").Bytes(), tty[:])
	c.serve()
}

// tty names where the output goes.
var tty = [...]byte{'s', 'e', 'r', 'i', 'a', 'l'}

var (
	frames [1]uint64
	errs   [1]int32
)

func mapFrame(id uint16, frame uint64) int64 {
	at := privcmd.Window(1)
	if at < 0 {
		return at
	}
	frames[0] = frame
	if r := privcmd.MapFrames(id, uint64(at), frames[:], errs[:]); r < 0 {
		p.Unmap(uint64(at), 4096)
		return r
	}
	return at
}

// close takes what is left in the ring and lets go of it.
func (c *console) close() {
	c.take()
	if c.n > len(seam.VMOpen) {
		c.put('\n')
		c.flush()
	}
	p.Unmap(c.at, 4096)
	evtchn.Unbind(c.local)
	c.used = false
}

// serve takes what is in the ring and tells the VM.
func (c *console) serve() {
	if c.take() {
		evtchn.Notify(c.local)
	}
}

// take prints what is in the ring, at most one ring of it: what comes meanwhile has an
// event of its own. Indices that cannot be are taken for an empty ring, as in Xen.
func (c *console) take() bool {
	r := (*abi.ConsoleRing)(p.Ptr(c.at))
	at := atomic.LoadUint32(&r.OutCons)
	end := atomic.LoadUint32(&r.OutProd)
	if end-at > uint32(len(r.Out)) || at == end {
		return false
	}
	for ; at != end; at++ {
		c.add(r.Out[at%uint32(len(r.Out))])
	}
	atomic.StoreUint32(&r.OutCons, end)
	return true
}

// add adds a byte to the line and prints it when it is whole or too long.
func (c *console) add(b byte) {
	if c.n == 0 {
		c.n = copy(c.line[:], seam.VMOpen)
		digit := uint16(10000)
		for digit > 1 && c.id < digit {
			digit /= 10
		}
		for ; digit > 0; digit /= 10 {
			c.put('0' + byte(c.id/digit%10))
		}
		for i := range len(seam.VMClose) {
			c.put(seam.VMClose[i])
		}
	}
	c.put(b)
	if b != '\n' && c.n == len(c.line)-1 {
		b = '\n'
		c.put(b)
	}
	if b == '\n' {
		c.flush()
	}
}

func (c *console) put(b byte) {
	c.line[c.n] = b
	c.n++
}

// flush prints the line.
func (c *console) flush() {
	privcmd.Hypercall(abi.HypercallConsoleIO, abi.ConsoleIOWrite, uint64(c.n), p.Addr(unsafe.Pointer(&c.line)), 0)
	c.n = 0
}
