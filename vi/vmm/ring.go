package main

import (
	"sync/atomic"

	"resvirt/vi/abi"
	"resvirt/vi/bare"
)

// The console ring of a domain that the VMM built itself: the VMM serves it,
// because there is no control domain that does. What the guest writes goes to
// COM1 as it is; what arrives there goes to the guest.

// serveConsole makes the VMM the other end of a domain's console ring, a frame of
// the domain's, and returns the event channel for it, 0 if there is none. The VMM
// writes into the ring's frame. So it holds the frame as writable, and the guest
// cannot make a page table of it meanwhile.
func serveConsole(d *Domain, ring mfn) uint32 {
	if holdFrame(d, ring) != 0 {
		return 0
	}
	d.eventLock.lock()
	port := d.freePort()
	if port == 0 {
		putPageAndType(pageOf(ring))
	} else {
		e := d.port(port)
		e.consumer, e.vcpu = 1, 0
		e.state = abi.EvtchnstatInterdomain
		d.ring, d.ringPort = ring, port
	}
	d.eventLock.unlock()
	return port
}

// consoleRing is the ring as the VMM sees it. The guest may change its content
// at any time.
func (d *Domain) consoleRing() *abi.ConsoleRing { return (*abi.ConsoleRing)(frameAddr(d.ring)) }

// consoleNotified serves an event from the guest's end of the channel: there is
// output, or room for input. d.eventLock is held.
func (d *Domain) consoleNotified() {
	if d.ring == 0 {
		return
	}
	r := d.consoleRing()
	n := uint32(0)
	for more := true; more && n < uint32(len(r.Out)); {
		k := printRing(r)
		n, more = n+k, k != 0
	}
	if n != 0 {
		setPending(d.vcpu[d.port(d.ringPort).vcpu%maxVCPUs], d.ringPort)
	}
}

// printRing prints the content of a ring up to the end of a line, and returns the
// number of bytes. No line of others gets between.
func printRing(r *abi.ConsoleRing) uint32 {
	flags := lockConsole()
	n := uint32(0)
	for n < uint32(len(r.Out)) {
		if n%lineMax == 0 {
			tableDone() // as much work as a page table is
		}
		at := atomic.LoadUint32(&r.OutCons)
		if at == atomic.LoadUint32(&r.OutProd) {
			break
		}
		b := r.Out[at%uint32(len(r.Out))]
		atomic.StoreUint32(&r.OutCons, at+1) // first: a byte may rather be lost than printed twice
		guestPut(b)
		n++
		if b == '\n' {
			break
		}
	}
	unlockConsole(flags)
	return n
}

// guestPut prints a byte of the guest to which COM1 belongs.
func guestPut(b byte) {
	consoleMid = b != '\n'
	if !native {
		waitSerial()
		bare.Out8(com1, b)
	}
}

// ringPoll is how often COM1 is asked for input, in ns.
const ringPoll = 1_000_000

const com1HasByte = 1 << 0 // in the line status

// consoleTick moves input from COM1 into the ring. It recurs on the boot CPU.
func consoleTick(t *timer) {
	if d := domains.head; d != nil && !d.shutdown && d.ring != 0 && bare.In8(com1Status)&com1HasByte != 0 {
		d.eventLock.lock()
		d.takeInput()
		d.eventLock.unlock()
	}
	t.set(now() + ringPoll)
}

// takeInput fills the ring with what COM1 has; d.eventLock is held.
func (d *Domain) takeInput() {
	if d.ring == 0 || d.port(d.ringPort).consumer == 0 { // recovery may have taken back only one of the two
		return
	}
	r := d.consoleRing()
	n := uint32(0)
	for ; n < uint32(len(r.In)) && bare.In8(com1Status)&com1HasByte != 0; n++ {
		at := r.InProd
		if at-atomic.LoadUint32(&r.InCons) >= uint32(len(r.In)) {
			break
		}
		r.In[at%uint32(len(r.In))] = bare.In8(com1)
		atomic.StoreUint32(&r.InProd, at+1)
	}
	if n != 0 {
		setPending(d.vcpu[d.port(d.ringPort).vcpu%maxVCPUs], d.ringPort)
	}
}
