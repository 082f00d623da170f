package apic

import "resvirt/sim"

// First and last model-specific register of the x2APIC interface (16.11).
const (
	FirstMSR = 0x800
	LastMSR  = 0x8ff
)

// Registers outside of the x2APIC's: IA32_TSC_DEADLINE, which is there in every
// mode, and two whose writes are reported to the controller.
const (
	DeadlineMSR = 0x6e0
	BaseMSR     = 0x1b
	ClockMSR    = 0x10
)

// ReadMSR returns an x2APIC register; ok is false where RDMSR faults.
func (a *APIC) ReadMSR(now sim.Time, msr uint32) (v uint64, ok bool) {
	if msr == DeadlineMSR {
		return a.readDeadline(), true
	}
	reg := (msr - FirstMSR) << 4
	if _, on := a.Mode(); !on {
		return 0, false
	}
	switch reg {
	case regID:
		return uint64(a.x2ID()), true
	case regLDR:
		return uint64(a.x2LDR()), true
	case regICRLow:
		return a.ICR, true
	case regEOI, regAPR, regRRD, regDFR, regICRHigh:
		return 0, false
	}
	r, ok := a.read(now, reg)
	return uint64(r), ok
}

// WriteMSR stores to an x2APIC register; ok is false where WRMSR faults.
func (a *APIC) WriteMSR(now sim.Time, msr uint32, v uint64) (ok bool) {
	if msr == DeadlineMSR {
		a.writeDeadline(now, v)
		return true
	}
	reg := (msr - FirstMSR) << 4
	if _, on := a.Mode(); !on {
		return false
	}
	switch reg {
	case regICRLow:
		if v&^(0xffff_ffff<<32|icrWritable) != 0 {
			return false
		}
		a.ICR = v
		a.command(true)
		return true
	case regSelfIPI:
		if v>>8 != 0 {
			return false
		}
		a.selfIPI(uint8(v))
		return true
	case regEOI, regESR: // take zero only
	case regTPR, regSVR, regInitial, regDivide:
	default:
		if reg < regLVT || reg >= regLVT+numLVT<<4 {
			return false
		}
	}
	if v&^uint64(x2Writable(reg)) != 0 {
		return false
	}
	return a.write(now, reg, uint32(v))
}

// x2Writable is the bits of a register that are not reserved: setting others
// faults (16.11.2). Status bits of LVT entries may be set and are not stored.
func x2Writable(reg uint32) uint32 {
	const status = 1<<12 | lvtRemote
	switch i := int(reg-regLVT) >> 4; {
	case reg == regTPR:
		return 0xff
	case reg == regSVR:
		return svrWritable
	case reg == regInitial:
		return 0xffff_ffff
	case reg == regDivide:
		return divideWritable
	case reg >= regLVT && i < numLVT:
		return lvtWritable(i) | status
	}
	return 0
}
