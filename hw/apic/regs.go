package apic

import "resvirt/sim"

// Register offsets (16.3.2, table 16-2).
const (
	regID      = 0x020
	regVersion = 0x030
	regTPR     = 0x080
	regAPR     = 0x090
	regPPR     = 0x0a0
	regEOI     = 0x0b0
	regRRD     = 0x0c0
	regLDR     = 0x0d0
	regDFR     = 0x0e0
	regSVR     = 0x0f0
	regISR     = 0x100
	regTMR     = 0x180
	regIRR     = 0x200
	regESR     = 0x280
	regICRLow  = 0x300
	regICRHigh = 0x310
	regLVT     = 0x320
	regInitial = 0x380
	regCurrent = 0x390
	regDivide  = 0x3e0
	regSelfIPI = 0x3f0 // x2APIC only
)

// version 10h with numLVT entries and no extended registers (16.3.4).
const version = (numLVT-1)<<16 | 0x10

// Read returns the register at an offset of the page, a multiple of 16.
func (a *APIC) Read(now sim.Time, reg uint32) uint32 {
	v, ok := a.read(now, reg)
	switch {
	case !ok:
		a.fault(esrIllegalRegister)
	case reg == regID:
		v <<= 24
	}
	return v
}

func (a *APIC) read(now sim.Time, reg uint32) (v uint32, ok bool) {
	switch reg {
	case regID:
		return a.ID, true
	case regVersion:
		return version, true
	case regTPR:
		return a.TPR, true
	case regAPR:
		return a.apr(), true
	case regPPR:
		return a.ppr(), true
	case regEOI, regRRD:
		return 0, true
	case regLDR:
		return a.LDR, true
	case regDFR:
		return a.DFR, true
	case regSVR:
		return a.SVR, true
	case regESR:
		return a.ESRLatched, true
	case regICRLow:
		return uint32(a.ICR), true
	case regICRHigh:
		return uint32(a.ICR >> 32), true
	case regInitial:
		return a.Initial, true
	case regCurrent:
		return a.current(now), true
	case regDivide:
		return a.Divide, true
	}
	i := reg >> 4
	switch {
	case reg >= regISR && reg < regTMR:
		return a.ISR.word(i & 7), true
	case reg >= regTMR && reg < regIRR:
		return a.TMR.word(i & 7), true
	case reg >= regIRR && reg < regESR:
		return a.IRR.word(i & 7), true
	case reg >= regLVT && reg < regLVT+numLVT<<4:
		return a.LVT[(reg-regLVT)>>4], true
	}
	return 0, false
}

// Write stores to the register at an offset of the page, a multiple of 16.
func (a *APIC) Write(now sim.Time, reg uint32, v uint32) {
	ok := true
	switch reg {
	case regID:
		a.ID = v >> 24
	case regLDR:
		a.LDR = v & 0xff00_0000
	case regDFR:
		a.DFR = v | 0x0fff_ffff
	case regICRHigh:
		a.ICR = a.ICR&0xffff_ffff | uint64(v&0xff00_0000)<<32
	case regICRLow:
		a.ICR = a.ICR&^0xffff_ffff | uint64(v&icrWritable)
		a.command(false)
	default:
		ok = a.write(now, reg, v)
	}
	if !ok {
		a.fault(esrIllegalRegister)
	}
}

// Bits that software can set.
const (
	icrWritable    = 0x000c_cfff // vector, mode, destination mode, level, trigger, shorthand
	svrWritable    = 0x3ff       // vector, enable, focus checking
	divideWritable = 0xb
)

func lvtWritable(i int) uint32 {
	return [numLVT]uint32{lvtTimer: 0x700ff, lvtThermal: 0x107ff, lvtPerf: 0x107ff, lvtLINT0: 0x1a7ff, lvtLINT1: 0x1a7ff, lvtError: 0x107ff}[i]
}

// write stores to the registers that both interfaces have alike.
func (a *APIC) write(now sim.Time, reg uint32, v uint32) bool {
	switch reg {
	case regTPR:
		a.SetTPR(v & 0xff)
	case regEOI:
		a.eoi()
	case regSVR:
		a.SVR = v & svrWritable
		if a.SVR&svrEnable == 0 { // 16.4.7: disabling masks all local sources
			for i := range a.LVT {
				a.LVT[i] |= lvtMask
			}
			a.arm(now)
		}
	case regESR:
		a.ESRLatched, a.ESR = a.ESR, 0
	case regInitial:
		if !a.deadlineMode() { // else the write is ignored (Intel SDM vol. 3, 11.5.4.1)
			a.Initial = v
			a.rebase(now, v, true)
		}
	case regDivide:
		count := a.current(now)
		a.Divide = v & divideWritable
		a.rebase(now, count, true)
	case regVersion, regAPR, regPPR, regRRD, regCurrent:
		return true // read-only, writes vanish
	default:
		return a.writeLVT(now, reg, v)
	}
	return true
}

// writeLVT stores an entry of the local vector table (16.4).
func (a *APIC) writeLVT(now sim.Time, reg uint32, v uint32) bool {
	i := int(reg-regLVT) >> 4
	if reg < regLVT || i >= numLVT {
		return reg >= regISR && reg < regESR // read-only, writes vanish
	}
	v &= lvtWritable(i)
	if a.SVR&svrEnable == 0 {
		v |= lvtMask
	}
	if i == lvtTimer {
		a.setTimer(now, v)
		return true
	}
	was := a.LVT[i]
	a.LVT[i] = v
	if pin := i - lvtLINT0; pin == 0 || pin == 1 {
		a.pinChanged(pin, was)
	}
	return true
}

// SetTPR sets the task priority; CR8 is its upper half.
func (a *APIC) SetTPR(v uint32) {
	a.TPR = v
	a.update()
}
