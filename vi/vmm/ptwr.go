package main

import (
	"sync/atomic"
	"unsafe"
)

// Writes of a guest's kernel to its page tables, which it sees read-only: with
// the assist writable_pagetables the VMM does such a write in its place, if
// mmu_update would accept the resulting entry.

// Bits of a page fault's error code (AMD APM vol. 2, 8.4.2).
const (
	pfPresent = 1 << 0
	pfWrite   = 1 << 1
)

// tableWrite serves a fault of the guest's kernel at addr, if it is a write to
// a page table. It returns false if the fault is the guest's.
func tableWrite(v *VCPU, r *regs, addr uint64) bool {
	d := v.domain
	if isHypervisorAddr(addr) {
		return false
	}
	l1 := walkToL1(v.arch.guestTable, addr)
	if l1 == 0 {
		return false
	}
	e := atomic.LoadUint64(&tableAt(l1)[addr>>12&511])
	if e&(pteP|pteW) != pteP || !frameOK(pteFrame(e)) {
		return false
	}
	p := pageOf(pteFrame(e))
	if !p.get(d) {
		return false
	}
	done := false
	if p.lockTable() {
		if t := p.typ & ptTypeMask; isTableType(t) && !(t == ptL4 && isHypervisorSlot(int(addr&pageMask)/8)) {
			done = writeEntry(v, r, addr, &tableAt(p.frame())[addr&pageMask/8], t)
		}
		p.unlockTable()
	}
	p.put()
	// If the VMM fails before this line, recovery takes back what was done, and
	// the guest executes the instruction again. After it, the instruction
	// counts as executed.
	commit()
	if done {
		*r = v.arch.write.after
		v.note(notedEntry)
		v.stepped(r)
	}
	v.arch.write.entry = nil
	return done
}

// writeEntry executes the instruction at r's RIP on a page-table entry, which
// addr lies in. The registers after the instruction are in the log.
func writeEntry(v *VCPU, r *regs, addr uint64, e *uint64, t uint64) bool {
	for {
		var i insn
		if !i.fetch(r.RIP) || !i.decode(r) || !i.isMem {
			return false
		}
		old := atomic.LoadUint64(e)
		w := memoryOp{old: old, at: addr & 7, after: *r}
		if !w.execute(&i, r) || i.linear(r) != addr || w.at+uint64(w.width) > 8 {
			return false
		}
		w.after.RIP = r.RIP + uint64(i.pos)
		w.after.RFLAGS &^= flagRF
		rc, again := replaceEntry(v, e, old, w.value, t, &w.after)
		if rc != 0 {
			return false
		}
		if !again {
			return true
		}
	}
}

// replaceEntry replaces a page-table entry of a locked table if it has not
// changed. The registers after the instruction are logged first. Recovery
// compares the entry with the log to see whether the instruction was executed.
func replaceEntry(v *VCPU, e *uint64, old, val, t uint64, after *regs) (rc int64, again bool) {
	val = adjust(val)
	sameRef := pteP | uint64(pteAddr)
	if t == ptL1 {
		sameRef |= pteW
	}
	d := v.domain
	same := val&pteP != 0 && (old^val)&sameRef == 0
	if same && badEntry(val, t) {
		return -1, false
	}
	if !same {
		if rc := getEntry(val, t, d); rc != 0 {
			return rc, false
		}
	}
	w := &v.arch.write
	w.entry, w.value, w.after = e, val, *after
	done := swapLogged(e, old, val)
	switch {
	case same:
	case done:
		putEntry(old, t)
	default:
		putEntry(val, t)
	}
	return 0, !done
}

// tableWriteLog is a write to a page table that is under way.
type tableWriteLog struct {
	entry *uint64 // nil = none
	value uint64
	after regs
}

// finishWrite completes a write to a page table that was under way when the VMM failed:
// if the entry has its new value, finishWrite puts the registers after the instruction
// into r.
func (w *tableWriteLog) finishWrite(r *regs) {
	e := w.entry
	w.entry = nil
	if e == nil || addrOf(unsafe.Pointer(e))-directMapBase >= frames.n<<pageShift {
		return
	}
	if (atomic.LoadUint64(e)^w.value)&^(pteA|pteD) == 0 {
		*r = w.after
	}
}

// memoryOp is the effect of an instruction on eight bytes of memory.
type memoryOp struct {
	old, value uint64
	at         uint64 // offset of the operand in the eight bytes
	width      uint
	write      bool
	after      regs // registers after the instruction, but for RIP
}

// operand is the operand before the instruction.
func (w *memoryOp) operand() uint64 { return w.old >> (8 * w.at) & sizeMask(w.width) }

// store replaces the operand by v.
func (w *memoryOp) store(v uint64) {
	mask := sizeMask(w.width) << (8 * w.at)
	w.value, w.write = w.old&^mask|v<<(8*w.at)&mask, true
}

// flags replaces some flags.
func (w *memoryOp) flags(which, v uint64) { w.after.RFLAGS = w.after.RFLAGS&^which | v }

// execute computes the effect of a decoded instruction that writes to memory;
// false if it is not an instruction with which kernels write page tables.
func (w *memoryOp) execute(i *insn, r *regs) bool {
	w.width, w.value = i.width(), w.old
	switch op := i.op; {
	case op < 0x40: // ALU with a register
		return w.arithmetic(uint8(op>>3), i.getReg(r, i.reg(), w.width), r)
	case op == 0x80 || op == 0x83:
		return w.arithmetic(i.modrm>>3, i.value(1), r) && i.ok()
	case op == 0x81:
		return w.arithmetic(i.modrm>>3, i.value(int(min(w.width, 4))), r) && i.ok()
	case op == 0x88 || op == 0x89:
		w.store(i.getReg(r, i.reg(), w.width))
	case op == 0xc6 || op == 0xc7:
		w.store(i.value(int(min(w.width, 4))))
		return i.modrm>>3&7 == 0 && i.ok()
	case op == 0x86 || op == 0x87:
		w.store(i.getReg(r, i.reg(), w.width))
		i.setReg(&w.after, i.reg(), w.width, w.operand())
	case op == twoByte|0xb0 || op == twoByte|0xb1:
		return w.compareExchange(i, r)
	case op == twoByte|0xc0 || op == twoByte|0xc1: // XADD
		v, f := alu(0, w.operand(), i.getReg(r, i.reg(), w.width), 0, w.width)
		i.setReg(&w.after, i.reg(), w.width, w.operand())
		w.store(v)
		w.flags(flagsALU, f)
	default:
		return w.bitOp(i, r)
	}
	return true
}

// arithmetic is an ALU operation on memory; CMP does not write.
func (w *memoryOp) arithmetic(op uint8, b uint64, r *regs) bool {
	if op&7 == 7 {
		return false
	}
	v, f := alu(op, w.operand(), b, r.RFLAGS&flagCF, w.width)
	w.store(v)
	w.flags(flagsALU, f)
	return true
}

// compareExchange is CMPXCHG.
func (w *memoryOp) compareExchange(i *insn, r *regs) bool {
	a := i.getReg(r, 0, w.width)
	_, f := alu(7, a, w.operand(), 0, w.width)
	w.flags(flagsALU, f)
	if f&flagZF != 0 {
		w.store(i.getReg(r, i.reg(), w.width))
	} else {
		w.store(w.operand())
		i.setReg(&w.after, 0, w.width, w.operand())
	}
	return true
}

// bitOp is BTS, BTR, BTC. If a register gives the bit's number, the bit may lie
// far from the operand's address. But the faulting address is taken as the
// operand's, so that only bits inside the operand are served.
func (w *memoryOp) bitOp(i *insn, r *regs) bool {
	var bit uint64
	kind := i.op >> 3 & 3 // 1 = BTS, 2 = BTR, 3 = BTC
	w.width = 4
	switch {
	case i.rex&8 != 0:
		w.width = 8
	case i.short:
		w.width = 2
	}
	switch i.op {
	case twoByte | 0xab, twoByte | 0xb3, twoByte | 0xbb:
		if bit = *gpr(r, i.reg()) & sizeMask(w.width); bit >= 8*uint64(w.width) {
			return false
		}
	case twoByte | 0xba:
		bit = uint64(i.next()) & uint64(8*w.width-1)
		if kind = uint32(i.modrm >> 3 & 7); kind < 5 {
			return false
		}
		kind -= 4
	default:
		return false
	}
	v, mask := w.operand(), uint64(1)<<bit
	w.flags(flagCF, v>>bit&1)
	switch kind {
	case 1:
		v |= mask
	case 2:
		v &^= mask
	default:
		v ^= mask
	}
	w.store(v)
	return i.ok()
}
