package main

import (
	"sync/atomic"
	"unsafe"
)

// setBits sets bits of a word atomically.
func setBits(p *uint64, bits uint64) {
	for {
		x := atomic.LoadUint64(p)
		if x&bits == bits || atomic.CompareAndSwapUint64(p, x, x|bits) {
			return
		}
	}
}

// clearBits clears bits of a word atomically.
func clearBits(p *uint64, bits uint64) {
	for {
		x := atomic.LoadUint64(p)
		if x&bits == 0 || atomic.CompareAndSwapUint64(p, x, x&^bits) {
			return
		}
	}
}

// setBitsLogged is setBits, written down in the journal of frames.
func setBitsLogged(p *uint64, bits uint64) {
	for {
		x := atomic.LoadUint64(p)
		if x&bits == bits || swapLogged(p, x, x|bits) {
			return
		}
	}
}

// testAndSet sets one bit atomically and says whether it was set before.
func testAndSet(p *uint64, bit uint) bool {
	for {
		x := atomic.LoadUint64(p)
		if x>>bit&1 != 0 {
			return true
		}
		if atomic.CompareAndSwapUint64(p, x, x|1<<bit) {
			return false
		}
	}
}

// testAndClear clears one bit atomically and says whether it was set before.
func testAndClear(p *uint64, bit uint) bool {
	for {
		x := atomic.LoadUint64(p)
		if x>>bit&1 == 0 {
			return false
		}
		if atomic.CompareAndSwapUint64(p, x, x&^(1<<bit)) {
			return true
		}
	}
}

// ptrOfPage spares callers the import of unsafe.
func ptrOfPage(p *page) unsafe.Pointer { return unsafe.Pointer(p) }

func ptrOfByte(p *byte) unsafe.Pointer { return unsafe.Pointer(p) }
func ptrOfRegs(r *regs) unsafe.Pointer { return unsafe.Pointer(r) }

// zeroPage clears a frame.
func zeroPage(m mfn) { *tableAt(m) = table{} }
