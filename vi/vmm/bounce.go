package main

import (
	"unsafe"

	"resvirt/vi/abi"
)

// bounce says how the guest's kernel is to be entered on the way back to it.
type bounce struct {
	flags uint32 // bounceX, 0 = not at all
	code  uint32 // error code
	rip   uint64
}

// bounce.flags
const (
	bounceTrap   = 1 << 0
	bounceError  = 1 << 1 // push the error code
	bounceMask   = 1 << 2 // mask events
	bounceSafe   = 1 << 3 // failsafe callback: push data segments
	bounceSystem = 1 << 4 // system call
	bounceUnfit  = 1 << 5 // do not enter it: its state cannot be loaded, see load.go
)

// RFLAGS bits that entering a guest's kernel clears.
const clearedFlags = 1<<8 | 1<<14 | 1<<16 | 1<<17 | 1<<18 // TF NT RF VM AC

// enterGuestKernel pushes what a guest's kernel expects to find at an entry
// point: RCX R11 [error code] RIP CS RFLAGS RSP SS, on its kernel stack, with
// its event mask in the place of IF and in CS (xen-x86_64.h).
func (v *VCPU) enterGuestKernel(r *regs, b *bounce) {
	if b.flags&bounceUnfit != 0 {
		v.endUnfit(b)
		return
	}
	var pushed [12]uint64
	sp := r.RSP
	cs := uint64(r.CS) &^ 3
	if v.kernelMode() {
		sp &^= 15
	} else {
		v.toggleMode()
		sp = v.arch.kernelSP &^ 15
		cs |= 3
	}
	info := v.info
	mask := uint64(info.EvtchnUpcallMask)
	n := 0
	push := func(w uint64) {
		pushed[n] = w
		n++
	}
	push(r.RCX)
	push(r.R11)
	if b.flags&bounceSafe != 0 {
		ds, es, fs, gs := dataSegments()
		push(uint64(ds))
		push(uint64(es))
		push(uint64(fs))
		push(uint64(gs))
	}
	if b.flags&bounceError != 0 {
		push(uint64(b.code))
	}
	push(r.RIP)
	push(cs | mask<<32)
	flags := r.RFLAGS | flagIF
	if mask&1 != 0 {
		flags &^= flagIF
	}
	if v.domain.architecturalIOPL() {
		flags |= uint64(v.arch.iopl) << 12
	}
	push(flags)
	push(r.RSP)
	push(uint64(r.SS))
	sp -= uint64(n) * 8
	if b.rip == 0 || !toGuest(sp, unsafe.Pointer(&pushed), uint64(n)*8) {
		v.domain.crash("cannot enter the guest's kernel, stack", sp)
		return
	}
	if b.flags&bounceMask != 0 {
		info.EvtchnUpcallMask = 1
	}
	next := v.draft(r)
	next.EntryVector = 3 // not a system call any more: every register is restored
	next.RFLAGS = r.RFLAGS &^ clearedFlags
	next.RSP = sp
	next.RIP = b.rip
	next.CS = abi.FlatKernelCS
	next.SS = abi.FlatKernelSS
	v.agree(r, nextFlow)
}

// guestExitWork runs with interrupts off on the way back to a guest, until
// there is no soft interrupt, no trap to deliver and no event to announce.
func guestExitWork(r *regs) {
	for {
		if softPending() {
			irqOn()
			doSoft()
			irqOff()
			continue
		}
		v := current()
		switch {
		case v.arch.bounce.flags != 0:
			b := v.arch.bounce
			v.arch.bounce.flags = 0
			irqOn()
			v.enterGuestKernel(r, &b)
			irqOff()
		// A call that is issued again comes first: the log would take a call made
		// by the handler of an NMI or event for it.
		case v.arch.nmi == nmiPending && v.runnable() && !v.arch.log.again:
			irqOn()
			v.enterNMI(r)
			irqOff()
		case v.eventsPending() && v.runnable() && !v.arch.log.again:
			count(statUpcalls)
			irqOn()
			v.enterGuestKernel(r, &bounce{flags: bounceMask, rip: v.arch.event})
			irqOff()
		case !v.runnable():
			raiseSoft(softSchedule)
		default:
			v.left()
			this().core.left++
			return
		}
	}
}

// toGuest copies to an address that the guest named; false if the guest may not
// write there.
func toGuest(va uint64, p unsafe.Pointer, n uint64) bool {
	if native {
		return guestRange(va, n) && guestInTest(va, p, n, true) == 0
	}
	return guestRange(va, n) && copyToGuest(va, p, n) == 0 || guestDenies(va, n, true)
}

// fromGuest copies from an address that the guest named; false if the guest may
// not read there.
func fromGuest(p unsafe.Pointer, va uint64, n uint64) bool {
	if native {
		return guestRange(va, n) && guestInTest(va, p, n, false) == 0
	}
	return guestRange(va, n) && copyFromGuest(p, va, n) == 0 || guestDenies(va, n, false)
}
