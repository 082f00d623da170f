package driver

import (
	"sync/atomic"
	"unsafe"

	"resvirt/vi/back"
)

// Registers of Intel's 82540EM (317453, chapter 13).
const (
	e1000CTRL   = 0x0000
	e1000STATUS = 0x0008
	e1000ICR    = 0x00c0
	e1000ITR    = 0x00c4
	e1000IMS    = 0x00d0
	e1000IMC    = 0x00d8
	e1000RCTL   = 0x0100
	e1000TCTL   = 0x0400
	e1000TIPG   = 0x0410
	e1000RDBAL  = 0x2800
	e1000RDTR   = 0x2820
	e1000TDBAL  = 0x3800
	e1000MTA    = 0x5200
	e1000RAL    = 0x5400

	// Behind the base address of a ring (13.4.25 to 13.4.28, 13.4.36 to 13.4.39).
	ringHigh, ringLength, ringHead, ringTail = 4, 8, 16, 24

	ctrlASDE  = 1 << 5
	ctrlUp    = 1 << 6  // SLU
	ctrlReset = 1 << 26 // RST
	statusUp  = 1 << 1  // LU

	// EN, UPE, MPE, BAM, SECRC: all frames, without their check sequence; buffers of 2048
	// bytes.
	rctlBridge = 1<<1 | 1<<3 | 1<<4 | 1<<15 | 1<<26
	tctlOn     = 1<<1 | 1<<3 | 0x0f<<4 | 0x40<<12 // EN, PSP, CT, COLD for full duplex
	tipg       = 10 | 8<<10 | 6<<20               // 13.4.34, for copper

	causes = 1<<0 | 1<<2 | 1<<4 | 1<<6 | 1<<7 // TXDW, LSC, RXDMT0, RXO, RXT0

	rxDone, rxLast = 1 << 0, 1 << 1
	txLast         = 1<<0 | 1<<1 | 1<<3 // EOP, IFCS, RS
	txDone         = 1 << 0
)

// Sizes of this driver: each ring is a page, each buffer half a page.
const (
	e1000Slots    = pageSize / 16
	e1000Received = 128 // buffers for frames to come
	e1000Sent     = 64  // and for those on their way out
	e1000Buffer   = 2048
	e1000Patience = 100e6 // ns, for a reset
)

// E1000 is the driver of one interface, as a bridge wants it: it takes every frame.
// Registers and Kernel are set before Start.
type E1000 struct {
	Registers Registers
	Kernel    *Kernel
	Address   [6]byte
	Why       string // what it failed at
	Count     struct{ Sent, NoRoom, Received, Bad uint64 }

	rx, tx         Page // descriptors
	received       [e1000Received / 2]Page
	sent           [e1000Sent / 2]Page
	rxHead         uint32
	txHead, txTail uint32
	sentAt         [e1000Slots]uint64 // when a frame was given to the interface
	ready          bool
}

// rxDescriptor and txDescriptor are 3.2.3 and 3.3.3.
type rxDescriptor struct {
	address  uint64
	length   uint16
	checksum uint16
	status   uint8
	errors   uint8
	special  uint16
}

type txDescriptor struct {
	address uint64
	length  uint16
	cso     uint8
	command uint8
	status  uint8
	css     uint8
	special uint16
}

func (e *E1000) rxAt(i uint32) *rxDescriptor {
	return &(*[e1000Slots]rxDescriptor)(e.rx.At)[i%e1000Slots]
}

func (e *E1000) txAt(i uint32) *txDescriptor {
	return &(*[e1000Slots]txDescriptor)(e.tx.At)[i%e1000Slots]
}

// buffer is the memory of a slot.
func buffer(pages []Page, slot uint32) (unsafe.Pointer, uint64) {
	slot %= uint32(2 * len(pages))
	half := slot % 2 * e1000Buffer
	return unsafe.Add(pages[slot/2].At, half), pages[slot/2].Machine + uint64(half)
}

// Start resets the interface and lets it run. What was on its way is lost, as it may be in
// a network. It is false with a reason in Why.
func (e *E1000) Start() bool {
	e.Why = ""
	if !e.memory() {
		e.Why = "no memory for rings"
		return false
	}
	if !e.Stop() {
		e.Why = "the interface does not end its reset"
		return false
	}
	r := &e.Registers
	low, high := r.read(e1000RAL), r.read(e1000RAL+4)
	for i := range 4 {
		e.Address[i] = byte(low >> (8 * uint(i)))
	}
	e.Address[4], e.Address[5] = byte(high), byte(high>>8)
	for i := range uint32(128) {
		r.write(e1000MTA+4*i, 0)
	}
	e.rings()
	r.write(e1000TIPG, tipg)
	r.write(e1000TCTL, tctlOn)
	r.write(e1000RDTR, 0)
	r.write(e1000RCTL, rctlBridge)
	r.write(e1000RDBAL+ringTail, e1000Received)
	r.write(e1000CTRL, r.read(e1000CTRL)|ctrlASDE|ctrlUp)
	r.write(e1000IMS, causes)
	e.ready = true
	return true
}

// Stop resets the interface (13.4.1, CTRL.RST): after it, it touches no memory.
func (e *E1000) Stop() bool {
	e.ready = false
	r := &e.Registers
	r.write(e1000IMC, ^uint32(0))
	r.write(e1000RCTL, 0)
	r.write(e1000TCTL, 0)
	r.write(e1000CTRL, r.read(e1000CTRL)|ctrlReset)
	e.Kernel.Wait()
	if !e.Kernel.until(r, e1000CTRL, ctrlReset, 0, e1000Patience) {
		return false
	}
	r.write(e1000IMC, ^uint32(0))
	r.read(e1000ICR)
	return true
}

// memory takes pages, at the first start only.
func (e *E1000) memory() bool {
	if e.rx.At != nil {
		return true
	}
	for i := range e.received {
		if !e.page(&e.received[i]) {
			return false
		}
	}
	for i := range e.sent[:] {
		if !e.page(&e.sent[i]) {
			return false
		}
	}
	return e.page(&e.tx) && e.page(&e.rx)
}

func (e *E1000) page(p *Page) (ok bool) {
	*p, ok = e.Kernel.Page()
	return ok
}

// rings makes both rings empty and hands them over.
func (e *E1000) rings() {
	for i := range uint32(e1000Slots) {
		_, at := buffer(e.received[:], i)
		*e.rxAt(i) = rxDescriptor{address: at}
		*e.txAt(i) = txDescriptor{status: txDone}
	}
	e.rxHead, e.txHead, e.txTail = 0, 0, 0
	for _, ring := range [...]struct {
		at   uint32
		page *Page
	}{{e1000RDBAL, &e.rx}, {e1000TDBAL, &e.tx}} {
		r := &e.Registers
		r.write(ring.at, uint32(ring.page.Machine))
		r.write(ring.at+ringHigh, uint32(ring.page.Machine>>32))
		r.write(ring.at+ringLength, pageSize)
		r.write(ring.at+ringHead, 0)
		r.write(ring.at+ringTail, 0)
	}
}

// Causes reads and clears what an interrupt was for, and says whether there was anything.
func (e *E1000) Causes() bool { return e.Registers.read(e1000ICR) != 0 }

// Up says whether there is a link.
func (e *E1000) Up() bool { return e.Registers.read(e1000STATUS)&statusUp != 0 }

// Send sends a frame, whose checksum is complete. It is false where all buffers are on
// their way: then the frame is lost.
func (e *E1000) Send(f *back.Frame) bool {
	if !e.ready || f.Length == 0 || f.Length > back.MaxFrame {
		return false
	}
	for e.txHead != e.txTail && e.txAt(e.txHead).done() {
		e.txHead++
		e.Count.Sent++
	}
	if e.txTail-e.txHead >= e1000Sent {
		e.Count.NoRoom++
		return false
	}
	to, machine := buffer(e.sent[:], e.txTail)
	copy((*[e1000Buffer]byte)(to)[:], f.Bytes())
	*e.txAt(e.txTail) = txDescriptor{address: machine, length: uint16(f.Length), command: txLast}
	e.sentAt[e.txTail%e1000Slots] = e.Kernel.Now()
	e.txTail++
	e.Registers.write(e1000TDBAL+ringTail, e.txTail%e1000Slots)
	return true
}

// done reads the word that the interface writes back.
func (d *txDescriptor) done() bool {
	return atomic.LoadUint32((*uint32)(unsafe.Add(unsafe.Pointer(d), 12)))&txDone != 0
}

// Receive takes the next frame that came in; false where there is none.
func (e *E1000) Receive(f *back.Frame) bool {
	for e.ready {
		d := e.rxAt(e.rxHead)
		word := atomic.LoadUint32((*uint32)(unsafe.Add(unsafe.Pointer(d), 12)))
		if word&rxDone == 0 {
			return false
		}
		from, machine := buffer(e.received[:], e.rxHead)
		n := int(d.length)
		good := word&rxLast != 0 && word>>8&0xff == 0 && n >= 14 && n <= back.MaxFrame
		if good {
			f.Length = copy(f.Data[:n], (*[e1000Buffer]byte)(from)[:n])
			f.Blank, f.Verified = false, false
			e.Count.Received++
		} else {
			e.Count.Bad++
		}
		// The slot that the tail has not passed yet gets this buffer.
		*d = rxDescriptor{address: machine}
		e.rxHead++
		_, ahead := buffer(e.received[:], e.rxHead+e1000Received-1)
		*e.rxAt(e.rxHead + e1000Received - 1) = rxDescriptor{address: ahead}
		e.Registers.write(e1000RDBAL+ringTail, (e.rxHead+e1000Received)%e1000Slots)
		if good {
			return true
		}
	}
	return false
}

// Check says whether no frame waits to be sent for longer than patience (ns) while there
// is a link.
func (e *E1000) Check(patience uint64) bool {
	for e.txHead != e.txTail && e.txAt(e.txHead).done() {
		e.txHead++
		e.Count.Sent++
	}
	if e.ready && e.txHead != e.txTail && e.Up() && e.Kernel.Now()-e.sentAt[e.txHead%e1000Slots] > patience {
		e.Why = "a frame does not leave"
		return false
	}
	return e.ready
}
